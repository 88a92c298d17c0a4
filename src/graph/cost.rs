//! Multiply-adds of a graph, counted as torchinfo counts them, for summary tables.
//!
//! torchinfo multiplies a layer's parameters by what they are applied to: a convolution's weight and bias by the output's batch and image,
//! a linear layer's and every other's by the output's batch. Operators without parameters count nothing.

use super::op::Op;
use super::{Graph, Node, ValueId};
use indexmap::IndexMap;
use std::collections::HashSet;

impl Graph {
    /// Multiply-adds of a node; those that overflow stay at the largest number.
    pub fn mult_adds(&self, node: &Node) -> u64 {
        let leaves: HashSet<ValueId> = self.parameters();
        self.node_mult_adds(node, &leaves)
    }

    /// Multiply-adds of each scope, in the order in which scopes first run.
    pub fn mult_adds_by_scope(&self) -> IndexMap<&str, u64> {
        let leaves = self.parameters();
        let mut scopes: IndexMap<&str, u64> = IndexMap::new();
        for node in &self.nodes {
            let count = scopes.entry(node.scope.as_str()).or_default();
            *count = count.saturating_add(self.node_mult_adds(node, &leaves));
        }
        scopes
    }

    fn parameters(&self) -> HashSet<ValueId> {
        let parameters = self.leaves.iter().filter(|leaf| leaf.kind == super::LeafKind::Parameter);
        parameters.map(|leaf| leaf.value).collect()
    }

    fn node_mult_adds(&self, node: &Node, leaves: &HashSet<ValueId>) -> u64 {
        let shape = |id: &ValueId| self.values.get(id.0 as usize).map(|info| info.shape.as_slice()).unwrap_or_default();
        let product = |sizes: &[usize]| sizes.iter().fold(1u64, |n, size| n.saturating_mul(*size as u64));
        let Some(output) = node.outputs.first().map(shape) else { return 0 };
        let parameters = node.inputs.iter().filter(|id| leaves.contains(id));
        let applied = match node.op {
            // All of the output but its channels.
            Op::Conv(_) => {
                let image = output.get(2..).unwrap_or_default();
                product(image).saturating_mul(output.first().map_or(1, |n| *n as u64))
            }
            // Every step applies them to the batch.
            Op::Recurrent(_) => product(output.get(..2).unwrap_or_default()),
            _ => output.first().map_or(1, |n| *n as u64),
        };
        parameters.fold(0u64, |n, id| n.saturating_add(product(shape(id)).saturating_mul(applied)))
    }
}
