//! torchtab's commands: `serve`, `test`, `build`, `cases`, `bench`. One command each, no shell scripts.
//!
//! Each step says what it does, does nothing when its result is newer than its inputs, and installs what it lacks.

mod browser;
mod cases;
mod page;
mod run;
mod serve;
mod test;
mod torch;
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
    /// Build what is missing and serve the page on http://localhost:8080
    Serve {
        /// the port to listen on
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// serve the published build: link-time optimised, through wasm-opt
        #[arg(long)]
        release: bool,
    },
    /// Install what the tests need and run every test
    Test {
        /// leave out the browser
        #[arg(long)]
        no_browser: bool,
    },
    /// Make the npm package in pkg/ and the page in dist/
    Build {
        /// link-time optimisation and wasm-opt
        #[arg(long)]
        release: bool,
    },
    /// Run test cases: case folders, or folders of case folders, anywhere on disk
    Cases(cases::Options),
    /// Measure speed and memory beside onnxruntime-web, and print the table
    Bench {
        /// measurements whose name contains this
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    std::env::set_current_dir(&root)?;
    match Cli::parse().command {
        Command::Serve { port, release } => {
            page::build(release)?;
            serve::forever(port)
        }
        Command::Test { no_browser } => test::all(!no_browser),
        Command::Build { release } => page::build(release),
        Command::Cases(options) => cases::run(&options),
        Command::Bench { only } => browser::bench(only.as_deref()),
    }
}
