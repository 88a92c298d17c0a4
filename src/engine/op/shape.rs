//! Elements in another order or place: `permute`, `expand`, `cat`, `repeat`, `tril` and `triu`.

use super::Context;
use super::broadcast::lift;
use crate::engine::tensor::{Host, Scalar, Tensor};
use crate::engine::value::{Value, physical};
use crate::error::{Error, Result};
use crate::graph::Info;

/// `torch.permute`.
pub fn permute(x: Tensor, dims: &[usize]) -> Tensor {
    if dims.is_empty() { x } else { x.permute(dims) }
}

/// `expand` to a final shape.
pub fn expand(x: Value, want: &Info) -> Tensor {
    x.into_tensor().expand(&physical(&want.shape))
}

/// `torch.cat`; tensors without elements add nothing.
pub fn cat(values: Vec<Value>, dim: usize) -> Result<Tensor> {
    let tensors = values.into_iter().filter(|v| v.numel() > 0).map(Value::into_tensor).collect();
    Tensor::cat(tensors, dim).ok_or_else(|| Error::mismatch("expected a non-empty list of Tensors"))
}

/// `x.repeat`.
pub fn repeat(x: Value, repeats: &[usize]) -> Tensor {
    let mut x = lift(x.into_tensor(), repeats.len());
    for (dim, &times) in repeats.iter().enumerate().filter(|(_, times)| **times != 1) {
        x = x.repeat_dim(dim, times);
    }
    x
}

/// Keeps the elements of each matrix where `keep(row, column)`; zeros elsewhere.
pub fn triangle(x: Tensor, keep: impl Fn(i64, i64) -> bool, cx: &Context<'_>) -> Tensor {
    let shape = x.shape();
    let rank = shape.len();
    let [rows, columns] = [x.size(rank.saturating_sub(2)), x.size(rank.saturating_sub(1))];
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let dropped = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| !keep(signed(r), signed(c)));
    let mask = cx.place().upload(Host::Bool(dropped.collect()), &[rows, columns]);
    let zero = match x.kind() {
        crate::engine::tensor::Kind::Bool => Scalar::Bool(false),
        _ => Scalar::Int(0),
    };
    x.mask_fill(mask.expand(&shape), zero)
}
