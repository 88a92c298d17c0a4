//! Convolutions of float32 over one or two dims and their gradients, as products with the patches of the image.
//!
//! The patches are never laid out as a whole: each block of them is packed when the product asks for it, from an image with its
//! padding written out, where every patch is the same offsets from another start; one channel for each group has a kernel of its own,
//! and windows of one pixel are products of matrices as they lie. Three dims are left to burn-flex.

use super::gemm::{Bias, Left, Matrix, Scratch, TILE_COLUMNS, multiply};
use super::{Floats, Host, depthwise};
use crate::engine::kernel::Geometry;
use crate::engine::tensor::Tensor;
use std::ops::Range;

/// How many times larger than the image its padded copy may be; burn convolves without one.
const MAX_GROWTH: usize = 8;
/// A padded copy of this many elements is small whatever the image is.
const SMALL: usize = 1 << 20;
/// Pixels whose patches' gradients are computed before they are added to the image's.
const PIXELS: usize = 512;

/// `F.conv1d`, `F.conv2d`.
pub fn convolution(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, geometry: &Geometry) -> Option<Tensor> {
    let (image, kernel) = (Floats::of(x)?, Floats::of(weight)?);
    let bias = match bias {
        None => None,
        Some(bias) => Some(Floats::of(bias)?.in_order()),
    };
    let plan = Plan::new(&image.shape, &kernel.shape, geometry)?;
    let weights = kernel.in_order();
    let mut shape = vec![plan.batch, plan.channels_out];
    shape.extend(plan.output.iter().skip(2 - geometry.stride.len()));
    if plan.depthwise() {
        let out = depthwise::forward(&plan, &image, &weights, bias.as_deref());
        return Some(x.place().upload(Host::F32(out), &shape));
    }
    let (bases, deltas) = (plan.bases(), plan.deltas());
    let mut out = vec![0.0; plan.batch * plan.channels_out * plan.pixels()];
    let mut scratch = Scratch::default();
    let kernels = plan.kernels(&weights, |kernel| kernel)?;
    for (number, out) in out.chunks_exact_mut((plan.group_out() * plan.pixels()).max(1)).enumerate() {
        let (sample, group) = (number / plan.groups, number % plan.groups);
        let kernel = kernels.get(group)?;
        let first = group * plan.group_out();
        let bias = match &bias {
            // What is there is zeros.
            None => Bias::Sum,
            Some(all) => Bias::Rows(all.get(first..first + plan.group_out())?),
        };
        if let Some(pixels) = plan.as_it_lies(&image, sample, group) {
            let pack = |k: Range<usize>, j: Range<usize>, panels: &mut [f32]| pixels.pack(k, j, panels);
            multiply(kernel, plan.pixels(), pack, bias, out, &mut scratch);
            continue;
        }
        let padded = plan.padded(&image, sample, group)?;
        let pack = |k: Range<usize>, j: Range<usize>, panels: &mut [f32]| {
            patches(&padded, deltas.get(k).unwrap_or_default(), bases.get(j).unwrap_or_default(), panels);
        };
        multiply(kernel, plan.pixels(), pack, bias, out, &mut scratch);
    }
    Some(x.place().upload(Host::F32(out), &shape))
}

/// The gradient of a convolution's weight, from the input and the gradient of its output.
pub fn weight_gradient(x: &Tensor, gradient: &Tensor, weight_shape: &[usize], geometry: &Geometry) -> Option<Tensor> {
    let (image, gradient) = (Floats::of(x)?, Floats::of(gradient)?.in_order());
    let plan = Plan::new(&image.shape, weight_shape, geometry)?;
    if plan.depthwise() {
        let out = depthwise::weight_gradient(&plan, &image, &gradient);
        return Some(x.place().upload(Host::F32(out), weight_shape));
    }
    let (bases, deltas) = (plan.bases(), plan.deltas());
    let mut out = vec![0.0; plan.channels_out * deltas.len()];
    let mut scratch = Scratch::default();
    for sample in 0..plan.batch {
        for (group, out) in out.chunks_exact_mut((plan.group_out() * deltas.len()).max(1)).enumerate() {
            let padded = plan.padded(&image, sample, group)?;
            let pack = |k: Range<usize>, j: Range<usize>, panels: &mut [f32]| {
                patches(&padded, bases.get(k).unwrap_or_default(), deltas.get(j).unwrap_or_default(), panels);
            };
            let outputs = Left::new(&plan.outputs(&gradient, sample, group)?);
            multiply(&outputs, deltas.len(), pack, Bias::Sum, out, &mut scratch);
        }
    }
    Some(x.place().upload(Host::F32(out), weight_shape))
}

