//! The wasm: which toolchain can build it here.

use crate::run::{debian, output, run, say, target};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

const TRIPLE: &str = "wasm32-unknown-unknown";

/// Who compiles for wasm32.
pub enum Toolchain {
    /// rustup's target is there
    Rustup,
    /// Debian's compiler builds std itself, for machines that cannot download rustup's target
    Debian,
}

impl Toolchain {
    /// Takes what is there, adds rustup's target where that works, and else installs Debian's compiler.
    pub fn find() -> Result<Self> {
        let mut libdir = Command::new("rustc");
        libdir.args(["--print", "target-libdir", "--target", TRIPLE]);
        if output(&mut libdir).is_some_and(|dir| Path::new(&dir).exists()) {
            return Ok(Self::Rustup);
        }
        if Path::new("/usr/bin/cargo").exists() && Path::new("/usr/lib/rustlib/src").exists() {
            return Self::debian();
        }
        say("rustup target add wasm32-unknown-unknown");
        let mut add = Command::new("timeout");
        add.args(["60", "rustup", "target", "add", TRIPLE]);
        if output(&mut add).is_some() {
            return Ok(Self::Rustup);
        }
        say("rustup cannot add the target here; using Debian's compiler");
        Self::debian()
    }

    fn debian() -> Result<Self> {
        debian(
            &[
                "/usr/bin/rustc",
                "/usr/bin/cargo",
                "/usr/lib/rustlib/src",
                "/usr/bin/wasm-ld-22",
                "/usr/bin/cargo-clippy",
            ],
            &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy"],
        )?;
        Ok(Self::Debian)
    }

    /// `cargo SUBCOMMAND` for wasm32, with its own target directory so that native builds do not wait for it.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = match self {
            Self::Rustup => Command::new("cargo"),
            Self::Debian => Command::new("/usr/bin/cargo"),
        };
        command.arg(subcommand).args(["--lib", "-p", "torchtab", "--target", TRIPLE]);
        if matches!(self, Self::Debian) {
            let path = std::env::var("PATH").unwrap_or_default();
            command.arg("-Zbuild-std=std,panic_abort");
            command.env("PATH", format!("/usr/bin:{path}")).env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            for inherited in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "CARGO_MANIFEST_DIR", "LD_LIBRARY_PATH"] {
                command.env_remove(inherited);
            }
        }
        command.env("CARGO_TARGET_DIR", target_dir());
        command
    }
}

fn target_dir() -> PathBuf {
    let dir = target().join("wasm");
    std::path::absolute(&dir).unwrap_or(dir)
}

/// Compiles the crate for the browser.
pub fn build() -> Result<()> {
    say("the wasm (the first time takes a quarter of an hour)");
    run(Toolchain::find()?.cargo("build").args(["--profile", "web"]))
}
