//! The oracle: a Python environment with real PyTorch, in the cache.

use crate::run::{cache, output, run, say};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

const TORCH: &str = "2.15.0";

/// The environment's Python; made when it is missing.
pub fn python() -> Result<PathBuf> {
    let home = cache().join(format!("torch-{TORCH}"));
    let python = home.join("bin/python");
    let probe = "import torch, numpy, safetensors, sklearn; print(torch.__version__)";
    if output(Command::new(&python).args(["-c", probe])).is_some_and(|v| v.starts_with(TORCH)) {
        return Ok(python);
    }
    say(&format!("PyTorch {TORCH} in {} (once, a few minutes)", home.display()));
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
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
    Ok(python)
}