/// The gradient of a convolution's input, from the weight and the gradient of its output.
pub fn input_gradient(
    weight: &Tensor,
    gradient: &Tensor,
    input_shape: &[usize],
    geometry: &Geometry,
) -> Option<Tensor> {
    let (kernel, gradient) = (Floats::of(weight)?, Floats::of(gradient)?.in_order());
    let plan = Plan::new(input_shape, &kernel.shape, geometry)?;
    let weights = kernel.in_order();
    if plan.depthwise() {
        let out = depthwise::input_gradient(&plan, &weights, &gradient);
        return Some(weight.place().upload(Host::F32(out), input_shape));
    }
    let (bases, deltas) = (plan.bases(), plan.deltas());
    let (line, plane) = plan.plane();
    let ([height, width], [top, left]) = (plan.input, plan.padding);
    let mut out = vec![0.0; input_shape.iter().product()];
    let mut scratch = Scratch::default();
    let mut columns = vec![0.0; deltas.len() * PIXELS.min(bases.len())];
    let kernels = plan.kernels(&weights, Matrix::transposed)?;
    for (number, out) in out.chunks_exact_mut((plan.channels * height * width).max(1)).enumerate() {
        let (sample, group) = (number / plan.groups, number % plan.groups);
        let kernel = kernels.get(group)?;
        let outputs = plan.outputs(&gradient, sample, group)?;
        let mut padded = vec![0.0; plan.channels * plane];
        for (block, bases) in bases.chunks(PIXELS).enumerate() {
            let columns = columns.get_mut(..deltas.len() * bases.len())?;
            let part = Matrix { data: outputs.from(0, block * PIXELS), columns: bases.len(), ..outputs };
            let pack = |k: Range<usize>, j: Range<usize>, panels: &mut [f32]| part.pack(k, j, panels);
            multiply(kernel, bases.len(), pack, Bias::None, columns, &mut scratch);
            for (delta, row) in deltas.iter().zip(columns.chunks_exact(bases.len())) {
                add_patches(&mut padded, *delta, bases, row);
            }
        }
        for (channel, out) in padded.chunks_exact(plane.max(1)).zip(out.chunks_exact_mut((height * width).max(1))) {
            let lines = channel.chunks_exact(line.max(1)).skip(top).zip(out.chunks_exact_mut(width.max(1)));
            for (from, out) in lines {
                out.copy_from_slice(from.get(left..left + width)?);
            }
        }
    }
    Some(weight.place().upload(Host::F32(out), input_shape))
}

/// Sizes of a convolution; a signal is an image of height 1.
pub struct Plan {
    pub batch: usize,
    pub channels_out: usize,
    /// of one group
    channels: usize,
    pub groups: usize,
    pub input: [usize; 2],
    pub kernel: [usize; 2],
    pub output: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

impl Plan {
    fn new(image: &[usize], weight: &[usize], geometry: &Geometry) -> Option<Self> {
        let dims = geometry.stride.len();
        if !(1..=2).contains(&dims) || image.len() != dims + 2 || weight.len() != dims + 2 {
            return None;
        }
        let pair = |sizes: &[usize], missing: usize| match *sizes {
            [width] => Some([missing, width]),
            [height, width] => Some([height, width]),
            _ => None,
        };
        let channels = *weight.get(1)?;
        let plan = Self {
            batch: *image.first()?,
            channels_out: *weight.first()?,
            channels,
            groups: geometry.groups,
            input: pair(image.get(2..)?, 1)?,
            kernel: pair(weight.get(2..)?, 1)?,
            output: [0, 0],
            stride: pair(&geometry.stride, 1)?,
            padding: pair(&geometry.padding, 0)?,
            dilation: pair(&geometry.dilation, 1)?,
        };
        if channels * plan.groups != *image.get(1)? || !plan.channels_out.is_multiple_of(plan.groups) {
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

    /// Height and width with the padding.
    pub fn padded_image(&self) -> [usize; 2] {
        [0, 1].map(|dim| self.padded_size(dim).unwrap_or(0))
    }

    /// Whether each output channel sees one channel of several.
    fn depthwise(&self) -> bool {
        self.channels == 1 && self.groups > 1
    }

    /// Pixels of the output.
    pub fn pixels(&self) -> usize {
        self.output.iter().product()
    }

    /// Output channels of one group.
    pub fn group_out(&self) -> usize {
        self.channels_out / self.groups
    }

    /// Width and size of a channel with its padding.
    fn plane(&self) -> (usize, usize) {
        let [height, width] = self.padded_image();
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

    /// The weights of one group: a row for each output channel, a column for each delta.
    fn weights<'a>(&self, weights: &'a [f32], group: usize) -> Option<Matrix<'a>> {
        let (rows, columns) = (self.group_out(), self.channels * self.kernel.iter().product::<usize>());
        Some(Matrix { data: weights.get(group * rows * columns..)?, rows, columns, row: columns, column: 1 })
    }

    /// The weights of each group, packed.
    fn kernels<'a>(&self, weights: &'a [f32], turn: impl Fn(Matrix<'a>) -> Matrix<'a>) -> Option<Vec<Left<'a>>> {
        (0..self.groups).map(|group| Some(Left::new(&turn(self.weights(weights, group)?)))).collect()
    }

