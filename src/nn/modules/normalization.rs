//! `torch.nn.modules.batchnorm`, `instancenorm` and `normalization`.

use super::attribute::{self, Init, function_class};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::{Class, Module};
use crate::nn::value::{ModuleId, Value};

macro_rules! batch_norm {
    ($name:literal, $ranks:expr, $words:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None)",
            init: norm_base,
            forward_signature: "(input)",
            forward: |host, id, bound| batch_norm(host, id, bound, &$ranks, $words),
            setstate,
        }
    };
}

macro_rules! instance_norm {
    ($name:literal, $dims:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None)",
            init: norm_base,
            forward_signature: "(input)",
            forward: |host, id, bound| instance_norm(host, id, bound, $dims),
            setstate,
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    batch_norm!("torch.nn.modules.batchnorm.BatchNorm1d", [2, 3], "2D or 3D"),
    batch_norm!("torch.nn.modules.batchnorm.BatchNorm2d", [4], "4D"),
    batch_norm!("torch.nn.modules.batchnorm.BatchNorm3d", [5], "5D"),
    Class {
        name: "torch.nn.modules.batchnorm.SyncBatchNorm",
        aliases: &[],
        signature: "(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None, device=None, dtype=None)",
        init: norm_base,
        forward_signature: "(input)",
        forward: |host, id, bound| batch_norm(host, id, bound, &[2, 3, 4, 5], "at least 2D"),
        setstate,
    },
    instance_norm!("torch.nn.modules.instancenorm.InstanceNorm1d", 1),
    instance_norm!("torch.nn.modules.instancenorm.InstanceNorm2d", 2),
    instance_norm!("torch.nn.modules.instancenorm.InstanceNorm3d", 3),
    Class {
        name: "torch.nn.modules.normalization.LayerNorm",
        aliases: &[],
        signature: "(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None)",
        init: layer_norm,
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let shape = attribute::get(host, id, "normalized_shape");
            let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
            let keyword = attribute::kept(host, id, &["eps"]);
            let arguments = vec![bound.value("input").clone(), shape, weight, bias];
            attribute::call(host, "torch.nn.functional.layer_norm", arguments, &keyword)
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.normalization.RMSNorm",
        aliases: &[],
        signature: "(normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None)",
        init: layer_norm,
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let shape = attribute::get(host, id, "normalized_shape");
            let weight = attribute::tensor(host, id, "weight");
            let keyword = attribute::kept(host, id, &["eps"]);
            let arguments = vec![bound.value("input").clone(), shape, weight];
            attribute::call(host, "torch.nn.functional.rms_norm", arguments, &keyword)
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.normalization.GroupNorm",
        aliases: &[],
        signature: "(num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None)",
        init: group_norm,
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let groups = attribute::get(host, id, "num_groups");
            let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
            let keyword = attribute::kept(host, id, &["eps"]);
            let arguments = vec![bound.value("input").clone(), groups, weight, bias];
            attribute::call(host, "torch.nn.functional.group_norm", arguments, &keyword)
        },
        setstate: |_| {},
    },
    function_class!(
        "torch.nn.modules.normalization.LocalResponseNorm",
        "(size, alpha=0.0001, beta=0.75, k=1.0)",
        "torch.nn.functional.local_response_norm",
        ["size", "alpha", "beta", "k"]
    ),
];

/// `_NormBase.__init__`
fn norm_base(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let shape = [bound.size("num_features")?];
    let dtype = attribute::dtype(host, bound)?;
    affine(host, id, bound.bool("affine")?, &shape, dtype)?;
    if bound.bool("track_running_stats")? {
        attribute::buffer(host, id, "running_mean", &shape, dtype, Init::Zeros)?;
        attribute::buffer(host, id, "running_var", &shape, dtype, Init::Ones)?;
        return attribute::buffer(host, id, "num_batches_tracked", &[], DType::Int64, Init::Zeros);
    }
    for name in ["running_mean", "running_var", "num_batches_tracked"] {
        attribute::no_buffer(host, id, name)?;
    }
    Ok(())
}

fn affine(host: &mut dyn Host, id: ModuleId, affine: bool, shape: &[usize], dtype: DType) -> Result<()> {
    if affine {
        attribute::parameter(host, id, "weight", shape, dtype, Init::Ones)?;
        attribute::parameter(host, id, "bias", shape, dtype, Init::Zeros)
    } else {
        attribute::no_parameter(host, id, "weight")?;
        attribute::no_parameter(host, id, "bias")
    }
}

