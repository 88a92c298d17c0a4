//! `torch.optim.SGD`: momentum, dampening, Nesterov (`torch/optim/sgd.py`, `_single_tensor_sgd`).

use super::state::{Slot, Start, State};
use super::{Default, directed, not_negative};
use crate::engine::value::Value;
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

    pub(super) fn slots(&self) -> Vec<Slot> {
        if self.momentum == 0.0 { Vec::new() } else { vec![("momentum_buffer", Start::Later)] }
    }

    pub(super) fn update(&self, param: Value, grad: Value, state: &mut State) -> Value {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        if self.momentum != 0.0 {
            let buffer = match state.take("momentum_buffer") {
                Some(buffer) => buffer.scale(self.momentum).add_scaled(&grad, 1.0 - self.dampening),
                Option::None => grad.clone(),
            };
            grad = if self.nesterov { grad.add_scaled(&buffer, self.momentum) } else { buffer.clone() };
            state.put("momentum_buffer", buffer);
        }
        param.add_scaled(&grad, -self.lr)
    }
}
