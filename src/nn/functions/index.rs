//! Indexing: `x[...]` and `x[...] = v` with everything NumPy allows; gather, scatter and their relatives.

use super::chosen::{is_mask, mask_indices};
use super::shape::{select, unsqueeze};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Scalar, ScatterReduce};
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, Operand, operand};
use crate::nn::value::{Tensor, Value};
use crate::nn::{alias, fold};

/// The part that basic indices choose, a view, and the tensors that index some of its dims.
struct Chosen {
    part: Tensor,
    dims: Vec<usize>,
    indices: Vec<ValueId>,
}

fn index_error(message: impl Into<String>) -> Error {
    Error::mismatch(message).code("index_error")
}

/// How many dims an index item consumes.
fn consumes(host: &mut dyn Host, item: &Value) -> usize {
    match item {
        Value::None | Value::Ellipsis | Value::Bool(_) => 0,
        Value::Tensor(mask) if is_mask(host, mask) => node::rank(host, mask.value()),
        _ => 1,
    }
}

fn choose(host: &mut dyn Host, x: &Tensor, index: &Value) -> Result<Chosen> {
    let items = match index {
        Value::Tuple(items) => items.clone(),
        other => vec![other.clone()],
    };
    let rank = node::rank(host, x.value());
    let used: usize = items.iter().map(|item| consumes(host, item)).sum();
    if used > rank {
        return Err(if rank == 0 {
            index_error(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
            )
        } else {
            index_error(format!("too many indices for tensor of dimension {rank}"))
        });
    }
    let mut part = x.clone();
    let mut dim = 0;
    let (mut dims, mut indices) = (Vec::new(), Vec::new());
    for item in &items {
        match item {
            Value::Ellipsis => dim += rank - used,
            Value::None => {
                part = unsqueeze(host, &part, int(dim))?;
                dim += 1;
            }
            Value::Int(at) => part = select(host, &part, dim, *at)?,
            Value::Slice(start, end, step) => {
                part = slice(host, &part, dim, *start, *end, *step)?;
                dim += 1;
            }
            Value::Tensor(tensor) => dim = index_by(host, &part, tensor, dim, &mut dims, &mut indices)?,
            Value::List(_) => {
                let data = fold::from_nested(host, item, None)?;
                let tensor = Tensor::new(host.trace().graph.constant(data));
                dim = index_by(host, &part, &tensor, dim, &mut dims, &mut indices)?;
            }
            Value::Bool(_) => return Err(Error::unsupported("indexing a tensor with a Python bool")),
            other => {
                return Err(index_error(format!(
                    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})",
                    other.type_name()
                )));
            }
        }
    }
    Ok(Chosen { part, dims, indices })
}

/// Adds an index tensor from `dim` on, a mask as one for each of its dims; gives the dim behind.
fn index_by(
    host: &mut dyn Host,
    part: &Tensor,
    tensor: &Tensor,
    dim: usize,
    dims: &mut Vec<usize>,
    indices: &mut Vec<ValueId>,
) -> Result<usize> {
    if !is_mask(host, tensor) {
        indices.push(index_tensor(host, tensor)?);
        dims.push(dim);
        return Ok(dim + 1);
    }
    let (mask, shape) = (node::shape(host, tensor.value()), node::shape(host, part.value()));
    for (at, size) in mask.iter().enumerate() {
        if shape.get(dim + at).is_some_and(|extent| extent != size) {
            return Err(index_error(format!(
                "The shape of the mask {mask:?} at index {at} does not match the shape of the indexed tensor {shape:?} at index {}",
                dim + at
            )));
        }
    }
    for (at, index) in mask_indices(host, tensor.value())?.into_iter().enumerate() {
        indices.push(index);
        dims.push(dim + at);
    }
    Ok(dim + mask.len())
}

/// An index tensor: integers.
fn index_tensor(host: &mut dyn Host, tensor: &Tensor) -> Result<ValueId> {
    match node::dtype(host, tensor.value()) {
        dtype if dtype.is_int() => node::cast(host, tensor.value(), DType::Int64),
        _ => Err(index_error("tensors used as indices must be long, int, byte or bool tensors")),
    }
}

