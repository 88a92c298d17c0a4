//! torch.optim.lr_scheduler: learning rates over time, by the same recursions in the same floats as `torch/optim/lr_scheduler.py`.
//!
//! A scheduler is its class and its `__dict__`: what torch saves of it is what it is. It sets `lr`, and some `momentum` or `betas`, in an
//! optimizer's param_groups; it is stepped after the optimizer, once an epoch or once a batch, as the user's loop does.

pub mod attribute;
pub mod class;
mod cycle;
mod lambda;
mod plateau;
mod rate;
pub mod saved;

use super::groups::ParamGroup;
use super::hyper::{Hyper, HyperValue};
use super::optimizer::Optimizer;
use crate::error::{Error, Result};
use attribute::{Attribute, Attributes};
use class::Class;
use serde::Deserialize;

/// How deep schedulers may hold schedulers.
const MAX_DEPTH: usize = 8;

/// A scheduler as the caller asks for it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct SchedulerSpec {
    /// torch.optim.lr_scheduler's class: `StepLR`
    pub class: String,
    /// its keyword arguments; functions (`lr_lambda`, `scale_fn`) are Python expressions: `"lambda epoch: 0.95 ** epoch"`
    #[serde(default)]
    pub arguments: Attributes,
    /// the schedulers of a `SequentialLR` or a `ChainedScheduler`
    #[serde(default)]
    pub schedulers: Vec<SchedulerSpec>,
}

/// A scheduler at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduler {
    class: Class,
    attributes: Attributes,
    schedulers: Vec<Scheduler>,
    /// `lr_lambda` of each group, or `scale_fn`
    functions: Vec<String>,
}

/// What schedulers see of an optimizer.
struct Target<'o> {
    groups: &'o mut [ParamGroup],
    defaults: &'o Hyper,
}

impl<'o> Target<'o> {
    fn of(optimizer: &'o mut Optimizer) -> Self {
        let (groups, defaults) = optimizer.parts();
        Self { groups, defaults }
    }
}

impl Scheduler {
    /// `Class(optimizer, **arguments)`: sets the first learning rates.
    ///
    /// # Errors
    /// Mismatch in torch's and Python's words for arguments; Python's own for functions.
    pub fn new(spec: &SchedulerSpec, optimizer: &mut Optimizer) -> Result<Self> {
        Self::construct(spec, &mut Target::of(optimizer), 0)
    }

    /// `load_state_dict`: goes on where `saved` stopped. The optimizer is as it was saved, and stays so. `spec` says what no file holds:
    /// LambdaLR's functions; without it the class is told by the keys.
    ///
    /// # Errors
    /// Mismatch when the keys fit no class, or when it was another optimizer's; Unsupported when functions are missing.
    pub fn resume(spec: Option<&SchedulerSpec>, saved: &Attributes, optimizer: &Optimizer) -> Result<Self> {
        let scheduler = match spec {
            Some(spec) => {
                let mut groups = optimizer.groups().to_vec();
                let mut target = Target { groups: &mut groups, defaults: optimizer.defaults() };
                let mut scheduler = Self::construct(spec, &mut target, 0)?;
                scheduler.load(saved)?;
                scheduler
            }
            None => Self::saved(saved, 0)?,
        };
        let (have, want) = (scheduler.lrs().len(), optimizer.groups().len());
        if have != want {
            return Err(too_few(have, want).at("scheduler"));
        }
        Ok(scheduler)
    }

    /// torch's class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// `get_last_lr()`
    pub fn lrs(&self) -> Vec<f64> {
        self.attributes.numbers("_last_lr").unwrap_or_default()
    }

    /// `last_epoch`: the steps that were taken.
    pub fn last_epoch(&self) -> i64 {
        self.attributes.int("last_epoch").unwrap_or_default()
    }

    /// `state_dict()`
    pub fn state(&self) -> Attributes {
        let mut state = self.attributes.clone();
        match self.class {
            Class::Sequential | Class::Chained => {
                let inner = self.schedulers.iter().map(|s| Attribute::Dict(s.state())).collect();
                state.set("_schedulers", Attribute::List(inner));
            }
            Class::Lambda => state.set("lr_lambdas", Attribute::List(vec![Attribute::None; self.functions.len()])),
            Class::Cyclic => state.set("_scale_fn_custom", Attribute::None),
            _ => {}
        }
        state
    }

