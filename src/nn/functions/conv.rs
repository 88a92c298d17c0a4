//! Convolutions and their transposes, `unfold` and `fold`.

use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Conv, Op, PadMode, Scalar};
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

/// Adds a batch of one where the input has none; says whether it did.
pub(in crate::nn) fn batched(host: &mut dyn Host, x: ValueId, dims: usize, name: &str) -> Result<(ValueId, bool)> {
    let shape = node::shape(host, x);
    match shape.len() {
        rank if rank == dims + 2 => Ok((x, false)),
        rank if rank == dims + 1 => {
            let batch = [1].into_iter().chain(shape).collect();
            Ok((node::reshape(host, x, batch)?, true))
        }
        _ => Err(Error::mismatch(format!(
            "Expected {}D (unbatched) or {}D (batched) input to {name}, but got input of size: {shape:?}",
            dims + 1,
            dims + 2
        ))),
    }
}

/// Takes the batch of one away again.
pub(in crate::nn) fn unbatched(host: &mut dyn Host, x: ValueId, added: bool) -> Result<ValueId> {
    if !added {
        return Ok(x);
    }
    let shape = node::shape(host, x).into_iter().skip(1).collect();
    node::reshape(host, x, shape)
}

fn inputs(host: &mut dyn Host, b: &Bound<'_>, x: ValueId) -> Result<Vec<ValueId>> {
    let weight = b.id("weight")?;
    let (have, want) = (node::dtype(host, x), node::dtype(host, weight));
    if have != want {
        return Err(Error::mismatch(format!(
            "Input type ({}) and weight type ({}) should be the same",
            have.scalar_type(),
            want.scalar_type()
        )));
    }
    let mut all = vec![x, weight];
    if let Some(bias) = b.id_or_none("bias")? {
        if node::rank(host, bias) != 1 {
            return Err(Error::mismatch("expected bias to be 1-dimensional"));
        }
        all.push(bias);
    }
    Ok(all)
}

fn positive(b: &Bound<'_>, name: &str, dims: usize) -> Result<Vec<usize>> {
    let sizes = b.sizes_for(name, dims)?;
    if sizes.contains(&0) {
        return Err(Error::mismatch(format!("non-positive {name} is not supported")));
    }
    Ok(sizes)
}

fn conv(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let x = b.id("input")?;
    let (mut x, added) = batched(host, x, dims, b.name())?;
    let weight = b.id("weight")?;
    let kernel: Vec<usize> = node::shape(host, weight).into_iter().skip(2).collect();
    if kernel.len() != dims {
        return Err(Error::mismatch(format!(
            "Expected {}-dimensional weight for {}, but got weight of size {:?}",
            dims + 2,
            b.name(),
            node::shape(host, weight)
        )));
    }
    let (stride, dilation) = (positive(b, "stride", dims)?, positive(b, "dilation", dims)?);
    let padding = match b.value("padding") {
        Value::Str(text) => match &**text {
            "valid" => vec![0; dims],
            "same" if stride.iter().any(|s| *s != 1) => {
                return Err(Error::mismatch("padding='same' is not supported for strided convolutions"));
            }
            "same" => {
                let totals: Vec<usize> =
                    kernel.iter().zip(&dilation).map(|(k, d)| d.saturating_mul(k.saturating_sub(1))).collect();
                // an odd total has one more zero after, which a symmetric padding cannot say
                if totals.iter().any(|t| t % 2 == 1) {
                    let extra = totals.iter().map(|t| (0, int(t % 2)));
                    let pads = [(0, 0), (0, 0)].into_iter().chain(extra).collect();
                    x = node::op(host, Op::Pad { pads, mode: PadMode::Constant(Scalar::Float(0.0)) }, &[x])?;
                }
                totals.into_iter().map(|t| t / 2).collect()
            }
            other => {
                return Err(
                    Error::mismatch(format!("padding='{other}' is not one of 'valid', 'same'")).code("value_error")
                );
            }
        },
        _ => b.sizes_for("padding", dims)?,
    };
    let inputs = inputs(host, b, x)?;
    let geometry =
        Conv { stride, padding, dilation, groups: groups(b)?, transposed: false, output_padding: vec![0; dims] };
    let y = node::op(host, Op::Conv(geometry), &inputs)?;
    unbatched(host, y, added).map(Value::tensor)
}

fn groups(b: &Bound<'_>) -> Result<usize> {
    match b.size("groups")? {
        0 => Err(Error::mismatch("non-positive groups is not supported")),
        groups => Ok(groups),
    }
}

fn conv_transpose(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let inputs = inputs(host, b, x)?;
    let geometry = Conv {
        stride: positive(b, "stride", dims)?,
        padding: b.sizes_for("padding", dims)?,
        dilation: positive(b, "dilation", dims)?,
        groups: groups(b)?,
        transposed: true,
        output_padding: b.sizes_for("output_padding", dims)?,
    };
    let y = node::op(host, Op::Conv(geometry), &inputs)?;
    unbatched(host, y, added).map(Value::tensor)
}

fn unfold(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let (x, added) = batched(host, x, 2, "unfold")?;
    let op = Op::Im2col {
        kernel_size: positive(b, "kernel_size", 2)?,
        dilation: positive(b, "dilation", 2)?,
        padding: b.sizes_for("padding", 2)?,
        stride: positive(b, "stride", 2)?,
    };
    let y = node::op(host, op, &[x])?;
    unbatched(host, y, added).map(Value::tensor)
}

fn fold(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let (x, added) = batched(host, x, 1, "fold")?;
    let op = Op::Col2im {
        output_size: b.sizes_for("output_size", 2)?,
        kernel_size: positive(b, "kernel_size", 2)?,
        dilation: positive(b, "dilation", 2)?,
        padding: b.sizes_for("padding", 2)?,
        stride: positive(b, "stride", 2)?,
    };
    let y = node::op(host, op, &[x])?;
    unbatched(host, y, added).map(Value::tensor)
}

functions! {
    tf "conv1d": "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)" => |h, b| conv(h, b, 1);
    tf "conv2d": "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)" => |h, b| conv(h, b, 2);
    tf "conv3d": "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)" => |h, b| conv(h, b, 3);
    tf "conv_transpose1d": "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)" => |h, b| conv_transpose(h, b, 1);
    tf "conv_transpose2d": "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)" => |h, b| conv_transpose(h, b, 2);
    tf "conv_transpose3d": "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)" => |h, b| conv_transpose(h, b, 3);
    f "unfold": "(input, kernel_size, dilation=1, padding=0, stride=1)" => unfold;
    f "fold": "(input, output_size, kernel_size, dilation=1, padding=0, stride=1)" => fold;
}
