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
        Reduce::Amax => x.max_dim(1),
        Reduce::Amin => x.min_dim(1),
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

/// `torch.linalg.vector_norm`.
/// The p-norm over the middle one of three dims.
pub fn norm(x: Tensor, p: f64) -> Tensor {
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
