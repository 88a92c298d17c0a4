//! `torch.nn.modules.pooling`: max, average, adaptive and power-average pools. Fractional pools are not here.

use super::attribute::{self, function_class};
use crate::error::Result;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::{Class, Module};
use crate::nn::value::{ModuleId, Value};

macro_rules! max_pool {
    ($name:literal, $function:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)",
            init,
            forward_signature: "(input)",
            forward: |host, id, bound| {
                let names = ["kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"];
                attribute::apply(host, id, bound, $function, &names)
            },
            setstate,
        }
    };
}

macro_rules! avg_pool {
    ($name:literal, $signature:literal, $function:literal, [$($attribute:literal),*]) => {
        Class {
            name: $name,
            aliases: &[],
            signature: $signature,
            init,
            forward_signature: "(input)",
            forward: |host, id, bound| {
                let names = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad" $(, $attribute)*];
                attribute::apply(host, id, bound, $function, &names)
            },
            setstate: |_| {},
        }
    };
}

macro_rules! lp_pool {
    ($name:literal, $function:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(norm_type, kernel_size, stride=None, ceil_mode=False)",
            init: |host, id, bound| attribute::keep(host, id, bound),
            forward_signature: "(input)",
            forward: |host, id, bound| {
                attribute::apply(host, id, bound, $function, &["norm_type", "kernel_size", "stride", "ceil_mode"])
            },
            setstate: |_| {},
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    max_pool!("torch.nn.modules.pooling.MaxPool1d", "torch.nn.functional.max_pool1d"),
    max_pool!("torch.nn.modules.pooling.MaxPool2d", "torch.nn.functional.max_pool2d"),
    max_pool!("torch.nn.modules.pooling.MaxPool3d", "torch.nn.functional.max_pool3d"),
    avg_pool!(
        "torch.nn.modules.pooling.AvgPool1d",
        "(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)",
        "torch.nn.functional.avg_pool1d",
        []
    ),
    avg_pool!(
        "torch.nn.modules.pooling.AvgPool2d",
        "(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)",
        "torch.nn.functional.avg_pool2d",
        ["divisor_override"]
    ),
    avg_pool!(
        "torch.nn.modules.pooling.AvgPool3d",
        "(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)",
        "torch.nn.functional.avg_pool3d",
        ["divisor_override"]
    ),
    lp_pool!("torch.nn.modules.pooling.LPPool1d", "torch.nn.functional.lp_pool1d"),
    lp_pool!("torch.nn.modules.pooling.LPPool2d", "torch.nn.functional.lp_pool2d"),
    lp_pool!("torch.nn.modules.pooling.LPPool3d", "torch.nn.functional.lp_pool3d"),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveAvgPool1d",
        "(output_size)",
        "torch.nn.functional.adaptive_avg_pool1d",
        ["output_size"]
    ),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveAvgPool2d",
        "(output_size)",
        "torch.nn.functional.adaptive_avg_pool2d",
        ["output_size"]
    ),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveAvgPool3d",
        "(output_size)",
        "torch.nn.functional.adaptive_avg_pool3d",
        ["output_size"]
    ),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveMaxPool1d",
        "(output_size, return_indices=False)",
        "torch.nn.functional.adaptive_max_pool1d",
        ["output_size", "return_indices"]
    ),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveMaxPool2d",
        "(output_size, return_indices=False)",
        "torch.nn.functional.adaptive_max_pool2d",
        ["output_size", "return_indices"]
    ),
    function_class!(
        "torch.nn.modules.pooling.AdaptiveMaxPool3d",
        "(output_size, return_indices=False)",
        "torch.nn.functional.adaptive_max_pool3d",
        ["output_size", "return_indices"]
    ),
];

/// A stride that is not given is the kernel's size.
fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    if !bound.has("stride") {
        attribute::set(host, id, "stride", bound.value("kernel_size").clone())?;
    }
    Ok(())
}

/// Before 0.2 there was no `dilation` and no `return_indices`.
fn setstate(module: &mut Module) {
    module.attributes.entry("dilation".into()).or_insert(Value::Int(1));
    module.attributes.entry("return_indices".into()).or_insert(Value::Bool(false));
}
