//! torch.optim.lr_scheduler's classes: their constructors' arguments, and how to tell them by what they save.

use super::attribute::{Attribute, Attributes};
use crate::error::{Error, Result};
use Fallback::{Bool, Float, Int, None, Required, Str};

/// A class of torch.optim.lr_scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `LambdaLR`
    Lambda,
    /// `StepLR`
    Step,
    /// `MultiStepLR`
    MultiStep,
    /// `ConstantLR`
    Constant,
    /// `LinearLR`
    Linear,
    /// `ExponentialLR`
    Exponential,
    /// `PolynomialLR`
    Polynomial,
    /// `CosineAnnealingLR`
    CosineAnnealing,
    /// `CosineAnnealingWarmRestarts`
    WarmRestarts,
    /// `OneCycleLR`
    OneCycle,
    /// `CyclicLR`
    Cyclic,
    /// `ReduceLROnPlateau`
    Plateau,
    /// `SequentialLR`
    Sequential,
    /// `ChainedScheduler`
    Chained,
}

/// What an argument is when it is not given.
#[derive(Clone, Copy)]
enum Fallback {
    Required,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'static str),
}

/// Name, arguments in order, and a key that only this class saves (with [`Class::saved`]'s order).
type Row = (Class, &'static str, &'static [(&'static str, Fallback)], &'static str);

const THIRD: f64 = 1.0 / 3.0;

/// Those that are told by a key that others have too come after those.
const CLASSES: &[Row] = &[
    (Class::Lambda, "LambdaLR", &[("lr_lambda", Required)], "lr_lambdas"),
    (Class::Step, "StepLR", &[("step_size", Required), ("gamma", Float(0.1))], "step_size"),
    (Class::MultiStep, "MultiStepLR", &[("milestones", Required), ("gamma", Float(0.1))], "milestones"),
    (
        Class::Linear,
        "LinearLR",
        &[("start_factor", Float(THIRD)), ("end_factor", Float(1.0)), ("total_iters", Int(5))],
        "start_factor",
    ),
    (Class::Polynomial, "PolynomialLR", &[("total_iters", Int(5)), ("power", Float(1.0))], "power"),
    (Class::CosineAnnealing, "CosineAnnealingLR", &[("T_max", Required), ("eta_min", Float(0.0))], "T_max"),
    (
        Class::WarmRestarts,
        "CosineAnnealingWarmRestarts",
        &[("T_0", Required), ("T_mult", Int(1)), ("eta_min", Float(0.0))],
        "T_0",
    ),
    (
        Class::OneCycle,
        "OneCycleLR",
        &[
            ("max_lr", Required),
            ("total_steps", None),
            ("epochs", None),
            ("steps_per_epoch", None),
            ("pct_start", Float(0.3)),
            ("anneal_strategy", Str("cos")),
            ("cycle_momentum", Bool(true)),
            ("base_momentum", Float(0.85)),
            ("max_momentum", Float(0.95)),
            ("div_factor", Float(25.0)),
            ("final_div_factor", Float(1e4)),
            ("three_phase", Bool(false)),
        ],
        "total_steps",
    ),
    (
        Class::Cyclic,
        "CyclicLR",
        &[
            ("base_lr", Required),
            ("max_lr", Required),
            ("step_size_up", Int(2000)),
            ("step_size_down", None),
            ("mode", Str("triangular")),
            ("gamma", Float(1.0)),
            ("scale_fn", None),
            ("scale_mode", Str("cycle")),
            ("cycle_momentum", Bool(true)),
            ("base_momentum", Float(0.8)),
            ("max_momentum", Float(0.9)),
        ],
        "total_size",
    ),
    (
        Class::Plateau,
        "ReduceLROnPlateau",
        &[
            ("mode", Str("min")),
            ("factor", Float(0.1)),
            ("patience", Int(10)),
            ("threshold", Float(1e-4)),
            ("threshold_mode", Str("rel")),
            ("cooldown", Int(0)),
            ("min_lr", Int(0)),
            ("eps", Float(1e-8)),
        ],
        "patience",
    ),
    (Class::Constant, "ConstantLR", &[("factor", Float(THIRD)), ("total_iters", Int(5))], "factor"),
    (Class::Exponential, "ExponentialLR", &[("gamma", Required)], "gamma"),
    (Class::Sequential, "SequentialLR", &[("milestones", Required)], "_milestones"),
    (Class::Chained, "ChainedScheduler", &[], "_schedulers"),
];

/// The classes' names, as torch.optim.lr_scheduler has them.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(_, name, ..)| *name)
}

impl Class {
    /// By its name, with or without modules before it.
    ///
    /// # Errors
    /// Unsupported for torch's other classes, Mismatch for other names.
    pub fn named(name: &str) -> Result<Self> {
        let short = name.rsplit('.').next().unwrap_or(name);
        let known = CLASSES.iter().find(|row| row.1 == short).map(|row| row.0);
        known.ok_or_else(|| match short {
            "MultiplicativeLR" | "SWALR" => Error::unsupported(format!("torch.optim.lr_scheduler.{short}")),
            _ => {
                let names: Vec<_> = CLASSES.iter().map(|row| row.1).collect();
                Error::mismatch(format!("module 'torch.optim.lr_scheduler' has no attribute '{short}'"))
                    .hint(format!("it has {}", names.join(", ")))
            }
        })
    }

    /// By the keys of its state_dict.
    pub fn saved(state: &Attributes) -> Option<Self> {
        CLASSES.iter().find(|row| state.has(row.3)).map(|row| row.0)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        CLASSES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Every argument of the constructor, those that are not given by their defaults; `last_epoch` apart.
    pub(super) fn arguments(self, given: &Attributes) -> Result<Attributes> {
        let row = CLASSES.iter().find(|row| row.0 == self);
        let known = row.map_or(&[][..], |row| row.2);
        for (name, _) in given.iter() {
            if name != "last_epoch" && !known.iter().any(|(n, _)| *n == name) {
                let text = format!("{}.__init__() got an unexpected keyword argument '{name}'", self.name());
                return Err(Error::mismatch(text));
            }
        }
        let mut all = Attributes::default();
        for (name, fallback) in known {
            let value = match (given.get(name), fallback) {
                (Some(value), _) => value.clone(),
                (_, Required) => {
                    let text = format!("{}.__init__() missing 1 required positional argument: '{name}'", self.name());
                    return Err(Error::mismatch(text));
                }
                (_, None) => Attribute::None,
                (_, Bool(b)) => Attribute::Bool(*b),
                (_, Int(n)) => Attribute::Int(*n),
                (_, Float(x)) => Attribute::Float(*x),
                (_, Str(text)) => Attribute::from(*text),
            };
            all.set(name, value);
        }
        Ok(all)
    }
}
