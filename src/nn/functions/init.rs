//! Fresh values for a tensor: `torch.nn.init`, and the in-place fills of `torch.Tensor`.

use super::creation::random;
use crate::error::{Error, Result};
use crate::graph::op::{Binary, Distribution, Op, Scalar, Unary};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

/// A tensor like `x` of random numbers.
fn fill(host: &mut dyn Host, b: &Bound<'_>, distribution: Distribution) -> Result<Value> {
    let x = b.id("tensor")?;
    let info = node::info(host, x);
    random(host, distribution, info.shape, info.dtype).map(Value::tensor)
}

pub(super) fn uniform(low: f64, high: f64) -> Distribution {
    Distribution::Uniform { low, high }
}

pub(super) fn normal(mean: f64, std: f64) -> Distribution {
    Distribution::Normal { mean, std }
}

fn constant(host: &mut dyn Host, b: &Bound<'_>, value: Scalar) -> Result<Value> {
    let x = b.id("tensor")?;
    let info = node::info(host, x);
    node::full(host, info.shape, value, info.dtype).map(Value::tensor)
}

fn fill_with(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    match b.value("value") {
        Value::Tensor(tensor) => {
            let x = b.id("tensor")?;
            let info = node::info(host, x);
            let value = node::cast(host, tensor.value(), info.dtype)?;
            node::expand(host, value, info.shape).map(Value::tensor)
        }
        _ => constant(host, b, b.scalar("value")?),
    }
}

/// `(fan_in, fan_out)`, as `torch.nn.init._calculate_fan_in_and_fan_out`.
pub(in crate::nn) fn fans(shape: &[usize]) -> Result<(f64, f64)> {
    let [out, into, window @ ..] = shape else {
        return Err(Error::mismatch("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
            .code("value_error"));
    };
    let window: usize = window.iter().product();
    let count = |n: usize| u32::try_from(n.saturating_mul(window)).map_or(f64::from(u32::MAX), f64::from);
    Ok((count(*into), count(*out)))
}

/// `torch.nn.init.calculate_gain`.
fn gain(nonlinearity: &str, param: &Value) -> Result<f64> {
    Ok(match nonlinearity {
        "linear" | "conv1d" | "conv2d" | "conv3d" | "conv_transpose1d" | "conv_transpose2d" | "conv_transpose3d"
        | "sigmoid" => 1.0,
        "tanh" => 5.0 / 3.0,
        "relu" => 2f64.sqrt(),
        "leaky_relu" => {
            let slope = crate::nn::bound::scalar(param).map_or(0.01, Scalar::as_f64);
            (2.0 / (1.0 + slope * slope)).sqrt()
        }
        "selu" => 0.75,
        other => return Err(Error::mismatch(format!("Unsupported nonlinearity {other}")).code("value_error")),
    })
}

fn calculate_gain(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    gain(b.str("nonlinearity")?, b.value("param")).map(Value::Float)
}

fn kaiming(host: &mut dyn Host, b: &Bound<'_>, is_normal: bool) -> Result<Value> {
    let x = b.id("tensor")?;
    let (fan_in, fan_out) = fans(&node::shape(host, x))?;
    let fan = match b.str("mode")? {
        "fan_in" => fan_in,
        "fan_out" => fan_out,
        other => {
            return Err(Error::mismatch(format!(
                "Mode {other} not supported, please use one of ['fan_in', 'fan_out']"
            ))
            .code("value_error"));
        }
    };
    let std = gain(b.str("nonlinearity")?, b.value("a"))? / fan.sqrt();
    let bound = 3f64.sqrt() * std;
    fill(host, b, if is_normal { normal(0.0, std) } else { uniform(-bound, bound) })
}

fn xavier(host: &mut dyn Host, b: &Bound<'_>, is_normal: bool) -> Result<Value> {
    let x = b.id("tensor")?;
    let (fan_in, fan_out) = fans(&node::shape(host, x))?;
    let std = b.float("gain")? * (2.0 / (fan_in + fan_out)).sqrt();
    let bound = 3f64.sqrt() * std;
    fill(host, b, if is_normal { normal(0.0, std) } else { uniform(-bound, bound) })
}

/// torch's own way: a uniform number through the inverse of the normal distribution.
fn truncated_normal(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (mean, std, low, high) = (b.float("mean")?, b.float("std")?, b.float("a")?, b.float("b")?);
    let cdf = |x: f64| f64::midpoint(1.0, erf(x / 2f64.sqrt()));
    let (l, u) = (cdf((low - mean) / std), cdf((high - mean) / std));
    let x = b.id("tensor")?;
    let info = node::info(host, x);
    let x = random(host, uniform(2.0 * l - 1.0, 2.0 * u - 1.0), info.shape, info.dtype)?;
    let x = node::op(host, Op::Unary(Unary::Erfinv), &[x])?;
    let x = node::binary(host, Binary::Mul, x, std * 2f64.sqrt())?;
    let x = node::binary(host, Binary::Add, x, mean)?;
    node::op(host, Op::Clamp { min: Some(Scalar::Float(low)), max: Some(Scalar::Float(high)) }, &[x]).map(Value::tensor)
}

/// The error function, by its series and continued fraction.
fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a > 6.0 {
        return x.signum();
    }
    // Maclaurin's series; at |x| <= 6 its terms stay within what f64 sums to about 1e-9
    let (mut term, mut sum) = (a, a);
    for n in 1..200u32 {
        let n = f64::from(n);
        term *= -a * a / n;
        sum += term / (2.0 * n + 1.0);
    }
    (sum * 2.0 / std::f64::consts::PI.sqrt()).clamp(-1.0, 1.0).copysign(x)
}

