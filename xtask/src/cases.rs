//! `cargo xtask cases`: the harness over any case folder, natively or in the browser.

use crate::run::run as execute;
use crate::{browser, page};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::Command;

/// What to run, and where.
#[derive(Args)]
pub struct Options {
    /// case folders, or folders of case folders
    #[arg(required = true)]
    pub folders: Vec<PathBuf>,
    /// the device that networks run on
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    pub device: Device,
    /// in headless Chromium, through the JavaScript API, instead of natively
    #[arg(long)]
    pub browser: bool,
    /// only cases whose name contains this
    #[arg(long)]
    pub only: Option<String>,
}

/// A device by its name in the API.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// burn-flex with SIMD
    Cpu,
    /// burn-wgpu
    Webgpu,
}

impl Device {
    /// As the API and the harness call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Webgpu => "webgpu",
        }
    }
}

/// Runs them; an error when one failed.
pub fn run(options: &Options) -> Result<()> {
    if options.browser {
        page::build(false)?;
        return browser::cases(options);
    }
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "-p", "torchtab", "--example", "cases"]);
    if options.device == Device::Webgpu {
        command.args(["--features", "webgpu", "--", "--device", "webgpu"]);
    } else {
        command.arg("--");
    }
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    execute(command.args(&options.folders))
}
