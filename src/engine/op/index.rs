//! Elements by tensors of positions: `gather`, `scatter`, indexing with tensors, `embedding`. Positions have been checked before.

use super::Context;
use super::broadcast::lift;
use super::elementwise::both_expanded;
use crate::engine::tensor::{Kind, Place, Scalar, Tensor, Update};
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::op::ScatterReduce;
use burn::tensor::IntDType;

/// Cuts every dim but one to the size of the index, as torch's gather does.
fn fitted(x: Tensor, dim: usize, index: &Tensor) -> Tensor {
    (0..x.rank()).filter(|d| *d != dim).fold(x, |x, d| x.slice(d, 0, index.size(d), 1))
}

/// `torch.gather`.
pub fn gather(dim: usize, x: Value, index: Value) -> Tensor {
    let index = index.into_tensor();
    fitted(x.into_tensor(), dim, &index).gather(dim, index)
}

/// `torch.scatter` and `scatter_reduce`.
pub fn scatter(dim: usize, reduce: ScatterReduce, x: Value, index: Value, source: Value) -> Result<Tensor> {
    let (x, index) = (x.into_tensor(), index.into_tensor());
    let bools = x.kind() == Kind::Bool;
    let (x, source) = (x.numeric(), source.into_tensor().numeric());
    let source = (0..source.rank()).fold(source, |s, d| s.slice(d, 0, index.size(d), 1));
    let update = match reduce {
        ScatterReduce::Replace => Update::Replace,
        ScatterReduce::Add => Update::Add,
        ScatterReduce::Multiply => Update::Multiply,
        ScatterReduce::Amax => Update::Max,
        ScatterReduce::Amin => Update::Min,
    };
    // The kernel wants equal dims; the part that the index covers is scattered into and laid back.
    let part = fitted(x.clone(), dim, &index);
    let whole = part.shape() == x.shape();
    let scattered = scattered(part, dim, index, source, update);
    let result = if whole {
        scattered
    } else {
        let offset = vec![0; x.rank()];
        x.box_assign(&offset, scattered)
    };
    Ok(if bools { result.to_bool() } else { result })
}

/// Written to positions. What is written to one place more than once shares the gradient as torch has it (FunctionsManual.cpp,
/// `scatter_reduce_backward`); the result is multiplied with more than one zero: then the zeros get none.
fn scattered(x: Tensor, dim: usize, index: Tensor, source: Tensor, update: Update) -> Tensor {
    if matches!(update, Update::Replace | Update::Add) || !x.tracked() && !source.tracked() {
        return x.scatter(dim, index, source, update);
    }
    let (base, values) = (x.clone().detach(), source.clone().detach());
    let result = base.clone().scatter(dim, index.clone(), values.clone(), update);
    Tensor::with_rule(result.clone(), [&x, &source], move |gradient| {
        let (zero, one) = (Scalar::Float(0.0), Scalar::Float(1.0));
        let is = |mask: Tensor| mask.to_float(gradient.dtype().into());
        if update != Update::Multiply {
            let own = is(base.clone().eq(result.clone()));
            let theirs = is(values.clone().eq(result.clone().gather(dim, index.clone())));
            let count = own.clone().scatter(dim, index.clone(), theirs.clone(), Update::Add);
            let part = gradient.clone().div(count.clamp_min(one));
            return [own.mul(part.clone()), theirs.mul(part.gather(dim, index.clone()))];
        }
        let safe = base.clone().mask_fill(base.clone().eq_scalar(zero), one);
        let others = safe.clone().scatter(dim, index.clone(), values.clone(), Update::Multiply);
        let by_base = gradient.clone().mul(others).div(safe);
        let zeros = values.clone().eq_scalar(zero);
        let none = base.clone().mul_scalar(zero);
        let how_many = none.scatter(dim, index.clone(), is(zeros.clone()), Update::Add).gather(dim, index.clone());
        let single = zeros.clone().and(how_many.eq_scalar(one));
        let filled = values.clone().mask_fill(single.clone(), one);
        let without = base.clone().scatter(dim, index.clone(), filled, Update::Multiply);
        let alone = gradient.clone().mul(without).gather(dim, index.clone());
        let usual = gradient.clone().mul(result.clone()).gather(dim, index.clone());
        let usual = usual.div(values.clone().mask_fill(zeros, one));
        [by_base, usual.mask_where(single, alone)]
    })
}

/// Positions as the device's integers, negative ones counted from the end.
fn wrapped(index: Value, size: usize) -> Tensor {
    let known = index.bounds().is_some_and(|(low, _)| low >= 0);
    let dtype: IntDType = index.tensor().index_dtype();
    let t = index.into_tensor().to_int(dtype);
    if known {
        return t;
    }
    let negative = t.clone().lt_scalar(Scalar::Int(0));
    let from_end = t.clone().add_scalar(Scalar::Int(i64::try_from(size).unwrap_or(i64::MAX)));
    t.mask_where(negative, from_end)
}

/// What `x[indices]` reads: the indexed dims first and merged, and one flat position for each element of the broadcast index.
struct Plan {
    /// x's dims, the indexed ones first
    order: Vec<usize>,
    /// how many are indexed, and their product
    indexed: usize,
    /// sizes of the dims that are not
    kept: Vec<usize>,
    /// where the index's dims go among the kept ones
    at: usize,
    /// the broadcast index's shape
    index_shape: Vec<usize>,
    /// flat positions
    flat: Tensor,
}

