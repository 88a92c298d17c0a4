//! Real torch loads what we write. Runs where `TORCHTAB_PYTHON` names a Python with torch 2.15 (`cargo xtask test` sets it), and fails
//! there when that Python is broken.

use crate::edit::edited;
use crate::save::{changed_to_ones, fresh, open, readable};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use torchtab::checkpoint::{Checkpoint, Format};
use torchtab::source::{ByteSource, Parts};

/// What weights_only=True refuses and saving with changed values leaves: those files are loaded without it.
fn refused(checkpoint: &Checkpoint) -> bool {
    let allowed = checkpoint.globals().iter().all(|g| g.verdict == torchtab::checkpoint::globals::Verdict::Allowed);
    !allowed || checkpoint.pickle().protocol != 2
}

/// Where torch can read the original too: the networks in tests/cases/objects are of classes that it cannot import.
fn path_of(name: &str) -> Option<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    ["save", "formats"].map(|folder| cases.join(folder).join(name)).into_iter().find(|p| p.exists())
}

fn safetensors(checkpoint: &Checkpoint, source: &dyn ByteSource) -> Option<Vec<u8>> {
    let weights = checkpoint.state_dicts().into_iter().find(|s| s.path.is_empty())?;
    let tree = checkpoint.tree();
    if tree.iter().skip(1).any(|e| e.tensor.is_none()) {
        return None;
    }
    let named: Vec<_> = weights.keys.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let mut parts = Parts::default();
    pollster::block_on(checkpoint.save_safetensors(&named, &[("format", "pt")], None, &mut parts)).ok()?;
    Some(pollster::block_on(parts.collect(source)).unwrap())
}

#[test]
fn torch_loads_what_we_write() {
    let Some(python) = std::env::var_os("TORCHTAB_PYTHON") else {
        eprintln!("TORCHTAB_PYTHON is not set: the round trip through torch is left to cargo xtask test");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("round-trip");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut manifest = Vec::new();
    for (name, bytes) in readable() {
        let Some(path) = path_of(&name) else { continue };
        let (source, checkpoint) = open(&bytes);
        let stem = name.split('.').next().unwrap();
        // The networks of tests/cases/save are make.Net.
        let ours = path.parent().unwrap().ends_with("save");
        let net = ["state_dict", "adam", "scheduler"].iter().any(|n| stem.trim_end_matches("_legacy") == *n) && ours;
        let weights = net.then(|| checkpoint.state_dicts()[0].path.clone());
        // For tuples that hold themselves Python writes POP, which weights_only does not know.
        let recursive = stem.starts_with("recursive");
        let mut add = |file: String, kind: &str, weights_only: bool, bytes: &[u8]| {
            std::fs::write(folder.join(&file), bytes).unwrap();
            manifest.push(json!({
                "file": file, "kind": kind, "original": path, "weights_only": weights_only,
                "state_dict": weights.as_ref().filter(|_| kind != "edited"),
            }));
        };
        // A sparse tensor's indices cannot all be ones.
        if matches!(checkpoint.format(), Format::Zip | Format::Legacy) && stem != "unloadable" {
            let changed = changed_to_ones(&checkpoint, &*source);
            add(format!("{stem}-ones.pth"), "ones", !refused(&checkpoint) && !recursive, &changed);
        }
        // Of cycle.pth NumPy's values change, and converted.pth is made to compare those.
        let kind = if stem == "converted" { stem } else { "same" };
        let (zip, _) = fresh(&checkpoint, &*source, stem, Format::Zip);
        if stem != "cycle" {
            add(format!("{stem}-fresh.pth"), kind, !recursive, &zip);
        }
        // torch.load cannot read uint16 and its like from legacy files, and its own writer knows no meta tensors.
        if !matches!(stem, "unloadable" | "cycle" | "converted" | "dtypes" | "tensors") {
            let (legacy, _) = fresh(&checkpoint, &*source, stem, Format::Legacy);
            add(format!("{stem}-fresh-legacy.pth"), kind, !recursive, &legacy);
        }
        // What an edit does not name stays as it was, whatever weights_only thinks of it.
        if checkpoint.format() == Format::Zip
            && let Some(Ok((bytes, notes))) = pollster::block_on(edited(&checkpoint, &*source))
            && notes.iter().all(|n| n.code != "converted")
        {
            add(format!("{stem}-edited.pth"), "edited", !refused(&checkpoint) && !recursive, &bytes);
        }
        if let Some(bytes) = safetensors(&checkpoint, &*source) {
            add(format!("{stem}.safetensors"), "safetensors", true, &bytes);
        }
    }
    assert!(manifest.len() > 40, "only {} files", manifest.len());
    std::fs::write(folder.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch/round_trip.py");
    let output = Command::new(python).arg("-B").arg(script).arg(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} files", manifest.len()), "{text}");
}
