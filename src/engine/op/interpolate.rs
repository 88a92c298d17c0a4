//! `F.interpolate`: each spatial dim by itself, rows weighted as in ATen's UpSample.h.

use super::broadcast::floats;
use crate::engine::tensor::{Kind, Tensor};
use crate::error::{Error, Result};
use crate::graph::op::InterpolateMode;

/// Resizes the spatial dims of (N, C, *).
pub fn run(
    x: Tensor,
    mode: InterpolateMode,
    size: &[usize],
    align_corners: bool,
    scales: Option<&[f64]>,
) -> Result<Tensor> {
    if x.rank() != size.len() + 2 {
        return Err(Error::mismatch("interpolate: the size has another number of dims than the input"));
    }
    let mut x = x;
    for (d, &out) in size.iter().enumerate() {
        let scale = scales.and_then(|s| s.get(d)).copied();
        let double = x.dtype() == burn::tensor::DType::F64;
        let axis = Axis { size: x.size(d + 2), out, align_corners, scale, double };
        let same = axis.size == out && (scale.is_none() || align_corners || scale == Some(1.0));
        if same {
            continue;
        }
        x = match mode {
            InterpolateMode::Nearest => pick(x, d + 2, &axis.nearest(0.0)),
            InterpolateMode::NearestExact => pick(x, d + 2, &axis.nearest(0.5)),
            InterpolateMode::Linear => blend(x, d + 2, &axis.linear())?,
            InterpolateMode::Bicubic => blend(x, d + 2, &axis.cubic())?,
        };
    }
    Ok(x)
}

struct Axis {
    size: usize,
    out: usize,
    align_corners: bool,
    scale: Option<f64>,
    double: bool,
}

/// One source row and weight of every result row.
type Tap = Vec<(usize, f64)>;

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "torch computes positions in float32 and truncates them"
)]
impl Axis {
    /// Rounds as torch does: positions are in the input's own precision, float32 at least.
    fn round(&self, value: f64) -> f64 {
        if self.double { value } else { f64::from(value as f32) }
    }

    /// Source rows for one result row.
    fn step(&self) -> f64 {
        match self.scale {
            _ if self.align_corners && self.out > 1 => self.round((self.size - 1) as f64 / (self.out - 1) as f64),
            _ if self.align_corners => 0.0,
            Some(scale) if scale > 0.0 => self.round(1.0 / scale),
            _ => self.round(self.size as f64 / self.out as f64),
        }
    }

    fn nearest(&self, offset: f32) -> Vec<usize> {
        let step = match self.scale {
            Some(scale) if scale > 0.0 => (1.0 / scale) as f32,
            _ => self.size as f32 / self.out as f32,
        };
        (0..self.out).map(|o| (((o as f32 + offset) * step) as usize).min(self.size.saturating_sub(1))).collect()
    }

    fn position(&self, o: usize) -> f64 {
        if self.align_corners {
            self.round(self.step() * o as f64)
        } else {
            self.round(self.round(self.step() * (o as f64 + 0.5)) - 0.5)
        }
    }

    fn linear(&self) -> Vec<Tap> {
        let last = self.size.saturating_sub(1);
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for o in 0..self.out {
            let position = self.position(o).max(0.0);
            let row = (position as usize).min(last);
            let weight = self.round(position - row as f64).clamp(0.0, 1.0);
            low.push((row, self.round(1.0 - weight)));
            high.push(((row + 1).min(last), weight));
        }
        vec![low, high]
    }

    /// Keys' kernel with a = -0.75.
    fn cubic(&self) -> Vec<Tap> {
        const A: f64 = -0.75;
        let inside = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
        let outside = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
        let mut taps = vec![Vec::new(); 4];
        for o in 0..self.out {
            let position = self.position(o);
            let row = position.floor();
            let t = position - row;
            let weights = [outside(t + 1.0), inside(t), inside(1.0 - t), outside(2.0 - t)];
            for ((tap, weight), offset) in taps.iter_mut().zip(weights).zip([-1.0, 0.0, 1.0, 2.0]) {
                let source = (row + offset).clamp(0.0, self.size.saturating_sub(1) as f64) as usize;
                tap.push((source, self.round(weight)));
            }
        }
        taps
    }
}

fn pick(x: Tensor, dim: usize, rows: &[usize]) -> Tensor {
    let indices = x.place().indices(rows);
    x.select(dim, indices)
}

fn blend(x: Tensor, dim: usize, taps: &[Tap]) -> Result<Tensor> {
    if x.kind() != Kind::Float {
        return Err(Error::unsupported("interpolating integers"));
    }
    let rank = x.rank();
    let mut sum: Option<Tensor> = None;
    for tap in taps {
        let (rows, weights): (Vec<usize>, Vec<f64>) = tap.iter().copied().unzip();
        let shape: Vec<usize> = (0..rank).map(|d| if d == dim { rows.len() } else { 1 }).collect();
        let weights = floats(&x.place(), weights, &shape, &x);
        let part = pick(x.clone(), dim, &rows).mul(weights);
        sum = Some(match sum {
            None => part,
            Some(sum) => sum.add(part),
        });
    }
    sum.ok_or_else(|| Error::mismatch("interpolation without source rows"))
}
