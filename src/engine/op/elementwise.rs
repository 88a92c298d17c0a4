//! Elementwise arithmetic: torch's unary and binary functions on floats, integers and bools.

use super::Context;
use super::broadcast::{constant, element, like, together};
use crate::engine::cpu;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::engine::value::{Value, convert, stored};
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::{Binary, Scalar as Number, Unary};

/// A function of one tensor. What only floats have is computed in the result's type.
pub fn unary(op: Unary, x: Value, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let x = x.into_tensor();
    if x.kind() == Kind::Float {
        return float_unary(op, x);
    }
    let whole = matches!(op, Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc);
    Ok(match (op, x.kind()) {
        (Unary::LogicalNot, _) => x.to_bool().not(),
        (Unary::BitwiseNot, Kind::Bool) => x.not(),
        (Unary::BitwiseNot, _) => x.bit_not(),
        (Unary::Isnan | Unary::Isinf, _) => never(x),
        (Unary::Isfinite, _) => never(x).not(),
        (Unary::Abs, Kind::Int) => x.abs(),
        (Unary::Neg, Kind::Int) => x.neg(),
        (Unary::Sign, Kind::Int) => x.sign(),
        (Unary::Square, _) => x.clone().mul(x),
        (Unary::Relu, Kind::Int) => x.clamp_min(Scalar::Int(0)),
        (Unary::Abs | Unary::Sign | Unary::Relu, Kind::Bool) => x,
        _ if whole => x,
        _ if want.dtype.is_float() => float_unary(op, convert(x, stored(want.dtype, cx.place())?))?,
        _ => return Err(Error::unsupported(format!("{op:?} of integers"))),
    })
}

/// `false` everywhere.
fn never(x: Tensor) -> Tensor {
    let zero = x.numeric();
    zero.clone().ne(zero)
}

/// NaN where a GPU's function goes on outside its domain: WGSL leaves those results open.
fn defined(y: Tensor, outside: impl FnOnce() -> Tensor) -> Tensor {
    if y.facts.gpu { y.mask_fill(outside(), Scalar::Float(f64::NAN)) } else { y }
}

/// A logarithm; of negative numbers NaN. As torch has it, the slope goes on outside the domain: here and below it is given, since a mask
/// would end it.
fn logarithm(x: Tensor, scale: f64) -> Tensor {
    let y = x.apply(|x| defined(x.clone().log(), || x.lt_scalar(Scalar::Float(0.0))), |x, _| x.recip());
    if scale == 1.0 { y } else { y.mul_scalar(Scalar::Float(scale)) }
}