fn plan(shape: &[usize], dims: &[usize], indices: Vec<Value>, place: &Place) -> Result<Plan> {
    let rank = indices.iter().map(|i| i.shape().len()).max().unwrap_or(0);
    let mut flat: Option<Tensor> = None;
    for (&dim, index) in dims.iter().zip(indices) {
        let size = shape.get(dim).copied().unwrap_or(1);
        let index = lift(wrapped(index, size), rank.max(1));
        flat = Some(match flat {
            None => index,
            Some(before) => {
                let (before, index) = both_expanded(before, index);
                before.mul_scalar(Scalar::Int(i64::try_from(size).unwrap_or(i64::MAX))).add(index)
            }
        });
    }
    let flat = flat.unwrap_or_else(|| place.indices(&[0]));
    let index_shape = if rank == 0 { Vec::new() } else { flat.shape() };
    let others: Vec<usize> = (0..shape.len()).filter(|d| !dims.contains(d)).collect();
    // Indexed dims side by side keep their place; otherwise the index's dims come first.
    let adjacent = dims.windows(2).all(|w| matches!(w, [a, b] if a + 1 == *b));
    let at = if adjacent { dims.first().copied().unwrap_or(0) } else { 0 };
    let n = flat.numel();
    Ok(Plan {
        order: dims.iter().chain(&others).copied().collect(),
        indexed: dims.iter().filter_map(|d| shape.get(*d)).product(),
        kept: others.iter().filter_map(|d| shape.get(*d).copied()).collect(),
        at,
        index_shape,
        flat: flat.reshape(&[n]),
    })
}

impl Plan {
    /// x as (indexed, kept).
    fn rows(&self, x: Tensor) -> Tensor {
        let rest = x.numel() / self.indexed.max(1);
        let x = if self.order.len() > 1 { x.permute(&self.order) } else { x };
        x.reshape(&[self.indexed, rest])
    }

    /// The order of the result's dims, given (index..., kept...): the index's move behind `at` kept ones.
    fn result_order(&self) -> Vec<usize> {
        let n = self.index_shape.len();
        let kept: Vec<usize> = (n..n + self.kept.len()).collect();
        let (before, after) = kept.split_at(self.at.min(kept.len()));
        before.iter().copied().chain(0..n).chain(after.iter().copied()).collect()
    }
}

/// `x[indices]`.
pub fn index(x: Value, dims: &[usize], indices: Vec<Value>, cx: &Context<'_>) -> Result<Tensor> {
    let plan = plan(x.shape(), dims, indices, cx.place())?;
    let rows = plan.rows(x.into_tensor()).select(0, plan.flat.clone());
    let shape: Vec<usize> = plan.index_shape.iter().chain(&plan.kept).copied().collect();
    let order = plan.result_order();
    Ok(if shape.is_empty() { rows } else { rows.reshape(&shape).permute(&order) })
}

/// `x[indices] = source` and `+=`.
pub fn index_put(
    x: Value,
    source: Value,
    dims: &[usize],
    accumulate: bool,
    indices: Vec<Value>,
    cx: &Context<'_>,
) -> Result<Tensor> {
    let shape = x.shape().to_vec();
    let plan = plan(&shape, dims, indices, cx.place())?;
    let x = x.into_tensor();
    let bools = x.kind() == Kind::Bool;
    let (x, source) = (x.numeric(), source.into_tensor().numeric());
    // The source has the result's dims; bring the index's to the front.
    let order = plan.result_order();
    let by_index: Vec<usize> = plan.index_shape.iter().chain(&plan.kept).copied().collect();
    let result: Vec<usize> = order.iter().filter_map(|d| by_index.get(*d).copied()).collect();
    let count = plan.flat.numel();
    let rows = plan.rows(x);
    let rest = rows.size(1);
    let source = if result.is_empty() {
        source.reshape(&[1, 1]).expand(&[count, rest])
    } else {
        let mut back = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            if let Some(slot) = back.get_mut(from) {
                *slot = to;
            }
        }
        let source = if source.rank() > result.len() { source.reshape(&result) } else { source.expand(&result) };
        source.permute(&back).reshape(&[count, rest])
    };
    let positions = plan.flat.clone().reshape(&[count, 1]).expand(&[count, rest]);
    let update = if accumulate { Update::Add } else { Update::Replace };
    let written = rows.scatter(0, positions, source, update);
    let mut moved: Vec<usize> = plan.order.iter().filter_map(|d| shape.get(*d).copied()).collect();
    if moved.is_empty() {
        moved.push(1);
    }
    let mut back = vec![0; plan.order.len()];
    for (to, &from) in plan.order.iter().enumerate() {
        if let Some(slot) = back.get_mut(from) {
            *slot = to;
        }
    }
    let written = written.reshape(&moved);
    let written = if back.len() > 1 { written.permute(&back) } else { written };
    Ok(if bools { written.to_bool() } else { written })
}

/// `F.embedding`: rows of the weight; the row of padding has no gradient.
pub fn embedding(index: Tensor, weight: Tensor, padding: Option<usize>) -> Tensor {
    let n = index.numel();
    let index = index.reshape(&[n]);
    let Some(padding) = padding.filter(|_| weight.tracked()) else { return weight.select(0, index) };
    let rows = weight.clone().detach().select(0, index.clone());
    let shape = weight.shape();
    Tensor::with_rule(rows, [&weight], move |gradient| {
        let row = Scalar::Int(i64::try_from(padding).unwrap_or(-1));
        let skipped = index.clone().eq_scalar(row).reshape(&[n, 1]).expand(&gradient.shape());
        let zeros = gradient.place().full(&shape, Scalar::Float(0.0), gradient.dtype());
        [zeros.select_add(0, index.clone(), gradient.mask_fill(skipped, Scalar::Float(0.0)))]
    })
}

/// The error of an index that is out of range.
pub fn out_of_range(size: usize) -> Error {
    Error::mismatch(format!("index out of range in self: the size is {size}")).code("index_out_of_range")
}
