//! What a training loop keeps beside the weights: an optimizer's state_dict, a scheduler's, the epoch, the loss; where each stands, so that
//! it can be put back there.

use super::Checkpoint;
use super::numpy::Numpy;
use super::optimizer::{self, Found};
use super::python::{items, text};
use super::view::View;
use crate::error::{Error, Result};
use crate::pickle::object::NodeId;
use indexmap::IndexMap;
use serde_json::Value;

/// Keys under which people keep a scheduler's state, best first.
const SCHEDULER: &[&str] = &[
    "scheduler_state_dict",
    "scheduler",
    "lr_scheduler_state_dict",
    "lr_scheduler",
    "lr_sched",
    "sched",
    "lr_schedulers",
    "schedulers",
];

/// Keys of a param_group or of one parameter's state; real ones have about a dozen.
const MAX_KEYS: usize = 1024;

/// An optimizer's state_dict, one level unpacked. Parameters go by the keys that `params` lists: 0, 1, ... today, `id(param)` before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedOptimizer {
    /// where it is, and its class
    pub found: Found,
    /// `param_groups`
    pub groups: Vec<SavedGroup>,
    /// the dict `state`
    pub states: NodeId,
    /// its items, by parameter
    pub state: IndexMap<String, SavedState>,
}

/// One of `param_groups`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedGroup {
    /// the dict
    pub node: NodeId,
    /// everything but `params` and `param_names`
    pub items: Vec<(String, NodeId)>,
    /// `params`
    pub params: Vec<String>,
    /// the same as objects of the file
    pub keys: Vec<NodeId>,
    /// `param_names`
    pub names: Option<Vec<String>>,
}

/// One parameter's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// the dict
    pub node: NodeId,
    /// its items
    pub items: Vec<(String, NodeId)>,
}

/// An item of the root dict that a training loop changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// its key
    pub key: String,
    /// its value
    pub value: NodeId,
}

impl Checkpoint {
    /// The file's optimizer; `None` where there is none.
    ///
    /// # Errors
    /// Malformed when its groups or states are no dicts; TooLarge when one has too many keys.
    pub fn saved_optimizer(&self) -> Result<Option<SavedOptimizer>> {
        let Some(found) = optimizer::find(self) else { return Ok(None) };
        let place = |what: &str| match found.path.as_str() {
            "" => what.to_owned(),
            path => format!("{path}.{what}"),
        };
        let broken = |what: &str, why: &str| Error::malformed(why.to_owned()).at(place(what));
        let all = self.dict(found.node).unwrap_or_default();
        let get = |name: &str| all.iter().find(|(key, _)| key == name).map(|(_, node)| *node);
        let (Some(states), Some(groups)) = (get("state"), get("param_groups")) else { return Ok(None) };
        let arena = &self.pickle().arena;
        let mut saved = Vec::new();
        for (number, &node) in items(arena, groups).iter().enumerate() {
            let here = format!("param_groups.{number}");
            let mut group = self.dict(node).ok_or_else(|| broken(&here, "a param_group must be a dict"))?;
            let params = group.iter().find(|(key, _)| key == "params").map(|(_, list)| *list);
            let params = params.ok_or_else(|| broken(&here, "KeyError: 'params'"))?;
            let keys = items(arena, params).to_vec();
            let names = group.iter().find(|(key, _)| key == "param_names").map(|(_, list)| items(arena, *list));
            let names = names.and_then(|names| names.iter().map(|n| text(arena, *n).map(str::to_owned)).collect());
            let params = keys.iter().map(|key| self.key_text(*key)).collect();
            group.retain(|(key, _)| key != "params" && key != "param_names");
            few(&group).map_err(|e| e.at(place(&here)))?;
            saved.push(SavedGroup { node, items: group, params, keys, names });
        }
        let View::Mapping(mapping) = self.view(states) else { return Err(broken("state", "state must be a dict")) };
        let mut state = IndexMap::new();
        for (key, node) in mapping.items {
            // Optimizers of other libraries keep more than parameters here.
            if let Some(items) = self.dict(node) {
                few(&items).map_err(|e| e.at(place("state")))?;
                state.insert(self.key_text(key), SavedState { node, items });
            }
        }
        Ok(Some(SavedOptimizer { found, groups: saved, states, state }))
    }

    /// The scheduler's state_dict at the root: its item, and the dict, which Lightning puts into a list.
    pub fn saved_scheduler(&self) -> Option<(Item, NodeId)> {
        let root = self.dict(self.root())?;
        SCHEDULER.iter().find_map(|key| {
            let (key, value) = root.iter().find(|(name, _)| name == key)?;
            let inner = match self.view(*value) {
                View::Sequence(_, items) => *items.first()?,
                _ => *value,
            };
            let state = self.dict(inner)?;
            let known = state.iter().any(|(key, _)| matches!(key.as_str(), "last_epoch" | "_last_lr" | "_schedulers"));
            known.then(|| (Item { key: key.clone(), value: *value }, inner))
        })
    }

    /// An item of the root dict.
    pub fn root_item(&self, key: &str) -> Option<Item> {
        let root = self.dict(self.root())?;
        root.into_iter().find(|(name, _)| name == key).map(|(key, value)| Item { key, value })
    }

    /// A dict's items that have strings as keys; `None` for what is no dict.
    pub fn dict(&self, node: NodeId) -> Option<Vec<(String, NodeId)>> {
        let View::Mapping(mapping) = self.view(node) else { return None };
        let arena = &self.pickle().arena;
        Some(mapping.items.iter().filter_map(|(key, value)| Some((text(arena, *key)?.to_owned(), *value))).collect())
    }

    /// A Python or NumPy number that is not in a tensor.
    #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
    pub fn number(&self, node: NodeId) -> Option<f64> {
        match self.view(node) {
            View::Bool(b) => Some(f64::from(u8::from(b))),
            View::Int(n) => Some(n as f64),
            View::Float(x) => Some(x),
            View::Numpy(Numpy::Scalar(_, Value::Number(n))) => n.as_f64(),
            View::Numpy(Numpy::Scalar(_, Value::Bool(b))) => Some(f64::from(u8::from(b))),
            _ => None,
        }
    }
}

fn few(items: &[(String, NodeId)]) -> Result<()> {
    if items.len() > MAX_KEYS {
        return Err(Error::too_large("a dict of the optimizer in keys", items.len(), MAX_KEYS));
    }
    Ok(())
}
