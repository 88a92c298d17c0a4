//! Splits a graph into what the weights decide alone and what each run must do.
//!
//! The first part runs once, until weights change; the second takes its results as given.

use super::super::op::Op;
use super::super::{Graph, Node, ValueId};
use super::prune::{needed, wanted_at_the_end};

/// A graph in two parts that share the numbering of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// nodes that make the first values of leaves without given ones ([`Leaf::init`](super::super::Leaf)): run once, before all else
    pub init: Vec<Node>,
    /// nodes that depend on leaves and constants only, in an order in which they can run
    pub prelude: Vec<Node>,
    /// results of the prelude that the body or the output uses: what to keep until weights change
    pub kept: Vec<ValueId>,
    /// everything else; its nodes may use `kept` values that no node of it makes
    pub body: Graph,
}

/// Moves every node that depends on leaves and constants only before the run.
///
/// Random numbers are new in each run, and with them all that depends on them. Nodes that take nothing (`torch.zeros`) need no run each
/// either. For inference: a gradient must pass through these nodes, and in train mode a leaf changes between runs.
pub fn hoist(mut graph: Graph) -> Prepared {
    let init = split_init(&mut graph);
    let mut early = vec![false; graph.values.len()];
    let mark = |early: &mut Vec<bool>, id: ValueId| {
        if let Some(flag) = early.get_mut(id.0 as usize) {
            *flag = true;
        }
    };
    graph.leaves.iter().map(|l| l.value).for_each(|id| mark(&mut early, id));
    graph.constants.iter().map(|c| c.value).for_each(|id| mark(&mut early, id));
    let (mut prelude, mut rest) = (Vec::new(), Vec::new());
    for node in std::mem::take(&mut graph.nodes) {
        let fixed = node.inputs.iter().all(|id| early.get(id.0 as usize).copied().unwrap_or(false));
        if fixed && !is_random(&node.op) {
            node.outputs.iter().for_each(|id| mark(&mut early, *id));
            prelude.push(node);
        } else {
            rest.push(node);
        }
    }
    graph.nodes = rest;
    let mut used = vec![false; graph.values.len()];
    let uses = graph.nodes.iter().flat_map(|node| node.inputs.iter().copied());
    for id in uses.chain(wanted_at_the_end(&graph)) {
        mark(&mut used, id);
    }
    let made = prelude.iter().flat_map(|node| node.outputs.iter().copied());
    let kept = made.filter(|id| used.get(id.0 as usize).copied().unwrap_or(false)).collect();
    Prepared { init, prelude, kept, body: graph }
}

/// Takes out the nodes that only leaves' first values need, and copies those that the run needs too.
fn split_init(graph: &mut Graph) -> Vec<Node> {
    let first_values: Vec<ValueId> = graph.leaves.iter().filter_map(|leaf| leaf.init).collect();
    if first_values.is_empty() {
        return Vec::new();
    }
    let first = needed(graph, &first_values).nodes;
    let run = needed(graph, &wanted_at_the_end(graph)).nodes;
    let init = graph.nodes.iter().zip(&first).filter(|(_, first)| **first).map(|(node, _)| node.clone()).collect();
    let mut keep = first.into_iter().zip(run).map(|(first, run)| run || !first);
    graph.nodes.retain(|_| keep.next().unwrap_or(false));
    init
}

/// Whether two runs of the operator on the same operands differ.
pub fn is_random(op: &Op) -> bool {
    match op {
        Op::Random { .. } | Op::Bernoulli => true,
        Op::Dropout { p, .. } => *p > 0.0,
        _ => false,
    }
}
