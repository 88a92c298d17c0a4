//! Convolutions of float32 over one or two dims, as a product of the weights with the patches of the image.
//!
//! The patches are never laid out as a whole: each block of them is packed when the product asks for it, from an image with its
//! padding written out, where every patch is the same offsets from another start.

use super::gemm::{Bias, Matrix, TILE_COLUMNS, multiply};
use super::{Floats, Host};
use crate::engine::kernel::Geometry;
use crate::engine::tensor::Tensor;
use std::ops::Range;

/// How many times larger than the image its padded copy may be; burn convolves without one.
const MAX_GROWTH: usize = 8;
/// A padded copy of this many elements is small whatever the image is.
const SMALL: usize = 1 << 20;

/// `F.conv1d`, `F.conv2d`. `None` for what burn-flex does better (one channel for each group) or alone (three dims).
pub fn convolution(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, geometry: &Geometry) -> Option<Tensor> {
    let (image, kernel) = (Floats::of(x)?, Floats::of(weight)?);
    let bias = bias.map(Floats::of);
    let bias = match &bias {
        None => None,
        Some(floats) => Some(floats.as_ref()?.in_order()?),
    };
    let plan = Plan::new(&image, &kernel, geometry)?;
    let weights = kernel.in_order()?;
    let mut out = vec![0.0; plan.batch * plan.channels_out * plan.pixels()];
    let group_out = plan.channels_out / plan.groups;
    let bases = plan.bases();
    let deltas = plan.deltas();
    for (number, out) in out.chunks_exact_mut((group_out * plan.pixels()).max(1)).enumerate() {
        let (sample, group) = (number / plan.groups, number % plan.groups);
        let padded = plan.padded(&image, sample, group)?;
        let first = group * group_out;
        let left = Matrix {
            data: weights.get(first * deltas.len()..)?,
            rows: group_out,
            columns: deltas.len(),
            row: deltas.len(),
            column: 1,
        };
        let bias = match bias {
            None => Bias::None,
            Some(all) => Bias::Rows(all.get(first..first + group_out)?),
        };
        let pack = |k: Range<usize>, j: Range<usize>, panels: &mut [f32]| {
            let (deltas, bases) = (deltas.get(k).unwrap_or_default(), bases.get(j).unwrap_or_default());
            patches(&padded, deltas, bases, panels);
        };
        multiply(&left, plan.pixels(), pack, bias, out);
    }
    let mut shape = vec![plan.batch, plan.channels_out];
    shape.extend(plan.output.iter().skip(2 - geometry.stride.len()));
    Some(x.place().upload(Host::F32(out), &shape))
}

