//! Orders: `topk`, `sort`, `argsort`, and what hangs on them.

use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::Op;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn order(host: &mut dyn Host, x: ValueId, dim: i64, k: Option<usize>, largest: bool) -> Result<Vec<ValueId>> {
    let shape = node::shape(host, x);
    if shape.is_empty() {
        let zero = node::full(host, Vec::new(), crate::graph::op::Scalar::Int(0), crate::dtype::DType::Int64)?;
        return Ok(vec![x, zero]);
    }
    let dim = node::dim(dim, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(1);
    let k = k.unwrap_or(extent);
    if k > extent {
        return Err(Error::mismatch("selected index k out of range"));
    }
    host.trace().graph.push(Op::TopK { dim, k, largest }, &[x])
}

fn named(class: &'static str, ids: Vec<ValueId>) -> Value {
    Value::Named { class, fields: &["values", "indices"], values: ids.into_iter().map(Value::tensor).collect() }
}

fn topk(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let found = order(host, x, b.int("dim")?, Some(b.size("k")?), b.bool("largest")?)?;
    Ok(named("torch.return_types.topk", found))
}

fn sort(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    Ok(named("torch.return_types.sort", order(host, x, b.int("dim")?, None, b.bool("descending")?)?))
}

fn argsort(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let found = order(host, x, b.int("dim")?, None, b.bool("descending")?)?;
    found.last().copied().map(Value::tensor).ok_or_else(|| Error::mismatch("argsort() of nothing"))
}

fn kthvalue(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let k = b.size("k")?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dim")?, rank)?;
    if k == 0 {
        return Err(Error::mismatch("kthvalue(): selected number k out of range for dimension 0"));
    }
    let mut kept = Vec::new();
    for id in order(host, x, b.int("dim")?, Some(k), false)? {
        let id = if rank == 0 { id } else { node::op(host, Op::Slice { dim, start: k - 1, end: k, step: 1 }, &[id])? };
        let mut shape = node::shape(host, id);
        if !b.bool("keepdim")? && rank > 0 {
            shape.remove(dim);
        }
        kept.push(node::reshape(host, id, shape)?);
    }
    Ok(named("torch.return_types.kthvalue", kept))
}

functions! {
    tm "topk": "(input, k, dim=-1, largest=True, sorted=True)" => topk;
    tm "sort": "(input, dim=-1, descending=False, stable=False)" => sort;
    tm "argsort": "(input, dim=-1, descending=False, stable=False)" => argsort;
    tm "kthvalue": "(input, k, dim=-1, keepdim=False)" => kthvalue;
}
