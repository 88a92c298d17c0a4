//! A network with its weights on a device: eval and train mode, runs, and its state_dict.

use super::Loaded;
use super::answers::Traced;
use super::input::{Inputs, Output, fill};
use super::train::Trainer;
use super::train::fit::Fitting;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::tensor::{Tensor, TensorId};
use crate::data::TensorData;
use crate::engine::device::Device;
use crate::engine::program::{Program, Weights};
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::pass::prune::values_of;
use crate::graph::{Structure, ValueId};
use crate::network::deduce::report::Deduced;
use crate::network::inputs::InputHint;
use crate::network::summary::Row;
use crate::network::trace::Call;
use crate::network::zoo::Recognised;
use crate::network::{Network, NetworkLeaf};
use crate::source::{Phase, Progress, Quiet};
use crate::train::training::TrainingState;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A network that runs.
pub struct Model {
    pub(super) checkpoint: Rc<Checkpoint>,
    pub(super) network: Network,
    pub(super) loaded: Loaded,
    pub(super) origin: HashMap<ValueId, TensorId>,
    /// leaves whose values are no longer the file's
    pub(super) changed: HashSet<ValueId>,
    pub(super) device: Device,
    pub(super) reason: Option<String>,
    pub(super) weights: Weights,
    pub(super) training: bool,
    pub(super) programs: Vec<Traced>,
    /// the shapes of the last run
    called: Option<Call>,
    /// what trains it, from the first step on
    pub(super) trainer: Option<Trainer>,
    /// the loop over epochs that goes on
    pub(super) fitting: Option<Fitting>,
    /// what is saved of a training beside the weights
    pub(super) training_state: Option<TrainingState>,
}

/// One run's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// forward's structure
    pub output: Output,
    /// true when the graph was traced for this run: the device compiles its kernels, and the time says little
    pub warmup: bool,
}

impl Model {
    /// Reads each tensor that the network has a place for, and puts it on the device in the parameter's dtype, as `copy_` does.
    pub(super) async fn load(
        checkpoint: Rc<Checkpoint>,
        mut network: Network,
        loaded: Loaded,
        device: Device,
        reason: Option<String>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let origin: HashMap<_, _> = loaded.pairs.iter().copied().collect();
        let mut weights = Weights::default();
        let size = |id: &TensorId| checkpoint.tensor(*id).ok().and_then(Tensor::nbytes).unwrap_or(0);
        let leaves = || network.leaves().iter().filter_map(|leaf| Some((leaf, origin.get(&leaf.value)?)));
        let total = leaves().map(|(_, id)| size(id)).fold(0, u64::saturating_add);
        let mut before = 0;
        for (leaf, id) in leaves() {
            let detail = leaf.names.first();
            let report = |done| progress.report(Phase { phase: "upload", done, total, detail: detail.cloned() });
            report(before)?;
            let after = before.saturating_add(size(id));
            let mut done = before;
            // A strided view reads more of its storage than it has elements.
            let mut more = |read| {
                done = after.min(done.saturating_add(read));
                report(done)
            };
            let data = original(&checkpoint, *id, leaf, &mut more).await?;
            weights.insert(leaf.value, Value::upload(&device, &data)?);
            before = after;
        }
        progress.report(Phase { phase: "upload", done: total, total, detail: None })?;
        // What the file has no values for keeps those that its constructor gave it, drawn once.
        let rest: Vec<_> = network.leaves().iter().map(|l| l.value).filter(|v| !origin.contains_key(v)).collect();
        if !rest.is_empty() {
            let program = Program::new(network.initial(&rest)?)?;
            let made = program.run(&device, &weights, Vec::new(), &Quiet).await?;
            for (leaf, init) in rest.iter().zip(values_of(program.graph().output.as_ref().unwrap_or(&Structure::None)))
            {
                if let Some(value) = made.get(init) {
                    weights.insert(*leaf, value.clone());
                }
            }
        }
        let changed = HashSet::new();
        let programs = Vec::new();
        Ok(Self {
            checkpoint,
            network,
            loaded,
            origin,
            changed,
            device,
            reason,
            weights,
            training: false,
            programs,
            called: None,
            trainer: None,
            fitting: None,
            training_state: None,
        })
    }

    /// Where it runs.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Why it does not run on WebGPU, where that was not the caller's choice.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// `module.training`
    pub fn training(&self) -> bool {
        self.training
    }

    /// What the network is, where it was asked for by name or recognised.
    pub fn recognised(&self) -> Option<&Recognised> {
        self.loaded.recognised.as_ref()
    }

    /// How the network was constructed, and what its arguments were deduced from; `None` for a whole module.
    pub fn construct(&self) -> Option<&Deduced> {
        self.loaded.construct.as_ref()
    }

    /// `missing_keys` of load_state_dict.
    pub fn missing_keys(&self) -> &[String] {
        &self.loaded.missing
    }

    /// `unexpected_keys` of load_state_dict.
    pub fn unexpected_keys(&self) -> &[String] {
        &self.loaded.unexpected
    }

    /// `module.train(mode)`: dropout drops and batch norm uses the batch's statistics, or not.
    pub fn train(&mut self, mode: bool) {
        self.training = mode;
        self.network.train(mode);
    }

    /// What `forward` wants.
    pub fn inputs(&mut self) -> Vec<InputHint> {
        self.network.inputs()
    }

    /// The table of modules; with shapes and multiply-adds when the inputs' shapes are given.
    pub fn summary(&mut self, call: Option<&Call>) -> Result<Vec<Row>> {
        let graph = call.map(|call| self.network.trace(call)).transpose()?;
        Ok(self.network.summary(graph.as_ref()))
    }