/// Sizes of a convolution; a signal is an image of height 1.
struct Plan {
    batch: usize,
    channels_out: usize,
    /// of one group
    channels: usize,
    groups: usize,
    input: [usize; 2],
    kernel: [usize; 2],
    output: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Plan {
    fn new(image: &Floats<'_>, weight: &Floats<'_>, geometry: &Geometry) -> Option<Self> {
        let dims = geometry.stride.len();
        if !(1..=2).contains(&dims) || image.shape.len() != dims + 2 || weight.shape.len() != dims + 2 {
            return None;
        }
        let pair = |sizes: &[usize], missing: usize| match *sizes {
            [width] => Some([missing, width]),
            [height, width] => Some([height, width]),
            _ => None,
        };
        let channels = weight.size(1);
        let plan = Self {
            batch: image.size(0),
            channels_out: weight.size(0),
            channels,
            groups: geometry.groups,
            input: pair(image.shape.get(2..)?, 1)?,
            kernel: pair(weight.shape.get(2..)?, 1)?,
            output: [0, 0],
            stride: pair(&geometry.stride, 1)?,
            padding: pair(&geometry.padding, 0)?,
            dilation: pair(&geometry.dilation, 1)?,
        };
        if channels * plan.groups != image.size(1) || (channels == 1 && plan.groups > 1) {
            return None;
        }
        let mut output = [0, 0];
        for (dim, out) in output.iter_mut().enumerate() {
            let reach = plan.dilation.get(dim)?.checked_mul(plan.kernel.get(dim)?.checked_sub(1)?)?;
            *out = plan.padded_size(dim)?.checked_sub(reach + 1)? / plan.stride.get(dim)? + 1;
        }
        let padded = plan.padded_size(0)?.checked_mul(plan.padded_size(1)?)?;
        let bare = plan.input.iter().product::<usize>();
        let fits = padded.checked_mul(channels)? <= SMALL || padded <= bare.checked_mul(MAX_GROWTH)?;
        fits.then_some(Self { output, ..plan })
    }

    fn padded_size(&self, dim: usize) -> Option<usize> {
        self.padding.get(dim)?.checked_mul(2)?.checked_add(*self.input.get(dim)?)
    }

    fn pixels(&self) -> usize {
        self.output.iter().product()
    }

    /// Width and size of a channel with its padding.
    fn plane(&self) -> (usize, usize) {
        let [height, width] = [0, 1].map(|dim| self.padded_size(dim).unwrap_or(0));
        (width, height * width)
    }

    /// Where the patch of each output pixel starts.
    fn bases(&self) -> Vec<usize> {
        let ([height, width], [down, right], (line, _)) = (self.output, self.stride, self.plane());
        (0..height).flat_map(|y| (0..width).map(move |x| y * down * line + x * right)).collect()
    }

    /// Where each weight's pixel lies from there: channel, row, column.
    fn deltas(&self) -> Vec<usize> {
        let ([height, width], [down, right], (line, plane)) = (self.kernel, self.dilation, self.plane());
        let row = move |c: usize, y: usize| (0..width).map(move |x| c * plane + y * down * line + x * right);
        (0..self.channels).flat_map(|c| (0..height).flat_map(move |y| row(c, y))).collect()
    }

    /// The channels of one group of one sample, with zeros around each.
    fn padded(&self, image: &Floats<'_>, sample: usize, group: usize) -> Option<Vec<f32>> {
        let ([height, width], [top, left], (line, plane)) = (self.input, self.padding, self.plane());
        let dims = image.shape.len();
        let (down, right) = (if dims == 4 { image.stride(2) } else { 0 }, image.stride(dims - 1));
        let mut padded = vec![0.0; self.channels * plane];
        for (channel, padded) in padded.chunks_exact_mut(plane.max(1)).enumerate() {
            let start = sample * image.stride(0) + (group * self.channels + channel) * image.stride(1);
            for (y, line) in padded.chunks_exact_mut(line.max(1)).skip(top).take(height).enumerate() {
                let line = line.get_mut(left..left + width)?;
                let from = image.data.get(start + y * down..)?;
                if right == 1 {
                    line.copy_from_slice(from.get(..width)?);
                } else {
                    line.iter_mut().enumerate().try_for_each(|(x, out)| {
                        *out = *from.get(x * right)?;
                        Some(())
                    })?;
                }
            }
        }
        Some(padded)
    }
}

/// Packs patches as [`Matrix::pack`] packs columns: a row for each delta, a column for each base.
fn patches(padded: &[f32], deltas: &[usize], bases: &[usize], panels: &mut [f32]) {
    let panels = panels.chunks_exact_mut(TILE_COLUMNS * deltas.len().max(1));
    for (bases, panel) in bases.chunks(TILE_COLUMNS).zip(panels) {
        let rows = deltas.iter().zip(panel.as_chunks_mut::<TILE_COLUMNS>().0);
        let first = bases.first().copied().unwrap_or(0);
        // Neighbours in a line of the image, as most are, are copied together.
        let together = bases.len() == TILE_COLUMNS && bases.iter().zip(first..).all(|(&base, next)| base == next);
        if together {
            for (delta, out) in rows {
                if let Some(pixels) = padded.get(first + delta..).and_then(<[f32]>::first_chunk) {
                    *out = *pixels;
                }
            }
            continue;
        }
        for (delta, out) in rows {
            *out = [0.0; TILE_COLUMNS];
            for (out, base) in out.iter_mut().zip(bases) {
                *out = padded.get(base + delta).copied().unwrap_or(0.0);
            }
        }
    }
}