fn slice(
    host: &mut dyn Host,
    x: &Tensor,
    dim: usize,
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<Tensor> {
    let extent = int(node::extent(host, x.value(), dim));
    let step = step.unwrap_or(1);
    if step <= 0 {
        return Err(Error::mismatch("step must be greater than zero").code("value_error"));
    }
    let clip =
        |at: i64| usize::try_from(if at < 0 { at.saturating_add(extent) } else { at }.clamp(0, extent)).unwrap_or(0);
    let (start, end) = (clip(start.unwrap_or(0)), clip(end.unwrap_or(extent)));
    let (end, step) = (end.max(start), usize::try_from(step).unwrap_or(usize::MAX));
    if start == 0 && int(end) == extent && step == 1 {
        return Ok(x.clone());
    }
    alias::view(host, x, Op::Slice { dim, start, end, step })
}

fn get_item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let chosen = choose(host, x, b.value("index"))?;
    if chosen.dims.is_empty() {
        return Ok(Value::Tensor(chosen.part));
    }
    let inputs: Vec<_> = std::iter::once(chosen.part.value()).chain(chosen.indices).collect();
    node::op(host, Op::Index { dims: chosen.dims }, &inputs).map(Value::tensor)
}

/// A value as a tensor of a dtype.
fn source(host: &mut dyn Host, value: &Value, to: DType) -> Result<ValueId> {
    let id = match value {
        Value::List(_) | Value::Tuple(_) => {
            let data = fold::from_nested(host, value, Some(to))?;
            host.trace().graph.constant(data)
        }
        other => match operand("__setitem__", other)? {
            Operand::Scalar(s) => node::full(host, Vec::new(), s, to)?,
            Operand::Tensor(id) => id,
        },
    };
    node::cast(host, id, to)
}

fn set_item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let to = node::dtype(host, x.value());
    // x[mask] = number is a masked fill
    let value = source(host, b.value("value"), to)?;
    let single = node::shape(host, value).iter().product::<usize>() == 1;
    if let (Value::Tensor(mask), true) = (b.value("index"), single)
        && node::dtype(host, mask.value()) == DType::Bool
    {
        return set_masked(host, x, mask, value);
    }
    let chosen = choose(host, x, b.value("index"))?;
    alias::in_place(host, &chosen.part.clone(), |host| {
        let part = chosen.part.value();
        if chosen.dims.is_empty() {
            // torch drops leading ones of the value
            let (want, mut got) = (node::shape(host, part), node::shape(host, value));
            while got.len() > want.len() && got.first() == Some(&1) {
                got.remove(0);
            }
            let value = node::reshape(host, value, got)?;
            return Ok(Value::tensor(value));
        }
        let inputs: Vec<_> = [part, value].into_iter().chain(chosen.indices.iter().copied()).collect();
        node::op(host, Op::IndexPut { dims: chosen.dims.clone(), accumulate: false }, &inputs).map(Value::tensor)
    })?;
    Ok(Value::None)
}

fn set_masked(host: &mut dyn Host, x: &Tensor, mask: &Tensor, value: ValueId) -> Result<Value> {
    let mut shape = node::shape(host, mask.value());
    let rank = node::rank(host, x.value());
    shape.extend(std::iter::repeat_n(1, rank.saturating_sub(shape.len())));
    let value = node::reshape(host, value, Vec::new())?;
    alias::in_place(host, x, |host| {
        let mask = node::reshape(host, mask.value(), shape)?;
        super::elementwise::choose(host, mask, value.into(), x.value().into()).map(Value::tensor)
    })?;
    Ok(Value::None)
}

fn along(host: &mut dyn Host, b: &Bound<'_>) -> Result<(ValueId, usize, ValueId)> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    let index = b.tensor("index")?;
    Ok((x, dim, index_tensor(host, index)?))
}

fn index_select(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, dim, index) = along(host, b)?;
    node::op(host, Op::IndexSelect { dim }, &[x, index]).map(Value::tensor)
}

fn gather(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, dim, index) = along(host, b)?;
    node::op(host, Op::Gather { dim }, &[x, index]).map(Value::tensor)
}

