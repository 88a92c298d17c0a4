//! Tensors that share memory: views, in-place writes, and what a write does to parameters and buffers.
//!
//! A graph has values, no memory. A write through a view makes a new value of its base, and of every other view of it. In a constructor a
//! write to a parameter changes its initial value; in `forward` it says what the buffer becomes after the run.

use super::bound::int;
use super::host::Host;
use super::node;
use super::value::{Tensor, Value, View};
use crate::dtype::Category;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::Op;

/// Beyond this many views upon views, a view is taken as a copy; real code stays far below.
const DEEPEST: usize = 512;

/// A view of a tensor by an operator; a reshape that needs a copy in torch is no view.
pub fn view(host: &mut dyn Host, base: &Tensor, op: Op) -> Result<Tensor> {
    let from = node::shape(host, base.value());
    let value = node::op(host, op.clone(), &[base.value()])?;
    let to = node::shape(host, value);
    let old = stride(host, base);
    match strides(&op, &from, &old, &to) {
        Some(strides) => Ok(seen(base, op, value, strides)),
        None => Ok(Tensor::new(value)),
    }
}

/// A view by an operator whose strides the caller knows: one of the steps to a view that torch makes in one.
pub fn view_with(host: &mut dyn Host, base: &Tensor, op: Op, strides: Vec<i64>) -> Result<Tensor> {
    let value = node::op(host, op.clone(), &[base.value()])?;
    Ok(seen(base, op, value, strides))
}

fn seen(base: &Tensor, op: Op, value: ValueId, strides: Vec<i64>) -> Tensor {
    let depth = base.view().map_or(0, |v| v.depth) + 1;
    if depth > DEEPEST {
        return Tensor::new(value);
    }
    Tensor::view_of(value, View { base: base.clone(), op, strides, depth })
}

/// Whether the tensor lies in memory in the order of its indices, as far as is known.
pub fn is_contiguous(host: &mut dyn Host, tensor: &Tensor) -> bool {
    let shape = node::shape(host, tensor.value());
    tensor.view().is_none_or(|v| {
        let want = contiguous(&shape);
        v.strides.iter().zip(&want).zip(&shape).all(|((a, b), size)| a == b || *size == 1)
    })
}

/// `tensor.stride()`.
pub fn stride(host: &mut dyn Host, tensor: &Tensor) -> Vec<i64> {
    let shape = node::shape(host, tensor.value());
    tensor.view().map_or_else(|| contiguous(&shape), |v| v.strides.clone())
}

fn contiguous(shape: &[usize]) -> Vec<i64> {
    let mut step = 1i64;
    let mut strides: Vec<i64> = shape
        .iter()
        .rev()
        .map(|size| {
            let here = step;
            step = step.saturating_mul(int(*size).max(1));
            here
        })
        .collect();
    strides.reverse();
    strides
}

/// The strides of a view, or `None` where the operator copies.
fn strides(op: &Op, from: &[usize], old: &[i64], to: &[usize]) -> Option<Vec<i64>> {
    match op {
        Op::Detach => Some(old.to_vec()),
        Op::Permute { dims } => dims.iter().map(|d| old.get(*d).copied()).collect(),
        Op::Slice { dim, step, .. } => {
            let scale = |(d, s): (usize, &i64)| if d == *dim { s.saturating_mul(int(*step)) } else { *s };
            Some(old.iter().enumerate().map(scale).collect())
        }
        Op::Expand { .. } => {
            let new = to.len().saturating_sub(from.len());
            let kept = old.iter().zip(from).zip(to.iter().skip(new));
            let kept = kept.map(|((stride, a), b)| if a == b { *stride } else { 0 });
            Some(std::iter::repeat_n(0, new).chain(kept).collect())
        }
        Op::Reshape { shape } => reshape_strides(from, old, shape),
        _ => None,
    }
}

/// ATen's `computeStride`: a reshape is a view when each run of new dims falls into one run of memory.
fn reshape_strides(from: &[usize], old: &[i64], to: &[usize]) -> Option<Vec<i64>> {
    if from.contains(&0) {
        return Some(contiguous(to));
    }
    let mut result = Vec::with_capacity(to.len());
    let mut wanted = to.iter().rev().peekable();
    let mut run: i64 = 1;
    let mut base = old.last().copied().unwrap_or(1);
    let dims: Vec<(usize, i64)> = from.iter().copied().zip(old.iter().copied()).collect();
    for (at, (size, _)) in dims.iter().enumerate().rev() {
        run = run.saturating_mul(int(*size));
        let before = at.checked_sub(1).and_then(|b| dims.get(b));
        let ends = before.is_none_or(|(s, st)| *s != 1 && *st != run.saturating_mul(base));
        if !ends {
            continue;
        }
        let mut filled: i64 = 1;
        while let Some(size) = wanted.peek() {
            if filled >= run && **size != 1 {
                break;
            }
            result.push(filled.saturating_mul(base));
            filled = filled.saturating_mul(int(**size));
            wanted.next();
        }
        if filled != run {
            return None;
        }
        if let Some((_, next)) = before {
            run = 1;
            base = *next;
        }
    }
    for _ in wanted {
        result.push(base);
    }
    result.reverse();
    Some(result)
}

/// Runs a function that reads its target, and writes the result into it: `add_`, `relu_`, `normal_`.
pub fn in_place(host: &mut dyn Host, target: &Tensor, run: impl FnOnce(&mut dyn Host) -> Result<Value>) -> Result<()> {
    let held = target.value();
    let content = content(host, target)?;
    target.set(content);
    let result = run(host);
    target.set(held);
    match result? {
        Value::Tensor(result) => {
            let fitted = fit(host, held, result.value())?;
            write(host, target, fitted)
        }
        other => Err(Error::mismatch(format!("an in-place function made {}, no Tensor", other.type_name()))),
    }
}

