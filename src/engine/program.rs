//! A graph made ready to run, and its run: nodes in order, values freed at their last use.

use super::device::Device;
use super::op::{self, Context};
use super::value::Value;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Structure, ValueId};
use crate::source::{Phase, Progress};
use std::collections::{HashMap, HashSet};

/// Parameters and buffers on a device, by the leaf's value.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    values: HashMap<ValueId, Value>,
}

impl Weights {
    /// Puts a leaf's tensor.
    pub fn insert(&mut self, leaf: ValueId, value: Value) {
        self.values.insert(leaf, value);
    }

    /// Takes a leaf's tensor out, so that its memory can be written in place.
    pub fn take(&mut self, leaf: ValueId) -> Option<Value> {
        self.values.remove(&leaf)
    }

    /// A leaf's tensor.
    pub fn get(&self, leaf: ValueId) -> Option<&Value> {
        self.values.get(&leaf)
    }

    /// The same tensors on another device.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        Ok(Self { values: Value::all_to(&self.values, device).await? })
    }
}

/// What a run gave: every value that the graph's output and its buffer updates mention.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    values: HashMap<ValueId, Value>,
}

impl Outputs {
    /// A value of the run.
    pub fn get(&self, id: ValueId) -> Option<&Value> {
        self.values.get(&id)
    }

    /// The same values without what was recorded for a gradient.
    pub(super) fn detached(self) -> Self {
        let plain = |(id, value): (ValueId, Value)| (id, value.with_tensor(super::tensor::Tensor::detach));
        Self { values: self.values.into_iter().map(plain).collect() }
    }
}

/// A graph whose ids have been checked.
#[derive(Clone, Debug)]
pub struct Program {
    graph: Graph,
    /// the node that makes a value
    maker: HashMap<ValueId, usize>,
    /// what the caller gets
    wanted: Vec<ValueId>,
}

impl Program {
    /// Validates the graph: what runs is what operators give for the shapes that stand in it.
    pub fn new(graph: Graph) -> Result<Self> {
        graph.validate()?;
        let mut maker = HashMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            maker.extend(node.outputs.iter().map(|id| (*id, index)));
        }
        let mut wanted = Vec::new();
        collect(graph.output.as_ref().unwrap_or(&Structure::None), &mut wanted);
        wanted.extend(graph.updates.iter().map(|u| u.value));
        Ok(Self { graph, maker, wanted })
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Runs what the outputs need. `inputs` are in forward's order; a leaf without weights is computed from its `init`.
    /// `progress` hears of every node and may stop the run.
    pub async fn run(
        &self,
        device: &Device,
        weights: &Weights,
        inputs: Vec<Value>,
        progress: &dyn Progress,
    ) -> Result<Outputs> {
        let mut values: HashMap<ValueId, Value> = HashMap::new();
        self.take_inputs(inputs, &mut values)?;
        let plan = self.plan(weights)?;
        let context = Context::new(device);
        let total = plan.nodes.len() as u64;
        for (done, &index) in plan.nodes.iter().enumerate() {
            let Some(node) = self.graph.nodes.get(index) else { continue };
            progress.report(Phase { phase: "run", done: done as u64, total, detail: Some(node.scope.clone()) })?;
            let results = self
                .step(node, index, &plan, &mut values, weights, &context)
                .await
                .map_err(|e| locate(e, index, node))?;
            for (&id, value) in node.outputs.iter().zip(results) {
                if plan.last.contains_key(&id) {
                    values.insert(id, value);
                }
            }
        }
        context.settle().await?;
        let mut outputs = Outputs::default();
        for &id in &self.wanted {
            let source = plan.alias.get(&id).copied().unwrap_or(id);
            outputs.values.insert(id, self.fetch(source, &values, weights, &context)?);
        }
        Ok(outputs)
    }

    async fn step(
        &self,
        node: &Node,
        index: usize,
        plan: &Plan,
        values: &mut HashMap<ValueId, Value>,
        weights: &Weights,
        context: &Context<'_>,
    ) -> Result<Vec<Value>> {
        let mut args = Vec::with_capacity(node.inputs.len());
        for (position, id) in node.inputs.iter().enumerate() {
            let id = plan.alias.get(id).unwrap_or(id);
            let again = node.inputs.iter().skip(position + 1).any(|later| plan.alias.get(later).unwrap_or(later) == id);
            // A value that nobody else needs is handed over, so that its memory can be written in place.
            let own = (plan.last.get(id) == Some(&index) && !again).then(|| values.remove(id)).flatten();
            args.push(own.map_or_else(|| self.fetch(*id, values, weights, context), Ok)?);
        }
        let wanted: Vec<_> = node.outputs.iter().filter_map(|id| self.graph.values.get(id.0 as usize)).collect();
        op::run(&node.op, args, &wanted, context).await
    }

