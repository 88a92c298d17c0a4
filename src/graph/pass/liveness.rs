//! When a value is used for the last time, so that its memory can go.

use super::super::{Graph, ValueId};
use super::prune::wanted_at_the_end;

/// For each node, the values to free after it: inputs of this graph and results of its nodes that no later node uses.
///
/// What the run gives back is never freed, nor what the graph was given to keep: leaves, constants, and what a prelude made
/// ([`Prepared::kept`](super::hoist::Prepared)).
pub fn last_use(graph: &Graph) -> Vec<Vec<ValueId>> {
    let mut passing = vec![false; graph.values.len()];
    let set = |passing: &mut Vec<bool>, id: ValueId, to: bool| {
        if let Some(flag) = passing.get_mut(id.0 as usize) {
            *flag = to;
        }
    };
    let results = graph.nodes.iter().flat_map(|node| node.outputs.iter().copied());
    graph.inputs.iter().map(|input| input.value).chain(results).for_each(|id| set(&mut passing, id, true));
    let first_values = graph.leaves.iter().filter_map(|leaf| leaf.init);
    wanted_at_the_end(graph).into_iter().chain(first_values).for_each(|id| set(&mut passing, id, false));
    let mut frees = vec![Vec::new(); graph.nodes.len()];
    for (node, free) in graph.nodes.iter().zip(frees.iter_mut()).rev() {
        for id in node.inputs.iter().chain(&node.outputs) {
            if passing.get(id.0 as usize) == Some(&true) {
                set(&mut passing, *id, false);
                free.push(*id);
            }
        }
    }
    frees
}
