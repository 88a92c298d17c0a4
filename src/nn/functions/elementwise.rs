//! Functions of one or more tensors, element by element: arithmetic, rounding, trigonometry, comparisons, clamping, selection.

use super::shape::broadcast_shape;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Compare, Op, Scalar, Unary};
use crate::nn::bound::scalar;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, Operand, operand};
use crate::nn::value::Value;

/// Keeps the dtype.
fn plain(host: &mut dyn Host, b: &Bound<'_>, kind: Unary) -> Result<Value> {
    let x = b.id("input")?;
    unary(host, kind, x).map(Value::tensor)
}

/// An operator that keeps its input's dtype; rounding leaves integers alone, as torch does.
pub(super) fn unary(host: &mut dyn Host, kind: Unary, x: ValueId) -> Result<ValueId> {
    let dtype = node::dtype(host, x);
    let rounds = matches!(kind, Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc);
    match (kind, dtype.category()) {
        (_, Category::Int) if rounds => Ok(x),
        (Unary::Neg, Category::Bool) => Err(Error::mismatch(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
        )),
        (Unary::BitwiseNot, Category::Bool) => node::op(host, Op::Unary(Unary::LogicalNot), &[x]),
        (Unary::Square, Category::Bool | Category::Int) => node::binary(host, Binary::Mul, x, x),
        (Unary::Isnan | Unary::Isinf | Unary::Isfinite, Category::Bool | Category::Int) => {
            let (shape, value) = (node::shape(host, x), Scalar::Bool(kind == Unary::Isfinite));
            node::full(host, shape, value, DType::Bool)
        }
        _ => node::op(host, Op::Unary(kind), &[x]),
    }
}

/// Integers become float32 first.
fn float(host: &mut dyn Host, b: &Bound<'_>, kind: Unary) -> Result<Value> {
    let x = b.id("input")?;
    let x = node::float(host, x)?;
    node::op(host, Op::Unary(kind), &[x]).map(Value::tensor)
}

fn pair(b: &Bound<'_>) -> Result<(Operand, Operand)> {
    Ok((operand(b.name(), b.value("input"))?, operand(b.name(), b.value("other"))?))
}

fn binary(host: &mut dyn Host, b: &Bound<'_>, kind: Binary) -> Result<Value> {
    let (x, y) = pair(b)?;
    node::binary(host, kind, x, y).map(Value::tensor)
}

/// `input + alpha * other`
fn scaled(host: &mut dyn Host, b: &Bound<'_>, kind: Binary) -> Result<Value> {
    let (x, mut y) = pair(b)?;
    let alpha = b.scalar("alpha")?;
    if alpha != Scalar::Int(1) {
        y = node::binary(host, Binary::Mul, y, Operand::Scalar(alpha))?.into();
    }
    node::binary(host, kind, x, y).map(Value::tensor)
}

/// `other - alpha * input`
fn rsub(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (mut x, y) = pair(b)?;
    let alpha = b.scalar("alpha")?;
    if alpha != Scalar::Int(1) {
        x = node::binary(host, Binary::Mul, x, Operand::Scalar(alpha))?.into();
    }
    node::binary(host, Binary::Sub, y, x).map(Value::tensor)
}

fn divide(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = pair(b)?;
    let kind = match b.value("rounding_mode") {
        Value::None => Binary::Div,
        Value::Str(mode) if &**mode == "floor" => Binary::FloorDivide,
        Value::Str(mode) if &**mode == "trunc" => Binary::TruncDivide,
        Value::Str(mode) => {
            return Err(Error::mismatch(format!(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
            )));
        }
        _ => return Err(b.wrong("rounding_mode", "str")),
    };
    node::binary(host, kind, x, y).map(Value::tensor)
}

fn compare(host: &mut dyn Host, b: &Bound<'_>, kind: Compare) -> Result<Value> {
    let (x, y) = pair(b)?;
    node::compare(host, kind, x, y).map(Value::tensor)
}

/// `torch.where(condition, input, other)`.
fn select(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let condition = b.id("condition")?;
    let (x, y) = (operand(b.name(), b.value("input"))?, operand(b.name(), b.value("other"))?);
    choose(host, condition, x, y).map(Value::tensor)
}

