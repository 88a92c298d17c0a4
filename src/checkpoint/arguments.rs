//! The arguments of the network's constructor, where a training framework saved them beside the weights: Lightning's `hyper_parameters`.

use super::Checkpoint;
use super::view::View;
use crate::literal::quoted;
use crate::pickle::object::NodeId;

/// Keys under which they are, newest first.
const KEYS: &[&str] = &["hyper_parameters", "hparams", "module_arguments"];
/// Values within each other.
const MAX_DEPTH: usize = 8;
/// Items of one list or dict, and of the arguments.
const MAX_ITEMS: usize = 256;

/// What was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedArguments {
    /// the key in the checkpoint
    pub key: String,
    /// the one parameter that takes all of them, where `hparams_name` says so
    pub whole: Option<String>,
    /// each by name, as Python writes it; values that are not plain are left out
    pub items: Vec<(String, String)>,
}

impl Checkpoint {
    /// Saved arguments, where there are any.
    pub fn saved_arguments(&self) -> Option<SavedArguments> {
        let (key, node) = KEYS.iter().find_map(|key| Some((*key, self.root_item(key)?.value)))?;
        let items = self.dict(node)?.into_iter().take(MAX_ITEMS);
        let items = items.filter_map(|(name, value)| Some((name, self.literal(value, MAX_DEPTH)?))).collect();
        let whole = self.root_item("hparams_name").and_then(|item| match self.view(item.value) {
            View::Str(name) if name != "kwargs" => Some(name.to_owned()),
            _ => None,
        });
        Some(SavedArguments { key: key.to_owned(), whole, items })
    }

    /// A plain value as Python writes it.
    fn literal(&self, node: NodeId, depth: usize) -> Option<String> {
        let inner = |node: NodeId| self.literal(node, depth.checked_sub(1)?);
        Some(match self.view(node) {
            View::None => "None".to_owned(),
            View::Bool(b) => if b { "True" } else { "False" }.to_owned(),
            View::Int(n) => n.to_string(),
            View::Float(f) if f.is_finite() => format!("{f:?}"),
            View::Str(text) => quoted(text),
            View::Sequence(kind @ ("list" | "tuple"), items) if items.len() <= MAX_ITEMS => {
                let all = items.into_iter().map(inner).collect::<Option<Vec<_>>>()?;
                match (kind, all.as_slice()) {
                    ("list", _) => format!("[{}]", all.join(", ")),
                    (_, [only]) => format!("({only},)"),
                    _ => format!("({})", all.join(", ")),
                }
            }
            View::Mapping(mapping) if mapping.items.len() <= MAX_ITEMS => {
                let item = |(key, value): &(NodeId, NodeId)| Some(format!("{}: {}", inner(*key)?, inner(*value)?));
                let all = mapping.items.iter().map(item).collect::<Option<Vec<_>>>()?;
                format!("{{{}}}", all.join(", "))
            }
            _ => return None,
        })
    }
}
