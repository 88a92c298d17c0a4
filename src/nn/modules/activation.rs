//! `torch.nn.modules.activation`: activations, softmaxes and PReLU. MultiheadAttention has a file of its own.

use super::attribute::{self, Init, function_class};
use crate::nn::module::Class;
use crate::nn::value::Value;

/// The classes.
pub const CLASSES: &[Class] = &[
    function_class!("torch.nn.modules.activation.ReLU", "(inplace=False)", "torch.nn.functional.relu", ["inplace"]),
    function_class!("torch.nn.modules.activation.ReLU6", "(inplace=False)", "torch.nn.functional.relu6", ["inplace"]),
    function_class!("torch.nn.modules.activation.SiLU", "(inplace=False)", "torch.nn.functional.silu", ["inplace"]),
    function_class!("torch.nn.modules.activation.Mish", "(inplace=False)", "torch.nn.functional.mish", ["inplace"]),
    function_class!("torch.nn.modules.activation.SELU", "(inplace=False)", "torch.nn.functional.selu", ["inplace"]),
    function_class!(
        "torch.nn.modules.activation.Hardswish",
        "(inplace=False)",
        "torch.nn.functional.hardswish",
        ["inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.Hardsigmoid",
        "(inplace=False)",
        "torch.nn.functional.hardsigmoid",
        ["inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.RReLU",
        "(lower=0.125, upper=0.3333333333333333, inplace=False)",
        "torch.nn.functional.rrelu",
        ["lower", "upper", "inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.ELU",
        "(alpha=1.0, inplace=False)",
        "torch.nn.functional.elu",
        ["alpha", "inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.CELU",
        "(alpha=1.0, inplace=False)",
        "torch.nn.functional.celu",
        ["alpha", "inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.LeakyReLU",
        "(negative_slope=0.01, inplace=False)",
        "torch.nn.functional.leaky_relu",
        ["negative_slope", "inplace"]
    ),
    function_class!(
        "torch.nn.modules.activation.Threshold",
        "(threshold, value, inplace=False)",
        "torch.nn.functional.threshold",
        ["threshold", "value", "inplace"]
    ),
    Class {
        name: "torch.nn.modules.activation.Hardtanh",
        aliases: &[],
        signature: "(min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None)",
        init: |host, id, bound| {
            for (name, old) in [("min_val", "min_value"), ("max_val", "max_value")] {
                let value = if bound.has(old) { bound.value(old) } else { bound.value(name) };
                attribute::set(host, id, name, value.clone())?;
            }
            attribute::set(host, id, "inplace", bound.value("inplace").clone())
        },
        forward_signature: "(input)",
        forward: |host, id, bound| {
            attribute::apply(host, id, bound, "torch.nn.functional.hardtanh", &["min_val", "max_val", "inplace"])
        },
        setstate: |_| {},
    },
    function_class!(
        "torch.nn.modules.activation.GELU",
        "(approximate='none')",
        "torch.nn.functional.gelu",
        ["approximate"]
    ),
    function_class!("torch.nn.modules.activation.GLU", "(dim=-1)", "torch.nn.functional.glu", ["dim"]),
    function_class!("torch.nn.modules.activation.Sigmoid", "()", "torch.sigmoid", []),
    function_class!("torch.nn.modules.activation.Tanh", "()", "torch.tanh", []),
    function_class!("torch.nn.modules.activation.LogSigmoid", "()", "torch.nn.functional.logsigmoid", []),
    function_class!("torch.nn.modules.activation.Softsign", "()", "torch.nn.functional.softsign", []),
    function_class!("torch.nn.modules.activation.Tanhshrink", "()", "torch.nn.functional.tanhshrink", []),
    function_class!(
        "torch.nn.modules.activation.Softplus",
        "(beta=1.0, threshold=20.0)",
        "torch.nn.functional.softplus",
        ["beta", "threshold"]
    ),
    function_class!(
        "torch.nn.modules.activation.Hardshrink",
        "(lambd=0.5)",
        "torch.nn.functional.hardshrink",
        ["lambd"]
    ),
    function_class!(
        "torch.nn.modules.activation.Softshrink",
        "(lambd=0.5)",
        "torch.nn.functional.softshrink",
        ["lambd"]
    ),
    function_class!("torch.nn.modules.activation.Softmax", "(dim=None)", "torch.nn.functional.softmax", ["dim"]),
    function_class!("torch.nn.modules.activation.Softmin", "(dim=None)", "torch.nn.functional.softmin", ["dim"]),
    function_class!("torch.nn.modules.activation.LogSoftmax", "(dim=None)", "torch.nn.functional.log_softmax", ["dim"]),
    Class {
        name: "torch.nn.modules.activation.Softmax2d",
        aliases: &[],
        signature: "()",
        init: |_, _, _| Ok(()),
        forward_signature: "(input)",
        forward: |host, _, bound| {
            let input = bound.value("input").clone();
            attribute::call(host, "torch.nn.functional.softmax", vec![input], &[("dim", Value::Int(-3))])
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.activation.PReLU",
        aliases: &[],
        signature: "(num_parameters=1, init=0.25, device=None, dtype=None)",
        init: |host, id, bound| {
            attribute::keep(host, id, bound)?;
            let (count, init) = (bound.size("num_parameters")?, Init::Constant(bound.float("init")?));
            let dtype = attribute::dtype(host, bound)?;
            attribute::parameter(host, id, "weight", &[count], dtype, init)
        },
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let arguments = vec![bound.value("input").clone(), attribute::tensor(host, id, "weight")];
            attribute::call(host, "torch.nn.functional.prelu", arguments, &[])
        },
        setstate: |_| {},
    },
];
