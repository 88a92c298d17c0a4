//! Activations with parameters, by the formulas of ATen's CPU kernels.

use super::Context;
use super::broadcast::{channels, constant, lift};
use super::elementwise::{bounded, expm1};
use crate::dtype::DType;
use crate::engine::cpu;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::engine::value::{Value, convert, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Activation;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

fn f(value: f64) -> Scalar {
    Scalar::Float(value)
}

/// max (x, 0) and min (x, 0); their sum is x.
fn halves(x: &Tensor) -> (Tensor, Tensor) {
    (x.clone().clamp_min(f(0.0)), x.clone().clamp_max(f(0.0)))
}

/// ln (1 + e^-|x|)
fn tail(x: &Tensor) -> Tensor {
    x.clone().abs().neg().exp().log1p()
}

/// An activation; of integers in the result's type where that is floating, else in a wide one.
pub fn run(activation: Activation, x: Tensor, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    if x.kind() == Kind::Float {
        return Ok(floats(activation, x));
    }
    let dtype = if want.dtype.is_float() { want.dtype } else { DType::Float64 };
    Ok(floats(activation, convert(x, stored(dtype, cx.place())?)))
}

fn floats(activation: Activation, x: Tensor) -> Tensor {
    match activation {
        Activation::LeakyRelu { negative_slope } => {
            let below = x.clone().mul_scalar(f(negative_slope));
            let positive = x.clone().gt_scalar(f(0.0));
            below.mask_where(positive, x)
        }
        Activation::Elu { alpha, scale, input_scale } => x.apply(
            |x| elu(x, alpha, scale, input_scale),
            move |x, y| {
                let below = y.add_scalar(f(alpha * scale)).mul_scalar(f(input_scale));
                let above = constant(&below, scale).expand(&below.shape());
                below.mask_where(x.gt_scalar(f(0.0)), above)
            },
        ),
        Activation::Celu { alpha } => x.apply(
            |x| elu(x, alpha, 1.0, 1.0 / alpha),
            move |x, y| {
                let below = y.add_scalar(f(alpha)).div_scalar(f(alpha));
                let above = constant(&below, 1.0).expand(&below.shape());
                below.mask_where(x.gt_scalar(f(0.0)), above)
            },
        ),
        Activation::Gelu { tanh: false } => x.apply(Tensor::gelu, |x, _| {
            let mass = x.clone().mul_scalar(f(FRAC_1_SQRT_2)).erf().add_scalar(f(1.0)).mul_scalar(f(0.5));
            let density = x.clone().mul(x.clone()).mul_scalar(f(-0.5)).exp().mul_scalar(f((2.0 * PI).sqrt().recip()));
            mass.add(x.mul(density))
        }),
        Activation::Gelu { tanh: true } => x.apply(
            |x| {
                let burn = || gelu_inner(&x).tanh().add_scalar(f(1.0)).mul(x.clone().mul_scalar(f(0.5)));
                cpu::gelu_tanh(&x).unwrap_or_else(burn)
            },
            |x, _| {
                let tanh = gelu_inner(&x).tanh();
                let square = x.clone().mul(x.clone()).mul_scalar(f(3.0 * 0.044_715)).add_scalar(f(1.0));
                let inner = square.mul_scalar(f((2.0 / PI).sqrt()));
                let rest = tanh.clone().mul(tanh.clone()).neg().add_scalar(f(1.0));
                tanh.add_scalar(f(1.0)).add(x.mul(rest).mul(inner)).mul_scalar(f(0.5))
            },
        ),
        Activation::Mish => x.apply(
            |x| softplus(&x).tanh().mul(x),
            |x, _| {
                let tanh = softplus(&x).tanh();
                let rest = tanh.clone().mul(tanh.clone()).neg().add_scalar(f(1.0));
                tanh.add(x.clone().mul(x.sigmoid()).mul(rest))
            },
        ),
        Activation::Hardswish => x.apply(
            |x| gate(&x).mul(x).div_scalar(f(6.0)),
            |x, _| {
                let inner = x.clone().div_scalar(f(3.0)).add_scalar(f(0.5));
                let one = constant(&inner, 1.0).expand(&inner.shape());
                inner.mask_fill(x.clone().le_scalar(f(-3.0)), f(0.0)).mask_where(x.ge_scalar(f(3.0)), one)
            },
        ),
        Activation::Hardsigmoid => {
            // torch's sixth is a float32 here, whatever x is.
            let sixth = f(f64::from(1.0_f32 / 6.0));
            x.apply(|x| gate(&x).div_scalar(f(6.0)), move |x, _| within(&x, -3.0, 3.0).mul_scalar(sixth))
        }
        Activation::Softsign => {
            let below = x.clone().abs().add_scalar(f(1.0));
            x.div(below)
        }
        Activation::Logsigmoid => x.apply(
            |x| {
                let (_, low) = halves(&x);
                low.sub(tail(&x))
            },
            |x, _| x.neg().sigmoid(),
        ),
        Activation::Tanhshrink => x.apply(
            |x| x.clone().sub(x.tanh()),
            |x, _| {
                let tanh = x.tanh();
                tanh.clone().mul(tanh)
            },
        ),
        Activation::Hardtanh { min, max } => {
            let bounded = move |x: Tensor| bounded(x, Some(f(min)), Some(f(max)));
            x.apply(bounded, move |x, _| within(&x, min, max))
        }
        Activation::Softplus { beta, threshold } => x.apply(
            |x| {
                let scaled = x.clone().mul_scalar(f(beta));
                let linear = scaled.clone().gt_scalar(f(threshold));
                let soft = scaled.clamp_max(f(threshold)).exp().log1p().div_scalar(f(beta));
                soft.mask_where(linear, x)
            },
            move |x, _| {
                let scaled = x.mul_scalar(f(beta));
                let linear = scaled.clone().gt_scalar(f(threshold));
                scaled.sigmoid().mask_fill(linear, f(1.0))
            },
        ),
        Activation::Hardshrink { lambd } => {
            let inside = x.clone().ge_scalar(f(-lambd)).and(x.clone().le_scalar(f(lambd)));
            x.mask_fill(inside, f(0.0))
        }
        Activation::Softshrink { lambd } => {
            let (above, below) = (x.clone().gt_scalar(f(lambd)), x.clone().lt_scalar(f(-lambd)));
            let inside = x.clone().mul_scalar(f(0.0));
            inside.mask_where(above, x.clone().sub_scalar(f(lambd))).mask_where(below, x.add_scalar(f(lambd)))
        }
        Activation::Threshold { threshold, value } => {
            let low = x.clone().le_scalar(f(threshold));
            x.mask_fill(low, f(value))
        }
    }
}

/// max (0, x) scaled, and below it a curve towards -alpha.
fn elu(x: Tensor, alpha: f64, scale: f64, input_scale: f64) -> Tensor {
    let positive = x.clone().gt_scalar(f(0.0));
    let (_, low) = halves(&x);
    let below = expm1(low.mul_scalar(f(input_scale))).mul_scalar(f(alpha * scale));
    below.mask_where(positive, x.mul_scalar(f(scale)))
}

/// ln (1 + e^x)
fn softplus(x: &Tensor) -> Tensor {
    let (high, _) = halves(x);
    high.add(tail(x))
}

/// What gelu's tanh is of.
fn gelu_inner(x: &Tensor) -> Tensor {
    let cube = x.clone().mul(x.clone()).mul(x.clone()).mul_scalar(f(0.044_715));
    x.clone().add(cube).mul_scalar(f((2.0 / PI).sqrt()))
}

/// 1 strictly between two numbers, else 0.
fn within(x: &Tensor, low: f64, high: f64) -> Tensor {
    let inside = x.clone().gt_scalar(f(low)).and(x.clone().lt_scalar(f(high)));
    let dtype = x.dtype();
    inside.to_float(dtype.into())
}

/// relu6 (x + 3)
fn gate(x: &Tensor) -> Tensor {
    x.clone().add_scalar(f(3.0)).clamp_min(f(0.0)).clamp_max(f(6.0))
}

/// `F.prelu`: a slope for each channel, or one for all.
pub fn prelu(x: Value, weight: Value) -> Tensor {
    let (x, weight) = (x.into_tensor(), weight.into_tensor());
    let rank = x.rank();
    let weight = match weight.numel() {
        1 => lift(weight.reshape(&[1]), rank),
        _ if rank < 2 => weight,
        _ => channels(weight, rank),
    };
    let positive = x.clone().gt_scalar(f(0.0));
    let below = x.clone().mul(weight);
    let shape = below.shape();
    below.mask_where(positive, x.expand(&shape))
}
