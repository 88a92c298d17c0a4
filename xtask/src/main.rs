//! torchtab's commands: `test`, `build`, `cases`. One command each, no shell scripts.
//!
//! Each step says what it does, does nothing when its result is newer than its inputs, and installs what it lacks.

mod cases;
mod run;
mod test;
mod wasm;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "torchtab's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need and run every test
    Test,
    /// Compile the crate for wasm32
    Build,
    /// Run test cases: case folders, or folders of case folders, anywhere on disk
    Cases(cases::Options),
}

fn main() -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    match Cli::parse().command {
        Command::Test => {
            std::env::set_current_dir(&root)?;
            test::all()
        }
        Command::Build => {
            std::env::set_current_dir(&root)?;
            wasm::build()
        }
        // Case folders are named relative to where the command is called.
        Command::Cases(options) => cases::run(&root, &options),
    }
}
