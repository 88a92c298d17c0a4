//! Results whose shape depends on values: `nonzero`, `masked_select`, `unique`, `bincount`, and the indices of a boolean mask.
//!
//! The values come from constants or are asked for ([`crate::nn::asking`]); the result is a graph of the shape that follows from them.

use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Op, ScatterReduce};
use crate::nn::bound::int;
use crate::nn::fold::{self, Folded};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::{Tensor, Value};

/// An int64 tensor of known elements.
fn integers(host: &mut dyn Host, shape: Vec<usize>, elements: &[i64]) -> Result<ValueId> {
    let bytes = elements.iter().flat_map(|i| i.to_le_bytes()).collect();
    let data = TensorData::new(DType::Int64, shape, bytes)?;
    Ok(host.trace().graph.constant(data))
}

/// The places of elements that are not zero, in row-major order.
fn places(known: &Folded) -> Vec<usize> {
    known.values.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(at, _)| at).collect()
}

/// Row-major places as one list of indices a dim.
fn by_dim(shape: &[usize], places: &[usize]) -> Vec<Vec<i64>> {
    let mut inner = 1;
    let mut dims: Vec<Vec<i64>> = Vec::new();
    for &size in shape.iter().rev() {
        let size = size.max(1);
        dims.push(places.iter().map(|at| int(at / inner % size)).collect());
        inner *= size;
    }
    dims.reverse();
    dims
}

/// What a boolean mask chooses, as an index tensor for each of its dims.
pub(super) fn mask_indices(host: &mut dyn Host, mask: ValueId) -> Result<Vec<ValueId>> {
    let known = fold::need(host, mask, "indexing with a boolean mask")?;
    let places = places(&known);
    by_dim(&known.shape, &places).iter().map(|dim| integers(host, vec![places.len()], dim)).collect()
}

pub(super) fn nonzero(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = if b.has("condition") { b.id("condition")? } else { b.id("input")? };
    let known = fold::need(host, x, &format!("torch.{}", b.name()))?;
    let places = places(&known);
    let scalar = known.shape.is_empty();
    let tuple = b.name() == "where" || b.names().any(|n| n == "as_tuple") && b.bool("as_tuple")?;
    // torch sees a number as a tensor of one element where it gives a tuple
    let shape = if scalar && tuple { vec![1] } else { known.shape.clone() };
    let dims = by_dim(&shape, &places);
    if tuple {
        let all = dims.iter().map(|dim| Ok(Value::tensor(integers(host, vec![places.len()], dim)?)));
        return Ok(Value::Tuple(all.collect::<Result<_>>()?));
    }
    let rows: Vec<i64> =
        (0..places.len()).flat_map(|row| dims.iter().filter_map(move |dim| dim.get(row).copied())).collect();
    integers(host, vec![places.len(), shape.len()], &rows).map(Value::tensor)
}

fn masked_select(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, mask) = (b.id("input")?, b.id("mask")?);
    if node::dtype(host, mask) != DType::Bool {
        return Err(Error::mismatch("masked_select: expected BoolTensor for mask"));
    }
    let (a, m) = (node::shape(host, x), node::shape(host, mask));
    let to = super::shape::broadcast_shape(&[a, m])?;
    let (x, mask) = (node::expand(host, x, to.clone())?, node::expand(host, mask, to.clone())?);
    let known = fold::need(host, mask, "torch.masked_select")?;
    let places: Vec<i64> = places(&known).into_iter().map(int).collect();
    let flat = node::reshape(host, x, vec![to.iter().product()])?;
    let at = integers(host, vec![places.len()], &places)?;
    node::op(host, Op::IndexSelect { dim: 0 }, &[flat, at]).map(Value::tensor)
}

