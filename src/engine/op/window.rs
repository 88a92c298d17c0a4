//! Sliding windows laid out as dims: what `F.unfold`, `F.fold` and the pools with indices stand on.

use super::pad::constant;
use crate::data::numel;
use crate::engine::tensor::Tensor;
use crate::engine::value::physical;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::Scalar as Number;

/// The windows over one dim: which rows each of them reads, all of one length.
#[derive(Clone, Debug)]
pub struct Windows {
    /// `count` times `length` rows
    pub rows: Vec<usize>,
    /// windows
    pub count: usize,
    /// rows of each
    pub length: usize,
}

impl Windows {
    /// A window of `kernel` rows every `stride` rows, `count` times.
    pub fn sliding(count: usize, kernel: usize, stride: usize, dilation: usize) -> Self {
        let rows = (0..count).flat_map(|o| (0..kernel).map(move |k| o * stride + k * dilation)).collect();
        Self { rows, count, length: kernel }
    }

    /// Cells that cover `size` rows; shorter ones repeat their last row, which changes no maximum.
    pub fn adaptive(size: usize, count: usize) -> Self {
        let cell = |o: usize| (o * size / count, ((o + 1) * size).div_ceil(count));
        let length = (0..count).map(cell).map(|(start, end)| end - start).max().unwrap_or(0);
        let rows = (0..count).flat_map(|o| {
            let (start, end) = cell(o);
            (start..start + length).map(move |row| row.min(end.saturating_sub(1)))
        });
        Self { rows: rows.collect(), count, length }
    }
}

/// (N, C, spatial...) to (N, C, counts..., product of lengths).
pub fn gather(x: Tensor, windows: &[Windows]) -> Tensor {
    let mut x = x;
    for (d, w) in windows.iter().enumerate() {
        let indices = x.place().indices(&w.rows);
        x = x.select(d + 2, indices);
    }
    let [n, c] = [x.size(0), x.size(1)];
    let mut split = vec![n, c];
    split.extend(windows.iter().flat_map(|w| [w.count, w.length]));
    let dims = windows.len();
    let mut order = vec![0, 1];
    order.extend((0..dims).map(|d| 2 + 2 * d));
    order.extend((0..dims).map(|d| 3 + 2 * d));
    let mut out = vec![n, c];
    out.extend(windows.iter().map(|w| w.count));
    out.push(windows.iter().map(|w| w.length).product());
    x.reshape(&split).permute(&order).reshape(&out)
}

/// The flat position in a plane of `size` that each element of [`gather`]'s windows comes from, when the plane was padded
/// by `padding` before; positions in the padding are clamped. (counts..., product of lengths), flat.
pub fn positions(windows: &[Windows], size: &[usize], padding: &[usize]) -> Vec<usize> {
    let counts: Vec<usize> = windows.iter().map(|w| w.count).collect();
    let lengths: Vec<usize> = windows.iter().map(|w| w.length).collect();
    let mut result = Vec::new();
    for window in 0..counts.iter().product() {
        for offset in 0..lengths.iter().product() {
            let (mut window, mut offset, mut place, mut pitch) = (window, offset, 0, 1);
            for (((w, &n), &p), (&count, &length)) in
                windows.iter().zip(size).zip(padding).zip(counts.iter().zip(&lengths)).rev()
            {
                let row = w.rows.get((window % count) * length + offset % length).copied().unwrap_or(0);
                (window, offset) = (window / count, offset / length);
                place += row.saturating_sub(p).min(n.saturating_sub(1)) * pitch;
                pitch *= n;
            }
            result.push(place);
        }
    }
    result
}

fn pair(values: &[usize]) -> Result<[usize; 2]> {
    values.try_into().map_err(|_| Error::unsupported("aten.im2col over other than 2 dims"))
}

fn count(size: usize, kernel: usize, stride: usize, dilation: usize) -> Result<usize> {
    let covered = dilation * kernel.saturating_sub(1) + 1;
    let room = size.checked_sub(covered).ok_or_else(|| Error::mismatch("the sliding blocks do not fit"))?;
    Ok(room.checked_div(stride).ok_or_else(|| Error::mismatch("stride should be greater than zero"))? + 1)
}

/// `F.unfold`.
pub fn im2col(
    x: Tensor,
    kernel: &[usize],
    dilation: &[usize],
    padding: &[usize],
    stride: &[usize],
    want: &Info,
) -> Result<Tensor> {
    let ([kh, kw], [dh, dw], [ph, pw], [sh, sw]) = (pair(kernel)?, pair(dilation)?, pair(padding)?, pair(stride)?);
    let signed = |n: usize| i64::try_from(n).unwrap_or(0);
    let pads = [(0, 0), (0, 0), (signed(ph), signed(ph)), (signed(pw), signed(pw))];
    let x = constant(x, &pads, Number::Int(0))?;
    let [h, w] = [x.size(2), x.size(3)];
    let windows =
        [Windows::sliding(count(h, kh, sh, dh)?, kh, sh, dh), Windows::sliding(count(w, kw, sw, dw)?, kw, sw, dw)];
    let (n, c) = (x.size(0), x.size(1));
    let [blocks, cells] = [windows.iter().map(|w| w.count).product(), kh * kw];
    let columns = gather(x, &windows).reshape(&[n, c, blocks, cells]).swap_dims(2, 3);
    Ok(columns.reshape(&physical(&want.shape)))
}

/// `F.fold`: overlapping blocks add up.
pub fn col2im(
    x: Tensor,
    output: &[usize],
    kernel: &[usize],
    dilation: &[usize],
    padding: &[usize],
    stride: &[usize],
    want: &Info,
) -> Result<Tensor> {
    let ([kh, kw], [dh, dw], [ph, pw], [sh, sw]) = (pair(kernel)?, pair(dilation)?, pair(padding)?, pair(stride)?);
    let [height, width] = pair(output)?;
    let (h, w) = (height + 2 * ph, width + 2 * pw);
    let (oh, ow) = (count(h, kh, sh, dh)?, count(w, kw, sw, dw)?);
    let n = if x.rank() == 3 { x.size(0) } else { 1 };
    let c = x.numel() / (n * kh * kw * oh * ow).max(1);
    if numel(&[n, c, kh, kw, oh, ow]) != Some(x.numel()) {
        return Err(Error::mismatch("the blocks do not fit the output size"));
    }
    let (rows, columns) = (Windows::sliding(oh, kh, sh, dh), Windows::sliding(ow, kw, sw, dw));
    let x = x.reshape(&[n, c, kh, kw, oh, ow]).permute(&[0, 1, 4, 2, 5, 3]).reshape(&[n, c, oh * kh, ow * kw]);
    let place = x.place();
    let zeros = |shape: &[usize]| super::broadcast::constant(&x, 0.0).expand(shape);
    let wide = zeros(&[n, c, oh * kh, w]).select_add(3, place.indices(&columns.rows), x.clone());
    let full = zeros(&[n, c, h, w]).select_add(2, place.indices(&rows.rows), wide);
    let cropped = full.slice(2, ph, ph + height, 1).slice(3, pw, pw + width, 1);
    Ok(cropped.reshape(&physical(&want.shape)))
}
