//! Elementwise arithmetic of floating values outside a graph: what an optimizer's update is written in, with torch's names and order of
//! operations (`torch/optim/*.py`).
//!
//! The value that is updated is given up, so that its memory is written in place where nobody else holds it. Operands have its shape and
//! its dtype: callers check that. Numbers that Python computes stay float64 until they meet a tensor. Results of float16 and bfloat16 are
//! rounded once, as torch's kernels do.

use super::op::broadcast::{constant, lift};
use super::op::cast::round;
use super::op::reduce::{merged, norm};
use super::tensor::{Scalar, Tensor};
use super::value::{Value, narrow};
use crate::dtype::DType;
use crate::error::Result;

/// Arithmetic of the elements of one kind of thing: a tensor, or a few of a tensor's elements.
pub trait Elementwise: Clone {
    /// `self + alpha * other`
    fn add_scaled(self, other: &Self, alpha: f64) -> Self;

    /// `self * factor`
    fn scale(self, factor: f64) -> Self;

    /// `self / divisor`
    fn divide(self, divisor: f64) -> Self;

    /// `self + number`
    fn offset(self, number: f64) -> Self;

    /// `self * other`
    fn product(self, other: &Self) -> Self;

    /// `self / other`
    fn quotient(self, other: &Self) -> Self;

    /// `torch.lerp(self, end, weight)`
    fn lerp(self, end: &Self, weight: f64) -> Self;

    /// `self + value * a * b`
    fn addcmul(self, a: &Self, b: &Self, value: f64) -> Self;

    /// `self + value * a / b`
    fn addcdiv(self, a: &Self, b: &Self, value: f64) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// `|self|`
    fn abs(self) -> Self;

    /// The larger of two; NaN wins.
    fn maximum(self, other: &Self) -> Self;

    /// `number / self`
    fn divides(self, number: f64) -> Self;

    /// One of three numbers by the sign of an element: of negative ones, of 0, of positive ones. NaN stays.
    fn by_sign(self, numbers: [f64; 3]) -> Self;

    /// Every element between two bounds; NaN stays.
    fn between(self, low: f64, high: f64) -> Self;
}

impl Elementwise for Value {
    fn add_scaled(self, other: &Self, alpha: f64) -> Self {
        let other = other.tensor().clone();
        self.map(|t| plus(t, other, alpha))
    }

    fn scale(self, factor: f64) -> Self {
        self.map(|t| times(t, factor))
    }

    fn divide(self, divisor: f64) -> Self {
        self.map(|t| t.div_scalar(Scalar::Float(divisor)))
    }

    fn offset(self, number: f64) -> Self {
        self.map(|t| t.add_scalar(Scalar::Float(number)))
    }

    fn product(self, other: &Self) -> Self {
        let other = other.tensor().clone();
        self.map(|t| t.mul(other))
    }

    fn quotient(self, other: &Self) -> Self {
        let other = other.tensor().clone();
        self.map(|t| t.div(other))
    }

    fn lerp(self, end: &Self, weight: f64) -> Self {
        let end = end.tensor().clone();
        // From the nearer end, as ATen's kernel goes.
        self.map(|t| match weight < 0.5 {
            true => {
                let way = end.sub(t.clone());
                plus(t, way, weight)
            }
            false => {
                let way = end.clone().sub(t);
                plus(end, way, weight - 1.0)
            }
        })
    }

    fn addcmul(self, a: &Self, b: &Self, value: f64) -> Self {
        let term = times(a.tensor().clone(), value).mul(b.tensor().clone());
        self.map(|t| t.add(term))
    }

    fn addcdiv(self, a: &Self, b: &Self, value: f64) -> Self {
        let term = times(a.tensor().clone(), value).div(b.tensor().clone());
        self.map(|t| t.add(term))
    }

    fn sqrt(self) -> Self {
        self.map(Tensor::sqrt)
    }

    fn abs(self) -> Self {
        self.map(Tensor::abs)
    }

    fn maximum(self, other: &Self) -> Self {
        let other = other.tensor().clone();
        self.map(|t| {
            let takes = other.clone().gt(t.clone()).or(other.clone().is_nan());
            t.mask_where(takes, other)
        })
    }

    fn divides(self, number: f64) -> Self {
        self.map(|t| constant(&t, number).expand(&t.shape()).div(t))
    }

    fn by_sign(self, numbers: [f64; 3]) -> Self {
        self.map(|t| {
            let zero = Scalar::Float(0.0);
            let [negative, equal, positive] = numbers.map(|number| constant(&t, number).expand(&t.shape()));
            let (below, at, above) = (t.clone().lt_scalar(zero), t.clone().eq_scalar(zero), t.clone().gt_scalar(zero));
            t.mask_where(below, negative).mask_where(at, equal).mask_where(above, positive)
        })
    }

    fn between(self, low: f64, high: f64) -> Self {
        self.clamp(low, high)
    }
}

impl Value {
    /// The same dtype and shape over computed elements.
    fn map(self, compute: impl FnOnce(Tensor) -> Tensor) -> Self {
        let narrow = narrow(self.dtype());
        self.with_tensor(|t| {
            let t = compute(t);
            match narrow {
                Some(narrow) => round(t, narrow),
                None => t,
            }
        })
    }

    /// Another value of its dtype and shape, every element `value`.
    pub fn full_like(&self, value: f64) -> Self {
        self.clone().map(|t| {
            let shape = t.shape();
            t.place().full(&shape, Scalar::Float(value), t.dtype())
        })
    }

    /// Every element between two bounds; NaN stays.
    pub fn clamp(self, min: f64, max: f64) -> Self {
        self.map(|t| t.clamp_min(Scalar::Float(min)).clamp_max(Scalar::Float(max)))
    }

    /// Every element at most `max`; NaN stays.
    pub fn at_most(self, max: f64) -> Self {
        self.map(|t| t.clamp_max(Scalar::Float(max)))
    }

    /// `self * factor`, which is a 0-d value of any floating dtype.
    pub fn scale_by(self, factor: &Self) -> Self {
        let factor = factor.tensor().clone();
        self.map(|t| {
            let factor = lift(factor.to_float(t.dtype().into()), t.rank());
            t.mul(factor)
        })
    }

    /// `torch.linalg.vector_norm(self, p)`: 0-d, float64 of float64 and float32 of the rest.
    pub fn vector_norm(&self, p: f64) -> Result<Self> {
        let dtype = if self.dtype() == DType::Float64 { DType::Float64 } else { DType::Float32 };
        let dims: Vec<usize> = (0..self.tensor().rank()).collect();
        Self::computed(norm(merged(self.tensor().clone(), &dims), p), dtype, &[])
    }

    /// 0-d values as a vector of the first one's dtype; `None` of none.
    pub fn stack(values: &[Self]) -> Option<Result<Self>> {
        let dtype = values.first()?.dtype();
        let like = values.first()?.tensor().dtype();
        let rows = values.iter().map(|v| v.tensor().clone().to_float(like.into()).reshape(&[1])).collect();
        Some(Self::computed(Tensor::cat(rows, 0)?, dtype, &[values.len()]))
    }
}

fn plus(t: Tensor, other: Tensor, alpha: f64) -> Tensor {
    t.add(times(other, alpha))
}

fn times(t: Tensor, factor: f64) -> Tensor {
    if factor == 1.0 {
        t
    } else if factor == -1.0 {
        t.neg()
    } else {
        t.mul_scalar(Scalar::Float(factor))
    }
}
