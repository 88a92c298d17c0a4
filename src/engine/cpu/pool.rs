//! The largest of windows of float32 images, and its gradient.

use super::{Floats, Host};
use crate::engine::kernel::Window2d;
use crate::engine::tensor::Tensor;

/// The largest of each window, and where it was.
pub struct Pooled {
    /// (N, C, H, W)
    pub values: Tensor,
    /// for each of them, its place in the plane of the input
    pub places: Vec<u32>,
}

/// One dim of the windows.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Axis {
    /// Windows, in floor mode.
    fn windows(&self) -> Option<usize> {
        let reach = self.dilation.checked_mul(self.kernel.checked_sub(1)?)?.checked_add(1)?;
        Some((self.size + 2 * self.padding).checked_sub(reach)? / self.stride + 1)
    }

    /// The places of a window that lie inside.
    fn places(self, window: usize) -> impl Iterator<Item = usize> {
        let start = window * self.stride;
        let place = move |nth: usize| (start + nth * self.dilation).checked_sub(self.padding);
        (0..self.kernel).filter_map(place).take_while(move |at| *at < self.size)
    }
}

/// Largest in windows of (N, C, H, W), the first of equals, NaN before all; floor mode.
pub fn max_pool(x: &Tensor, window: &Window2d) -> Option<Pooled> {
    let image = Floats::of(x)?;
    let [batch, channels, height, width] = *image.shape.as_slice() else { return None };
    let axis = |dim: usize, size: usize| {
        let ([kernel, stride], [padding, dilation]) =
            ([window.kernel, window.stride], [window.padding, window.dilation]);
        Some(Axis {
            size,
            kernel: *kernel.get(dim)?,
            stride: *stride.get(dim)?,
            padding: *padding.get(dim)?,
            dilation: *dilation.get(dim)?,
        })
    };
    let (down, right) = (axis(0, height)?, axis(1, width)?);
    let (lines, columns) = (down.windows()?, right.windows()?);
    u32::try_from(height * width).ok()?;
    let pixels = image.in_order();
    let mut values = Vec::with_capacity(batch * channels * lines * columns);
    let mut places = Vec::with_capacity(values.capacity());
    for plane in pixels.chunks_exact((height * width).max(1)) {
        for line in 0..lines {
            for column in 0..columns {
                let (mut best, mut place) = (f32::NEG_INFINITY, None);
                for y in down.places(line) {
                    for x in right.places(column) {
                        let at = y * width + x;
                        let value = plane.get(at).copied().unwrap_or(f32::NEG_INFINITY);
                        if value > best || value.is_nan() || place.is_none() {
                            (best, place) = (value, Some(at));
                        }
                    }
                }
                values.push(best);
                places.push(u32::try_from(place.unwrap_or(0)).unwrap_or(0));
            }
        }
    }
    Some(Pooled { values: x.place().upload(Host::F32(values), &[batch, channels, lines, columns]), places })
}

/// The gradient of the input, of this shape: each window's goes to where its largest was.
pub fn max_pool_gradient(gradient: &Tensor, places: &[u32], shape: &[usize]) -> Option<Tensor> {
    let floats = Floats::of(gradient)?;
    let windows = floats.size(2) * floats.size(3);
    let plane: usize = shape.iter().skip(2).product();
    let mut out = vec![0.0; shape.iter().product()];
    let each = floats.in_order();
    let parts = each.chunks_exact(windows.max(1)).zip(places.chunks_exact(windows.max(1)));
    for (out, (values, places)) in out.chunks_exact_mut(plane.max(1)).zip(parts) {
        for (value, place) in values.iter().zip(places) {
            if let Some(pixel) = out.get_mut(*place as usize) {
                *pixel += value;
            }
        }
    }
    Some(gradient.place().upload(Host::F32(out), shape))
}
