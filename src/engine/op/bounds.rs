//! What kernels must not meet: positions out of range, integers divided by zero. Kernels of the CPU would panic on them.

use super::Context;
use super::index::out_of_range;
use crate::engine::tensor::{Kind, Scalar};
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::op::{Binary, Op};

/// Checks an operator's operands.
pub async fn check(op: &Op, args: &[Value], cx: &Context<'_>) -> Result<()> {
    let size = |value: Option<&Value>, dim: usize| value.map_or(1, |v| v.shape().get(dim).copied().unwrap_or(1));
    match op {
        Op::IndexSelect { dim } | Op::Gather { dim } | Op::Scatter { dim, .. } => {
            within(args.get(1), size(args.first(), *dim), false, cx).await
        }
        Op::Embedding { .. } => within(args.first(), size(args.get(1), 0), false, cx).await,
        Op::Index { dims } => {
            for (&dim, index) in dims.iter().zip(args.iter().skip(1)) {
                within(Some(index), size(args.first(), dim), true, cx).await?;
            }
            Ok(())
        }
        Op::IndexPut { dims, .. } => {
            for (&dim, index) in dims.iter().zip(args.iter().skip(2)) {
                within(Some(index), size(args.first(), dim), true, cx).await?;
            }
            Ok(())
        }
        Op::Binary(b) if divides(*b) => nonzero(args.get(1), cx).await,
        Op::BinaryScalar { op, scalar, reverse } if divides(*op) => match args.first() {
            Some(x) if *reverse => nonzero(Some(x), cx).await,
            Some(x) if !x.dtype().is_float() && scalar.as_f64() == 0.0 => Err(by_zero()),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn divides(op: Binary) -> bool {
    matches!(op, Binary::FloorDivide | Binary::TruncDivide | Binary::Remainder | Binary::Fmod)
}

fn by_zero() -> Error {
    Error::mismatch("ZeroDivisionError")
}

async fn nonzero(y: Option<&Value>, cx: &Context<'_>) -> Result<()> {
    match y {
        Some(y) if y.tensor().kind() == Kind::Int => {
            if y.bounds().is_some_and(|(low, high)| low > 0 || high < 0) {
                return Ok(());
            }
            cx.doubt(y.tensor().clone().eq_scalar(Scalar::Int(0)), by_zero()).await
        }
        _ => Ok(()),
    }
}

async fn within(index: Option<&Value>, size: usize, from_end: bool, cx: &Context<'_>) -> Result<()> {
    let Some(index) = index else { return Ok(()) };
    if !index.dtype().is_int() {
        return Err(Error::mismatch("tensors used as indices must be long, int, byte or bool tensors"));
    }
    let size_signed = i64::try_from(size).unwrap_or(i64::MAX);
    let lowest = if from_end { -size_signed } else { 0 };
    if let Some((low, high)) = index.bounds() {
        return if low >= lowest && high < size_signed { Ok(()) } else { Err(out_of_range(size)) };
    }
    let t = index.tensor().clone();
    let wrong = t.clone().lt_scalar(Scalar::Int(lowest)).or(t.ge_scalar(Scalar::Int(size_signed)));
    cx.doubt(wrong, out_of_range(size)).await
}

/// What is known of an integer result, for the next check.
pub fn of(op: &Op, args: &[Value]) -> Option<(i64, i64)> {
    let first = args.first();
    let size = |dim: usize| first.and_then(|v| v.shape().get(dim)).and_then(|n| i64::try_from(*n).ok()).unwrap_or(1);
    match op {
        Op::Arange { start, step, len, dtype } if dtype.is_int() => {
            let (crate::graph::op::Scalar::Int(a), crate::graph::op::Scalar::Int(s)) = (start, step) else {
                return None;
            };
            let end = a.checked_add(s.checked_mul(i64::try_from(*len).ok()?.checked_sub(1)?)?)?;
            Some((end.min(*a), end.max(*a)))
        }
        Op::ArgMax { dim, .. } | Op::ArgMin { dim, .. } => Some((0, size(*dim) - 1)),
        Op::Reshape { .. }
        | Op::Permute { .. }
        | Op::Expand { .. }
        | Op::Slice { .. }
        | Op::Flip { .. }
        | Op::Repeat { .. }
        | Op::IndexSelect { .. }
        | Op::Gather { .. }
        | Op::Index { .. }
        | Op::UnfoldDim { .. }
        | Op::Detach => first?.bounds(),
        Op::Cast { dtype: crate::dtype::DType::Int64 } => first?.bounds(),
        Op::Cat { .. } => args.iter().map(Value::bounds).reduce(union)?,
        Op::Where => union(args.get(1)?.bounds(), args.get(2)?.bounds()),
        _ => None,
    }
}

fn union(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    let ((a, b), (c, d)) = (a?, b?);
    Some((a.min(c), b.max(d)))
}
