//! Reductions over dims: one pass over a merged dim, whatever the dims are.

use super::Context;
use super::broadcast::constant;
use crate::engine::tensor::{Scalar, Tensor};
use crate::engine::value::{Value, convert, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Reduce;

/// Reduces; the result's shape is the caller's to give.
pub fn reduce(op: Reduce, x: Value, dims: &[usize], want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let x = x.into_tensor();
    // Sums of integers are int64, of bools too; the result's type is the type to add in.
    let x = match op {
        Reduce::Any | Reduce::All => x.to_bool(),
        Reduce::Amax | Reduce::Amin => x.numeric(),
        _ => convert(x, stored(want.dtype, cx.place())?).numeric(),
    };
    let x = merged(x, dims);
    Ok(match op {
        Reduce::Sum => x.sum_dim(1),
        Reduce::Mean => x.mean_dim(1),
        Reduce::Prod => x.prod_dim(1),
        Reduce::Amax => extreme(x, |x| x.max_dim(1)),
        Reduce::Amin => extreme(x, |x| x.min_dim(1)),
        Reduce::Any => x.any_dim(1),
        Reduce::All => x.all_dim(1),
        Reduce::Var { correction } => variance(x, correction),
        Reduce::LogSumExp => log_sum_exp(x),
        Reduce::Norm { p } => norm(x, p),
    })
}

/// (before, reduced, after): without a copy where the reduced dims stand side by side.
pub fn merged(x: Tensor, dims: &[usize]) -> Tensor {
    let shape = x.shape();
    let product = |range: &[usize]| range.iter().product::<usize>();
    let (Some(&first), Some(&last)) = (dims.first(), dims.last()) else {
        let n = x.numel();
        return x.reshape(&[n, 1, 1]);
    };
    if last + 1 - first == dims.len() {
        let (before, rest) = shape.split_at(first.min(shape.len()));
        let (inside, after) = rest.split_at(dims.len().min(rest.len()));
        return x.reshape(&[product(before), product(inside), product(after)]);
    }
    let kept: Vec<usize> = (0..shape.len()).filter(|d| !dims.contains(d)).collect();
    let reduced: usize = dims.iter().filter_map(|d| shape.get(*d)).product();
    let order: Vec<usize> = kept.iter().chain(dims).copied().collect();
    let n = x.numel() / reduced.max(1);
    x.permute(&order).reshape(&[n, reduced, 1])
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn variance(x: Tensor, correction: f64) -> Tensor {
    let divisor = (x.size(1) as f64 - correction).max(0.0);
    let centered = x.clone().sub(x.mean_dim(1));
    centered.clone().mul(centered).sum_dim(1).div_scalar(Scalar::Float(divisor))
}

fn log_sum_exp(x: Tensor) -> Tensor {
    let largest = x.clone().max_dim(1);
    let infinite = largest.clone().is_inf();
    let shift = largest.mask_fill(infinite, Scalar::Float(0.0)).detach();
    x.sub(shift.clone()).exp().sum_dim(1).log().add(shift)
}

/// The largest or smallest; equal ones share its gradient.
fn extreme(x: Tensor, find: impl FnOnce(Tensor) -> Tensor) -> Tensor {
    if !x.tracked() {
        return find(x);
    }
    let at = x.clone().detach();
    let value = find(at.clone());
    Tensor::with_rule(value.clone(), [&x], move |gradient| [shared(gradient, at.clone(), value.clone())])
}

/// A gradient for those that equal the result, each with the same part.
fn shared(gradient: Tensor, x: Tensor, result: Tensor) -> Tensor {
    let dtype = gradient.dtype();
    let result = result.expand(&x.shape());
    let equal = x.clone().eq(result.clone()).or(x.is_nan().and(result.is_nan())).to_float(dtype.into());
    let count = equal.clone().sum_dim(1);
    equal.mul(gradient.div(count))
}

/// `torch.linalg.vector_norm`, with its gradients (FunctionsManual.cpp, `linalg_vector_norm_backward`).
///
/// The p-norm over the middle one of three dims.
pub fn norm(x: Tensor, p: f64) -> Tensor {
    if !x.tracked() {
        return plain_norm(x, p);
    }
    let at = x.clone().detach();
    let norm = plain_norm(at.clone(), p);
    Tensor::with_rule(norm.clone(), [&x], move |gradient| {
        let (x, norm, zero) = (at.clone(), norm.clone(), Scalar::Float(0.0));
        let raised = |t: Tensor, power: f64| {
            let exponent = constant(&t, power).expand(&t.shape());
            t.powf(exponent)
        };
        let by = |divisor: Tensor| gradient.clone().div(divisor).mask_fill(norm.clone().eq_scalar(zero), zero);
        [match p {
            0.0 => constant(&x, 0.0).expand(&x.shape()),
            1.0 => x.sign().mul(gradient.clone()),
            2.0 => x.mul(by(norm.clone())),
            p if p.is_infinite() => x.clone().sign().mul(shared(gradient.clone(), x.abs(), norm)),
            p if p < 1.0 => {
                let none = x.clone().eq_scalar(zero);
                let scaled = x.clone().sign().mul(raised(x.abs(), p - 1.0).mask_fill(none, zero));
                scaled.mul(gradient.clone().mul(raised(norm, 1.0 - p)))
            }
            p if p < 2.0 => {
                let scaled = x.clone().sign().mul(raised(x.abs(), p - 1.0));
                scaled.mul(by(raised(norm.clone(), p - 1.0)))
            }
            p => {
                let scaled = x.clone().mul(raised(x.abs(), p - 2.0));
                scaled.mul(by(raised(norm.clone(), p - 1.0)))
            }
        }]
    })
}

fn plain_norm(x: Tensor, p: f64) -> Tensor {
    let size = x.abs();
    match p {
        0.0 => {
            let nonzero = size.clone().ne_scalar(Scalar::Float(0.0));
            let dtype = size.dtype();
            nonzero.to_float(dtype.into()).sum_dim(1)
        }
        1.0 => size.sum_dim(1),
        2.0 => size.clone().mul(size).sum_dim(1).sqrt(),
        f64::INFINITY => size.max_dim(1),
        f64::NEG_INFINITY => size.min_dim(1),
        p => {
            let power = constant(&size, p).expand(&size.shape());
            let sum = size.powf(power).sum_dim(1);
            let root = constant(&sum, 1.0 / p).expand(&sum.shape());
            sum.powf(root)
        }
    }
}
