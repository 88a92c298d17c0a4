//! `topk` and `sort`: the order is found on the host, as burn's sort on a GPU does by a blocking read that a browser lacks; the
//! values are gathered on the device, so gradients flow. Equal elements stay in order; NaN is the largest.

use super::Context;
use crate::engine::tensor::Tensor;
use crate::engine::value::Value;
use crate::error::{Error, Result};
use std::cmp::Ordering;

/// The first `k` of the sorted elements along a dim, and where they were.
pub async fn top_k(x: Value, dim: usize, k: usize, largest: bool, cx: &Context<'_>) -> Result<Vec<Tensor>> {
    let x = x.into_tensor();
    let shape = x.shape();
    let data = x.clone().read().await.map_err(Error::device)?;
    let order = if data.dtype().is_float() {
        let values: Vec<f64> = data.iter::<f64>().collect();
        positions(&shape, dim, k, |a, b| direction(float_order(at(&values, a), at(&values, b)), largest))
    } else {
        let values: Vec<i64> = data.iter::<i64>().collect();
        positions(&shape, dim, k, |a, b| direction(values.get(a).cmp(&values.get(b)), largest))
    };
    let mut out = shape;
    if let Some(size) = out.get_mut(dim) {
        *size = k;
    }
    let order = cx.place().indices(&order).reshape(&out);
    Ok(vec![x.gather(dim, order.clone()), order])
}

fn at(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or(f64::NAN)
}

fn direction(order: Ordering, largest: bool) -> Ordering {
    if largest { order.reverse() } else { order }
}

fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// For each line along `dim` the positions of its first `k` elements; `compare` takes flat positions.
fn positions(shape: &[usize], dim: usize, k: usize, compare: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let size = shape.get(dim).copied().unwrap_or(1);
    let inner: usize = shape.iter().skip(dim + 1).product();
    let outer: usize = shape.iter().take(dim).product();
    let mut result = vec![0; outer * k * inner];
    for o in 0..outer {
        for i in 0..inner {
            let flat = |p: usize| (o * size + p) * inner + i;
            let mut line: Vec<usize> = (0..size).collect();
            line.sort_by(|&a, &b| compare(flat(a), flat(b)));
            for (rank, position) in line.into_iter().take(k).enumerate() {
                if let Some(slot) = result.get_mut((o * k + rank) * inner + i) {
                    *slot = position;
                }
            }
        }
    }
    result
}
