//! `F.max_unpool1d/2d/3d`: values go back to where pooling found them, zeros elsewhere.

use crate::error::{Error, Result};
use crate::graph::op::{Op, Scalar, ScatterReduce};
use crate::nn::bound::size;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn unpool(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let (x, indices) = (b.id("input")?, b.id("indices")?);
    let info = node::info(host, x);
    let places = node::shape(host, indices);
    if places != info.shape {
        let text = format!(
            "Expected shape of indices to be same as that of the input tensor ({:?}) but got indices tensor with shape: {places:?}",
            info.shape
        );
        return Err(Error::mismatch(text));
    }
    let rank = info.shape.len();
    if rank != dims + 1 && rank != dims + 2 {
        return Err(Error::mismatch(format!(
            "max_unpool{dims}d() expected a {}D or {}D input, got {rank}D",
            dims + 1,
            dims + 2
        )));
    }
    let (lead, window) = info.shape.split_at(rank - dims);
    let kernel = b.sizes_for("kernel_size", dims)?;
    let stride = if b.has("stride") { b.sizes_for("stride", dims)? } else { kernel.clone() };
    let padding = b.sizes_for("padding", dims)?;
    let mut to = Vec::new();
    for (((extent, kernel), stride), padding) in window.iter().zip(&kernel).zip(&stride).zip(&padding) {
        let full = extent.saturating_sub(1).saturating_mul(*stride).saturating_add(*kernel);
        let cut = full.checked_sub(padding.saturating_mul(2));
        to.push(cut.ok_or_else(|| Error::mismatch(format!("max_unpool{dims}d(): padding is larger than the output")))?);
    }
    if let Some(wanted) = b.ints_or_none("output_size")? {
        let given = wanted.get(wanted.len().saturating_sub(dims)..).unwrap_or_default();
        if given.len() != dims {
            return Err(Error::mismatch(format!(
                "output_size should be a sequence containing {dims} or {rank} elements, but it has a length of '{}'",
                wanted.len()
            ))
            .code("value_error"));
        }
        for ((to, stride), given) in to.iter_mut().zip(&stride).zip(given) {
            let given = size(*given)?;
            if given.abs_diff(*to) >= *stride {
                return Err(Error::mismatch(format!(
                    "invalid output_size {wanted:?} (each dim must be within one stride of {to})"
                ))
                .code("value_error"));
            }
            *to = given;
        }
    }
    let plane = |sizes: &[usize]| sizes.iter().copied().fold(1, usize::saturating_mul);
    let flat = |sizes: &[usize]| vec![plane(lead), plane(sizes)];
    let zeros = node::full(host, flat(&to), Scalar::Int(0), info.dtype)?;
    let (x, indices) = (node::reshape(host, x, flat(window))?, node::reshape(host, indices, flat(window))?);
    let spread = node::op(host, Op::Scatter { dim: 1, reduce: ScatterReduce::Replace }, &[zeros, indices, x])?;
    node::reshape(host, spread, lead.iter().copied().chain(to).collect()).map(Value::tensor)
}

functions! {
    f "max_unpool1d": "(input, indices, kernel_size, stride=None, padding=0, output_size=None)" => |h, b| unpool(h, b, 1);
    f "max_unpool2d": "(input, indices, kernel_size, stride=None, padding=0, output_size=None)" => |h, b| unpool(h, b, 2);
    f "max_unpool3d": "(input, indices, kernel_size, stride=None, padding=0, output_size=None)" => |h, b| unpool(h, b, 3);
}