fn float_unary(op: Unary, x: Tensor) -> Result<Tensor> {
    Ok(match op {
        Unary::Abs => x.abs(),
        Unary::Neg => x.neg(),
        Unary::Exp => x.exp(),
        Unary::Exp2 => constant(&x, 2.0).expand(&x.shape()).powf(x),
        Unary::Expm1 => x.apply(expm1, |x, _| x.exp()),
        Unary::Log => logarithm(x, 1.0),
        Unary::Log2 => logarithm(x, std::f64::consts::LOG2_E),
        Unary::Log10 => logarithm(x, std::f64::consts::LOG10_E),
        Unary::Log1p => x.apply(
            |x| defined(x.clone().log1p(), || x.lt_scalar(Scalar::Float(-1.0))),
            |x, _| x.add_scalar(Scalar::Float(1.0)).recip(),
        ),
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => {
            x.apply(|x| x.sqrt().recip(), |_, y| y.clone().mul(y.clone()).mul(y).mul_scalar(Scalar::Float(-0.5)))
        }
        Unary::Square => x.clone().mul(x),
        Unary::Reciprocal => x.recip(),
        Unary::Sign => x.sign(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round(),
        Unary::Trunc => x.trunc(),
        Unary::Frac => x.clone().sub(x.trunc()),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Asinh => x.asinh(),
        Unary::Acosh => x.apply(
            |x| defined(x.clone().acosh(), || x.lt_scalar(Scalar::Float(1.0))),
            |x, _| x.clone().mul(x).sub_scalar(Scalar::Float(1.0)).sqrt().recip(),
        ),
        Unary::Atanh => x.apply(
            |x| defined(x.clone().atanh(), || x.abs().gt_scalar(Scalar::Float(1.0))),
            |x, _| x.clone().mul(x).neg().add_scalar(Scalar::Float(1.0)).recip(),
        ),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Erf => x.erf(),
        Unary::Erfinv => x.apply(
            |x| defined(erfinv(x.clone()), || x.abs().gt_scalar(Scalar::Float(1.0))),
            |_, y| y.clone().mul(y).exp().mul_scalar(Scalar::Float(std::f64::consts::PI.sqrt() / 2.0)),
        ),
        Unary::Relu => x.relu(),
        Unary::Silu => x.apply(
            |x| cpu::silu(&x).unwrap_or_else(|| x.clone().sigmoid().mul(x)),
            |x, y| {
                let gate = x.sigmoid();
                let rest = gate.clone().neg().add_scalar(Scalar::Float(1.0));
                gate.add(y.mul(rest))
            },
        ),
        Unary::LogicalNot => x.eq_scalar(Scalar::Float(0.0)),
        Unary::BitwiseNot => return Err(Error::unsupported("aten.bitwise_not of floats")),
        Unary::Isnan => x.is_nan(),
        Unary::Isinf => x.is_inf(),
        Unary::Isfinite => x.clone().is_nan().or(x.is_inf()).not(),
    })
}

/// e^x - 1, near 0 by its series, where the difference would lose digits.
pub fn expm1(x: Tensor) -> Tensor {
    let near = x.clone().clamp_min(Scalar::Float(-0.5)).clamp_max(Scalar::Float(0.5));
    let mut sum = constant(&x, 1.0).expand(&x.shape());
    for n in (2..=14).rev() {
        sum = sum.mul(near.clone()).mul_scalar(Scalar::Float(1.0 / f64::from(n))).add_scalar(Scalar::Float(1.0));
    }
    let far = x.clone().abs().gt_scalar(Scalar::Float(0.5));
    let exact = x.clone().exp().sub_scalar(Scalar::Float(1.0));
    let series = sum.mul(near);
    // NaN is not far, but must stay.
    series.mask_where(far.or(x.is_nan()), exact)
}

/// The inverse of erf: Giles's polynomials (GPU Computing Gems, 2011), then Newton's steps.
fn erfinv(x: Tensor) -> Tensor {
    const CENTRAL: [f64; 9] = [
        2.810_226_36e-8,
        3.432_739_39e-7,
        -3.523_387_7e-6,
        -4.391_506_54e-6,
        0.000_218_580_87,
        -0.001_253_725_03,
        -0.004_177_681_64,
        0.246_640_727,
        1.501_409_41,
    ];
    const TAIL: [f64; 9] = [
        -0.000_200_214_257,
        0.000_100_950_558,
        0.001_349_343_22,
        -0.003_673_428_44,
        0.005_739_507_73,
        -0.007_622_461_3,
        0.009_438_870_47,
        1.001_674_06,
        2.832_976_82,
    ];
    let polynomial = |coefficients: &[f64], w: &Tensor| {
        coefficients.iter().fold(None, |sum: Option<Tensor>, &c| {
            Some(match sum {
                None => constant(w, c).expand(&w.shape()),
                Some(sum) => sum.mul(w.clone()).add_scalar(Scalar::Float(c)),
            })
        })
    };
    let w = x.clone().mul(x.clone()).neg().log1p().neg();
    let central = polynomial(&CENTRAL, &w.clone().sub_scalar(Scalar::Float(2.5)));
    let tail = polynomial(&TAIL, &w.clone().clamp_min(Scalar::Float(0.0)).sqrt().sub_scalar(Scalar::Float(3.0)));
    let (Some(central), Some(tail)) = (central, tail) else { return x };
    let mut y = central.mask_where(w.ge_scalar(Scalar::Float(5.0)), tail).mul(x.clone());
    for _ in 0..2 {
        let slope = y.clone().mul(y.clone()).neg().exp().mul_scalar(Scalar::Float(2.0 / std::f64::consts::PI.sqrt()));
        let step = y.clone().erf().sub(x.clone()).div(slope);
        // In the far tail erf is flat in this precision; the polynomial is what there is.
        let usable = step.clone().abs().lt_scalar(Scalar::Float(0.01));
        y = y.clone().mask_where(usable, y.sub(step));
    }
    let ends = x.clone().abs().eq_scalar(Scalar::Float(1.0));
    let shape = x.shape();
    y.mask_where(ends, constant(&x, f64::INFINITY).expand(&shape).mul(x))
}

/// A function of two broadcast tensors.
pub fn binary(op: Binary, x: Value, y: Value, want: &Info) -> Result<Tensor> {
    let bits = u32::try_from(x.dtype().size().saturating_mul(8)).unwrap_or(64);
    let (mut x, mut y) = together(x.into_tensor(), y.into_tensor());
    if want.dtype.is_float() && x.kind() != Kind::Float {
        // torch divides integers as floats.
        let to = stored(want.dtype, &x.place())?;
        (x, y) = (convert(x, to), convert(y, to));
    }
    tensors(op, x, y, bits, want)
}

/// A function of a tensor and a number.
pub fn with_scalar(
    op: Binary,
    x: Value,
    scalar: Number,
    reverse: bool,
    want: &Info,
    cx: &Context<'_>,
) -> Result<Tensor> {
    let bits = u32::try_from(x.dtype().size().saturating_mul(8)).unwrap_or(64);
    let mut t = x.into_tensor();
    let logical = matches!(op, Binary::LogicalAnd | Binary::LogicalOr | Binary::LogicalXor);
    if !logical && !want.shape.contains(&0) {
        // `True + 1` and `2 / integers`: the number decides the type, and the result's type says how.
        t = convert(t, stored(want.dtype, cx.place())?);
    }
    if t.kind() == Kind::Float {
        let s = Scalar::Float(scalar.as_f64());
        match (op, reverse) {
            (Binary::Add, _) => return Ok(t.add_scalar(s)),
            (Binary::Mul, _) => return Ok(t.mul_scalar(s)),
            (Binary::Sub, false) => return Ok(t.sub_scalar(s)),
            (Binary::Sub, true) => return Ok(t.neg().add_scalar(s)),
            (Binary::Div, false) => return Ok(t.div_scalar(s)),
            (Binary::Pow, false) => return Ok(power_of(t, scalar.as_f64())),
            _ => {}
        }
    }
    let s = if logical { like(&t.clone().to_bool(), scalar) } else { like(&t, scalar) };
    if reverse { tensors(op, s, t, bits, want) } else { tensors(op, t, s, bits, want) }
}

/// x to a fixed power.
fn power_of(x: Tensor, exponent: f64) -> Tensor {
    x.apply(
        |x| fixed_power(x, exponent),
        move |x, _| match exponent {
            0.0 => constant(&x, 0.0).expand(&x.shape()),
            e => fixed_power(x, e - 1.0).mul_scalar(Scalar::Float(e)),
        },
    )
}

/// The common ones exactly.
fn fixed_power(x: Tensor, exponent: f64) -> Tensor {
    match exponent {
        0.0 => constant(&x, 1.0).expand(&x.shape()),
        1.0 => x,
        2.0 => x.clone().mul(x),
        3.0 => x.clone().mul(x.clone()).mul(x),
        0.5 => x.sqrt(),
        -0.5 => x.sqrt().recip(),
        -1.0 => x.recip(),
        -2.0 => x.clone().mul(x).recip(),
        e => {
            let exponent = constant(&x, e);
            power(x, exponent)
        }
    }
}

fn tensors(op: Binary, x: Tensor, y: Tensor, bits: u32, want: &Info) -> Result<Tensor> {
    Ok(match (op, x.kind()) {
        (Binary::LogicalAnd, _) | (Binary::BitwiseAnd | Binary::Mul | Binary::Minimum, Kind::Bool) => {
            both(x, y, Tensor::and)
        }
        (Binary::LogicalOr, _) | (Binary::BitwiseOr | Binary::Add | Binary::Maximum, Kind::Bool) => {
            both(x, y, Tensor::or)
        }
        (Binary::LogicalXor, _) | (Binary::BitwiseXor, Kind::Bool) => both(x, y, Tensor::xor),
        (Binary::Add, _) => x.add(y),
        (Binary::Sub, Kind::Float | Kind::Int) => x.sub(y),
        (Binary::Mul, _) => x.mul(y),
        (Binary::Div, Kind::Float) => x.div(y),
        (Binary::FloorDivide, Kind::Float) => steps(x, y, floor_divide),
        (Binary::FloorDivide, _) => x.clone().sub(x.remainder(y.clone())).div(y),
        (Binary::TruncDivide, Kind::Float) => steps(x, y, |x, y| x.div(y).trunc()),
        (Binary::TruncDivide, _) => x.div(y),
        (Binary::Remainder, Kind::Float) => rest(x, y, remainder, floor_divide),
        (Binary::Remainder, _) => x.remainder(y),
        (Binary::Fmod, Kind::Float) => rest(x, y, fmod, |x, y| x.div(y).trunc()),
        (Binary::Fmod, _) => x.clone().sub(x.div(y.clone()).mul(y)),
        (Binary::Pow, Kind::Float) => power(x, y),
        (Binary::Pow, _) => integer_power(x, y, want),
        (Binary::Maximum, kind) => {
            let (x, y) = both_expanded(x, y);
            let first = x.clone().gt(y.clone());
            let first = if kind == Kind::Float { first.or(x.clone().is_nan()) } else { first };
            either(x, y, first)
        }
        (Binary::Minimum, kind) => {
            let (x, y) = both_expanded(x, y);
            let first = x.clone().lt(y.clone());
            let first = if kind == Kind::Float { first.or(x.clone().is_nan()) } else { first };
            either(x, y, first)
        }
        (Binary::Atan2, Kind::Float) => angle(x, y),
        (Binary::BitwiseAnd, Kind::Int) => x.bit_and(y),
        (Binary::BitwiseOr, Kind::Int) => x.bit_or(y),
        (Binary::BitwiseXor, Kind::Int) => x.bit_xor(y),
        (Binary::ShiftLeft, Kind::Int) => shift_left(x, y, bits),
        (Binary::ShiftRight, Kind::Int) => {
            let most = Scalar::Int(i64::from(bits) - 1);
            let below = y.clone().lt_scalar(Scalar::Int(0));
            let amount = y.clamp_max(most);
            let shape = amount.shape();
            let most = amount.place().full(&vec![1; shape.len()], most, amount.dtype()).expand(&shape);
            x.shift_right(amount.mask_where(below, most))
        }
        (op, kind) => return Err(Error::unsupported(format!("{op:?} of {kind:?}"))),
    })
}

fn both(x: Tensor, y: Tensor, op: fn(Tensor, Tensor) -> Tensor) -> Tensor {
    let (x, y) = both_expanded(x.to_bool(), y.to_bool());
    op(x, y)
}

/// Two tensors of one rank, expanded to their common shape.
pub fn both_expanded(x: Tensor, y: Tensor) -> (Tensor, Tensor) {
    let shape: Vec<usize> = x.shape().iter().zip(y.shape()).map(|(&a, b)| if a == 1 { b } else { a }).collect();
    (x.expand(&shape), y.expand(&shape))
}

/// x where `first`, else y; where both are equal each has half of the gradient.
fn either(x: Tensor, y: Tensor, first: Tensor) -> Tensor {
    if !x.tracked() && !y.tracked() {
        return y.mask_where(first, x);
    }
    let equal = x.clone().eq(y.clone());
    let value = y.clone().detach().mask_where(first.clone(), x.clone().detach());
    Tensor::with_rule(value, [&x, &y], move |gradient| {
        let half = gradient.clone().mul_scalar(Scalar::Float(0.5));
        let shared = gradient.mask_where(equal.clone(), half);
        let only = |mask: Tensor| shared.clone().mask_fill(mask.or(equal.clone()).not(), Scalar::Float(0.0));
        [only(first.clone()), only(first.clone().not())]
    })
}

/// A quotient in whole steps: its gradient is zero.
fn steps(x: Tensor, y: Tensor, divide: impl FnOnce(Tensor, Tensor) -> Tensor) -> Tensor {
    if !x.tracked() && !y.tracked() {
        return divide(x, y);
    }
    let (x, y) = both_expanded(x, y);
    let value = divide(x.clone().detach(), y.clone().detach());
    Tensor::with_rule(value, [&x, &y], |gradient| {
        let zero = constant(&gradient, 0.0).expand(&gradient.shape());
        [zero.clone(), zero]
    })
}

/// What is left of x / y: x goes through, y counts by the whole quotient.
fn rest(
    x: Tensor,
    y: Tensor,
    left: impl FnOnce(Tensor, Tensor) -> Tensor,
    quotient: impl Fn(Tensor, Tensor) -> Tensor + Send + Sync + 'static,
) -> Tensor {
    if !x.tracked() && !y.tracked() {
        return left(x, y);
    }
    let (x, y) = both_expanded(x, y);
    let (a, b) = (x.clone().detach(), y.clone().detach());
    Tensor::with_rule(left(a.clone(), b.clone()), [&x, &y], move |gradient| {
        [gradient.clone(), gradient.mul(quotient(a.clone(), b.clone())).neg()]
    })
}

/// `torch.atan2`; at the origin its gradient is zero.
fn angle(y: Tensor, x: Tensor) -> Tensor {
    if !x.tracked() && !y.tracked() {
        return y.atan2(x);
    }
    let (y, x) = both_expanded(y, x);
    let (a, b) = (y.clone().detach(), x.clone().detach());
    Tensor::with_rule(a.clone().atan2(b.clone()), [&y, &x], move |gradient| {
        let square = a.clone().mul(a.clone()).add(b.clone().mul(b.clone()));
        let origin = square.clone().eq_scalar(Scalar::Float(0.0));
        let share = gradient.mul(square.recip().mask_fill(origin, Scalar::Float(0.0)));
        [share.clone().mul(b.clone()), share.mul(a.clone()).neg()]
    })
}

/// C's fmod: the sign of x.
fn fmod(x: Tensor, y: Tensor) -> Tensor {
    let size = x.clone().abs().remainder(y.abs());
    let shape = size.shape();
    let negative = x.lt_scalar(Scalar::Float(0.0)).expand(&shape);
    size.clone().mask_where(negative, size.neg())
}

/// Python's %: the sign of y.
fn remainder(x: Tensor, y: Tensor) -> Tensor {
    let (x, y) = both_expanded(x, y);
    let m = fmod(x, y.clone());
    let zero = Scalar::Float(0.0);
    let turn = m.clone().lt_scalar(zero).xor(y.clone().lt_scalar(zero)).and(m.clone().ne_scalar(zero));
    m.clone().mask_where(turn, m.add(y))
}

/// Python's //, as c10::div_floor_floating.
fn floor_divide(x: Tensor, y: Tensor) -> Tensor {
    let (x, y) = both_expanded(x, y);
    let zero = Scalar::Float(0.0);
    let m = fmod(x.clone(), y.clone());
    let div = x.clone().sub(m.clone()).div(y.clone());
    let turn = m.clone().lt_scalar(zero).xor(y.clone().lt_scalar(zero)).and(m.ne_scalar(zero));
    let div = div.clone().mask_where(turn, div.sub_scalar(Scalar::Float(1.0)));
    let floor = div.clone().floor();
    let above = div.sub(floor.clone()).gt_scalar(Scalar::Float(0.5));
    let floor = floor.clone().mask_where(above, floor.add_scalar(Scalar::Float(1.0)));
    let by_zero = y.clone().eq_scalar(zero);
    floor.mask_where(by_zero, x.div(y))
}

/// x^y, with torch's gradients where the formula has none: 0 for x where y = 0, 0 for y where x = 0 and y is not negative.
fn power(x: Tensor, y: Tensor) -> Tensor {
    let (x, y) = both_expanded(x, y);
    if !x.tracked() && !y.tracked() {
        return plain_power(x, y);
    }
    let (base, exponent) = (x.clone().detach(), y.clone().detach());
    let value = plain_power(base.clone(), exponent.clone());
    Tensor::with_rule(value.clone(), [&x, &y], move |gradient| {
        let zero = Scalar::Float(0.0);
        let one_less = exponent.clone().sub_scalar(Scalar::Float(1.0));
        let slope = plain_power(base.clone(), one_less).mul(exponent.clone());
        let by_base = gradient.clone().mul(slope).mask_fill(exponent.clone().eq_scalar(zero), zero);
        let nothing = base.clone().eq_scalar(zero).and(exponent.clone().ge_scalar(zero));
        let by_exponent = gradient.mul(value.clone().mul(base.clone().log())).mask_fill(nothing, zero);
        [by_base, by_exponent]
    })
}

/// A GPU's pow has no negative base.
fn plain_power(x: Tensor, y: Tensor) -> Tensor {
    if !x.facts.gpu {
        return x.powf(y);
    }
    let size = x.clone().abs().powf(y.clone());
    let whole = y.clone().floor().eq(y.clone());
    let odd = y.clone().abs().remainder_scalar(Scalar::Float(2.0)).eq_scalar(Scalar::Float(1.0));
    let negative = x.clone().lt_scalar(Scalar::Float(0.0));
    let signed = size.clone().mask_where(negative.clone().and(odd), size.neg());
    let undefined = negative.and(whole.not()).and(y.clone().is_inf().not()).and(x.clone().is_inf().not());
    let signed = signed.mask_fill(undefined, Scalar::Float(f64::NAN));
    let one = y.clone().eq_scalar(Scalar::Float(0.0)).or(x.eq_scalar(Scalar::Float(1.0)));
    signed.mask_fill(one, Scalar::Float(1.0))
}

/// x^y of integers by squaring; negative powers are 0 except of 1 and -1, as torch has it.
fn integer_power(x: Tensor, y: Tensor, want: &Info) -> Tensor {
    let (x, y) = both_expanded(x.numeric(), y.numeric());
    let steps = want.dtype.size().saturating_mul(8).min(if x.facts.gpu { 31 } else { 63 });
    let number = |n: i64| x.place().full(&x.shape(), Scalar::Int(n), x.dtype());
    let negative = y.clone().lt_scalar(Scalar::Int(0));
    let (mut result, mut base, mut rest) = (number(1), x.clone(), y.clone().abs());
    for step in 0..steps {
        let odd = rest.clone().bit_and(number(1)).eq_scalar(Scalar::Int(1));
        result = result.clone().mask_where(odd, result.mul(base.clone()));
        if step + 1 < steps {
            rest = rest.shift_right(number(1));
            // A base that is not needed any more would only overflow.
            base = base.mask_fill(rest.clone().eq_scalar(Scalar::Int(0)), Scalar::Int(1));
            base = base.clone().mul(base);
        }
    }
    let unit = x.clone().abs().eq_scalar(Scalar::Int(1));
    result.mask_fill(negative.and(unit.not()), Scalar::Int(0))
}

fn shift_left(x: Tensor, y: Tensor, bits: u32) -> Tensor {
    let (x, y) = both_expanded(x, y);
    let out = y.clone().lt_scalar(Scalar::Int(0)).or(y.clone().ge_scalar(Scalar::Int(i64::from(bits))));
    x.shift_left(y).mask_fill(out, Scalar::Int(0))
}

/// `torch.clamp` with numbers: NaN stays, and the upper bound wins where they cross.
pub fn clamp(x: Tensor, min: Option<Number>, max: Option<Number>, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let x = convert(x, stored(want.dtype, cx.place())?);
    let kind = x.kind();
    let [min, max] = [min, max].map(|bound| bound.map(|b| element(b, kind)));
    Ok(bounded(x, min, max))
}

/// Brought between bounds; the gradient passes strictly inside.
pub fn bounded(x: Tensor, min: Option<Scalar>, max: Option<Scalar>) -> Tensor {
    x.apply(
        |mut x| {
            let [low, high] = [min, max].map(|bound| bound.map(Scalar::elem::<f32>));
            if let Some(y) = cpu::clamp(&x, low, high) {
                return y;
            }
            if let Some(min) = min {
                x = x.clamp_min(min);
            }
            match max {
                Some(max) => x.clamp_max(max),
                None => x,
            }
        },
        move |x, y| {
            let mut outside = x.clone().is_nan();
            if let Some(min) = min {
                outside = outside.or(x.clone().le_scalar(min));
            }
            if let Some(max) = max {
                outside = outside.or(x.ge_scalar(max));
            }
            constant(&y, 1.0).expand(&y.shape()).mask_fill(outside, Scalar::Float(0.0))
        },
    )
}
