//! `torch.optim.Rprop`, resilient backpropagation (`torch/optim/rprop.py`): only the gradient's sign counts, and each element has a step
//! size that grows while the sign stays.

use super::state::{Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::{Error, Result};
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{self, Bool, Float, None, Pair};

pub(super) const DEFAULTS: &[Default] = &[
    ("lr", Float(1e-2)),
    ("etas", Pair(0.5, 1.2)),
    ("step_sizes", Pair(1e-6, 50.0)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("capturable", Bool(false)),
];

pub(super) const RESTORED: &[Default] =
    &[("foreach", None), ("maximize", Bool(false)), ("differentiable", Bool(false)), ("capturable", Bool(false))];

pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(h, &[("lr", "learning rate")])?;
    let (minus, plus) = h.pair("etas")?;
    if 0.0 < minus && minus < 1.0 && 1.0 < plus {
        return Ok(());
    }
    let [minus, plus] = [minus, plus].map(HyperValue::Float);
    Err(Error::mismatch(format!("Invalid eta values: {minus}, {plus}")))
}

/// Rprop's arguments.
#[derive(Clone, Debug)]
pub struct Rprop {
    lr: f64,
    etas: (f64, f64),
    step_sizes: (f64, f64),
    maximize: bool,
}

impl Rprop {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            etas: h.pair("etas")?,
            step_sizes: h.pair("step_sizes")?,
            maximize: h.flag("maximize"),
        })
    }
}

impl Algorithm for Rprop {
    fn slots(&self) -> Vec<Slot> {
        vec![("step", Start::Number(0.0)), ("prev", Start::Filled(0.0)), ("step_size", Start::Filled(self.lr))]
    }

    fn moments(&self) -> Moments {
        [Some("prev"), Some("step_size"), Option::None]
    }

    fn begin(&self, state: &mut State) -> Scalars {
        state.count();
        [0.0; 3]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, _: Scalars, param: A, grad: A, [previous, size, c]: [A; 3]) -> [A; 4] {
        let grad = directed(grad, self.maximize);
        let agreement = previous.product(&grad);
        let factor = agreement.clone().by_sign([self.etas.0, 1.0, self.etas.1]);
        let size = size.product(&factor).between(self.step_sizes.0, self.step_sizes.1);
        // where the sign has changed the gradient counts as 0, and so it does in the next step
        let grad = grad.product(&agreement.by_sign([0.0, 1.0, 1.0]));
        let param = param.addcmul(&grad.clone().by_sign([-1.0, 0.0, 1.0]), &size, -1.0);
        [param, grad, size, c]
    }
}
