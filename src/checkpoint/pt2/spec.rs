//! The trees that forward takes and gives (`torch.utils._pytree.TreeSpec`), as export writes them: JSON in a string.

use super::argument::is_name;
use crate::error::{Error, Result};
use crate::literal::quoted;
use serde_json::Value;

/// A tree of containers.
pub enum Spec {
    /// a value
    Leaf,
    /// `(a, b)`; named tuples too
    Tuple(Vec<Spec>),
    /// `[a, b]`
    List(Vec<Spec>),
    /// keys as Python writes them
    Dict(Vec<(String, Spec)>),
}

/// What a call takes: by position, and by keyword.
pub type Arguments = (Vec<Spec>, Vec<(String, Spec)>);

impl Spec {
    /// Parses `[1, {...}]`.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|e| Error::malformed(format!("a treespec: {e}")))?;
        Self::of(value.get(1).unwrap_or(&value))
    }

    fn of(value: &Value) -> Result<Self> {
        let children = value["children_spec"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(kind) = value["type"].as_str() else { return Ok(Self::Leaf) };
        let items = children.iter().map(Self::of).collect::<Result<Vec<_>>>()?;
        match kind {
            "builtins.tuple" | "collections.namedtuple" => return Ok(Self::Tuple(items)),
            "builtins.list" => return Ok(Self::List(items)),
            _ => {}
        }
        // the context of everything with keys is their list: dicts, and transformers' outputs
        let keys = value["context"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let keys = keys.as_ref().and_then(Value::as_array).filter(|keys| keys.len() == items.len());
        let keys = keys.and_then(|keys| keys.iter().map(key).collect::<Option<Vec<_>>>());
        match keys {
            Some(keys) => Ok(Self::Dict(keys.into_iter().zip(items).collect())),
            None => Err(Error::unsupported(format!(
                "a value of the class {kind} in what an exported program takes or gives"
            ))),
        }
    }

    /// The two parts of what a call takes: arguments by position, and by keyword.
    pub fn arguments(self) -> Option<Arguments> {
        let Self::Tuple(parts) = self else { return None };
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Self::Tuple(args)), Some(Self::Dict(kwargs)), None) => {
                let named = kwargs.into_iter().map(|(key, spec)| Some((bare(&key)?.to_owned(), spec)));
                Some((args, named.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        }
    }

    /// The expression that builds the tree of leaves.
    pub fn build(&self, leaves: &mut dyn Iterator<Item = String>) -> Result<String> {
        let mut all = |items: &[Self]| items.iter().map(|item| item.build(leaves)).collect::<Result<Vec<_>>>();
        Ok(match self {
            Self::Leaf => {
                leaves.next().ok_or_else(|| Error::malformed("an output spec with more leaves than outputs"))?
            }
            Self::Tuple(items) if items.len() == 1 => format!("({},)", all(items)?.join(", ")),
            Self::Tuple(items) => format!("({})", all(items)?.join(", ")),
            Self::List(items) => format!("[{}]", all(items)?.join(", ")),
            Self::Dict(items) => {
                let pairs = items.iter().map(|(key, item)| Ok(format!("{key}: {}", item.build(leaves)?)));
                format!("{{{}}}", pairs.collect::<Result<Vec<_>>>()?.join(", "))
            }
        })
    }

    /// The leaves in order, each as an expression over `at`.
    pub fn leaves(&self, at: &str, found: &mut Vec<String>) {
        match self {
            Self::Leaf => found.push(at.to_owned()),
            Self::Tuple(items) | Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.leaves(&format!("{at}[{index}]"), found);
                }
            }
            Self::Dict(items) => {
                for (key, item) in items {
                    item.leaves(&format!("{at}[{key}]"), found);
                }
            }
        }
    }
}

fn key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quoted(text)),
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        _ => None,
    }
}

/// A quoted key that is a name.
fn bare(key: &str) -> Option<&str> {
    key.strip_prefix('\'')?.strip_suffix('\'').filter(|name| is_name(name))
}
