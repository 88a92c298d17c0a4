//! `torch.nn.modules.conv`: Conv1d to Conv3d and their transposes, with every padding mode.

use super::attribute::{self, Init, fan_bound, ntuple};
use crate::error::{Error, Result};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::{Class, Module};
use crate::nn::value::{ModuleId, Value};

macro_rules! conv {
    ($name:literal, $function:literal, $dims:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)",
            init: |host, id, bound| init(host, id, bound, $dims, false),
            forward_signature: "(input)",
            forward: |host, id, bound| forward(host, id, bound, $function),
            setstate,
        }
    };
}

macro_rules! transposed {
    ($name:literal, $function:literal, $dims:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None)",
            init: |host, id, bound| init(host, id, bound, $dims, true),
            forward_signature: "(input, output_size=None)",
            forward: |host, id, bound| forward_transposed(host, id, bound, $function),
            setstate,
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    conv!("torch.nn.modules.conv.Conv1d", "torch.nn.functional.conv1d", 1),
    conv!("torch.nn.modules.conv.Conv2d", "torch.nn.functional.conv2d", 2),
    conv!("torch.nn.modules.conv.Conv3d", "torch.nn.functional.conv3d", 3),
    transposed!("torch.nn.modules.conv.ConvTranspose1d", "torch.nn.functional.conv_transpose1d", 1),
    transposed!("torch.nn.modules.conv.ConvTranspose2d", "torch.nn.functional.conv_transpose2d", 2),
    transposed!("torch.nn.modules.conv.ConvTranspose3d", "torch.nn.functional.conv_transpose3d", 3),
];

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, dims: usize, transposed: bool) -> Result<()> {
    attribute::keep(host, id, bound)?;
    for name in ["kernel_size", "stride", "padding", "dilation"] {
        attribute::set(host, id, name, ntuple(bound.value(name), dims))?;
    }
    let output_padding = if transposed { bound.value("output_padding").clone() } else { Value::Int(0) };
    attribute::set(host, id, "output_padding", ntuple(&output_padding, dims))?;
    attribute::set(host, id, "transposed", Value::Bool(transposed))?;
    let (inputs, outputs, groups) = (bound.size("in_channels")?, bound.size("out_channels")?, bound.size("groups")?);
    check(bound, inputs, outputs, groups, transposed)?;
    let reversed = reversed_padding(host, id)?;
    attribute::set(host, id, "_reversed_padding_repeated_twice", reversed)?;
    let (first, second) = if transposed { (inputs, outputs / groups) } else { (outputs, inputs / groups) };
    let mut shape = vec![first, second];
    shape.extend(bound.sizes_for("kernel_size", dims)?);
    let fan_in = shape.iter().skip(1).try_fold(1usize, |n, d| n.checked_mul(*d));
    let fan_in = fan_in.ok_or_else(|| Error::mismatch("the weight of a convolution overflows"))?;
    let (dtype, init) = (attribute::dtype(host, bound)?, Init::Uniform(fan_bound(fan_in)));
    attribute::parameter(host, id, "weight", &shape, dtype, init)?;
    if bound.bool("bias")? {
        attribute::parameter(host, id, "bias", &[outputs], dtype, init)
    } else {
        attribute::no_parameter(host, id, "bias")
    }
}

/// The ValueErrors of `_ConvNd.__init__`.
fn check(bound: &Bound<'_>, inputs: usize, outputs: usize, groups: usize, transposed: bool) -> Result<()> {
    if groups == 0 {
        return Err(Error::mismatch("groups must be a positive integer"));
    }
    if !inputs.is_multiple_of(groups) {
        return Err(Error::mismatch("in_channels must be divisible by groups"));
    }
    if !outputs.is_multiple_of(groups) {
        return Err(Error::mismatch("out_channels must be divisible by groups"));
    }
    if let Value::Str(padding) = bound.value("padding") {
        if !matches!(&**padding, "same" | "valid") {
            return Err(Error::mismatch(format!(
                "Invalid padding string '{padding}', should be one of {{'same', 'valid'}}"
            )));
        }
        if &**padding == "same" && bound.ints("stride")?.iter().any(|s| *s != 1) {
            return Err(Error::mismatch("padding='same' is not supported for strided convolutions"));
        }
    }
    let mode = bound.str("padding_mode")?;
    if !matches!(mode, "zeros" | "reflect" | "replicate" | "circular") {
        let modes = "{'zeros', 'reflect', 'replicate', 'circular'}";
        return Err(Error::mismatch(format!("padding_mode must be one of {modes}, but got padding_mode='{mode}'")));
    }
    if transposed && mode != "zeros" {
        return Err(Error::mismatch("Only \"zeros\" padding mode is supported for ConvTranspose"));
    }
    Ok(())
}

