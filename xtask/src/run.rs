//! Running programs, and knowing when there is no need to.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says what is about to happen.
pub fn say(what: &str) {
    println!("\x1b[1m==>\x1b[0m {what}");
}

/// Runs a command to its end; an error names it.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("could not start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed with {status}");
    }
    Ok(())
}

/// What a command prints, or `None` when it fails or is not there.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where build products live, outside the checkout when `CARGO_TARGET_DIR` says so.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// True for the user who may install Debian packages.
fn may_install() -> bool {
    output(Command::new("id").arg("-u")).as_deref() == Some("0") && Path::new("/usr/bin/apt-get").exists()
}

/// Installs Debian packages unless every one of `proofs` exists; says the exact command when it may not.
pub fn debian(proofs: &[&str], packages: &[&str]) -> Result<()> {
    if proofs.iter().all(|p| Path::new(p).exists()) {
        return Ok(());
    }
    let line = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !may_install() {
        bail!("missing {}: please run `sudo {line}` and try again", proofs.join(", "));
    }
    say(&line);
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// A cache that outlives checkouts: the torch environment.
pub fn cache() -> PathBuf {
    let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from).join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("torchtab")
}
