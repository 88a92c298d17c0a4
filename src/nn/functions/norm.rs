//! Normalisations, and `F.normalize`.

use crate::dtype::Category;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, PadMode, Pool, Reduce, Scalar};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::Operand;
use crate::nn::value::{Tensor, Value};
use crate::nn::{alias, node};

/// Weight and bias, both or none: an absent one is ones or zeros.
fn affine(host: &mut dyn Host, b: &Bound<'_>, shape: &[usize], x: ValueId) -> Result<Vec<ValueId>> {
    let (weight, bias) = (b.id_or_none("weight")?, b.id_or_none("bias")?);
    if weight.is_none() && bias.is_none() {
        return Ok(Vec::new());
    }
    let dtype = node::dtype(host, x);
    let weight = match weight {
        Some(weight) => weight,
        None => node::full(host, shape.to_vec(), Scalar::Float(1.0), dtype)?,
    };
    let bias = match bias {
        Some(bias) => bias,
        None => node::full(host, shape.to_vec(), Scalar::Float(0.0), dtype)?,
    };
    Ok(vec![weight, bias])
}

/// `running = (1 - momentum) * running + momentum * batch`, written into the buffer.
fn follow(host: &mut dyn Host, running: &Tensor, batch: ValueId, momentum: &Value) -> Result<()> {
    let dtype = node::dtype(host, running.value());
    let batch = node::cast(host, batch, dtype)?;
    let (share, rest) = match momentum {
        Value::Tensor(share) => {
            let share = node::cast(host, share.value(), dtype)?;
            (Operand::from(share), Operand::from(node::binary(host, Binary::Sub, 1.0, share)?))
        }
        Value::Float(share) => ((*share).into(), (1.0 - share).into()),
        Value::Int(share) if (0..=1).contains(share) => {
            let share = if *share == 1 { 1.0 } else { 0.0 };
            (share.into(), (1.0 - share).into())
        }
        other => return Err(Error::mismatch(format!("momentum must be a float, not {}", other.type_name()))),
    };
    let kept = node::binary(host, Binary::Mul, running.value(), rest)?;
    let new = node::binary(host, Binary::Mul, batch, share)?;
    let sum = node::binary(host, Binary::Add, kept, new)?;
    alias::write(host, running, sum)
}

fn batch_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    let Some(channels) = shape.get(1).copied() else {
        return Err(Error::mismatch(format!("batch_norm expects an input with 2 or more dims, got {}D", shape.len())));
    };
    let mut inputs = vec![x];
    let eps = b.float("eps")?;
    if !b.bool("training")? {
        inputs.extend([b.id("running_mean")?, b.id("running_var")?]);
        inputs.extend(affine(host, b, &[channels], x)?);
        return node::op(host, Op::BatchNormEval { eps }, &inputs).map(Value::tensor);
    }
    let count = shape.iter().enumerate().filter(|(d, _)| *d != 1).map(|(_, s)| *s).product::<usize>();
    if count == 1 {
        return Err(Error::mismatch(format!(
            "Expected more than 1 value per channel when training, got input size torch.Size({shape:?})"
        ))
        .code("value_error"));
    }
    inputs.extend(affine(host, b, &[channels], x)?);
    let results = host.trace().graph.push(Op::BatchNormTrain { eps }, &inputs)?;
    let [y, mean, var] = results[..] else { return Err(Error::mismatch("batch_norm without statistics")) };
    let momentum = b.value("momentum");
    for (name, batch) in [("running_mean", mean), ("running_var", var)] {
        if b.has(name) {
            follow(host, b.tensor(name)?, batch, momentum)?;
        }
    }
    Ok(Value::tensor(y))
}

/// Each channel of each sample by itself: groups = channels; with running statistics in eval mode, batch norm's formula.
fn instance_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    let Some(channels) = shape.get(1).copied() else {
        return Err(Error::mismatch("instance_norm expects an input with a batch and channels"));
    };
    let eps = b.float("eps")?;
    let affine = affine(host, b, &[channels], x)?;
    if !b.bool("use_input_stats")? {
        let inputs: Vec<_> = [x, b.id("running_mean")?, b.id("running_var")?].into_iter().chain(affine).collect();
        return node::op(host, Op::BatchNormEval { eps }, &inputs).map(Value::tensor);
    }
    let spatial: usize = shape.iter().skip(2).product();
    if spatial == 1 {
        return Err(Error::mismatch(format!(
            "Expected more than 1 spatial element when training, got input size torch.Size({shape:?})"
        ))
        .code("value_error"));
    }
    if b.has("running_mean") && b.has("running_var") {
        let dims: Vec<usize> = (2..shape.len()).collect();
        let momentum = b.value("momentum");
        let mean = node::reduce(host, Reduce::Mean, x, dims.clone(), false)?;
        let var = node::reduce(host, Reduce::Var { correction: 1.0 }, x, dims, false)?;
        for (name, batch) in [("running_mean", mean), ("running_var", var)] {
            let over_batch = node::reduce(host, Reduce::Mean, batch, vec![0], false)?;
            follow(host, b.tensor(name)?, over_batch, momentum)?;
        }
    }
    let inputs: Vec<_> = [x].into_iter().chain(affine).collect();
    node::op(host, Op::GroupNorm { groups: channels, eps }, &inputs).map(Value::tensor)
}

