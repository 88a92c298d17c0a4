//! Operators that move elements and compute none: `reshape`, `permute`, `expand`, slices, `cat`, `flip`, `repeat`, triangles.

use super::super::Info;
use super::operand::{dim_of, dims_of, elements, exactly, like, same_dtype, size_at, with_size};
use crate::error::{Error, Result};

/// `reshape` to a final shape.
pub fn reshape(shape: &[usize], x: &Info) -> Result<Info> {
    let have = elements(&x.shape);
    if crate::data::numel(shape) != Some(have) {
        return Err(Error::mismatch(format!("shape '{shape:?}' is invalid for input of size {have}")));
    }
    Ok(like(x, shape.to_vec()))
}

/// `permute` by all dims.
pub fn permute(dims: &[usize], x: &Info) -> Result<Info> {
    if dims.len() != x.shape.len() {
        return Err(Error::mismatch(format!(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of \
             dimensions i.e. input.dim() = {} is not equal to len(dims) = {}",
            x.shape.len(),
            dims.len()
        )));
    }
    for (at, dim) in dims.iter().enumerate() {
        dim_of(*dim, x)?;
        if dims.iter().take(at).any(|d| d == dim) {
            return Err(Error::mismatch("permute(): duplicate dims are not allowed."));
        }
    }
    Ok(like(x, dims.iter().map(|d| size_at(&x.shape, *d)).collect()))
}

/// `expand` to a final shape.
pub fn expand(shape: &[usize], x: &Info) -> Result<Info> {
    if super::operand::expands_to(&x.shape, shape) {
        return Ok(like(x, shape.to_vec()));
    }
    Err(not_expandable(&x.shape, shape, x))
}

/// torch's refusal to expand.
pub fn not_expandable(from: &[usize], to: &[usize], x: &Info) -> Error {
    let Some(added) = to.len().checked_sub(from.len()) else {
        return Error::mismatch(format!(
            "expand(torch.{}Tensor{{{from:?}}}, size={to:?}): the number of sizes provided ({}) must be greater or equal to the number of \
             dimensions in the tensor ({})",
            x.dtype.scalar_type(),
            to.len(),
            from.len()
        ));
    };
    let misfit = (0..from.len()).rev().map(|dim| (dim + added, size_at(from, dim), size_at(to, dim + added)));
    let (dim, have, want) = misfit.into_iter().find(|(_, have, want)| have != want && *have != 1).unwrap_or_default();
    Error::mismatch(format!(
        "The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton dimension {dim}.  Target sizes: \
         {to:?}.  Tensor sizes: {from:?}"
    ))
}

/// `x[..., start:end:step, ...]`, already clamped to the size.
pub fn slice(dim: usize, (start, end, step): (usize, usize, usize), x: &Info) -> Result<Info> {
    if x.shape.is_empty() {
        return Err(Error::mismatch("slice() cannot be applied to a 0-dim tensor."));
    }
    dim_of(dim, x)?;
    if step == 0 {
        return Err(Error::mismatch("slice step must be positive"));
    }
    let size = size_at(&x.shape, dim);
    if start > end || end > size {
        return Err(Error::mismatch(format!("slice {start}:{end} does not lie in dimension {dim} of size {size}")));
    }
    Ok(like(x, with_size(&x.shape, dim, (end - start).div_ceil(step))))
}

/// `torch.slice_scatter`.
pub fn slice_scatter(dim: usize, bounds: (usize, usize, usize), inputs: &[&Info]) -> Result<Info> {
    let [x, source] = exactly(inputs)?;
    let place = slice(dim, bounds, x)?;
    if place.shape != source.shape {
        return Err(Error::mismatch(format!(
            "expected src to have a size equal to the slice of self. src size = {:?}, slice size = {:?}",
            source.shape, place.shape
        )));
    }
    same_dtype(x, source)?;
    Ok(x.clone())
}

/// `torch.cat`; 1-d tensors without elements fit everything, as torch keeps for old programs.
pub fn cat(dim: usize, inputs: &[&Info]) -> Result<Info> {
    let Some(any) = inputs.first() else {
        return Err(Error::mismatch("torch.cat(): expected a non-empty list of Tensors"));
    };
    if let Some(at) = inputs.iter().position(|x| x.shape.is_empty()) {
        return Err(Error::mismatch(format!("zero-dimensional tensor (at position {at}) cannot be concatenated")));
    }
    let first = inputs.iter().find(|x| x.shape != [0]).unwrap_or(any);
    dim_of(dim, first)?;
    let mut total = 0usize;
    for (at, x) in inputs.iter().enumerate() {
        same_dtype(first, x)?;
        if x.shape == [0] {
            continue;
        }
        if x.shape.len() != first.shape.len() {
            return Err(Error::mismatch(format!(
                "Tensors must have same number of dimensions: got {} and {}",
                first.shape.len(),
                x.shape.len()
            )));
        }
        for (d, (want, have)) in first.shape.iter().zip(&x.shape).enumerate() {
            if d != dim && want != have {
                return Err(Error::mismatch(format!(
                    "Sizes of tensors must match except in dimension {dim}. Expected size {want} but got size {have} for tensor number \
                     {at} in the list."
                )));
            }
        }
        total = total.saturating_add(size_at(&x.shape, dim));
    }
    Ok(like(first, with_size(&first.shape, dim, total)))
}

/// `torch.flip`.
pub fn flip(dims: &[usize], x: &Info) -> Result<Info> {
    dims_of(dims, x)?;
    Ok(x.clone())
}

/// `Tensor.repeat`.
pub fn repeat(repeats: &[usize], x: &Info) -> Result<Info> {
    let Some(added) = repeats.len().checked_sub(x.shape.len()) else {
        return Err(Error::mismatch(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
        ));
    };
    let sizes = std::iter::repeat_n(&1, added).chain(&x.shape);
    Ok(like(x, sizes.zip(repeats).map(|(size, times)| size.saturating_mul(*times)).collect()))
}

/// `torch.tril` and `torch.triu`.
pub fn triangle(name: &str, x: &Info) -> Result<Info> {
    if x.shape.len() < 2 {
        return Err(Error::mismatch(format!("{name}: input tensor must have at least 2 dimensions")));
    }
    Ok(x.clone())
}
