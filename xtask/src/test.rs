//! `cargo xtask test`: every check, cheapest first.

use crate::cases::{Device, Options};
use crate::run::{run, say};
use crate::{browser, page, torch, wasm};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

fn cargo(arguments: &[&str]) -> Result<()> {
    run(Command::new("cargo").args(arguments))
}

/// Runs everything; the browser's part, with the long wasm build, can be left out.
pub fn all(with_browser: bool) -> Result<()> {
    say("formatting (cargo fmt)");
    cargo(&["fmt", "--all", "--check"])?;
    say("clippy");
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    let python = torch::python()?;
    say("native tests, every case on the CPU among them (cargo test)");
    run(Command::new("cargo").args(["test", "--workspace"]).env("TORCHTAB_PYTHON", python))?;
    if !with_browser {
        return Ok(());
    }
    say("clippy for wasm32");
    let toolchain = wasm::Toolchain::find()?;
    run(toolchain.cargo("clippy").args(["--quiet", "--profile", "web", "--", "-D", "warnings"]))?;
    page::build(false)?;
    say("the wasm's size");
    page::size()?;
    say("TypeScript (npm run check)");
    page::npm(&["run", "--silent", "check"])?;
    browser::tests()?;
    for device in [Device::Cpu, Device::Webgpu] {
        say(&format!("every case in the browser on the device {}", device.name()));
        browser::cases(&Options { folders: vec![PathBuf::from("tests/cases")], device, browser: true, only: None })?;
    }
    Ok(())
}
