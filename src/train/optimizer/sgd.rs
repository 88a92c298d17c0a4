//! `torch.optim.SGD`: momentum, dampening, Nesterov (`torch/optim/sgd.py`, `_single_tensor_sgd`).

use super::state::{Entry, Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::{Error, Result};
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None};

pub(super) const DEFAULTS: &[Default] = &[
    ("lr", Float(1e-3)),
    ("momentum", Int(0)),
    ("dampening", Int(0)),
    ("weight_decay", Int(0)),
    ("nesterov", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("differentiable", Bool(false)),
    ("fused", None),
];

pub(super) const RESTORED: &[Default] = &[
    ("nesterov", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("differentiable", Bool(false)),
    ("fused", Bool(false)),
];

pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(
        h,
        &[("lr", "learning rate"), ("momentum", "momentum value"), ("weight_decay", "weight_decay value")],
    )?;
    if h.flag("nesterov") && (h.number("momentum")? <= 0.0 || h.number("dampening")? != 0.0) {
        return Err(Error::mismatch("Nesterov momentum requires a momentum and zero dampening"));
    }
    Ok(())
}

/// SGD's arguments.
#[derive(Clone, Debug)]
pub struct Sgd {
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
}

impl Sgd {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            momentum: h.number("momentum")?,
            dampening: h.number("dampening")?,
            weight_decay: h.number("weight_decay")?,
            nesterov: h.flag("nesterov"),
            maximize: h.flag("maximize"),
        })
    }
}

impl Algorithm for Sgd {
    fn slots(&self) -> Vec<Slot> {
        if self.momentum == 0.0 { Vec::new() } else { vec![("momentum_buffer", Start::Later)] }
    }

    fn moments(&self) -> Moments {
        [(self.momentum != 0.0).then_some("momentum_buffer"), Option::None, Option::None]
    }

    /// Whether there is no buffer yet.
    fn begin(&self, state: &mut State) -> Scalars {
        let there = matches!(state.get("momentum_buffer"), Some(Entry::Tensor(_)));
        [f64::from(u8::from(!there)), 0.0, 0.0]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, [first, ..]: Scalars, param: A, grad: A, [buffer, b, c]: [A; 3]) -> [A; 4] {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        if self.momentum == 0.0 {
            return [param.add_scaled(&grad, -self.lr), buffer, b, c];
        }
        let buffer = match first == 0.0 {
            true => buffer.scale(self.momentum).add_scaled(&grad, 1.0 - self.dampening),
            false => grad.clone(),
        };
        let param = match self.nesterov {
            true => param.add_scaled(&grad.add_scaled(&buffer, self.momentum), -self.lr),
            false => param.add_scaled(&buffer, -self.lr),
        };
        [param, buffer, b, c]
    }
}
