//! `cargo xtask test`: every check, cheapest first.

use crate::run::{debian, run, say};
use crate::{browser, page, torch, wasm};
use anyhow::Result;
use std::process::Command;

fn cargo(arguments: &[&str]) -> Result<()> {
    run(Command::new("cargo").args(arguments))
}

/// Runs everything; the browser's part can be left out.
pub fn all(with_browser: bool) -> Result<()> {
    say("formatting");
    cargo(&["fmt", "--all", "--check"])?;
    say("clippy");
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    say("native tests");
    // A software Vulkan driver, so that the WebGPU device is tested without a GPU as well.
    debian(&["/usr/share/vulkan/icd.d"], &["mesa-vulkan-drivers"])?;
    let python = torch::python()?;
    run(Command::new("cargo")
        .args(["test", "--workspace"])
        .env("TORCHTAB_PYTHON", python)
        .env("TORCHTAB_WEBGPU", "1"))?;
    say("clippy for wasm32");
    run(wasm::Toolchain::find()?.cargo("clippy").args(["--quiet", "--", "-D", "warnings"]))?;
    page::packages()?;
    say("TypeScript");
    page::npm(&["run", "--silent", "check"])?;
    page::npm(&["run", "--silent", "test:unit"])?;
    if with_browser {
        page::build(false)?;
        say("the browser");
        browser::tests()?;
    }
    Ok(())
}
