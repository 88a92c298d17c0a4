//! torchtab's commands: `serve`, `test`, `build`, `cases`, `bench`. One command each, no shell scripts.
//!
//! Each step says what it does, does nothing when its inputs are the same as last time, and installs what it lacks.

mod browser;
mod cases;
mod page;
mod run;
mod serve;
mod stamp;
mod test;
mod torch;
mod wasm;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

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
        /// serve dist/ as it stands
        #[arg(long)]
        no_build: bool,
        /// the published build: link-time optimised, through wasm-opt
        #[arg(long, conflicts_with = "no_build")]
        release: bool,
    },
    /// Install what the tests need and run every test
    Test {
        /// leave out the wasm, the page and the browser
        #[arg(long)]
        native: bool,
    },
    /// Make the npm package in pkg/ and the page in dist/
    Build {
        /// link-time optimisation and wasm-opt, for publishing
        #[arg(long)]
        release: bool,
    },
    /// Run test cases: case folders, or folders of case folders, anywhere on disk
    Cases(cases::Options),
    /// Measure speed and memory in the browser, beside onnxruntime-web, and print the table
    Bench {
        /// only measurements whose name contains this
        #[arg(long)]
        only: Option<String>,
        /// the device that whole networks run on
        #[arg(long, value_enum, default_value_t = cases::Device::Cpu)]
        device: cases::Device,
        /// measure the build that is there, whichever it is
        #[arg(long)]
        no_build: bool,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // cargo says where; checkouts that share a target folder share this program.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = PathBuf::from(manifest).join("..").canonicalize()?;
    let mut command = Cli::parse().command;
    if let Command::Cases(options) = &mut command {
        // Case folders are named relative to where the command is called; everything else happens at the root.
        for folder in &mut options.folders {
            *folder = std::path::absolute(&*folder)?;
        }
    }
    std::env::set_current_dir(&root)?;
    match command {
        Command::Serve { port, no_build, release } => {
            if !no_build {
                page::build(release)?;
            }
            serve::forever(port)
        }
        Command::Test { native } => test::all(!native),
        Command::Build { release } => page::build(release),
        Command::Cases(options) => cases::run(&options),
        Command::Bench { only, device, no_build } => browser::bench(only.as_deref(), device, no_build),
    }
}