/// `torch.where`.
pub(super) fn choose(host: &mut dyn Host, condition: ValueId, x: Operand, y: Operand) -> Result<ValueId> {
    let to = node::result_type(host, &[x, y])?;
    let condition = node::cast(host, condition, DType::Bool)?;
    let (x, y) = (node::tensor_of(host, x)?, node::tensor_of(host, y)?);
    let (x, y) = (node::cast(host, x, to)?, node::cast(host, y, to)?);
    node::op(host, Op::Where, &[condition, x, y])
}

/// Bounds are numbers or tensors.
fn clamp(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut x = b.id("input")?;
    if !b.has("min") && !b.has("max") {
        return Err(Error::mismatch("torch.clamp: At least one of 'min' or 'max' must not be None"));
    }
    let (min, max) = (scalar(b.value("min")), scalar(b.value("max")));
    if (min.is_some() || !b.has("min")) && (max.is_some() || !b.has("max")) {
        let mut operands = vec![Operand::Tensor(x)];
        operands.extend([min, max].into_iter().flatten().map(Operand::Scalar));
        let to = node::result_type(host, &operands)?;
        x = node::cast(host, x, to)?;
        let to_dtype = |s: Option<Scalar>| s.map(|s| node::to_dtype(s, to));
        return node::op(host, Op::Clamp { min: to_dtype(min), max: to_dtype(max) }, &[x]).map(Value::tensor);
    }
    for (name, kind) in [("min", Binary::Maximum), ("max", Binary::Minimum)] {
        if b.has(name) {
            let bound = operand(b.name(), b.value(name))?;
            let bound = node::tensor_of(host, bound)?;
            x = node::binary(host, kind, x, bound)?;
        }
    }
    Ok(Value::tensor(x))
}

fn masked_fill(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, mask) = (b.id("input")?, b.id("mask")?);
    let got = node::dtype(host, mask);
    if got != DType::Bool {
        return Err(Error::mismatch(format!(
            "masked_fill_ only supports boolean masks, but got mask with dtype {}",
            got.name()
        )));
    }
    let to = node::dtype(host, x);
    match operand(b.name(), b.value("value"))? {
        Operand::Scalar(s) => {
            // the mask may be larger than x out of place
            let shapes = [node::shape(host, x), node::shape(host, mask)];
            let whole = broadcast_shape(&shapes)?;
            let [own, _] = shapes;
            let x = if whole == own { x } else { node::expand(host, x, whole)? };
            node::op(host, Op::MaskedFill { value: node::to_dtype(s, to) }, &[x, mask]).map(Value::tensor)
        }
        Operand::Tensor(value) => {
            let value = node::cast(host, value, to)?;
            choose(host, mask, value.into(), x.into()).map(Value::tensor)
        }
    }
}

/// `input + value * tensor1 * tensor2`, or with a division
fn addc(host: &mut dyn Host, b: &Bound<'_>, kind: Binary) -> Result<Value> {
    let (x, one, two) = (b.id("input")?, b.id("tensor1")?, b.id("tensor2")?);
    let mut product = node::binary(host, kind, one, two)?;
    let value = b.scalar("value")?;
    if value != Scalar::Int(1) {
        product = node::binary(host, Binary::Mul, product, Operand::Scalar(value))?;
    }
    node::binary(host, Binary::Add, x, product).map(Value::tensor)
}

/// `start + weight * (end - start)`
fn lerp(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (start, end) = (b.id("input")?, b.id("end")?);
    let weight = operand(b.name(), b.value("weight"))?;
    let span = node::binary(host, Binary::Sub, end, start)?;
    let step = node::binary(host, Binary::Mul, span, weight)?;
    node::binary(host, Binary::Add, start, step).map(Value::tensor)
}

fn logit(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let mut x = node::float(host, x)?;
    if let Some(eps) = b.float_or_none("eps")? {
        let (min, max) = (Some(Scalar::Float(eps)), Some(Scalar::Float(1.0 - eps)));
        x = node::op(host, Op::Clamp { min, max }, &[x])?;
    }
    let rest = node::binary(host, Binary::Sub, 1.0, x)?;
    let odds = node::binary(host, Binary::Div, x, rest)?;
    node::op(host, Op::Unary(Unary::Log), &[odds]).map(Value::tensor)
}

