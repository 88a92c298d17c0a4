//! Makes a [`Graph`] node by node: infers shape and dtype of each result, and refuses in torch's words what torch refuses.

use super::op::Op;
use super::{BufferUpdate, Constant, Graph, Info, Input, Leaf, LeafKind, Node, Structure, ValueId, infer};
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// A graph under construction.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    graph: Graph,
    scope: String,
    line: Option<u32>,
}

/// What a foreign id is: never met, as ids come from this builder.
static NOTHING: Info = Info { shape: Vec::new(), dtype: DType::Float32 };

impl Builder {
    /// Adds a node; its results in the operator's order. Errors are located by scope and line.
    pub fn push(&mut self, op: Op, inputs: &[ValueId]) -> Result<Vec<ValueId>> {
        let infos: Vec<&Info> = inputs.iter().map(|id| self.info(*id)).collect();
        let results = infer::infer(&op, &infos).map_err(|e| self.locate(e))?;
        let outputs: Vec<_> = results.into_iter().map(|info| self.value(info)).collect();
        let node =
            Node { op, inputs: inputs.to_vec(), outputs: outputs.clone(), scope: self.scope.clone(), line: self.line };
        self.graph.nodes.push(node);
        Ok(outputs)
    }

    /// Adds a node that has one result.
    pub fn push1(&mut self, op: Op, inputs: &[ValueId]) -> Result<ValueId> {
        self.push(op, inputs)?.first().copied().ok_or_else(|| Error::mismatch("an operator without a result"))
    }

    /// Shape and dtype of a value.
    pub fn info(&self, id: ValueId) -> &Info {
        self.graph.values.get(id.0 as usize).unwrap_or(&NOTHING)
    }

    /// Adds an input of `forward`.
    pub fn input(&mut self, name: &str, info: Info) -> ValueId {
        let value = self.value(info);
        self.graph.inputs.push(Input { name: name.to_owned(), value });
        value
    }

    /// Adds a literal tensor.
    pub fn constant(&mut self, data: TensorData) -> ValueId {
        let value = self.value(Info { shape: data.shape.clone(), dtype: data.dtype });
        self.graph.constants.push(Constant { value, data });
        value
    }

    /// The elements of a value that is a literal: what `.item()` and control flow may look at.
    pub fn literal(&self, id: ValueId) -> Option<&TensorData> {
        self.graph.constants.iter().find(|c| c.value == id).map(|c| &c.data)
    }

    /// Adds a parameter or buffer; it gets its names when the constructor is done.
    pub fn leaf(&mut self, info: Info, kind: LeafKind, requires_grad: bool, init: Option<ValueId>) -> ValueId {
        let value = self.value(info);
        self.graph.leaves.push(Leaf { value, names: Vec::new(), kind, requires_grad, init, complex: false });
        value
    }

    /// The leaf of a value, to be named, frozen or given another initial value.
    pub fn leaf_mut(&mut self, id: ValueId) -> Option<&mut Leaf> {
        self.graph.leaves.iter_mut().find(|leaf| leaf.value == id)
    }

    /// Gives a leaf that nothing has used yet another shape; its values come from a file.
    pub fn reshape_leaf(&mut self, id: ValueId, shape: Vec<usize>) {
        if let Some(leaf) = self.leaf_mut(id) {
            leaf.init = None;
            if let Some(info) = self.graph.values.get_mut(id.0 as usize) {
                info.shape = shape;
            }
        }
    }

    /// Says what a buffer becomes after a run in train mode.
    pub fn update(&mut self, buffer: ValueId, value: ValueId) {
        self.graph.updates.retain(|u| u.buffer != buffer);
        self.graph.updates.push(BufferUpdate { buffer, value });
    }

    /// Nodes from here on belong to this module path; gives back the path before.
    pub fn enter(&mut self, scope: String) -> String {
        std::mem::replace(&mut self.scope, scope)
    }

    /// The module path of the nodes that are added now.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The line of the user's source that adds nodes now.
    pub fn at_line(&mut self, line: Option<u32>) {
        self.line = line;
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The whole graph, with what forward returns.
    pub fn finish(mut self, output: Structure) -> Graph {
        self.graph.output = Some(output);
        self.graph
    }

    fn value(&mut self, info: Info) -> ValueId {
        let id = ValueId(u32::try_from(self.graph.values.len()).unwrap_or(u32::MAX));
        self.graph.values.push(info);
        id
    }

    /// A line of the source says more than a module path; the path serves networks without source.
    fn locate(&self, error: Error) -> Error {
        match (error.location.is_some(), self.line, self.scope.as_str()) {
            (true, ..) | (false, None, "") => error,
            (false, Some(line), _) => error.at(format!("line {line}")),
            (false, None, scope) => error.at(scope.to_owned()),
        }
    }
}
