//! Normalisations: by running statistics, by the batch's, by layer, group and root mean square.

use super::broadcast::{channels, constant};
use crate::engine::tensor::{Scalar, Tensor};
use crate::error::Result;

fn ones(like: &Tensor, count: usize) -> Tensor {
    constant(like, 1.0).reshape(&[1]).expand(&[count])
}

fn zeros(like: &Tensor, count: usize) -> Tensor {
    constant(like, 0.0).reshape(&[1]).expand(&[count])
}

/// `F.batch_norm` with running statistics: a scale and an offset for each channel.
pub fn batch_eval(
    x: Tensor,
    mean: Tensor,
    var: Tensor,
    weight: Option<Tensor>,
    bias: Option<Tensor>,
    eps: f64,
) -> Tensor {
    let rank = x.rank();
    let scale = var.add_scalar(Scalar::Float(eps)).sqrt().recip();
    let scale = match weight {
        Some(weight) => scale.mul(weight),
        None => scale,
    };
    let shift = mean.mul(scale.clone()).neg();
    let shift = match bias {
        Some(bias) => shift.add(bias),
        None => shift,
    };
    x.mul(channels(scale, rank)).add(channels(shift, rank))
}

/// `F.batch_norm` with the batch's statistics: result, mean, unbiased variance.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub fn batch_train(x: Tensor, weight: Option<Tensor>, bias: Option<Tensor>, eps: f64) -> Vec<Tensor> {
    let count = x.size(1);
    let samples = (x.numel() / count.max(1)) as f64;
    let weight = weight.unwrap_or_else(|| ones(&x, count));
    let bias = bias.unwrap_or_else(|| zeros(&x, count));
    let (y, mean, var) = x.batch_norm_train(weight, bias, eps);
    vec![y, mean, var.mul_scalar(Scalar::Float(samples / (samples - 1.0)))]
}

/// `F.layer_norm` over the last dims.
pub fn layer(x: Tensor, dims: usize, weight: Option<Tensor>, bias: Option<Tensor>, eps: f64) -> Tensor {
    let shape = x.shape();
    let inner: usize = shape.iter().rev().take(dims).product();
    let outer = x.numel() / inner.max(1);
    let weight = weight.map_or_else(|| ones(&x, inner), |w| w.reshape(&[inner]));
    x.reshape(&[outer, inner]).layer_norm(weight, bias.map(|b| b.reshape(&[inner])), eps).reshape(&shape)
}

/// `F.rms_norm` over the last dims.
pub fn rms(x: Tensor, dims: usize, weight: Option<Tensor>, eps: f64) -> Tensor {
    let shape = x.shape();
    let inner: usize = shape.iter().rev().take(dims).product();
    let outer = x.numel() / inner.max(1);
    let x = x.reshape(&[outer, inner]);
    let scale = x.clone().mul(x.clone()).mean_dim(1).add_scalar(Scalar::Float(eps)).sqrt().recip();
    let y = x.mul(scale);
    let y = match weight {
        Some(weight) => y.mul(weight.reshape(&[1, inner])),
        None => y,
    };
    y.reshape(&shape)
}

/// `F.group_norm`: channels share statistics in groups.
pub fn group(x: Tensor, groups: usize, weight: Option<Tensor>, bias: Option<Tensor>, eps: f64) -> Result<Tensor> {
    let shape = x.shape();
    let (rank, rows) = (shape.len(), x.size(0).saturating_mul(groups));
    let inner = x.numel() / rows.max(1);
    let gamma = ones(&x, inner);
    let y = x.reshape(&[rows, inner]).layer_norm(gamma, None, eps).reshape(&shape);
    let y = match weight {
        Some(weight) => y.mul(channels(weight, rank)),
        None => y,
    };
    Ok(match bias {
        Some(bias) => y.add(channels(bias, rank)),
        None => y,
    })
}
