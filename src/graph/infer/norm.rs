//! Normalisations: batch, layer, RMS, group.

use super::super::Info;
use super::operand::{count, elements, float, like, size_at};
use crate::error::{Error, Result};

/// `F.batch_norm` with running statistics.
pub fn batch_norm_eval(inputs: &[&Info]) -> Result<Info> {
    let (x, per_channel) = match inputs {
        [x, mean, var] => (*x, vec![("running_mean", *mean), ("running_var", *var)]),
        [x, mean, var, weight, bias] => {
            (*x, vec![("running_mean", *mean), ("running_var", *var), ("weight", *weight), ("bias", *bias)])
        }
        _ => return Err(count(inputs, 3, 5)),
    };
    each_channel(x, &per_channel)?;
    Ok(x.clone())
}

/// `F.batch_norm` with the batch's statistics: the result, the mean and the unbiased variance.
pub fn batch_norm_train(inputs: &[&Info]) -> Result<Vec<Info>> {
    let (x, per_channel) = match inputs {
        [x] => (*x, Vec::new()),
        [x, weight] => (*x, vec![("weight", *weight)]),
        [x, weight, bias] => (*x, vec![("weight", *weight), ("bias", *bias)]),
        _ => return Err(count(inputs, 1, 3)),
    };
    let channels = each_channel(x, &per_channel)?;
    if x.shape.len() < 2 || elements(&x.shape) == channels {
        return Err(one_value(&x.shape));
    }
    let statistic = like(x, vec![channels]);
    Ok(vec![x.clone(), statistic.clone(), statistic])
}

/// Checks operands with one element for each channel, and gives back how many channels there are.
fn each_channel(x: &Info, operands: &[(&str, &Info)]) -> Result<usize> {
    float("batch_norm", x)?;
    // torch counts no channels without a second dim.
    let channels = if x.shape.len() < 2 { 0 } else { size_at(&x.shape, 1) };
    for (name, operand) in operands {
        let have = elements(&operand.shape);
        if have != channels {
            return Err(Error::mismatch(format!("{name} should contain {channels} elements not {have}")));
        }
    }
    Ok(channels)
}

fn one_value(shape: &[usize]) -> Error {
    Error::mismatch(format!(
        "Expected more than 1 value per channel when training, got input size torch.Size({shape:?})"
    ))
}

/// `F.layer_norm` over the last dims.
pub fn layer_norm(dims: usize, inputs: &[&Info]) -> Result<Info> {
    let (x, affine) = match inputs {
        [x, affine @ ..] if affine.len() <= 2 => (*x, affine),
        _ => return Err(count(inputs, 1, 3)),
    };
    let normalized = last_dims(dims, x)?;
    for (name, operand) in ["weight", "bias"].into_iter().zip(affine) {
        fits(name, operand, normalized, false, x)?;
    }
    float("LayerNormKernelImpl", x)?;
    Ok(x.clone())
}

/// `F.rms_norm` over the last dims.
pub fn rms_norm(dims: usize, inputs: &[&Info]) -> Result<Info> {
    let (x, affine) = match inputs {
        [x, affine @ ..] if affine.len() <= 1 => (*x, affine),
        _ => return Err(count(inputs, 1, 2)),
    };
    let normalized = last_dims(dims, x)?;
    for operand in affine {
        fits("weight", operand, normalized, true, x)?;
    }
    float("rms_norm", x)?;
    Ok(x.clone())
}

fn last_dims(dims: usize, x: &Info) -> Result<&[usize]> {
    let normalized = x.shape.len().checked_sub(dims).and_then(|from| x.shape.get(from..));
    match normalized {
        Some(normalized) if dims > 0 => Ok(normalized),
        _ => Err(Error::mismatch(format!(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, and at most {}-dimensional, but \
             got {dims} dimensions",
            x.shape.len()
        ))),
    }
}

/// The weight's shape is normalized_shape, so a misfit is one of the input.
fn fits(name: &str, operand: &Info, normalized: &[usize], rms: bool, x: &Info) -> Result<()> {
    if operand.shape == normalized {
        return Ok(());
    }
    if operand.shape.len() == normalized.len() && name == "weight" {
        let sizes = operand.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let sizes = if rms { sizes } else { format!(", {sizes}") };
        return Err(Error::mismatch(format!(
            "Given normalized_shape={:?}, expected input with shape [*{sizes}], but got input of size{:?}",
            operand.shape, x.shape
        )));
    }
    Err(Error::mismatch(format!(
        "Expected {name} to be of same shape as normalized_shape, but got {name} of shape {:?} and normalized_shape = {normalized:?}",
        operand.shape
    )))
}

/// `F.group_norm`.
pub fn group_norm(groups: usize, inputs: &[&Info]) -> Result<Info> {
    let (x, affine) = match inputs {
        [x, affine @ ..] if affine.len() <= 2 => (*x, affine),
        _ => return Err(count(inputs, 1, 3)),
    };
    if x.shape.len() < 2 {
        return Err(Error::mismatch(format!(
            "Expected at least 2 dimensions for input tensor but received {}",
            x.shape.len()
        )));
    }
    let channels = size_at(&x.shape, 1);
    if groups == 0 {
        return Err(Error::mismatch("integer division or modulo by zero"));
    }
    if !channels.is_multiple_of(groups) {
        return Err(Error::mismatch(format!(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape {:?} and num_groups={groups}",
            x.shape
        )));
    }
    // F.group_norm's own check: batch and channels of one group, and the image.
    let batch = size_at(&x.shape, 0).saturating_mul(channels) / groups;
    if batch.saturating_mul(x.shape.iter().skip(2).product()) == 1 {
        return Err(Error::mismatch(format!(
            "Expected more than 1 value per channel when training, got input size {:?}",
            x.shape
        )));
    }
    for (name, operand) in ["weight", "bias"].into_iter().zip(affine) {
        if operand.shape != [channels] {
            return Err(Error::mismatch(format!(
                "Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape {:?} and input of \
                 shape {:?}",
                operand.shape, x.shape
            )));
        }
    }
    float("GroupNormKernelImpl", x)?;
    Ok(x.clone())
}
