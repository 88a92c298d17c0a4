//! Reductions, running reductions, `argmax`, `topk` and softmax.

use super::super::Info;
use super::super::op::{Cumulate, Reduce};
use super::operand::{dim_of, dims_of, elements, float, floating, like, size_at, with_size};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// A reduction over dims; none for an empty list.
pub fn reduce(op: Reduce, dims: &[usize], keepdim: bool, x: &Info) -> Result<Info> {
    dims_of(dims, x)?;
    let got = x.dtype.scalar_type();
    let dtype = match op {
        Reduce::Sum | Reduce::Prod => summed(x.dtype),
        Reduce::Mean => {
            if !x.dtype.is_float() {
                return Err(Error::mismatch(format!(
                    "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {got}"
                )));
            }
            x.dtype
        }
        Reduce::Amax => not_empty("amax", dims, x)?,
        Reduce::Amin => not_empty("amin", dims, x)?,
        // torch keeps uint8, which once was its bool.
        Reduce::Any | Reduce::All if x.dtype == DType::UInt8 => DType::UInt8,
        Reduce::Any | Reduce::All => DType::Bool,
        Reduce::Var { .. } => {
            if !x.dtype.is_float() {
                return Err(Error::mismatch("std and var only support floating point and complex dtypes"));
            }
            x.dtype
        }
        Reduce::LogSumExp => floating(x.dtype),
        Reduce::Norm { p } => {
            if !x.dtype.is_float() {
                return Err(Error::mismatch(format!(
                    "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {got}"
                )));
            }
            if (p < 0.0 || p.is_infinite()) && dims.iter().any(|d| size_at(&x.shape, *d) == 0) {
                let name = if p.is_infinite() { "inf".to_owned() } else { p.to_string() };
                return Err(Error::mismatch(format!(
                    "linalg.vector_norm cannot compute the {name} norm on an empty tensor because the operation does not have an identity"
                )));
            }
            x.dtype
        }
    };
    Ok(Info { shape: reduced(dims, keepdim, x), dtype })
}

fn reduced(dims: &[usize], keepdim: bool, x: &Info) -> Vec<usize> {
    let sizes = x.shape.iter().enumerate();
    match keepdim {
        true => sizes.map(|(d, size)| if dims.contains(&d) { 1 } else { *size }).collect(),
        false => sizes.filter(|(d, _)| !dims.contains(d)).map(|(_, size)| *size).collect(),
    }
}

/// Sums and products of integers and bool are int64.
fn summed(dtype: DType) -> DType {
    if dtype.category() <= Category::Int { DType::Int64 } else { dtype }
}

fn not_empty(name: &str, dims: &[usize], x: &Info) -> Result<DType> {
    if elements(&x.shape) == 0
        && let Some(dim) = dims.iter().find(|d| size_at(&x.shape, **d) == 0)
    {
        return Err(Error::mismatch(format!("{name}(): Expected reduction dim {dim} to have non-zero size.")));
    }
    Ok(x.dtype)
}

/// `torch.argmax` and `torch.argmin`.
pub fn arg(name: &str, dim: usize, keepdim: bool, x: &Info) -> Result<Info> {
    dim_of(dim, x)?;
    not_empty(name, &[dim], x)?;
    if x.dtype == DType::Bool {
        return Err(Error::mismatch(format!("{name}(): does not support bool input")));
    }
    Ok(Info { shape: reduced(&[dim], keepdim, x), dtype: DType::Int64 })
}

/// `torch.cumsum` and its relatives.
pub fn cumulate(op: Cumulate, dim: usize, x: &Info) -> Result<Info> {
    dim_of(dim, x)?;
    let dtype = match op {
        Cumulate::Sum | Cumulate::Prod => summed(x.dtype),
        Cumulate::Max | Cumulate::Min => x.dtype,
    };
    Ok(Info { shape: x.shape.clone(), dtype })
}

/// `torch.topk`: values and int64 positions.
pub fn topk(dim: usize, k: usize, x: &Info) -> Result<Vec<Info>> {
    dim_of(dim, x)?;
    if k > size_at(&x.shape, dim) {
        return Err(Error::mismatch("selected index k out of range"));
    }
    let shape = with_size(&x.shape, dim, k);
    Ok(vec![like(x, shape.clone()), Info { shape, dtype: DType::Int64 }])
}

/// `F.softmax` and `F.log_softmax`.
pub fn softmax(name: &str, dim: usize, x: &Info) -> Result<Info> {
    dim_of(dim, x)?;
    if !x.dtype.is_float() {
        let last = dim + 1 == x.shape.len().max(1);
        let kernel = if last { format!("{name}_lastdim_kernel_impl") } else { format!("{name}_kernel_impl") };
        float(&kernel, x)?;
    }
    Ok(x.clone())
}
