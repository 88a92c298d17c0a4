//! Convolutions of float32 in which each output channel sees one channel of the input, and their gradients.
//!
//! The image is laid out with its padding and, for a stride, in as many phases as there are places to start: then each weight's pixels
//! for all outputs are one run of memory, the lines of the output as far apart as those of a phase. What stands between the lines is
//! computed and thrown away.

use super::Floats;
use super::convolution::Plan;
use wide::f32x4;

/// Outputs that are summed in registers: four vectors.
const TOGETHER: usize = 16;

/// Where things lie in the phases of a channel.
struct Layout {
    /// from line to line
    pitch: usize,
    /// of one phase
    plane: usize,
    /// of all phases, and what the last outputs reach beyond
    size: usize,
    /// from the first output to the last, with what is between the lines
    run: usize,
    /// where the pixel of each weight lies for the first output
    taps: Vec<usize>,
}

impl Layout {
    fn new(plan: &Plan) -> Self {
        let ([down, right], [height, width]) = (plan.stride, plan.padded_image());
        let (lines, pitch) = (height.div_ceil(down), width.div_ceil(right));
        let plane = lines * pitch;
        let place = |y: usize, x: usize| (y % down * right + x % right) * plane + y / down * pitch + x / right;
        let ([rows, columns], [step_y, step_x]) = (plan.kernel, plan.dilation);
        let taps = (0..rows).flat_map(|y| (0..columns).map(move |x| place(y * step_y, x * step_x)));
        let run =
            plan.output.first().map_or(0, |lines| lines.saturating_sub(1) * pitch) + plan.output.last().unwrap_or(&0);
        Self { pitch, plane, size: down * right * plane + TOGETHER, run, taps: taps.collect() }
    }

    /// Where each line of the image starts in the phases, and the phase-wise step of its pixels: calls back with (line, pixel, place).
    fn each(&self, plan: &Plan, mut visit: impl FnMut(usize, usize, usize)) {
        let ([height, width], [top, left], [down, right]) = (plan.input, plan.padding, plan.stride);
        for y in 0..height {
            let line = (y + top) % down * right * self.plane + (y + top) / down * self.pitch;
            for x in 0..width {
                visit(y, x, line + (x + left) % right * self.plane + (x + left) / right);
            }
        }
    }

    /// Lays out a channel.
    fn spread(&self, plan: &Plan, channel: &[f32], steps: [usize; 2], phases: &mut [f32]) {
        let ([_, width], [top, left], [down, right]) = (plan.input, plan.padding, plan.stride);
        if right == 1 && steps[1] == 1 {
            for y in 0..plan.input[0] {
                let line = (y + top) % down * self.plane + (y + top) / down * self.pitch + left;
                let (from, to) = (channel.get(y * steps[0]..), phases.get_mut(line..line + width));
                if let (Some(from), Some(to)) = (from.and_then(|f| f.get(..width)), to) {
                    to.copy_from_slice(from);
                }
            }
            return;
        }
        self.each(plan, |y, x, place| {
            let value = channel.get(y * steps[0] + x * steps[1]).copied().unwrap_or(0.0);
            if let Some(to) = phases.get_mut(place) {
                *to = value;
            }
        });
    }
}

/// The channel of the input that output channel `number` of a batch sees.
fn channel<'a>(plan: &Plan, image: &Floats<'a>, number: usize) -> (&'a [f32], [usize; 2]) {
    let (sample, channel) = (number / plan.channels_out, number % plan.channels_out / plan.group_out());
    let dims = image.shape.len();
    let down = if dims == 4 { image.stride(2) } else { 0 };
    let start = sample * image.stride(0) + channel * image.stride(1);
    (image.data.get(start..).unwrap_or_default(), [down, image.stride(dims - 1)])
}