/// The padding as `F.pad` wants it: last dim first, each side.
fn reversed_padding(host: &mut dyn Host, id: ModuleId) -> Result<Value> {
    let numbers = |value: Value| -> Vec<i64> {
        let items = value.items().unwrap_or_default();
        items.iter().filter_map(|i| if let Value::Int(n) = i { Some(*n) } else { None }).collect()
    };
    let kernel = numbers(attribute::get(host, id, "kernel_size"));
    let dilation = numbers(attribute::get(host, id, "dilation"));
    let sides: Vec<(i64, i64)> = match attribute::get(host, id, "padding") {
        Value::Str(text) if &*text == "same" => {
            let total = kernel.iter().zip(&dilation).map(|(k, d)| d.saturating_mul(k.saturating_sub(1)));
            total.map(|total| (total / 2, total - total / 2)).collect()
        }
        Value::Str(_) => kernel.iter().map(|_| (0, 0)).collect(),
        padding => numbers(padding).into_iter().map(|p| (p, p)).collect(),
    };
    let reversed = sides.into_iter().rev().flat_map(|(before, after)| [before, after]);
    Ok(Value::List(reversed.map(Value::Int).collect()))
}

fn forward(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, function: &str) -> Result<Value> {
    let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
    let mut input = bound.value("input").clone();
    let mut keyword = attribute::kept(host, id, &["stride", "padding", "dilation", "groups"]);
    let mode = match attribute::get(host, id, "padding_mode") {
        Value::Str(mode) => mode,
        _ => "zeros".into(),
    };
    if &*mode != "zeros" {
        // Pickles of different ages hold this list in different orders; the padding itself does not change.
        let pad = reversed_padding(host, id)?;
        input = attribute::call(host, "torch.nn.functional.pad", vec![input, pad], &[("mode", Value::Str(mode))])?;
        keyword.retain(|(name, _)| *name != "padding");
    }
    attribute::call(host, function, vec![input, weight, bias], &keyword)
}

fn forward_transposed(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, function: &str) -> Result<Value> {
    let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
    let mut keyword = attribute::kept(host, id, &["stride", "padding", "output_padding", "groups", "dilation"]);
    if let Some(sizes) = bound.ints_or_none("output_size")? {
        let padding = output_padding(host, id, bound, &sizes)?;
        keyword.retain(|(name, _)| *name != "output_padding");
        keyword.push(("output_padding", padding));
    }
    attribute::call(host, function, vec![bound.value("input").clone(), weight, bias], &keyword)
}

/// `_ConvTransposeNd._output_padding`: what makes the asked-for size.
fn output_padding(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, sizes: &[i64]) -> Result<Value> {
    let input = bound.id("input")?;
    let shape = host.trace().graph.info(input).shape.clone();
    let numbers = |host: &mut dyn Host, name: &str| -> Vec<i64> {
        let items = attribute::get(host, id, name).items().unwrap_or_default();
        items.iter().filter_map(|i| if let Value::Int(n) = i { Some(*n) } else { None }).collect()
    };
    let (kernel, stride) = (numbers(host, "kernel_size"), numbers(host, "stride"));
    let (padding, dilation) = (numbers(host, "padding"), numbers(host, "dilation"));
    let dims = kernel.len();
    let wanted = sizes.get(sizes.len().saturating_sub(dims)..).unwrap_or_default();
    let spatial = shape.get(shape.len().saturating_sub(dims)..).unwrap_or_default();
    if wanted.len() != dims || spatial.len() != dims {
        return Err(Error::mismatch(format!(
            "ConvTranspose{dims}D: for {}D input, output_size must have {dims} or {} elements (got {})",
            shape.len(),
            shape.len(),
            sizes.len()
        )));
    }
    let geometry = kernel.iter().zip(&stride).zip(padding.iter().zip(&dilation));
    let mut out = Vec::new();
    for (((kernel, stride), (padding, dilation)), (size, wanted)) in geometry.zip(spatial.iter().zip(wanted)) {
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        let least = (size - 1)
            .saturating_mul(*stride)
            .saturating_sub(padding.saturating_mul(2))
            .saturating_add(dilation.saturating_mul(kernel - 1))
            .saturating_add(1);
        let extra = wanted.saturating_sub(least);
        if extra < 0 || extra >= *stride {
            return Err(Error::mismatch(format!(
                "requested an output size of {sizes:?}, but valid sizes start from {least} and end before {} in this dim (for an input of {spatial:?})",
                least.saturating_add(*stride)
            )));
        }
        out.push(Value::Int(extra));
    }
    Ok(Value::Tuple(out))
}

/// Before 1.1 there was no `padding_mode`.
fn setstate(module: &mut Module) {
    module.attributes.entry("padding_mode".into()).or_insert_with(|| Value::Str("zeros".into()));
}
