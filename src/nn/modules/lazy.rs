//! `torch.nn.modules.lazy`: layers whose input's size is seen at the first forward, and afterwards in the weights that were saved.
//!
//! A lazy module is constructed as its plain class with a size of 0; [`materialise`] puts in what the weights' shapes say, and makes it of
//! the plain class, as torch's own first forward does.

use super::super::host::Trace;
use super::super::module::{Class, ClassRef};
use super::super::value::{ModuleId, Tensor, Value};
use super::super::walk::{self, join};
use super::find;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::nn::function::{Args, Bound};
use crate::nn::host::Host;
use crate::nn::module;
use std::collections::HashSet;

macro_rules! lazy {
    ($name:literal, $plain:literal, $signature:literal, $forward:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: $signature,
            init: |host, id, bound| init(host, id, bound, $plain),
            forward_signature: $forward,
            forward: |_, _, _| Err(unknown($name)),
            setstate: |_| {},
        }
    };
}

macro_rules! convolution {
    ($name:literal, $plain:literal) => {
        lazy!($name, $plain, "(out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)", "(input)")
    };
}

macro_rules! transposed {
    ($name:literal, $plain:literal) => {
        lazy!($name, $plain, "(out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None)", "(input, output_size=None)")
    };
}

macro_rules! norm {
    ($name:literal, $plain:literal) => {
        lazy!(
            $name,
            $plain,
            "(eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None)",
            "(input)"
        )
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    lazy!(
        "torch.nn.modules.linear.LazyLinear",
        "torch.nn.Linear",
        "(out_features, bias=True, device=None, dtype=None)",
        "(input)"
    ),
    convolution!("torch.nn.modules.conv.LazyConv1d", "torch.nn.Conv1d"),
    convolution!("torch.nn.modules.conv.LazyConv2d", "torch.nn.Conv2d"),
    convolution!("torch.nn.modules.conv.LazyConv3d", "torch.nn.Conv3d"),
    transposed!("torch.nn.modules.conv.LazyConvTranspose1d", "torch.nn.ConvTranspose1d"),
    transposed!("torch.nn.modules.conv.LazyConvTranspose2d", "torch.nn.ConvTranspose2d"),
    transposed!("torch.nn.modules.conv.LazyConvTranspose3d", "torch.nn.ConvTranspose3d"),
    norm!("torch.nn.modules.batchnorm.LazyBatchNorm1d", "torch.nn.BatchNorm1d"),
    norm!("torch.nn.modules.batchnorm.LazyBatchNorm2d", "torch.nn.BatchNorm2d"),
    norm!("torch.nn.modules.batchnorm.LazyBatchNorm3d", "torch.nn.BatchNorm3d"),
    norm!("torch.nn.modules.instancenorm.LazyInstanceNorm1d", "torch.nn.InstanceNorm1d"),
    norm!("torch.nn.modules.instancenorm.LazyInstanceNorm2d", "torch.nn.InstanceNorm2d"),
    norm!("torch.nn.modules.instancenorm.LazyInstanceNorm3d", "torch.nn.InstanceNorm3d"),
];

/// The arguments that a plain class has for the input's size.
const SIZES: &[&str] = &["in_features", "in_channels", "num_features"];

fn unknown(class: &str) -> Error {
    let class = class.rsplit('.').next().unwrap_or(class);
    Error::unsupported(format!("{class} whose weights no file gives: nothing says the size of its input"))
        .hint(format!("write {} with that size", class.trim_start_matches("Lazy")))
}

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, plain: &str) -> Result<()> {
    let class = find(plain).ok_or_else(|| Error::unsupported(plain))?;
    let keyword = bound.names().map(|name| (name.to_owned(), bound.value(name).clone())).collect();
    module::init(host, id, class, Args { positional: vec![Value::Int(0)], keyword })
}

/// The parameters and buffers that wait for a size: the dims that are 0.
pub fn waiting(trace: &Trace, root: ModuleId) -> HashSet<ValueId> {
    let mut values = HashSet::new();
    for module in walk::distinct(&trace.modules, root).into_iter().filter_map(|id| trace.modules.get(id)) {
        if matches!(module.class, ClassRef::Torch(class) if class.short().starts_with("Lazy")) {
            let tensors = module.parameters.values().chain(module.buffers.values()).flatten();
            values.extend(tensors.map(Tensor::value));
        }
    }
    values
}

/// Gives the lazy modules below `root` the sizes that weights have; `told` knows their shapes by name.
pub fn materialise(trace: &mut Trace, root: ModuleId, told: &dyn Fn(&str) -> Option<Vec<usize>>) {
    for (path, id) in walk::paths(&trace.modules, root) {
        let Some(module) = trace.modules.get_mut(id) else { continue };
        let ClassRef::Torch(class) = module.class else { continue };
        let Some(plain) = class.short().strip_prefix("Lazy").and_then(|name| find(&format!("torch.nn.{name}"))) else {
            continue;
        };
        let mut size = None;
        let groups = match module.attributes.get("groups") {
            Some(Value::Int(groups)) => usize::try_from(*groups).unwrap_or(1),
            _ => 1,
        };
        for (name, tensor) in module.parameters.iter().chain(&module.buffers) {
            let Some(tensor) = tensor else { continue };
            let shape = &trace.graph.info(tensor.value()).shape;
            let Some(open) = shape.iter().position(|d| *d == 0) else { continue };
            let Some(found) = told(&join(&path, name)).filter(|found| found.len() == shape.len()) else { continue };
            let Some(&known) = found.get(open) else { continue };
            let shape = shape.iter().map(|d| if *d == 0 { known } else { *d }).collect();
            // A convolution sees as many channels in each group.
            size = Some(if open == 1 && found.len() > 2 { known.saturating_mul(groups) } else { known });
            trace.graph.reshape_leaf(tensor.value(), shape);
        }
        let Some(size) = size.and_then(|size| i64::try_from(size).ok()) else { continue };
        module.class = ClassRef::Torch(plain);
        for name in SIZES {
            if let Some(value) = module.attributes.get_mut(*name) {
                *value = Value::Int(size);
            }
        }
    }
}
