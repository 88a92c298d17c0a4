//! Format cases: one file against the object tree that torch read from it.

use crate::report::Outcome;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::rc::Rc;
use torchtab::checkpoint::Checkpoint;
use torchtab::checkpoint::tensor::TensorId;
use torchtab::checkpoint::tree::{TreeEntry, hex};
use torchtab::checkpoint::write::draft::Draft;
use torchtab::checkpoint::write::fresh::Origin;
use torchtab::error::{Error, Kind};
use torchtab::source::{ByteSource, MemorySource, Parts, Quiet};

/// Runs one entry of `files` in an `expected.json`.
pub fn run(folder: &Path, case: &Value) -> Outcome {
    let name = case["file"].as_str().unwrap_or_default();
    let bytes = match std::fs::read(folder.join(name)) {
        Ok(bytes) => bytes,
        Err(e) => return Outcome::Failed(format!("{name}: {e}")),
    };
    let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(bytes.clone(), Some(name.to_owned())));
    let opened = pollster::block_on(Checkpoint::open(source.clone(), &Quiet));
    match (case["must"].as_str(), opened) {
        (Some("accept" | "either"), Ok(checkpoint)) => accepted(&checkpoint, &*source, &bytes, case),
        (Some("refuse" | "either"), Err(error)) => refused(&error, case),
        (Some("accept"), Err(error)) => Outcome::Failed(format!("refused: {error}")),
        (Some("refuse"), Ok(_)) => Outcome::Failed("accepted, and must be refused".into()),
        (must, _) => Outcome::Failed(format!("`must` is {must:?}")),
    }
}

/// A refusal is right when it has a kind and a place, and the kind that the case names.
fn refused(error: &Error, case: &Value) -> Outcome {
    if error.location.is_none() {
        return Outcome::Failed(format!("the error has no location: {error}"));
    }
    if matches!(error.kind, Kind::Device | Kind::Aborted) {
        return Outcome::Failed(format!("a file cannot be refused as {:?}: {error}", error.kind));
    }
    let kind = serde_json::to_value(error.kind).unwrap_or_default();
    if case["kind"].is_string() && case["kind"] != kind {
        return Outcome::Failed(format!("refused as {kind}, and {} was expected: {error}", case["kind"]));
    }
    if case["hint"].is_string() && error.hint.is_none() {
        return Outcome::Failed(format!("refused without a hint: {error}"));
    }
    Outcome::Passed(format!("refused: {error}"))
}

fn accepted(checkpoint: &Checkpoint, source: &dyn ByteSource, bytes: &[u8], case: &Value) -> Outcome {
    let tree = checkpoint.tree();
    if let Some(entries) = case["entries"].as_array() {
        if entries.len() != tree.len() {
            let first = entries.iter().zip(&tree).find(|(want, got)| want["path"] != serde_json::json!(got.path));
            return Outcome::Failed(format!(
                "{} entries, and {} were expected; first at {first:?}",
                tree.len(),
                entries.len()
            ));
        }
        for (want, got) in entries.iter().zip(&tree) {
            if let Err(text) = entry(checkpoint, want, got) {
                return Outcome::Failed(format!("{}: {text}", want["path"]));
            }
        }
    }
    let mut parts = Parts::default();
    let saved = checkpoint.save_untouched(&mut parts).and_then(|()| pollster::block_on(parts.collect(source)));
    match saved {
        Ok(saved) if saved == bytes => {}
        Ok(_) => return Outcome::Failed("saving the untouched file changed it".into()),
        Err(error) => return Outcome::Failed(format!("saving: {error}")),
    }
    match pollster::block_on(afresh(checkpoint)) {
        Ok(tensors) => Outcome::Passed(format!("{} entries, saved untouched, {tensors} tensors afresh", tree.len())),
        Err(error) => Outcome::Failed(format!("saving the tensors afresh: {error}")),
    }
}

/// Saves every tensor that has values in a new file, as a state_dict with its values alone, and reads them back: how many were equal.
async fn afresh(checkpoint: &Checkpoint) -> Result<usize, Error> {
    let mut draft = Draft::default();
    let mut written = Vec::new();
    for index in 0..checkpoint.tensors().len() {
        let id = TensorId(u32::try_from(index).unwrap_or(u32::MAX));
        if checkpoint.tensor(id)?.unloadable.is_none() {
            let values = checkpoint.read(id).await?;
            written.push((format!("tensors.{index}"), draft.tensor(values.clone())?, values));
        }
    }
    let named: Vec<_> = written.iter().map(|(name, node, _)| (name.as_str(), *node)).collect();
    let root = draft.state_dict(&named, &[("", 1)]);
    let mut parts = Parts::default();
    draft.write_zip(root, "archive", Origin::default(), &mut parts).await?;
    let saved = parts.collect(&MemorySource::default()).await?;
    let again = Checkpoint::open(Rc::new(MemorySource::new(saved, None)), &Quiet).await?;
    let tensors = again.state_dicts().pop().map(|s| s.keys).unwrap_or_default();
    for (name, _, values) in &written {
        let id = tensors.get(name).ok_or_else(|| Error::mismatch(format!("{name} is missing")))?;
        if again.read(*id).await? != *values {
            return Err(Error::mismatch(format!("{name} has other values")));
        }
    }
    Ok(written.len())
}

/// Every field that the case names must be ours too; digests and data are of the tensor's values.
fn entry(checkpoint: &Checkpoint, want: &Value, got: &TreeEntry) -> Result<(), String> {
    let ours = serde_json::to_value(got).map_err(|e| e.to_string())?;
    let values = match got.tensor {
        Some(id) if want["sha256"].is_string() => {
            Some(pollster::block_on(checkpoint.read(id)).map_err(|e| e.to_string())?)
        }
        _ => None,
    };
    for (field, wanted) in want.as_object().into_iter().flatten() {
        match field.as_str() {
            "sha256" => {
                let bytes = values.as_ref().map(|v| &v.bytes).or(got.array.as_ref());
                let digest = bytes.map(|b| hex(&Sha256::digest(b)));
                if digest.as_deref() != wanted.as_str() {
                    return Err(format!("the values' digest is {digest:?}, and {wanted} was expected"));
                }
            }
            // The digest covers a tensor's data; kinds of library classes may be shown as objects of their class.
            "data" if got.tensor.is_some() => {}
            "values" if sorted(&ours[field]) == sorted(wanted) => {}
            _ if equal(&ours[field], wanted) => {}
            _ => return Err(format!("{field} is {}, and {wanted} was expected", ours[field])),
        }
    }
    Ok(())
}

/// Sets have no order.
fn sorted(values: &Value) -> Vec<String> {
    let mut all: Vec<_> = values.as_array().into_iter().flatten().map(Value::to_string).collect();
    all.sort();
    all
}

/// Numbers by value: JSON writes 1.0 and 1 as it likes.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || close(a.as_f64(), b.as_f64()) && !(a.is_i64() && b.is_i64()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => a == b,
    }
}

/// serde_json reads the last digit of a float's text as one unit more or less.
fn close(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a == b || (a - b).abs() <= f64::EPSILON * a.abs())
}
