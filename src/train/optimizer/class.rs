//! torch.optim's classes: their arguments with defaults, argument errors in torch's words, and their rules behind one enum.

use super::adagrad::{self, Adadelta, Adagrad};
use super::adam::{self, Adam};
use super::adamax::{self, Adamax, NAdam, RAdam};
use super::asgd::{self, Asgd};
use super::rmsprop::{self, RmsProp};
use super::rprop::{self, Rprop};
use super::sgd::{self, Sgd};
use super::state::{Slot, State};
use super::{Algorithm, Default};
use crate::engine::lane;
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::train::hyper::Hyper;

/// A class of torch.optim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `torch.optim.SGD`
    Sgd,
    /// `torch.optim.Adam`
    Adam,
    /// `torch.optim.AdamW`
    AdamW,
    /// `torch.optim.RMSprop`
    RmsProp,
    /// `torch.optim.Adagrad`
    Adagrad,
    /// `torch.optim.Adadelta`
    Adadelta,
    /// `torch.optim.Adamax`
    Adamax,
    /// `torch.optim.NAdam`
    NAdam,
    /// `torch.optim.RAdam`
    RAdam,
    /// `torch.optim.ASGD`
    Asgd,
    /// `torch.optim.Rprop`
    Rprop,
}

/// Every class, by its name.
const CLASSES: &[(&str, Class)] = &[
    ("SGD", Class::Sgd),
    ("Adam", Class::Adam),
    ("AdamW", Class::AdamW),
    ("RMSprop", Class::RmsProp),
    ("Adagrad", Class::Adagrad),
    ("Adadelta", Class::Adadelta),
    ("Adamax", Class::Adamax),
    ("NAdam", Class::NAdam),
    ("RAdam", Class::RAdam),
    ("ASGD", Class::Asgd),
    ("Rprop", Class::Rprop),
];

/// torch.optim's other classes.
const OTHERS: &[&str] = &["Adafactor", "LBFGS", "Muon", "SparseAdam"];

/// The classes' names, as torch.optim has them.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(name, _)| *name)
}

impl Class {
    /// By its name, with or without `torch.optim.`.
    ///
    /// # Errors
    /// Unsupported for torch.optim's other classes, Mismatch for other names.
    pub fn named(name: &str) -> Result<Self> {
        let short = name.rsplit('.').next().unwrap_or(name);
        let known = CLASSES.iter().find(|(n, _)| *n == short).map(|(_, class)| *class);
        known.ok_or_else(|| match OTHERS.contains(&short) {
            true if short == "LBFGS" => {
                Error::unsupported("torch.optim.LBFGS: its step evaluates the loss several times")
            }
            true => Error::unsupported(format!("torch.optim.{short}")),
            false => {
                let names: Vec<_> = CLASSES.iter().map(|(name, _)| *name).collect();
                Error::mismatch(format!("module 'torch.optim' has no attribute '{short}'"))
                    .hint(format!("it has {}", names.join(", ")))
            }
        })
    }

    /// `SGD`, `Adam`, ...
    pub fn name(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("", |(name, _)| name)
    }

    /// `defaults`, in the order of a saved param_group.
    pub fn defaults(self) -> &'static [Default] {
        match self {
            Self::Sgd => sgd::DEFAULTS,
            Self::Adam => adam::ADAM,
            Self::AdamW => adam::ADAMW,
            Self::RmsProp => rmsprop::DEFAULTS,
            Self::Adagrad => adagrad::ADAGRAD,
            Self::Adadelta => adagrad::ADADELTA,
            Self::Adamax => adamax::ADAMAX,
            Self::NAdam => adamax::NADAM,
            Self::RAdam => adamax::RADAM,
            Self::Asgd => asgd::DEFAULTS,
            Self::Rprop => rprop::DEFAULTS,
        }
    }

    /// What `__setstate__` adds to a group that an older torch saved.
    pub fn restored(self) -> &'static [Default] {
        match self {
            Self::Sgd => sgd::RESTORED,
            Self::Adam | Self::AdamW => adam::RESTORED,
            Self::RmsProp => rmsprop::RESTORED,
            Self::Adagrad => adagrad::ADAGRAD_RESTORED,
            Self::Adadelta => adagrad::ADADELTA_RESTORED,
            Self::Adamax => adamax::ADAMAX_RESTORED,
            Self::NAdam => adamax::NADAM_RESTORED,
            Self::RAdam => adamax::RADAM_RESTORED,
            Self::Asgd => asgd::RESTORED,
            Self::Rprop => rprop::RESTORED,
        }
    }

    /// The constructor's arguments with what the caller gives, checked as the constructor checks them.
    pub fn arguments(self, given: &Hyper) -> Result<Hyper> {
        let mut all = Hyper::new(self.defaults().iter().copied());
        for (name, value) in given.iter() {
            // AdamW's constructor fixes it.
            let fixed = self == Self::AdamW && name == "decoupled_weight_decay";
            if all.get(name).is_none() || fixed {
                let text = format!("{}.__init__() got an unexpected keyword argument '{name}'", self.name());
                return Err(Error::mismatch(text));
            }
            all.set(name, value);
        }
        match self {
            Self::Sgd => sgd::check(&all),
            Self::Adam | Self::AdamW => adam::check(&all),
            Self::RmsProp => rmsprop::check(&all),
            Self::Adagrad => adagrad::check_adagrad(&all),
            Self::Adadelta => adagrad::check_adadelta(&all),
            Self::Adamax | Self::RAdam => adamax::check(&all),
            Self::NAdam => adamax::check_nadam(&all),
            Self::Asgd => asgd::check(&all),
            Self::Rprop => rprop::check(&all),
        }?;
        Ok(all)
    }
}

