//! Reductions: sums, means, extremes, norms, and running sums.

use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Cumulate, Op, Reduce, Unary};
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn dims(host: &mut dyn Host, b: &Bound<'_>, x: ValueId) -> Result<Vec<usize>> {
    let given = b.ints_or_none("dim")?;
    let rank = node::rank(host, x);
    node::dims(given.as_deref(), rank)
}

/// Integers and bools add up as int64.
fn sum(host: &mut dyn Host, b: &Bound<'_>, kind: Reduce) -> Result<Value> {
    let x = b.id("input")?;
    let held = node::dtype(host, x);
    let to = match (b.dtype("dtype")?, held.category()) {
        (Some(dtype), _) => dtype,
        (None, Category::Bool | Category::Int) => DType::Int64,
        _ => held,
    };
    let x = node::cast(host, x, to)?;
    let dims = dims(host, b, x)?;
    node::reduce(host, kind, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

fn mean(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut x = b.id("input")?;
    if let Some(dtype) = b.dtype("dtype")? {
        x = node::cast(host, x, dtype)?;
    }
    let held = node::dtype(host, x);
    if held.category() < Category::Float {
        return Err(Error::mismatch(format!(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {}",
            held.scalar_type()
        )));
    }
    let dims = dims(host, b, x)?;
    node::reduce(host, Reduce::Mean, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

fn plain(host: &mut dyn Host, b: &Bound<'_>, kind: Reduce) -> Result<Value> {
    let x = b.id("input")?;
    let dims = dims(host, b, x)?;
    node::reduce(host, kind, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

fn logsumexp(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let x = node::float(host, x)?;
    let dims = dims(host, b, x)?;
    node::reduce(host, Reduce::LogSumExp, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

/// `correction` is 1 unless `unbiased` is False.
fn variance(host: &mut dyn Host, b: &Bound<'_>, root: bool) -> Result<ValueId> {
    let x = b.id("input")?;
    let held = node::dtype(host, x);
    if held.category() < Category::Float {
        let name = if root { "std" } else { "var" };
        return Err(Error::mismatch(format!("{name} and {name}_mean only support floating point and complex dtypes")));
    }
    let biased = matches!(b.value("unbiased"), Value::Bool(false));
    let correction = b.float_or_none("correction")?.unwrap_or(if biased { 0.0 } else { 1.0 });
    let dims = dims(host, b, x)?;
    let var = node::reduce(host, Reduce::Var { correction }, x, dims, b.bool("keepdim")?)?;
    if root { node::op(host, Op::Unary(Unary::Sqrt), &[var]) } else { Ok(var) }
}

fn variance_and_mean(host: &mut dyn Host, b: &Bound<'_>, root: bool) -> Result<Value> {
    let var = variance(host, b, root)?;
    let x = b.id("input")?;
    let dims = dims(host, b, x)?;
    let mean = node::reduce(host, Reduce::Mean, x, dims, b.bool("keepdim")?)?;
    Ok(Value::Tuple(vec![Value::tensor(var), Value::tensor(mean)]))
}

fn extreme_of_all(host: &mut dyn Host, b: &Bound<'_>, kind: Reduce) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    if shape.contains(&0) {
        let name = b.name();
        return Err(Error::mismatch(format!(
            "{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        )));
    }
    node::reduce(host, kind, x, (0..shape.len()).collect(), false).map(Value::tensor)
}

fn extreme(host: &mut dyn Host, b: &Bound<'_>, largest: bool) -> Result<Value> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    let keepdim = b.bool("keepdim")?;
    let kind = if largest { Reduce::Amax } else { Reduce::Amin };
    let at = if largest { Op::ArgMax { dim, keepdim } } else { Op::ArgMin { dim, keepdim } };
    let (values, indices) = if rank == 0 {
        (x, node::full(host, Vec::new(), crate::graph::op::Scalar::Int(0), DType::Int64)?)
    } else {
        (node::reduce(host, kind, x, vec![dim], keepdim)?, node::op(host, at, &[x])?)
    };
    Ok(Value::Named {
        class: if largest { "torch.return_types.max" } else { "torch.return_types.min" },
        fields: &["values", "indices"],
        values: vec![Value::tensor(values), Value::tensor(indices)],
    })
}

fn arg(host: &mut dyn Host, b: &Bound<'_>, largest: bool) -> Result<Value> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let keepdim = b.bool("keepdim")?;
    let (x, dim) = match b.int_or_none("dim")? {
        Some(d) if rank > 0 => (x, node::dim(d, rank)?),
        _ => {
            let numel = node::shape(host, x).iter().product();
            (node::reshape(host, x, vec![numel])?, 0)
        }
    };
    let flat = !b.has("dim") || rank == 0;
    let keep = keepdim && !flat;
    let op = if largest { Op::ArgMax { dim, keepdim: keep } } else { Op::ArgMin { dim, keepdim: keep } };
    let found = node::op(host, op, &[x])?;
    let found = if flat && keepdim { node::reshape(host, found, vec![1; rank])? } else { found };
    Ok(Value::tensor(found))
}

fn any(host: &mut dyn Host, b: &Bound<'_>, kind: Reduce) -> Result<Value> {
    let x = b.id("input")?;
    let x = node::cast(host, x, DType::Bool)?;
    let dims = dims(host, b, x)?;
    node::reduce(host, kind, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

/// `p` is a number, an infinity, or `'fro'`.
fn norm(host: &mut dyn Host, b: &Bound<'_>, order: &str) -> Result<Value> {
    let p = match b.value(order) {
        Value::None => 2.0,
        Value::Str(name) if &**name == "fro" => 2.0,
        Value::Str(name) if &**name == "inf" => f64::INFINITY,
        Value::Str(name) => return Err(Error::unsupported(format!("torch.norm with p='{name}'"))),
        _ => b.float(order)?,
    };
    let mut x = b.id("input")?;
    if let Some(dtype) = b.dtype("dtype")? {
        x = node::cast(host, x, dtype)?;
    }
    let dims = dims(host, b, x)?;
    if b.name() == "norm" && order == "ord" && dims.len() == 2 && !matches!(b.value(order), Value::None | Value::Str(_))
    {
        return Err(Error::unsupported("torch.linalg.norm of a matrix with a numeric ord"));
    }
    node::reduce(host, Reduce::Norm { p }, x, dims, b.bool("keepdim")?).map(Value::tensor)
}

/// The lower of the two middle elements of a sorted dim.
fn median(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    let all = !b.has("dim");
    let (x, dim) = if all || shape.is_empty() {
        (node::reshape(host, x, vec![shape.iter().product()])?, 0)
    } else {
        (x, node::dim(b.int("dim")?, shape.len())?)
    };
    let size = node::extent(host, x, dim);
    let sorted = host.trace().graph.push(Op::TopK { dim, k: size, largest: false }, &[x])?;
    let middle = size.saturating_sub(1) / 2;
    let mut found = Vec::new();
    for value in sorted {
        let kept = node::op(host, Op::Slice { dim, start: middle, end: middle + 1, step: 1 }, &[value])?;
        let mut to = node::shape(host, kept);
        if all || shape.is_empty() {
            to.clear();
        } else if !b.bool("keepdim")? {
            to.remove(dim);
        }
        found.push(Value::tensor(node::reshape(host, kept, to)?));
    }
    if all {
        return found.into_iter().next().ok_or_else(|| Error::mismatch("median() of nothing"));
    }
    Ok(Value::Named { class: "torch.return_types.median", fields: &["values", "indices"], values: found })
}

fn cumulate(host: &mut dyn Host, b: &Bound<'_>, kind: Cumulate) -> Result<Value> {
    let x = b.id("input")?;
    let held = node::dtype(host, x);
    let to = match (b.dtype("dtype")?, held.category()) {
        (Some(dtype), _) => dtype,
        (None, Category::Bool | Category::Int) => DType::Int64,
        _ => held,
    };
    let x = node::cast(host, x, to)?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    if rank == 0 {
        Ok(Value::tensor(x))
    } else {
        node::op(host, Op::Cumulate { op: kind, dim }, &[x]).map(Value::tensor)
    }
}

fn running_extreme(host: &mut dyn Host, b: &Bound<'_>, kind: Cumulate) -> Result<Value> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    let values = node::op(host, Op::Cumulate { op: kind, dim }, &[x])?;
    // the index is the last position at which the running extreme was met
    let shape = node::shape(host, x);
    let len = shape.get(dim).copied().unwrap_or(1);
    let met = node::compare(host, crate::graph::op::Compare::Eq, x, values)?;
    let arange = Op::Arange {
        start: crate::graph::op::Scalar::Int(0),
        step: crate::graph::op::Scalar::Int(1),
        len,
        dtype: DType::Int64,
    };
    let arange = node::op(host, arange, &[])?;
    let placed = (0..shape.len()).map(|d| if d == dim { len } else { 1 }).collect();
    let places = node::reshape(host, arange, placed)?;
    let met = node::cast(host, met, DType::Int64)?;
    let marked = node::binary(host, Binary::Mul, met, places)?;
    let indices = node::op(host, Op::Cumulate { op: Cumulate::Max, dim }, &[marked])?;
    Ok(Value::Tuple(vec![Value::tensor(values), Value::tensor(indices)]))
}

fn count_nonzero(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let x = node::cast(host, x, DType::Bool)?;
    let x = node::cast(host, x, DType::Int64)?;
    let dims = dims(host, b, x)?;
    node::reduce(host, Reduce::Sum, x, dims, false).map(Value::tensor)
}

fn numel(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    Ok(Value::Int(int(node::shape(host, x).iter().product())))
}

functions! {
    tm "sum": "(input, dim=None, keepdim=False, *, dtype=None)" => |h, b| sum(h, b, Reduce::Sum);
    tm "prod": "(input, dim=None, keepdim=False, *, dtype=None)" => |h, b| sum(h, b, Reduce::Prod);
    tm "mean": "(input, dim=None, keepdim=False, *, dtype=None)" => mean;
    tm "amax": "(input, dim=None, keepdim=False)" => |h, b| plain(h, b, Reduce::Amax);
    tm "amin": "(input, dim=None, keepdim=False)" => |h, b| plain(h, b, Reduce::Amin);
    tms "logsumexp": "(input, dim, keepdim=False)" => logsumexp;
    tm "var": "(input, dim: ints = None, unbiased: bool = None, keepdim: bool = False, *, correction=None)" => |h, b| variance(h, b, false).map(Value::tensor),
        "(input, dim: ints = None, *, correction=None, keepdim: bool = False)" => |h, b| variance(h, b, false).map(Value::tensor),
        "(input, unbiased: bool)" => |h, b| variance(h, b, false).map(Value::tensor);
    tm "std": "(input, dim: ints = None, unbiased: bool = None, keepdim: bool = False, *, correction=None)" => |h, b| variance(h, b, true).map(Value::tensor),
        "(input, dim: ints = None, *, correction=None, keepdim: bool = False)" => |h, b| variance(h, b, true).map(Value::tensor),
        "(input, unbiased: bool)" => |h, b| variance(h, b, true).map(Value::tensor);
    tm "var_mean": "(input, dim: ints = None, unbiased: bool = None, keepdim: bool = False, *, correction=None)" => |h, b| variance_and_mean(h, b, false),
        "(input, unbiased: bool)" => |h, b| variance_and_mean(h, b, false);
    tm "std_mean": "(input, dim: ints = None, unbiased: bool = None, keepdim: bool = False, *, correction=None)" => |h, b| variance_and_mean(h, b, true),
        "(input, unbiased: bool)" => |h, b| variance_and_mean(h, b, true);
    tm "max": "(input)" => |h, b| extreme_of_all(h, b, Reduce::Amax),
        "(input, dim: int, keepdim=False)" => |h, b| extreme(h, b, true),
        "(input, other: Tensor)" => |h, b| { let (x, y) = (b.id("input")?, b.id("other")?); node::binary(h, Binary::Maximum, x, y).map(Value::tensor) };
    tm "min": "(input)" => |h, b| extreme_of_all(h, b, Reduce::Amin),
        "(input, dim: int, keepdim=False)" => |h, b| extreme(h, b, false),
        "(input, other: Tensor)" => |h, b| { let (x, y) = (b.id("input")?, b.id("other")?); node::binary(h, Binary::Minimum, x, y).map(Value::tensor) };
    tm "argmax": "(input, dim=None, keepdim=False)" => |h, b| arg(h, b, true);
    tm "argmin": "(input, dim=None, keepdim=False)" => |h, b| arg(h, b, false);
    tm "any": "(input, dim=None, keepdim=False)" => |h, b| any(h, b, Reduce::Any);
    tm "all": "(input, dim=None, keepdim=False)" => |h, b| any(h, b, Reduce::All);
    tm "norm": "(input, p='fro', dim=None, keepdim=False, dtype=None)" => |h, b| norm(h, b, "p");
    l "norm": "(input, ord=None, dim=None, keepdim=False, *, dtype=None)" => |h, b| norm(h, b, "ord");
    l "vector_norm": "(input, ord=2, dim=None, keepdim=False, *, dtype=None)" => |h, b| norm(h, b, "ord");
    tm "median": "(input, dim=None, keepdim=False)" => median;
    tmi "cumsum": "(input, dim, *, dtype=None)" => |h, b| cumulate(h, b, Cumulate::Sum);
    tmi "cumprod": "(input, dim, *, dtype=None)" => |h, b| cumulate(h, b, Cumulate::Prod);
    tm "cummax": "(input, dim)" => |h, b| running_extreme(h, b, Cumulate::Max);
    tm "cummin": "(input, dim)" => |h, b| running_extreme(h, b, Cumulate::Min);
    tm "count_nonzero": "(input, dim=None)" => count_nonzero;
    tm "numel": "(input)" => numel;
    m "nelement": "(input)" => numel;
}
