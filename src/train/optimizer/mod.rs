//! torch.optim's optimizers: param_groups, a state for each parameter, and the update rules of torch 2.15 (`torch/optim/*.py`, the
//! single-tensor path; torch's faster paths compute the same).
//!
//! A step checks everything before it changes anything. Sparse gradients, complex parameters and `capturable`, `differentiable`, `foreach`
//! and `fused` as anything but names in a group are not done here.

mod adagrad;
mod adam;
mod adamax;
mod asgd;
pub mod class;
pub mod resume;
mod rmsprop;
mod rprop;
mod sgd;
pub mod state;

use super::groups::{GroupSpec, ParamGroup, groups};
use super::hyper::{Hyper, HyperValue};
use super::{Gradients, Parameter};
use crate::engine::arithmetic::Elementwise;
use crate::engine::device::Device;
use crate::engine::program::Weights;
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use class::{Class, Rule};
use resume::Resumed;
use serde::Deserialize;
use state::{Slot, State};
use std::collections::{BTreeSet, HashMap};

/// A keyword argument and its default.
pub type Default = (&'static str, HyperValue);

/// An optimizer as the caller asks for it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OptimizerSpec {
    /// torch.optim's class: `Adam`
    pub class: String,
    /// its keyword arguments
    #[serde(default)]
    pub hyper: Hyper,
    /// param_groups; one with every parameter when empty
    #[serde(default)]
    pub groups: Vec<GroupSpec>,
}

/// An optimizer at work.
#[derive(Clone, Debug)]
pub struct Optimizer {
    class: Class,
    defaults: Hyper,
    groups: Vec<ParamGroup>,
    state: HashMap<ValueId, State>,
    resumed: Option<Resumed>,
    /// the parameters that steps of ours have updated
    touched: BTreeSet<ValueId>,
    /// one group of every parameter
    whole: bool,
}

impl Optimizer {
    /// `torch.optim.Class(params, **hyper)`.
    ///
    /// # Errors
    /// Mismatch in torch's words for arguments out of their range, for groups that do not fit the network; Unsupported for other classes.
    pub fn new(spec: &OptimizerSpec, parameters: &[Parameter]) -> Result<Self> {
        let class = Class::named(&spec.class)?;
        let defaults = class.arguments(&spec.hyper)?;
        let groups = groups(&spec.groups, &defaults, parameters)?;
        for (number, group) in groups.iter().enumerate() {
            Rule::read(class, &group.hyper).map_err(|e| e.at(format!("param_groups[{number}]")))?;
        }
        let whole = spec.groups.is_empty();
        Ok(Self { class, defaults, groups, state: HashMap::new(), resumed: None, touched: BTreeSet::new(), whole })
    }

    /// torch.optim's class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The constructor's arguments.
    pub fn defaults(&self) -> &Hyper {
        &self.defaults
    }

    /// `param_groups`
    pub fn groups(&self) -> &[ParamGroup] {
        &self.groups
    }

    /// `param_groups`, for schedulers: they set `lr`, and some `momentum` or `betas`.
    pub fn groups_mut(&mut self) -> &mut [ParamGroup] {
        &mut self.groups
    }

    /// What schedulers change, and what they look at beside it.
    pub(super) fn parts(&mut self) -> (&mut [ParamGroup], &Hyper) {
        (&mut self.groups, &self.defaults)
    }

    /// How many tensors of a parameter's size are kept for it, at most.
    pub fn moments(&self) -> u64 {
        let of = |group: &ParamGroup| match Rule::read(self.class, &group.hyper) {
            Ok(rule) => rule.slots().iter().filter(|(_, start)| !matches!(start, state::Start::Number(_))).count(),
            Err(_) => 0,
        };
        self.groups.iter().map(of).max().unwrap_or(0) as u64
    }

    /// A parameter's state; none before its first step.
    pub fn state(&self, leaf: ValueId) -> Option<&State> {
        self.state.get(&leaf)
    }

    /// The parameters that were updated since this optimizer was made or resumed.
    pub fn touched(&self) -> impl Iterator<Item = ValueId> {
        self.touched.iter().copied()
    }

    /// Whether a saved state_dict needs `param_names` to say which parameters are meant: all of them in one group go without saying.
    pub fn wants_names(&self) -> bool {
        match &self.resumed {
            Some(resumed) => self.groups.len() > 1 || resumed.saved.groups.iter().any(|g| g.names.is_some()),
            None => !self.whole,
        }
    }