fn eye(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("tensor")?;
    let info = node::info(host, x);
    match info.shape.as_slice() {
        [n, m] => node::op(host, Op::Eye { n: *n, m: *m, dtype: info.dtype }, &[]).map(Value::tensor),
        _ => Err(Error::mismatch("Only tensors with 2 dimensions are supported").code("value_error")),
    }
}

/// A convolution that passes its input on: ones in the middle of the window.
fn dirac(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("tensor")?;
    let info = node::info(host, x);
    let ([out, into, window @ ..], groups) = (info.shape.as_slice(), b.size("groups")?.max(1)) else {
        return Err(Error::mismatch("Only tensors with 3, 4, or 5 dimensions are supported").code("value_error"));
    };
    let per_group = out / groups;
    let eye = node::op(host, Op::Eye { n: per_group, m: *into, dtype: info.dtype }, &[])?;
    let eye = node::op(host, Op::Repeat { repeats: vec![groups, 1] }, &[eye])?;
    let ones = [*out, *into].into_iter().chain(window.iter().map(|_| 1)).collect();
    let eye = node::reshape(host, eye, ones)?;
    let before = window.iter().map(|k| crate::nn::bound::int(k / 2));
    let pads = before.zip(window).map(|(at, k)| (at, crate::nn::bound::int(*k) - at - 1));
    let pads = [(0, 0), (0, 0)].into_iter().chain(pads).collect();
    let mode = crate::graph::op::PadMode::Constant(Scalar::Float(0.0));
    node::op(host, Op::Pad { pads, mode }, &[eye]).map(Value::tensor)
}

functions! {
    n "uniform_": "(tensor, a=0.0, b=1.0, generator=None)" => |h, b| fill(h, b, uniform(b.float("a")?, b.float("b")?));
    n "normal_": "(tensor, mean=0.0, std=1.0, generator=None)" => |h, b| fill(h, b, normal(b.float("mean")?, b.float("std")?));
    n "trunc_normal_": "(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None)" => truncated_normal;
    n "constant_": "(tensor, val)" => |h, b| constant(h, b, b.scalar("val")?);
    n "ones_": "(tensor)" => |h, b| constant(h, b, Scalar::Int(1));
    n "zeros_": "(tensor)" => |h, b| constant(h, b, Scalar::Int(0));
    n "eye_": "(tensor)" => eye;
    n "dirac_": "(tensor, groups=1)" => dirac;
    n "kaiming_uniform_": "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)" => |h, b| kaiming(h, b, false);
    n "kaiming_normal_": "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)" => |h, b| kaiming(h, b, true);
    n "xavier_uniform_": "(tensor, gain=1.0, generator=None)" => |h, b| xavier(h, b, false);
    n "xavier_normal_": "(tensor, gain=1.0, generator=None)" => |h, b| xavier(h, b, true);
    // names of old torch versions
    n "uniform": "(tensor, a=0.0, b=1.0)" => |h, b| fill(h, b, uniform(b.float("a")?, b.float("b")?));
    n "normal": "(tensor, mean=0.0, std=1.0)" => |h, b| fill(h, b, normal(b.float("mean")?, b.float("std")?));
    n "constant": "(tensor, val)" => |h, b| constant(h, b, b.scalar("val")?);
    n "kaiming_uniform": "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu')" => |h, b| kaiming(h, b, false);
    n "kaiming_normal": "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu')" => |h, b| kaiming(h, b, true);
    n "xavier_uniform": "(tensor, gain=1.0)" => |h, b| xavier(h, b, false);
    n "xavier_normal": "(tensor, gain=1.0)" => |h, b| xavier(h, b, true);
    d "uniform_": "(tensor, from=0.0, to=1.0, *, generator=None)" => |h, b| fill(h, b, uniform(b.float("from")?, b.float("to")?));
    d "normal_": "(tensor, mean=0.0, std=1.0, *, generator=None)" => |h, b| fill(h, b, normal(b.float("mean")?, b.float("std")?));
    d "zero_": "(tensor)" => |h, b| constant(h, b, Scalar::Int(0));
    d "fill_": "(tensor, value)" => fill_with;
    x "torch.nn.init.calculate_gain": "(nonlinearity, param=None)" => calculate_gain;
}
