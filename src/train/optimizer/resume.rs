//! An optimizer that goes on where a checkpoint stopped: `Optimizer(...).load_state_dict(saved)` (`torch/optim/optimizer.py`, and each class's
//! `__setstate__`, which fills what an older torch did not save).
//!
//! A state_dict knows parameters by their position. Who saved it chose the order; it is `model.parameters()`, or those that require a
//! gradient, unless the file names them, or the shapes of its states say that parameters with two dims or more, which decay, come first.

use super::class::{Class, Rule};
use super::state::{Entry, Start, State};
use super::{Optimizer, OptimizerSpec};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::saved::{SavedOptimizer, SavedState};
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::view::View;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::engine::device::Device;
use crate::engine::value::Value;
use crate::error::{Error, Result, Warning};
use crate::graph::ValueId;
use crate::pickle::object::NodeId;
use crate::train::Parameter;
use crate::train::groups::ParamGroup;
use crate::train::hyper::{Hyper, HyperValue};
use std::collections::{BTreeSet, HashMap};

/// Keys that are 0-d numbers whatever the parameter's shape is.
const NUMBERS: &[&str] = &["step", "mu_product", "eta", "mu"];

/// Where in the file an optimizer came from.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// the state_dict
    pub saved: SavedOptimizer,
    /// each parameter's key in it, as an object of the file
    pub keys: HashMap<ValueId, NodeId>,
    /// the same as text
    pub names: HashMap<ValueId, String>,
}

impl Optimizer {
    /// Goes on where `saved` stopped. With a `spec` as torch does: an optimizer is made by it, and loads the state; without one the class is
    /// that which the keys tell, the groups are the file's, and parameters go by position.
    ///
    /// # Errors
    /// Mismatch in torch's words when groups do not fit the network, when a state's shape is not its parameter's, when a key is missing;
    /// Unsupported for other classes of torch.optim.
    pub async fn resume(
        spec: Option<&OptimizerSpec>,
        saved: &SavedOptimizer,
        checkpoint: &Checkpoint,
        parameters: &[Parameter],
        device: &Device,
    ) -> Result<(Self, Vec<Warning>)> {
        let place = || if saved.found.path.is_empty() { "root".to_owned() } else { saved.found.path.clone() };
        let mut warnings = Vec::new();
        let (class, defaults, members) = match spec {
            Some(spec) => {
                let made = Self::new(spec, parameters)?;
                let members: Vec<_> = made.groups.into_iter().map(|g| g.parameters).collect();
                check_sizes(saved, &members).map_err(|e| e.at(place()))?;
                (made.class, made.defaults, members)
            }
            None => {
                let class = saved.found.class.ok_or_else(|| {
                    Error::unsupported("an optimizer whose keys are those of no class of torch.optim")
                        .at(place())
                        .hint("name its class")
                })?;
                let class = Class::named(class).map_err(|e| e.at(place()))?;
                let members = assign(saved, checkpoint, parameters, &mut warnings).map_err(|e| e.at(place()))?;
                (class, Hyper::new(class.defaults().iter().copied()), members)
            }
        };
        let mut groups = Vec::with_capacity(members.len());
        for (number, (group, parameters)) in saved.groups.iter().zip(members).enumerate() {
            let mut hyper = Hyper::default();
            for (name, node) in &group.items {
                if let Some(value) = value(checkpoint, *node).await? {
                    hyper.set(name, value);
                }
            }
            restore(class, &mut hyper, &mut warnings);
            Rule::read(class, &hyper).map_err(|e| e.at(format!("{}.param_groups.{number}", place())))?;
            groups.push(ParamGroup { parameters, hyper });
        }
        let mut states = HashMap::new();
        let mut resumed = Resumed { saved: saved.clone(), keys: HashMap::new(), names: HashMap::new() };
        for (saved_group, group) in saved.groups.iter().zip(&groups) {
            let slots = Rule::read(class, &group.hyper)?.slots();
            let pairs = saved_group.params.iter().zip(&saved_group.keys).zip(&group.parameters);
            for ((name, key), parameter) in pairs {
                resumed.keys.insert(parameter.leaf, *key);
                resumed.names.insert(parameter.leaf, name.clone());
                let Some(found) = saved.state.get(name).filter(|s| !s.items.is_empty()) else { continue };
                let here = format!("{}.state.{name}", place());
                let state = read(found, checkpoint, parameter, device).await.map_err(|e| e.at(here.clone()))?;
                if let Some(key) = state.lacks(&slots) {
                    return Err(Error::mismatch(format!("KeyError: '{key}'")).at(here));
                }
                states.insert(parameter.leaf, ordered(state, &slots));
            }
        }
        let optimizer = Self {
            class,
            defaults,
            groups,
            state: states,
            resumed: Some(resumed),
            touched: BTreeSet::new(),
            whole: false,
        };
        Ok((optimizer, warnings))
    }