/// LayerNorm and RMSNorm.
fn layer_norm(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let sizes = bound.sizes("normalized_shape")?;
    let tuple = bound.ints("normalized_shape")?.into_iter().map(Value::Int).collect();
    attribute::set(host, id, "normalized_shape", Value::Tuple(tuple))?;
    let (dtype, affine) = (attribute::dtype(host, bound)?, bound.bool("elementwise_affine")?);
    if affine {
        attribute::parameter(host, id, "weight", &sizes, dtype, Init::Ones)?;
    } else {
        attribute::no_parameter(host, id, "weight")?;
    }
    if bound.names().all(|n| n != "bias") {
        return Ok(());
    }
    if affine && bound.bool("bias")? {
        attribute::parameter(host, id, "bias", &sizes, dtype, Init::Zeros)
    } else {
        attribute::no_parameter(host, id, "bias")
    }
}

fn group_norm(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let (groups, channels) = (bound.size("num_groups")?, bound.size("num_channels")?);
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(Error::mismatch("num_channels must be divisible by num_groups"));
    }
    let dtype = attribute::dtype(host, bound)?;
    affine(host, id, bound.bool("affine")?, &[channels], dtype)
}

fn batch_norm(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, ranks: &[usize], words: &str) -> Result<Value> {
    let input = bound.id("input")?;
    let rank = host.trace().graph.info(input).shape.len();
    if !ranks.contains(&rank) {
        return Err(Error::mismatch(format!("ValueError: expected {words} input (got {rank}D input)")));
    }
    let training = attribute::training(host, id);
    let mean = attribute::tensor(host, id, "running_mean");
    let var = attribute::tensor(host, id, "running_var");
    let tracked = match attribute::get(host, id, "track_running_stats") {
        Value::None => !matches!(mean, Value::None),
        other => matches!(other, Value::Bool(true)),
    };
    let momentum = attribute::get(host, id, "momentum");
    let mut momentum = momentum;
    if training && tracked {
        let count = attribute::tensor(host, id, "num_batches_tracked");
        if let Value::Tensor(count) = count {
            attribute::call(host, "torch.Tensor.add_", vec![Value::Tensor(count.clone()), Value::Int(1)], &[])?;
            if matches!(momentum, Value::None) {
                // The cumulative average: the counter is known when the graph runs.
                momentum = attribute::call(host, "torch.reciprocal", vec![Value::Tensor(count)], &[])?;
            }
        }
    }
    let batch = training || matches!((&mean, &var), (Value::None, Value::None));
    let (mean, var) = if !training || tracked { (mean, var) } else { (Value::None, Value::None) };
    let mut keyword = vec![
        ("weight", attribute::tensor(host, id, "weight")),
        ("bias", attribute::tensor(host, id, "bias")),
        ("training", Value::Bool(batch)),
        ("momentum", if matches!(momentum, Value::None) { Value::Float(0.0) } else { momentum }),
    ];
    keyword.extend(attribute::kept(host, id, &["eps"]));
    attribute::call(host, "torch.nn.functional.batch_norm", vec![bound.value("input").clone(), mean, var], &keyword)
}

fn instance_norm(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, dims: usize) -> Result<Value> {
    let input = bound.id("input")?;
    let rank = host.trace().graph.info(input).shape.len();
    if rank != dims + 1 && rank != dims + 2 {
        let text = format!("ValueError: expected {}D or {}D input (got {rank}D input)", dims + 1, dims + 2);
        return Err(Error::mismatch(text));
    }
    let single = rank == dims + 1;
    let mut x = bound.value("input").clone();
    if single {
        x = attribute::call(host, "torch.unsqueeze", vec![x, Value::Int(0)], &[])?;
    }
    let stats = attribute::training(host, id) || !attribute::flag(host, id, "track_running_stats");
    let mut keyword = vec![
        ("weight", attribute::tensor(host, id, "weight")),
        ("bias", attribute::tensor(host, id, "bias")),
        ("use_input_stats", Value::Bool(stats)),
    ];
    keyword.extend(attribute::kept(host, id, &["momentum", "eps"]));
    let (mean, var) = (attribute::tensor(host, id, "running_mean"), attribute::tensor(host, id, "running_var"));
    let y = attribute::call(host, "torch.nn.functional.instance_norm", vec![x, mean, var], &keyword)?;
    if single { attribute::call(host, "torch.squeeze", vec![y, Value::Int(0)], &[]) } else { Ok(y) }
}

/// Before 0.4 there was no `track_running_stats`; the buffers tell.
fn setstate(module: &mut Module) {
    let tracked = matches!(module.buffers.get("running_mean"), Some(Some(_)));
    module.attributes.entry("track_running_stats".into()).or_insert(Value::Bool(tracked));
}
