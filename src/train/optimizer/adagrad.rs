//! `torch.optim.Adagrad`, whose state is there from construction (`torch/optim/adagrad.py`), and `torch.optim.Adadelta`
//! (`torch/optim/adadelta.py`).

use super::state::{Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::{Error, Result};
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None};

pub(super) const ADAGRAD: &[Default] = &[
    ("lr", Float(1e-2)),
    ("lr_decay", Int(0)),
    ("eps", Float(1e-10)),
    ("weight_decay", Int(0)),
    ("initial_accumulator_value", Int(0)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("fused", None),
];

pub(super) const ADAGRAD_RESTORED: &[Default] =
    &[("foreach", None), ("maximize", Bool(false)), ("differentiable", Bool(false)), ("fused", None)];

pub(super) const ADADELTA: &[Default] = &[
    ("lr", Float(1.0)),
    ("rho", Float(0.9)),
    ("eps", Float(1e-6)),
    ("weight_decay", Int(0)),
    ("maximize", Bool(false)),
    ("capturable", Bool(false)),
    ("foreach", None),
    ("differentiable", Bool(false)),
];

pub(super) const ADADELTA_RESTORED: &[Default] =
    &[("foreach", None), ("maximize", Bool(false)), ("differentiable", Bool(false)), ("capturable", Bool(false))];

pub(super) fn check_adagrad(h: &Hyper) -> Result<()> {
    not_negative(
        h,
        &[
            ("lr", "learning rate"),
            ("lr_decay", "lr_decay value"),
            ("weight_decay", "weight_decay value"),
            ("initial_accumulator_value", "initial_accumulator_value value"),
            ("eps", "epsilon value"),
        ],
    )
}

pub(super) fn check_adadelta(h: &Hyper) -> Result<()> {
    not_negative(h, &[("lr", "learning rate")])?;
    if let Some(rho) = h.get("rho")
        && !(0.0..=1.0).contains(&h.number("rho")?)
    {
        return Err(Error::mismatch(format!("Invalid rho value: {rho}")));
    }
    not_negative(h, &[("eps", "epsilon value"), ("weight_decay", "weight_decay value")])
}

/// Adagrad's arguments.
#[derive(Clone, Debug)]
pub struct Adagrad {
    lr: f64,
    lr_decay: f64,
    eps: f64,
    weight_decay: f64,
    initial: f64,
    maximize: bool,
}

impl Adagrad {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            lr_decay: h.number("lr_decay")?,
            eps: h.number("eps")?,
            weight_decay: h.number("weight_decay")?,
            initial: h.number("initial_accumulator_value").unwrap_or(0.0),
            maximize: h.flag("maximize"),
        })
    }
}

impl Algorithm for Adagrad {
    fn slots(&self) -> Vec<Slot> {
        vec![("step", Start::Number(0.0)), ("sum", Start::Filled(self.initial))]
    }

    fn moments(&self) -> Moments {
        [Some("sum"), Option::None, Option::None]
    }

    /// The learning rate of this step.
    fn begin(&self, state: &mut State) -> Scalars {
        let step = state.count();
        [self.lr / (1.0 + (step - 1.0) * self.lr_decay), 0.0, 0.0]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, [rate, ..]: Scalars, param: A, grad: A, [sum, b, c]: [A; 3]) -> [A; 4] {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        let sum = sum.addcmul(&grad, &grad, 1.0);
        let deviation = sum.clone().sqrt().offset(self.eps);
        [param.addcdiv(&grad, &deviation, -rate), sum, b, c]
    }
}

/// Adadelta's arguments.
#[derive(Clone, Debug)]
pub struct Adadelta {
    lr: f64,
    rho: f64,
    eps: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Adadelta {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            rho: h.number("rho")?,
            eps: h.number("eps")?,
            weight_decay: h.number("weight_decay")?,
            maximize: h.flag("maximize"),
        })
    }
}

impl Algorithm for Adadelta {
    fn slots(&self) -> Vec<Slot> {
        vec![("step", Start::Number(0.0)), ("square_avg", Start::Filled(0.0)), ("acc_delta", Start::Filled(0.0))]
    }

    fn moments(&self) -> Moments {
        [Some("square_avg"), Some("acc_delta"), Option::None]
    }

    fn begin(&self, state: &mut State) -> Scalars {
        state.count();
        [0.0; 3]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, _: Scalars, param: A, grad: A, [squares, deltas, c]: [A; 3]) -> [A; 4] {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        let squares = squares.scale(self.rho).addcmul(&grad, &grad, 1.0 - self.rho);
        let deviation = squares.clone().offset(self.eps).sqrt();
        let delta = deltas.clone().offset(self.eps).sqrt().quotient(&deviation).product(&grad);
        let deltas = deltas.scale(self.rho).addcmul(&delta, &delta, 1.0 - self.rho);
        [param.add_scaled(&delta, -self.lr), squares, deltas, c]
    }
}