    /// The same optimizer for parameters on another device.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        let mut state = HashMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "each goes by itself, in whatever order")]
        for (leaf, kept) in &self.state {
            state.insert(*leaf, kept.to(device).await?);
        }
        let (class, defaults, groups, whole) = (self.class, self.defaults.clone(), self.groups.clone(), self.whole);
        let (resumed, touched) = (self.resumed.clone(), self.touched.clone());
        Ok(Self { class, defaults, groups, state, resumed, touched, whole })
    }

    /// `optimizer.step()`: updates every parameter that has a gradient. Nothing is read back.
    ///
    /// # Errors
    /// Mismatch when a gradient's shape or dtype is not its parameter's, when a hyper-parameter or a key of the state is missing; nothing
    /// has changed then. Device when the CPU's own memory cannot be reached, which does not happen.
    pub fn step(&mut self, weights: &mut Weights, gradients: &Gradients) -> Result<()> {
        let mut work = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let rule = Rule::read(self.class, &group.hyper).map_err(|e| e.at(format!("param_groups[{number}]")))?;
            let slots = rule.slots();
            for parameter in &group.parameters {
                let Some(gradient) = gradients.get(parameter.leaf) else { continue };
                let at = |e: Error| e.at(parameter.name.clone());
                let value =
                    weights.get(parameter.leaf).ok_or_else(|| at(Error::mismatch("a parameter has no value")))?;
                fits(value, gradient).map_err(at)?;
                let key = self.state.get(&parameter.leaf).and_then(|state| state.lacks(&slots));
                if let Some(key) = key {
                    return Err(at(Error::mismatch(format!("KeyError: '{key}'"))
                        .hint("the optimizer's state was made with other options")));
                }
            }
            work.push((rule, slots));
        }
        for ((rule, slots), group) in work.iter().zip(&self.groups) {
            for parameter in &group.parameters {
                let leaf = parameter.leaf;
                if let (Class::Adagrad, Some(value)) = (self.class, weights.get(leaf)) {
                    // Its constructor makes every parameter's state.
                    self.state.entry(leaf).or_insert_with(|| State::new(slots, value));
                }
                let Some(gradient) = gradients.get(leaf) else { continue };
                let Some(value) = weights.take(leaf) else { continue };
                let state = self.state.entry(leaf).or_insert_with(|| State::new(slots, &value));
                self.touched.insert(leaf);
                weights.insert(leaf, rule.update(value, gradient, state)?);
                if state.iter().next().is_none() {
                    // SGD without momentum keeps nothing, and torch no entry.
                    self.state.remove(&leaf);
                }
            }
        }
        Ok(())
    }
}

fn fits(value: &Value, gradient: &Value) -> Result<()> {
    if gradient.shape() != value.shape() {
        let text =
            format!("assigned grad has data of a different size: {:?}, not {:?}", gradient.shape(), value.shape());
        return Err(Error::mismatch(text));
    }
    if !value.dtype().is_float() {
        return Err(Error::unsupported(format!("optimizing a parameter of torch.{}", value.dtype().name())));
    }
    if gradient.dtype() != value.dtype() {
        let (got, want) = (gradient.dtype().name(), value.dtype().name());
        return Err(Error::mismatch(format!(
            "assigned grad has data of a different type: torch.{got}, not torch.{want}"
        )));
    }
    Ok(())
}

/// What a rule's update takes from the host: numbers that are the same for every element.
type Scalars = [f64; 3];

/// The tensors of a state that a rule updates, by their keys.
type Moments = [Option<&'static str>; 3];

/// An update rule: what it keeps, and one step, written once for whole tensors and for a few elements at a time.
trait Algorithm {
    /// The keys of a state, in torch's order, and how they begin.
    fn slots(&self) -> Vec<Slot>;

    /// Those of them that are tensors.
    fn moments(&self) -> Moments;

    /// Counts the step; the numbers that the update needs.
    fn begin(&self, state: &mut State) -> Scalars;

    /// The new parameter, and the new moments.
    fn update<A: Elementwise>(&self, scalars: Scalars, param: A, grad: A, moments: [A; 3]) -> [A; 4];
}

/// `-grad` where the objective is maximized.
#[inline(always)]
fn directed<A: Elementwise>(grad: A, maximize: bool) -> A {
    if maximize { grad.scale(-1.0) } else { grad }
}

/// torch's check of arguments that may not be negative, with its name for each.
fn not_negative(h: &Hyper, names: &[(&str, &str)]) -> Result<()> {
    for (name, title) in names {
        let value = h.number(name)?;
        if value < 0.0 || value.is_nan() {
            let shown = h.get(name).unwrap_or(HyperValue::None);
            return Err(Error::mismatch(format!("Invalid {title}: {shown}")));
        }
    }
    Ok(())
}

fn check_betas(h: &Hyper) -> Result<()> {
    let (first, second) = h.pair("betas")?;
    for (index, beta) in [first, second].into_iter().enumerate() {
        if !(0.0..1.0).contains(&beta) {
            let shown = HyperValue::Float(beta);
            return Err(Error::mismatch(format!("Invalid beta parameter at index {index}: {shown}")));
        }
    }
    Ok(())
}
