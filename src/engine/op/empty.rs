//! Operators that get a tensor without elements and give one with some: sums of nothing, `cat`, padding.

use super::Context;
use super::broadcast::{element, lift};
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::engine::value::{Value, physical, stored};
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::{Op, PadMode, Reduce};

/// Runs it.
pub fn run(op: &Op, args: Vec<Value>, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let stored = stored(want.dtype, cx.place())?;
    let shape = physical(&want.shape);
    let full = |value: f64| {
        let scalar = if stored.is_float() { Scalar::Float(value) } else { Scalar::Bool(value != 0.0) };
        cx.place().full(&shape, scalar, stored)
    };
    let refused = || Error::unsupported(format!("{} of a tensor without elements", op.name()));
    let mut args = args;
    match op {
        Op::Reduce { op: Reduce::Sum | Reduce::Any, .. } | Op::Matmul => Ok(full(0.0)),
        Op::Reduce { op: Reduce::Prod | Reduce::All, .. } => Ok(full(1.0)),
        Op::Reduce { op: Reduce::Mean | Reduce::Var { .. }, .. } => Ok(full(f64::NAN)),
        Op::Reduce { op: Reduce::LogSumExp, .. } => Ok(full(f64::NEG_INFINITY)),
        Op::Reduce { op: Reduce::Norm { p }, .. } if *p >= 0.0 && p.is_finite() => Ok(full(0.0)),
        Op::Cat { dim } => super::shape::cat(args, *dim),
        Op::Linear => match args.pop().filter(|last| last.numel() > 0 && last.shape().len() == 1) {
            Some(bias) => Ok(lift(bias.into_tensor(), shape.len()).expand(&shape)),
            None => Ok(full(0.0)),
        },
        Op::Pad { mode: PadMode::Constant(value), .. } => {
            let kind = if stored.is_bool() {
                Kind::Bool
            } else if stored.is_float() {
                Kind::Float
            } else {
                Kind::Int
            };
            Ok(cx.place().full(&shape, element(*value, kind), stored))
        }
        // Nothing is written.
        Op::IndexPut { .. } | Op::Scatter { .. } | Op::SliceScatter { .. } => {
            let x = args.into_iter().next().filter(|x| x.numel() > 0).ok_or_else(refused)?;
            Ok(x.into_tensor())
        }
        _ => Err(refused()),
    }
}
