//! Elementwise updates of several tensors in one pass: sixteen float32 elements at a time, on the CPU, in place.
//!
//! An expression written over [`Elementwise`] runs on whole tensors of any device, each operation a kernel, or on lanes, where memory is
//! read and written once however long the expression is.

use super::arithmetic::Elementwise;
use super::value::Value;
use crate::dtype::DType;
use crate::error::{Error, Result};
use std::cmp::Ordering;

/// Elements that go together: what SIMD registers of any width divide.
const WIDTH: usize = 16;

/// Some float32 elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lane([f32; WIDTH]);

impl Lane {
    #[inline(always)]
    fn load(from: Option<&[f32]>) -> Self {
        let mut lane = [0.0; WIDTH];
        if let Some(from) = from {
            match <[f32; WIDTH]>::try_from(from) {
                Ok(whole) => lane = whole,
                Err(_) => lane.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
            }
        }
        Self(lane)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
    }

    #[inline(always)]
    fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        self.0.iter_mut().for_each(|x| *x = f(*x));
        self
    }

    #[inline(always)]
    fn zip(mut self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(x, y)| *x = f(*x, y));
        self
    }
}

/// Python's float as a float32 tensor's operation takes it.
#[expect(clippy::cast_possible_truncation, reason = "the tensor is float32")]
#[inline(always)]
fn single(number: f64) -> f32 {
    number as f32
}

impl Elementwise for Lane {
    #[inline(always)]
    fn add_scaled(self, other: &Self, alpha: f64) -> Self {
        let alpha = single(alpha);
        self.zip(other, |x, y| x + y * alpha)
    }

    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        let factor = single(factor);
        self.map(|x| x * factor)
    }

    #[inline(always)]
    fn divide(self, divisor: f64) -> Self {
        let divisor = single(divisor);
        self.map(|x| x / divisor)
    }

    #[inline(always)]
    fn divides(self, number: f64) -> Self {
        let number = single(number);
        self.map(|x| number / x)
    }

    #[inline(always)]
    fn offset(self, number: f64) -> Self {
        let number = single(number);
        self.map(|x| x + number)
    }

    #[inline(always)]
    fn product(self, other: &Self) -> Self {
        self.zip(other, |x, y| x * y)
    }

    #[inline(always)]
    fn quotient(self, other: &Self) -> Self {
        self.zip(other, |x, y| x / y)
    }

    #[inline(always)]
    fn lerp(self, end: &Self, weight: f64) -> Self {
        let (near, w) = (weight < 0.5, single(weight));
        let rest = single(weight - 1.0);
        if near { self.zip(end, |x, y| x + w * (y - x)) } else { self.zip(end, |x, y| y + rest * (y - x)) }
    }

    #[inline(always)]
    fn addcmul(self, a: &Self, b: &Self, value: f64) -> Self {
        let value = single(value);
        self.zip(&a.zip(b, |a, b| value * a * b), |x, y| x + y)
    }

    #[inline(always)]
    fn addcdiv(self, a: &Self, b: &Self, value: f64) -> Self {
        let value = single(value);
        self.zip(&a.zip(b, |a, b| value * a / b), |x, y| x + y)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f32::abs)
    }

    #[inline(always)]
    fn maximum(self, other: &Self) -> Self {
        self.zip(other, |x, y| if y > x || y.is_nan() { y } else { x })
    }

    #[inline(always)]
    fn by_sign(self, numbers: [f64; 3]) -> Self {
        let [negative, equal, positive] = numbers.map(single);
        let choose = |x: f32| match x.partial_cmp(&0.0) {
            Some(Ordering::Less) => negative,
            Some(Ordering::Equal) => equal,
            Some(Ordering::Greater) => positive,
            None => x,
        };
        self.map(choose)
    }

    #[inline(always)]
    fn between(self, low: f64, high: f64) -> Self {
        let (low, high) = (single(low), single(high));
        self.map(|x| {
            if x < low {
                low
            } else if x > high {
                high
            } else {
                x
            }
        })
    }
}

/// Whether [`update`] takes a value.
pub fn takes(value: &Value) -> bool {
    !value.tensor().facts.gpu && value.dtype() == DType::Float32
}

/// Replaces the elements of four tensors of one shape by what `body` makes of them and of those of `input`. An absent one is zeros, and
/// stays absent. All are such that [`takes`] is true.
///
/// # Errors
/// Device when the elements cannot be reached; the tensors are lost then.
pub fn update<const N: usize>(
    owned: [Option<Value>; N],
    input: &Value,
    body: impl Fn([Lane; N], Lane) -> [Lane; N],
) -> Result<[Option<Value>; N]> {
    let lost = || Error::device("the elements of a tensor on the CPU cannot be reached");
    let mut parts = Vec::with_capacity(N);
    for value in owned {
        parts.push(value.map(|v| v.into_host().ok_or_else(lost)).transpose()?);
    }
    let input = input.clone().into_host().ok_or_else(lost)?;
    let elements = input.elements().ok_or_else(lost)?;
    let mut slices: Vec<Option<&mut [f32]>> = Vec::with_capacity(N);
    for part in &mut parts {
        slices.push(part.as_mut().map(|p| p.elements_mut().ok_or_else(lost)).transpose()?);
    }
    let mut slices: [Option<&mut [f32]>; N] = slices.try_into().map_err(|_| lost())?;
    for (number, chunk) in elements.chunks(WIDTH).enumerate() {
        let range = number * WIDTH..number * WIDTH + chunk.len();
        let lanes = slices.each_ref().map(|slice| Lane::load(slice.as_deref().and_then(|s| s.get(range.clone()))));
        let results = body(lanes, Lane::load(Some(chunk)));
        for (slice, lane) in slices.iter_mut().zip(results) {
            if let Some(to) = slice.as_deref_mut().and_then(|s| s.get_mut(range.clone())) {
                lane.store(to);
            }
        }
    }
    let parts: Vec<_> = parts.into_iter().map(|part| part.map(super::value::OnHost::into_value)).collect();
    parts.try_into().map_err(|_| lost())
}
