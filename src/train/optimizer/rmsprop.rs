//! `torch.optim.RMSprop`: centered, with momentum (`torch/optim/rmsprop.py`).

use super::state::{Slot, Start, State};
use super::{Default, directed, not_negative};
use crate::engine::value::Value;
use crate::error::Result;
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None};

pub(super) const DEFAULTS: &[Default] = &[
    ("lr", Float(1e-2)),
    ("momentum", Int(0)),
    ("alpha", Float(0.99)),
    ("eps", Float(1e-8)),
    ("centered", Bool(false)),
    ("weight_decay", Int(0)),
    ("capturable", Bool(false)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
];

pub(super) const RESTORED: &[Default] = &[
    ("momentum", Int(0)),
    ("centered", Bool(false)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("capturable", Bool(false)),
];

pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(
        h,
        &[
            ("lr", "learning rate"),
            ("eps", "epsilon value"),
            ("momentum", "momentum value"),
            ("weight_decay", "weight_decay value"),
            ("alpha", "alpha value"),
        ],
    )
}

/// RMSprop's arguments.
#[derive(Clone, Debug)]
pub struct RmsProp {
    lr: f64,
    momentum: f64,
    alpha: f64,
    eps: f64,
    centered: bool,
    weight_decay: f64,
    maximize: bool,
}

impl RmsProp {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            momentum: h.number("momentum")?,
            alpha: h.number("alpha")?,
            eps: h.number("eps")?,
            centered: h.flag("centered"),
            weight_decay: h.number("weight_decay")?,
            maximize: h.flag("maximize"),
        })
    }

    pub(super) fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![("step", Start::Number(0.0)), ("square_avg", Start::Filled(0.0))];
        if self.momentum > 0.0 {
            slots.push(("momentum_buffer", Start::Filled(0.0)));
        }
        if self.centered {
            slots.push(("grad_avg", Start::Filled(0.0)));
        }
        slots
    }

    pub(super) fn update(&self, param: Value, grad: Value, state: &mut State) -> Value {
        let mut grad = directed(grad, self.maximize);
        state.count();
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        let squares = state.moment("square_avg", &param).scale(self.alpha).addcmul(&grad, &grad, 1.0 - self.alpha);
        let average = if self.centered {
            let mean = state.moment("grad_avg", &param).lerp(&grad, 1.0 - self.alpha);
            let centered = squares.clone().addcmul(&mean, &mean, -1.0).sqrt();
            state.put("grad_avg", mean);
            centered
        } else {
            squares.clone().sqrt()
        };
        state.put("square_avg", squares);
        let average = average.offset(self.eps);
        if self.momentum > 0.0 {
            let buffer = state.moment("momentum_buffer", &param).scale(self.momentum).addcdiv(&grad, &average, 1.0);
            let param = param.add_scaled(&buffer, -self.lr);
            state.put("momentum_buffer", buffer);
            param
        } else {
            param.addcdiv(&grad, &average, -self.lr)
        }
    }
}
