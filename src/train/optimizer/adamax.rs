//! Relatives of Adam: `torch.optim.Adamax`, `NAdam` and `RAdam` (`torch/optim/adamax.py`, `nadam.py`, `radam.py`).

use super::state::{Entry, Slot, Start, State};
use super::{Algorithm, Default, Moments, Scalars, check_betas, directed, not_negative};
use crate::engine::arithmetic::Elementwise;
use crate::error::Result;
use crate::train::hyper::Hyper;
use crate::train::hyper::HyperValue::{Bool, Float, Int, None, Pair};

pub(super) const ADAMAX: &[Default] = &[
    ("lr", Float(2e-3)),
    ("betas", Pair(0.9, 0.999)),
    ("eps", Float(1e-8)),
    ("weight_decay", Int(0)),
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("capturable", Bool(false)),
];

pub(super) const ADAMAX_RESTORED: &[Default] =
    &[("foreach", None), ("maximize", Bool(false)), ("differentiable", Bool(false)), ("capturable", Bool(false))];

pub(super) const NADAM: &[Default] = &[
    ("lr", Float(2e-3)),
    ("betas", Pair(0.9, 0.999)),
    ("eps", Float(1e-8)),
    ("weight_decay", Int(0)),
    ("momentum_decay", Float(4e-3)),
    ("decoupled_weight_decay", Bool(false)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("differentiable", Bool(false)),
];

pub(super) const NADAM_RESTORED: &[Default] = &[
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("differentiable", Bool(false)),
    ("decoupled_weight_decay", Bool(false)),
];

pub(super) const RADAM: &[Default] = &[
    ("lr", Float(1e-3)),
    ("betas", Pair(0.9, 0.999)),
    ("eps", Float(1e-8)),
    ("weight_decay", Int(0)),
    ("maximize", Bool(false)),
    ("foreach", None),
    ("capturable", Bool(false)),
    ("decoupled_weight_decay", Bool(false)),
    ("differentiable", Bool(false)),
];

pub(super) const RADAM_RESTORED: &[Default] = &[
    ("foreach", None),
    ("maximize", Bool(false)),
    ("differentiable", Bool(false)),
    ("decoupled_weight_decay", Bool(false)),
    ("capturable", Bool(false)),
];

/// Adamax's and RAdam's.
pub(super) fn check(h: &Hyper) -> Result<()> {
    not_negative(h, &[("lr", "learning rate"), ("eps", "epsilon value")])?;
    check_betas(h)?;
    not_negative(h, &[("weight_decay", "weight_decay value")])
}

pub(super) fn check_nadam(h: &Hyper) -> Result<()> {
    check(h)?;
    not_negative(h, &[("momentum_decay", "momentum_decay value")])
}

/// What the three share.
#[derive(Clone, Debug)]
struct Common {
    lr: f64,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    decoupled: bool,
    maximize: bool,
}

impl Common {
    fn read(h: &Hyper) -> Result<Self> {
        Ok(Self {
            lr: h.number("lr")?,
            betas: h.pair("betas")?,
            eps: h.number("eps")?,
            weight_decay: h.number("weight_decay")?,
            decoupled: h.flag("decoupled_weight_decay"),
            maximize: h.flag("maximize"),
        })
    }

    /// The parameter and the gradient after weight decay.
    #[inline(always)]
    fn decay<A: Elementwise>(&self, param: A, grad: A) -> (A, A) {
        let grad = directed(grad, self.maximize);
        if self.weight_decay == 0.0 {
            (param, grad)
        } else if self.decoupled {
            (param.scale(1.0 - self.lr * self.weight_decay), grad)
        } else {
            let grad = grad.add_scaled(&param, self.weight_decay);
            (param, grad)
        }
    }

    /// First and second moments after a gradient.
    #[inline(always)]
    fn moments<A: Elementwise>(&self, grad: &A, average: A, squares: A) -> (A, A) {
        let (beta1, beta2) = self.betas;
        (average.lerp(grad, 1.0 - beta1), squares.scale(beta2).addcmul(grad, grad, 1.0 - beta2))
    }
}

const STEP: Slot = ("step", Start::Number(0.0));
const EXP_AVG: Slot = ("exp_avg", Start::Filled(0.0));
const EXP_AVG_SQ: Slot = ("exp_avg_sq", Start::Filled(0.0));

/// Adamax's arguments.
#[derive(Clone, Debug)]
pub struct Adamax(Common);

impl Adamax {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        // Adamax has no decoupled decay, whatever a group carries along.
        Common::read(h).map(|common| Self(Common { decoupled: false, ..common }))
    }
}