fn nan_to_num(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let dtype = node::dtype(host, x);
    let largest = match dtype {
        DType::Float64 => f64::MAX,
        DType::Float16 => 65504.0,
        DType::BFloat16 => 3.389_531_389_251_535_5e38,
        _ => f64::from(f32::MAX),
    };
    let finite = [
        (f64::INFINITY, b.float_or_none("posinf")?.unwrap_or(largest)),
        (f64::NEG_INFINITY, b.float_or_none("neginf")?.unwrap_or(-largest)),
    ];
    let nan = b.float_or_none("nan")?.unwrap_or(0.0);
    if !dtype.is_float() {
        return Ok(Value::tensor(x));
    }
    let mask = node::op(host, Op::Unary(Unary::Isnan), &[x])?;
    let mut y = node::op(host, Op::MaskedFill { value: Scalar::Float(nan) }, &[x, mask])?;
    for (from, to) in finite {
        let mask = node::op(host, Op::CompareScalar { op: Compare::Eq, scalar: Scalar::Float(from) }, &[x])?;
        y = node::op(host, Op::MaskedFill { value: Scalar::Float(to) }, &[y, mask])?;
    }
    Ok(Value::tensor(y))
}

fn round(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let decimals = i32::try_from(b.int("decimals")?).unwrap_or(i32::MAX);
    if decimals == 0 {
        return unary(host, Unary::Round, x).map(Value::tensor);
    }
    let scale = 10f64.powi(decimals);
    let scaled = node::binary(host, Binary::Mul, x, scale)?;
    let rounded = unary(host, Unary::Round, scaled)?;
    node::binary(host, Binary::Div, rounded, scale).map(Value::tensor)
}

fn logaddexp(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("input")?, b.id("other")?);
    let larger = node::binary(host, Binary::Maximum, x, y)?;
    let smaller = node::binary(host, Binary::Minimum, x, y)?;
    let gap = node::binary(host, Binary::Sub, smaller, larger)?;
    let gap = node::op(host, Op::Unary(Unary::Exp), &[gap])?;
    let gap = node::op(host, Op::Unary(Unary::Log1p), &[gap])?;
    node::binary(host, Binary::Add, larger, gap).map(Value::tensor)
}

fn xlogy(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = pair(b)?;
    let (x, y) = (node::tensor_of(host, x)?, node::tensor_of(host, y)?);
    let y = node::float(host, y)?;
    let log = node::op(host, Op::Unary(Unary::Log), &[y])?;
    let product = node::binary(host, Binary::Mul, x, log)?;
    let zero = node::compare(host, Compare::Eq, x, 0.0)?;
    choose(host, zero, 0.0.into(), product.into()).map(Value::tensor)
}

fn isclose(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("input")?, b.id("other")?);
    let gap = node::binary(host, Binary::Sub, x, y)?;
    let gap = unary(host, Unary::Abs, gap)?;
    let size = unary(host, Unary::Abs, y)?;
    let allowed = node::binary(host, Binary::Mul, size, b.float("rtol")?)?;
    let allowed = node::binary(host, Binary::Add, allowed, b.float("atol")?)?;
    node::compare(host, Compare::Le, gap, allowed).map(Value::tensor)
}

fn same(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    b.tensor("input").cloned().map(Value::Tensor)
}

fn sinc(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let angle = node::binary(host, Binary::Mul, x, std::f64::consts::PI)?;
    let sine = node::op(host, Op::Unary(Unary::Sin), &[angle])?;
    let ratio = node::binary(host, Binary::Div, sine, angle)?;
    let zero = node::compare(host, Compare::Eq, x, 0.0)?;
    choose(host, zero, 1.0.into(), ratio.into()).map(Value::tensor)
}

fn erfc(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let x = node::float(host, x)?;
    let erf = node::op(host, Op::Unary(Unary::Erf), &[x])?;
    node::binary(host, Binary::Sub, 1.0, erf).map(Value::tensor)
}

fn degrees(host: &mut dyn Host, b: &Bound<'_>, factor: f64) -> Result<Value> {
    let x = b.id("input")?;
    node::binary(host, Binary::Mul, x, factor).map(Value::tensor)
}

