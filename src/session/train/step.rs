//! One training step of a model, and what has to be there before the first.

use super::batch::Dataset;
use super::fit::infos;
use super::options::{Every, TrainOptions, module};
use super::report::{Memory, Prepared, StepReport};
use crate::data::TensorData;
use crate::engine::device::Device;
use crate::engine::program::Weights;
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::{Info, LeafKind, ValueId};
use crate::network::loss::{Criterion, LossGraph};
use crate::network::trace::{Call, Question};
use crate::nn::asking::Answers;
use crate::session::input::Inputs;
use crate::session::model::Model;
use crate::source::{Phase, Progress};
use crate::train::clip::{clip_grad_norm, clip_grad_value};
use crate::train::optimizer::Optimizer;
use crate::train::scheduler::{Scheduler, saved};
use crate::train::step::StepGraph;
use crate::train::training::TrainingState;
use crate::train::{Gradients, Parameter};
use std::collections::HashSet;

/// Graphs that are kept: one for each mode and set of shapes.
const MAX_GRAPHS: usize = 8;
/// Steps between copies of weights that a step may be undone to.
const KEEP_EVERY: u64 = 16;

/// What trains a model.
pub struct Trainer {
    pub(super) options: TrainOptions,
    pub(super) criterion: Criterion,
    graphs: Vec<Compiled>,
    /// the leaves that train
    leaves: Vec<ValueId>,
    /// gradients of the batches since the optimizer's last step
    gradients: Gradients,
    gathered: u32,
    /// losses that nobody has read
    pending: Vec<Value>,
    pub(super) steps: u64,
    /// the last step whose loss was a number
    good: Option<(u64, Snapshot)>,
    warnings: Vec<String>,
}

/// A graph for one mode and one set of shapes.
pub(super) struct Compiled {
    training: bool,
    call: Call,
    targets: Vec<Info>,
    answers: Answers,
    once: bool,
    pub(super) graph: StepGraph,
    pub(super) loss: ValueId,
    pub(super) prediction: Option<ValueId>,
}

/// What training changes, as it was at some step.
pub(super) struct Snapshot {
    weights: Weights,
    changed: HashSet<ValueId>,
    state: Option<TrainingState>,
}

impl Snapshot {
    /// The same on another device.
    pub(super) async fn to(&self, device: &Device) -> Result<Self> {
        let state = match &self.state {
            Some(state) => Some(state.to(device).await?),
            None => None,
        };
        Ok(Self { weights: self.weights.to(device).await?, changed: self.changed.clone(), state })
    }
}

impl Trainer {
    /// The same trainer for weights on another device, whose graphs are not traced yet.
    pub(in crate::session) async fn to(&self, device: &Device) -> Result<Self> {
        let mut pending = Vec::new();
        for loss in &self.pending {
            pending.push(loss.to(device).await?);
        }
        let good = match &self.good {
            Some((step, kept)) => Some((*step, kept.to(device).await?)),
            None => None,
        };
        Ok(Self {
            options: self.options.clone(),
            criterion: self.criterion.clone(),
            graphs: Vec::new(),
            leaves: self.leaves.clone(),
            gradients: self.gradients.to(device).await?,
            gathered: self.gathered,
            pending,
            steps: self.steps,
            good,
            warnings: self.warnings.clone(),
        })
    }

    /// The graph for these shapes, traced when it is not there yet. Where forward or the loss need to know values of the inputs, `inputs` has
    /// them, targets last.
    pub(super) async fn graph(
        &mut self,
        model: &mut Model,
        training: bool,
        call: &Call,
        targets: &[Info],
        inputs: &[Value],
    ) -> Result<&mut Compiled> {
        let mut answers = Answers::new();
        let at = loop {
            let same = |c: &Compiled| {
                !c.once && c.training == training && c.call == *call && c.targets == targets && c.answers == answers
            };
            if let Some(at) = self.graphs.iter().position(same) {
                break at;
            }
            let LossGraph { graph, loss, prediction } =
                match model.trace_loss(self, training, call, targets, &answers)? {
                    Ok(traced) => traced,
                    Err(question) => {
                        model.answer(question, inputs, &mut answers).await?;
                        continue;
                    }
                };
            let graph = StepGraph::new(graph, loss, |leaf| model.weights.get(leaf).is_some())?;
            if self.graphs.len() == MAX_GRAPHS {
                self.graphs.remove(0);
            }
            let (call, targets, answers) = (call.clone(), targets.to_vec(), answers.clone());
            let once = model.network.drew();
            self.graphs.push(Compiled { training, call, targets, answers, once, graph, loss, prediction });
            break self.graphs.len() - 1;
        };
        self.graphs.get_mut(at).ok_or_else(|| Error::mismatch("no graph"))
    }