    /// `scheduler.step()`, or `scheduler.step(metric)` for `ReduceLROnPlateau`.
    ///
    /// # Errors
    /// Mismatch without the metric that the class needs, when OneCycleLR has no steps left, where Python would divide by zero; Python's
    /// own from functions.
    pub fn step(&mut self, optimizer: &mut Optimizer, metric: Option<f64>) -> Result<()> {
        self.advance(&mut Target::of(optimizer), metric, false)
    }

    fn construct(spec: &SchedulerSpec, target: &mut Target<'_>, depth: usize) -> Result<Self> {
        if depth == MAX_DEPTH {
            return Err(Error::too_large("schedulers inside schedulers", depth + 1, MAX_DEPTH));
        }
        let class = Class::named(&spec.class)?;
        let arguments = class.arguments(&spec.arguments)?;
        let last_epoch = match spec.arguments.get("last_epoch") {
            Some(_) => spec.arguments.int("last_epoch")?,
            None => -1,
        };
        let mut scheduler =
            Self { class, attributes: Attributes::default(), schedulers: Vec::new(), functions: Vec::new() };
        match class {
            Class::Plateau => {
                scheduler.attributes = plateau::attributes(&arguments, target.groups)?;
                return Ok(scheduler);
            }
            Class::Sequential | Class::Chained => {
                for spec in &spec.schedulers {
                    scheduler.schedulers.push(Self::construct(spec, target, depth + 1)?);
                }
                scheduler.compound(&arguments, last_epoch, target)?;
                return Ok(scheduler);
            }
            Class::OneCycle => {
                scheduler.attributes = cycle::one_cycle(&arguments, target.defaults, target.groups, last_epoch == -1)?;
            }
            Class::Cyclic => {
                scheduler.attributes = cycle::cyclic(&arguments, target.defaults, target.groups, last_epoch == -1)?;
                scheduler.functions.extend(arguments.text("scale_fn").ok().map(str::to_owned));
            }
            Class::Lambda => scheduler.functions = lambdas(&arguments, target.groups.len())?,
            _ => scheduler.attributes = rate::attributes(class, arguments.clone())?,
        }
        scheduler.attach(last_epoch, target)?;
        if class == Class::Cyclic {
            let lowest = cycle::for_each(&arguments, "base_lr", target.groups.len())?;
            scheduler.attributes.set("base_lrs", cycle::floats(&lowest));
        }
        Ok(scheduler)
    }

    /// `LRScheduler.__init__`
    fn attach(&mut self, last_epoch: i64, target: &mut Target<'_>) -> Result<()> {
        let mut base = Vec::with_capacity(target.groups.len());
        for (number, group) in target.groups.iter_mut().enumerate() {
            if last_epoch == -1 {
                let lr = group.hyper.get("lr").unwrap_or(HyperValue::None);
                group.hyper.set_default("initial_lr", lr);
            }
            let initial = group.hyper.get("initial_lr").ok_or_else(|| {
                Error::mismatch(format!(
                    "param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler with last_epoch >= 0."
                ))
            })?;
            base.push(Attribute::from(initial));
        }
        self.attributes.set("base_lrs", Attribute::List(base));
        self.attributes.set("last_epoch", Attribute::Int(last_epoch));
        if self.class == Class::WarmRestarts {
            self.attributes.set("T_cur", Attribute::Int(last_epoch));
        }
        self.initial_step(target)
    }

    /// `_initial_step()`
    fn initial_step(&mut self, target: &mut Target<'_>) -> Result<()> {
        self.attributes.set("_step_count", Attribute::Int(0));
        self.attributes.set("_is_initial", Attribute::Bool(false));
        self.advance(target, None, true)
    }

