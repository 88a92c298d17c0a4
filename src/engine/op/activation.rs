//! Activations with parameters, by the formulas of ATen's CPU kernels.

use super::Context;
use super::broadcast::{channels, lift};
use super::elementwise::expm1;
use crate::dtype::DType;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::engine::value::{Value, convert, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Activation;

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
        Activation::Elu { alpha, scale, input_scale } => {
            let positive = x.clone().gt_scalar(f(0.0));
            let (_, low) = halves(&x);
            let below = expm1(low.mul_scalar(f(input_scale))).mul_scalar(f(alpha * scale));
            below.mask_where(positive, x.mul_scalar(f(scale)))
        }
        Activation::Celu { alpha } => {
            let positive = x.clone().gt_scalar(f(0.0));
            let (_, low) = halves(&x);
            let below = expm1(low.mul_scalar(f(1.0 / alpha))).mul_scalar(f(alpha));
            below.mask_where(positive, x)
        }
        Activation::Gelu { tanh: false } => x.gelu(),
        Activation::Gelu { tanh: true } => {
            let cube = x.clone().mul(x.clone()).mul(x.clone()).mul_scalar(f(0.044_715));
            let inner = x.clone().add(cube).mul_scalar(f((2.0 / std::f64::consts::PI).sqrt()));
            inner.tanh().add_scalar(f(1.0)).mul(x.mul_scalar(f(0.5)))
        }
        Activation::Mish => {
            let (high, _) = halves(&x);
            let softplus = high.add(tail(&x));
            softplus.tanh().mul(x)
        }
        Activation::Hardswish => gate(&x).mul(x).div_scalar(f(6.0)),
        Activation::Hardsigmoid => gate(&x).div_scalar(f(6.0)),
        Activation::Softsign => {
            let below = x.clone().abs().add_scalar(f(1.0));
            x.div(below)
        }
        Activation::Logsigmoid => {
            let (_, low) = halves(&x);
            low.sub(tail(&x))
        }
        Activation::Tanhshrink => x.clone().sub(x.tanh()),
        Activation::Hardtanh { min, max } => x.clamp_min(f(min)).clamp_max(f(max)),
        Activation::Softplus { beta, threshold } => {
            let scaled = x.clone().mul_scalar(f(beta));
            let linear = scaled.clone().gt_scalar(f(threshold));
            let soft = scaled.clamp_max(f(threshold)).exp().log1p().div_scalar(f(beta));
            soft.mask_where(linear, x)
        }
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
