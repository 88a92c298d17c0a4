//! Classes that move elements: Flatten, Unflatten, Fold, Unfold, PixelShuffle, Upsample; and distances.

use super::attribute::{self, function_class};
use crate::nn::module::Class;
use crate::nn::value::Value;

/// The classes.
pub const CLASSES: &[Class] = &[
    function_class!(
        "torch.nn.modules.flatten.Flatten",
        "(start_dim=1, end_dim=-1)",
        "torch.flatten",
        ["start_dim", "end_dim"]
    ),
    Class {
        name: "torch.nn.modules.flatten.Unflatten",
        aliases: &[],
        signature: "(dim, unflattened_size)",
        init: |host, id, bound| attribute::keep(host, id, bound),
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let (dim, sizes) = (attribute::get(host, id, "dim"), attribute::get(host, id, "unflattened_size"));
            attribute::call(host, "torch.unflatten", vec![bound.value("input").clone(), dim, sizes], &[])
        },
        setstate: |_| {},
    },
    function_class!(
        "torch.nn.modules.fold.Fold",
        "(output_size, kernel_size, dilation=1, padding=0, stride=1)",
        "torch.nn.functional.fold",
        ["output_size", "kernel_size", "dilation", "padding", "stride"]
    ),
    function_class!(
        "torch.nn.modules.fold.Unfold",
        "(kernel_size, dilation=1, padding=0, stride=1)",
        "torch.nn.functional.unfold",
        ["kernel_size", "dilation", "padding", "stride"]
    ),
    function_class!(
        "torch.nn.modules.pixelshuffle.PixelShuffle",
        "(upscale_factor)",
        "torch.nn.functional.pixel_shuffle",
        ["upscale_factor"]
    ),
    function_class!(
        "torch.nn.modules.pixelshuffle.PixelUnshuffle",
        "(downscale_factor)",
        "torch.nn.functional.pixel_unshuffle",
        ["downscale_factor"]
    ),
    function_class!(
        "torch.nn.modules.channelshuffle.ChannelShuffle",
        "(groups)",
        "torch.nn.functional.channel_shuffle",
        ["groups"]
    ),
    function_class!(
        "torch.nn.modules.upsampling.Upsample",
        "(size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None)",
        "torch.nn.functional.interpolate",
        ["size", "scale_factor", "mode", "align_corners", "recompute_scale_factor"]
    ),
    Class {
        name: "torch.nn.modules.upsampling.UpsamplingNearest2d",
        aliases: &[],
        signature: "(size=None, scale_factor=None)",
        init: |host, id, bound| {
            attribute::set(host, id, "mode", Value::Str("nearest".into()))?;
            attribute::keep(host, id, bound)
        },
        forward_signature: "(input)",
        forward: |host, id, bound| {
            attribute::apply(host, id, bound, "torch.nn.functional.interpolate", &["size", "scale_factor", "mode"])
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.upsampling.UpsamplingBilinear2d",
        aliases: &[],
        signature: "(size=None, scale_factor=None)",
        init: |host, id, bound| {
            attribute::set(host, id, "mode", Value::Str("bilinear".into()))?;
            attribute::set(host, id, "align_corners", Value::Bool(true))?;
            attribute::keep(host, id, bound)
        },
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let names = ["size", "scale_factor", "mode", "align_corners"];
            attribute::apply(host, id, bound, "torch.nn.functional.interpolate", &names)
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.distance.CosineSimilarity",
        aliases: &[],
        signature: "(dim=1, eps=1e-08)",
        init: |host, id, bound| attribute::keep(host, id, bound),
        forward_signature: "(x1, x2)",
        forward: |host, id, bound| {
            let keyword = attribute::kept(host, id, &["dim", "eps"]);
            let inputs = vec![bound.value("x1").clone(), bound.value("x2").clone()];
            attribute::call(host, "torch.nn.functional.cosine_similarity", inputs, &keyword)
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.distance.PairwiseDistance",
        aliases: &[],
        signature: "(p=2.0, eps=1e-06, keepdim=False)",
        init: |host, id, bound| {
            attribute::set(host, id, "norm", bound.value("p").clone())?;
            attribute::set(host, id, "eps", bound.value("eps").clone())?;
            attribute::set(host, id, "keepdim", bound.value("keepdim").clone())
        },
        forward_signature: "(x1, x2)",
        forward: |host, id, bound| {
            let mut keyword = attribute::kept(host, id, &["eps", "keepdim"]);
            keyword.push(("p", attribute::get(host, id, "norm")));
            let inputs = vec![bound.value("x1").clone(), bound.value("x2").clone()];
            attribute::call(host, "torch.nn.functional.pairwise_distance", inputs, &keyword)
        },
        setstate: |_| {},
    },
];
