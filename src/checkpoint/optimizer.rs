//! An optimizer's state_dict in a checkpoint: where it is, and which torch.optim class wrote it, as far as its keys tell.

use super::Checkpoint;
use super::python::{items, text};
use super::state_dict::is_optimizer;
use super::view::{Mapping, View};
use crate::pickle::object::{NodeId, Object};

/// How many levels of dicts and lists are searched.
const MAX_DEPTH: usize = 2;
/// Objects that the search looks at.
const MAX_STEPS: usize = 10_000;

/// A found optimizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `optimizer_state_dict`, `optimizer_states.0`; empty for the root
    pub path: String,
    /// its node
    pub node: NodeId,
    /// `Adam`, `SGD`, ...; `None` where the keys fit no class of torch.optim
    pub class: Option<&'static str>,
}

/// The first optimizer state_dict, breadth first.
pub fn find(checkpoint: &Checkpoint) -> Option<Found> {
    let mut level = vec![(String::new(), checkpoint.root())];
    let mut steps = 0;
    for _ in 0..=MAX_DEPTH {
        let mut next = Vec::new();
        for (path, node) in level {
            let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            steps += 1;
            if steps > MAX_STEPS {
                return None;
            }
            match checkpoint.view(node) {
                View::Mapping(mapping) if is_optimizer(checkpoint, &mapping) => {
                    return Some(Found { path, node, class: class(checkpoint, &mapping) });
                }
                View::Mapping(mapping) if mapping.items.len() <= 256 => {
                    next.extend(mapping.items.iter().map(|(k, v)| (join(&checkpoint.key_text(*k)), *v)));
                }
                View::Sequence(_, all) if all.len() <= 256 => {
                    next.extend(all.iter().enumerate().map(|(i, v)| (join(&i.to_string()), *v)));
                }
                _ => {}
            }
        }
        level = next;
    }
    None
}

/// torch.optim's class by the keys of the first param_group (`torch/optim/*.py`, defaults) and of the first state.
fn class(checkpoint: &Checkpoint, optimizer: &Mapping) -> Option<&'static str> {
    let arena = &checkpoint.pickle().arena;
    let get = |mapping: &Mapping, name: &str| {
        mapping.items.iter().find(|(k, _)| text(arena, *k) == Some(name)).map(|(_, v)| *v)
    };
    let groups = get(optimizer, "param_groups")?;
    let View::Mapping(group) = checkpoint.view(*items(arena, groups).first()?) else { return None };
    let state = match get(optimizer, "state").map(|s| checkpoint.view(s)) {
        Some(View::Mapping(all)) => all.items.first().map(|(_, v)| checkpoint.view(*v)),
        _ => None,
    };
    let has = |name: &str| get(&group, name).is_some();
    let stored = |name: &str| matches!(&state, Some(View::Mapping(s)) if get(s, name).is_some());
    let decoupled = get(&group, "decoupled_weight_decay").is_some_and(|v| *arena.get(v) == Object::Bool(true));
    Some(if has("betas") {
        match () {
            () if has("momentum_decay") => "NAdam",
            // AdamW became a subclass of Adam in 2.7; before, nothing but its default decay tells it from Adam.
            () if has("amsgrad") && decoupled => "AdamW",
            () if has("amsgrad") => "Adam",
            () if stored("exp_inf") => "Adamax",
            () if has("decoupled_weight_decay") || stored("exp_avg_sq") => "RAdam",
            () => "Adamax",
        }
    } else if has("nesterov") && has("dampening") {
        "SGD"
    } else if has("centered") {
        "RMSprop"
    } else if has("lr_decay") {
        "Adagrad"
    } else if has("rho") {
        "Adadelta"
    } else if has("lambd") {
        "ASGD"
    } else if has("etas") {
        "Rprop"
    } else if has("history_size") {
        "LBFGS"
    } else {
        return None;
    })
}
