//! The whole description of a checkpoint as plain data, for the page and the JavaScript API.

use super::globals::Verdict;
use super::listing::Entry;
use super::module::is_module;
use super::optimizer;
use super::state_dict::Kind;
use super::values::PlainValue;
use super::view::View;
use super::{Checkpoint, Format};
use crate::error::Warning;
use crate::pickle::object::{NodeId, Object};
use serde::Serialize;
use std::collections::HashMap;

/// A class or function that the file names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedGlobal {
    /// `torch._utils._rebuild_tensor_v2`
    pub name: String,
    /// what to think of it
    pub verdict: Verdict,
    /// how many objects it makes
    pub count: usize,
}

/// Where a state_dict is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedStateDict {
    /// empty for the root
    pub path: String,
    /// `module.` of DataParallel and its like
    pub prefix: Option<&'static str>,
    /// how many keys it has
    pub keys: usize,
}

/// What is in a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// the container
    pub format: Format,
    /// what the file is
    pub kind: Kind,
    /// the file's name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// the file's length
    pub bytes: u64,
    /// every tensor
    pub entries: Vec<Entry>,
    /// everything else
    pub values: Vec<PlainValue>,
    /// what was odd but readable
    pub warnings: Vec<Warning>,
    /// every class and function that the file names
    pub globals: Vec<NamedGlobal>,
    /// where weights are, best first
    pub state_dicts: Vec<NamedStateDict>,
    /// a whole nn.Module is in the file
    pub has_module: bool,
    /// the first module's class
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module_class: Option<String>,
    /// classes whose source text the file carries
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_source: Option<Vec<String>>,
    /// torch.optim's class that the optimizer's state_dict looks like
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<String>,
    /// where that state_dict is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer_path: Option<String>,
}

impl Checkpoint {
    /// Everything that a user wants to know before a network is built.
    pub fn describe(&self) -> Description {
        let module = self.module_at();
        let module_class = module.and_then(|(_, node)| match self.view(node) {
            View::Object { class, .. } => Some(class),
            _ => None,
        });
        let sources = self.embedded_sources();
        let state_dicts = self.state_dicts();
        let optimizer = optimizer::find(self);
        Description {
            format: self.format(),
            kind: self.kind(),
            name: self.source.name().map(str::to_owned),
            bytes: self.source.len(),
            entries: self.entries().to_vec(),
            values: self.values().to_vec(),
            warnings: [self.warnings(), &self.read_warnings()].concat(),
            globals: self.counted_globals(),
            state_dicts: state_dicts
                .into_iter()
                .map(|s| NamedStateDict { path: s.path, prefix: s.prefix, keys: s.keys.len() })
                .collect(),
            has_module: module_class.is_some(),
            module_class,
            embedded_source: (!sources.is_empty()).then(|| sources.into_iter().map(|s| s.class).collect()),
            optimizer: optimizer.as_ref().and_then(|o| o.class).map(str::to_owned),
            optimizer_path: optimizer.map(|o| o.path),
        }
    }

    /// The first module: the root, or a value of the dict at the root; with its key.
    pub fn module_at(&self) -> Option<(String, NodeId)> {
        let root = self.root();
        if is_module(self, root) {
            return Some((String::new(), root));
        }
        let View::Mapping(mapping) = self.view(root) else { return None };
        let (key, node) = mapping.items.iter().find(|(_, v)| is_module(self, *v))?;
        Some((self.key_text(*key), *node))
    }

    fn counted_globals(&self) -> Vec<NamedGlobal> {
        let arena = &self.pickle().arena;
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        for id in arena.ids() {
            if let Object::Instance(made) = arena.get(id)
                && let Object::Global { module, name } = arena.get(made.callable)
            {
                *counts.entry((module, name)).or_default() += 1;
            }
        }
        let globals = self.globals().iter();
        globals
            .map(|g| NamedGlobal {
                name: format!("{}.{}", g.module, g.name),
                verdict: g.verdict,
                count: counts.get(&(g.module.as_str(), g.name.as_str())).copied().unwrap_or(0),
            })
            .collect()
    }
}
