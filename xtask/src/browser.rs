//! Headless Chromium, driven by Playwright from `tests/browser`.

use crate::cases::Options;
use crate::run::{debian, run};
use crate::{page, serve};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// Debian's Chromium; WebGPU runs on its software renderer.
fn chromium() -> Result<()> {
    debian(&["/usr/bin/chromium"], &["chromium", "fonts-dejavu-core"])
}

/// A command at the checkout's root that finds the built page, the package and the repository on a local server.
fn node(script: &str) -> Result<Command> {
    chromium()?;
    let port = serve::background(vec![PathBuf::from("dist"), PathBuf::from(".")])?;
    let mut command = Command::new("node");
    command.arg(script).env("TORCHTAB_URL", format!("http://localhost:{port}"));
    Ok(command)
}

/// The Playwright tests.
pub fn tests() -> Result<()> {
    let mut command = node("node_modules/@playwright/test/cli.js")?;
    run(command.args(["test", "--config", "tests/browser/playwright.config.ts"]))
}

/// Case folders in the browser.
pub fn cases(options: &Options) -> Result<()> {
    let mut command = node("tests/browser/cases.mjs")?;
    command.args(["--device", &options.device]);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    run(command.args(&options.folders))
}

/// The side-by-side benchmark.
pub fn bench(only: Option<&str>) -> Result<()> {
    page::build(true)?;
    let mut command = node("benches/bench.mjs")?;
    run(command.args(only))
}
