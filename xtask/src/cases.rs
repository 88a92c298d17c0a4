//! `cargo xtask cases`: the harness over any case folder.

use crate::run::run as execute;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to run.
#[derive(Args)]
pub struct Options {
    /// case folders, or folders of case folders
    #[arg(required = true)]
    pub folders: Vec<PathBuf>,
    /// only cases whose name contains this
    #[arg(long)]
    pub only: Option<String>,
}

/// Runs them; an error when one failed.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--manifest-path"]).arg(root.join("Cargo.toml"));
    command.args(["--example", "cases", "--"]).args(&options.folders);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    execute(&mut command)
}