    fn reads(&self, model: &Model) -> bool {
        let usual = if model.device().kind() == "cpu" { 1 } else { 8 };
        let every = u64::from(self.options.loss_every.unwrap_or(usual).max(1));
        self.steps.is_multiple_of(every)
    }

    fn keep(&mut self, model: &Model) {
        self.good = Some((self.steps - 1, model.snapshot()));
    }
}

impl Model {
    /// Makes ready to train: constructs the criterion, the optimizer and the scheduler. Training goes on where it was when the options are
    /// the same as before.
    ///
    /// # Errors
    /// Python's and torch's own for their arguments; Mismatch when nothing is left to train.
    pub async fn prepare(&mut self, options: &TrainOptions) -> Result<Prepared> {
        if self.trainer.as_ref().is_none_or(|t| t.options != *options) {
            let trainer = self.trainer_for(options).await?;
            if let Some(seed) = options.seed {
                self.device.seed(seed);
            }
            self.trainer = Some(trainer);
        }
        let Some(trainer) = &self.trainer else { return Ok(Prepared::default()) };
        let state = self.training_state.as_ref();
        let optimizer = state.and_then(|s| s.optimizer.as_ref());
        let count = |trains: bool| {
            let parameters = self.network.leaves().iter().filter(|l| l.kind == LeafKind::Parameter);
            let wanted = parameters.filter(|l| trainer.leaves.contains(&l.value) == trains);
            wanted.map(|l| l.info.shape.iter().product::<usize>() as u64).sum()
        };
        let name = |leaf: &ValueId| {
            let leaf = self.network.leaves().iter().find(|l| l.value == *leaf)?;
            leaf.names.first().cloned()
        };
        Ok(Prepared {
            optimizer: optimizer.map_or_else(String::new, |o| o.class().name().to_owned()),
            resumed: optimizer.is_some_and(|o| o.resumed().is_some()),
            scheduler: state.and_then(|s| s.scheduler.as_ref()).map(|s| s.class().name().to_owned()),
            loss: trainer.criterion.name().to_owned(),
            trained: count(true),
            frozen: count(false),
            names: trainer.leaves.iter().filter_map(name).collect(),
            warnings: trainer.warnings.clone(),
        })
    }

    /// `model.parameters()`, frozen ones marked.
    fn trained_parameters(&self, options: &TrainOptions) -> Vec<Parameter> {
        let own = || self.network.leaves().iter().filter(|l| l.kind == LeafKind::Parameter);
        let last = own().next_back().and_then(|l| l.names.first()).map_or("", |name| module(name)).to_owned();
        let parameter = |leaf: &crate::network::NetworkLeaf| Parameter {
            leaf: leaf.value,
            name: leaf.names.first().cloned().unwrap_or_default(),
            info: leaf.info.clone(),
            requires_grad: leaf.requires_grad && !options.freezes(leaf, &last),
        };
        own().map(parameter).collect()
    }

    async fn trainer_for(&mut self, options: &TrainOptions) -> Result<Trainer> {
        let parameters = self.trained_parameters(options);
        let leaves: Vec<ValueId> = parameters.iter().filter(|p| p.requires_grad).map(|p| p.leaf).collect();
        if leaves.is_empty() {
            return Err(Error::mismatch("no parameter is left to train")
                .code("nothing_to_train")
                .hint("freeze, only and lastLayerOnly say what trains; parameters with requires_grad=False do not"));
        }
        let criterion = self.network.criterion(&options.loss)?;
        let (state, warnings) = self.training_state_for(options, &parameters).await?;
        self.training_state = Some(state);
        Ok(Trainer {
            options: options.clone(),
            criterion,
            graphs: Vec::new(),
            leaves,
            gradients: Gradients::default(),
            gathered: 0,
            pending: Vec::new(),
            steps: 0,
            good: None,
            warnings,
        })
    }

