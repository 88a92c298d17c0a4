//! Drops the nodes that nobody asks for.
//!
//! Inputs, leaves and constants stay, used or not: an input keeps its place in forward's signature, a leaf its name in the state_dict.
//! Nodes that make a leaf's first value (`Leaf::init`) stay only for leaves without given values.

use super::super::{Graph, Leaf, Structure, ValueId};

/// Keeps what the output and the buffers' updates need; `given` says which leaves have values of their own, so that their `init` goes.
pub fn prune(graph: &mut Graph, given: impl Fn(&Leaf) -> bool) {
    for leaf in &mut graph.leaves {
        if leaf.init.is_some() && given(leaf) {
            leaf.init = None;
        }
    }
    let mut wanted = wanted_at_the_end(graph);
    wanted.extend(graph.leaves.iter().filter_map(|leaf| leaf.init));
    let needed = needed(graph, &wanted);
    let mut keep = needed.nodes.into_iter();
    graph.nodes.retain(|_| keep.next().unwrap_or(false));
}

/// The values that a run gives back: forward's output and the buffers' new values.
pub fn wanted_at_the_end(graph: &Graph) -> Vec<ValueId> {
    let mut wanted = graph.output.as_ref().map(values_of).unwrap_or_default();
    wanted.extend(graph.updates.iter().map(|update| update.value));
    wanted
}

/// Every tensor in a structure, in order.
pub fn values_of(structure: &Structure) -> Vec<ValueId> {
    let mut found = Vec::new();
    let mut pending = vec![structure];
    while let Some(structure) = pending.pop() {
        match structure {
            Structure::Value(id) => found.push(*id),
            Structure::None | Structure::Scalar(_) | Structure::Str(_) => {}
            Structure::Tuple(items) | Structure::List(items) => pending.extend(items.iter().rev()),
            Structure::Dict(items) => pending.extend(items.iter().rev().map(|(_, item)| item)),
        }
    }
    found
}

/// What leads to some values.
pub struct Needed {
    /// for each value, whether it does
    pub values: Vec<bool>,
    /// for each node, whether it does
    pub nodes: Vec<bool>,
}

/// Walks back from `wanted` once.
pub fn needed(graph: &Graph, wanted: &[ValueId]) -> Needed {
    let mut values = vec![false; graph.values.len()];
    let want = |values: &mut Vec<bool>, id: ValueId| {
        if let Some(flag) = values.get_mut(id.0 as usize) {
            *flag = true;
        }
    };
    wanted.iter().for_each(|id| want(&mut values, *id));
    let mut nodes = vec![false; graph.nodes.len()];
    for (node, keep) in graph.nodes.iter().zip(nodes.iter_mut()).rev() {
        *keep = node.outputs.iter().any(|id| values.get(id.0 as usize).copied().unwrap_or(false));
        if *keep {
            node.inputs.iter().for_each(|id| want(&mut values, *id));
        }
    }
    Needed { values, nodes }
}
