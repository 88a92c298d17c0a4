//! A training's state in a saved file: where the opened file had it, or in a new checkpoint.
//!
//! Tensors that the file has keep their places and get new bytes; numbers in Python's objects, and states that an optimizer did not have
//! when the file was written, are edits of its dicts. What no step has touched is left as it is.

use super::model::Model;
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::view::View;
use crate::checkpoint::write::Changes;
use crate::checkpoint::write::draft::{Content, Draft, Later};
use crate::checkpoint::write::plain::Plain;
use crate::checkpoint::write::revise::{Edit, Key};
use crate::data::TensorData;
use crate::dtype::DType;
use crate::engine::value::Value;
use crate::error::{Error, Result, Warning};
use crate::graph::LeafKind;
use crate::network::NetworkLeaf;
use crate::pickle::object::NodeId;
use crate::source::LocalFuture;
use crate::train::hyper::HyperValue;
use crate::train::optimizer::resume::Resumed;
use crate::train::optimizer::state::{Entry, State};
use crate::train::optimizer::{Optimizer, OptimizerSpec};
use crate::train::scheduler::attribute::{Attribute, Attributes};
use crate::train::scheduler::{Scheduler, SchedulerSpec, saved};
use crate::train::training::TrainingState;
use crate::train::{Gradients, Parameter};
use indexmap::IndexMap;
use std::borrow::Cow;

/// Where a tensor's new values come from.
enum Source<'a> {
    Leaf(&'a NetworkLeaf),
    State(&'a Value),
    Number(f64),
}

/// What differs from the opened file.
pub(super) struct Plan<'a> {
    model: &'a Model,
    tensors: IndexMap<TensorId, Source<'a>>,
    pub edits: Vec<Edit<'a>>,
}

impl Model {
    /// `model.parameters()` as optimizers see them.
    pub fn parameters(&self) -> Vec<Parameter> {
        let leaves = self.network.leaves().iter().filter(|leaf| leaf.kind == LeafKind::Parameter);
        let parameter = |leaf: &NetworkLeaf| Parameter {
            leaf: leaf.value,
            name: leaf.names.first().cloned().unwrap_or_default(),
            info: leaf.info.clone(),
            requires_grad: leaf.requires_grad,
        };
        leaves.map(parameter).collect()
    }

    /// Takes up the training where the checkpoint stopped: its optimizer, scheduler, epoch and loss, as far as it has them.
    ///
    /// # Errors
    /// Those of [`TrainingState::resume`].
    pub async fn resume_training(
        &mut self,
        optimizer: Option<&OptimizerSpec>,
        scheduler: Option<&SchedulerSpec>,
    ) -> Result<Vec<Warning>> {
        let parameters = self.parameters();
        let (state, warnings) =
            TrainingState::resume(&self.checkpoint, optimizer, scheduler, &parameters, self.device()).await?;
        self.training_state = Some(state);
        Ok(warnings)
    }

    /// What is saved of a training beside the weights.
    pub fn training_state(&self) -> Option<&TrainingState> {
        self.training_state.as_ref()
    }

    /// Sets what is saved of a training beside the weights.
    pub fn set_training_state(&mut self, state: Option<TrainingState>) {
        self.training_state = state;
    }

    /// `optimizer.step()` with these gradients, and what may run after it sees the new weights.
    ///
    /// # Errors
    /// Mismatch without an optimizer; those of [`Optimizer::step`], after which nothing has changed.
    pub fn apply_gradients(&mut self, gradients: &Gradients) -> Result<()> {
        let optimizer = self.training_state.as_mut().and_then(|training| training.optimizer.as_mut());
        let optimizer = optimizer.ok_or_else(|| Error::mismatch("there is no optimizer").code("no_optimizer"))?;
        optimizer.step(&mut self.weights, gradients)?;
        self.changed.extend(optimizer.touched());
        self.forget();
        Ok(())
    }

    /// What a file that is saved as "same" has other than the opened one.
    pub(super) fn plan(&self) -> Result<Plan<'_>> {
        let mut plan = Plan { model: self, tensors: IndexMap::new(), edits: Vec::new() };
        for leaf in self.network.leaves().iter().filter(|leaf| self.changed.contains(&leaf.value)) {
            if let Some(id) = self.origin.get(&leaf.value) {
                plan.tensors.insert(*id, Source::Leaf(leaf));
            }
        }
        let Some(training) = &self.training_state else { return Ok(plan) };
        if let Some(optimizer) = &training.optimizer {
            match optimizer.resumed() {
                Some(resumed) => plan.resumed(optimizer, resumed),
                None => plan.replace_optimizer(optimizer)?,
            }
        }
        if let Some(scheduler) = &training.scheduler {
            plan.scheduler(scheduler)?;
        }
        if let Some(epoch) = training.epoch {
            plan.root("epoch", Plain::Int(epoch));
        }
        if let Some(loss) = training.loss {
            plan.root("loss", Plain::Float(loss));
        }
        Ok(plan)
    }
}