    /// Where in the opened file it came from; `None` for a new one.
    pub fn resumed(&self) -> Option<&Resumed> {
        self.resumed.as_ref()
    }
}

/// `load_state_dict`'s checks.
fn check_sizes(saved: &SavedOptimizer, members: &[Vec<Parameter>]) -> Result<()> {
    if saved.groups.len() != members.len() {
        return Err(Error::mismatch("loaded state dict has a different number of parameter groups").hint(format!(
            "the file has {}, the optimizer {}",
            saved.groups.len(),
            members.len()
        )));
    }
    let unlike = saved.groups.iter().zip(members).find(|(group, members)| group.params.len() != members.len());
    match unlike {
        Some((group, members)) => Err(size_mismatch(group.params.len(), members.len())),
        None => Ok(()),
    }
}

fn size_mismatch(file: usize, network: usize) -> Error {
    Error::mismatch("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
        .hint(format!("the file's has {file} parameters, the network's {network}"))
}

/// The network's parameters for each of the file's groups.
fn assign(
    saved: &SavedOptimizer,
    checkpoint: &Checkpoint,
    parameters: &[Parameter],
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Vec<Parameter>>> {
    if let Some(members) = by_name(saved, parameters) {
        return Ok(members);
    }
    let count = saved.groups.iter().map(|g| g.params.len()).sum::<usize>();
    let trainable = || parameters.iter().filter(|p| p.requires_grad).cloned().collect::<Vec<_>>();
    let pool = match count {
        n if n == parameters.len() => parameters.to_vec(),
        n if n == trainable().len() => trainable(),
        n => return Err(size_mismatch(n, parameters.len())),
    };
    let members = split(saved, pool.clone());
    let wrong = match first_misfit(saved, checkpoint, &members)? {
        None => return Ok(members),
        Some(wrong) => wrong,
    };
    // People's other order: parameters that decay, then biases and norms, which do not; or the other way.
    for reversed in [false, true] {
        let (mut first, second): (Vec<_>, Vec<_>) =
            pool.iter().cloned().partition(|p| (p.info.shape.len() > 1) != reversed);
        first.extend(second);
        let members = split(saved, first);
        if saved.groups.len() == 2 && first_misfit(saved, checkpoint, &members)?.is_none() {
            let text =
                "the optimizer's groups are taken to divide the parameters by their number of dims: the shapes fit so";
            warnings.push(Warning::new("groups_by_dims", text).at(saved.found.path.clone()));
            return Ok(members);
        }
    }
    Err(wrong)
}

fn split(saved: &SavedOptimizer, pool: Vec<Parameter>) -> Vec<Vec<Parameter>> {
    let mut rest = pool.into_iter();
    saved.groups.iter().map(|group| rest.by_ref().take(group.params.len()).collect()).collect()
}

fn by_name(saved: &SavedOptimizer, parameters: &[Parameter]) -> Option<Vec<Vec<Parameter>>> {
    if saved.groups.iter().map(|g| g.params.len()).sum::<usize>() > parameters.len() {
        return None;
    }
    let bare = |name: &str| name.trim_start_matches("_orig_mod.").trim_start_matches("module.").to_owned();
    let find = |name: &String| {
        let exact = parameters.iter().find(|p| p.name == *name);
        exact.or_else(|| parameters.iter().find(|p| p.name == bare(name))).cloned()
    };
    let group = |names: &Vec<String>, len: usize| {
        let members: Option<Vec<_>> = names.iter().map(find).collect();
        members.filter(|m| m.len() == len)
    };
    saved.groups.iter().map(|g| group(g.names.as_ref()?, g.params.len())).collect()
}

/// The first state whose shape is not its parameter's.
fn first_misfit(saved: &SavedOptimizer, checkpoint: &Checkpoint, members: &[Vec<Parameter>]) -> Result<Option<Error>> {
    for (group, members) in saved.groups.iter().zip(members) {
        for (key, parameter) in group.params.iter().zip(members) {
            for (name, node) in saved.state.get(key).map_or(&[][..], |s| &s.items) {
                let Some(id) = checkpoint.tensor_at(*node).filter(|_| !NUMBERS.contains(&name.as_str())) else {
                    continue;
                };
                // what is kept of a complex parameter is complex, and pairs as the parameter is
                let shape = &checkpoint.tensor(id)?.real_shape();
                if !same_shape(shape, parameter) {
                    return Ok(Some(misfit(name, shape, parameter).at(format!("{}.state.{key}", saved.found.path))));
                }
            }
        }
    }
    Ok(None)
}

fn same_shape(shape: &[u64], parameter: &Parameter) -> bool {
    shape.iter().copied().eq(parameter.info.shape.iter().map(|&d| d as u64))
}

fn misfit(name: &str, shape: &[u64], parameter: &Parameter) -> Error {
    Error::mismatch(format!(
        "{name} has shape {shape:?}, and the parameter in its place, {}, has {:?}",
        parameter.name, parameter.info.shape
    ))
    .hint("the optimizer was saved for other parameters, or in another order")
}

/// An item of a param_group as a plain value; `None` for what an optimizer has no use for.
async fn value(checkpoint: &Checkpoint, node: NodeId) -> Result<Option<HyperValue>> {
    Ok(Some(match checkpoint.view(node) {
        View::None => HyperValue::None,
        View::Bool(b) => HyperValue::Bool(b),
        View::Int(n) => HyperValue::Int(n),
        View::Float(x) => HyperValue::Float(x),
        View::Tensor(id) if checkpoint.tensor(id)?.numel() == Some(1) => {
            HyperValue::Float(scalar(checkpoint, id).await?)
        }
        View::Sequence("tuple" | "list", items) => match items.as_slice() {
            [a, b] => match (number(checkpoint, *a).await?, number(checkpoint, *b).await?) {
                (Some(a), Some(b)) => HyperValue::Pair(a, b),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        },
        _ => return Ok(checkpoint.number(node).map(HyperValue::Float)),
    }))
}

/// A number, in a tensor or not; `None` for what is none.
pub(in crate::train) async fn number(checkpoint: &Checkpoint, node: NodeId) -> Result<Option<f64>> {
    match checkpoint.tensor_at(node) {
        Some(id) if checkpoint.tensor(id)?.numel() == Some(1) => scalar(checkpoint, id).await.map(Some),
        _ => Ok(checkpoint.number(node)),
    }
}

async fn scalar(checkpoint: &Checkpoint, id: TensorId) -> Result<f64> {
    let data = checkpoint.read(id).await?.to(DType::Float64)?;
    let bytes = data.bytes.first_chunk::<8>().ok_or_else(|| Error::malformed("a tensor without elements"))?;
    Ok(f64::from_le_bytes(*bytes))
}

/// `__setstate__`'s `setdefault`s.
fn restore(class: Class, hyper: &mut Hyper, warnings: &mut Vec<Warning>) {
    let unclear = class == Class::Adam && hyper.get("decoupled_weight_decay").is_none();
    if unclear && hyper.number("weight_decay").is_ok_and(|decay| decay != 0.0) {
        let text = "before torch 2.7 Adam and AdamW saved the same keys: this is taken to be Adam, whose weight decay is part of the gradient";
        if !warnings.iter().any(|w| w.code == "adam_or_adamw") {
            warnings.push(Warning::new("adam_or_adamw", text));
        }
    }
    for (name, value) in class.restored() {
        hyper.set_default(name, *value);
    }
    if class == Class::AdamW {
        hyper.set("decoupled_weight_decay", HyperValue::Bool(true));
    }
}

/// One parameter's state, on the device in the parameter's dtype; numbers stay numbers.
async fn read(found: &SavedState, checkpoint: &Checkpoint, parameter: &Parameter, device: &Device) -> Result<State> {
    let mut state = State::default();
    for (name, node) in &found.items {
        let entry = if NUMBERS.contains(&name.as_str()) {
            let text = || Error::mismatch(format!("{name} must be a number"));
            Entry::Number(number(checkpoint, *node).await?.ok_or_else(text)?)
        } else {
            match checkpoint.view(*node) {
                View::None => Entry::None,
                View::Tensor(id) => {
                    let shape = &checkpoint.tensor(id)?.real_shape();
                    if !same_shape(shape, parameter) {
                        return Err(misfit(name, shape, parameter));
                    }
                    let data = checkpoint.read(id).await?.view_as_real().to(parameter.info.dtype)?;
                    let data = TensorData::new(data.dtype, parameter.info.shape.clone(), data.bytes)?;
                    Entry::Tensor(Value::upload(device, &data)?)
                }
                _ => continue,
            }
        };
        state.set(name, entry);
    }
    Ok(state)
}

/// The class's keys first, in its order: an old file may have another.
fn ordered(state: State, slots: &[(&'static str, Start)]) -> State {
    let mut sorted = State::default();
    let known = slots.iter().filter_map(|(name, _)| Some((*name, state.get(name)?)));
    let others = state.iter().filter(|(name, _)| !slots.iter().any(|(slot, _)| slot == name));
    for (name, entry) in known.chain(others) {
        sorted.set(name, entry.clone());
    }
    sorted
}
