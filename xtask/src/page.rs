//! The JavaScript side: npm packages, the API into `pkg/`, the page into `dist/`.

use crate::run::{output, run, say};
use crate::stamp::{Stamp, version};
use crate::wasm;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// The wasm served is smaller than this with brotli.
const MAX_BROTLI: usize = 4_000_000;
const SETTINGS: &[&str] = &["package.json", "package-lock.json", "vite.config.ts", "tsconfig.json", "svelte.config.js"];

/// An npm script at the root of the checkout.
pub fn npm(arguments: &[&str]) -> Result<()> {
    run(Command::new("npm").args(arguments))
}

/// Installs the npm packages unless these very ones are there.
pub fn packages() -> Result<()> {
    let node =
        output(Command::new("node").arg("--version")).context("Node.js 20 or newer is needed: node is not in PATH")?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|m| m.parse().ok());
    if major < Some(20) {
        bail!("Node.js 20 or newer is needed; this is {node}");
    }
    let stamp = Stamp::of("packages", &["package.json", "package-lock.json"], &version("npm"))?;
    if stamp.fresh(&["node_modules/.package-lock.json"]) {
        return Ok(());
    }
    say("npm packages (npm ci)");
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    stamp.done()
}

/// Everything: wasm, API, page.
pub fn build(release: bool) -> Result<()> {
    packages()?;
    wasm::build(release)?;
    let made = [wasm::OUT, "www/api"].into_iter().chain(SETTINGS.iter().copied()).collect::<Vec<_>>();
    let stamp = Stamp::of("api", &made, "")?;
    if !stamp.fresh(&["pkg/dist/index.js"]) {
        say("the JavaScript API in pkg/dist/ (npm run build:api)");
        npm(&["run", "--silent", "build:api"])?;
        stamp.done()?;
    }
    let made =
        [wasm::OUT, "www", "index.html", "samples"].into_iter().chain(SETTINGS.iter().copied()).collect::<Vec<_>>();
    let stamp = Stamp::of("page", &made, "")?;
    if !stamp.fresh(&["dist/index.html"]) {
        say("the page in dist/ (npm run build:app)");
        npm(&["run", "--silent", "build:app"])?;
        stamp.done()?;
    }
    if release {
        size()?;
    }
    if !Path::new("dist/index.html").exists() {
        bail!("npm run build:app made no dist/index.html");
    }
    Ok(())
}

/// Says how large the wasm is as it travels; an error where that is too large.
pub fn size() -> Result<()> {
    let (raw, brotli) = wasm::sizes()?;
    println!("the wasm: {raw} bytes, {brotli} with brotli");
    if brotli > MAX_BROTLI {
        bail!("the wasm has {brotli} bytes with brotli; the limit is {MAX_BROTLI}");
    }
    Ok(())
}
