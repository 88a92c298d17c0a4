//! `torch.nn.modules.padding`: constant, zero, reflection, replication and circular padding in 1 to 3 dims.

use super::attribute::{self, ntuple};
use crate::error::Result;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::{ModuleId, Value};

macro_rules! constant {
    ($name:literal, $dims:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(padding, value)",
            init: |host, id, bound| {
                attribute::set(host, id, "value", bound.value("value").clone())?;
                padding(host, id, bound, $dims)
            },
            forward_signature: "(input)",
            forward: |host, id, bound| pad(host, id, bound, "constant"),
            setstate: |_| {},
        }
    };
}

macro_rules! plain {
    ($name:literal, $dims:literal, $mode:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(padding)",
            init: |host, id, bound| padding(host, id, bound, $dims),
            forward_signature: "(input)",
            forward: |host, id, bound| pad(host, id, bound, $mode),
            setstate: |_| {},
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    constant!("torch.nn.modules.padding.ConstantPad1d", 1),
    constant!("torch.nn.modules.padding.ConstantPad2d", 2),
    constant!("torch.nn.modules.padding.ConstantPad3d", 3),
    plain!("torch.nn.modules.padding.ZeroPad1d", 1, "constant"),
    plain!("torch.nn.modules.padding.ZeroPad2d", 2, "constant"),
    plain!("torch.nn.modules.padding.ZeroPad3d", 3, "constant"),
    plain!("torch.nn.modules.padding.ReflectionPad1d", 1, "reflect"),
    plain!("torch.nn.modules.padding.ReflectionPad2d", 2, "reflect"),
    plain!("torch.nn.modules.padding.ReflectionPad3d", 3, "reflect"),
    plain!("torch.nn.modules.padding.ReplicationPad1d", 1, "replicate"),
    plain!("torch.nn.modules.padding.ReplicationPad2d", 2, "replicate"),
    plain!("torch.nn.modules.padding.ReplicationPad3d", 3, "replicate"),
    plain!("torch.nn.modules.padding.CircularPad1d", 1, "circular"),
    plain!("torch.nn.modules.padding.CircularPad2d", 2, "circular"),
    plain!("torch.nn.modules.padding.CircularPad3d", 3, "circular"),
];

fn padding(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, dims: usize) -> Result<()> {
    attribute::set(host, id, "padding", ntuple(bound.value("padding"), 2 * dims))
}

fn pad(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, mode: &str) -> Result<Value> {
    let padding = attribute::get(host, id, "padding");
    let mut keyword = vec![("mode", Value::Str(mode.into()))];
    if mode == "constant" {
        let value = match attribute::get(host, id, "value") {
            Value::None => Value::Int(0),
            value => value,
        };
        keyword.push(("value", value));
    }
    attribute::call(host, "torch.nn.functional.pad", vec![bound.value("input").clone(), padding], &keyword)
}
