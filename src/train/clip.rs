//! `torch.nn.utils.clip_grad_norm_` and `clip_grad_value_` (`torch/nn/utils/clip_grad.py`), without reading back.

use super::Gradients;
use crate::engine::arithmetic::Elementwise;
use crate::engine::value::Value;
use crate::error::{Error, Result};

/// Scales every gradient so that the norm of all of them together is at most `max_norm`: the total norm before, 0-d, on the device;
/// `None` where there is no gradient. `norm_type` may be infinite.
///
/// # Errors
/// Mismatch when `norm_type` is NaN.
pub fn clip_grad_norm(gradients: &mut Gradients, max_norm: f64, norm_type: f64) -> Result<Option<Value>> {
    if norm_type.is_nan() {
        return Err(Error::mismatch("norm_type must be a number"));
    }
    let leaves = gradients.leaves();
    let norms = leaves.iter().filter_map(|leaf| gradients.get(*leaf)).map(|g| g.vector_norm(norm_type));
    let norms = norms.collect::<Result<Vec<_>>>()?;
    let Some(stacked) = Value::stack(&norms) else { return Ok(None) };
    let total = stacked?.vector_norm(norm_type)?;
    // Clamped instead of tested: a test would wait for the device.
    let factor = total.clone().offset(1e-6).divides(max_norm).at_most(1.0);
    for leaf in leaves {
        if let Some(gradient) = gradients.take(leaf) {
            gradients.insert(leaf, gradient.scale_by(&factor));
        }
    }
    Ok(Some(total))
}

/// Clamps every gradient between `-clip_value` and `clip_value`.
pub fn clip_grad_value(gradients: &mut Gradients, clip_value: f64) {
    for leaf in gradients.leaves() {
        if let Some(gradient) = gradients.take(leaf) {
            gradients.insert(leaf, gradient.clamp(-clip_value, clip_value));
        }
    }
}