    /// The network as JSON, which builds without its source: traced for a call, else for the last run's shapes, else for those that the
    /// network leaves no choice but for the batch, which is then one sample.
    ///
    /// # Errors
    /// Mismatch `argument` when no shapes are given and none can be told.
    pub fn graph(&mut self, call: Option<&Call>) -> Result<String> {
        let call = match call.or(self.called.as_ref()) {
            Some(call) => call.clone(),
            None => self.network.usual_call().ok_or_else(|| {
                Error::mismatch("forward takes inputs of any shape: say which the graph is for")
                    .code("argument")
                    .at("inputShapes")
            })?,
        };
        let exported = self.network.export(&call)?;
        serde_json::to_string(&exported).map_err(|e| Error::malformed(e.to_string()))
    }

    /// `model(*inputs)`. In train mode, buffers such as BatchNorm's running statistics are updated.
    pub async fn run(&mut self, inputs: &Inputs, progress: &dyn Progress) -> Result<Ran> {
        let call = inputs.call();
        let device = &self.device;
        let uploaded: Result<Vec<_>> = inputs.tensors().into_iter().map(|data| Value::upload(device, data)).collect();
        let uploaded = uploaded?;
        let (at, warmup) = self.program(&call, &uploaded).await?;
        self.called = Some(call);
        if warmup {
            progress.report(Phase { phase: "warm-up", done: 0, total: 0, detail: None })?;
        }
        let Some(Traced { program, .. }) = self.programs.get_mut(at) else {
            return Err(Error::mismatch("no program"));
        };
        let outputs = program.run(&self.device, &self.weights, uploaded, progress).await?;
        let mut data = HashMap::new();
        for id in values_of(program.output()) {
            if let Some(value) = outputs.get(id) {
                data.insert(id, value.read().await?);
            }
        }
        let output = fill(program.output(), &mut |id| data.get(&id).cloned());
        let updates = program.updates().to_vec();
        for update in &updates {
            if let Some(value) = outputs.get(update.value) {
                self.weights.insert(update.buffer, value.clone());
                self.changed.insert(update.buffer);
            }
        }
        if !updates.is_empty() {
            self.forget();
        }
        Ok(Ran { output, warmup })
    }

    /// Weights have changed.
    pub(super) fn forget(&mut self) {
        self.programs.iter_mut().for_each(|traced| traced.program.forget());
    }

    /// `state_dict()`: names and values, in torch's order.
    pub async fn state_dict(&self) -> Result<Vec<(String, TensorData)>> {
        let mut all = Vec::new();
        for key in self.network.state_dict_keys() {
            let leaf = self.network.leaves().iter().find(|leaf| leaf.names.contains(key));
            if let Some(leaf) = leaf {
                all.push((key.clone(), self.stored(leaf).await?));
            }
        }
        Ok(all)
    }

    /// A leaf's values: from the file while they are the file's, which loses nothing, and else from the device.
    pub(super) async fn values(&self, leaf: &NetworkLeaf) -> Result<TensorData> {
        match (self.origin.get(&leaf.value), self.weights.get(leaf.value)) {
            (Some(id), _) if !self.changed.contains(&leaf.value) => {
                original(&self.checkpoint, *id, leaf, &mut |_| Ok(())).await
            }
            (_, Some(value)) => value.read().await?.to(leaf.info.dtype),
            (_, None) => Err(Error::mismatch("a parameter has no value").at(leaf.names.join(", "))),
        }
    }

    /// A leaf's values as a state_dict holds them: complex ones whole.
    pub(super) async fn stored(&self, leaf: &NetworkLeaf) -> Result<TensorData> {
        let values = self.values(leaf).await?;
        Ok(if leaf.complex { values.view_as_complex() } else { values })
    }

    /// Replaces a parameter's or buffer's values, as `param.copy_(tensor)`.
    pub fn set(&mut self, name: &str, data: &TensorData) -> Result<()> {
        let leaf = self.network.leaves().iter().find(|l| l.names.iter().any(|n| n == name));
        let leaf = leaf.ok_or_else(|| {
            Error::mismatch(format!("the network has no parameter or buffer '{name}'")).code("no_such_tensor").at(name)
        })?;
        let data = &if leaf.complex { data.clone().view_as_real() } else { data.clone() };
        if data.shape != leaf.info.shape {
            let text = format!("{name} has shape {:?}, and {:?} was given", leaf.info.shape, data.shape);
            return Err(Error::mismatch(text).at(name));
        }
        self.weights.insert(leaf.value, Value::upload(&self.device, &data.to(leaf.info.dtype)?)?);
        self.changed.insert(leaf.value);
        self.forget();
        Ok(())
    }
}

/// A tensor of the file as its parameter takes it: the parameter's dtype and shape. `more` hears of every further byte.
pub(super) async fn original(
    checkpoint: &Checkpoint,
    id: TensorId,
    leaf: &NetworkLeaf,
    more: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<TensorData> {
    let data = checkpoint.read_telling(id, more).await.map_err(|e| match leaf.names.first() {
        Some(name) if e.location.is_none() => e.at(format!("state_dict[\"{name}\"]")),
        _ => e,
    })?;
    let data = if leaf.complex { data.view_as_real() } else { data };
    let data = data.to(leaf.info.dtype)?;
    TensorData::new(data.dtype, leaf.info.shape.clone(), data.bytes)
}
