//! Runs test cases: folders with a `case.json` (networks) or an `expected.json` (file formats), anywhere on disk.

use crate::format;
use crate::network::{self, Setting};
use crate::report::{Outcome, Report};
use serde_json::Value;
use std::path::{Path, PathBuf};
use torchtab::engine::device::Choice;

/// Runs every case in `folders` and in the folders inside them, whose name contains `only`; true when none failed.
pub fn run(folders: &[PathBuf], only: Option<&str>, device: Choice) -> bool {
    let mut visit = Visit { only, device, report: Report::default() };
    for folder in folders {
        visit.folder(folder);
    }
    visit.report.close()
}

struct Visit<'a> {
    only: Option<&'a str>,
    device: Choice,
    report: Report,
}

impl Visit<'_> {
    fn folder(&mut self, folder: &Path) {
        let only = self.only;
        let wanted = |name: &str| only.is_none_or(|o| name.contains(o));
        let report = &mut self.report;
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
                match read(&folder.join("case.json")) {
                    Ok(case) => {
                        report.add(&name, &network::run(&Setting { folder, case: &case, device: self.device }));
                        if case["train"].is_object() {
                            let setting = Setting { folder, case: &case, device: self.device };
                            report.add(&format!("{name}/train"), &crate::train::run(&setting));
                        }
                    }
                    Err(text) => report.add(&name, &Outcome::Failed(text)),
                }
            }
        } else {
            let mut inside: Vec<_> = folder.read_dir().into_iter().flatten().flatten().map(|e| e.path()).collect();
            inside.sort();
            if inside.is_empty() {
                report.add(&name, &Outcome::Failed(format!("{} is no case folder", folder.display())));
            }
            for path in inside.iter().filter(|p| p.is_dir()) {
                self.folder(path);
            }
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}
