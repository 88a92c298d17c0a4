//! Makes a [`Graph`](super::Graph) node by node: infers shape and dtype of each result, and refuses in torch's words what torch refuses.

use super::op::Op;
use super::{Constant, Graph, Info, Input, Leaf, LeafKind, Node, ValueId};
use crate::data::TensorData;
use crate::error::{Error, Result};

/// A graph under construction.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    graph: Graph,
    scope: String,
    line: Option<u32>,
}

impl Builder {
    /// Adds a node; its results in the operator's order. Errors are located by scope and line.
    pub fn push(&mut self, op: Op, inputs: &[ValueId]) -> Result<Vec<ValueId>> {
        let infos = super::infer::infer(&op, &self.infos(inputs)?).map_err(|e| e.at(self.place(&op)))?;
        let outputs: Vec<_> = infos.into_iter().map(|info| self.value(info)).collect();
        let node = Node { op, inputs: inputs.to_vec(), outputs: outputs.clone(), scope: self.scope.clone(), line: self.line };
        self.graph.nodes.push(node);
        Ok(outputs)
    }
}