impl Algorithm for Adamax {
    fn slots(&self) -> Vec<Slot> {
        vec![STEP, EXP_AVG, ("exp_inf", Start::Filled(0.0))]
    }

    fn moments(&self) -> Moments {
        [Some("exp_avg"), Some("exp_inf"), Option::None]
    }

    /// The step's size.
    fn begin(&self, state: &mut State) -> Scalars {
        let step = state.count();
        [self.0.lr / (1.0 - self.0.betas.0.powf(step)), 0.0, 0.0]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, [size, ..]: Scalars, param: A, grad: A, [average, largest, c]: [A; 3]) -> [A; 4] {
        let Common { betas: (beta1, beta2), eps, .. } = self.0;
        let (param, grad) = self.0.decay(param, grad);
        let average = average.lerp(&grad, 1.0 - beta1);
        let largest = largest.scale(beta2).maximum(&grad.abs().offset(eps));
        [param.addcdiv(&average, &largest, -size), average, largest, c]
    }
}

/// NAdam's arguments.
#[derive(Clone, Debug)]
pub struct NAdam {
    common: Common,
    momentum_decay: f64,
}

impl NAdam {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Ok(Self { common: Common::read(h)?, momentum_decay: h.number("momentum_decay")? })
    }
}

impl Algorithm for NAdam {
    fn slots(&self) -> Vec<Slot> {
        vec![STEP, ("mu_product", Start::Number(1.0)), EXP_AVG, EXP_AVG_SQ]
    }

    fn moments(&self) -> Moments {
        [Some("exp_avg"), Some("exp_avg_sq"), Option::None]
    }

    /// What the gradient and the first moment count for, and the second moment's bias correction.
    #[expect(clippy::cast_possible_truncation, reason = "mu_product is a float32 tensor")]
    fn begin(&self, state: &mut State) -> Scalars {
        let Common { lr, betas: (beta1, beta2), .. } = self.common;
        let step = state.count();
        let momentum = |step: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(step * self.momentum_decay));
        let (mu, next) = (momentum(step), momentum(step + 1.0));
        let product = f64::from(state.number("mu_product", 1.0) as f32 * mu as f32);
        state.set("mu_product", Entry::Number(product));
        [-lr * (1.0 - mu) / (1.0 - product), -lr * next / (1.0 - product * next), 1.0 - beta2.powf(step)]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, scalars: Scalars, param: A, grad: A, [average, squares, c]: [A; 3]) -> [A; 4] {
        let [gradient, moment, correction] = scalars;
        let (param, grad) = self.common.decay(param, grad);
        let (average, squares) = self.common.moments(&grad, average, squares);
        let denominator = squares.clone().divide(correction).sqrt().offset(self.common.eps);
        let param = param.addcdiv(&grad, &denominator, gradient).addcdiv(&average, &denominator, moment);
        [param, average, squares, c]
    }
}

/// RAdam's arguments.
#[derive(Clone, Debug)]
pub struct RAdam(Common);

impl RAdam {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Common::read(h).map(Self)
    }
}

impl Algorithm for RAdam {
    fn slots(&self) -> Vec<Slot> {
        vec![STEP, EXP_AVG, EXP_AVG_SQ]
    }

    fn moments(&self) -> Moments {
        [Some("exp_avg"), Some("exp_avg_sq"), Option::None]
    }

    /// The first moment's bias correction, the root of the second's, and the rectification; 0 while the average is too short.
    fn begin(&self, state: &mut State) -> Scalars {
        let (beta1, beta2) = self.0.betas;
        let step = state.count();
        let correction = 1.0 - beta2.powf(step);
        // How long the simple moving average is that the second moment approximates.
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * step * beta2.powf(step) / correction;
        let rectified = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
        [1.0 - beta1.powf(step), correction.sqrt(), if length > 5.0 { rectified.sqrt() } else { 0.0 }]
    }

    #[inline(always)]
    fn update<A: Elementwise>(&self, scalars: Scalars, param: A, grad: A, [average, squares, c]: [A; 3]) -> [A; 4] {
        let [first, second, rectification] = scalars;
        let (param, grad) = self.0.decay(param, grad);
        let (average, squares) = self.0.moments(&grad, average, squares);
        let corrected = average.clone().divide(first).scale(self.0.lr);
        let update = if rectification > 0.0 {
            let adaptive = squares.clone().sqrt().offset(self.0.eps).divides(second);
            corrected.product(&adaptive).scale(rectification)
        } else {
            corrected
        };
        [param.add_scaled(&update, -1.0), average, squares, c]
    }
}
