//! A traced graph made ready for many runs: what the weights decide alone is computed once and kept until weights change.
//!
//! In eval mode batch normalisation is folded into the layer before it. In train mode nothing is rewritten: leaves change with each run.

use crate::engine::device::Device;
use crate::engine::program::{Outputs, Program, Weights};
use crate::engine::value::Value;
use crate::error::Result;
use crate::graph::pass::fuse::fold_batch_norm;
use crate::graph::pass::hoist::{Prepared, hoist};
use crate::graph::pass::prune::prune;
use crate::graph::{BufferUpdate, Graph, Leaf, LeafKind, Structure, ValueId};
use crate::source::{Progress, Quiet};

/// One graph for one mode and one set of input shapes.
pub struct Compiled {
    prelude: Option<Program>,
    kept: Vec<ValueId>,
    body: Program,
    /// the weights with the prelude's results; none before the first run, and after weights changed
    ready: Option<Weights>,
}

impl Compiled {
    /// Every leaf has weights: `init` is not run.
    pub fn new(mut graph: Graph, training: bool) -> Result<Self> {
        prune(&mut graph, |_| true);
        if training {
            return Ok(Self { prelude: None, kept: Vec::new(), body: Program::new(graph)?, ready: None });
        }
        fold_batch_norm(&mut graph)?;
        let Prepared { prelude, kept, mut body, .. } = hoist(graph);
        let prelude = if kept.is_empty() {
            None
        } else {
            let output = Some(Structure::Tuple(kept.iter().map(|id| Structure::Value(*id)).collect()));
            let (values, leaves, constants) = (body.values.clone(), body.leaves.clone(), body.constants.clone());
            Some(Program::new(Graph { values, leaves, constants, nodes: prelude, output, ..Graph::default() })?)
        };
        let given = |id: &ValueId| Leaf {
            value: *id,
            names: Vec::new(),
            kind: LeafKind::Buffer,
            requires_grad: false,
            init: None,
            complex: false,
        };
        body.leaves.extend(kept.iter().map(given));
        Ok(Self { prelude, kept, body: Program::new(body)?, ready: None })
    }

    /// What forward returns.
    pub fn output(&self) -> &Structure {
        self.body.graph().output.as_ref().unwrap_or(&Structure::None)
    }

    /// How many inputs it takes.
    pub fn inputs(&self) -> usize {
        self.body.graph().inputs.len()
    }

    /// Buffers that a run in train mode changes.
    pub fn updates(&self) -> &[BufferUpdate] {
        &self.body.graph().updates
    }

    /// The weights have changed: what was computed of them is computed again.
    pub fn forget(&mut self) {
        self.ready = None;
    }

    /// Runs once.
    pub async fn run(
        &mut self,
        device: &Device,
        weights: &Weights,
        inputs: Vec<Value>,
        progress: &dyn Progress,
    ) -> Result<Outputs> {
        let Some(prelude) = &self.prelude else {
            return self.body.run(device, weights, inputs, progress).await;
        };
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => {
                let made = prelude.run(device, weights, Vec::new(), &Quiet).await?;
                let mut all = weights.clone();
                for id in &self.kept {
                    if let Some(value) = made.get(*id) {
                        all.insert(*id, value.clone());
                    }
                }
                all
            }
        };
        let outputs = self.body.run(device, &ready, inputs, progress).await;
        self.ready = Some(ready);
        outputs
    }
}
