//! Activations with parameters, PReLU and dropout.

use super::super::Info;
use super::super::op::{Activation, DropoutKind};
use super::operand::{exactly, float, floating, number, size_at};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Same shape; most are for floating point only.
pub fn activation(op: Activation, x: &Info) -> Result<Info> {
    let kernel = match op {
        Activation::LeakyRelu { .. } => "leaky_relu_cpu",
        Activation::Elu { .. } | Activation::Celu { .. } => "elu_cpu",
        Activation::Gelu { .. } => "GeluKernelImpl",
        Activation::Mish => "mish_cpu",
        Activation::Hardswish => "hardswish_cpu",
        Activation::Hardsigmoid => "hardsigmoid_cpu",
        Activation::Logsigmoid => "log_sigmoid_cpu",
        Activation::Softplus { .. } => "softplus_cpu",
        Activation::Hardshrink { .. } => "hardshrink_cpu",
        Activation::Softshrink { .. } => "softshrink_check",
        Activation::Softsign | Activation::Tanhshrink => {
            if op == Activation::Softsign {
                number("abs_cpu", x)?;
            } else if x.dtype == DType::Bool {
                return Err(super::binary::subtracts_bool());
            }
            return Ok(Info { shape: x.shape.clone(), dtype: floating(x.dtype) });
        }
        Activation::Hardtanh { .. } => {
            if x.dtype == DType::Bool {
                return Err(Error::mismatch("Bool inputs not supported for hardtanh"));
            }
            return Ok(x.clone());
        }
        Activation::Threshold { .. } => {
            number("threshold_cpu", x)?;
            return Ok(x.clone());
        }
    };
    float(kernel, x)?;
    Ok(x.clone())
}

/// `F.prelu`: one slope for all, or one for each channel.
pub fn prelu(inputs: &[&Info]) -> Result<Info> {
    let [x, weight] = exactly(inputs)?;
    if x.dtype != weight.dtype {
        return Err(Error::mismatch(format!(
            "prelu: Type promoting not supported. Got {} and {}",
            x.dtype.scalar_type(),
            weight.dtype.scalar_type()
        )));
    }
    let slopes = weight.shape.iter().product::<usize>();
    if slopes != 1 {
        if x.shape.is_empty() {
            return Err(Error::mismatch("Not allow zero-dim input tensor."));
        }
        let channels = if x.shape.len() > 1 { size_at(&x.shape, 1) } else { 1 };
        if channels != slopes {
            return Err(Error::mismatch(format!(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = {slopes} and channel size = {channels}."
            )));
        }
    }
    if weight.shape.len() > 1 {
        return Err(Error::mismatch(format!(
            "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {}",
            weight.shape.len()
        )));
    }
    float("prelu_cpu", x)?;
    Ok((*x).clone())
}

/// `F.dropout` and its relatives in train mode.
pub fn dropout(p: f64, kind: DropoutKind, x: &Info) -> Result<Info> {
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::mismatch(format!("dropout probability has to be between 0 and 1, but got {p}")));
    }
    if matches!(kind, DropoutKind::Feature | DropoutKind::FeatureAlpha) && x.shape.len() < 2 {
        return Err(Error::mismatch("Feature dropout requires at least 2 dimensions in the input"));
    }
    if !x.dtype.is_float() {
        return Err(Error::mismatch(format!(
            "result type Float can't be cast to the desired output type {}",
            x.dtype.scalar_type()
        )));
    }
    Ok(x.clone())
}