functions! {
    tmij "abs absolute": "(input)" => |h, b| plain(h, b, Unary::Abs);
    tmij "neg negative": "(input)" => |h, b| plain(h, b, Unary::Neg);
    tmij "floor": "(input)" => |h, b| plain(h, b, Unary::Floor);
    tmij "ceil": "(input)" => |h, b| plain(h, b, Unary::Ceil);
    tmij "trunc fix": "(input)" => |h, b| plain(h, b, Unary::Trunc);
    tmij "frac": "(input)" => |h, b| plain(h, b, Unary::Frac);
    tmij "sign sgn": "(input)" => |h, b| plain(h, b, Unary::Sign);
    tmij "square": "(input)" => |h, b| plain(h, b, Unary::Square);
    tmij "bitwise_not": "(input)" => |h, b| plain(h, b, Unary::BitwiseNot);
    tmij "logical_not": "(input)" => |h, b| { let x = b.id("input")?; let x = node::cast(h, x, DType::Bool)?; node::op(h, Op::Unary(Unary::LogicalNot), &[x]).map(Value::tensor) };
    tm "isnan": "(input)" => |h, b| plain(h, b, Unary::Isnan);
    tm "isinf": "(input)" => |h, b| plain(h, b, Unary::Isinf);
    tm "isfinite": "(input)" => |h, b| plain(h, b, Unary::Isfinite);
    tmij "round": "(input, *, decimals=0)" => round;
    tm "positive real": "(input)" => same;
    tmijs "exp": "(input)" => |h, b| float(h, b, Unary::Exp);
    tmijs "exp2": "(input)" => |h, b| float(h, b, Unary::Exp2);
    tmijs "expm1": "(input)" => |h, b| float(h, b, Unary::Expm1);
    tmij "log": "(input)" => |h, b| float(h, b, Unary::Log);
    tmij "log2": "(input)" => |h, b| float(h, b, Unary::Log2);
    tmij "log10": "(input)" => |h, b| float(h, b, Unary::Log10);
    tmijs "log1p": "(input)" => |h, b| float(h, b, Unary::Log1p);
    tmij "sqrt": "(input)" => |h, b| float(h, b, Unary::Sqrt);
    tmij "rsqrt": "(input)" => |h, b| float(h, b, Unary::Rsqrt);
    tmij "reciprocal": "(input)" => |h, b| float(h, b, Unary::Reciprocal);
    tmij "sin": "(input)" => |h, b| float(h, b, Unary::Sin);
    tmij "cos": "(input)" => |h, b| float(h, b, Unary::Cos);
    tmij "tan": "(input)" => |h, b| float(h, b, Unary::Tan);
    tmij "asin arcsin": "(input)" => |h, b| float(h, b, Unary::Asin);
    tmij "acos arccos": "(input)" => |h, b| float(h, b, Unary::Acos);
    tmij "atan arctan": "(input)" => |h, b| float(h, b, Unary::Atan);
    tmij "sinh": "(input)" => |h, b| float(h, b, Unary::Sinh);
    tmij "cosh": "(input)" => |h, b| float(h, b, Unary::Cosh);
    tmijf "tanh": "(input)" => |h, b| float(h, b, Unary::Tanh);
    tmij "asinh arcsinh": "(input)" => |h, b| float(h, b, Unary::Asinh);
    tmij "acosh arccosh": "(input)" => |h, b| float(h, b, Unary::Acosh);
    tmij "atanh arctanh": "(input)" => |h, b| float(h, b, Unary::Atanh);
    tmijf "sigmoid": "(input)" => |h, b| float(h, b, Unary::Sigmoid);
    s "expit": "(input)" => |h, b| float(h, b, Unary::Sigmoid);
    tmijs "erf": "(input)" => |h, b| float(h, b, Unary::Erf);
    tmijs "erfinv": "(input)" => |h, b| float(h, b, Unary::Erfinv);
    tmijs "erfc": "(input)" => erfc;
    tmijs "logit": "(input, eps=None)" => logit;
    tmijs "sinc": "(input)" => sinc;
    tmij "nan_to_num": "(input, nan=None, posinf=None, neginf=None)" => nan_to_num;
    tmij "rad2deg": "(input)" => |h, b| degrees(h, b, 180.0 / std::f64::consts::PI);
    tmij "deg2rad": "(input)" => |h, b| degrees(h, b, std::f64::consts::PI / 180.0);
    tmi "add": "(input, other, *, alpha=1)" => |h, b| scaled(h, b, Binary::Add);
    tmi "sub subtract": "(input, other, *, alpha=1)" => |h, b| scaled(h, b, Binary::Sub);
    tm "rsub": "(input, other, *, alpha=1)" => rsub;
    tmi "mul multiply": "(input, other)" => |h, b| binary(h, b, Binary::Mul);
    tmi "div divide": "(input, other, *, rounding_mode=None)" => divide;
    tmi "true_divide": "(input, other)" => |h, b| binary(h, b, Binary::Div);
    tmi "floor_divide": "(input, other)" => |h, b| binary(h, b, Binary::FloorDivide);
    tmi "remainder": "(input, other)" => |h, b| binary(h, b, Binary::Remainder);
    tmi "fmod": "(input, other)" => |h, b| binary(h, b, Binary::Fmod);
    tmi "pow": "(input, exponent)" => |h, b| {
        let (x, y) = (operand(b.name(), b.value("input"))?, operand(b.name(), b.value("exponent"))?);
        node::binary(h, Binary::Pow, x, y).map(Value::tensor)
    };
    t "float_power": "(input, exponent)" => |h, b| {
        let x = b.id("input")?;
        let x = node::cast(h, x, DType::Float64)?;
        let y = operand(b.name(), b.value("exponent"))?;
        node::binary(h, Binary::Pow, x, y).map(Value::tensor)
    };
    tm "maximum": "(input, other)" => |h, b| binary(h, b, Binary::Maximum);
    tm "minimum": "(input, other)" => |h, b| binary(h, b, Binary::Minimum);
    tmi "atan2 arctan2": "(input, other)" => |h, b| binary(h, b, Binary::Atan2);
    tmi "logical_and": "(input, other)" => |h, b| binary(h, b, Binary::LogicalAnd);
    tmi "logical_or": "(input, other)" => |h, b| binary(h, b, Binary::LogicalOr);
    tmi "logical_xor": "(input, other)" => |h, b| binary(h, b, Binary::LogicalXor);
    tmi "bitwise_and": "(input, other)" => |h, b| binary(h, b, Binary::BitwiseAnd);
    tmi "bitwise_or": "(input, other)" => |h, b| binary(h, b, Binary::BitwiseOr);
    tmi "bitwise_xor": "(input, other)" => |h, b| binary(h, b, Binary::BitwiseXor);
    tmi "bitwise_left_shift": "(input, other)" => |h, b| binary(h, b, Binary::ShiftLeft);
    tmi "bitwise_right_shift": "(input, other)" => |h, b| binary(h, b, Binary::ShiftRight);
    tmi "eq": "(input, other)" => |h, b| compare(h, b, Compare::Eq);
    tmi "ne not_equal": "(input, other)" => |h, b| compare(h, b, Compare::Ne);
    tmi "lt less": "(input, other)" => |h, b| compare(h, b, Compare::Lt);
    tmi "le less_equal": "(input, other)" => |h, b| compare(h, b, Compare::Le);
    tmi "gt greater": "(input, other)" => |h, b| compare(h, b, Compare::Gt);
    tmi "ge greater_equal": "(input, other)" => |h, b| compare(h, b, Compare::Ge);
    t "where": "(condition, input, other)" => select, "(condition)" => super::chosen::nonzero;
    m "where": "(input, condition, other)" => select;
    tmij "clamp clip": "(input, min=None, max=None)" => clamp;
    tmij "clamp_min": "(input, min)" => clamp;
    tmij "clamp_max": "(input, max)" => clamp;
    tmi "masked_fill": "(input, mask, value)" => masked_fill;
    tmi "addcmul": "(input, tensor1, tensor2, *, value=1)" => |h, b| addc(h, b, Binary::Mul);
    tmi "addcdiv": "(input, tensor1, tensor2, *, value=1)" => |h, b| addc(h, b, Binary::Div);
    tmi "lerp": "(input, end, weight)" => lerp;
    tm "logaddexp": "(input, other)" => logaddexp;
    tmis "xlogy": "(input, other)" => xlogy;
    tm "isclose": "(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)" => isclose;
}
