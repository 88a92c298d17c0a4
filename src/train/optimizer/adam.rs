//! `torch.optim.Adam` and `torch.optim.AdamW`, which is Adam with its weight decay decoupled (`torch/optim/adam.py`, `adamw.py`).

use super::state::{Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, check_betas, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::Result;
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None, Pair};

pub(super) const ADAM: &[Default] = &[
    ("lr", Float(1e-3)),
    ("betas", Pair(0.9, 0.999)),
    ("eps", Float(1e-8)),
    ("weight_decay", Int(0)),
    ("amsgrad", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("differentiable", Bool(false)),
    ("fused", None),
    ("decoupled_weight_decay", Bool(false)),
];

pub(super) const ADAMW: &[Default] = &[
    ("lr", Float(1e-3)),
    ("betas", Pair(0.9, 0.999)),
    ("eps", Float(1e-8)),
    ("weight_decay", Float(1e-2)),
    ("amsgrad", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("differentiable", Bool(false)),
    ("fused", None),
    ("decoupled_weight_decay", Bool(true)),
];

pub(super) const RESTORED: &[Default] = &[
    ("amsgrad", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("differentiable", Bool(false)),
    ("decoupled_weight_decay", Bool(false)),
    ("fused", None),
];

pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(h, &[("lr", "learning rate"), ("eps", "epsilon value")])?;
    check_betas(h)?;
    not_negative(h, &[("weight_decay", "weight_decay value")])
}

/// Adam's arguments.
#[derive(Clone, Debug)]
pub struct Adam {
    lr: f64,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    amsgrad: bool,
    maximize: bool,
    decoupled: bool,
}

impl Adam {
    /// AdamW sets `decoupled_weight_decay` whatever a file says.
    pub(super) fn read(h: &Hyper, decoupled: bool) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            betas: h.pair("betas")?,
            eps: h.number("eps")?,
            weight_decay: h.number("weight_decay")?,
            amsgrad: h.flag("amsgrad"),
            maximize: h.flag("maximize"),
            decoupled: decoupled || h.flag("decoupled_weight_decay"),
        })
    }
}

impl Algorithm for Adam {
    fn slots(&self) -> Vec<Slot> {
        let mut slots =
            vec![("step", Start::Number(0.0)), ("exp_avg", Start::Filled(0.0)), ("exp_avg_sq", Start::Filled(0.0))];
        if self.amsgrad {
            slots.push(("max_exp_avg_sq", Start::Filled(0.0)));
        }
        slots
    }

    fn moments(&self) -> Moments {
        [Some("exp_avg"), Some("exp_avg_sq"), self.amsgrad.then_some("max_exp_avg_sq")]
    }

    /// The step's size, and the square root of the second moment's bias correction.
    fn begin(&self, state: &mut State) -> Scalars {
        let step = state.count();
        let (beta1, beta2) = self.betas;
        [self.lr / (1.0 - beta1.powf(step)), (1.0 - beta2.powf(step)).sqrt(), 0.0]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, scalars: Scalars, mut param: A, grad: A, moments: [A; 3]) -> [A; 4] {
        let ([size, correction, _], [average, squares, largest]) = (scalars, moments);
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            if self.decoupled {
                param = param.scale(1.0 - self.lr * self.weight_decay);
            } else {
                grad = grad.add_scaled(&param, self.weight_decay);
            }
        }
        let (beta1, beta2) = self.betas;
        let average = average.lerp(&grad, 1.0 - beta1);
        let squares = squares.scale(beta2).addcmul(&grad, &grad, 1.0 - beta2);
        let largest = if self.amsgrad { largest.maximum(&squares) } else { largest };
        let second = if self.amsgrad { largest.clone() } else { squares.clone() };
        let denominator = second.sqrt().divide(correction).offset(self.eps);
        [param.addcdiv(&average, &denominator, -size), average, squares, largest]
    }
}