impl<'a> Plan<'a> {
    /// True when the file would be the opened one.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty() && self.edits.is_empty()
    }

    fn edit(&mut self, dict: NodeId, key: Key, value: Plain) {
        self.edits.push(Edit { dict, key, value: Box::new(move |_| Ok(value.clone())) });
    }

    /// A number of the root dict, where the file has one.
    fn root(&mut self, key: &str, value: Plain) {
        let checkpoint = &self.model.checkpoint;
        let Some(item) = checkpoint.root_item(key) else { return };
        let number = match value {
            Plain::Float(x) => Some(x),
            _ => None,
        };
        match (checkpoint.view(item.value), number) {
            (View::Tensor(id), Some(number)) if self.is_scalar(id) => {
                self.tensors.insert(id, Source::Number(number));
            }
            (View::Float(old), Some(new)) if old == new => {}
            (View::Int(old), None) if value == Plain::Int(old) => {}
            (View::Int(_) | View::Float(_) | View::None | View::Numpy(_), _) => {
                self.edit(checkpoint.root(), Key::Name(key.to_owned()), value);
            }
            // Somebody's own object: a list of losses, a tensor of them.
            _ => {}
        }
    }

    fn is_scalar(&self, id: TensorId) -> bool {
        let tensor = self.model.checkpoint.tensor(id);
        tensor
            .is_ok_and(|t| t.numel() == Some(1) && t.storage.is_some() && t.unloadable.is_none() && t.dtype.is_float())
    }

    /// An optimizer that came from the file.
    fn resumed(&mut self, optimizer: &'a Optimizer, resumed: &'a Resumed) {
        let defaults = optimizer.class().restored();
        for (old, group) in resumed.saved.groups.iter().zip(optimizer.groups()) {
            for (name, value) in group.hyper.iter() {
                let node = old.items.iter().find(|(key, _)| key == name).map(|(_, node)| *node);
                let same = match node {
                    Some(node) => match self.model.checkpoint.tensor_at(node) {
                        Some(id) => {
                            if let (Some(number), true) = (value.number(), self.is_scalar(id)) {
                                self.tensors.insert(id, Source::Number(number));
                            }
                            true
                        }
                        None => self.holds(node, value),
                    },
                    // What `load_state_dict` adds need not be in the file.
                    None => defaults.iter().any(|(key, default)| *key == name && *default == value),
                };
                if !same {
                    self.edit(old.node, Key::Name(name.to_owned()), plain(value));
                }
            }
        }
        if optimizer.touched().next().is_none() && self.edits.is_empty() {
            self.tensors.retain(|_, source| matches!(source, Source::Leaf(_)));
        }
        for leaf in optimizer.touched() {
            let Some(state) = optimizer.state(leaf) else { continue };
            match resumed.names.get(&leaf).and_then(|name| resumed.saved.state.get(name)) {
                Some(old) => {
                    for (name, entry) in state.iter() {
                        let node = old.items.iter().find(|(key, _)| key == name).map(|(_, node)| *node);
                        self.entry(old.node, name, node, entry);
                    }
                }
                None => {
                    let Some(key) = resumed.keys.get(&leaf) else { continue };
                    self.edits.push(Edit {
                        dict: resumed.saved.states,
                        key: Key::Object(*key),
                        value: Box::new(move |draft| state_dict(state, draft)),
                    });
                }
            }
        }
    }

    /// One value of a parameter's state.
    fn entry(&mut self, dict: NodeId, name: &str, node: Option<NodeId>, entry: &'a Entry) {
        let checkpoint = &self.model.checkpoint;
        let place = node
            .and_then(|node| checkpoint.tensor_at(node))
            .filter(|id| checkpoint.tensor(*id).is_ok_and(|t| t.storage.is_some() && t.unloadable.is_none()));
        match (place, entry) {
            (Some(id), Entry::Tensor(value)) => {
                self.tensors.insert(id, Source::State(value));
            }
            (Some(id), Entry::Number(number)) => {
                self.tensors.insert(id, Source::Number(*number));
            }
            (_, Entry::None) => {}
            (None, entry) => self.edits.push(Edit {
                dict,
                key: Key::Name(name.to_owned()),
                value: Box::new(move |draft| entry_of(entry, draft)),
            }),
        }
    }

    /// Whether the file has this value there.
    fn holds(&self, node: NodeId, value: HyperValue) -> bool {
        let checkpoint = &self.model.checkpoint;
        match (checkpoint.view(node), value) {
            (View::None, HyperValue::None) => true,
            (View::Bool(old), HyperValue::Bool(new)) => old == new,
            (View::Int(old), HyperValue::Int(new)) => old == new,
            (View::Sequence(_, items), HyperValue::Pair(a, b)) => {
                let old: Vec<_> = items.iter().map(|item| checkpoint.number(*item)).collect();
                old == [Some(a), Some(b)]
            }
            (_, HyperValue::Float(new)) => checkpoint.number(node) == Some(new),
            _ => false,
        }
    }

    /// A new optimizer takes the place of the file's.
    fn replace_optimizer(&mut self, optimizer: &'a Optimizer) -> Result<()> {
        let checkpoint = &self.model.checkpoint;
        let Some(saved) = checkpoint.saved_optimizer()? else { return Ok(()) };
        let root = checkpoint.root();
        if saved.found.path.is_empty() {
            for part in ["state", "param_groups"] {
                self.edits.push(Edit {
                    dict: root,
                    key: Key::Name(part.to_owned()),
                    value: Box::new(move |draft| match optimizer_dict(optimizer, draft)? {
                        Plain::Dict(items) => {
                            let found = items.into_iter().find(|(key, _)| *key == part.into());
                            Ok(found.map_or(Plain::None, |(_, value)| value))
                        }
                        other => Ok(other),
                    }),
                });
            }
            return Ok(());
        }
        let (key, inside) = match saved.found.path.split_once('.') {
            None => (saved.found.path.as_str(), None),
            Some((key, inside)) => (key, Some(inside)),
        };
        let item = checkpoint.root_item(key).ok_or_else(|| Error::mismatch("the optimizer's place").at(key))?;
        let (dict, key, listed) = match (inside, checkpoint.view(item.value)) {
            (None, _) => (root, key, false),
            // Lightning's `optimizer_states`.
            (Some("0"), View::Sequence(_, items)) if items.len() == 1 => (root, key, true),
            (Some(inside), View::Mapping(_)) if !inside.contains('.') => (item.value, inside, false),
            _ => {
                return Err(Error::unsupported("another optimizer among several")
                    .at(saved.found.path.clone())
                    .hint("save as checkpoint"));
            }
        };
        self.edits.push(Edit {
            dict,
            key: Key::Name(key.to_owned()),
            value: Box::new(move |draft| {
                let state = optimizer_dict(optimizer, draft)?;
                Ok(if listed { Plain::List(vec![state]) } else { state })
            }),
        });
        Ok(())
    }

    fn scheduler(&mut self, scheduler: &Scheduler) -> Result<()> {
        let checkpoint = &self.model.checkpoint;
        let Some((item, node)) = checkpoint.saved_scheduler() else { return Ok(()) };
        let (old, new) = (saved::attributes(checkpoint, node)?, scheduler.state());
        if new.iter().any(|(name, _)| !old.has(name)) {
            // Another scheduler.
            let value = Attribute::Dict(new);
            let listed = item.value != node;
            self.edits.push(Edit {
                dict: checkpoint.root(),
                key: Key::Name(item.key),
                value: Box::new(move |draft| {
                    let state = attribute(&value, draft);
                    Ok(if listed { Plain::List(vec![state]) } else { state })
                }),
            });
            return Ok(());
        }
        for (name, value) in new.iter().filter(|(name, value)| old.get(name) != Some(value)) {
            // Functions are in no file as we have them.
            if matches!(name, "lr_lambdas" | "_scale_fn_custom") {
                continue;
            }
            let value = value.clone();
            self.edits.push(Edit {
                dict: node,
                key: Key::Name(name.to_owned()),
                value: Box::new(move |draft| Ok(attribute(&value, draft))),
            });
        }
        Ok(())
    }
}

