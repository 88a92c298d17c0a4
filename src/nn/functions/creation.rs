//! Tensors from nothing: filled, counted, random, or spelled out.

use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::op::{Binary, Distribution, Op, Scalar};
use crate::graph::{LeafKind, ValueId};
use crate::nn::bound::int;
use crate::nn::fold;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::{Tensor, Value};

fn filled(host: &mut dyn Host, b: &Bound<'_>, value: Scalar) -> Result<Value> {
    let dtype = b.dtype("dtype")?.unwrap_or(host.trace().default_dtype);
    node::full(host, b.sizes("size")?, value, dtype).map(Value::tensor)
}

fn full(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let value = fill_value(host, b)?;
    let dtype = b.dtype("dtype")?.unwrap_or(node::scalar_dtype(host, value));
    node::full(host, b.sizes("size")?, value, dtype).map(Value::tensor)
}

fn fill_value(host: &mut dyn Host, b: &Bound<'_>) -> Result<Scalar> {
    if let Value::Tensor(tensor) = b.value("fill_value") {
        let folded = fold::need(host, tensor.value(), b.name())?;
        let number = folded.values.first().map_or(Value::None, |v| folded.number(*v));
        return crate::nn::bound::scalar(&number).ok_or_else(|| b.wrong("fill_value", "Number"));
    }
    b.scalar("fill_value")
}

/// Shape of `input`, its dtype unless another is given.
fn like(host: &mut dyn Host, b: &Bound<'_>) -> Result<(Vec<usize>, DType)> {
    let x = b.id("input")?;
    let info = node::info(host, x);
    Ok((info.shape, b.dtype("dtype")?.unwrap_or(info.dtype)))
}

fn filled_like(host: &mut dyn Host, b: &Bound<'_>, value: Scalar) -> Result<Value> {
    let (shape, dtype) = like(host, b)?;
    node::full(host, shape, value, dtype).map(Value::tensor)
}

fn random_like(host: &mut dyn Host, b: &Bound<'_>, distribution: Distribution) -> Result<Value> {
    let (shape, dtype) = like(host, b)?;
    random(host, distribution, shape, dtype).map(Value::tensor)
}

/// `x.new_zeros(size)`: the tensor's dtype.
fn new(host: &mut dyn Host, b: &Bound<'_>, value: Scalar) -> Result<Value> {
    let x = b.id("input")?;
    let own = node::dtype(host, x);
    let dtype = b.dtype("dtype")?.unwrap_or(own);
    node::full(host, b.sizes("size")?, value, dtype).map(Value::tensor)
}

fn new_tensor(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let own = node::dtype(host, x);
    literal(host, b.value("data"), Some(b.dtype("dtype")?.unwrap_or(own))).map(Value::tensor)
}

/// A random node.
pub(super) fn random(
    host: &mut dyn Host,
    distribution: Distribution,
    shape: Vec<usize>,
    dtype: DType,
) -> Result<ValueId> {
    node::op(host, Op::Random { distribution, shape, dtype }, &[])
}

const UNIFORM: Distribution = Distribution::Uniform { low: 0.0, high: 1.0 };
const NORMAL: Distribution = Distribution::Normal { mean: 0.0, std: 1.0 };

fn random_of(host: &mut dyn Host, b: &Bound<'_>, distribution: Distribution) -> Result<Value> {
    let dtype = b.dtype("dtype")?.unwrap_or(host.trace().default_dtype);
    random(host, distribution, b.sizes("size")?, dtype).map(Value::tensor)
}

