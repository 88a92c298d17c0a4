//! One tensor in, one out: torch's pointwise functions and `to(dtype)`.

use super::super::Info;
use super::super::op::Unary;
use super::operand::{float, floating, number};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// Functions that leave integers integers, functions that make floats of them, and questions that answer with bool.
pub fn unary(op: Unary, x: &Info) -> Result<Info> {
    let dtype = match op {
        Unary::Neg if x.dtype == DType::Bool => {
            return Err(Error::mismatch(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or \
                 `logical_not()` operator instead.",
            ));
        }
        Unary::Relu if x.dtype == DType::Bool => {
            return Err(Error::mismatch("Boolean inputs not supported for relu"));
        }
        Unary::Abs => rounded("abs_cpu", x)?,
        Unary::Square if x.dtype == DType::Bool => DType::Int64,
        Unary::Neg | Unary::Sign | Unary::Relu | Unary::Square => x.dtype,
        Unary::Floor => rounded("floor_vml_cpu", x)?,
        Unary::Ceil => rounded("ceil_vml_cpu", x)?,
        Unary::Round => rounded("round_vml_cpu", x)?,
        Unary::Trunc => rounded("trunc_vml_cpu", x)?,
        Unary::Frac => only_float("frac_cpu", x)?,
        Unary::Silu => only_float("silu_cpu", x)?,
        Unary::BitwiseNot => {
            if x.dtype.category() > Category::Int {
                return Err(super::operand::not_implemented("bitwise_not_cpu", x.dtype));
            }
            x.dtype
        }
        Unary::LogicalNot | Unary::Isnan | Unary::Isinf | Unary::Isfinite => DType::Bool,
        _ => floating(x.dtype),
    };
    Ok(Info { shape: x.shape.clone(), dtype })
}

/// `tensor.to(dtype)`.
pub fn cast(dtype: DType, x: &Info) -> Result<Info> {
    if dtype.category() > Category::Float {
        return Err(Error::unsupported(format!("a network with torch.{}", dtype.name())));
    }
    Ok(Info { shape: x.shape.clone(), dtype })
}

fn rounded(kernel: &str, x: &Info) -> Result<DType> {
    number(kernel, x)?;
    Ok(x.dtype)
}

fn only_float(kernel: &str, x: &Info) -> Result<DType> {
    float(kernel, x)?;
    Ok(x.dtype)
}