    /// A new optimizer where one is asked for, else the one that goes on: of the training before, or of the file.
    async fn training_state_for(
        &self,
        options: &TrainOptions,
        parameters: &[Parameter],
    ) -> Result<(TrainingState, Vec<String>)> {
        let spec = options.scheduler.as_ref();
        if let Some(optimizer) = options.optimizer.as_ref().filter(|_| !options.resume) {
            let mut optimizer = Optimizer::new(optimizer, parameters)?;
            let scheduler = spec.map(|s| Scheduler::new(s, &mut optimizer)).transpose()?;
            let before = self.training_state.clone().unwrap_or_default();
            let state = TrainingState { optimizer: Some(optimizer), scheduler, ..before };
            return Ok((state, Vec::new()));
        }
        let (mut state, mut warnings) = match &self.training_state {
            Some(state) if state.optimizer.is_some() && !options.resume => (state.clone(), Vec::new()),
            _ => {
                let groups = options.optimizer.as_ref();
                let (state, warnings) =
                    TrainingState::resume(&self.checkpoint, groups, None, parameters, &self.device).await?;
                (state, warnings.into_iter().map(|w| w.message).collect())
            }
        };
        let Some(optimizer) = &mut state.optimizer else {
            return Err(Error::mismatch("the file holds no optimizer that could go on")
                .code("needs_optimizer")
                .hint("say which: {class: \"Adam\", hyper: {lr: 1e-3}}"));
        };
        if let Some(spec) = spec {
            // Its functions are in no file; of another class it is a new one.
            let saved = match self.checkpoint.saved_scheduler() {
                Some((_, node)) => Some(saved::attributes(&self.checkpoint, node)?),
                None => None,
            };
            let resumed = saved.and_then(|saved| Scheduler::resume(Some(spec), &saved, optimizer).ok());
            warnings.clear();
            state.scheduler = Some(match resumed {
                Some(scheduler) => scheduler,
                None => Scheduler::new(spec, optimizer)?,
            });
        }
        Ok((state, warnings))
    }

    /// Traces forward and loss in a mode; the model stays in its own.
    fn trace_loss(
        &mut self,
        trainer: &Trainer,
        training: bool,
        call: &Call,
        targets: &[Info],
        answers: &Answers,
    ) -> Result<std::result::Result<LossGraph, Question>> {
        self.network.train(training);
        if training && trainer.options.freeze_batch_norm {
            let trains: HashSet<ValueId> = trainer.leaves.iter().copied().collect();
            self.network.freeze_batch_norm(|leaf| !trains.contains(&leaf));
        }
        let traced = self.network.asking(answers, |network| network.trace_loss(call, &trainer.criterion, targets));
        self.network.train(self.training);
        traced
    }

    /// What a step on this batch takes on the device.
    pub async fn training_memory(&mut self, batch: &Dataset) -> Result<Memory> {
        let uploaded = self.upload(batch)?;
        let (call, targets) = (batch.inputs.call(), infos(batch));
        let mut trainer = self.trainer.take().ok_or_else(unprepared)?;
        let traced = trainer.graph(self, true, &call, &targets, &uploaded).await.map(|c| c.graph.activation_bytes());
        self.trainer = Some(trainer);
        let activations = traced?;
        self.with_trainer(|model, trainer| {
            let bytes = |info: &Info| info.shape.iter().product::<usize>() as u64 * info.dtype.size().max(4) as u64;
            let all: u64 = model.network.leaves().iter().map(|l| bytes(&l.info)).sum();
            let trained = model.network.leaves().iter().filter(|l| trainer.leaves.contains(&l.value));
            let trained: u64 = trained.map(|l| bytes(&l.info)).sum();
            let moments =
                model.training_state.as_ref().and_then(|s| s.optimizer.as_ref()).map_or(0, Optimizer::moments);
            let optimizer = trained * moments;
            let weights = 2 * all;
            let total = weights + trained + optimizer + activations;
            Ok(Memory { weights, gradients: trained, optimizer, activations, total })
        })
    }

    /// A batch's tensors on the device, targets last.
    pub(super) fn upload(&self, batch: &Dataset) -> Result<Vec<Value>> {
        let tensors = batch.inputs.tensors().into_iter().chain(&batch.targets);
        tensors.map(|data| Value::upload(&self.device, data)).collect()
    }

    /// Takes the trainer out while `work` uses both.
    pub(super) fn with_trainer<T>(&mut self, work: impl FnOnce(&mut Self, &mut Trainer) -> Result<T>) -> Result<T> {
        let mut trainer = self.trainer.take().ok_or_else(unprepared)?;
        let result = work(self, &mut trainer);
        self.trainer = Some(trainer);
        result
    }

    /// One training step on one batch: forward in train mode, loss, gradients, and the optimizer's step once enough batches are gathered.
    ///
    /// # Errors
    /// Mismatch `unprepared` before [`prepare`](Self::prepare); forward's and the loss's own; the model is as it was before the step then.
    pub async fn step(
        &mut self,
        inputs: &Inputs,
        targets: &[TensorData],
        progress: &dyn Progress,
    ) -> Result<StepReport> {
        let mut trainer = self.trainer.take().ok_or_else(unprepared)?;
        let result = self.step_with(&mut trainer, inputs, targets, progress).await;
        self.trainer = Some(trainer);
        result
    }

