//! The oracle: a Python environment with real PyTorch, in the cache.

use crate::run::{cache, debian, output, run, say};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const TORCH: &str = "2.15.0";

/// The environment's Python; made when it is missing.
pub fn python() -> Result<PathBuf> {
    let home = cache().join(format!("torch-{TORCH}"));
    let python = home.join("bin/python");
    let probe = "import importlib.metadata as m; print(m.version('torch'), m.version('numpy'), m.version('safetensors'), \
                 m.version('scikit-learn'))";
    let ready = || output(Command::new(&python).args(["-c", probe])).is_some_and(|v| v.starts_with(TORCH));
    if ready() {
        return Ok(python);
    }
    say(&format!("PyTorch {TORCH} in {} (once; a few minutes)", home.display()));
    if output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_none() {
        debian(&["/usr/share/doc/python3-venv"], &["python3", "python3-venv"])?;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let torch = format!("torch=={TORCH}");
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        &torch,
        "numpy",
        "safetensors",
        "scikit-learn",
    ]))?;
    ready().then_some(python).with_context(|| format!("pip installed no torch {TORCH}"))
}

/// Where torch finds what it exports ONNX with, apart from the environment that the tests run in; only the benchmark wants it.
pub fn exporter(python: &Path) -> Result<PathBuf> {
    let home = cache().join(format!("onnx-{TORCH}"));
    if !home.join("onnxscript").exists() {
        say("onnx and onnxscript, for the benchmark (once)");
        let packages = ["onnx", "onnxscript", "onnx-ir", "ml_dtypes", "protobuf", "packaging"];
        // Without dependencies: torch and numpy are there.
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&home).args(packages);
        run(&mut pip)?;
    }
    Ok(home)
}
