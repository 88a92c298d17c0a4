//! Embeddings and one-hot codes.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Compare, Op, Reduce, Scalar, ScatterReduce};
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::value::Value;
use crate::nn::{fold, node};

fn check(b: &Bound<'_>) -> Result<()> {
    if b.has("max_norm") {
        return Err(Error::unsupported(format!("torch.nn.functional.{} with max_norm", b.name())));
    }
    Ok(())
}

fn padding_idx(b: &Bound<'_>, rows: usize) -> Result<Option<usize>> {
    let Some(given) = b.int_or_none("padding_idx")? else { return Ok(None) };
    let at = if given < 0 { given + int(rows) } else { given };
    // torch.embedding spells "none" as -1
    match usize::try_from(at).ok().filter(|at| *at < rows) {
        Some(_)
            if given == -1 && b.name() == "embedding" && !b.has("max_norm") && b.names().any(|n| n == "indices") =>
        {
            Ok(None)
        }
        Some(at) => Ok(Some(at)),
        None => Err(Error::mismatch("Padding_idx must be within num_embeddings").code("assertion_error")),
    }
}

fn embedding(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    check(b)?;
    let index = if b.has("input") { b.id("input")? } else { b.id("indices")? };
    let weight = b.id("weight")?;
    let dtype = node::dtype(host, index);
    if !dtype.is_int() {
        return Err(Error::mismatch(format!(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.{}Tensor instead (while checking arguments for embedding)",
            dtype.scalar_type()
        )));
    }
    let [rows, _] = node::shape(host, weight)[..] else { return Err(Error::mismatch("'weight' must be 2-D")) };
    let padding_idx = padding_idx(b, rows)?;
    let found = node::op(host, Op::Embedding { padding_idx }, &[index, weight])?;
    if !b.bool("scale_grad_by_freq")? {
        return Ok(Value::tensor(found));
    }
    by_frequency(host, found, index, rows).map(Value::tensor)
}

/// The same values, whose gradient is divided by how often their row was read.
fn by_frequency(host: &mut dyn Host, found: ValueId, index: ValueId, rows: usize) -> Result<ValueId> {
    let (shape, dtype) = (node::shape(host, index), node::dtype(host, found));
    let count = shape.iter().product();
    let index = node::cast(host, index, DType::Int64)?;
    let flat = node::reshape(host, index, vec![count])?;
    let zeros = node::full(host, vec![rows], Scalar::Float(0.0), dtype)?;
    let ones = node::full(host, vec![count], Scalar::Float(1.0), dtype)?;
    let counts = node::op(host, Op::Scatter { dim: 0, reduce: ScatterReduce::Add }, &[zeros, flat, ones])?;
    let counts = node::op(host, Op::Gather { dim: 0 }, &[counts, flat])?;
    let counts = node::reshape(host, counts, shape.into_iter().chain([1]).collect())?;
    let plain = node::op(host, Op::Detach, &[found])?;
    // Nothing, but for the gradient.
    let nothing = node::binary(host, Binary::Sub, found, plain)?;
    let nothing = node::binary(host, Binary::Div, nothing, counts)?;
    node::binary(host, Binary::Add, plain, nothing)
}

/// Bags of one length are an embedding and a reduction; offsets make bags of lengths that depend on values, unless they are literal.
fn embedding_bag(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    check(b)?;
    let (index, weight) = (b.id("input")?, b.id("weight")?);
    let rank = node::rank(host, index);
    if b.has("offsets") && rank == 1 {
        return bags_by_offsets(host, b);
    }
    if rank != 2 {
        return Err(Error::mismatch(format!("input has to be 1D or 2D Tensor, but got Tensor of dimension {rank}"))
            .code("value_error"));
    }
    if let Some(padding) = padding_idx(b, node::extent(host, weight, 0))? {
        return without_padding(host, b, padding);
    }
    let mut rows = node::op(host, Op::Embedding { padding_idx: None }, &[index, weight])?;
    if let Some(weights) = b.id_or_none("per_sample_weights")? {
        let mut shape = node::shape(host, weights);
        shape.push(1);
        let weights = node::reshape(host, weights, shape)?;
        rows = node::binary(host, Binary::Mul, rows, weights)?;
    }
    node::reduce(host, bag_reduction(b)?, rows, vec![1], false).map(Value::tensor)
}

