//! `torch.optim.ASGD`, averaged stochastic gradient descent (`torch/optim/asgd.py`). `eta` and `mu` are float32 numbers of each state: a
//! learning rate that decays and the weight of the newest parameter in the average `ax`.

use super::state::{Entry, Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::Result;
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None};

pub(super) const DEFAULTS: &[Default] = &[
    ("lr", Float(1e-2)),
    ("lambd", Float(1e-4)),
    ("alpha", Float(0.75)),
    ("t0", Float(1e6)),
    ("weight_decay", Int(0)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("capturable", Bool(false)),
];

pub(super) const RESTORED: &[Default] =
    &[("foreach", None), ("maximize", Bool(false)), ("differentiable", Bool(false)), ("capturable", Bool(false))];

pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(
        h,
        &[
            ("lr", "learning rate"),
            ("lambd", "lambd value"),
            ("alpha", "alpha value"),
            ("weight_decay", "weight_decay value"),
        ],
    )
}

/// ASGD's arguments.
#[derive(Clone, Debug)]
pub struct Asgd {
    lr: f64,
    lambd: f64,
    alpha: f64,
    t0: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Asgd {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            lambd: h.number("lambd")?,
            alpha: h.number("alpha")?,
            t0: h.number("t0")?,
            weight_decay: h.number("weight_decay")?,
            maximize: h.flag("maximize"),
        })
    }
}

/// As a float32 tensor holds it.
#[expect(clippy::cast_possible_truncation, reason = "the tensor is float32")]
fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

impl Algorithm for Asgd {
    fn slots(&self) -> Vec<Slot> {
        vec![
            ("step", Start::Number(0.0)),
            ("eta", Start::Number(single(self.lr))),
            ("mu", Start::Number(1.0)),
            ("ax", Start::Filled(0.0)),
        ]
    }

    fn moments(&self) -> Moments {
        [Some("ax"), Option::None, Option::None]
    }

    /// `eta` and `mu` of this step; the state has the next ones afterwards.
    fn begin(&self, state: &mut State) -> Scalars {
        let step = state.count();
        let (eta, mu) = (state.number("eta", single(self.lr)), state.number("mu", 1.0));
        let next = self.lr / (1.0 + self.lambd * self.lr * step).powf(self.alpha);
        state.set("eta", Entry::Number(single(next)));
        state.set("mu", Entry::Number(single(1.0 / (step - self.t0).max(1.0))));
        [eta, mu, 0.0]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, [eta, mu, _]: Scalars, param: A, grad: A, [average, b, c]: [A; 3]) -> [A; 4] {
        let mut grad = directed(grad, self.maximize);
        if self.weight_decay != 0.0 {
            grad = grad.add_scaled(&param, self.weight_decay);
        }
        let param = param.scale(1.0 - self.lambd * eta).add_scaled(&grad, -eta);
        let average = if mu == 1.0 {
            param.clone()
        } else {
            let way = param.clone().add_scaled(&average, -1.0);
            average.add_scaled(&way, mu)
        };
        [param, average, b, c]
    }
}
