//! The JavaScript side: npm packages, the API into `pkg/dist`, the page into `dist`.

use crate::run::{fresh, run, say};
use crate::wasm;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const SOURCES: &[&str] =
    &["www", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json", "pkg/package.json"];

/// An npm command at the root of the checkout.
pub fn npm(arguments: &[&str]) -> Result<()> {
    run(Command::new("npm").args(arguments)).context("is Node 20 or newer installed?")
}

/// Installs the npm packages when the lock file is newer than they are.
pub fn packages() -> Result<()> {
    if fresh("node_modules/.package-lock.json", &["package-lock.json"]) {
        return Ok(());
    }
    say("the npm packages");
    npm(&["ci", "--no-audit", "--no-fund"])?;
    // npm keeps the lock's own time; `fresh` compares with ours.
    let installed = Path::new("node_modules/.package-lock.json");
    if let Ok(file) = std::fs::File::options().append(true).open(installed) {
        file.set_modified(std::time::SystemTime::now())?;
    }
    Ok(())
}

/// Everything: wasm, API, page.
pub fn build(release: bool) -> Result<()> {
    packages()?;
    wasm::build(release)?;
    if !fresh("pkg/dist/index.js", &["www/api", "tsconfig.json", "package-lock.json"]) {
        say("the JavaScript API");
        npm(&["run", "--silent", "build:api"])?;
    }
    let wasm = format!("{}/torchtab_bg.wasm", wasm::OUT);
    let inputs: Vec<&str> = SOURCES.iter().copied().chain([wasm.as_str()]).collect();
    if !fresh("dist/index.html", &inputs) {
        say("the page");
        npm(&["run", "--silent", "build"])?;
    }
    if release {
        let (raw, brotli) = wasm::sizes()?;
        println!("the wasm: {raw} bytes, {brotli} with brotli");
        if brotli > 4 << 20 {
            bail!("the wasm is over 4 MiB with brotli");
        }
    }
    Ok(())
}
