//! Padding, and shuffles between channels and space.

use crate::error::{Error, Result};
use crate::graph::op::{Op, PadMode, Scalar};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

/// Pads are listed from the last dim, before and after.
fn pad(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let info = node::info(host, x);
    let given = b.ints("pad")?;
    if given.len() % 2 == 1 {
        return Err(Error::mismatch("Padding length must be divisible by 2"));
    }
    let padded = given.len() / 2;
    let rank = info.shape.len();
    if padded > rank {
        return Err(Error::mismatch(format!(
            "Padding length should be less than or equal to two times the input dimension but got padding length {} and input of dimension {rank}",
            given.len()
        )));
    }
    let mode = match b.str("mode")? {
        "constant" => {
            let value = b.scalar_or_none("value")?.unwrap_or(Scalar::Int(0));
            PadMode::Constant(node::to_dtype(value, info.dtype))
        }
        "reflect" => PadMode::Reflect,
        "replicate" => PadMode::Replicate,
        "circular" => PadMode::Circular,
        other => {
            return Err(Error::mismatch(format!("Unrecognised padding mode {other}")).code("not_implemented_error"));
        }
    };
    if !matches!(mode, PadMode::Constant(_)) && (padded == 0 || padded > 3 || rank < padded + 1 || rank > padded + 2) {
        return Err(Error::mismatch("Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now")
            .code("not_implemented_error"));
    }
    let mut pads = vec![(0, 0); rank];
    for (slot, pair) in pads.iter_mut().rev().zip(given.chunks_exact(2)) {
        if let [before, after] = pair {
            *slot = (*before, *after);
        }
    }
    node::op(host, Op::Pad { pads, mode }, &[x]).map(Value::tensor)
}

/// `(*, C·r², H, W)` to `(*, C, H·r, W·r)`
fn pixel_shuffle(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let r = b.size("upscale_factor")?;
    let shape = node::shape(host, x);
    let [lead @ .., channels, height, width] = shape.as_slice() else {
        return Err(Error::mismatch(format!(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with {} dimension(s)",
            shape.len()
        )));
    };
    if r == 0 || !channels.is_multiple_of(r * r) {
        return Err(Error::mismatch(format!(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)={channels} is not divisible by {}",
            r * r
        )));
    }
    let out = channels / (r * r);
    let apart = lead.iter().copied().chain([out, r, r, *height, *width]).collect();
    let joined = lead.iter().copied().chain([out, height * r, width * r]).collect();
    rearrange(host, x, apart, lead.len(), &[0, 3, 1, 4, 2], joined)
}

fn pixel_unshuffle(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let r = b.size("downscale_factor")?;
    let shape = node::shape(host, x);
    let [lead @ .., channels, height, width] = shape.as_slice() else {
        return Err(Error::mismatch("pixel_unshuffle expects input to have at least 3 dimensions"));
    };
    if r == 0 || !height.is_multiple_of(r) || !width.is_multiple_of(r) {
        return Err(Error::mismatch(format!(
            "pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)={height} is not divisible by {r}"
        )));
    }
    let apart = lead.iter().copied().chain([*channels, height / r, r, width / r, r]).collect();
    let joined = lead.iter().copied().chain([channels * r * r, height / r, width / r]).collect();
    rearrange(host, x, apart, lead.len(), &[0, 2, 4, 1, 3], joined)
}

fn channel_shuffle(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let groups = b.size("groups")?;
    let shape = node::shape(host, x);
    let [batch, channels, rest @ ..] = shape.as_slice() else {
        return Err(Error::mismatch("channel_shuffle expects input with > 2 dims"));
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(Error::mismatch(format!(
            "Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )));
    }
    let area: usize = rest.iter().product();
    let apart = vec![*batch, groups, channels / groups, area];
    rearrange(host, x, apart, 1, &[1, 0, 2], shape.clone())
}

/// Reshapes, permutes the dims after `lead`, reshapes.
fn rearrange(
    host: &mut dyn Host,
    x: crate::graph::ValueId,
    apart: Vec<usize>,
    lead: usize,
    order: &[usize],
    joined: Vec<usize>,
) -> Result<Value> {
    let x = node::reshape(host, x, apart)?;
    let dims = (0..lead).chain(order.iter().map(|d| d + lead)).collect();
    let x = node::op(host, Op::Permute { dims }, &[x])?;
    node::reshape(host, x, joined).map(Value::tensor)
}

fn constant_pad(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut b = b.clone();
    b.names.push("mode");
    b.values.push(Value::Str("constant".into()));
    pad(host, &b)
}

functions! {
    f "pad": "(input, pad, mode='constant', value=None)" => pad;
    t "constant_pad_nd": "(input, pad, value=0)" => constant_pad;
    tf "pixel_shuffle": "(input, upscale_factor)" => pixel_shuffle;
    tf "pixel_unshuffle": "(input, downscale_factor)" => pixel_unshuffle;
    tf "channel_shuffle native_channel_shuffle": "(input, groups)" => channel_shuffle;
}
