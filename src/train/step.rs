//! One training step's graph: forward, the loss and the way back, run many times while weights change between the runs.
//!
//! What depends on constants alone (masks, positions, a loss's class weights) is computed once. Nodes that touch a parameter or buffer stay:
//! a gradient passes through them, and in train mode buffers change with each run.

use super::Gradients;
use crate::engine::arithmetic::Elementwise;
use crate::engine::device::Device;
use crate::engine::program::{Outputs, Program, Weights};
use crate::engine::value::Value;
use crate::error::Result;
use crate::graph::pass::hoist::{Prepared, hoist};
use crate::graph::pass::prune::prune;
use crate::graph::{BufferUpdate, Graph, Info, Leaf, LeafKind, Node, Structure, ValueId};
use crate::source::{Progress, Quiet};

/// A graph of forward and loss.
#[derive(Clone, Debug)]
pub struct StepGraph {
    body: Program,
    prelude: Option<Program>,
    /// what the prelude makes
    kept: Vec<ValueId>,
    constants: Vec<ValueId>,
    /// constants and the prelude's results, on the device after the first run
    fixed: Option<Vec<(ValueId, Value)>>,
    loss: ValueId,
}

impl StepGraph {
    /// `has_weights` says which leaves have values of their own; the others keep what their constructor gave them.
    pub fn new(mut graph: Graph, loss: ValueId, has_weights: impl Fn(ValueId) -> bool) -> Result<Self> {
        prune(&mut graph, |leaf| has_weights(leaf.value));
        let (own, rest): (Vec<Leaf>, Vec<Leaf>) = graph.leaves.drain(..).partition(|leaf| has_weights(leaf.value));
        graph.leaves = rest;
        let Prepared { init, prelude, kept, mut body } = hoist(graph);
        let nodes: Vec<Node> = init.into_iter().chain(prelude).collect();
        let made: Vec<ValueId> = kept.iter().copied().chain(body.leaves.iter().map(|leaf| leaf.value)).collect();
        let constants = body.constants.iter().map(|c| c.value).collect();
        let prelude = if made.is_empty() {
            None
        } else {
            let output = Some(Structure::Tuple(made.iter().map(|id| Structure::Value(*id)).collect()));
            let (values, leaves, constants) = (body.values.clone(), body.leaves.clone(), body.constants.clone());
            Some(Program::new(Graph { values, leaves, constants, nodes, output, ..Graph::default() })?)
        };
        let given = |id: &ValueId| Leaf {
            value: *id,
            names: Vec::new(),
            kind: LeafKind::Buffer,
            requires_grad: false,
            init: None,
            complex: false,
        };
        body.leaves = own.into_iter().chain(made.iter().map(given)).collect();
        Ok(Self { body: Program::new(body)?, prelude, kept: made, constants, fixed: None, loss })
    }

    /// What a run gives.
    pub fn output(&self) -> &Structure {
        self.body.graph().output.as_ref().unwrap_or(&Structure::None)
    }

    /// Buffers that a run in train mode changes.
    pub fn updates(&self) -> &[BufferUpdate] {
        &self.body.graph().updates
    }

    /// Shape and dtype of a value.
    pub fn info(&self, id: ValueId) -> Option<&Info> {
        self.body.graph().values.get(id.0 as usize)
    }

    /// Bytes of all results of floating operators that a run makes: what is kept for the way back, at most.
    pub fn activation_bytes(&self) -> u64 {
        let graph = self.body.graph();
        let results = graph.nodes.iter().flat_map(|node| &node.outputs);
        let infos = results.filter_map(|id| graph.values.get(id.0 as usize)).filter(|info| info.dtype.is_float());
        infos.map(|info| info.shape.iter().product::<usize>() as u64 * info.dtype.size().max(4) as u64).sum()
    }

    /// Runs forward and the loss.
    pub async fn run(
        &mut self,
        device: &Device,
        weights: &Weights,
        inputs: Vec<Value>,
        progress: &dyn Progress,
    ) -> Result<Outputs> {
        let weights = self.with_fixed(device, weights).await?;
        self.body.run(device, &weights, inputs, progress).await
    }

    /// Runs forward and the loss, and walks back to `leaves`.
    pub async fn backward(
        &mut self,
        device: &Device,
        weights: &Weights,
        inputs: Vec<Value>,
        leaves: &[ValueId],
        progress: &dyn Progress,
    ) -> Result<(Outputs, Gradients)> {
        let weights = self.with_fixed(device, weights).await?;
        let back = self.body.run_backward(device, &weights, inputs, leaves, self.loss, progress).await?;
        let mut gradients = Gradients::default();
        for (leaf, gradient) in back.gradients {
            gradients.insert(leaf, gradient);
        }
        Ok((back.outputs, gradients))
    }

    async fn with_fixed(&mut self, device: &Device, weights: &Weights) -> Result<Weights> {
        let mut all = weights.clone();
        let fixed = match self.fixed.take() {
            Some(fixed) => fixed,
            None => self.fix(device).await?,
        };
        for (id, value) in &fixed {
            all.insert(*id, value.clone());
        }
        self.fixed = Some(fixed);
        Ok(all)
    }

    async fn fix(&self, device: &Device) -> Result<Vec<(ValueId, Value)>> {
        let mut fixed = Vec::new();
        let graph = self.body.graph();
        for constant in graph.constants.iter().filter(|c| self.constants.contains(&c.value)) {
            fixed.push((constant.value, Value::upload(device, &constant.data)?));
        }
        if let Some(prelude) = &self.prelude {
            let made = prelude.run(device, &Weights::default(), Vec::new(), &Quiet).await?;
            fixed.extend(self.kept.iter().filter_map(|id| Some((*id, made.get(*id)?.clone()))));
        }
        Ok(fixed)
    }
}

impl Gradients {
    /// Adds another batch's gradients, times `scale`, as `backward()` adds to `param.grad`.
    pub fn accumulate(&mut self, other: Self, scale: f64) {
        for leaf in other.leaves() {
            let Some(new) = other.get(leaf) else { continue };
            let sum = match self.take(leaf) {
                Some(old) => old.add_scaled(new, scale),
                None => new.clone().scale(scale),
            };
            self.insert(leaf, sum);
        }
    }
}
