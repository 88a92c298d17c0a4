//! Relatives of Adam: `torch.optim.Adamax`, `NAdam` and `RAdam` (`torch/optim/adamax.py`, `nadam.py`, `radam.py`).

use super::state::{Entry, Slot, Start, State};
use super::{Default, check_betas, directed, not_negative};
use crate::engine::value::Value;
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
    fn decay(&self, param: Value, grad: Value) -> (Value, Value) {
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
    fn moments(&self, param: &Value, grad: &Value, state: &mut State) -> (Value, Value) {
        let (beta1, beta2) = self.betas;
        let average = state.moment("exp_avg", param).lerp(grad, 1.0 - beta1);
        let squares = state.moment("exp_avg_sq", param).scale(beta2).addcmul(grad, grad, 1.0 - beta2);
        (average, squares)
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

    pub(super) fn slots() -> Vec<Slot> {
        vec![STEP, EXP_AVG, ("exp_inf", Start::Filled(0.0))]
    }

    pub(super) fn update(&self, param: Value, grad: Value, state: &mut State) -> Value {
        let Common { lr, betas: (beta1, beta2), eps, .. } = self.0;
        let step = state.count();
        let (param, grad) = self.0.decay(param, grad);
        let average = state.moment("exp_avg", &param).lerp(&grad, 1.0 - beta1);
        let largest = state.moment("exp_inf", &param).scale(beta2).maximum(&grad.abs().offset(eps));
        let param = param.addcdiv(&average, &largest, -(lr / (1.0 - beta1.powf(step))));
        state.put("exp_avg", average);
        state.put("exp_inf", largest);
        param
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

    pub(super) fn slots() -> Vec<Slot> {
        vec![STEP, ("mu_product", Start::Number(1.0)), EXP_AVG, EXP_AVG_SQ]
    }

    #[expect(clippy::cast_possible_truncation, reason = "mu_product is a float32 tensor")]
    pub(super) fn update(&self, param: Value, grad: Value, state: &mut State) -> Value {
        let Common { lr, betas: (beta1, beta2), eps, .. } = self.common;
        let step = state.count();
        let (param, grad) = self.common.decay(param, grad);
        let momentum = |step: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(step * self.momentum_decay));
        let (mu, next) = (momentum(step), momentum(step + 1.0));
        let product = f64::from(state.number("mu_product", 1.0) as f32 * mu as f32);
        state.set("mu_product", Entry::Number(product));
        let (average, squares) = self.common.moments(&param, &grad, state);
        let denominator = squares.clone().divide(1.0 - beta2.powf(step)).sqrt().offset(eps);
        let param = param.addcdiv(&grad, &denominator, -lr * (1.0 - mu) / (1.0 - product)).addcdiv(
            &average,
            &denominator,
            -lr * next / (1.0 - product * next),
        );
        state.put("exp_avg", average);
        state.put("exp_avg_sq", squares);
        param
    }
}

/// RAdam's arguments.
#[derive(Clone, Debug)]
pub struct RAdam(Common);

impl RAdam {
    pub(super) fn read(h: &Hyper) -> Result<Self> {
        Common::read(h).map(Self)
    }

    pub(super) fn slots() -> Vec<Slot> {
        vec![STEP, EXP_AVG, EXP_AVG_SQ]
    }

    pub(super) fn update(&self, param: Value, grad: Value, state: &mut State) -> Value {
        let Common { lr, betas: (beta1, beta2), eps, .. } = self.0;
        let step = state.count();
        let (param, grad) = self.0.decay(param, grad);
        let (average, squares) = self.0.moments(&param, &grad, state);
        let correction = 1.0 - beta2.powf(step);
        let corrected = average.clone().divide(1.0 - beta1.powf(step)).scale(lr);
        // How long the simple moving average is that the second moment approximates.
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * step * beta2.powf(step) / correction;
        let update = if length > 5.0 {
            let rectified = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
            let adaptive = squares.clone().sqrt().offset(eps).divides(correction.sqrt());
            corrected.product(&adaptive).scale(rectified.sqrt())
        } else {
            corrected
        };
        state.put("exp_avg", average);
        state.put("exp_avg_sq", squares);
        param.add_scaled(&update, -1.0)
    }
}