impl Changes for Plan<'_> {
    fn ids(&self) -> Vec<TensorId> {
        self.tensors.keys().copied().collect()
    }

    fn values(&self, id: TensorId) -> LocalFuture<'_, Result<Cow<'_, TensorData>>> {
        Box::pin(async move {
            let source = self.tensors.get(&id);
            let source = source.ok_or_else(|| Error::mismatch(format!("tensor {} has no new values", id.0)))?;
            Ok(Cow::Owned(match source {
                Source::Leaf(leaf) => self.model.stored(leaf).await?,
                Source::State(value) => {
                    let values = value.read().await?;
                    let complex = self.model.checkpoint.tensor(id)?.dtype.real_part().is_some();
                    if complex { values.view_as_complex() } else { values }
                }
                Source::Number(number) => {
                    let shape = self.model.checkpoint.tensor(id)?.shape.iter().map(|_| 1).collect();
                    TensorData::new(DType::Float64, shape, number.to_le_bytes().to_vec())?
                }
            }))
        })
    }
}

/// `optimizer.state_dict()`: parameters are counted through the groups; several groups have `param_names`, as torch saves them for an
/// optimizer of `named_parameters()`, so that who opens the file knows which is which.
pub(super) fn optimizer_dict<'a>(optimizer: &'a Optimizer, draft: &mut Draft<'a>) -> Result<Plain> {
    let (mut states, mut groups) = (Vec::new(), Vec::new());
    let mut next = 0i64;
    for group in optimizer.groups() {
        let mut items: Vec<(Plain, Plain)> =
            group.hyper.iter().map(|(name, value)| (name.into(), plain(value))).collect();
        let mut ids = Vec::with_capacity(group.parameters.len());
        for parameter in &group.parameters {
            if let Some(state) = optimizer.state(parameter.leaf) {
                states.push((Plain::Int(next), state_dict(state, draft)?));
            }
            ids.push(Plain::Int(next));
            next += 1;
        }
        if optimizer.wants_names() {
            let names = group.parameters.iter().map(|p| Plain::Str(p.name.clone())).collect();
            items.push(("param_names".into(), Plain::List(names)));
        }
        items.push(("params".into(), Plain::List(ids)));
        groups.push(Plain::Dict(items));
    }
    Ok(Plain::dict([("state", Plain::Dict(states)), ("param_groups", Plain::List(groups))]))
}

