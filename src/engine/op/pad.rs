//! `F.pad`: constant, reflect, replicate and circular; negative padding crops.

use super::broadcast::element;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::error::{Error, Result};
use crate::graph::op::{PadMode, Scalar as Number};

/// Pads each dim by (before, after).
pub fn pad(x: Tensor, pads: &[(i64, i64)], mode: PadMode) -> Result<Tensor> {
    match mode {
        PadMode::Constant(value) => constant(x, pads, value),
        PadMode::Reflect | PadMode::Replicate | PadMode::Circular => around(x, pads, mode),
    }
}

fn amount(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// Crops by what is negative, then lays the rest into a tensor of the number.
pub fn constant(x: Tensor, pads: &[(i64, i64)], value: Number) -> Result<Tensor> {
    let mut x = x;
    for (dim, &(before, after)) in pads.iter().enumerate() {
        let size = x.size(dim);
        let end = size.saturating_sub(amount(-after));
        let start = amount(-before);
        if start > end {
            return Err(Error::mismatch("narrow(): length must be non-negative."));
        }
        x = x.slice(dim, start, end, 1);
    }
    if pads.iter().all(|&(before, after)| before <= 0 && after <= 0) {
        return Ok(x);
    }
    let shape: Vec<usize> = x.shape().iter().zip(pads).map(|(n, &(b, a))| n + amount(b) + amount(a)).collect();
    let offset: Vec<usize> = pads.iter().map(|&(b, _)| amount(b)).collect();
    let bools = x.kind() == Kind::Bool;
    let x = x.numeric();
    let filled = x.place().full(&shape, element(value, x.kind()), x.dtype()).box_assign(&offset, x);
    Ok(if bools { filled.ne_scalar(Scalar::Int(0)) } else { filled })
}

/// Each dim picks its rows, some of them again.
fn around(x: Tensor, pads: &[(i64, i64)], mode: PadMode) -> Result<Tensor> {
    let mut x = x;
    for (dim, &(before, after)) in pads.iter().enumerate().filter(|(_, p)| **p != (0, 0)) {
        let size = i64::try_from(x.size(dim)).unwrap_or(i64::MAX);
        let (limit, what) = match mode {
            PadMode::Reflect => (size - 1, "Padding size should be less than the corresponding input dimension"),
            PadMode::Circular => (size, "Padding value causes wrapping around more than once."),
            _ => (i64::MAX, ""),
        };
        if before.max(after) > limit {
            return Err(Error::mismatch(what));
        }
        // What is cropped does not come round again.
        let (cut, left) = ((-before).max(0), size - (-before).max(0) - (-after).max(0));
        let rows = (-before..size.saturating_add(after)).map(|i| match mode {
            PadMode::Reflect if i < 0 => -i,
            PadMode::Reflect if i >= size => 2 * (size - 1) - i,
            PadMode::Circular => cut + (i - cut).rem_euclid(left.max(1)),
            _ => i.clamp(0, size - 1),
        });
        let rows: Vec<usize> = rows.map(amount).collect();
        let indices = x.place().indices(&rows);
        x = x.select(dim, indices);
    }
    Ok(x)
}