fn group_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    let groups = b.size("num_groups")?;
    let Some(channels) = shape.get(1).copied() else {
        return Err(Error::mismatch(format!(
            "Expected at least 2 dimensions for input tensor but received {}",
            shape.len()
        )));
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(Error::mismatch(format!(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape {shape:?} and num_groups={groups}"
        )));
    }
    let affine = affine(host, b, &[channels], x)?;
    let inputs: Vec<_> = [x].into_iter().chain(affine).collect();
    node::op(host, Op::GroupNorm { groups, eps: b.float("eps")? }, &inputs).map(Value::tensor)
}

fn normalized(host: &mut dyn Host, b: &Bound<'_>, x: ValueId) -> Result<Vec<usize>> {
    let sizes = b.sizes("normalized_shape")?;
    let shape = node::shape(host, x);
    if sizes.is_empty() || !shape.ends_with(&sizes) {
        return Err(Error::mismatch(format!(
            "Given normalized_shape={sizes:?}, expected input with shape [*, {}], but got input of size{shape:?}",
            sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(sizes)
}

fn layer_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let sizes = normalized(host, b, x)?;
    // LayerNorm(bias=False) has a weight alone
    let inputs: Vec<_> = match (b.id_or_none("weight")?, b.id_or_none("bias")?) {
        (Some(weight), None) => vec![x, weight],
        _ => [x].into_iter().chain(affine(host, b, &sizes, x)?).collect(),
    };
    node::op(host, Op::LayerNorm { dims: sizes.len(), eps: b.float("eps")? }, &inputs).map(Value::tensor)
}

fn rms_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let sizes = normalized(host, b, x)?;
    let epsilon = match node::dtype(host, x) {
        crate::dtype::DType::Float64 => f64::EPSILON,
        // torch computes in float32 for the narrow floats
        _ => f64::from(f32::EPSILON),
    };
    let mut inputs = vec![x];
    inputs.extend(b.id_or_none("weight")?);
    let eps = b.float_or_none("eps")?.unwrap_or(epsilon);
    node::op(host, Op::RmsNorm { dims: sizes.len(), eps }, &inputs).map(Value::tensor)
}

/// `x / (k + alpha * mean of squares over neighbouring channels) ** beta`
fn local_response_norm(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let shape = node::shape(host, x);
    if shape.len() < 3 {
        return Err(Error::mismatch(format!(
            "Expected 3D or higher dimensionality input (got {} dimensions)",
            shape.len()
        ))
        .code("value_error"));
    }
    let size = b.size("size")?;
    let squares = node::binary(host, Binary::Mul, x, x)?;
    let [batch, channels, rest @ ..] = shape.as_slice() else {
        return Err(Error::mismatch("an input without channels"));
    };
    let area = rest.iter().product();
    let plane = node::reshape(host, squares, vec![*batch, 1, *channels, area])?;
    let before = crate::nn::bound::int(size / 2);
    let pads = vec![(0, 0), (0, 0), (before, crate::nn::bound::int(size.saturating_sub(1) / 2)), (0, 0)];
    let padded = node::op(host, Op::Pad { pads, mode: PadMode::Constant(Scalar::Float(0.0)) }, &[plane])?;
    let pool = Pool {
        kernel_size: vec![size, 1],
        stride: vec![1, 1],
        padding: vec![0, 0],
        dilation: vec![1, 1],
        ceil_mode: false,
    };
    let mean = node::op(host, Op::AvgPool { pool, count_include_pad: true, divisor_override: None }, &[padded])?;
    let mean = node::reshape(host, mean, shape)?;
    let scaled = node::binary(host, Binary::Mul, mean, b.float("alpha")?)?;
    let sum = node::binary(host, Binary::Add, scaled, b.float("k")?)?;
    let divisor = node::binary(host, Binary::Pow, sum, b.float("beta")?)?;
    node::binary(host, Binary::Div, x, divisor).map(Value::tensor)
}

/// `x / max(norm(x), eps)`
fn normalize(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    if node::dtype(host, x).category() < Category::Float {
        return Err(Error::mismatch("linalg.vector_norm: Expected a floating point or complex tensor as input."));
    }
    let rank = node::rank(host, x);
    let dims = node::dims(Some(&b.ints("dim")?), rank)?;
    let norm = node::reduce(host, Reduce::Norm { p: b.float("p")? }, x, dims, true)?;
    let norm = node::op(host, Op::Clamp { min: Some(Scalar::Float(b.float("eps")?)), max: None }, &[norm])?;
    node::binary(host, Binary::Div, x, norm).map(Value::tensor)
}

functions! {
    f "batch_norm": "(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)" => batch_norm;
    t "batch_norm": "(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True)" => batch_norm;
    f "instance_norm": "(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05)" => instance_norm;
    f "group_norm": "(input, num_groups, weight=None, bias=None, eps=1e-05)" => group_norm;
    t "group_norm": "(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True)" => group_norm;
    f "layer_norm": "(input, normalized_shape, weight=None, bias=None, eps=1e-05)" => layer_norm;
    t "layer_norm": "(input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True)" => layer_norm;
    tf "rms_norm": "(input, normalized_shape, weight=None, eps=None)" => rms_norm;
    f "local_response_norm": "(input, size, alpha=0.0001, beta=0.75, k=1.0)" => local_response_norm;
    f "normalize": "(input, p=2.0, dim=1, eps=1e-12)" => normalize;
}
