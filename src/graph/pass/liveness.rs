//! When a value is used for the last time, so that its memory can go.

use super::super::{Graph, ValueId};
use super::prune::wanted_at_the_end;

/// For each node, the values to free after it: made or given in this graph, used by it (or made by it for nobody), and by no later node.
///
/// What the run gives back is never freed. Leaves and constants are not listed, as they outlive the run; inputs are.
pub fn last_use(graph: &Graph) -> Vec<Vec<ValueId>> {
    let mut settled = vec![false; graph.values.len()];
    let lasting = graph.leaves.iter().map(|l| l.value).chain(graph.constants.iter().map(|c| c.value));
    for id in wanted_at_the_end(graph).into_iter().chain(lasting).chain(graph.leaves.iter().filter_map(|l| l.init)) {
        if let Some(flag) = settled.get_mut(id.0 as usize) {
            *flag = true;
        }
    }
    let mut frees = vec![Vec::new(); graph.nodes.len()];
    for (node, free) in graph.nodes.iter().zip(frees.iter_mut()).rev() {
        for id in node.inputs.iter().chain(&node.outputs) {
            if let Some(flag) = settled.get_mut(id.0 as usize)
                && !*flag
            {
                *flag = true;
                free.push(*id);
            }
        }
    }
    frees
}