/// `scheduler.state_dict()`
pub(super) fn scheduler_dict(scheduler: &Scheduler, draft: &mut Draft<'_>) -> Plain {
    attribute(&Attribute::Dict(scheduler.state()), draft)
}

fn state_dict<'a>(state: &'a State, draft: &mut Draft<'a>) -> Result<Plain> {
    let mut items = Vec::new();
    for (name, entry) in state.iter() {
        items.push((name.into(), entry_of(entry, draft)?));
    }
    Ok(Plain::Dict(items))
}

/// A state's value: numbers are 0-d float32 tensors, as torch's `_get_scalar_dtype` has them.
#[expect(clippy::cast_possible_truncation, reason = "torch keeps them as float32")]
fn entry_of<'a>(entry: &'a Entry, draft: &mut Draft<'a>) -> Result<Plain> {
    Ok(match entry {
        Entry::None => Plain::None,
        Entry::Number(n) => {
            let bytes = (*n as f32).to_le_bytes().to_vec();
            Plain::Object(draft.tensor(TensorData::new(DType::Float32, Vec::new(), bytes)?)?)
        }
        Entry::Tensor(value) => {
            let later: Later<'a> = Box::new(move || Box::pin(value.read()));
            Plain::Object(draft.tensor_of(value.dtype(), value.shape(), Content::Later(later))?)
        }
    })
}

fn plain(value: HyperValue) -> Plain {
    match value {
        HyperValue::None => Plain::None,
        HyperValue::Bool(b) => Plain::Bool(b),
        HyperValue::Int(n) => Plain::Int(n),
        HyperValue::Float(x) => Plain::Float(x),
        HyperValue::Pair(a, b) => Plain::Tuple(vec![Plain::Float(a), Plain::Float(b)]),
    }
}

fn attribute(value: &Attribute, draft: &mut Draft<'_>) -> Plain {
    match value {
        Attribute::None => Plain::None,
        Attribute::Bool(b) => Plain::Bool(*b),
        Attribute::Int(n) => Plain::Int(*n),
        Attribute::Float(x) => Plain::Float(*x),
        Attribute::Str(text) => Plain::Str(text.clone()),
        Attribute::List(items) => Plain::List(items.iter().map(|item| attribute(item, draft)).collect()),
        Attribute::Dict(items) => dict(items, draft),
        Attribute::Counter(items) => {
            let items = items.iter().map(|(key, count)| (Plain::Int(*key), Plain::Int(*count))).collect();
            let counts = draft.plain(&Plain::Dict(items));
            let counter = draft.objects.call("collections", "Counter", vec![counts]);
            Plain::Object(draft.objects.instance(counter))
        }
    }
}

fn dict(items: &Attributes, draft: &mut Draft<'_>) -> Plain {
    Plain::Dict(items.iter().map(|(name, value)| (name.into(), attribute(value, draft))).collect())
}