/// The result in the target's shape and dtype, or torch's error.
pub fn fit(host: &mut dyn Host, target: ValueId, result: ValueId) -> Result<ValueId> {
    let (want, got) = (node::info(host, target), node::info(host, result));
    if want.shape != got.shape {
        let broadcast = got.shape.len() <= want.shape.len()
            && got.shape.iter().rev().zip(want.shape.iter().rev()).all(|(g, w)| g == w || *g == 1);
        if !broadcast {
            return Err(Error::mismatch(format!(
                "output with shape {:?} doesn't match the broadcast shape {:?}",
                want.shape, got.shape
            )));
        }
    }
    let castable = got.dtype.category() <= want.dtype.category() || want.dtype.category() > Category::Complex;
    if !castable {
        return Err(Error::mismatch(format!(
            "result type {} can't be cast to the desired output type {}",
            got.dtype.scalar_type(),
            want.dtype.scalar_type()
        )));
    }
    let cast = node::cast(host, result, want.dtype)?;
    node::expand(host, cast, want.shape)
}

/// What a tensor holds for a write that depends on it: a leaf's initial value while constructors run, else its value.
fn content(host: &mut dyn Host, tensor: &Tensor) -> Result<ValueId> {
    if host.trace().in_forward() || !over_leaf(host, tensor) {
        return Ok(tensor.value());
    }
    match tensor.view() {
        Some(view) => {
            let base = content(host, &view.base)?;
            node::op(host, view.op.clone(), &[base])
        }
        None => initial(host, tensor.value()),
    }
}

fn over_leaf(host: &mut dyn Host, tensor: &Tensor) -> bool {
    let mut root = tensor.clone();
    while let Some(view) = root.view() {
        root = view.base.clone();
    }
    host.trace().graph.leaf_mut(root.value()).is_some()
}

/// A leaf's initial value; zeros where the constructor gave none.
fn initial(host: &mut dyn Host, id: ValueId) -> Result<ValueId> {
    if let Some(init) = host.trace().graph.leaf_mut(id).and_then(|leaf| leaf.init) {
        return Ok(init);
    }
    let info = node::info(host, id);
    node::full(host, info.shape, crate::graph::op::Scalar::Int(0), info.dtype)
}

/// Writes a value of the same shape and dtype into a tensor, its base and its views.
pub fn write(host: &mut dyn Host, target: &Tensor, value: ValueId) -> Result<()> {
    if let Some(view) = target.view() {
        let old = content(host, &view.base)?;
        let new = unview(host, &view.op, old, value)?;
        return write(host, &view.base, new);
    }
    let held = target.value();
    let forward = host.trace().in_forward();
    let leaf = host.trace().changed.iter().find(|(t, _)| t.is(target)).map(|(_, leaf)| *leaf);
    let is_leaf = host.trace().graph.leaf_mut(held).is_some();
    match leaf.or_else(|| is_leaf.then_some(held)) {
        Some(leaf) if forward => {
            host.trace().graph.update(leaf, value);
            if is_leaf {
                host.trace().changed.push((target.clone(), leaf));
            }
            target.set(value);
        }
        Some(_) if is_leaf => {
            if let Some(leaf) = host.trace().graph.leaf_mut(held) {
                leaf.init = Some(value);
            }
            return Ok(());
        }
        _ => target.set(value),
    }
    refresh(host, target)
}

/// Views see what was written to their base.
fn refresh(host: &mut dyn Host, base: &Tensor) -> Result<()> {
    for view in base.views() {
        if let Some(how) = view.view() {
            let value = node::op(host, how.op.clone(), &[base.value()])?;
            view.set(value);
            refresh(host, &view)?;
        }
    }
    Ok(())
}

/// The base after a write to its view.
fn unview(host: &mut dyn Host, op: &Op, base: ValueId, value: ValueId) -> Result<ValueId> {
    let shape = node::shape(host, base);
    match op {
        Op::Detach => Ok(value),
        Op::Reshape { .. } => node::reshape(host, value, shape),
        Op::Permute { dims } => {
            let mut inverse: Vec<usize> = (0..dims.len()).collect();
            inverse.sort_by_key(|d| dims.get(*d).copied());
            node::op(host, Op::Permute { dims: inverse }, &[value])
        }
        Op::Slice { dim, start, end, step } => {
            let op = Op::SliceScatter { dim: *dim, start: *start, end: *end, step: *step };
            node::op(host, op, &[base, value])
        }
        _ => Err(Error::mismatch(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
        )),
    }
}

/// Results of a call under `torch.no_grad()`: no gradient flows through them.
pub fn no_grad(host: &mut dyn Host, value: Value) -> Result<Value> {
    match value {
        Value::Tensor(tensor) if tensor.view().is_none() && node::dtype(host, tensor.value()).is_float() => {
            let known = host.trace().graph.leaf_mut(tensor.value()).is_some();
            let fresh = host.trace().graph.graph().nodes.last().is_some_and(|n| n.outputs.contains(&tensor.value()));
            if known || !fresh {
                Ok(Value::Tensor(tensor))
            } else {
                node::op(host, Op::Detach, &[tensor.value()]).map(Value::tensor)
            }
        }
        Value::Tuple(items) => items.into_iter().map(|v| no_grad(host, v)).collect::<Result<_>>().map(Value::Tuple),
        other => Ok(other),
    }
}
