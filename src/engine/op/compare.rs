//! Comparisons and choices: `eq` and its relatives, `where`, `masked_fill`.

use super::broadcast::{element, lift, together};
use super::elementwise::both_expanded;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::engine::value::{Value, convert, physical, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::{Compare, Scalar as Number};
use burn::tensor::FloatDType;

/// Compares two broadcast tensors.
pub fn run(op: Compare, x: Value, y: Value, _want: &Info) -> Tensor {
    let (x, y) = together(x.into_tensor(), y.into_tensor());
    let (x, y) = both_expanded(x, y);
    match op {
        Compare::Eq => x.eq(y),
        Compare::Ne => x.ne(y),
        Compare::Lt => x.lt(y),
        Compare::Le => x.le(y),
        Compare::Gt => x.gt(y),
        Compare::Ge => x.ge(y),
    }
}

/// Compares with a number; integers beside a Python float are compared as float32, torch's default dtype.
pub fn with_scalar(op: Compare, x: Tensor, scalar: Number) -> Tensor {
    let x = match (x.kind(), scalar) {
        (Kind::Int | Kind::Bool, Number::Float(_)) => x.to_float(FloatDType::F32),
        _ => x.numeric(),
    };
    let s: Scalar = element(scalar, x.kind());
    match op {
        Compare::Eq => x.eq_scalar(s),
        Compare::Ne => x.ne_scalar(s),
        Compare::Lt => x.lt_scalar(s),
        Compare::Le => x.le_scalar(s),
        Compare::Gt => x.gt_scalar(s),
        Compare::Ge => x.ge_scalar(s),
    }
}

/// `torch.where`.
pub fn pick(condition: Value, x: Value, y: Value, want: &Info) -> Result<Tensor> {
    let shape = physical(&want.shape);
    let stored = stored(want.dtype, &x.tensor().place())?;
    let [x, y] = [x, y].map(|v| convert(v.into_tensor(), stored).expand(&shape));
    Ok(y.mask_where(condition.into_tensor().to_bool().expand(&shape), x))
}

/// `torch.masked_fill`: the mask is broadcast to x.
pub fn masked_fill(x: Value, mask: Value, value: Number) -> Tensor {
    let x = x.into_tensor();
    let mask = lift(mask.into_tensor().to_bool(), x.rank());
    let (kind, shape) = (x.kind(), x.shape());
    x.mask_fill(mask.expand(&shape), element(value, kind))
}