/// Distinct elements of the flattened tensor, sorted (or, for `unique_consecutive`, runs of equal ones in order).
fn unique(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let consecutive = b.name() == "unique_consecutive";
    if b.int_or_none("dim")?.is_some() {
        return Err(Error::unsupported(format!("torch.{} with dim", b.name())));
    }
    let known = fold::need(host, x, &format!("torch.{}", b.name()))?;
    let mut order: Vec<usize> = (0..known.values.len()).collect();
    let value = |at: &usize| known.values.get(*at).copied().unwrap_or(f64::NAN);
    if !consecutive {
        order.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    let (mut firsts, mut counts, mut inverse): (Vec<usize>, Vec<i64>, Vec<i64>) =
        (Vec::new(), Vec::new(), vec![0; order.len()]);
    for at in &order {
        match (firsts.last(), counts.last_mut()) {
            (Some(first), Some(count)) if value(first) == value(at) => *count += 1,
            _ => {
                firsts.push(*at);
                counts.push(1);
            }
        }
        if let Some(place) = inverse.get_mut(*at) {
            *place = int(firsts.len()) - 1;
        }
    }
    let flat = node::reshape(host, x, vec![known.values.len()])?;
    let at: Vec<i64> = firsts.iter().map(|at| int(*at)).collect();
    let at = integers(host, vec![at.len()], &at)?;
    let mut results = vec![Value::tensor(node::op(host, Op::IndexSelect { dim: 0 }, &[flat, at])?)];
    if b.bool("return_inverse")? {
        results.push(Value::tensor(integers(host, known.shape.clone(), &inverse)?));
    }
    if b.bool("return_counts")? {
        results.push(Value::tensor(integers(host, vec![counts.len()], &counts)?));
    }
    Ok(if results.len() == 1 { results.swap_remove(0) } else { Value::Tuple(results) })
}

/// Largest count of bins: beyond it the input is no list of small numbers.
const MOST_BINS: usize = 1 << 24;

fn bincount(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let info = node::info(host, x);
    if info.shape.len() != 1 || !info.dtype.is_int() {
        return Err(Error::mismatch("bincount only supports 1-d non-negative integral inputs."));
    }
    let known = fold::need(host, x, "torch.bincount")?;
    let most = known.values.iter().copied().fold(-1.0, f64::max);
    if known.values.iter().any(|v| *v < 0.0) {
        return Err(Error::mismatch("bincount only supports 1-d non-negative integral inputs."));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "non-negative, and saturating")]
    let bins = ((most + 1.0) as usize).max(b.size("minlength")?);
    if bins > MOST_BINS {
        return Err(Error::too_large("the bins of torch.bincount", bins as u64, MOST_BINS as u64));
    }
    let index = node::cast(host, x, DType::Int64)?;
    let weights = match b.value("weights") {
        Value::None => node::full(host, info.shape, crate::graph::op::Scalar::Int(1), DType::Int64)?,
        _ => b.id("weights")?,
    };
    let dtype = node::dtype(host, weights);
    let zero = node::full(host, vec![bins], crate::graph::op::Scalar::Int(0), dtype)?;
    let add = Op::Scatter { dim: 0, reduce: ScatterReduce::Add };
    node::op(host, add, &[zero, index, weights]).map(Value::tensor)
}

/// Whether an index chooses by its values; uint8 is bool of old, as torch warns.
pub(super) fn is_mask(host: &mut dyn Host, tensor: &Tensor) -> bool {
    matches!(node::dtype(host, tensor.value()), DType::Bool | DType::UInt8)
}

functions! {
    tm "nonzero": "(input, *, as_tuple=False)" => nonzero;
    tm "argwhere": "(input)" => nonzero;
    tm "masked_select": "(input, mask)" => masked_select;
    tm "unique": "(input, sorted=True, return_inverse=False, return_counts=False, dim=None)" => unique;
    tm "unique_consecutive": "(input, return_inverse=False, return_counts=False, dim=None)" => unique;
    tm "bincount": "(input, weights=None, minlength=0)" => bincount;
}
