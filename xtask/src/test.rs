//! `cargo xtask test`: every check, cheapest first.

use crate::run::{run, say};
use crate::wasm;
use anyhow::Result;
use std::process::Command;

fn cargo(arguments: &[&str]) -> Result<()> {
    run(Command::new("cargo").args(arguments))
}

/// Runs everything.
pub fn all() -> Result<()> {
    say("formatting");
    cargo(&["fmt", "--all", "--check"])?;
    say("clippy");
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    say("clippy for wasm32");
    run(wasm::Toolchain::find()?.cargo("clippy").args(["--quiet", "--", "-D", "warnings"]))?;
    say("tests");
    cargo(&["test", "--workspace"])
}