fn take_along_dim(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, index) = (b.id("input")?, index_tensor(host, b.tensor("indices")?)?);
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    node::op(host, Op::Gather { dim }, &[x, index]).map(Value::tensor)
}

fn scatter(host: &mut dyn Host, b: &Bound<'_>, reduce: ScatterReduce) -> Result<Value> {
    let (x, dim, index) = along(host, b)?;
    let to = node::dtype(host, x);
    let mean = matches!(b.value("reduce"), Value::Str(name) if &**name == "mean");
    let reduce = match b.value("reduce") {
        Value::Str(name) => match &**name {
            "mean" => ScatterReduce::Add,
            "add" | "sum" => ScatterReduce::Add,
            "multiply" | "prod" => ScatterReduce::Multiply,
            "amax" => ScatterReduce::Amax,
            "amin" => ScatterReduce::Amin,
            other => {
                return Err(Error::mismatch(format!(
                    "reduce argument must be either sum, prod, mean, amax or amin, got {other}"
                )));
            }
        },
        _ => reduce,
    };
    let include_self = !matches!(b.value("include_self"), Value::Bool(false));
    let source = match operand(b.name(), b.value("src"))? {
        Operand::Scalar(s) => {
            let shape = node::shape(host, index);
            node::full(host, shape, s, to)?
        }
        Operand::Tensor(id) => node::cast(host, id, to)?,
    };
    let mut start = x;
    if !include_self {
        // where something arrives, what was there is replaced by what changes nothing
        let neutral = match reduce {
            ScatterReduce::Multiply => Scalar::Int(1),
            ScatterReduce::Amax | ScatterReduce::Amin => extreme(to, reduce == ScatterReduce::Amin),
            _ => Scalar::Int(0),
        };
        let shape = node::shape(host, index);
        let neutral = node::full(host, shape, neutral, to)?;
        start = node::op(host, Op::Scatter { dim, reduce: ScatterReduce::Replace }, &[x, index, neutral])?;
    }
    let y = node::op(host, Op::Scatter { dim, reduce }, &[start, index, source])?;
    if !mean {
        return Ok(Value::tensor(y));
    }
    let (shape, arriving) = (node::shape(host, x), node::shape(host, index));
    let selves = node::full(host, shape, Scalar::Int(i64::from(include_self)), to)?;
    let ones = node::full(host, arriving, Scalar::Int(1), to)?;
    let counts = node::op(host, Op::Scatter { dim, reduce: ScatterReduce::Add }, &[selves, index, ones])?;
    let counts = node::op(host, Op::Clamp { min: Some(Scalar::Int(1)), max: None }, &[counts])?;
    let kind = if to.is_float() { Binary::Div } else { Binary::FloorDivide };
    node::binary(host, kind, y, counts).map(Value::tensor)
}

/// The largest number of a dtype, or the smallest.
fn extreme(dtype: DType, largest: bool) -> Scalar {
    let (low, high) = match dtype {
        DType::Bool => (0, 1),
        DType::UInt8 => (0, 255),
        DType::Int8 => (-128, 127),
        DType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DType::Int32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        dtype if dtype.is_float() => {
            return Scalar::Float(if largest { f64::INFINITY } else { f64::NEG_INFINITY });
        }
        _ => (i64::MIN, i64::MAX),
    };
    Scalar::Int(if largest { high } else { low })
}

/// `x.index_add(dim, index, source)`, `index_copy`, `index_fill`: an index_put along one dim.
fn index_put_dim(host: &mut dyn Host, b: &Bound<'_>, name: &str, accumulate: bool) -> Result<Value> {
    let (x, dim, index) = along(host, b)?;
    let to = node::dtype(host, x);
    let mut source = source(host, b.value(name), to)?;
    if b.has("alpha") && b.scalar("alpha")? != Scalar::Int(1) {
        source = node::binary(host, Binary::Mul, source, Operand::Scalar(b.scalar("alpha")?))?;
    }
    // the indexed dim goes to the front, where Index puts the index of a single dim too
    let rank = node::rank(host, x);
    let mut order: Vec<usize> = (0..rank).collect();
    if rank > 0 {
        order.remove(dim);
        order.insert(0, dim);
    }
    let mut back: Vec<usize> = (0..rank).collect();
    back.sort_by_key(|d| order.get(*d).copied());
    let front = node::op(host, Op::Permute { dims: order.clone() }, &[x])?;
    if node::rank(host, source) == rank {
        source = node::op(host, Op::Permute { dims: order }, &[source])?;
    }
    let put = node::op(host, Op::IndexPut { dims: vec![0], accumulate }, &[front, source, index])?;
    node::op(host, Op::Permute { dims: back }, &[put]).map(Value::tensor)
}