    /// `SequentialLR.__init__` and `ChainedScheduler.__init__`, their schedulers constructed.
    fn compound(&mut self, arguments: &Attributes, last_epoch: i64, target: &mut Target<'_>) -> Result<()> {
        let name = self.class.name();
        if self.schedulers.is_empty() {
            let chained = if self.class == Class::Chained { " to be chained" } else { "" };
            let text = format!("{name} expects at least one scheduler{chained}, but got no scheduler.");
            return Err(Error::mismatch(text));
        }
        if let Some(at) = self.schedulers.iter().position(|s| s.class == Class::Plateau) {
            return Err(Error::mismatch(format!(
                "{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when calling `step`, but got one at index {at} in the given schedulers sequence."
            )));
        }
        if self.class == Class::Chained {
            self.attributes.set("_last_lr", last_rates(target.groups));
            return Ok(());
        }
        let milestones = arguments.numbers("milestones")?;
        if milestones.len() + 1 != self.schedulers.len() {
            return Err(Error::mismatch(format!(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers {} and the number of milestones to be equal to {}",
                self.schedulers.len(),
                milestones.len()
            )));
        }
        if let Some(milestones) = arguments.get("milestones") {
            self.attributes.set("_milestones", milestones.clone());
        }
        self.attributes.set("last_epoch", Attribute::Int(last_epoch.saturating_add(1)));
        for group in target.groups.iter_mut() {
            let initial = group.hyper.number("initial_lr")?;
            group.set_lr(initial);
        }
        self.schedulers.iter_mut().for_each(Self::undo);
        let first = milestones.iter().filter(|at| **at <= 0.0).count();
        if let Some(scheduler) = self.schedulers.get_mut(first) {
            scheduler.initial_step(target)?;
            let rates = scheduler.attributes.get("_last_lr").cloned().unwrap_or(Attribute::None);
            self.attributes.set("_last_lr", rates);
        }
        Ok(())
    }

    /// `recursive_undo`: takes back the step that constructing it took.
    fn undo(&mut self) {
        if self.schedulers.is_empty() {
            let before = self.last_epoch().saturating_sub(1);
            self.attributes.set("last_epoch", Attribute::Int(before));
        }
        self.schedulers.iter_mut().for_each(Self::undo);
    }

    fn advance(&mut self, target: &mut Target<'_>, metric: Option<f64>, initial: bool) -> Result<()> {
        match self.class {
            Class::Plateau => {
                let metric = metric.ok_or_else(|| {
                    Error::mismatch("ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'")
                })?;
                plateau::step(&mut self.attributes, metric, target.groups)
            }
            Class::Chained => {
                for scheduler in &mut self.schedulers {
                    scheduler.advance(target, None, false)?;
                }
                self.attributes.set("_last_lr", last_rates(target.groups));
                Ok(())
            }
            Class::Sequential => self.advance_sequence(target),
            Class::WarmRestarts => {
                rate::count_restarts(&mut self.attributes)?;
                let rates = rate::recursive(self.class, &self.attributes, initial, target.groups)?;
                self.apply(&rates, target)
            }
            _ => {
                let count = self.attributes.int("_step_count")?.saturating_add(1);
                self.attributes.set("_step_count", Attribute::Int(count));
                self.update(None, target, initial)
            }
        }
    }

    fn advance_sequence(&mut self, target: &mut Target<'_>) -> Result<()> {
        let epoch = self.last_epoch().saturating_add(1);
        self.attributes.set("last_epoch", Attribute::Int(epoch));
        let epoch = self.attributes.number("last_epoch")?;
        let milestones = self.attributes.numbers("_milestones")?;
        let at = milestones.iter().filter(|m| **m <= epoch).count();
        let begins = at.checked_sub(1).and_then(|before| milestones.get(before)) == Some(&epoch);
        let Some(scheduler) = self.schedulers.get_mut(at) else { return Err(Error::mismatch("no scheduler is left")) };
        if begins {
            scheduler.update(Some(0), target, false)?;
        } else {
            scheduler.advance(target, None, false)?;
        }
        let rates = scheduler.attributes.get("_last_lr").cloned().unwrap_or(Attribute::None);
        self.attributes.set("_last_lr", rates);
        Ok(())
    }

    /// `_update_lr(epoch)`
    fn update(&mut self, epoch: Option<i64>, target: &mut Target<'_>, initial: bool) -> Result<()> {
        let next = epoch.unwrap_or_else(|| self.last_epoch().saturating_add(1));
        self.attributes.set("last_epoch", Attribute::Int(next));
        let closed = match epoch {
            Some(_) => rate::closed_form(self.class, &self.attributes)?,
            None => None,
        };
        let rates = match (closed, self.class) {
            (Some(rates), _) => rates,
            (None, Class::OneCycle) => cycle::one_cycle_rates(&self.attributes, target.groups)?,
            (None, Class::Cyclic) => {
                let function = self.functions.first().map(String::as_str);
                cycle::cyclic_rates(&self.attributes, function, target.groups)?
            }
            (None, Class::Lambda) => {
                let epoch = self.attributes.number("last_epoch")?;
                let base = self.attributes.numbers("base_lrs")?;
                let rate = |(base, function): (f64, &String)| Ok(base * lambda::call(function, epoch)?);
                base.into_iter().zip(&self.functions).map(rate).collect::<Result<_>>()?
            }
            (None, class) => rate::recursive(class, &self.attributes, initial, target.groups)?,
        };
        self.apply(&rates, target)
    }

