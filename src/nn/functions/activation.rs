//! Activations, softmax and their relatives.

use crate::dtype::Category;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Activation, Binary, Distribution, Op, Scalar, Unary};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn activate(host: &mut dyn Host, b: &Bound<'_>, kind: Activation) -> Result<Value> {
    let x = b.id("input")?;
    let dtype = node::dtype(host, x);
    if dtype.category() < Category::Float && !matches!(kind, Activation::Hardtanh { .. } | Activation::Threshold { .. })
    {
        return Err(Error::mismatch(format!("\"{}\" not implemented for '{}'", b.name(), dtype.scalar_type())));
    }
    node::op(host, Op::Activation(kind), &[x]).map(Value::tensor)
}

fn unary(host: &mut dyn Host, b: &Bound<'_>, kind: Unary) -> Result<Value> {
    let x = b.id("input")?;
    if node::dtype(host, x).category() == Category::Bool {
        return Err(Error::mismatch("Boolean inputs not supported for relu"));
    }
    node::op(host, Op::Unary(kind), &[x]).map(Value::tensor)
}

fn gelu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let tanh = match b.str("approximate")? {
        "none" => false,
        "tanh" => true,
        _ => return Err(Error::mismatch("approximate argument must be either none or tanh.")),
    };
    activate(host, b, Activation::Gelu { tanh })
}

const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

fn elu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    activate(host, b, Activation::Elu { alpha: b.float("alpha")?, scale: 1.0, input_scale: 1.0 })
}

fn selu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    activate(host, b, Activation::Elu { alpha: SELU_ALPHA, scale: SELU_SCALE, input_scale: 1.0 })
}

fn hardtanh(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (min, max) = (b.float("min_val")?, b.float("max_val")?);
    if min > max {
        return Err(Error::mismatch("min_val cannot be greater than max_val").code("value_error"));
    }
    activate(host, b, Activation::Hardtanh { min, max })
}

/// One slope for all, or one for each channel.
fn prelu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, weight) = (b.id("input")?, b.id("weight")?);
    let count: usize = node::shape(host, weight).iter().product();
    let shape = node::shape(host, x);
    let channels = if shape.len() >= 2 { shape.get(1).copied().unwrap_or(1) } else { 1 };
    if count != 1 && count != channels {
        return Err(Error::mismatch(format!(
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size = {channels}."
        )));
    }
    let weight = node::reshape(host, weight, vec![count])?;
    node::op(host, Op::Prelu, &[x, weight]).map(Value::tensor)
}

/// The mean slope in eval mode, a random one for each element in train mode.
fn rrelu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (low, high) = (b.float("lower")?, b.float("upper")?);
    if !b.bool("training")? {
        return activate(host, b, Activation::LeakyRelu { negative_slope: f64::midpoint(low, high) });
    }
    let x = b.id("input")?;
    let info = node::info(host, x);
    let slopes = super::creation::random(host, Distribution::Uniform { low, high }, info.shape, info.dtype)?;
    let sloped = node::binary(host, Binary::Mul, x, slopes)?;
    let negative = node::compare(host, crate::graph::op::Compare::Lt, x, 0.0)?;
    super::elementwise::choose(host, negative, sloped.into(), x.into()).map(Value::tensor)
}

fn glu(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    if shape.is_empty() {
        return Err(Error::mismatch("glu does not support 0-dimensional tensors"));
    }
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(0);
    if !extent.is_multiple_of(2) {
        return Err(Error::mismatch(format!("Halving dimension must be even, but dimension {dim} is size {extent}")));
    }
    let half = extent / 2;
    let a = node::op(host, Op::Slice { dim, start: 0, end: half, step: 1 }, &[x])?;
    let gate = node::op(host, Op::Slice { dim, start: half, end: extent, step: 1 }, &[x])?;
    let gate = node::op(host, Op::Unary(Unary::Sigmoid), &[gate])?;
    node::binary(host, Binary::Mul, a, gate).map(Value::tensor)
}

/// The dim that `F.softmax` takes when none is given: torch's old rule.
fn softmax_dim(b: &Bound<'_>, rank: usize) -> Result<usize> {
    match b.int_or_none("dim")? {
        Some(dim) => node::dim(dim, rank),
        None => Ok(usize::from(!matches!(rank, 0 | 1 | 3))),
    }
}

