//! `F.pad`: constant, reflect, replicate and circular; negative pads crop.

use super::super::Info;
use super::super::op::PadMode;
use super::MAX_ELEMENTS;
use super::operand::like;
use crate::error::{Error, Result};

/// One pair of pads for each dim.
pub fn pad(pads: &[(i64, i64)], mode: PadMode, x: &Info) -> Result<Info> {
    if pads.len() != x.shape.len() {
        return Err(Error::mismatch(format!(
            "{} pairs of pads for a tensor of dimension {}",
            pads.len(),
            x.shape.len()
        )));
    }
    let limit = MAX_ELEMENTS as i64;
    let mut shape = Vec::with_capacity(pads.len());
    for (dim, ((before, after), size)) in pads.iter().copied().zip(&x.shape).enumerate() {
        if before.max(after) > limit || before.min(after) < -limit {
            return Err(Error::too_large("a pad", before.max(after), limit));
        }
        let size = *size as i64;
        let padded = size + before + after;
        match mode {
            PadMode::Reflect | PadMode::Replicate if padded < 1 && size > 0 => {
                return Err(Error::mismatch(format!("input (W: {size}) is too small. Calculated output W: {padded}")));
            }
            PadMode::Reflect | PadMode::Replicate if size == 0 && padded > 0 => {
                return Err(Error::mismatch(format!(
                    "Expected 2D or 3D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: {:?}",
                    x.shape
                )));
            }
            PadMode::Reflect if before >= size.max(1) || after >= size.max(1) => {
                return Err(Error::mismatch(format!(
                    "Argument #{}: Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) at \
                     dimension {dim} of input {:?}",
                    2 + 2 * (x.shape.len() - dim),
                    x.shape
                )));
            }
            PadMode::Circular if before > size || after > size => {
                return Err(Error::mismatch("Padding value causes wrapping around more than once."));
            }
            PadMode::Circular if size + before.min(0) + after.min(0) < 0 => {
                return Err(Error::mismatch("Negative padding value is resulting in an empty dimension"));
            }
            _ => {}
        }
        if padded < 0 && size + before.min(after) < 0 {
            return Err(Error::mismatch("narrow(): length must be non-negative."));
        }
        if padded < 0 {
            return Err(Error::mismatch(format!(
                "The input size {size}, plus negative padding {before} and {after} resulted in a negative output size, which is invalid. \
                 Check dimension {dim} of your input."
            )));
        }
        shape.push(super::operand::size(padded));
    }
    Ok(like(x, shape))
}
