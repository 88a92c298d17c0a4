//! `torch.nn.modules.linear`: Identity, Linear, Bilinear.

use super::attribute::{self, Init, fan_bound};
use crate::error::Result;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::ModuleId;

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.linear.Identity",
        aliases: &[],
        signature: "(*args, **kwargs)",
        init: |_, _, _| Ok(()),
        forward_signature: "(input)",
        forward: |_, _, bound| Ok(bound.value("input").clone()),
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.linear.Linear",
        aliases: &["torch.nn.modules.linear.NonDynamicallyQuantizableLinear"],
        signature: "(in_features, out_features, bias=True, device=None, dtype=None)",
        init: linear,
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
            attribute::call(host, "torch.nn.functional.linear", vec![bound.value("input").clone(), weight, bias], &[])
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.linear.Bilinear",
        aliases: &[],
        signature: "(in1_features, in2_features, out_features, bias=True, device=None, dtype=None)",
        init: bilinear,
        forward_signature: "(input1, input2)",
        forward: |host, id, bound| {
            let (weight, bias) = (attribute::tensor(host, id, "weight"), attribute::tensor(host, id, "bias"));
            let inputs = [bound.value("input1").clone(), bound.value("input2").clone()];
            let arguments = inputs.into_iter().chain([weight, bias]).collect();
            attribute::call(host, "torch.nn.functional.bilinear", arguments, &[])
        },
        setstate: |_| {},
    },
];

fn linear(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let (inputs, outputs) = (bound.size("in_features")?, bound.size("out_features")?);
    let (dtype, init) = (attribute::dtype(host, bound)?, Init::Uniform(fan_bound(inputs)));
    attribute::parameter(host, id, "weight", &[outputs, inputs], dtype, init)?;
    if bound.bool("bias")? {
        attribute::parameter(host, id, "bias", &[outputs], dtype, init)
    } else {
        attribute::no_parameter(host, id, "bias")
    }
}

fn bilinear(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let (first, second) = (bound.size("in1_features")?, bound.size("in2_features")?);
    let outputs = bound.size("out_features")?;
    let (dtype, init) = (attribute::dtype(host, bound)?, Init::Uniform(fan_bound(first)));
    attribute::parameter(host, id, "weight", &[outputs, first, second], dtype, init)?;
    if bound.bool("bias")? {
        attribute::parameter(host, id, "bias", &[outputs], dtype, init)
    } else {
        attribute::no_parameter(host, id, "bias")
    }
}