/// One group's rule, its hyper-parameters read.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Sgd(Sgd),
    Adam(Adam),
    RmsProp(RmsProp),
    Adagrad(Adagrad),
    Adadelta(Adadelta),
    Adamax(Adamax),
    NAdam(NAdam),
    RAdam(RAdam),
    Asgd(Asgd),
    Rprop(Rprop),
}

impl Rule {
    pub fn read(class: Class, hyper: &Hyper) -> Result<Self> {
        Ok(match class {
            Class::Sgd => Self::Sgd(Sgd::read(hyper)?),
            Class::Adam => Self::Adam(Adam::read(hyper, false)?),
            Class::AdamW => Self::Adam(Adam::read(hyper, true)?),
            Class::RmsProp => Self::RmsProp(RmsProp::read(hyper)?),
            Class::Adagrad => Self::Adagrad(Adagrad::read(hyper)?),
            Class::Adadelta => Self::Adadelta(Adadelta::read(hyper)?),
            Class::Adamax => Self::Adamax(Adamax::read(hyper)?),
            Class::NAdam => Self::NAdam(NAdam::read(hyper)?),
            Class::RAdam => Self::RAdam(RAdam::read(hyper)?),
            Class::Asgd => Self::Asgd(Asgd::read(hyper)?),
            Class::Rprop => Self::Rprop(Rprop::read(hyper)?),
        })
    }

    /// The keys that a state has before a step, in order.
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Sgd(rule) => rule.slots(),
            Self::Adam(rule) => rule.slots(),
            Self::RmsProp(rule) => rule.slots(),
            Self::Adagrad(rule) => rule.slots(),
            Self::Adadelta(rule) => rule.slots(),
            Self::Adamax(rule) => rule.slots(),
            Self::NAdam(rule) => rule.slots(),
            Self::RAdam(rule) => rule.slots(),
            Self::Asgd(rule) => rule.slots(),
            Self::Rprop(rule) => rule.slots(),
        }
    }

    /// The parameter after one step.
    pub fn update(&self, param: Value, grad: &Value, state: &mut State) -> Result<Value> {
        match self {
            Self::Sgd(rule) => advance(rule, param, grad, state),
            Self::Adam(rule) => advance(rule, param, grad, state),
            Self::RmsProp(rule) => advance(rule, param, grad, state),
            Self::Adagrad(rule) => advance(rule, param, grad, state),
            Self::Adadelta(rule) => advance(rule, param, grad, state),
            Self::Adamax(rule) => advance(rule, param, grad, state),
            Self::NAdam(rule) => advance(rule, param, grad, state),
            Self::RAdam(rule) => advance(rule, param, grad, state),
            Self::Asgd(rule) => advance(rule, param, grad, state),
            Self::Rprop(rule) => advance(rule, param, grad, state),
        }
    }
}

/// Runs a rule: float32 on the CPU in one pass over memory, all else operation by operation.
fn advance<R: Algorithm>(rule: &R, param: Value, grad: &Value, state: &mut State) -> Result<Value> {
    let scalars = rule.begin(state);
    let names = rule.moments();
    let [a, b, c] = names.map(|name| name.map(|name| state.moment(name, &param)));
    let [param, a, b, c] = if lane::takes(&param) {
        lane::update([Some(param), a, b, c], grad, |[param, a, b, c], grad| {
            rule.update(scalars, param, grad, [a, b, c])
        })?
    } else {
        // What a rule does not use passes through it.
        let moments = [a, b, c].map(|moment| moment.unwrap_or_else(|| grad.clone()));
        rule.update(scalars, param, grad.clone(), moments).map(Some)
    };
    for (name, moment) in names.into_iter().zip([a, b, c]) {
        if let (Some(name), Some(moment)) = (name, moment) {
            state.put(name, moment);
        }
    }
    param.ok_or_else(|| Error::device("a parameter was lost in its update"))
}
