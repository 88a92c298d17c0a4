//! `math`.

use crate::python::number::{Number, truncate};
use crate::python::object::{Native, Object};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::Operator;

/// `math`'s.
pub static MATH: &[Native] = &[
    Native { name: "sqrt", run: |me, a| domain(me, a, f64::sqrt) },
    Native { name: "exp", run: |me, a| ranged(me, a, f64::exp) },
    Native { name: "expm1", run: |me, a| ranged(me, a, f64::exp_m1) },
    Native { name: "log2", run: |me, a| logarithm(me, a, f64::log2) },
    Native { name: "log10", run: |me, a| logarithm(me, a, f64::log10) },
    Native { name: "log1p", run: |me, a| domain(me, a, f64::ln_1p) },
    Native {
        name: "log",
        run: |me, a| {
            let [x, base] = a.bind("log", ["x", "base"], 1)?;
            let x = logarithm(me, Arguments::of(vec![x.unwrap_or_default()]), f64::ln)?;
            match base {
                None => Ok(x),
                Some(base) => {
                    let base = logarithm(me, Arguments::of(vec![base]), f64::ln)?;
                    me.binary(Operator::Div, &x, &base)
                }
            }
        },
    },
    Native { name: "sin", run: |me, a| domain(me, a, f64::sin) },
    Native { name: "cos", run: |me, a| domain(me, a, f64::cos) },
    Native { name: "tan", run: |me, a| domain(me, a, f64::tan) },
    Native { name: "asin", run: |me, a| domain(me, a, f64::asin) },
    Native { name: "acos", run: |me, a| domain(me, a, f64::acos) },
    Native { name: "atan", run: |me, a| domain(me, a, f64::atan) },
    Native { name: "sinh", run: |me, a| ranged(me, a, f64::sinh) },
    Native { name: "cosh", run: |me, a| ranged(me, a, f64::cosh) },
    Native { name: "tanh", run: |me, a| domain(me, a, f64::tanh) },
    Native { name: "fabs", run: |me, a| domain(me, a, f64::abs) },
    Native { name: "degrees", run: |me, a| domain(me, a, f64::to_degrees) },
    Native { name: "radians", run: |me, a| domain(me, a, f64::to_radians) },
    Native {
        name: "atan2",
        run: |me, a| {
            let (x, y) = two(me, a, "atan2")?;
            Ok(Object::Float(x.atan2(y)))
        },
    },
    Native {
        name: "hypot",
        run: |me, a| {
            let (x, y) = two(me, a, "hypot")?;
            Ok(Object::Float(x.hypot(y)))
        },
    },
    Native {
        name: "copysign",
        run: |me, a| {
            let (x, y) = two(me, a, "copysign")?;
            Ok(Object::Float(x.copysign(y)))
        },
    },
    Native {
        name: "fmod",
        run: |me, a| {
            let (x, y) = two(me, a, "fmod")?;
            if y == 0.0 {
                return Err(Raised::value_error("math domain error"));
            }
            Ok(Object::Float(x % y))
        },
    },
    Native {
        name: "pow",
        run: |me, a| {
            let (x, y) = two(me, a, "pow")?;
            let power = x.powf(y);
            if power.is_nan() && !x.is_nan() && !y.is_nan() {
                return Err(Raised::value_error("math domain error"));
            }
            if power.is_infinite() && x.is_finite() && y.is_finite() {
                return Err(Raised::overflow("math range error"));
            }
            Ok(Object::Float(power))
        },
    },
    Native { name: "floor", run: |me, a| rounded(me, a, f64::floor, "__floor__") },
    Native { name: "ceil", run: |me, a| rounded(me, a, f64::ceil, "__ceil__") },
    Native { name: "trunc", run: |me, a| rounded(me, a, f64::trunc, "__trunc__") },
    Native {
        name: "isnan",
        run: |me, a| {
            let x = one(me, a)?;
            Ok(Object::Bool(x.is_nan()))
        },
    },
    Native {
        name: "isinf",
        run: |me, a| {
            let x = one(me, a)?;
            Ok(Object::Bool(x.is_infinite()))
        },
    },
    Native {
        name: "isfinite",
        run: |me, a| {
            let x = one(me, a)?;
            Ok(Object::Bool(x.is_finite()))
        },
    },
    Native {
        name: "isclose",
        run: |me, mut a| {
            let relative = match a.take("rel_tol") {
                Some(t) => me.float(&t)?,
                None => 1e-9,
            };
            let absolute = match a.take("abs_tol") {
                Some(t) => me.float(&t)?,
                None => 0.0,
            };
            let (x, y) = two(me, a, "isclose")?;
            let close = x == y
                || x.is_finite() && y.is_finite() && (x - y).abs() <= (relative * x.abs().max(y.abs())).max(absolute);
            Ok(Object::Bool(close))
        },
    },
    Native {
        name: "prod",
        run: |me, a| {
            let [x] = a.exactly("prod")?;
            me.fold(&x, Object::Int(1), Operator::Mult)
        },
    },
    Native {
        name: "fsum",
        run: |me, a| {
            let [x] = a.exactly("fsum")?;
            me.fold(&x, Object::Float(0.0), Operator::Add)
        },
    },
    Native {
        name: "gcd",
        run: |me, a| {
            let mut result = 0u64;
            for x in &a.positional {
                result = gcd(result, me.index(x)?.unsigned_abs());
            }
            Ok(Object::Int(i64::try_from(result).unwrap_or(i64::MAX)))
        },
    },
    Native {
        name: "lcm",
        run: |me, a| {
            let mut result = 1u64;
            for x in &a.positional {
                let x = me.index(x)?.unsigned_abs();
                result = if x == 0 { 0 } else { result / gcd(result, x).max(1) * x };
            }
            Ok(Object::Int(i64::try_from(result).unwrap_or(i64::MAX)))
        },
    },
    Native {
        name: "isqrt",
        run: |me, a| {
            let [x] = a.exactly("isqrt")?;
            let x = me.index(&x)?;
            u64::try_from(x)
                .map(|x| Object::Int(i64::try_from(x.isqrt()).unwrap_or(0)))
                .map_err(|_| Raised::value_error("isqrt() argument must be nonnegative"))
        },
    },
    Native {
        name: "factorial",
        run: |me, a| {
            let [x] = a.exactly("factorial")?;
            let x = me.index(&x)?;
            if x < 0 {
                return Err(Raised::value_error("factorial() not defined for negative values"));
            }
            let product = (1..=x.min(21)).try_fold(1i64, i64::checked_mul);
            product.map(Object::Int).ok_or_else(|| Raised::overflow(format!("factorial({x}) does not fit in 64 bits")))
        },
    },
    Native {
        name: "comb",
        run: |me, a| {
            let [n, k] = a.exactly("comb")?;
            let (n, k) = (me.index(&n)?, me.index(&k)?);
            if n < 0 || k < 0 {
                return Err(Raised::value_error("n must be a non-negative integer"));
            }
            let mut result = 1i128;
            for i in 0..k.min(n - k).max(0) {
                me.step(1)?;
                result = result * i128::from(n - i) / i128::from(i + 1);
                if result > i128::from(i64::MAX) {
                    return Err(Raised::overflow("the result of comb() does not fit in 64 bits"));
                }
            }
            Ok(Object::Int(if k > n { 0 } else { i64::try_from(result).unwrap_or(0) }))
        },
    },
    Native { name: "erf", run: |me, a| domain(me, a, erf) },
];

