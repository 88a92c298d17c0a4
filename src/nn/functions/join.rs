//! Several tensors into one: `cat`, `stack` and their relatives.

use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::Op;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::{Tensor, Value};

/// The tensors, of one dtype.
fn operands(host: &mut dyn Host, b: &Bound<'_>) -> Result<Vec<ValueId>> {
    let tensors = b.tensors("tensors")?;
    let Some(first) = tensors.first() else {
        return Err(Error::mismatch(format!("torch.{}(): expected a non-empty list of Tensors", b.name())));
    };
    let mut to = node::dtype(host, first.value());
    for tensor in &tensors {
        let dtype = node::dtype(host, tensor.value());
        to = node::promote(to, dtype)?;
    }
    tensors.iter().map(|t| node::cast(host, t.value(), to)).collect()
}

/// `torch.cat`, which skips one-dimensional tensors of size 0 as torch does.
pub(super) fn cat(host: &mut dyn Host, mut ids: Vec<ValueId>, dim: i64) -> Result<ValueId> {
    let ranks: Vec<_> = ids.iter().map(|id| node::shape(host, *id)).collect();
    if ranks.iter().any(|s| s.as_slice() != [0]) {
        let mut shapes = ranks.iter();
        ids.retain(|_| shapes.next().is_some_and(|s| s.as_slice() != [0]));
    }
    let rank = ids.first().map_or(0, |id| node::rank(host, *id));
    if rank == 0 {
        return Err(Error::mismatch("zero-dimensional tensor (at position 0) cannot be concatenated"));
    }
    let dim = node::dim(dim, rank)?;
    match ids.as_slice() {
        [one] => Ok(*one),
        many => node::op(host, Op::Cat { dim }, many),
    }
}

fn cat_call(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let ids = operands(host, b)?;
    cat(host, ids, b.int("dim")?).map(Value::tensor)
}

/// `torch.stack` along a new dim.
pub(super) fn stack(host: &mut dyn Host, ids: &[ValueId], dim: i64) -> Result<ValueId> {
    let first = ids.first().map(|id| node::shape(host, *id)).unwrap_or_default();
    let at = node::dim(dim, first.len() + 1)?;
    let mut columns = Vec::with_capacity(ids.len());
    for (entry, id) in ids.iter().enumerate() {
        let mut shape = node::shape(host, *id);
        if shape != first {
            return Err(Error::mismatch(format!(
                "stack expects each tensor to be equal size, but got {first:?} at entry 0 and {shape:?} at entry {entry}"
            )));
        }
        shape.insert(at, 1);
        columns.push(node::reshape(host, *id, shape)?);
    }
    match columns.as_slice() {
        [one] => Ok(*one),
        many => node::op(host, Op::Cat { dim: at }, many),
    }
}

fn stack_call(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let ids = operands(host, b)?;
    stack(host, &ids, b.int("dim")?).map(Value::tensor)
}

/// `hstack` (`least` 1), `vstack` (2), `dstack` (3): tensors get dims enough first.
fn rows(host: &mut dyn Host, b: &Bound<'_>, least: usize) -> Result<Value> {
    let mut ids = operands(host, b)?;
    let flat = ids.first().is_none_or(|id| node::rank(host, *id) <= 1);
    for id in &mut ids {
        let mut shape = node::shape(host, *id);
        while shape.len() < least {
            if shape.is_empty() || least == 3 && shape.len() == 2 {
                shape.push(1);
            } else {
                shape.insert(0, 1);
            }
        }
        *id = node::reshape(host, *id, shape)?;
    }
    let dim = match least {
        1 => i64::from(!flat),
        2 => 0,
        _ => 2,
    };
    cat(host, ids, dim).map(Value::tensor)
}

fn meshgrid(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let tensors = b.tensors("tensors")?;
    let swap = match b.value("indexing") {
        Value::Str(way) if &**way == "xy" => tensors.len() > 1,
        Value::None => false,
        Value::Str(way) if &**way == "ij" => false,
        _ => {
            return Err(Error::mismatch("torch.meshgrid: indexing must be one of \"xy\" or \"ij\""));
        }
    };
    let size = |host: &mut dyn Host, t: &Tensor| node::shape(host, t.value()).iter().product::<usize>();
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    if swap {
        order.swap(0, 1);
    }
    let shape: Vec<usize> = order.iter().filter_map(|i| tensors.get(*i)).map(|t| size(host, t)).collect();
    let mut grids = Vec::with_capacity(tensors.len());
    for (i, tensor) in tensors.iter().enumerate() {
        let own = size(host, tensor);
        let apart = order.iter().map(|o| if *o == i { own } else { 1 }).collect();
        let grid = node::reshape(host, tensor.value(), apart)?;
        grids.push(Value::tensor(node::expand(host, grid, shape.clone())?));
    }
    Ok(Value::Tuple(grids))
}

functions! {
    t "cat concat concatenate": "(tensors, dim=0)" => cat_call;
    t "stack": "(tensors, dim=0)" => stack_call;
    t "hstack": "(tensors)" => |h, b| rows(h, b, 1);
    t "vstack row_stack": "(tensors)" => |h, b| rows(h, b, 2);
    t "dstack": "(tensors)" => |h, b| rows(h, b, 3);
    t "meshgrid": "(*tensors, indexing=None)" => meshgrid;
}
