//! `cargo xtask cases`: the harness over any case folder, natively or in Chromium.

use crate::run::run as execute;
use crate::{browser, page};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// What to run, and where.
#[derive(Args)]
pub struct Options {
    /// case folders, or folders of case folders
    #[arg(required = true)]
    pub folders: Vec<PathBuf>,
    /// cpu or webgpu
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "webgpu"])]
    pub device: String,
    /// in headless Chromium instead of natively
    #[arg(long)]
    pub browser: bool,
    /// only cases whose name contains this
    #[arg(long)]
    pub only: Option<String>,
}

/// Runs them; an error when one failed.
pub fn run(options: &Options) -> Result<()> {
    if options.browser {
        page::build(false)?;
        return browser::cases(options);
    }
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--example", "cases", "--"]).args(&options.folders);
    command.args(["--device", &options.device]);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    execute(&mut command)
}
