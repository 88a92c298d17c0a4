//! Whether a step's inputs are the same as when it last ran: a digest of their contents, kept beside the npm packages.
//!
//! Contents and not times: a checkout touches every file, a deleted file leaves no time behind.

use crate::run::output;
use anyhow::Result;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A step: its name, and the digest of what it reads.
pub struct Stamp {
    name: &'static str,
    digest: String,
}

impl Stamp {
    /// Reads `inputs` (files, or folders with all below them) and whatever else the result depends on.
    pub fn of(name: &'static str, inputs: &[&str], also: &str) -> Result<Self> {
        let mut files = BTreeSet::new();
        for input in inputs {
            visit(Path::new(input), &mut files);
        }
        let mut hasher = DefaultHasher::new();
        also.hash(&mut hasher);
        for file in files {
            file.hash(&mut hasher);
            std::fs::read(&file)?.hash(&mut hasher);
        }
        Ok(Self { name, digest: format!("{:016x}", hasher.finish()) })
    }

    fn path(&self) -> PathBuf {
        Path::new("node_modules/.torchtab").join(self.name)
    }

    /// True when every one of `made` is there and was made from these inputs.
    pub fn fresh(&self, made: &[&str]) -> bool {
        made.iter().all(|m| Path::new(m).exists())
            && std::fs::read_to_string(self.path()).is_ok_and(|d| d == self.digest)
    }

    /// Remembers that the step is done.
    pub fn done(self) -> Result<()> {
        let path = self.path();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, self.digest)?)
    }
}

/// Collects files; folders that package managers fill are left out.
fn visit(path: &Path, files: &mut BTreeSet<PathBuf>) {
    if path.is_dir() {
        if path.ends_with("node_modules") {
            return;
        }
        for entry in path.read_dir().into_iter().flatten().flatten() {
            visit(&entry.path(), files);
        }
    } else if path.exists() {
        files.insert(path.to_owned());
    }
}

/// What a tool says about its version, for steps whose result depends on it.
pub fn version(program: &str) -> String {
    output(Command::new(program).arg("--version")).unwrap_or_default()
}
