//! Pooling: `max_pool`, `avg_pool` and their adaptive forms over one to three spatial dims.

use super::super::Info;
use super::super::op::Pool;
use super::operand::{attributes, float, joined, like, number, size};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Values, and positions in the plane when asked for.
pub fn max_pool(pool: &Pool, indices: bool, x: &Info) -> Result<Vec<Info>> {
    let values = pooled("max", pool, x)?;
    number(&format!("max_pool{}d", pool.kernel_size.len()), x)?;
    Ok(with_indices(values, indices))
}

/// `F.avg_poolNd`.
pub fn avg_pool(pool: &Pool, divisor_override: Option<usize>, x: &Info) -> Result<Info> {
    if divisor_override == Some(0) {
        return Err(Error::mismatch("divisor must be not zero"));
    }
    if let ([kt, kh, kw], [_, _, t, h, w]) = (pool.kernel_size.as_slice(), x.shape.as_slice())
        && (t < kt || h < kh || w < kw)
    {
        return Err(Error::mismatch(format!(
            "input image (T: {t} H: {h} W: {w}) smaller than kernel size (kT: {kt} kH: {kh} kW: {kw})"
        )));
    }
    let values = pooled("avg", pool, x)?;
    if x.dtype != DType::Int64 {
        float(&format!("avg_pool{}d", pool.kernel_size.len()), x)?;
    }
    Ok(values)
}

fn with_indices(values: Info, indices: bool) -> Vec<Info> {
    let positions = Info { shape: values.shape.clone(), dtype: DType::Int64 };
    if indices { vec![values, positions] } else { vec![values] }
}

fn pooled(kind: &str, pool: &Pool, x: &Info) -> Result<Info> {
    let spatial = pool.kernel_size.len();
    if kind == "max" && x.shape.len() != spatial + 2 && spatial == 2 {
        return Err(Error::mismatch("non-empty 3D or 4D (batch mode) tensor expected for input"));
    }
    if !(1..=3).contains(&spatial) {
        return Err(Error::mismatch(format!("{kind}_pool over {spatial} dimensions")));
    }
    attributes(
        spatial,
        &[
            ("kernel_size", &pool.kernel_size),
            ("stride", &pool.stride),
            ("padding", &pool.padding),
            ("dilation", &pool.dilation),
        ],
    )?;
    if pool.kernel_size.contains(&0) {
        return Err(Error::mismatch("kernel size should be greater than zero"));
    }
    if pool.stride.contains(&0) {
        return Err(Error::mismatch("stride should not be zero"));
    }
    if pool.dilation.contains(&0) {
        return Err(Error::mismatch("dilation should be greater than zero"));
    }
    let (outer, image) = planes(x, spatial, |shape| match spatial {
        1 => {
            format!("Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:{shape:?}")
        }
        2 => {
            format!("Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{shape:?}")
        }
        _ => {
            format!("Expected 4D or 5D (batch mode) tensor with optional 0 dim batch size for input, but got:{shape:?}")
        }
    })?;
    let mut sizes = Vec::new();
    for ((have, (kernel, dilation)), (stride, padding)) in
        image.iter().zip(pool.kernel_size.iter().zip(&pool.dilation)).zip(pool.stride.iter().zip(&pool.padding))
    {
        let (padding, stride) = (*padding as i64, (*stride).max(1) as i64);
        let span = (*kernel as i64 - 1) * *dilation as i64 + 1;
        if padding > span / 2 {
            return Err(Error::mismatch(format!(
                "pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel} and dilation={dilation}"
            )));
        }
        if padding > *kernel as i64 / 2 {
            return Err(Error::mismatch(half(pool)));
        }
        let free = *have as i64 + 2 * padding - span + if pool.ceil_mode { stride - 1 } else { 0 };
        let count = free.div_euclid(stride) + 1;
        // The last window starts inside the image or its left padding.
        let outside = pool.ceil_mode && (count - 1) * stride >= *have as i64 + padding;
        sizes.push(count - i64::from(outside));
    }
    if sizes.iter().any(|n| *n < 1) {
        let channels = outer.last().copied().unwrap_or(1);
        // torch writes planes of fewer than three dims with ones.
        let (given, calculated) = match spatial {
            1 => (format!("1x{}", joined(image, "x")), std::iter::once(1).chain(sizes).collect::<Vec<_>>()),
            _ => (joined(image, "x"), sizes),
        };
        let calculated = calculated.iter().map(i64::to_string).collect::<Vec<_>>().join("x");
        return Err(Error::mismatch(format!(
            "Given input size: ({channels}x{given}). Calculated output size: ({channels}x{calculated}). Output size is too small"
        )));
    }
    Ok(like(x, outer.iter().copied().chain(sizes.into_iter().map(size)).collect()))
}

/// torch's second check of the padding, which knows no dilation.
fn half(pool: &Pool) -> String {
    match (pool.kernel_size.as_slice(), pool.padding.as_slice()) {
        ([k], [p]) => {
            format!(
                "max_pool1d() padding should be at most half of kernel size, but got padding={p} and kernel_size={k}"
            )
        }
        ([kh, kw], [ph, pw]) => format!(
            "pad should be smaller than or equal to half of kernel size, but got padW = {pw}, padH = {ph}, kW = {kw}, kH = {kh}"
        ),
        ([kt, kh, kw], [pt, ph, pw]) => format!(
            "pad should be smaller than or equal to half of kernel size, but got kT: {kt} kW: {kw} kH: {kh} padT: {pt} padW: {pw} padH: {ph}"
        ),
        _ => "pad should be smaller than or equal to half of kernel size".to_owned(),
    }
}

/// (N, C) and the spatial sizes, of which none is empty.
fn planes(x: &Info, spatial: usize, refusal: impl Fn(&[usize]) -> String) -> Result<(&[usize], &[usize])> {
    match x.shape.split_at_checked(2) {
        Some((outer, image)) if image.len() == spatial && !x.shape.iter().skip(1).any(|n| *n == 0) => {
            Ok((outer, image))
        }
        _ => Err(Error::mismatch(refusal(&x.shape))),
    }
}

/// `F.adaptive_avg_poolNd`, and the values of `F.adaptive_max_poolNd`.
pub fn adaptive(kind: &str, output_size: &[usize], x: &Info) -> Result<Info> {
    let spatial = output_size.len();
    if !(1..=3).contains(&spatial) {
        return Err(Error::mismatch(format!("adaptive_{kind}_pool over {spatial} dimensions")));
    }
    let name = format!("adaptive_{kind}_pool{spatial}d");
    let outer = match x.shape.split_at_checked(2) {
        Some((outer, image)) if image.len() == spatial => outer,
        _ => {
            return Err(Error::mismatch(format!(
                "{name}(): Expected {}D or {}D tensor, but got: {:?}",
                spatial + 1,
                spatial + 2,
                x.shape
            )));
        }
    };
    // The two-dimensional average alone allows no channels.
    let from = if kind == "avg" && spatial < 3 { 2 } else { 1 };
    if let Some(dim) = (from..x.shape.len()).find(|d| super::operand::size_at(&x.shape, *d) == 0) {
        return Err(Error::mismatch(format!(
            "{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {:?} with dimension {dim} being \
             empty",
            x.shape
        )));
    }
    float(&name, x)?;
    Ok(like(x, outer.iter().chain(output_size).copied().collect()))
}

/// `F.adaptive_max_poolNd`.
pub fn adaptive_max(output_size: &[usize], indices: bool, x: &Info) -> Result<Vec<Info>> {
    adaptive("max", output_size, x).map(|values| with_indices(values, indices))
}
