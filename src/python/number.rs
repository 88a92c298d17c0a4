//! Python's arithmetic of ints and floats: floor division and modulo signs, true division, powers, shifts.

use super::raised::{Outcome, Raised};
use ruff_python_ast::Operator;

/// A number of Python.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `int` and `bool`
    Int(i64),
    /// `float`
    Float(f64),
}

impl Number {
    /// `float(x)`.
    #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
    pub fn float(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

/// A float's value as an int, where it is one.
pub fn exact_int(float: f64) -> Option<i64> {
    let fits = float.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float);
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    fits.then_some(float as i64)
}

/// `int(float)`: truncates.
pub fn truncate(float: f64) -> Outcome<i64> {
    if float.is_nan() {
        return Err(Raised::value_error("cannot convert float NaN to integer"));
    }
    if float.is_infinite() {
        return Err(Raised::overflow("cannot convert float infinity to integer"));
    }
    exact_int(float.trunc()).ok_or_else(|| Raised::overflow(format!("{float:e} does not fit in 64 bits")))
}

/// `a op b` for two numbers; `None` where Python raises TypeError for these types.
pub fn arithmetic(op: Operator, a: Number, b: Number) -> Outcome<Option<Number>> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => ints(op, a, b),
        _ => floats(op, a.float(), b.float()),
    }
}

fn ints(op: Operator, a: i64, b: i64) -> Outcome<Option<Number>> {
    let result = match op {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mult => a.checked_mul(b),
        Operator::Div => {
            if b == 0 {
                return Err(Raised::zero_division("division by zero"));
            }
            return Ok(Some(Number::Float(Number::Int(a).float() / Number::Int(b).float())));
        }
        Operator::FloorDiv | Operator::Mod if b == 0 => {
            return Err(Raised::zero_division(match op {
                Operator::FloorDiv => "integer division or modulo by zero",
                _ => "integer modulo by zero",
            }));
        }
        Operator::FloorDiv => floor_div(a, b),
        Operator::Mod => floor_mod(a, b),
        Operator::Pow if b >= 0 => match (a, u32::try_from(b)) {
            (0 | 1, _) => Some(if b == 0 { 1 } else { a }),
            (-1, _) => Some(if b % 2 == 0 { 1 } else { -1 }),
            (_, Ok(power)) => a.checked_pow(power),
            (_, Err(_)) => None,
        },
        Operator::Pow => {
            if a == 0 {
                return Err(Raised::zero_division("0.0 cannot be raised to a negative power"));
            }
            return Ok(Some(Number::Float(Number::Int(a).float().powf(Number::Int(b).float()))));
        }
        Operator::LShift | Operator::RShift if b < 0 => return Err(Raised::value_error("negative shift count")),
        Operator::LShift if a == 0 => Some(0),
        Operator::LShift => u32::try_from(b).ok().filter(|b| *b < 63).and_then(|b| a.checked_mul(1i64.checked_shl(b)?)),
        Operator::RShift => Some(a >> b.min(63)),
        Operator::BitOr => Some(a | b),
        Operator::BitXor => Some(a ^ b),
        Operator::BitAnd => Some(a & b),
        Operator::MatMult => return Ok(None),
    };
    match result {
        Some(int) => Ok(Some(Number::Int(int))),
        None => Err(Raised::overflow(format!("the result of {a} {} {b} does not fit in 64 bits", op.as_str()))),
    }
}

/// `a // b`; `None` on overflow or a zero divisor.
pub fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// `a % b`, with the sign of `b`.
pub fn floor_mod(a: i64, b: i64) -> Option<i64> {
    if b == -1 {
        return Some(0);
    }
    let rest = a.checked_rem(b)?;
    Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
}

fn floats(op: Operator, a: f64, b: f64) -> Outcome<Option<Number>> {
    let result = match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b == 0.0 => return Err(Raised::zero_division("float division by zero")),
        Operator::Div => a / b,
        Operator::FloorDiv if b == 0.0 => return Err(Raised::zero_division("float floor division by zero")),
        Operator::Mod if b == 0.0 => return Err(Raised::zero_division("float modulo")),
        Operator::FloorDiv => float_divmod(a, b).0,
        Operator::Mod => float_divmod(a, b).1,
        Operator::Pow => {
            if a == 0.0 && b < 0.0 {
                return Err(Raised::zero_division("0.0 cannot be raised to a negative power"));
            }
            if a < 0.0 && b.is_finite() && b.fract() != 0.0 {
                return Err(Raised::unsupported("complex numbers"));
            }
            let power = a.powf(b);
            if power.is_infinite() && a.is_finite() && b.is_finite() {
                return Err(Raised::overflow("(34, 'Numerical result out of range')"));
            }
            power
        }
        _ => return Ok(None),
    };
    Ok(Some(Number::Float(result)))
}

/// CPython's `float_divmod`: the quotient is exact where the remainder is.
pub fn float_divmod(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0.0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    let floored = if quotient == 0.0 {
        0.0f64.copysign(a / b)
    } else {
        let floored = quotient.floor();
        if quotient - floored > 0.5 { floored + 1.0 } else { floored }
    };
    (floored, rest)
}

/// `round(x, digits)` of a float, as CPython: by way of the exact decimal text, half to even.
pub fn round_float(x: f64, digits: i64) -> f64 {
    if !x.is_finite() || digits > 330 {
        return x;
    }
    if digits < -330 {
        return 0.0f64.copysign(x);
    }
    match usize::try_from(digits) {
        // Rust formats the exact decimal value, half to even, as dtoa does
        Ok(digits) => format!("{x:.digits$}").parse().unwrap_or(x),
        Err(_) => {
            let scale = 10f64.powf(Number::Int(-digits).float());
            (x / scale).round_ties_even() * scale
        }
    }
}
