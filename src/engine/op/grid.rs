//! `F.grid_sample` over images: positions computed on the device, four gathers (or one), ATen's GridSampler.h step by step.

use crate::engine::tensor::{Scalar, Tensor};
use crate::error::{Error, Result};
use crate::graph::op::GridPadding;

fn f(value: f64) -> Scalar {
    Scalar::Float(value)
}

/// Samples (N, C, H, W) at (N, H', W', 2).
pub fn sample(x: Tensor, grid: Tensor, nearest: bool, padding: GridPadding, align_corners: bool) -> Result<Tensor> {
    if x.rank() != 4 || grid.rank() != 4 {
        return Err(Error::unsupported("aten.grid_sampler_3d"));
    }
    let [n, c, h, w] = [x.size(0), x.size(1), x.size(2), x.size(3)];
    let (oh, ow) = (grid.size(1), grid.size(2));
    let points = oh * ow;
    let axis = |which: usize, size: usize| {
        let g = grid.clone().slice(3, which, which + 1, 1).reshape(&[n, 1, points]);
        place(g, size, padding, align_corners)
    };
    let (px, py) = (axis(0, w), axis(1, h));
    let plane = Plane { x: x.reshape(&[n, c, h * w]), h, w, zeros: padding == GridPadding::Zeros };
    let sampled = if nearest {
        plane.at(px.round(), py.round())
    } else {
        let (x0, y0) = (px.clone().floor(), py.clone().floor());
        let (x1, y1) = (x0.clone().add_scalar(f(1.0)), y0.clone().add_scalar(f(1.0)));
        let (right, below) = (px.clone().sub(x0.clone()), py.clone().sub(y0.clone()));
        let (left, above) = (x1.clone().sub(px), y1.clone().sub(py));
        let corner = |x: &Tensor, y: &Tensor, wx: &Tensor, wy: &Tensor| {
            plane.at(x.clone(), y.clone()).mul(wx.clone().mul(wy.clone()))
        };
        corner(&x0, &y0, &left, &above)
            .add(corner(&x1, &y0, &right, &above))
            .add(corner(&x0, &y1, &left, &below))
            .add(corner(&x1, &y1, &right, &below))
    };
    Ok(sampled.reshape(&[n, c, oh, ow]))
}

/// From -1..1 to pixels, brought inside as the padding says.
#[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
fn place(g: Tensor, size: usize, padding: GridPadding, align_corners: bool) -> Tensor {
    let n = size as f64;
    let p = if align_corners {
        g.add_scalar(f(1.0)).mul_scalar(f((n - 1.0) / 2.0))
    } else {
        g.add_scalar(f(1.0)).mul_scalar(f(n)).sub_scalar(f(1.0)).mul_scalar(f(0.5))
    };
    let clip = |p: Tensor| p.clamp_min(f(0.0)).clamp_max(f(n - 1.0));
    match padding {
        GridPadding::Zeros => p,
        GridPadding::Border => clip(p),
        GridPadding::Reflection => {
            let (low, high) = if align_corners { (0.0, n - 1.0) } else { (-0.5, n - 0.5) };
            let span = high - low;
            if span <= 0.0 {
                return p.mul_scalar(f(0.0));
            }
            let away = p.sub_scalar(f(low)).abs();
            let flips = away.clone().div_scalar(f(span)).floor();
            let extra = away.sub(flips.clone().mul_scalar(f(span)));
            let odd = flips.clone().sub(flips.mul_scalar(f(0.5)).floor().mul_scalar(f(2.0))).gt_scalar(f(0.5));
            let back = extra.clone().neg().add_scalar(f(span));
            clip(extra.mask_where(odd, back).add_scalar(f(low)))
        }
    }
}

struct Plane {
    x: Tensor,
    h: usize,
    w: usize,
    zeros: bool,
}

impl Plane {
    /// The pixels at whole positions (N, 1, points); outside is 0 or the edge.
    #[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
    fn at(&self, px: Tensor, py: Tensor) -> Tensor {
        let (w, h) = (self.w as f64, self.h as f64);
        let inside = px.clone().ge_scalar(f(0.0)).and(px.clone().le_scalar(f(w - 1.0)));
        let inside = inside.and(py.clone().ge_scalar(f(0.0))).and(py.clone().le_scalar(f(h - 1.0)));
        let dtype = px.index_dtype();
        // NaN is nowhere: its position would be the integer that the device makes of it.
        let whole = |p: Tensor, last: f64| {
            let nan = p.clone().is_nan();
            p.mask_fill(nan, f(0.0)).clamp_min(f(0.0)).clamp_max(f(last)).to_int(dtype)
        };
        let (columns, rows) = (whole(px, w - 1.0), whole(py, h - 1.0));
        let width = i64::try_from(self.w).unwrap_or(i64::MAX);
        let flat = rows.mul_scalar(Scalar::Int(width)).add(columns);
        let shape = [self.x.size(0), self.x.size(1), flat.size(2)];
        let pixels = self.x.clone().gather(2, flat.expand(&shape));
        if self.zeros { pixels.mask_fill(inside.not().expand(&shape), f(0.0)) } else { pixels }
    }
}
