//! Tensors from nothing: `full`, `arange`, `linspace`, `eye`. Sequences are computed on the host as torch's CPU kernels do.

use super::Context;
use crate::dtype::DType;
use crate::engine::tensor::{Host, Kind, Tensor};
use crate::engine::value::{integers_as, physical, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Scalar as Number;
use burn::tensor::DType as Stored;

/// `torch.full`.
pub fn full(value: Number, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let stored = stored(want.dtype, cx.place())?;
    let kind = if stored.is_bool() {
        Kind::Bool
    } else if stored.is_float() {
        Kind::Float
    } else {
        Kind::Int
    };
    let element = super::broadcast::element(value, kind);
    Ok(cx.place().full(&physical(&want.shape), element, stored))
}

/// Host floats as the result's type.
#[expect(clippy::cast_possible_truncation, reason = "the result's type is narrower")]
fn floats(values: Vec<f64>, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let host = match stored(want.dtype, cx.place())? {
        Stored::F64 => Host::F64(values),
        Stored::Bool(_) => Host::Bool(values.into_iter().map(|v| v != 0.0).collect()),
        t if t.is_float() => Host::F32(values.into_iter().map(|v| v as f32).collect()),
        t => integers_as(values.into_iter().map(|v| v as i64).collect(), t)?,
    };
    Ok(cx.place().upload(host, &physical(&want.shape)))
}

/// `torch.arange` with its length worked out.
#[expect(clippy::cast_precision_loss, reason = "torch multiplies in float64 too")]
pub fn arange(start: Number, step: Number, len: usize, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    if let (Number::Int(start), Number::Int(step), true) = (start, step, want.dtype.is_int()) {
        let at = |i| start.wrapping_add(step.wrapping_mul(i64::try_from(i).unwrap_or(i64::MAX)));
        let host = integers_as((0..len).map(at).collect(), stored(want.dtype, cx.place())?)?;
        return Ok(cx.place().upload(host, &physical(&want.shape)));
    }
    floats((0..len).map(|i| start.as_f64() + step.as_f64() * i as f64).collect(), want, cx)
}

/// `torch.linspace`: from both ends to the middle.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as torch does, in the result's type")]
pub fn linspace(start: f64, end: f64, steps: usize, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let gaps = steps.saturating_sub(1).max(1);
    let half = steps / 2;
    let values = if want.dtype == DType::Float64 {
        let step = (end - start) / gaps as f64;
        (0..steps)
            .map(|i| if i < half { start + step * i as f64 } else { end - step * (steps - i - 1) as f64 })
            .collect()
    } else {
        let (start, end) = (start as f32, end as f32);
        let step = (end - start) / gaps as f32;
        let at = |i| if i < half { start + step * i as f32 } else { end - step * (steps - i - 1) as f32 };
        (0..steps).map(|i| f64::from(at(i))).collect()
    };
    floats(if steps == 1 { vec![start] } else { values }, want, cx)
}

/// `torch.eye`.
pub fn eye(n: usize, m: usize, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let cells = (0..n).flat_map(|row| (0..m).map(move |column| if row == column { 1.0 } else { 0.0 }));
    floats(cells.collect(), want, cx)
}
