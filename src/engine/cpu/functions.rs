//! Functions of one float32 tensor, element by element, four at a time; softmax along the last dim.

use super::{Floats, Host};
use crate::engine::tensor::Tensor;
use std::cell::Cell;
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use wide::f32x4;

macro_rules! functions {
    ($($name:ident $of:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub fn $name(x: &Tensor) -> Option<Tensor> { map(x, $of) })*
    };
}

functions! {
    exp f32x4::exp, "e^x";
    tanh f32x4::tanh, "hyperbolic tangent";
    sigmoid logistic, "1 / (1 + e^-x)";
    silu |x: f32x4| x * logistic(x), "x times its sigmoid";
    relu |x: f32x4| x.simd_lt(f32x4::ZERO).select(f32x4::ZERO, x), "max (x, 0), NaN stays";
    erf error_function, "error function";
    gelu |x: f32x4| x * 0.5 * (f32x4::ONE + error_function(x * FRAC_1_SQRT_2)), "x times the normal distribution's mass below x";
    gelu_tanh gelu_by_tanh, "its approximation by a tanh";
}

/// `torch.clamp`; NaN stays.
pub fn clamp(x: &Tensor, min: Option<f32>, max: Option<f32>) -> Option<Tensor> {
    let low = f32x4::splat(min.unwrap_or(f32::NEG_INFINITY));
    let high = f32x4::splat(max.unwrap_or(f32::INFINITY));
    map(x, |x| {
        let x = x.simd_lt(low).select(low, x);
        x.simd_gt(high).select(high, x)
    })
}

/// Softmax along the last dim.
pub fn softmax(x: &Tensor, dim: usize) -> Option<Tensor> {
    rows(x, dim, |row| {
        let largest = largest(row);
        let total = f32x4::splat(summed(row, |x| (x - largest).exp()));
        each(row, |x| x / total);
    })
}

/// Its logarithm.
pub fn log_softmax(x: &Tensor, dim: usize) -> Option<Tensor> {
    rows(x, dim, |row| {
        let largest = largest(row);
        let mut powers = row.to_vec();
        let shift = largest + summed(&mut powers, |x| (x - largest).exp()).ln();
        each(row, |x| x - shift);
    })
}

/// 1 / (1 + e^-x)
pub(super) fn logistic(x: f32x4) -> f32x4 {
    f32x4::ONE / (f32x4::ONE + (-x).exp())
}

fn gelu_by_tanh(x: f32x4) -> f32x4 {
    let inner = (x + x * x * x * 0.044_715) * std::f32::consts::FRAC_2_PI.sqrt();
    x * 0.5 * (f32x4::ONE + inner.tanh())
}

/// Polynomials of the Cephes library: near 0 x times one in x², further out 1 - e^(-x²) times one in 1/x².
fn error_function(x: f32x4) -> f32x4 {
    const NEAR: [f32; 7] = [
        7.853_861_4e-5,
        -8.010_194e-4,
        5.188_327_6e-3,
        -2.685_381_2e-2,
        1.128_358_5e-1,
        -3.761_262_6e-1,
        FRAC_2_SQRT_PI,
    ];
    const FAR: [f32; 9] = [
        2.326_82e-2,
        -1.387_039_4e-1,
        3.687_424_7e-1,
        -5.824_733e-1,
        6.210_004_6e-1,
        -4.944_515_3e-1,
        3.404_88e-1,
        -2.741_127e-1,
        5.638_259_4e-1,
    ];
    const FARTHER: [f32; 8] = [
        -1.047_766_4e1,
        1.297_72e1,
        -7.495_519,
        2.921_019,
        -1.015_265_3,
        4.218_463_4e-1,
        -2.820_767_4e-1,
        5.641_896e-1,
    ];
    let polynomial =
        |coefficients: &[f32], z: f32x4| coefficients.iter().fold(f32x4::ZERO, |sum, c| sum * z + f32x4::splat(*c));
    let (size, square) = (x.abs(), x * x);
    let near = x * polynomial(&NEAR, square);
    // Beyond 4 a float32 is 1, and the square of what is larger could be infinite.
    let far = size.fast_min(f32x4::splat(4.0));
    let inverse = f32x4::ONE / far;
    let z = inverse * inverse;
    let rest = far.simd_lt(f32x4::splat(2.0)).select(polynomial(&FAR, z), polynomial(&FARTHER, z));
    let beyond = (f32x4::ONE - (-far * far).exp() * inverse * rest).copysign(x);
    size.simd_gt(f32x4::ONE).select(beyond, near)
}

/// A tensor of the same shape; `None` where it is no float32 of the CPU.
fn map(x: &Tensor, f: impl Fn(f32x4) -> f32x4) -> Option<Tensor> {
    let floats = Floats::of(x)?;
    let from = floats.in_order();
    let mut out = from.into_owned();
    each(&mut out, f);
    Some(x.place().upload(Host::F32(out), &floats.shape))
}

/// A tensor whose rows along the last dim were changed in place.
fn rows(x: &Tensor, dim: usize, mut change: impl FnMut(&mut [f32])) -> Option<Tensor> {
    let floats = Floats::of(x)?;
    if dim + 1 != floats.shape.len() {
        return None;
    }
    let mut out = floats.in_order().into_owned();
    out.chunks_exact_mut(floats.size(dim).max(1)).for_each(&mut change);
    Some(x.place().upload(Host::F32(out), &floats.shape))
}

/// Puts a function of each element in its place.
pub(super) fn each(row: &mut [f32], f: impl Fn(f32x4) -> f32x4) {
    let (vectors, rest) = row.as_chunks_mut::<4>();
    for vector in vectors {
        *vector = f(f32x4::new(*vector)).to_array();
    }
    for value in rest {
        [*value, ..] = f(f32x4::splat(*value)).to_array();
    }
}

/// The same; gives the sum.
fn summed(row: &mut [f32], f: impl Fn(f32x4) -> f32x4) -> f32 {
    let total = Cell::new(f32x4::ZERO);
    let whole = row.len() / 4 * 4;
    let (vectors, rest) = row.split_at_mut(whole);
    each(vectors, |x| {
        let y = f(x);
        total.set(total.get() + y);
        y
    });
    each(rest, f);
    total.get().reduce_add() + rest.iter().sum::<f32>()
}

/// NaN where one is: it is then everywhere in the row, as in torch.
fn largest(row: &[f32]) -> f32 {
    let more = |most: f32, x: &f32| if *x > most || x.is_nan() { *x } else { most };
    let (vectors, rest) = row.as_chunks::<4>();
    let mut most = f32x4::splat(f32::NEG_INFINITY);
    for vector in vectors {
        let x = f32x4::new(*vector);
        // What is not at most the largest is larger, or NaN; and a NaN stays, since nothing is larger.
        most = (x.simd_le(most) | most.simd_ne(most)).select(most, x);
    }
    rest.iter().chain(&most.to_array()).fold(f32::NEG_INFINITY, more)
}