/// Bags in which a row counts for nothing: neither in the sum, nor in the number that a mean divides by, nor as the largest.
fn without_padding(host: &mut dyn Host, b: &Bound<'_>, padding: usize) -> Result<Value> {
    let (index, weight) = (b.id("input")?, b.id("weight")?);
    let mut shape = node::shape(host, index);
    shape.push(1);
    let index_type = node::dtype(host, index);
    let padding_row =
        node::full(host, Vec::new(), Scalar::Int(i64::try_from(padding).unwrap_or(i64::MAX)), index_type)?;
    let counts = node::compare(host, Compare::Ne, index, padding_row)?;
    let counts = node::reshape(host, counts, shape.clone())?;
    let rows = node::op(host, Op::Embedding { padding_idx: Some(padding) }, &[index, weight])?;
    let to = node::dtype(host, rows);
    let number = node::cast(host, counts, to)?;
    let total = node::reduce(host, Reduce::Sum, number, vec![1], false)?;
    if b.str("mode")? == "max" {
        let least = node::full(host, Vec::new(), Scalar::Float(f64::NEG_INFINITY), to)?;
        let rows = node::op(host, Op::Where, &[counts, rows, least])?;
        let most = node::reduce(host, Reduce::Amax, rows, vec![1], false)?;
        let zero = node::full(host, Vec::new(), Scalar::Float(0.0), to)?;
        let any = node::compare(host, Compare::Gt, total, zero)?;
        return node::op(host, Op::Where, &[any, most, zero]).map(Value::tensor);
    }
    let mut rows = node::binary(host, Binary::Mul, rows, number)?;
    if let Some(weights) = b.id_or_none("per_sample_weights")? {
        let weights = node::reshape(host, weights, shape)?;
        rows = node::binary(host, Binary::Mul, rows, weights)?;
    }
    let sums = node::reduce(host, Reduce::Sum, rows, vec![1], false)?;
    if b.str("mode")? == "sum" {
        return Ok(Value::tensor(sums));
    }
    let total = node::op(host, Op::Clamp { min: Some(Scalar::Float(1.0)), max: None }, &[total])?;
    node::binary(host, Binary::Div, sums, total).map(Value::tensor)
}

fn bag_reduction(b: &Bound<'_>) -> Result<Reduce> {
    match b.str("mode")? {
        "sum" => Ok(Reduce::Sum),
        "mean" => Ok(Reduce::Mean),
        "max" => Ok(Reduce::Amax),
        _ => Err(Error::mismatch("mode has to be one of sum, mean or max").code("value_error")),
    }
}

/// With a flat input, bag `k` of a token is the number of offsets at or before it, less one: a matrix of ones and zeros sums the bags.
fn bags_by_offsets(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (index, weight, offsets) = (b.id("input")?, b.id("weight")?, b.id("offsets")?);
    if b.has("padding_idx") || b.str("mode")? == "max" || b.bool("include_last_offset")? {
        return Err(Error::unsupported(
            "torch.nn.functional.embedding_bag with offsets and padding_idx, mode='max' or include_last_offset",
        ));
    }
    let (tokens, bags) = (node::extent(host, index, 0), node::extent(host, offsets, 0));
    let mut rows = node::op(host, Op::Embedding { padding_idx: None }, &[index, weight])?;
    let arange = Op::Arange { start: Scalar::Int(0), step: Scalar::Int(1), len: tokens, dtype: DType::Int64 };
    let places = node::op(host, arange, &[])?;
    let places = node::reshape(host, places, vec![1, tokens])?;
    let starts = node::cast(host, offsets, DType::Int64)?;
    let starts = node::reshape(host, starts, vec![bags, 1])?;
    let begun = node::compare(host, Compare::Ge, places, starts)?;
    let to = node::dtype(host, rows);
    let begun = node::cast(host, begun, to)?;
    // a token is in the last bag that has begun: begun minus the next bag's begun
    let next = node::op(host, Op::Slice { dim: 0, start: 1.min(bags), end: bags, step: 1 }, &[begun])?;
    let none = node::full(host, vec![bags.min(1), tokens], Scalar::Float(0.0), to)?;
    let next = node::op(host, Op::Cat { dim: 0 }, &[next, none])?;
    let inside = node::binary(host, Binary::Sub, begun, next)?;
    if let Some(weights) = b.id_or_none("per_sample_weights")? {
        let weights = node::reshape(host, weights, vec![tokens, 1])?;
        rows = node::binary(host, Binary::Mul, rows, weights)?;
    }
    let sums = node::op(host, Op::Matmul, &[inside, rows])?;
    if b.str("mode")? == "sum" {
        return Ok(Value::tensor(sums));
    }
    let counts = node::reduce(host, Reduce::Sum, inside, vec![1], true)?;
    let counts = node::op(host, Op::Clamp { min: Some(Scalar::Float(1.0)), max: None }, &[counts])?;
    node::binary(host, Binary::Div, sums, counts).map(Value::tensor)
}

fn one_hot(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let given = b.int("num_classes")?;
    let classes = if given == -1 {
        // the largest value, where it is a literal
        let folded = fold::need(host, x, "torch.nn.functional.one_hot without num_classes")?;
        folded.values.iter().fold(0i64, |most, v| match folded.number(*v) {
            Value::Int(n) => most.max(n + 1),
            _ => most,
        })
    } else {
        given
    };
    let classes = crate::nn::bound::size(classes)?;
    let mut shape = node::shape(host, x);
    shape.push(1);
    let x = node::reshape(host, x, shape)?;
    let arange = Op::Arange { start: Scalar::Int(0), step: Scalar::Int(1), len: classes, dtype: DType::Int64 };
    let range = node::op(host, arange, &[])?;
    let hot = node::compare(host, Compare::Eq, x, range)?;
    node::cast(host, hot, DType::Int64).map(Value::tensor)
}

functions! {
    f "embedding": "(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)" => embedding;
    t "embedding": "(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)" => embedding;
    f "embedding_bag": "(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None)" => embedding_bag;
    f "one_hot": "(input, num_classes=-1)" => one_hot;
}
