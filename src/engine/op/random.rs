//! Random numbers: creation, `bernoulli`, dropout in train mode. The bits come from the device's own generator on the host, so a
//! seed gives the same run on every device (and another than torch's).

use super::Context;
use super::broadcast::floats;
use crate::engine::tensor::{Host, Scalar, Tensor};
use crate::engine::value::{Value, integers_as, physical, stored};
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::{Distribution, DropoutKind};
use burn::tensor::DType as Stored;

/// Uniform in [0, 1), 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn uniform(cx: &Context<'_>) -> f64 {
    (cx.device().random_bits() >> 11) as f64 / (1u64 << 53) as f64
}

/// Uniform in 0..n, without bias for any n that a tensor can have.
fn below(n: u64, cx: &Context<'_>) -> u64 {
    let wide = u128::from(cx.device().random_bits()) * u128::from(n);
    u64::try_from(wide >> 64).unwrap_or(0)
}

/// A normal number, by Box and Muller.
fn normal(cx: &Context<'_>) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(cx)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(cx)).cos()
}

/// `torch.rand`, `randn`, `randint`, `randperm` and their relatives.
#[expect(clippy::cast_possible_truncation, reason = "the result's type is narrower")]
pub fn random(distribution: Distribution, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let count: usize = want.shape.iter().product();
    let stored = stored(want.dtype, cx.place())?;
    let values: Vec<f64> = match distribution {
        Distribution::Uniform { low, high } => (0..count).map(|_| low + (high - low) * uniform(cx)).collect(),
        Distribution::Normal { mean, std } => (0..count).map(|_| mean + std * normal(cx)).collect(),
        Distribution::Randint { low, high } => {
            let width = u64::try_from(high.wrapping_sub(low)).ok().filter(|w| *w > 0);
            let width = width.ok_or_else(|| {
                Error::mismatch(format!("random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"))
            })?;
            let draw = || low.wrapping_add(i64::try_from(below(width, cx)).unwrap_or(0));
            return whole((0..count).map(|_| draw()).collect(), want, stored, cx);
        }
        Distribution::Permutation => {
            let mut order: Vec<i64> = (0..count).map(|i| i64::try_from(i).unwrap_or(0)).collect();
            for i in (1..count).rev() {
                let j = usize::try_from(below(i as u64 + 1, cx)).unwrap_or(0);
                order.swap(i, j);
            }
            return whole(order, want, stored, cx);
        }
    };
    let host = match stored {
        Stored::F64 => Host::F64(values),
        t if t.is_float() => Host::F32(values.into_iter().map(|v| v as f32).collect()),
        _ => return Err(Error::unsupported(format!("random numbers of torch.{}", want.dtype.name()))),
    };
    Ok(cx.place().upload(host, &physical(&want.shape)))
}

#[expect(clippy::cast_precision_loss, reason = "torch draws integers into floating tensors too")]
fn whole(values: Vec<i64>, want: &Info, stored: Stored, cx: &Context<'_>) -> Result<Tensor> {
    let shape = physical(&want.shape);
    let host = match stored {
        t if t.is_float() => Host::F64(values.into_iter().map(|v| v as f64).collect()),
        Stored::Bool(_) => Host::Bool(values.into_iter().map(|v| v != 0).collect()),
        t => integers_as(values, t)?,
    };
    match host {
        Host::F64(v) if stored != Stored::F64 => {
            #[expect(clippy::cast_possible_truncation, reason = "the result's type is narrower")]
            let v = v.into_iter().map(|v| v as f32).collect();
            Ok(cx.place().upload(Host::F32(v), &shape))
        }
        host => Ok(cx.place().upload(host, &shape)),
    }
}

/// `torch.bernoulli`: 1 with the probability that x gives.
pub fn bernoulli(x: Tensor, cx: &Context<'_>) -> Result<Tensor> {
    let shape = x.shape();
    let draws = floats(cx.place(), (0..x.numel()).map(|_| uniform(cx)).collect(), &shape, &x);
    let dtype = x.dtype();
    Ok(draws.lt(x).to_float(dtype.into()))
}

/// Dropout in train mode.
pub fn dropout(x: Value, p: f64, kind: DropoutKind, cx: &Context<'_>) -> Result<Tensor> {
    let x = x.into_tensor();
    if p == 0.0 {
        return Ok(x);
    }
    let feature = matches!(kind, DropoutKind::Feature | DropoutKind::FeatureAlpha);
    let shape: Vec<usize> =
        x.shape().into_iter().enumerate().map(|(d, n)| if feature && d >= 2 { 1 } else { n }).collect();
    let kept = |_| if uniform(cx) < p { 0.0 } else { 1.0 };
    let noise = floats(cx.place(), (0..shape.iter().product()).map(kept).collect(), &shape, &x);
    Ok(match kind {
        DropoutKind::Element | DropoutKind::Feature => {
            let scale = if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 };
            x.mul(noise.mul_scalar(Scalar::Float(scale)))
        }
        DropoutKind::Alpha | DropoutKind::FeatureAlpha if p < 1.0 => {
            const ALPHA: f64 = 1.758_099_340_847_376_6;
            let a = 1.0 / ((ALPHA * ALPHA * p + 1.0) * (1.0 - p)).sqrt();
            let b = noise.clone().sub_scalar(Scalar::Float(1.0)).mul_scalar(Scalar::Float(ALPHA * a));
            x.mul(noise.mul_scalar(Scalar::Float(a))).add(b.add_scalar(Scalar::Float(ALPHA * a * p)))
        }
        DropoutKind::Alpha | DropoutKind::FeatureAlpha => x.mul_scalar(Scalar::Float(0.0)),
    })
}