fn randint(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (low, high) = (b.int_or_none("low")?.unwrap_or(0), b.int("high")?);
    if low >= high {
        return Err(Error::mismatch(format!(
            "random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )));
    }
    let (shape, dtype) = if b.has("size") { (b.sizes("size")?, DType::Int64) } else { like(host, b)? };
    let dtype = b.dtype("dtype")?.unwrap_or(dtype);
    random(host, Distribution::Randint { low, high }, shape, dtype).map(Value::tensor)
}

fn randperm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let dtype = b.dtype("dtype")?.unwrap_or(DType::Int64);
    random(host, Distribution::Permutation, vec![b.size("n")?], dtype).map(Value::tensor)
}

/// `torch.normal(mean, std, size)`, or with tensors for either.
fn normal(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (mean, std) = (node::operand("normal", b.value("mean"))?, node::operand("normal", b.value("std"))?);
    let shape = if b.has("size") {
        b.sizes("size")?
    } else {
        let (m, s) = (node::tensor_of(host, mean)?, node::tensor_of(host, std)?);
        let shapes = [node::shape(host, m), node::shape(host, s)];
        super::shape::broadcast_shape(&shapes)?
    };
    let dtype = host.trace().default_dtype;
    let noise = random(host, NORMAL, shape, dtype)?;
    let noise = node::binary(host, Binary::Mul, noise, std)?;
    node::binary(host, Binary::Add, noise, mean).map(Value::tensor)
}

fn bernoulli(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut x = b.id("input")?;
    if let Some(p) = b.float_or_none("p")? {
        let info = node::info(host, x);
        let dtype = if info.dtype.is_float() { info.dtype } else { host.trace().default_dtype };
        x = node::full(host, info.shape, Scalar::Float(p), dtype)?;
    }
    node::op(host, Op::Bernoulli, &[x]).map(Value::tensor)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the count is checked first")]
fn arange(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let number = |name: &str, default: i64| -> Result<Scalar> {
        if b.has(name) { b.scalar(name) } else { Ok(Scalar::Int(default)) }
    };
    let (start, end, step) = (number("start", 0)?, b.scalar("end")?, number("step", 1)?);
    let float = [start, end, step].iter().any(|s| matches!(s, Scalar::Float(_)));
    let dtype = b.dtype("dtype")?.unwrap_or(if float { host.trace().default_dtype } else { DType::Int64 });
    let (from, to, by) = (start.as_f64(), end.as_f64(), step.as_f64());
    if by == 0.0 {
        return Err(Error::mismatch("step must be nonzero"));
    }
    if (by > 0.0) != (from <= to) && from != to {
        return Err(Error::mismatch("upper bound and lower bound inconsistent with step sign"));
    }
    let count = ((to - from) / by).ceil();
    if !count.is_finite() || count > f64::from(u32::MAX) {
        return Err(Error::too_large("the length of torch.arange", count, u32::MAX));
    }
    let len = count.max(0.0) as usize;
    node::op(
        host,
        Op::Arange { start: node::to_dtype(start, dtype), step: node::to_dtype(step, dtype), len, dtype },
        &[],
    )
    .map(Value::tensor)
}

fn linspace(host: &mut dyn Host, b: &Bound<'_>) -> Result<ValueId> {
    let dtype = b.dtype("dtype")?.unwrap_or(host.trace().default_dtype);
    let op = Op::Linspace { start: b.float("start")?, end: b.float("end")?, steps: b.size("steps")?, dtype };
    node::op(host, op, &[])
}

fn logspace(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let powers = linspace(host, b)?;
    node::binary(host, Binary::Pow, b.float("base")?, powers).map(Value::tensor)
}

fn eye(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let n = b.size("n")?;
    let m = if b.has("m") { b.size("m")? } else { n };
    let dtype = b.dtype("dtype")?.unwrap_or(host.trace().default_dtype);
    node::op(host, Op::Eye { n, m, dtype }, &[]).map(Value::tensor)
}

/// A number, nested lists, or a tensor, as a tensor.
fn literal(host: &mut dyn Host, data: &Value, dtype: Option<DType>) -> Result<ValueId> {
    match data {
        Value::Tensor(tensor) => match dtype {
            Some(dtype) => node::cast(host, tensor.value(), dtype),
            None => Ok(tensor.value()),
        },
        Value::List(items) | Value::Tuple(items) if items.iter().any(holds_tensor) => {
            let parts = items.iter().map(|item| literal(host, item, dtype)).collect::<Result<Vec<_>>>()?;
            let mut to = parts.first().map_or(host.trace().default_dtype, |id| node::dtype(host, *id));
            for id in &parts {
                let other = node::dtype(host, *id);
                to = node::promote(to, other)?;
            }
            let parts = parts.into_iter().map(|id| node::cast(host, id, to)).collect::<Result<Vec<_>>>()?;
            super::join::stack(host, &parts, 0)
        }
        other => {
            let data = fold::from_nested(host, other, dtype)?;
            Ok(host.trace().graph.constant(data))
        }
    }
}

fn holds_tensor(value: &Value) -> bool {
    match value {
        Value::Tensor(_) => true,
        Value::List(items) | Value::Tuple(items) => items.iter().any(holds_tensor),
        _ => false,
    }
}

fn tensor(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    literal(host, b.value("data"), b.dtype("dtype")?).map(Value::tensor)
}

/// `torch.as_tensor` shares memory with a tensor.
fn as_tensor(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    match (b.value("data"), b.dtype("dtype")?) {
        (Value::Tensor(tensor), None) => Ok(Value::Tensor(tensor.clone())),
        (data, dtype) => literal(host, data, dtype).map(Value::tensor),
    }
}

/// `torch.Tensor(2, 3)` is uninitialised, `torch.Tensor([2, 3])` holds numbers.
fn legacy(host: &mut dyn Host, b: &Bound<'_>, dtype: DType) -> Result<Value> {
    match b.value("args").items().unwrap_or_default().as_slice() {
        [data @ (Value::List(_) | Value::Tuple(_) | Value::Tensor(_))] => {
            literal(host, data, Some(dtype)).map(Value::tensor)
        }
        [] => node::full(host, vec![0], Scalar::Int(0), dtype).map(Value::tensor),
        _ => node::full(host, b.sizes("args")?, Scalar::Int(0), dtype).map(Value::tensor),
    }
}

/// `nn.Parameter(data)`: a leaf whose initial value is the data.
fn parameter(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let value = match b.value("data") {
        Value::None => {
            let dtype = host.trace().default_dtype;
            node::full(host, vec![0], Scalar::Int(0), dtype)?
        }
        _ => b.id("data")?,
    };
    let requires_grad = b.bool("requires_grad")?;
    let info = node::info(host, value);
    if requires_grad && info.dtype.category() < Category::Float {
        return Err(Error::mismatch("Only Tensors of floating point and complex dtype can require gradients"));
    }
    // Parameter(parameter) shares its memory, and here its leaf
    if let Some(leaf) = host.trace().graph.leaf_mut(value) {
        leaf.kind = LeafKind::Parameter;
        leaf.requires_grad = requires_grad;
        return Ok(b.value("data").clone());
    }
    Ok(Value::Tensor(Tensor::new(host.trace().graph.leaf(info, LeafKind::Parameter, requires_grad, Some(value)))))
}

fn indices(host: &mut dyn Host, b: &Bound<'_>, lower: bool) -> Result<Value> {
    let (rows, columns, offset) = (b.int("row")?, b.int("col")?, b.int("offset")?);
    if rows.saturating_mul(columns) > 1 << 24 {
        return Err(Error::too_large("the matrix of torch.tril_indices", rows.saturating_mul(columns), 1 << 24));
    }
    let (mut is, mut js) = (Vec::new(), Vec::new());
    for i in 0..rows {
        for j in 0..columns {
            if if lower { j <= i + offset } else { j >= i + offset } {
                is.push(Value::Int(i));
                js.push(Value::Int(j));
            }
        }
    }
    let data = fold::from_nested(host, &Value::List(vec![Value::List(is), Value::List(js)]), Some(DType::Int64))?;
    Ok(Value::tensor(host.trace().graph.constant(data)))
}

/// A window of signal processing, over a period.
fn window(host: &mut dyn Host, b: &Bound<'_>, alpha: f64) -> Result<Value> {
    let n = b.int("window_length")?;
    let period = if b.bool("periodic")? { n } else { n - 1 };
    let numbers = (0..n).map(|i| {
        #[expect(clippy::cast_precision_loss, reason = "window lengths are small")]
        let angle = 2.0 * std::f64::consts::PI * (i as f64) / (period.max(1) as f64);
        Value::Float(alpha - (1.0 - alpha) * angle.cos())
    });
    let dtype = b.dtype("dtype")?.unwrap_or(host.trace().default_dtype);
    let data = fold::from_nested(host, &Value::List(numbers.collect()), Some(dtype))?;
    Ok(Value::tensor(host.trace().graph.constant(data)))
}

fn clone(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    // a leaf's copy is no leaf: it must not be taken for the parameter
    if host.trace().graph.leaf_mut(x).is_some() {
        let shape = node::shape(host, x);
        return node::op(host, Op::Reshape { shape }, &[x]).map(Value::tensor);
    }
    Ok(Value::tensor(x))
}

fn size_of(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    match b.int_or_none("dim")? {
        None => Ok(Value::Size(shape.into_iter().map(int).collect())),
        Some(d) => Ok(Value::Int(
            node::dim(d, shape.len()).ok().and_then(|d| shape.get(d).copied()).map(int).ok_or_else(|| {
                node::dim(d, shape.len()).err().unwrap_or_else(|| {
                    Error::mismatch("dimension specified as 0 but tensor has no dimensions").code("index_error")
                })
            })?,
        )),
    }
}

functions! {
    t "zeros": "(*size, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, names=None)" => |h, b| filled(h, b, Scalar::Int(0));
    t "ones": "(*size, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, names=None)" => |h, b| filled(h, b, Scalar::Int(1));
    t "empty": "(*size, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None, names=None)" => |h, b| filled(h, b, Scalar::Int(0));
    t "full": "(size, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, names=None)" => full;
    t "rand": "(*size, generator=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| random_of(h, b, UNIFORM);
    t "randn": "(*size, generator=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| random_of(h, b, NORMAL);
    t "zeros_like empty_like": "(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => |h, b| filled_like(h, b, Scalar::Int(0));
    t "ones_like": "(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => |h, b| filled_like(h, b, Scalar::Int(1));
    t "full_like": "(input, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => |h, b| { let v = fill_value(h, b)?; filled_like(h, b, v) };
    t "rand_like": "(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => |h, b| random_like(h, b, UNIFORM);
    t "randn_like": "(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => |h, b| random_like(h, b, NORMAL);
    t "randint": "(high: int, size: ints, *, low=None, generator=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => randint,
        "(low: int, high: int, size: ints, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => randint;
    t "randint_like": "(input, high: int, *, low=None, size=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => randint,
        "(input, low: int, high: int, *, size=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None)" => randint;
    t "randperm": "(n, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => randperm;
    t "normal": "(mean, std, size=None, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False)" => normal;
    tm "bernoulli": "(input, p=None, *, generator=None)" => bernoulli;
    d "bernoulli_": "(input, p=0.5, *, generator=None)" => bernoulli;
    t "arange": "(end: Number, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => arange,
        "(start: Number, end: Number, step: Number = 1, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => arange;
    t "linspace": "(start, end, steps, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| linspace(h, b).map(Value::tensor);
    t "logspace": "(start, end, steps, base=10.0, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => logspace;
    t "eye": "(n, m=None, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => eye;
    t "tensor": "(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)" => tensor;
    t "as_tensor asarray": "(data, dtype=None, device=None)" => as_tensor;
    t "from_numpy": "(data, dtype=None)" => as_tensor;
    t "scalar_tensor": "(data, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| {
        let dtype = b.dtype("dtype")?.unwrap_or(h.trace().default_dtype);
        literal(h, b.value("data"), Some(dtype)).map(Value::tensor)
    };
    t "Tensor": "(*args, device=None)" => |h, b| {
        let dtype = h.trace().default_dtype;
        legacy(h, b, dtype)
    };
    t "FloatTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::Float32);
    t "LongTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::Int64);
    t "IntTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::Int32);
    t "DoubleTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::Float64);
    t "BoolTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::Bool);
    t "ByteTensor": "(*args, device=None)" => |h, b| legacy(h, b, DType::UInt8);
    u "Parameter parameter.Parameter": "(data=None, requires_grad=True)" => parameter;
    m "new_zeros new_empty": "(input, *size, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| new(h, b, Scalar::Int(0));
    m "new_ones": "(input, *size, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| new(h, b, Scalar::Int(1));
    m "new_full": "(input, size, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)" => |h, b| { let v = fill_value(h, b)?; new(h, b, v) };
    m "new_tensor": "(input, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)" => new_tensor;
    t "tril_indices": "(row, col, offset=0, *, dtype=None, device=None, layout=None, pin_memory=False)" => |h, b| indices(h, b, true);
    t "triu_indices": "(row, col, offset=0, *, dtype=None, device=None, layout=None, pin_memory=False)" => |h, b| indices(h, b, false);
    t "hann_window": "(window_length, periodic=True, *, dtype=None, layout=None, device=None, requires_grad=False)" => |h, b| window(h, b, 0.5);
    t "hamming_window": "(window_length, periodic=True, *, alpha=0.54, beta=0.46, dtype=None, layout=None, device=None, requires_grad=False)" => |h, b| window(h, b, 0.54);
    tm "clone": "(input, *, memory_format=None)" => clone;
    m "size": "(input, dim=None)" => size_of;
}