fn one(me: &mut Interpreter, arguments: Arguments) -> Outcome<f64> {
    let [x] = arguments.exactly("math")?;
    if let Object::Str(_) = x {
        return Err(Raised::type_error("must be real number, not str"));
    }
    if Interpreter::as_number(&x).is_none()
        && !matches!(x, Object::Tensor(_) | Object::Instance(_) | Object::Missing(_))
    {
        return Err(Raised::type_error(format!("must be real number, not {}", me.type_name(&x))));
    }
    me.float(&x)
}

fn two(me: &mut Interpreter, arguments: Arguments, name: &str) -> Outcome<(f64, f64)> {
    let [x, y] = arguments.exactly(name)?;
    Ok((me.float(&x)?, me.float(&y)?))
}

fn domain(me: &mut Interpreter, arguments: Arguments, function: fn(f64) -> f64) -> Outcome<Object> {
    let x = one(me, arguments)?;
    let y = function(x);
    if y.is_nan() && !x.is_nan() {
        return Err(Raised::value_error("math domain error"));
    }
    Ok(Object::Float(y))
}

fn ranged(me: &mut Interpreter, arguments: Arguments, function: fn(f64) -> f64) -> Outcome<Object> {
    let x = one(me, arguments)?;
    let y = function(x);
    if y.is_infinite() && x.is_finite() {
        return Err(Raised::overflow("math range error"));
    }
    Ok(Object::Float(y))
}

fn logarithm(me: &mut Interpreter, arguments: Arguments, function: fn(f64) -> f64) -> Outcome<Object> {
    let x = one(me, arguments)?;
    if x <= 0.0 {
        return Err(Raised::value_error("math domain error"));
    }
    Ok(Object::Float(function(x)))
}

fn rounded(me: &mut Interpreter, arguments: Arguments, function: fn(f64) -> f64, special: &str) -> Outcome<Object> {
    let [x] = arguments.exactly("floor")?;
    match Interpreter::as_number(&x) {
        Some(Number::Int(i)) => Ok(Object::Int(i)),
        Some(Number::Float(f)) => {
            truncate(f)?;
            truncate(function(f)).map(Object::Int)
        }
        None => {
            if let Object::Instance(_) = x
                && let Some(method) = me.find_attribute(&x, special)?
            {
                return me.call_object(&method, Arguments::default());
            }
            let x = one(me, Arguments::of(vec![x]))?;
            truncate(function(x)).map(Object::Int)
        }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The error function by its series for small arguments and its continued fraction for large ones.
fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let z = x.abs();
    if z > 6.0 {
        return 1.0f64.copysign(x);
    }
    let scale = std::f64::consts::FRAC_2_SQRT_PI * (-z * z).exp();
    let value = if z < 2.5 {
        let (mut term, mut sum, mut n) = (z, z, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * z * z / (2.0 * n + 1.0);
            sum += term;
        }
        scale * sum
    } else {
        let fraction = (1..=120).rev().fold(0.0, |f, k| f64::from(k) / 2.0 / (z + f));
        1.0 - scale / 2.0 / (z + fraction)
    };
    value.copysign(x)
}
