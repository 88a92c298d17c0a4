//! Matrix products: `matmul` with its broadcasting, `F.linear`.

use super::broadcast::lift;
use crate::engine::cpu;
use crate::engine::tensor::Tensor;
use crate::engine::value::Value;
use crate::error::{Error, Result};

/// `torch.matmul`: vectors become matrices, batch dims broadcast; the caller gives the result its final shape.
pub fn matmul(x: Value, y: Value) -> Result<Tensor> {
    let (x_rank, y_rank) = (x.shape().len(), y.shape().len());
    if x_rank == 0 || y_rank == 0 {
        return Err(Error::mismatch("both arguments to matmul need to be at least 1D, but they are 0D"));
    }
    let (mut x, mut y) = (x.into_tensor(), y.into_tensor());
    if x_rank == 1 {
        let n = x.numel();
        x = x.reshape(&[1, n]);
    }
    if y_rank == 1 {
        let n = y.numel();
        y = y.reshape(&[n, 1]);
    }
    if y.rank() == 2 && x.rank() > 2 {
        // One large product instead of many small ones.
        let shape = x.shape();
        let inner = shape.last().copied().unwrap_or(1);
        let (rows, columns) = (x.numel() / inner.max(1), y.size(1));
        let flat = product(x.reshape(&[rows, inner]), y);
        let mut out = shape;
        if let Some(last) = out.last_mut() {
            *last = columns;
        }
        return Ok(flat.reshape(&out));
    }
    let rank = x.rank().max(y.rank());
    Ok(product(lift(x, rank), lift(y, rank)))
}

fn product(x: Tensor, y: Tensor) -> Tensor {
    cpu::matmul(&x, &y).unwrap_or_else(|| x.matmul(y))
}

/// `F.linear`: the weight is (out, in) and is read transposed, not copied.
pub fn linear(x: Tensor, weight: Tensor, bias: Option<Tensor>) -> Tensor {
    let shape = x.shape();
    let inner = shape.last().copied().unwrap_or(1);
    let rows = x.numel() / inner.max(1);
    // A weight of rank 1 is one output without its dim.
    let weight = if weight.rank() == 1 { lift(weight, 2) } else { weight };
    let x = x.reshape(&[rows, inner]);
    if let Some(y) = cpu::linear(&x, &weight, bias.as_ref()) {
        return y;
    }
    let y = x.matmul(weight.swap_dims(0, 1));
    match bias {
        Some(bias) => {
            let n = bias.numel();
            y.add(bias.reshape(&[1, n]))
        }
        None => y,
    }
}
