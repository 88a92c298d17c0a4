//! Two tensors, or a tensor and a number: arithmetic, comparisons, `where`, `clamp`, `masked_fill`.

use super::super::Info;
use super::super::op::{Binary, Scalar};
use super::operand::{broadcast, c_type, exactly, expands_to, floating, not_implemented, same_dtype};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// Two broadcast tensors of one dtype.
pub fn binary(op: Binary, inputs: &[&Info]) -> Result<Info> {
    let [x, y] = exactly(inputs)?;
    same_dtype(x, y)?;
    let dtype = result(op, x.dtype)?;
    Ok(Info { shape: broadcast(&x.shape, &y.shape)?, dtype })
}

/// A tensor and a number, which promotes only to a higher category, as in torch.
pub fn with_scalar(op: Binary, scalar: Scalar, reverse: bool, x: &Info) -> Result<Info> {
    if let (Binary::Pow, false, Scalar::Int(exponent)) = (op, reverse, scalar)
        && exponent < 0
        && x.dtype.category() <= Category::Int
    {
        return Err(Error::mismatch("Integers to negative integer powers are not allowed."));
    }
    if op == Binary::Sub && x.dtype == DType::Bool {
        return Err(subtracts_bool());
    }
    Ok(Info { shape: x.shape.clone(), dtype: result(op, promoted(x.dtype, scalar))? })
}

/// torch's refusal of `mask - 1`.
pub fn subtracts_bool() -> Error {
    Error::mismatch(
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or \
         `logical_not()` operator instead.",
    )
}

/// The dtype of a tensor with a Python number.
pub fn promoted(dtype: DType, scalar: Scalar) -> DType {
    match (scalar, dtype.category()) {
        (Scalar::Int(_), Category::Bool) => DType::Int64,
        (Scalar::Float(_), _) => floating(dtype),
        _ => dtype,
    }
}

fn result(op: Binary, dtype: DType) -> Result<DType> {
    let refused = |kernel, from: Category| {
        if dtype.category() >= from { Err(not_implemented(kernel, dtype)) } else { Ok(dtype) }
    };
    let no_bool = |kernel| if dtype == DType::Bool { Err(not_implemented(kernel, dtype)) } else { Ok(dtype) };
    match op {
        Binary::Sub if dtype == DType::Bool => Err(Error::mismatch(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.",
        )),
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Maximum | Binary::Minimum => Ok(dtype),
        Binary::Div | Binary::Atan2 => Ok(floating(dtype)),
        Binary::FloorDivide => no_bool("div_floor_cpu"),
        Binary::TruncDivide => no_bool("div_trunc_cpu"),
        Binary::Remainder => no_bool("remainder_cpu"),
        Binary::Fmod => no_bool("fmod_cpu"),
        Binary::Pow => no_bool("pow"),
        Binary::LogicalAnd | Binary::LogicalOr | Binary::LogicalXor => Ok(DType::Bool),
        Binary::BitwiseAnd => refused("bitwise_and_cpu", Category::Float),
        Binary::BitwiseOr => refused("bitwise_or_cpu", Category::Float),
        Binary::BitwiseXor => refused("bitwise_xor_cpu", Category::Float),
        Binary::ShiftLeft => no_bool("lshift_cpu").and_then(|_| refused("lshift_cpu", Category::Float)),
        Binary::ShiftRight => no_bool("rshift_cpu").and_then(|_| refused("rshift_cpu", Category::Float)),
    }
}

/// `torch.eq` and its relatives.
pub fn compare(inputs: &[&Info]) -> Result<Info> {
    let [x, y] = exactly(inputs)?;
    same_dtype(x, y)?;
    Ok(Info { shape: broadcast(&x.shape, &y.shape)?, dtype: DType::Bool })
}

/// A comparison with a number.
pub fn compare_scalar(x: &Info) -> Result<Info> {
    Ok(Info { shape: x.shape.clone(), dtype: DType::Bool })
}

/// `torch.where`.
pub fn choose(inputs: &[&Info]) -> Result<Info> {
    let [condition, x, y] = exactly(inputs)?;
    if condition.dtype != DType::Bool {
        return Err(Error::mismatch(format!(
            "where expected condition to be a boolean tensor, but got a tensor with dtype {}",
            condition.dtype.scalar_type()
        )));
    }
    same_dtype(x, y)?;
    let shape = broadcast(&broadcast(&condition.shape, &x.shape)?, &y.shape)?;
    Ok(Info { shape, dtype: x.dtype })
}

/// `torch.clamp` with numbers.
pub fn clamp(min: Option<Scalar>, max: Option<Scalar>, x: &Info) -> Result<Info> {
    if min.is_none() && max.is_none() {
        return Err(Error::mismatch("torch.clamp: At least one of 'min' or 'max' must not be None"));
    }
    let dtype = [min, max].into_iter().flatten().fold(x.dtype, promoted);
    if dtype == DType::Bool {
        return Err(not_implemented("clamp_scalar_cpu", dtype));
    }
    Ok(Info { shape: x.shape.clone(), dtype })
}

/// `tensor.masked_fill` with a number: the mask broadcasts to the tensor.
pub fn masked_fill(inputs: &[&Info]) -> Result<Info> {
    let [x, mask] = exactly(inputs)?;
    if mask.dtype != DType::Bool {
        return Err(Error::mismatch(format!(
            "masked_fill_ only supports boolean masks, but got mask with dtype {}",
            c_type(mask.dtype)
        )));
    }
    if !expands_to(&mask.shape, &x.shape) {
        let both = broadcast(&x.shape, &mask.shape)?;
        return Err(Error::mismatch(format!(
            "output with shape {:?} doesn't match the broadcast shape {both:?}",
            x.shape
        )));
    }
    Ok((*x).clone())
}
