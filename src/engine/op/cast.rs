//! Values of the narrow types: floats rounded to float16 and bfloat16, integers wrapped to their width.

use super::Context;
use super::broadcast::constant;
use crate::dtype::DType;
use crate::engine::tensor::{Scalar, Tensor};
use crate::engine::value::{Value, convert, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Op;
use burn::tensor::FloatDType;

/// Rounds floats to the nearest float16 or bfloat16, ties to even.
pub fn round(x: Tensor, narrow: FloatDType) -> Tensor {
    if !x.facts.gpu {
        return x.through(narrow);
    }
    let one = |_, y: Tensor| constant(&y, 1.0).expand(&y.shape());
    x.apply(|x| arithmetic(x, narrow), one)
}

/// The same without the narrow type, which WebGPU lacks: Dekker's splitting keeps the leading bits; below the normal range a
/// large number, added and taken away, leaves a multiple of the smallest subnormal.
fn arithmetic(x: Tensor, narrow: FloatDType) -> Tensor {
    let (keep, largest, smallest_normal) = match narrow {
        FloatDType::F16 => (8193.0, 65504.0, 6.103_515_625e-5),
        _ => (65537.0, 3.389_531_389_251_535_5e38, 0.0),
    };
    // Scaled down so that the product of a large bfloat16 stays finite.
    let scale = if smallest_normal == 0.0 { 2f64.powi(-20) } else { 1.0 };
    let scaled = x.clone().mul_scalar(Scalar::Float(scale));
    let product = scaled.clone().mul_scalar(Scalar::Float(keep));
    let high = product.clone().sub(product.sub(scaled)).mul_scalar(Scalar::Float(1.0 / scale));
    let high = if smallest_normal > 0.0 {
        let magic = Scalar::Float(1.5 * 2f64.powi(23 - 24));
        let fine = x.clone().add_scalar(magic).sub_scalar(magic);
        high.mask_where(x.clone().abs().lt_scalar(Scalar::Float(smallest_normal)), fine)
    } else {
        high
    };
    let shape = x.shape();
    let too_large = high.clone().abs().gt_scalar(Scalar::Float(largest));
    let infinite = constant(&x, f64::INFINITY).expand(&shape);
    let signed = infinite.mul(x.clone().sign());
    let rounded = high.mask_where(too_large, signed);
    // Inf and NaN fall out of the arithmetic as NaN.
    let odd = x.clone().is_nan().or(x.clone().is_inf());
    rounded.mask_where(odd, x)
}

/// Operands in the result's type.
pub fn to(x: Tensor, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    Ok(convert(x, stored(want.dtype, cx.place())?))
}

/// Wraps the integers of an arithmetic result to their width, where the device's integers are wider.
pub fn wrap(value: Value, op: &Op) -> Result<Value> {
    let arithmetic = matches!(
        op,
        Op::Unary(_)
            | Op::Binary(_)
            | Op::BinaryScalar { .. }
            | Op::Cast { .. }
            | Op::Scatter { .. }
            | Op::IndexPut { .. }
    );
    let (mask, offset) = match value.dtype() {
        DType::UInt8 => (0xff, 0),
        DType::UInt16 => (0xffff, 0),
        DType::Int8 => (0xff, 0x80),
        DType::Int16 => (0xffff, 0x8000),
        _ => return Ok(value),
    };
    if !arithmetic || !value.tensor().facts.gpu {
        return Ok(value);
    }
    let (dtype, shape) = (value.dtype(), value.shape().to_vec());
    let x = value.into_tensor();
    let mask = x.place().full(&vec![1; x.rank()], Scalar::Int(mask), x.dtype());
    let wrapped = x.add_scalar(Scalar::Int(offset)).bit_and(mask).sub_scalar(Scalar::Int(offset));
    Value::computed(wrapped, dtype, &shape)
}
