//! `Module.load_state_dict`: which key each parameter and buffer takes, and torch's words for what does not fit.

use super::{Network, NetworkLeaf};
use crate::checkpoint::tensor::Tensor;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use std::collections::{HashMap, HashSet};

/// One entry of a state_dict, as far as matching looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// the key, without the prefix of DataParallel or torch.compile
    pub key: String,
    /// sizes
    pub shape: Vec<u64>,
}

impl Offered {
    /// A tensor of a file; a complex one is offered as the pairs that a network's leaf is.
    pub fn of(key: String, tensor: &Tensor) -> Self {
        Self { key, shape: tensor.real_shape() }
    }
}

/// What load_state_dict finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// each leaf that has a key, and that key's place in what was offered
    pub pairs: Vec<(ValueId, usize)>,
    /// `missing_keys`
    pub missing: Vec<String>,
    /// `unexpected_keys`
    pub unexpected: Vec<String>,
    /// torch's line for each shape that differs
    pub mismatched: Vec<String>,
}

impl Network {
    /// Matches the network's `state_dict()` with what a file offers; `version` gives `_metadata`'s version of a module, by its path.
    pub fn match_state_dict(&self, offered: &[Offered], version: impl Fn(&str) -> Option<i64>) -> Matching {
        let places: HashMap<&str, usize> = offered.iter().enumerate().map(|(i, o)| (o.key.as_str(), i)).collect();
        let mut found = Matching::default();
        let mut used = HashSet::new();
        for leaf in self.leaves.iter().filter(|l| l.persistent) {
            let mut taken = None;
            for name in &leaf.names {
                let Some((&place, entry)) = places.get(name.as_str()).and_then(|p| Some((p, offered.get(*p)?))) else {
                    if !may_lack(name, &version) {
                        found.missing.push(name.clone());
                    }
                    continue;
                };
                used.insert(place);
                if fits(leaf, &entry.shape) {
                    // torch copies key after key into tied weights: the last one stays.
                    taken = Some(place);
                } else {
                    found.mismatched.push(format!(
                        "size mismatch for {name}: copying a param with shape {} from checkpoint, the shape in current model is {}.",
                        size(&entry.shape),
                        size(&leaf.info.shape)
                    ));
                }
            }
            found.pairs.extend(taken.map(|place| (leaf.value, place)));
        }
        let unused = offered.iter().enumerate().filter(|(place, _)| !used.contains(place));
        found.unexpected = unused.map(|(_, o)| o.key.clone()).collect();
        found
    }
}

impl Matching {
    /// The same without the missing names of tied weights that have a value under another name: safetensors files hold each weight once.
    #[must_use]
    pub fn without_tied(mut self, network: &Network) -> Self {
        let paired: HashSet<ValueId> = self.pairs.iter().map(|(value, _)| *value).collect();
        let held = |name: &String| network.leaves.iter().any(|l| paired.contains(&l.value) && l.names.contains(name));
        self.missing.retain(|name| !held(name));
        self
    }

    /// torch's RuntimeError. Shapes that differ are refused always, missing and unexpected keys when `strict`.
    pub fn check(&self, class: &str, strict: bool) -> Result<()> {
        let mut lines = Vec::new();
        let quoted = |keys: &[String]| keys.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
        if strict && !self.unexpected.is_empty() {
            lines.push(format!("Unexpected key(s) in state_dict: {}. ", quoted(&self.unexpected)));
        }
        if strict && !self.missing.is_empty() {
            lines.push(format!("Missing key(s) in state_dict: {}. ", quoted(&self.missing)));
        }
        lines.extend(self.mismatched.iter().cloned());
        if lines.is_empty() {
            return Ok(());
        }
        let hint = if self.mismatched.is_empty() {
            "is this the class that the file was saved from? strict=false loads the keys that fit and lists the others"
        } else {
            "is this the class that the file was saved from, with the same constructor arguments?"
        };
        Err(Error::mismatch(format!("Error(s) in loading state_dict for {class}:\n\t{}", lines.join("\n\t")))
            .code("load_state_dict")
            .at("state_dict")
            .hint(hint))
    }
}

/// Equal shapes; and a 0-d parameter takes a tensor of one element, as torch 0.3 saved it.
fn fits(leaf: &NetworkLeaf, shape: &[u64]) -> bool {
    let declared = leaf.info.shape.iter().map(|&d| d as u64);
    declared.eq(shape.iter().copied()) || leaf.info.shape.is_empty() && shape == [1]
}

/// BatchNorm counts its batches since version 2; older files have no such key.
fn may_lack(name: &str, version: &impl Fn(&str) -> Option<i64>) -> bool {
    let Some(module) = name.strip_suffix("num_batches_tracked") else { return false };
    version(module.trim_end_matches('.')).is_none_or(|v| v < 2)
}

/// `torch.Size([2, 3])`
fn size(shape: &[impl std::fmt::Debug]) -> String {
    format!("torch.Size({shape:?})")
}
