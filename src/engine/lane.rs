//! Elementwise updates of several tensors in one pass: four float32 elements at a time, on the CPU, in place.
//!
//! An expression written over [`Elementwise`] runs on whole tensors of any device, each operation a kernel, or on lanes, where memory is
//! read and written once however long the expression is.

use super::arithmetic::Elementwise;
use super::value::Value;
use crate::dtype::DType;
use crate::error::{Error, Result};
use wide::f32x4;

/// Elements that go together: a SIMD register. More of them would be passed from operation to operation through memory.
const WIDTH: usize = 4;

/// Some float32 elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lane(f32x4);

impl Lane {
    /// The elements from `at` on; zeros where there are none.
    #[inline(always)]
    fn load(from: Option<&[f32]>, at: usize) -> Self {
        let rest = from.and_then(|from| from.get(at..)).unwrap_or_default();
        let lane = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut lane = [0.0; WIDTH];
            lane.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            lane
        });
        Self(f32x4::new(lane))
    }

    #[inline(always)]
    fn store(self, to: Option<&mut [f32]>, at: usize) {
        let (lane, rest) = (self.0.to_array(), to.and_then(|to| to.get_mut(at..)).unwrap_or_default());
        match rest.first_chunk_mut() {
            Some(to) => *to = lane,
            None => rest.iter_mut().zip(lane).for_each(|(to, from)| *to = from),
        }
    }
}

/// Python's float as a float32 tensor's operation takes it.
#[expect(clippy::cast_possible_truncation, reason = "the tensor is float32")]
#[inline(always)]
fn single(number: f64) -> f32x4 {
    f32x4::splat(number as f32)
}

impl Elementwise for Lane {
    #[inline(always)]
    fn add_scaled(self, other: &Self, alpha: f64) -> Self {
        Self(self.0 + other.0 * single(alpha))
    }

    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        Self(self.0 * single(factor))
    }

    #[inline(always)]
    fn divide(self, divisor: f64) -> Self {
        Self(self.0 / single(divisor))
    }

    #[inline(always)]
    fn divides(self, number: f64) -> Self {
        Self(single(number) / self.0)
    }

    #[inline(always)]
    fn offset(self, number: f64) -> Self {
        Self(self.0 + single(number))
    }

    #[inline(always)]
    fn product(self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }

    #[inline(always)]
    fn quotient(self, other: &Self) -> Self {
        Self(self.0 / other.0)
    }

    #[inline(always)]
    fn lerp(self, end: &Self, weight: f64) -> Self {
        let way = end.0 - self.0;
        Self(if weight < 0.5 { self.0 + single(weight) * way } else { end.0 + single(weight - 1.0) * way })
    }

    #[inline(always)]
    fn addcmul(self, a: &Self, b: &Self, value: f64) -> Self {
        Self(self.0 + single(value) * a.0 * b.0)
    }

    #[inline(always)]
    fn addcdiv(self, a: &Self, b: &Self, value: f64) -> Self {
        Self(self.0 + single(value) * a.0 / b.0)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs())
    }

    #[inline(always)]
    fn maximum(self, other: &Self) -> Self {
        let (x, y) = (self.0, other.0);
        Self((y.simd_gt(x) | y.simd_ne(y)).select(y, x))
    }

    #[inline(always)]
    fn by_sign(self, numbers: [f64; 3]) -> Self {
        let [negative, equal, positive] = numbers.map(single);
        let (x, zero) = (self.0, f32x4::ZERO);
        let signed = x.simd_lt(zero).select(negative, x.simd_gt(zero).select(positive, x));
        Self(x.simd_eq(zero).select(equal, signed))
    }

    #[inline(always)]
    fn between(self, low: f64, high: f64) -> Self {
        let (x, low, high) = (self.0, single(low), single(high));
        Self(x.simd_lt(low).select(low, x.simd_gt(high).select(high, x)))
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
pub fn update(
    owned: [Option<Value>; 4],
    input: &Value,
    body: impl Fn([Lane; 4], Lane) -> [Lane; 4],
) -> Result<[Option<Value>; 4]> {
    let lost = || Error::device("the elements of a tensor on the CPU cannot be reached");
    let mut parts = Vec::with_capacity(owned.len());
    for value in owned {
        parts.push(value.map(|v| v.into_host().ok_or_else(lost)).transpose()?);
    }
    let input = input.clone().into_host().ok_or_else(lost)?;
    let elements = input.elements().ok_or_else(lost)?;
    let mut slices = Vec::with_capacity(parts.len());
    for part in &mut parts {
        slices.push(part.as_mut().map(|p| p.elements_mut().ok_or_else(lost)).transpose()?);
    }
    let [mut a, mut b, mut c, mut d]: [Option<&mut [f32]>; 4] = slices.try_into().map_err(|_| lost())?;
    for at in (0..elements.len()).step_by(WIDTH) {
        // One by one: a loop over the four would be a call for each few elements.
        let lanes = [
            Lane::load(a.as_deref(), at),
            Lane::load(b.as_deref(), at),
            Lane::load(c.as_deref(), at),
            Lane::load(d.as_deref(), at),
        ];
        let [to_a, to_b, to_c, to_d] = body(lanes, Lane::load(Some(elements), at));
        to_a.store(a.as_deref_mut(), at);
        to_b.store(b.as_deref_mut(), at);
        to_c.store(c.as_deref_mut(), at);
        to_d.store(d.as_deref_mut(), at);
    }
    let parts: Vec<_> = parts.into_iter().map(|part| part.map(super::value::OnHost::into_value)).collect();
    parts.try_into().map_err(|_| lost())
}