    fn apply(&mut self, rates: &[f64], target: &mut Target<'_>) -> Result<()> {
        if rates.len() != target.groups.len() {
            return Err(too_few(rates.len(), target.groups.len()));
        }
        if rates.iter().any(|r| !r.is_finite()) {
            return Err(Error::mismatch("float division by zero").at(self.class.name()));
        }
        for (group, rate) in target.groups.iter_mut().zip(rates) {
            // An int that stays is not made a float.
            if group.lr() != *rate {
                group.set_lr(*rate);
            }
        }
        self.attributes.set("_get_lr_called_within_step", Attribute::Bool(false));
        self.attributes.set("_last_lr", last_rates(target.groups));
        Ok(())
    }

    /// `load_state_dict`
    fn load(&mut self, saved: &Attributes) -> Result<()> {
        let mut own = saved.clone();
        for name in ["lr_lambdas", "_scale_fn_custom"] {
            own.remove(name);
        }
        if let Some(inner) = own.remove("_schedulers") {
            let Attribute::List(inner) = inner else { return Err(Error::mismatch("_schedulers must be a list")) };
            if inner.len() > self.schedulers.len() {
                return Err(Error::mismatch("list index out of range").at("_schedulers"));
            }
            for (scheduler, saved) in self.schedulers.iter_mut().zip(&inner) {
                let Attribute::Dict(saved) = saved else {
                    return Err(Error::mismatch("a scheduler's state must be a dict").at("_schedulers"));
                };
                scheduler.load(saved)?;
            }
        }
        self.attributes.update(&own);
        Ok(())
    }

    /// A scheduler from its state_dict alone.
    fn saved(saved: &Attributes, depth: usize) -> Result<Self> {
        if depth == MAX_DEPTH {
            return Err(Error::too_large("schedulers inside schedulers", depth + 1, MAX_DEPTH));
        }
        let class = Class::saved(saved)
            .ok_or_else(|| Error::mismatch("the state fits no class of torch.optim.lr_scheduler").at("scheduler"))?;
        if class == Class::Lambda {
            return Err(Error::unsupported("LambdaLR's function, which no file holds")
                .code("needs_lambda")
                .at("scheduler")
                .hint("give lr_lambda as a Python expression: lambda epoch: 0.95 ** epoch"));
        }
        let mut attributes = saved.clone();
        attributes.remove("_scale_fn_custom");
        let mut schedulers = Vec::new();
        if let Some(Attribute::List(inner)) = attributes.remove("_schedulers") {
            for state in &inner {
                let Attribute::Dict(state) = state else {
                    return Err(Error::mismatch("a scheduler's state must be a dict").at("_schedulers"));
                };
                schedulers.push(Self::saved(state, depth + 1)?);
            }
        }
        Ok(Self { class, attributes, schedulers, functions: Vec::new() })
    }
}

fn too_few(have: usize, want: usize) -> Error {
    Error::mismatch(format!("the scheduler has {have} learning rates for {want} param_groups"))
}

/// `_last_lr`: the groups' learning rates.
fn last_rates(groups: &[ParamGroup]) -> Attribute {
    let rate = |group: &ParamGroup| group.hyper.get("lr").unwrap_or(HyperValue::None).into();
    Attribute::List(groups.iter().map(rate).collect())
}

/// LambdaLR's functions: one for all groups, or one for each.
fn lambdas(arguments: &Attributes, groups: usize) -> Result<Vec<String>> {
    match arguments.get("lr_lambda") {
        Some(Attribute::Str(function)) => Ok(vec![function.clone(); groups]),
        Some(Attribute::List(items)) if items.len() != groups => {
            Err(Error::mismatch(format!("Expected {groups} lr_lambdas, but got {}", items.len())))
        }
        Some(Attribute::List(items)) => {
            let text = |item: &Attribute| match item {
                Attribute::Str(function) => Ok(function.clone()),
                _ => Err(Error::mismatch("lr_lambda must be a Python expression")),
            };
            items.iter().map(text).collect()
        }
        _ => Err(Error::mismatch("lr_lambda must be a Python expression")),
    }
}
