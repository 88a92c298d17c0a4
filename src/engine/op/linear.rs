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

/// Matrix product of the last two dims, which both have; batch dims broadcast, ranks are equal. By the CPU's own kernel where it can.
fn product(x: Tensor, y: Tensor) -> Tensor {
    let (tracks_x, tracks_y) = (x.tracked(), y.tracked());
    if !tracks_x && !tracks_y {
        return cpu::matmul(&x, &y).unwrap_or_else(|| x.matmul(y));
    }
    let (x, y) = same_batch(x, y);
    let (a, b) = (x.clone().detach(), y.clone().detach());
    let Some(value) = cpu::matmul(&a, &b) else { return x.matmul(y) };
    Tensor::with_rule(value, [&x, &y], move |gradient| {
        // A gradient that nobody asked for is not computed.
        let of_x = if tracks_x { product(gradient.clone(), transposed(b.clone())) } else { gradient.clone() };
        let of_y = match tracks_y {
            // As the factor lies, so that what adds it to others or to a weight reads both in order.
            true if cpu::columns_in_order(&b) => transposed(product(transposed(gradient), a.clone())),
            true => product(transposed(a.clone()), gradient),
            false => gradient,
        };
        [of_x, of_y]
    })
}

/// Rows and columns exchanged.
fn transposed(x: Tensor) -> Tensor {
    let rank = x.rank();
    x.swap_dims(rank - 2, rank - 1)
}

/// Expands the batch dims of both to their common sizes.
fn same_batch(x: Tensor, y: Tensor) -> (Tensor, Tensor) {
    let batch = x.rank().saturating_sub(2);
    let mut shapes = (x.shape(), y.shape());
    for (a, b) in shapes.0.iter_mut().zip(&mut shapes.1).take(batch) {
        let common = if *a == 1 { *b } else { *a };
        (*a, *b) = (common, common);
    }
    (x.expand(&shapes.0), y.expand(&shapes.1))
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
    let y = product(x, weight.swap_dims(0, 1));
    match bias {
        Some(bias) => {
            let n = bias.numel();
            y.add(bias.reshape(&[1, n]))
        }
        None => y,
    }
}