/// The convolution.
pub fn forward(plan: &Plan, image: &Floats<'_>, weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let layout = Layout::new(plan);
    let (pixels, taps) = (plan.pixels().max(1), layout.taps.len().max(1));
    let mut out = vec![0.0; plan.batch * plan.channels_out * pixels];
    let mut phases = vec![0.0; layout.size];
    let mut sums = vec![0.0; layout.run.next_multiple_of(TOGETHER)];
    for (number, out) in out.chunks_exact_mut(pixels).enumerate() {
        let own = number % plan.channels_out;
        if number % plan.group_out() == 0 {
            let (channel, steps) = channel(plan, image, number);
            layout.spread(plan, channel, steps, &mut phases);
        }
        let weights = weights.get(own * taps..(own + 1) * taps).unwrap_or_default();
        let start = f32x4::splat(bias.and_then(|b| b.get(own)).copied().unwrap_or(0.0));
        for (block, sums) in sums.as_chunks_mut::<TOGETHER>().0.iter_mut().enumerate() {
            let mut totals = [start; 4];
            for (tap, weight) in layout.taps.iter().zip(weights) {
                let Some(pixels) = phases.get(tap + block * TOGETHER..).and_then(<[f32]>::first_chunk::<TOGETHER>)
                else {
                    continue;
                };
                let weight = f32x4::splat(*weight);
                for (total, pixels) in totals.iter_mut().zip(pixels.as_chunks::<4>().0) {
                    *total += weight * f32x4::new(*pixels);
                }
            }
            for (sums, total) in sums.as_chunks_mut::<4>().0.iter_mut().zip(totals) {
                *sums = total.to_array();
            }
        }
        gather(plan, &layout, &sums, out);
    }
    out
}

/// The lines of an output, without what is between them.
fn gather(plan: &Plan, layout: &Layout, sums: &[f32], out: &mut [f32]) {
    let width = plan.output[1].max(1);
    for (line, out) in out.chunks_exact_mut(width).enumerate() {
        if let Some(from) = sums.get(line * layout.pitch..line * layout.pitch + width) {
            out.copy_from_slice(from);
        }
    }
}

/// The opposite: an output's gradient with zeros between the lines.
fn scatter(plan: &Plan, layout: &Layout, gradient: &[f32], run: &mut [f32]) {
    let width = plan.output[1].max(1);
    for (line, from) in gradient.chunks_exact(width).enumerate() {
        if let Some(to) = run.get_mut(line * layout.pitch..line * layout.pitch + width) {
            to.copy_from_slice(from);
        }
    }
}

/// The gradient of the weight.
pub fn weight_gradient(plan: &Plan, image: &Floats<'_>, gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(plan);
    let (pixels, taps) = (plan.pixels().max(1), layout.taps.len().max(1));
    let mut out = vec![0.0; plan.channels_out * taps];
    let (mut phases, mut run) = (vec![0.0; layout.size], vec![0.0; layout.run]);
    for (number, gradient) in gradient.chunks_exact(pixels).enumerate() {
        let own = number % plan.channels_out;
        if number % plan.group_out() == 0 {
            let (channel, steps) = channel(plan, image, number);
            layout.spread(plan, channel, steps, &mut phases);
        }
        scatter(plan, &layout, gradient, &mut run);
        let weights = out.get_mut(own * taps..(own + 1) * taps).unwrap_or_default();
        for (tap, weight) in layout.taps.iter().zip(weights) {
            *weight += dot(phases.get(*tap..).unwrap_or_default(), &run);
        }
    }
    out
}

/// The gradient of the input.
pub fn input_gradient(plan: &Plan, weights: &[f32], gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(plan);
    let (pixels, taps, own) = (plan.pixels().max(1), layout.taps.len().max(1), plan.group_out());
    let size = plan.input.iter().product::<usize>().max(1);
    let mut out = vec![0.0; plan.batch * plan.groups * size];
    let (mut phases, mut run) = (vec![0.0; layout.size], vec![0.0; layout.run]);
    for (number, out) in out.chunks_exact_mut(size).enumerate() {
        phases.fill(0.0);
        for (nth, gradient) in gradient.chunks_exact(pixels).enumerate().skip(number * own).take(own) {
            scatter(plan, &layout, gradient, &mut run);
            let own = nth % plan.channels_out;
            let weights = weights.get(own * taps..(own + 1) * taps).unwrap_or_default();
            for (tap, weight) in layout.taps.iter().zip(weights) {
                let pixels = phases.get_mut(*tap..).unwrap_or_default();
                for (pixel, value) in pixels.iter_mut().zip(&run) {
                    *pixel += weight * value;
                }
            }
        }
        let width = plan.input[1];
        layout.each(plan, |y, x, place| {
            if let (Some(to), Some(value)) = (out.get_mut(y * width + x), phases.get(place)) {
                *to = *value;
            }
        });
    }
    out
}

/// The sum of products, in four lanes.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let a = a.get(..b.len()).unwrap_or_default();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sum = f32x4::ZERO;
    for (a, b) in a.iter().zip(b) {
        sum += f32x4::new(*a) * f32x4::new(*b);
    }
    sum.reduce_add() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
