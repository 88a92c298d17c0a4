//! Headless Chromium, driven by Playwright from `tests/browser/` and `benches/`.

use crate::cases::{Device, Options};
use crate::run::{debian, run, say};
use crate::stamp::Stamp;
use crate::{page, serve, torch};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// Debian's Chromium; WebGPU runs on its software renderer where there is no GPU.
pub fn chromium() -> Result<()> {
    debian(&["/usr/bin/chromium"], &["chromium", "fonts-dejavu-core"])
}

/// A Node command at the root that finds the page, and below it the checkout, on a local server.
fn node(script: &str, also: &[PathBuf]) -> Result<Command> {
    chromium()?;
    let mut folders = vec![PathBuf::from("dist"), PathBuf::from(".")];
    folders.extend_from_slice(also);
    let port = serve::background(folders)?;
    let mut command = Command::new("node");
    command
        .arg(script)
        .env("TORCHTAB_URL", format!("http://localhost:{port}"))
        .env("TORCHTAB_CHROMIUM", "/usr/bin/chromium");
    Ok(command)
}

/// The page as a person uses it, and the API.
pub fn tests() -> Result<()> {
    say("the browser tests");
    let mut command = node("tests/browser/run.mjs", &[])?;
    run(command.env("TORCHTAB_PYTHON", torch::python()?))
}

/// Case folders in the browser. The script serves them itself: they may lie anywhere.
pub fn cases(options: &Options) -> Result<()> {
    let mut command = node("tests/browser/cases.mjs", &[])?;
    command.args(["--device", options.device.name()]);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    run(command.args(&options.folders))
}

/// The side-by-side benchmark.
pub fn bench(only: Option<&str>, device: Device, no_build: bool) -> Result<()> {
    if !no_build {
        page::build(true)?;
    }
    let python = torch::python()?;
    let exporter = torch::exporter(&python)?;
    let stamp = Stamp::of("bench-packages", &["benches/package-lock.json"], "")?;
    if !stamp.fresh(&["benches/node_modules/.package-lock.json"]) {
        say("npm packages of benches/");
        page::npm(&["ci", "--prefix", "benches", "--no-audit", "--no-fund", "--loglevel=error"])?;
        stamp.done()?;
    }
    let mut command = node("benches/bench.mjs", &[])?;
    command.env("TORCHTAB_PYTHON", python).env("PYTHONPATH", exporter).args(["--device", device.name()]);
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    run(&mut command)
}
