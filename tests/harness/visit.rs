//! Runs test cases: folders with a `case.json` (networks) or an `expected.json` (file formats), anywhere on disk.

use crate::format;
use crate::report::{Outcome, Report};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Runs every case in `folders` and in the folders inside them, whose name contains `only`; true when none failed.
pub fn run(folders: &[PathBuf], only: Option<&str>) -> bool {
    let mut report = Report::default();
    for folder in folders {
        visit(folder, only, &mut report);
    }
    report.close()
}

fn visit(folder: &Path, only: Option<&str>, report: &mut Report) {
    let wanted = |name: &str| only.is_none_or(|o| name.contains(o));
    let name = folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if folder.join("expected.json").exists() {
        match read(&folder.join("expected.json")) {
            Ok(expected) => {
                for case in expected["files"].as_array().into_iter().flatten() {
                    let name = format!("{name}/{}", case["file"].as_str().unwrap_or("?"));
                    if wanted(&name) {
                        report.add(&name, &format::run(folder, case));
                    }
                }
            }
            Err(text) => report.add(&name, &Outcome::Failed(text)),
        }
    } else if folder.join("case.json").exists() {
        if wanted(&name) {
            report.add(&name, &Outcome::Skipped("network cases cannot be run yet".into()));
        }
    } else {
        let mut inside: Vec<_> = folder.read_dir().into_iter().flatten().flatten().map(|e| e.path()).collect();
        inside.sort();
        if inside.is_empty() {
            report.add(&name, &Outcome::Failed(format!("{} is no case folder", folder.display())));
        }
        for path in inside.iter().filter(|p| p.is_dir()) {
            visit(path, only, report);
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}
