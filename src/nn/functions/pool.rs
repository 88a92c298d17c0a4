//! Pools: maximum, average, power average, adaptive.

use super::conv::{batched, unbatched};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Pool, Unary};
use crate::nn::bound::size;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn geometry(b: &Bound<'_>, dims: usize) -> Result<Pool> {
    let kernel_size = b.sizes_for("kernel_size", dims)?;
    let given = b.has("stride") && b.ints("stride").is_ok_and(|s| !s.is_empty());
    let stride = if given { b.sizes_for("stride", dims)? } else { kernel_size.clone() };
    if kernel_size.contains(&0) || stride.contains(&0) {
        return Err(Error::mismatch("kernel size and stride should be greater than zero"));
    }
    let padding = if b.has("padding") { b.sizes_for("padding", dims)? } else { vec![0; dims] };
    let dilation = if b.has("dilation") { b.sizes_for("dilation", dims)? } else { vec![1; dims] };
    Ok(Pool { kernel_size, stride, padding, dilation, ceil_mode: b.bool("ceil_mode")? })
}

fn max(host: &mut dyn Host, b: &Bound<'_>, dims: usize, indices: bool) -> Result<Value> {
    let indices = indices || b.bool("return_indices")?;
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let results = host.trace().graph.push(Op::MaxPool { pool: geometry(b, dims)?, indices }, &[x])?;
    results_of(host, results, added, indices)
}

fn results_of(host: &mut dyn Host, results: Vec<ValueId>, added: bool, indices: bool) -> Result<Value> {
    let mut values = results.into_iter().map(|id| unbatched(host, id, added)).collect::<Result<Vec<_>>>()?.into_iter();
    if indices {
        return Ok(Value::Tuple(values.map(Value::tensor).collect()));
    }
    values.next().map(Value::tensor).ok_or_else(|| Error::mismatch("a pool without a result"))
}

fn average(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let divisor_override = b.int_or_none("divisor_override")?.map(size).transpose()?;
    if divisor_override == Some(0) {
        return Err(Error::mismatch("divisor must be not zero"));
    }
    let op =
        Op::AvgPool { pool: geometry(b, dims)?, count_include_pad: b.bool("count_include_pad")?, divisor_override };
    let y = node::op(host, op, &[x])?;
    unbatched(host, y, added).map(Value::tensor)
}

/// Sizes, None standing for the input's own.
fn output_size(host: &mut dyn Host, b: &Bound<'_>, x: ValueId, dims: usize) -> Result<Vec<usize>> {
    let own: Vec<usize> = node::shape(host, x).into_iter().skip(2).collect();
    match b.value("output_size").items() {
        Some(items) if items.len() == dims => {
            let one = |(item, own): (&Value, &usize)| match item {
                Value::None => Ok(*own),
                Value::Int(n) => size(*n),
                _ => Err(b.wrong("output_size", "tuple of ints")),
            };
            items.iter().zip(&own).map(one).collect()
        }
        _ => b.sizes_for("output_size", dims),
    }
}

fn adaptive_average(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let output_size = output_size(host, b, x, dims)?;
    let y = node::op(host, Op::AdaptiveAvgPool { output_size }, &[x])?;
    unbatched(host, y, added).map(Value::tensor)
}

fn adaptive_max(host: &mut dyn Host, b: &Bound<'_>, dims: usize, indices: bool) -> Result<Value> {
    let indices = indices || b.bool("return_indices")?;
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let output_size = output_size(host, b, x, dims)?;
    let results = host.trace().graph.push(Op::AdaptiveMaxPool { output_size, indices }, &[x])?;
    results_of(host, results, added, indices)
}

/// `(sum x^p)^(1/p)`, with the signs that torch gives.
fn power(host: &mut dyn Host, b: &Bound<'_>, dims: usize) -> Result<Value> {
    let p = b.float("norm_type")?;
    let x = b.id("input")?;
    let (x, added) = batched(host, x, dims, b.name())?;
    let pool = geometry(b, dims)?;
    let count: usize = pool.kernel_size.iter().product();
    let powers = node::binary(host, Binary::Pow, x, p)?;
    let mean = node::op(host, Op::AvgPool { pool, count_include_pad: true, divisor_override: None }, &[powers])?;
    let sign = node::op(host, Op::Unary(Unary::Sign), &[mean])?;
    let abs = node::op(host, Op::Unary(Unary::Abs), &[mean])?;
    let abs = node::op(host, Op::Unary(Unary::Relu), &[abs])?;
    let sum = node::binary(host, Binary::Mul, sign, abs)?;
    let sum = node::binary(host, Binary::Mul, sum, f64::from(u32::try_from(count).unwrap_or(u32::MAX)))?;
    let y = node::binary(host, Binary::Pow, sum, 1.0 / p)?;
    unbatched(host, y, added).map(Value::tensor)
}

fn refuse(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Err(Error::unsupported(format!("torch.nn.functional.{}", b.name())))
}

functions! {
    f "max_pool1d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)" => |h, b| max(h, b, 1, false);
    f "max_pool2d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)" => |h, b| max(h, b, 2, false);
    f "max_pool3d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)" => |h, b| max(h, b, 3, false);
    t "max_pool1d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)" => |h, b| max(h, b, 1, false);
    t "max_pool2d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)" => |h, b| max(h, b, 2, false);
    t "max_pool3d": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)" => |h, b| max(h, b, 3, false);
    f "max_pool1d_with_indices": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=True)" => |h, b| max(h, b, 1, true);
    f "max_pool2d_with_indices": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=True)" => |h, b| max(h, b, 2, true);
    f "max_pool3d_with_indices": "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=True)" => |h, b| max(h, b, 3, true);
    tf "avg_pool1d": "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)" => |h, b| average(h, b, 1);
    f "avg_pool2d": "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)" => |h, b| average(h, b, 2);
    f "avg_pool3d": "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)" => |h, b| average(h, b, 3);
    tf "adaptive_avg_pool1d": "(input, output_size)" => |h, b| adaptive_average(h, b, 1);
    f "adaptive_avg_pool2d": "(input, output_size)" => |h, b| adaptive_average(h, b, 2);
    f "adaptive_avg_pool3d": "(input, output_size)" => |h, b| adaptive_average(h, b, 3);
    f "adaptive_max_pool1d": "(input, output_size, return_indices=False)" => |h, b| adaptive_max(h, b, 1, false);
    f "adaptive_max_pool2d": "(input, output_size, return_indices=False)" => |h, b| adaptive_max(h, b, 2, false);
    f "adaptive_max_pool3d": "(input, output_size, return_indices=False)" => |h, b| adaptive_max(h, b, 3, false);
    t "adaptive_max_pool1d": "(input, output_size)" => |h, b| adaptive_max(h, b, 1, true);
    f "lp_pool1d": "(input, norm_type, kernel_size, stride=None, ceil_mode=False)" => |h, b| power(h, b, 1);
    f "lp_pool2d": "(input, norm_type, kernel_size, stride=None, ceil_mode=False)" => |h, b| power(h, b, 2);
    f "lp_pool3d": "(input, norm_type, kernel_size, stride=None, ceil_mode=False)" => |h, b| power(h, b, 3);
    f "fractional_max_pool2d fractional_max_pool3d": "(input, *args, **kwargs)" => refuse;
}