    fn fetch(
        &self,
        id: ValueId,
        values: &HashMap<ValueId, Value>,
        weights: &Weights,
        context: &Context<'_>,
    ) -> Result<Value> {
        if let Some(value) = values.get(&id).or_else(|| weights.get(id)) {
            return Ok(value.clone());
        }
        match self.graph.constants.iter().find(|c| c.value == id) {
            Some(constant) => Value::upload(context.device(), &constant.data),
            None => Err(Error::mismatch(format!("value {} has no tensor", id.0))),
        }
    }

    fn take_inputs(&self, inputs: Vec<Value>, values: &mut HashMap<ValueId, Value>) -> Result<()> {
        if inputs.len() != self.graph.inputs.len() {
            let (want, got) = (self.graph.inputs.len(), inputs.len());
            return Err(Error::mismatch(format!("forward takes {want} tensors, got {got}")));
        }
        for (input, value) in self.graph.inputs.iter().zip(inputs) {
            let info = self.graph.values.get(input.value.0 as usize);
            if let Some(info) = info.filter(|i| i.shape != value.shape() || i.dtype != value.dtype()) {
                return Err(Error::mismatch(format!(
                    "input {} is {:?} of torch.{}, the graph was made for {:?} of torch.{}",
                    input.name,
                    value.shape(),
                    value.dtype().name(),
                    info.shape,
                    info.dtype.name()
                )));
            }
            values.insert(input.value, value);
        }
        Ok(())
    }

    /// The nodes that the wanted values need, given the leaves that have weights.
    fn plan(&self, weights: &Weights) -> Result<Plan> {
        let mut alias = HashMap::new();
        for leaf in &self.graph.leaves {
            match (weights.get(leaf.value), leaf.init) {
                (Some(_), _) => {}
                (None, Some(init)) => {
                    alias.insert(leaf.value, init);
                }
                (None, None) if self.is_used(leaf.value) => {
                    let name = leaf.names.first().map_or("a tensor", String::as_str);
                    return Err(Error::mismatch(format!("{name} has no value")).code("missing_weight"));
                }
                (None, None) => {}
            }
        }
        let source = |id: ValueId| alias.get(&id).copied().unwrap_or(id);
        let mut needed = HashSet::new();
        let mut pending: Vec<ValueId> = self.wanted.iter().map(|id| source(*id)).collect();
        while let Some(id) = pending.pop() {
            let maker = self.maker.get(&id).filter(|_| weights.get(id).is_none());
            if let Some(node) = maker.filter(|m| needed.insert(**m)).and_then(|m| self.graph.nodes.get(*m)) {
                pending.extend(node.inputs.iter().map(|id| source(*id)));
            }
        }
        let nodes: Vec<usize> = (0..self.graph.nodes.len()).filter(|i| needed.contains(i)).collect();
        let mut last = HashMap::new();
        for &index in &nodes {
            for &id in self.graph.nodes.get(index).map_or(&[][..], |n| &n.inputs) {
                last.insert(source(id), index);
            }
        }
        for &id in &self.wanted {
            last.insert(source(id), usize::MAX);
        }
        Ok(Plan { nodes, last, alias })
    }

    fn is_used(&self, id: ValueId) -> bool {
        self.wanted.contains(&id) || self.graph.nodes.iter().any(|n| n.inputs.contains(&id))
    }
}

/// What one run does.
struct Plan {
    nodes: Vec<usize>,
    /// the node that uses a value last; `usize::MAX` for those that the caller gets
    last: HashMap<ValueId, usize>,
    /// leaves that are computed
    alias: HashMap<ValueId, ValueId>,
}

fn collect(structure: &Structure, into: &mut Vec<ValueId>) {
    match structure {
        Structure::Value(id) => into.push(*id),
        Structure::Tuple(items) | Structure::List(items) => items.iter().for_each(|s| collect(s, into)),
        Structure::Dict(items) => items.iter().for_each(|(_, s)| collect(s, into)),
        Structure::None | Structure::Scalar(_) | Structure::Str(_) => {}
    }
}

fn locate(error: Error, index: usize, node: &Node) -> Error {
    let name = node.op.name();
    match node.scope.as_str() {
        "" => error.at(format!("node {index} ({name})")),
        scope => error.at(format!("node {index} ({name}) in {scope}")),
    }
}
