//! Operators that look elements up by integer tensors: `index_select`, `gather`, `scatter`, `x[indices]`, `embedding`.

use super::super::Info;
use super::operand::{broadcast, count, dim_of, elements, exactly, expands_to, like, size_at, with_size};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// `torch.index_select`.
pub fn index_select(dim: usize, inputs: &[&Info]) -> Result<Info> {
    let [x, index] = exactly(inputs)?;
    dim_of(dim, x)?;
    if index.shape.len() > 1 {
        return Err(Error::mismatch("index_select(): Index is supposed to be a vector"));
    }
    if !matches!(index.dtype, DType::Int64 | DType::Int32) {
        return Err(Error::mismatch("index_select(): Expected dtype int32 or int64 for index"));
    }
    let picked = elements(&index.shape);
    if x.shape.is_empty() && picked != 1 {
        return Err(Error::mismatch(
            "index_select(): Index to scalar can have only 1 value, got 2 value(s)".replace('2', &picked.to_string()),
        ));
    }
    Ok(like(x, with_size(&x.shape, dim, picked)))
}

/// `torch.gather`.
pub fn gather(dim: usize, inputs: &[&Info]) -> Result<Info> {
    let [x, index] = exactly(inputs)?;
    dim_of(dim, x)?;
    looks_up("gather", index)?;
    if elements(&index.shape) == 0 {
        return Ok(like(x, index.shape.clone()));
    }
    ranks("Index tensor must have the same number of dimensions as input tensor", index, x)?;
    let larger = |d: usize| d != dim && size_at(&index.shape, d) > size_at(&x.shape, d);
    if let Some(d) = (0..index.shape.len()).find(|d| larger(*d)) {
        return Err(Error::mismatch(format!(
            "Size does not match at dimension {d} expected index {:?} to be no larger than self {:?} apart from dimension {dim}",
            index.shape, x.shape
        )));
    }
    Ok(like(x, index.shape.clone()))
}

/// `torch.scatter`, `scatter_add` and `scatter_reduce`.
pub fn scatter(dim: usize, inputs: &[&Info]) -> Result<Info> {
    let [x, index, source] = exactly(inputs)?;
    dim_of(dim, x)?;
    looks_up("scatter", index)?;
    if x.dtype != source.dtype {
        return Err(Error::mismatch("scatter(): Expected self.dtype to be equal to src.dtype"));
    }
    if elements(&index.shape) == 0 {
        return Ok(x.clone());
    }
    ranks("Index tensor must have the same number of dimensions as self tensor", index, x)?;
    ranks("Index tensor must have the same number of dimensions as src tensor", index, source)?;
    let misfit = (0..index.shape.len()).any(|d| {
        let size = size_at(&index.shape, d);
        (d != dim && size > size_at(&x.shape, d)) || size > size_at(&source.shape, d)
    });
    if misfit {
        return Err(Error::mismatch(format!(
            "Expected index {:?} to be no larger than self {:?} apart from dimension {dim} and to be no larger size than src {:?}",
            index.shape, x.shape, source.shape
        )));
    }
    Ok(x.clone())
}

fn looks_up(name: &str, index: &Info) -> Result<()> {
    if matches!(index.dtype, DType::Int64 | DType::Int32) || elements(&index.shape) == 0 {
        return Ok(());
    }
    Err(Error::mismatch(format!("{name}(): Expected dtype int32/int64 for index")))
}

/// 0-d tensors count as 1-d.
fn ranks(message: &str, a: &Info, b: &Info) -> Result<()> {
    if a.shape.len().max(1) == b.shape.len().max(1) { Ok(()) } else { Err(Error::mismatch(message)) }
}

/// `x[indices]`: the indices' broadcast shape stands where the indexed dims stood, or first when these are not neighbours.
pub fn index(dims: &[usize], inputs: &[&Info]) -> Result<Info> {
    let [x, indices @ ..] = inputs else { return Err(count(inputs, 1, dims.len() + 1)) };
    Ok(like(x, picked(dims, x, indices)?))
}

/// `x[indices] = source`.
pub fn index_put(dims: &[usize], inputs: &[&Info]) -> Result<Info> {
    let [x, source, indices @ ..] = inputs else { return Err(count(inputs, 2, dims.len() + 2)) };
    if x.dtype != source.dtype {
        return Err(Error::mismatch(format!(
            "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
            x.dtype.scalar_type(),
            source.dtype.scalar_type()
        )));
    }
    let place = picked(dims, x, indices)?;
    if !expands_to(&source.shape, &place) {
        return Err(Error::mismatch(format!(
            "shape mismatch: value tensor of shape {:?} cannot be broadcast to indexing result of shape {place:?}",
            source.shape
        )));
    }
    Ok((*x).clone())
}

fn picked(dims: &[usize], x: &Info, indices: &[&Info]) -> Result<Vec<usize>> {
    if dims.len() != indices.len() {
        return Err(count(indices, dims.len(), dims.len()));
    }
    let asked = dims.iter().max().map_or(0, |d| d.saturating_add(1));
    if dims.windows(2).any(|pair| matches!(pair, [a, b] if a >= b)) || dims.last().is_some_and(|d| *d >= x.shape.len())
    {
        return Err(Error::mismatch(format!(
            "too many indices for tensor of dimension {} (got {asked})",
            x.shape.len()
        )));
    }
    if indices.iter().any(|i| !matches!(i.dtype, DType::Int64 | DType::Int32)) {
        return Err(Error::mismatch("tensors used as indices must be long, int, byte or bool tensors"));
    }
    let shapes = || indices.iter().map(|i| format!("{:?}", i.shape)).collect::<Vec<_>>().join(", ");
    let index = indices.iter().try_fold(Vec::new(), |shape, i| broadcast(&shape, &i.shape)).map_err(|_| {
        Error::mismatch(format!(
            "shape mismatch: indexing tensors could not be broadcast together with shapes {}",
            shapes()
        ))
    })?;
    if elements(&index) > 0 && dims.iter().any(|d| size_at(&x.shape, *d) == 0) && elements(&x.shape) == 0 {
        let kept_is_empty = x.shape.iter().enumerate().any(|(d, size)| *size == 0 && !dims.contains(&d));
        if !kept_is_empty {
            return Err(Error::mismatch("index is out of bounds for dimension with size 0"));
        }
    }
    let neighbours = dims.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    let place = if neighbours { dims.first().copied().unwrap_or(0) } else { 0 };
    let mut shape: Vec<usize> =
        x.shape.iter().enumerate().filter(|(d, _)| !dims.contains(d)).map(|(_, size)| *size).collect();
    let place = place.min(shape.len());
    shape.splice(place..place, index);
    Ok(shape)
}

/// `F.embedding`.
pub fn embedding(padding_idx: Option<usize>, inputs: &[&Info]) -> Result<Info> {
    let [index, weight] = exactly(inputs)?;
    let [rows, width] = *weight.shape else { return Err(Error::mismatch("'weight' must be 2-D")) };
    if padding_idx.is_some_and(|row| row >= rows) {
        return Err(Error::mismatch("Padding_idx must be within num_embeddings"));
    }
    if !matches!(index.dtype, DType::Int64 | DType::Int32) {
        return Err(Error::mismatch(format!(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got {} instead (while \
             checking arguments for embedding)",
            match index.dtype {
                DType::Bool => "CPUBoolType".to_owned(),
                other => format!("torch.{}Tensor", other.scalar_type()),
            }
        )));
    }
    Ok(like(weight, index.shape.iter().copied().chain([width]).collect()))
}
