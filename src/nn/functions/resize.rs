//! Resampling: `interpolate`, `grid_sample`, `affine_grid`.

use crate::error::{Error, Result};
use crate::graph::op::{GridPadding, InterpolateMode, Op};
use crate::nn::bound::scalar;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn value_error(message: impl Into<String>) -> Error {
    Error::mismatch(message).code("value_error")
}

/// One number for each of `dims`, from one or as many.
fn factors(b: &Bound<'_>, name: &str, dims: usize) -> Result<Vec<f64>> {
    let value = b.value(name);
    if let Some(one) = scalar(value) {
        return Ok(vec![one.as_f64(); dims]);
    }
    let items = value.items().unwrap_or_default();
    let numbers: Vec<f64> = items.iter().filter_map(scalar).map(crate::graph::op::Scalar::as_f64).collect();
    if numbers.len() != dims || items.len() != dims {
        return Err(value_error(format!(
            "Input and {name} must have the same number of spatial dimensions, but got input with spatial dimensions of {dims} and {name} of {} numbers",
            items.len()
        )));
    }
    Ok(numbers)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sizes are far below 2^53 and the product is checked for its range"
)]
fn scaled(size: usize, factor: f64) -> Result<usize> {
    let product = (size as f64 * factor).floor();
    if (0.0..=f64::from(u32::MAX)).contains(&product) {
        Ok(product as usize)
    } else {
        Err(value_error(format!("scale_factor {factor} does not give a size")))
    }
}

fn interpolate(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    let dims = shape.len().saturating_sub(2);
    let name = b.str("mode")?;
    let mode = match (name, dims) {
        ("nearest", 1..=3) => InterpolateMode::Nearest,
        ("nearest-exact", 1..=3) => InterpolateMode::NearestExact,
        ("linear", 1) | ("bilinear", 2) | ("trilinear", 3) => InterpolateMode::Linear,
        ("bicubic", 2) => InterpolateMode::Bicubic,
        ("area", 1..=3) => {
            let output_size = sizes(b, &shape, dims)?.0;
            return node::op(host, Op::AdaptiveAvgPool { output_size }, &[x]).map(Value::tensor);
        }
        _ => {
            return Err(Error::mismatch(format!(
                "Input Error: Only 3D, 4D and 5D input Tensors supported (got {}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got {name})",
                shape.len()
            ))
            .code("not_implemented_error"));
        }
    };
    let nearest = matches!(mode, InterpolateMode::Nearest | InterpolateMode::NearestExact);
    if nearest && b.has("align_corners") {
        return Err(value_error(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
        ));
    }
    if b.bool("antialias")? {
        return Err(Error::unsupported("torch.nn.functional.interpolate with antialias=True"));
    }
    let (size, scales) = sizes(b, &shape, dims)?;
    let op = Op::Interpolate { mode, size, align_corners: b.bool("align_corners")?, scales };
    node::op(host, op, &[x]).map(Value::tensor)
}

/// The size asked for, and the factors when torch computes with them.
fn sizes(b: &Bound<'_>, shape: &[usize], dims: usize) -> Result<(Vec<usize>, Option<Vec<f64>>)> {
    match (b.has("size"), b.has("scale_factor")) {
        (true, true) => Err(value_error("only one of size or scale_factor should be defined")),
        (false, false) => Err(value_error("either size or scale_factor should be defined")),
        (true, false) => Ok((b.sizes_for("size", dims)?, None)),
        (false, true) => {
            let factors = factors(b, "scale_factor", dims)?;
            let size = shape.iter().skip(2).zip(&factors).map(|(s, f)| scaled(*s, *f)).collect::<Result<_>>()?;
            let recompute = matches!(b.value("recompute_scale_factor"), Value::Bool(true));
            Ok((size, (!recompute).then_some(factors)))
        }
    }
}

fn upsample(host: &mut dyn Host, b: &Bound<'_>, mode: &'static str) -> Result<Value> {
    let mut b = b.clone();
    if !mode.is_empty() {
        b.names.push("mode");
        b.values.push(Value::Str(mode.into()));
        if mode == "bilinear" {
            b.names.push("align_corners");
            b.values.push(Value::Bool(true));
        }
    }
    interpolate(host, &b)
}

fn grid_sample(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, grid) = (b.id("input")?, b.id("grid")?);
    if node::rank(host, x) != 4 {
        return Err(Error::unsupported("torch.nn.functional.grid_sample of 5-D input"));
    }
    let nearest = match b.str("mode")? {
        "bilinear" => false,
        "nearest" => true,
        other => return Err(Error::unsupported(format!("torch.nn.functional.grid_sample with mode='{other}'"))),
    };
    let padding = match b.str("padding_mode")? {
        "zeros" => GridPadding::Zeros,
        "border" => GridPadding::Border,
        "reflection" => GridPadding::Reflection,
        other => {
            return Err(value_error(format!(
                "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{other}'"
            )));
        }
    };
    let op = Op::GridSample { nearest, padding, align_corners: b.bool("align_corners")? };
    node::op(host, op, &[x, grid]).map(Value::tensor)
}

/// A grid of coordinates through an affine map, for two spatial dims.
fn affine_grid(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let theta = b.id("theta")?;
    let size = b.sizes("size")?;
    let [n, _, h, w] = size[..] else {
        return Err(Error::unsupported("torch.nn.functional.affine_grid for other than 4-D sizes"));
    };
    let corners = b.bool("align_corners")?;
    let dtype = node::dtype(host, theta);
    let mut axis = |steps: usize| {
        let count = f64::from(u32::try_from(steps.max(1)).unwrap_or(u32::MAX));
        let edge = if corners { 1.0 } else { (count - 1.0) / count };
        let edge = if steps <= 1 { 0.0 } else { edge };
        node::op(host, Op::Linspace { start: -edge, end: edge, steps, dtype }, &[])
    };
    let (xs, ys) = (axis(w)?, axis(h)?);
    let xs = node::reshape(host, xs, vec![1, w, 1])?;
    let xs = node::expand(host, xs, vec![h, w, 1])?;
    let ys = node::reshape(host, ys, vec![h, 1, 1])?;
    let ys = node::expand(host, ys, vec![h, w, 1])?;
    let ones = node::full(host, vec![h, w, 1], crate::graph::op::Scalar::Float(1.0), dtype)?;
    let base = node::op(host, Op::Cat { dim: 2 }, &[xs, ys, ones])?;
    let base = node::reshape(host, base, vec![1, h * w, 3])?;
    let map = node::op(host, Op::Permute { dims: vec![0, 2, 1] }, &[theta])?;
    let grid = node::op(host, Op::Matmul, &[base, map])?;
    node::reshape(host, grid, vec![n, h, w, 2]).map(Value::tensor)
}

functions! {
    f "interpolate": "(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, antialias=False)" => interpolate;
    f "upsample": "(input, size=None, scale_factor=None, mode='nearest', align_corners=None)" => |h, b| upsample(h, b, "");
    f "upsample_nearest": "(input, size=None, scale_factor=None)" => |h, b| upsample(h, b, "nearest");
    f "upsample_bilinear": "(input, size=None, scale_factor=None)" => |h, b| upsample(h, b, "bilinear");
    f "grid_sample": "(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None)" => grid_sample;
    f "affine_grid": "(theta, size, align_corners=None)" => affine_grid;
}
