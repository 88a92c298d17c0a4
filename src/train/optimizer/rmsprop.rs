//! `torch.optim.RMSprop`: centered, with momentum (`torch/optim/rmsprop.py`).

use super::state::{Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
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
}

impl Algorithm for RmsProp {
    fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![("step", Start::Number(0.0)), ("square_avg", Start::Filled(0.0))];
        if self.momentum > 0.0 {
            slots.push(("momentum_buffer", Start::Filled(0.0)));
        }
        if self.centered {
            slots.push(("grad_avg", Start::Filled(0.0)));
        }
        slots
    }

    fn moments(&self) -> Moments {
        let buffer = (self.momentum > 0.0).then_some("momentum_buffer");
        [Some("square_avg"), buffer, self.centered.then_some("grad_avg")]
    }

    fn begin(&self, state: &mut State) -> Scalars {
        state.count();
        [0.0; 3]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, _: Scalars, param: A, grad: A, [squares, buffer, mean]: [A; 3]) -> [A; 4] {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        let squares = squares.scale(self.alpha).addcmul(&grad, &grad, 1.0 - self.alpha);
        let (mean, average) = if self.centered {
            let mean = mean.lerp(&grad, 1.0 - self.alpha);
            let centered = squares.clone().addcmul(&mean, &mean, -1.0).sqrt();
            (mean, centered)
        } else {
            (mean, squares.clone().sqrt())
        };
        let average = average.offset(self.eps);
        if self.momentum > 0.0 {
            let buffer = buffer.scale(self.momentum).addcdiv(&grad, &average, 1.0);
            [param.add_scaled(&buffer, -self.lr), squares, buffer, mean]
        } else {
            [param.addcdiv(&grad, &average, -self.lr), squares, buffer, mean]
        }
    }
}
