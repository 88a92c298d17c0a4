//! Where in a checkpoint the state_dicts are: at the root, under the usual keys, one level down; with the prefixes of DataParallel and
//! torch.compile told apart.

use super::Checkpoint;
use super::module::is_module;
use super::python::text;
use super::tensor::TensorId;
use super::view::{Mapping, View};
use crate::pickle::object::NodeId;
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::HashSet;

/// Keys under which people put the weights, best first.
const USUAL: &[&str] = &[
    "model_state_dict",
    "state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "params_ema",
    "ema",
    "generator",
    "module",
];
/// Prefixes that wrappers put before every key.
const PREFIXES: &[&str] = &["module.", "_orig_mod.", "model."];
/// How deep state_dicts are looked for.
const MAX_DEPTH: usize = 3;

/// What a checkpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// names to tensors
    StateDict,
    /// a whole pickled nn.Module
    Module,
    /// a dict with a state_dict among other things
    Checkpoint,
    /// an optimizer's state_dict alone
    Optimizer,
    /// anything else
    Other,
}

/// Names and tensors of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct StateDict {
    /// where it is: `model_state_dict`, `ema.state_dict`; empty for the root
    pub path: String,
    /// a prefix that every key has and no network declares: `module.`
    pub prefix: Option<&'static str>,
    /// in file order, with the prefix
    pub keys: IndexMap<String, TensorId>,
    /// `_metadata`: version of each module, by name
    pub metadata: IndexMap<String, i64>,
}

impl Checkpoint {
    /// What the file holds.
    pub fn kind(&self) -> Kind {
        match self.view(self.root()) {
            View::Object { .. } if is_module(self, self.root()) => Kind::Module,
            View::Mapping(root) if is_optimizer(self, &root) => Kind::Optimizer,
            View::Mapping(root) if self.state_dict_of(&root).is_some() => Kind::StateDict,
            View::Mapping(_) if !self.state_dicts().is_empty() => Kind::Checkpoint,
            View::Mapping(root) if root.items.iter().any(|(_, v)| is_module(self, *v)) => Kind::Checkpoint,
            _ => Kind::Other,
        }
    }

    /// Every state_dict, best first: the root, then the usual keys, then file order.
    pub fn state_dicts(&self) -> Vec<StateDict> {
        let mut found = Vec::new();
        self.find(String::new(), self.root(), 0, &mut HashSet::new(), &mut found);
        found.sort_by_key(|s| {
            let last = s.path.rsplit('.').next().unwrap_or("");
            (
                !s.path.is_empty(),
                s.path.matches('.').count(),
                USUAL.iter().position(|u| *u == last).unwrap_or(USUAL.len()),
            )
        });
        found
    }

    /// Each object is entered once: a file may hold one dict under a million keys.
    fn find(&self, path: String, node: NodeId, depth: usize, seen: &mut HashSet<NodeId>, found: &mut Vec<StateDict>) {
        if !seen.insert(node) {
            return;
        }
        let View::Mapping(mapping) = self.view(node) else { return };
        if is_optimizer(self, &mapping) {
            return;
        }
        if let Some((keys, metadata)) = self.state_dict_of(&mapping) {
            let prefix = PREFIXES.iter().copied().find(|p| keys.keys().all(|k| k.starts_with(p)));
            found.push(StateDict { path, prefix, keys, metadata });
            return;
        }
        if depth < MAX_DEPTH {
            for (key, value) in &mapping.items {
                let Some(key) = text(&self.pickle().arena, *key) else { continue };
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                self.find(path, *value, depth + 1, seen, found);
            }
        }
    }

    /// A dict is a state_dict when its keys are strings and its values tensors, a stray number aside (`num_batches_tracked` was one once).
    pub(super) fn state_dict_of(
        &self,
        mapping: &Mapping,
    ) -> Option<(IndexMap<String, TensorId>, IndexMap<String, i64>)> {
        let arena = &self.pickle().arena;
        let mut keys = IndexMap::new();
        let mut others = 0;
        for (key, value) in &mapping.items {
            match (text(arena, *key), self.tensor_at(*value)) {
                (Some(key), Some(tensor)) => {
                    keys.insert(key.to_owned(), tensor);
                }
                _ => others += 1,
            }
        }
        if keys.is_empty() || others > 0 && (mapping.metadata.is_none() || others > keys.len()) {
            return None;
        }
        let mut metadata = IndexMap::new();
        if let Some(View::Mapping(modules)) = mapping.metadata.map(|m| self.view(m)) {
            for (prefix, versions) in modules.items {
                let View::Mapping(versions) = self.view(versions) else { continue };
                let version = versions.items.iter().find(|(k, _)| text(arena, *k) == Some("version"));
                if let (Some(prefix), Some(View::Int(n))) = (text(arena, prefix), version.map(|(_, v)| self.view(*v))) {
                    metadata.insert(prefix.to_owned(), n);
                }
            }
        }
        Some((keys, metadata))
    }
}

/// `{'state': ..., 'param_groups': [...]}`
pub(super) fn is_optimizer(checkpoint: &Checkpoint, mapping: &Mapping) -> bool {
    let arena = &checkpoint.pickle().arena;
    // Two or three keys as a rule; a long dict is none, and is not searched at every level.
    let has = |name: &str| mapping.items.iter().take(16).any(|(k, _)| text(arena, *k) == Some(name));
    has("state") && has("param_groups")
}
