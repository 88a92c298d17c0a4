//! Resampling of images: `F.interpolate` and `F.grid_sample`.

use super::super::Info;
use super::super::op::InterpolateMode;
use super::operand::{exactly, float, like, number};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// `F.interpolate` to a size.
pub fn interpolate(
    mode: InterpolateMode,
    sizes: &[usize],
    align_corners: bool,
    scales: Option<&[f64]>,
    x: &Info,
) -> Result<Info> {
    let Some((outer, image)) = x.shape.split_at_checked(2).filter(|(_, image)| (1..=3).contains(&image.len())) else {
        return Err(Error::mismatch(format!(
            "Input Error: Only 3D, 4D and 5D input Tensors supported (got {}D) for the modes: nearest | linear | bilinear | bicubic | \
             trilinear | lanczos | area | nearest-exact (got {})",
            x.shape.len(),
            mode_name(mode, x.shape.len().saturating_sub(2))
        )));
    };
    if sizes.len() != image.len() || scales.is_some_and(|s| s.len() != image.len()) {
        return Err(Error::mismatch(format!(
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of {image:?} and output \
             size of {sizes:?}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
        )));
    }
    if mode == InterpolateMode::Bicubic && image.len() != 2 {
        return Err(Error::mismatch(format!("Got {}D input, but bicubic mode needs 4D input", x.shape.len())));
    }
    if align_corners && matches!(mode, InterpolateMode::Nearest | InterpolateMode::NearestExact) {
        return Err(Error::mismatch(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
        ));
    }
    if image.iter().chain(sizes).any(|n| *n == 0) {
        let names: &[&str] = match image.len() {
            1 => &["W"],
            2 => &["H", "W"],
            _ => &["D", "H", "W"],
        };
        let told =
            |list: &[usize]| names.iter().zip(list).map(|(n, s)| format!("{n}: {s}")).collect::<Vec<_>>().join(", ");
        return Err(Error::mismatch(format!(
            "Input and output sizes should be greater than 0, but got input ({}){} output ({})",
            told(image),
            if image.len() == 1 { " and" } else { "" },
            told(sizes)
        )));
    }
    let kernel = match (mode, image.len()) {
        (InterpolateMode::Nearest | InterpolateMode::NearestExact, 2) => "upsample_nearest2d_channels_last",
        (InterpolateMode::Nearest | InterpolateMode::NearestExact, _) => "compute_indices_weights_nearest",
        (InterpolateMode::Linear, 2) => "upsample_bilinear2d_channels_last",
        (InterpolateMode::Linear, _) => "compute_indices_weights_linear",
        (InterpolateMode::Bicubic, _) => "compute_indices_weights_cubic",
    };
    number(kernel, x)?;
    if x.dtype != DType::UInt8 || (mode == InterpolateMode::Linear && image.len() != 2) {
        float(kernel, x)?;
    }
    Ok(like(x, outer.iter().chain(sizes).copied().collect()))
}

fn mode_name(mode: InterpolateMode, spatial: usize) -> &'static str {
    match (mode, spatial) {
        (InterpolateMode::Nearest, _) => "nearest",
        (InterpolateMode::NearestExact, _) => "nearest-exact",
        (InterpolateMode::Linear, 2) => "bilinear",
        (InterpolateMode::Linear, 3) => "trilinear",
        (InterpolateMode::Linear, _) => "linear",
        (InterpolateMode::Bicubic, _) => "bicubic",
    }
}

/// `F.grid_sample` of images or volumes.
pub fn grid_sample(inputs: &[&Info]) -> Result<Info> {
    let [x, grid] = exactly(inputs)?;
    let told = || format!("but got input with sizes {:?} and grid with sizes {:?}", x.shape, grid.shape);
    if x.dtype != grid.dtype {
        return Err(Error::mismatch(format!(
            "expected scalar type {} but found {}",
            x.dtype.scalar_type(),
            grid.dtype.scalar_type()
        )));
    }
    let rank = if x.shape.len() == 4 { 4 } else { 5 };
    let [batch, channels, image @ ..] = x.shape.as_slice() else {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, {}",
            told()
        )));
    };
    let [grids, places @ .., coordinates] = grid.shape.as_slice() else {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, {}",
            told()
        )));
    };
    if x.shape.len() != rank || grid.shape.len() != rank {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected {rank}D input and grid with same number of dimensions, {}",
            told()
        )));
    }
    if batch != grids {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected grid and input to have same batch size, {}",
            told()
        )));
    }
    if *coordinates != image.len() {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected grid to have size {} in last dimension, but got grid with sizes {:?}",
            image.len(),
            grid.shape
        )));
    }
    if let Some(at) = image.iter().position(|n| *n == 0) {
        return Err(Error::mismatch(format!(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {:?} with dimension {} being empty",
            x.shape,
            at + 2
        )));
    }
    if !x.dtype.is_float() {
        return Err(Error::mismatch(format!("\"grid_sampler\" not implemented for '{}'", x.dtype.scalar_type())));
    }
    Ok(like(x, [*batch, *channels].iter().chain(places).copied().collect()))
}
