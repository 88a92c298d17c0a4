//! A scheduler's state_dict in a checkpoint as [`Attributes`].

use super::attribute::{Attribute, Attributes};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::view::View;
use crate::error::{Error, Result};
use crate::pickle::object::NodeId;

/// Values of one state, all levels together; real ones have a few dozen.
const MAX_VALUES: usize = 100_000;
/// Schedulers in schedulers, and lists in them.
const MAX_DEPTH: usize = 16;

/// Reads a dict. Values that are no plain Python are left out, as are keys that are no names.
///
/// # Errors
/// Mismatch for what is no dict; TooLarge beyond our limits.
pub fn attributes(checkpoint: &Checkpoint, node: NodeId) -> Result<Attributes> {
    match attribute(checkpoint, node, 0, &mut 0)? {
        Some(Attribute::Dict(attributes)) => Ok(attributes),
        _ => Err(Error::mismatch("a scheduler's state must be a dict").at("scheduler")),
    }
}

fn attribute(checkpoint: &Checkpoint, node: NodeId, depth: usize, count: &mut usize) -> Result<Option<Attribute>> {
    *count += 1;
    if *count > MAX_VALUES || depth > MAX_DEPTH {
        return Err(Error::too_large("the scheduler's state in values", *count, MAX_VALUES).at("scheduler"));
    }
    Ok(Some(match checkpoint.view(node) {
        View::None => Attribute::None,
        View::Bool(b) => Attribute::Bool(b),
        View::Int(n) => Attribute::Int(n),
        View::Float(x) => Attribute::Float(x),
        View::Str(text) => Attribute::Str(text.to_owned()),
        View::Sequence("list" | "tuple", items) => {
            let mut all = Vec::new();
            for item in items {
                all.push(attribute(checkpoint, item, depth + 1, count)?.unwrap_or(Attribute::None));
            }
            Attribute::List(all)
        }
        View::Mapping(mapping) if mapping.kind == "Counter" => {
            let int = |node| if let View::Int(n) = checkpoint.view(node) { Some(n) } else { None };
            let pairs = mapping.items.iter().filter_map(|(k, v)| Some((int(*k)?, int(*v)?)));
            Attribute::Counter(pairs.collect())
        }
        View::Mapping(_) => {
            let mut all = Attributes::default();
            for (name, value) in checkpoint.dict(node).unwrap_or_default() {
                if let Some(value) = attribute(checkpoint, value, depth + 1, count)? {
                    all.set(&name, value);
                }
            }
            Attribute::Dict(all)
        }
        _ => return Ok(checkpoint.number(node).map(Attribute::Float)),
    }))
}