    async fn step_with(
        &mut self,
        trainer: &mut Trainer,
        inputs: &Inputs,
        targets: &[TensorData],
        progress: &dyn Progress,
    ) -> Result<StepReport> {
        let infos: Vec<Info> = targets.iter().map(|t| Info { shape: t.shape.clone(), dtype: t.dtype }).collect();
        let leaves = trainer.leaves.clone();
        let tensors = inputs.tensors().into_iter().chain(targets);
        let uploaded = tensors.map(|data| Value::upload(&self.device, data)).collect::<Result<Vec<_>>>()?;
        let compiled = trainer.graph(self, true, &inputs.call(), &infos, &uploaded).await?;
        let back = compiled.graph.backward(&self.device, &self.weights, uploaded, &leaves, progress).await;
        let (outputs, gradients) = back?;
        let loss = outputs.get(compiled.loss).cloned().ok_or_else(|| Error::mismatch("the graph has no loss"))?;
        let updates: Vec<(ValueId, Value)> =
            compiled.graph.updates().iter().filter_map(|u| Some((u.buffer, outputs.get(u.value)?.clone()))).collect();
        drop(outputs);
        let lrs = self.learning_rates()?;
        trainer.steps += 1;
        trainer.pending.push(loss);
        let mut losses = Vec::new();
        if trainer.reads(self) {
            progress.report(Phase { phase: "loss", done: trainer.steps, total: 0, detail: None }).inspect_err(
                |_| {
                    trainer.steps -= 1;
                    trainer.pending.pop();
                },
            )?;
            for value in std::mem::take(&mut trainer.pending) {
                losses.push(value.read().await?.to_f64()?.first().copied().unwrap_or(f64::NAN));
            }
            if losses.iter().any(|loss| !loss.is_finite()) {
                let undone = self.undo(trainer);
                return Ok(StepReport { step: trainer.steps, losses, lrs, updated: false, undone: Some(undone) });
            }
            if trainer.good.as_ref().is_none_or(|(step, _)| trainer.steps > step + KEEP_EVERY) {
                trainer.keep(self);
            }
        }
        let accumulate = trainer.options.accumulate.unwrap_or(1).max(1);
        if accumulate == 1 {
            trainer.gradients = gradients;
        } else {
            trainer.gradients.accumulate(gradients, 1.0 / f64::from(accumulate));
        }
        trainer.gathered += 1;
        let updated = trainer.gathered >= accumulate;
        if updated {
            let mut gradients = std::mem::take(&mut trainer.gradients);
            trainer.gathered = 0;
            if let Some(limit) = trainer.options.clip_grad_value {
                clip_grad_value(&mut gradients, limit);
            }
            if let Some(limit) = trainer.options.clip_grad_norm {
                clip_grad_norm(&mut gradients, limit, trainer.options.clip_norm_type.unwrap_or(2.0))?;
            }
            self.apply_gradients(&gradients)?;
            if trainer.options.cadence() == Every::Step {
                self.scheduler_step(None)?;
            }
        }
        for (buffer, value) in updates {
            self.changed.insert(buffer);
            self.weights.insert(buffer, value);
        }
        self.forget();
        Ok(StepReport { step: trainer.steps, losses, lrs, updated, undone: None })
    }

    /// Goes back to the last weights whose loss was a number; how many steps that is.
    fn undo(&mut self, trainer: &mut Trainer) -> u64 {
        trainer.gradients = Gradients::default();
        trainer.gathered = 0;
        let Some((step, good)) = trainer.good.take() else { return 0 };
        self.go_back(good);
        trainer.steps - step
    }

    /// Weights, optimizer and scheduler as they are now; tensors are shared until they change.
    pub(super) fn snapshot(&self) -> Snapshot {
        let (weights, changed) = (self.weights.clone(), self.changed.clone());
        Snapshot { weights, changed, state: self.training_state.clone() }
    }

    /// Takes a snapshot's place.
    pub(super) fn go_back(&mut self, to: Snapshot) {
        self.weights = to.weights;
        self.changed = to.changed;
        self.training_state = to.state;
        self.forget();
    }

    /// The learning rate of each param_group now.
    pub fn learning_rates(&self) -> Result<Vec<f64>> {
        let optimizer = self.training_state.as_ref().and_then(|s| s.optimizer.as_ref()).ok_or_else(unprepared)?;
        Ok(optimizer.groups().iter().map(|group| group.lr()).collect())
    }

    /// Steps the scheduler, as `scheduler.step(metric)` after an epoch.
    pub fn scheduler_step(&mut self, metric: Option<f64>) -> Result<Vec<f64>> {
        if let Some(TrainingState { optimizer: Some(optimizer), scheduler: Some(scheduler), .. }) =
            &mut self.training_state
        {
            scheduler.step(optimizer, metric)?;
        }
        self.learning_rates()
    }
}

pub(super) fn unprepared() -> Error {
    Error::mismatch("training has not been prepared").code("unprepared").hint("say loss and optimizer first")
}
