//! The house rules: layers point one way, files stay short, each opens with its subject.

use std::path::{Path, PathBuf};

/// From left to right as in ARCHITECTURE.md; a file uses only what stands to its left, or its own layer.
const LAYERS: &[&str] = &[
    "error",
    "dtype",
    "data",
    "convert",
    "bytes",
    "literal",
    "source",
    "zip",
    "pickle",
    "checkpoint",
    "graph",
    "nn",
    "python",
    "network",
    "engine",
    "train",
    "session",
    "web",
];

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(path.read_dir().unwrap().map(|e| e.unwrap().path()));
        } else {
            found.push(path);
        }
    }
    found
}

fn layer(name: &str) -> usize {
    LAYERS.iter().position(|l| *l == name).unwrap_or_else(|| panic!("{name} is in no layer"))
}

#[test]
fn layers_point_one_way() {
    for file in sources() {
        let inside = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
        let own = inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        if own == "lib" {
            continue;
        }
        for used in std::fs::read_to_string(&file).unwrap().split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(layer(&used) <= layer(&own), "{} uses {used}", inside.display());
            assert!(own != "graph" || !matches!(used.as_str(), "checkpoint" | "pickle"), "a graph knows no files");
        }
    }
}

#[test]
fn files_are_short_and_say_their_subject() {
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//!") || file.extension().is_none_or(|e| e != "rs"),
            "{} does not say its subject",
            file.display()
        );
        assert!(text.lines().count() <= 600, "{} has over 600 lines", file.display());
    }
}