    /// What belongs to one group of one sample of the output: a row for each channel, a column for each pixel.
    fn outputs<'a>(&self, all: &'a [f32], sample: usize, group: usize) -> Option<Matrix<'a>> {
        let (rows, columns) = (self.group_out(), self.pixels());
        let data = all.get((sample * self.channels_out + group * rows) * columns..)?;
        Some(Matrix { data, rows, columns, row: columns, column: 1 })
    }

    /// The channels of one group of one sample as a matrix, where each window is one pixel and the image lies in lines.
    fn as_it_lies<'a>(&self, image: &Floats<'a>, sample: usize, group: usize) -> Option<Matrix<'a>> {
        let dims = image.shape.len();
        let [_, width] = self.input;
        let lines = dims == 3 || image.stride(2) == width;
        let plain = self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0];
        let data = image.data.get(sample * image.stride(0) + group * self.channels * image.stride(1)..)?;
        let (rows, columns, row) = (self.channels, self.pixels(), image.stride(1));
        (plain && lines && image.stride(dims - 1) == 1).then_some(Matrix { data, rows, columns, row, column: 1 })
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
        let split = run(bases);
        let rest = bases.get(split..).unwrap_or_default();
        // Neighbours in a line of the image, as most are, are copied together; where a line ends, those of the next one too.
        if bases.len() == TILE_COLUMNS && rest.is_empty() {
            for (delta, out) in rows {
                if let Some(pixels) = padded.get(first + delta..).and_then(<[f32]>::first_chunk) {
                    *out = *pixels;
                }
            }
            continue;
        }
        if bases.len() == TILE_COLUMNS && run(rest) == rest.len() {
            let second = rest.first().copied().unwrap_or(0);
            for (delta, out) in rows {
                let (end, start) = out.split_at_mut(split);
                let lines =
                    (padded.get(first + delta..).unwrap_or_default(), padded.get(second + delta..).unwrap_or_default());
                if let (Some(line), Some(next)) = (lines.0.get(..end.len()), lines.1.get(..start.len())) {
                    end.copy_from_slice(line);
                    start.copy_from_slice(next);
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

/// Adds a number to the pixel at `delta` of each patch.
fn add_patches(padded: &mut [f32], delta: usize, bases: &[usize], values: &[f32]) {
    let (mut bases, mut values) = (bases, values);
    while let Some(&first) = bases.first() {
        let (these, later) = values.split_at(run(bases));
        let pixels = padded.get_mut(first + delta..).unwrap_or_default();
        for (pixel, value) in pixels.iter_mut().zip(these) {
            *pixel += value;
        }
        (bases, values) = (bases.get(these.len()..).unwrap_or_default(), later);
    }
}

/// How many of the first numbers follow one another.
fn run(bases: &[usize]) -> usize {
    let first = bases.first().copied().unwrap_or(0);
    bases.iter().zip(first..).take_while(|(base, next)| *base == next).count()
}