fn index_put(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, tensors) = (b.id("input")?, b.tensors("indices")?);
    let to = node::dtype(host, x);
    let value = b.id("values")?;
    let value = node::cast(host, value, to)?;
    let mut inputs = vec![x, value];
    for tensor in &tensors {
        inputs.push(index_tensor(host, tensor)?);
    }
    let dims = (0..tensors.len()).collect();
    node::op(host, Op::IndexPut { dims, accumulate: b.bool("accumulate")? }, &inputs).map(Value::tensor)
}

fn take(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, index) = (b.id("input")?, index_tensor(host, b.tensor("index")?)?);
    let numel = node::shape(host, x).iter().product();
    let flat = node::reshape(host, x, vec![numel])?;
    node::op(host, Op::Index { dims: vec![0] }, &[flat, index]).map(Value::tensor)
}

fn triangle(host: &mut dyn Host, b: &Bound<'_>, upper: bool) -> Result<Value> {
    let (x, diagonal) = (b.id("input")?, b.int("diagonal")?);
    node::op(host, if upper { Op::Triu { diagonal } } else { Op::Tril { diagonal } }, &[x]).map(Value::tensor)
}

fn slice_scatter(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, source) = (b.id("input")?, b.id("src")?);
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    let extent = int(node::extent(host, x, dim));
    let clip = |at: i64| usize::try_from(if at < 0 { at + extent } else { at }.clamp(0, extent)).unwrap_or(0);
    let start = clip(b.int_or_none("start")?.unwrap_or(0));
    let end = clip(b.int_or_none("end")?.unwrap_or(extent)).max(start);
    let step = b.size("step")?.max(1);
    node::op(host, Op::SliceScatter { dim, start, end, step }, &[x, source]).map(Value::tensor)
}

functions! {
    m "__getitem__": "(input, index)" => get_item;
    m "__setitem__": "(input, index, value)" => set_item;
    tm "index_select": "(input, dim, index)" => index_select;
    tm "gather": "(input, dim, index, *, sparse_grad=False)" => gather;
    tm "take_along_dim": "(input, indices, dim)" => take_along_dim;
    tmi "scatter": "(input, dim, index, src, *, reduce=None)" => |h, b| scatter(h, b, ScatterReduce::Replace),
        "(input, dim, index, *, value: Number, reduce=None)" => |h, b| {
            let mut b = b.clone();
            b.names = b.names.iter().map(|n| if *n == "value" { "src" } else { *n }).collect();
            scatter(h, &b, ScatterReduce::Replace)
        };
    tmi "scatter_add": "(input, dim, index, src)" => |h, b| scatter(h, b, ScatterReduce::Add);
    tmi "scatter_reduce": "(input, dim, index, src, reduce, *, include_self=True)" => |h, b| scatter(h, b, ScatterReduce::Replace);
    tmi "index_add": "(input, dim, index, source, *, alpha=1)" => |h, b| index_put_dim(h, b, "source", true);
    tmi "index_copy": "(input, dim, index, source)" => |h, b| index_put_dim(h, b, "source", false);
    tmi "index_fill": "(input, dim, index, value)" => |h, b| index_put_dim(h, b, "value", false);
    tmi "index_put": "(input, indices, values, accumulate=False)" => index_put;
    tm "take": "(input, index)" => take;
    tmi "tril": "(input, diagonal=0)" => |h, b| triangle(h, b, false);
    tmi "triu": "(input, diagonal=0)" => |h, b| triangle(h, b, true);
    tm "slice_scatter": "(input, src, dim=0, start=None, end=None, step=1)" => slice_scatter;
}