/// softmax of `x`, or of `-x`, or its logarithm.
fn softmax(host: &mut dyn Host, b: &Bound<'_>, log: bool, negated: bool) -> Result<Value> {
    let mut x = b.id("input")?;
    if let Some(dtype) = b.dtype("dtype")? {
        x = node::cast(host, x, dtype)?;
    }
    let (dtype, rank) = (node::dtype(host, x), node::rank(host, x));
    if dtype.category() < Category::Float {
        return Err(Error::mismatch(format!(
            "\"{}_lastdim_kernel_impl\" not implemented for '{}'",
            if log { "log_softmax" } else { "softmax" },
            dtype.scalar_type()
        )));
    }
    let dim = softmax_dim(b, rank)?;
    if negated {
        x = node::op(host, Op::Unary(Unary::Neg), &[x])?;
    }
    softmax_of(host, x, dim, log).map(Value::tensor)
}

/// Softmax along a dim; of a 0-d tensor it is 1.
pub(super) fn softmax_of(host: &mut dyn Host, x: ValueId, dim: usize, log: bool) -> Result<ValueId> {
    let rank = node::rank(host, x);
    let row = if rank == 0 { node::reshape(host, x, vec![1])? } else { x };
    let y = node::op(host, if log { Op::LogSoftmax { dim } } else { Op::Softmax { dim } }, &[row])?;
    if rank == 0 { node::reshape(host, y, Vec::new()) } else { Ok(y) }
}

fn relu6(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    node::op(host, Op::Clamp { min: Some(Scalar::Float(0.0)), max: Some(Scalar::Float(6.0)) }, &[x]).map(Value::tensor)
}

functions! {
    tmijg "relu": "(input)" => |h, b| unary(h, b, Unary::Relu);
    f "relu": "(input, inplace=False)" => |h, b| unary(h, b, Unary::Relu);
    f "relu6": "(input, inplace=False)" => relu6;
    f "silu": "(input, inplace=False)" => |h, b| unary(h, b, Unary::Silu);
    f "mish": "(input, inplace=False)" => |h, b| activate(h, b, Activation::Mish);
    f "hardswish": "(input, inplace=False)" => |h, b| activate(h, b, Activation::Hardswish);
    f "hardsigmoid": "(input, inplace=False)" => |h, b| activate(h, b, Activation::Hardsigmoid);
    f "gelu": "(input, *, approximate='none')" => gelu;
    fg "leaky_relu": "(input, negative_slope=0.01, inplace=False)" => |h, b| activate(h, b, Activation::LeakyRelu { negative_slope: b.float("negative_slope")? });
    fg "elu": "(input, alpha=1.0, inplace=False)" => elu;
    tjfg "selu": "(input, inplace=False)" => selu;
    tjfg "celu": "(input, alpha=1.0, inplace=False)" => |h, b| activate(h, b, Activation::Celu { alpha: b.float("alpha")? });
    fg "hardtanh": "(input, min_val=-1.0, max_val=1.0, inplace=False)" => hardtanh;
    tjfg "threshold": "(input, threshold, value, inplace=False)" => |h, b| activate(h, b, Activation::Threshold { threshold: b.float("threshold")?, value: b.float("value")? });
    f "softplus": "(input, beta=1.0, threshold=20.0)" => |h, b| activate(h, b, Activation::Softplus { beta: b.float("beta")?, threshold: b.float("threshold")? });
    f "softsign": "(input)" => |h, b| activate(h, b, Activation::Softsign);
    f "tanhshrink": "(input)" => |h, b| activate(h, b, Activation::Tanhshrink);
    f "logsigmoid": "(input)" => |h, b| activate(h, b, Activation::Logsigmoid);
    tmf "hardshrink": "(input, lambd=0.5)" => |h, b| activate(h, b, Activation::Hardshrink { lambd: b.float("lambd")? });
    f "softshrink": "(input, lambd=0.5)" => |h, b| activate(h, b, Activation::Softshrink { lambd: b.float("lambd")? });
    tmf "prelu": "(input, weight)" => prelu;
    tjfg "rrelu": "(input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False)" => rrelu;
    f "glu": "(input, dim=-1)" => glu;
    f "softmax": "(input, dim=None, _stacklevel=3, dtype=None)" => |h, b| softmax(h, b, false, false);
    f "log_softmax": "(input, dim=None, _stacklevel=3, dtype=None)" => |h, b| softmax(h, b, true, false);
    f "softmin": "(input, dim=None, _stacklevel=3, dtype=None)" => |h, b| softmax(h, b, false, true);
    tm "softmax": "(input, dim, dtype=None)" => |h, b| softmax(h, b, false, false);
    tm "log_softmax": "(input, dim, dtype=None)" => |h, b| softmax(h, b, true, false);
    s "softmax": "(input, dim, *, dtype=None)" => |h, b| softmax(h, b, false, false);
    s "log_softmax": "(input, dim, *, dtype=None)" => |h, b| softmax(h, b, true, false);
}
