//! What operators ask of their operands: how many, of which dtypes, broadcast how; with torch's words for refusals.

use super::super::Info;
use super::MAX_ELEMENTS;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// Exactly so many operands.
pub fn exactly<'a, const N: usize>(inputs: &[&'a Info]) -> Result<[&'a Info; N]> {
    inputs.try_into().map_err(|_| count(inputs, N, N))
}

/// The only operand.
pub fn one<'a>(inputs: &[&'a Info]) -> Result<&'a Info> {
    exactly::<1>(inputs).map(|[x]| x)
}

/// The error for a wrong number of operands.
pub fn count(inputs: &[&Info], least: usize, most: usize) -> Error {
    let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Error::mismatch(format!("the operator takes {takes} operands, got {}", inputs.len()))
}

/// A result of this shape with the dtype of `like`.
pub fn like(like: &Info, shape: Vec<usize>) -> Info {
    Info { shape, dtype: like.dtype }
}

/// The C++ type behind a dtype, as in `value cannot be converted to type int64_t`.
pub fn c_type(dtype: DType) -> &'static str {
    match dtype {
        DType::Float64 => "double",
        DType::Float32 => "float",
        DType::Float16 => "c10::Half",
        DType::BFloat16 => "c10::BFloat16",
        DType::Int64 => "long int",
        DType::Int32 => "int",
        DType::Int16 => "short",
        DType::Int8 => "signed char",
        DType::UInt8 => "unsigned char",
        DType::UInt16 => "uint16_t",
        DType::UInt32 => "uint32_t",
        DType::UInt64 => "uint64_t",
        DType::Bool => "bool",
        other => other.name(),
    }
}

/// torch's refusal of a kernel for a dtype.
pub fn not_implemented(kernel: &str, dtype: DType) -> Error {
    Error::mismatch(format!("\"{kernel}\" not implemented for '{}'", dtype.scalar_type()))
}

/// Refuses all but floating point.
pub fn float(kernel: &str, x: &Info) -> Result<()> {
    if x.dtype.is_float() { Ok(()) } else { Err(not_implemented(kernel, x.dtype)) }
}

/// Refuses bool.
pub fn number(kernel: &str, x: &Info) -> Result<()> {
    if x.dtype.category() == Category::Bool { Err(not_implemented(kernel, x.dtype)) } else { Ok(()) }
}

/// The floating-point dtype in which torch computes: integers and bool go to the default dtype.
pub fn floating(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::Float32 }
}

/// Operands of one dtype, as the graph's contract has it.
pub fn same_dtype(x: &Info, y: &Info) -> Result<()> {
    if x.dtype == y.dtype {
        return Ok(());
    }
    Err(Error::mismatch(format!(
        "expected operands of one dtype, but got: {} and {}",
        x.dtype.scalar_type(),
        y.dtype.scalar_type()
    )))
}

/// The shape to which two broadcast.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], dim: usize| (dim + shape.len()).checked_sub(rank).and_then(|d| shape.get(d)).copied();
    let mut shape = Vec::with_capacity(rank);
    // From the last dim, as torch does: the last of several misfits is told.
    for dim in (0..rank).rev() {
        let (x, y) = (at(a, dim).unwrap_or(1), at(b, dim).unwrap_or(1));
        shape.push(match (x, y) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => {
                return Err(Error::mismatch(format!(
                    "The size of tensor a ({x}) must match the size of tensor b ({y}) at non-singleton dimension {dim}"
                )));
            }
        });
    }
    shape.reverse();
    Ok(shape)
}

/// Whether a shape broadcasts to another without changing that.
pub fn expands_to(from: &[usize], to: &[usize]) -> bool {
    from.len() <= to.len() && from.iter().rev().zip(to.iter().rev()).all(|(a, b)| a == b || *a == 1)
}

/// A dim of this rank; 0-d tensors have dim 0.
pub fn dim_of(dim: usize, x: &Info) -> Result<()> {
    let rank = x.shape.len().max(1);
    if dim < rank {
        return Ok(());
    }
    Err(Error::mismatch(format!(
        "Dimension out of range (expected to be in range of [-{rank}, {}], but got {dim})",
        rank - 1
    )))
}

/// Each a dim of this rank, and each once.
pub fn dims_of(dims: &[usize], x: &Info) -> Result<()> {
    for (at, dim) in dims.iter().enumerate() {
        dim_of(*dim, x)?;
        if dims.iter().take(at).any(|d| d == dim) {
            return Err(Error::mismatch(format!("dim {dim} appears multiple times in the list of dims")));
        }
    }
    Ok(())
}

/// The size of a dim; 1 for the dim 0 of a 0-d tensor.
pub fn size_at(shape: &[usize], dim: usize) -> usize {
    shape.get(dim).copied().unwrap_or(1)
}

/// The shape with one dim's size replaced; 0-d stays 0-d.
pub fn with_size(shape: &[usize], dim: usize, size: usize) -> Vec<usize> {
    shape.iter().enumerate().map(|(d, s)| if d == dim { size } else { *s }).collect()
}

/// Elements; a shape that passed the bound does not overflow.
pub fn elements(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// torch's list of ints with another separator: `2x3`, `2 x 3`.
pub fn joined(sizes: &[usize], separator: &str) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
}

/// Attributes of windows, one for each spatial dim and small enough that products of two stay within i64.
pub fn attributes(spatial: usize, lists: &[(&str, &[usize])]) -> Result<()> {
    for (name, list) in lists {
        if list.len() != spatial {
            return Err(Error::mismatch(format!(
                "expected {name} to be a single integer value or a list of {spatial} values to match the convolution dimensions, but got {name}={list:?}"
            )));
        }
        if let Some(over) = list.iter().find(|n| **n > MAX_ELEMENTS) {
            return Err(Error::too_large(*name, over, MAX_ELEMENTS));
        }
    }
    Ok(())
}

/// A size that arithmetic may have made negative.
pub fn size(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
