//! Sliding windows as data: `Tensor.unfold`, `F.unfold` (im2col) and `F.fold` (col2im).

use super::super::Info;
use super::operand::{attributes, dim_of, elements, joined, like, size, size_at, with_size};
use crate::error::{Error, Result};

/// `Tensor.unfold`: the windows become a new last dim.
pub fn unfold_dim(dim: usize, window: usize, step: usize, x: &Info) -> Result<Info> {
    dim_of(dim, x)?;
    let have = size_at(&x.shape, dim);
    if window > have {
        return Err(Error::mismatch(format!(
            "maximum size for tensor at dimension {dim} is {have} but size is {window}"
        )));
    }
    if step == 0 {
        return Err(Error::mismatch("step is 0 but must be > 0"));
    }
    let mut shape = with_size(&x.shape, dim, (have - window) / step + 1);
    shape.push(window);
    Ok(like(x, shape))
}

/// How blocks lie in an image.
pub struct Blocks<'a> {
    /// of one block
    pub kernel_size: &'a [usize],
    /// between a block's elements
    pub dilation: &'a [usize],
    /// zeros on both sides
    pub padding: &'a [usize],
    /// between blocks
    pub stride: &'a [usize],
}

impl Blocks<'_> {
    fn check(&self) -> Result<()> {
        attributes(
            2,
            &[
                ("kernel_size", self.kernel_size),
                ("dilation", self.dilation),
                ("padding", self.padding),
                ("stride", self.stride),
            ],
        )?;
        for (name, list) in [("kernel size", self.kernel_size), ("stride", self.stride), ("dilation", self.dilation)] {
            if let [h, w] = list
                && (*h == 0 || *w == 0)
            {
                let (height, width) = match name {
                    "kernel size" => ("kernel_height", "kernel_width"),
                    "stride" => ("stride_height", "stride_width"),
                    _ => ("dilation_height", "dilation_width"),
                };
                return Err(Error::mismatch(format!(
                    "{name} should be greater than zero, but got {height}: {h} {width}: {w}"
                )));
            }
        }
        Ok(())
    }

    /// Blocks along both dims; zero or less where none fits.
    fn along(&self, image: &[usize]) -> Vec<i64> {
        let geometry = self.kernel_size.iter().zip(self.dilation).zip(self.padding).zip(self.stride);
        image
            .iter()
            .zip(geometry)
            .map(|(have, (((kernel, dilation), padding), stride))| {
                let span = *have as i64 + 2 * *padding as i64 - *dilation as i64 * (*kernel as i64 - 1) - 1;
                span.div_euclid((*stride).max(1) as i64) + 1
            })
            .collect()
    }

    fn described(&self) -> String {
        format!(
            "kernel_size=({}), dilation=({}), padding=({})",
            joined(self.kernel_size, ", "),
            joined(self.dilation, ", "),
            joined(self.padding, ", ")
        )
    }
}

/// `F.unfold`.
pub fn im2col(blocks: &Blocks<'_>, x: &Info) -> Result<Info> {
    blocks.check()?;
    let (batch, channels, image) = match x.shape.as_slice() {
        [n, c, image @ ..] if image.len() == 2 && !x.shape.iter().skip(1).any(|s| *s == 0) => (*n, *c, image),
        shape => {
            return Err(Error::mismatch(format!(
                "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: {shape:?}"
            )));
        }
    };
    let along = blocks.along(image);
    if along.iter().any(|n| *n < 1) {
        let calculated = along.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::mismatch(format!(
            "Given input with spatial size ({}), {}, calculated shape of the array of sliding blocks as ({calculated}), but its components must \
             be at least one.",
            joined(image, ", "),
            blocks.described()
        )));
    }
    let count = along.into_iter().map(size).fold(1usize, usize::saturating_mul);
    let rows = blocks.kernel_size.iter().fold(channels, |n, k| n.saturating_mul(*k));
    Ok(like(x, vec![batch, rows, count]))
}

/// `F.fold`.
pub fn col2im(output_size: &[usize], blocks: &Blocks<'_>, x: &Info) -> Result<Info> {
    blocks.check()?;
    attributes(2, &[("output_size", output_size)])?;
    let [batch, rows, columns] = *x.shape else {
        return Err(Error::mismatch(format!(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: {:?}",
            x.shape
        )));
    };
    let kernel = blocks.kernel_size.iter().fold(1usize, |n, k| n.saturating_mul(*k));
    if kernel == 0 || !rows.is_multiple_of(kernel) {
        return Err(Error::mismatch(format!(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)={rows} and \
             kernel_size=({}).",
            joined(blocks.kernel_size, ", ")
        )));
    }
    let along = blocks.along(output_size);
    let count = along.iter().fold(1i64, |n, b| n.saturating_mul(*b));
    let geometry = || {
        format!(
            "Given output_size=({}), {}, stride=({})",
            joined(output_size, ", "),
            blocks.described(),
            joined(blocks.stride, ", ")
        )
    };
    let calculated = |separator| along.iter().map(i64::to_string).collect::<Vec<_>>().join(separator);
    if columns as i64 != count {
        return Err(Error::mismatch(format!(
            "{}, expected size of input's dimension 2 to match the calculated number of sliding blocks {} = {count}, but got \
             input.size(2)={columns}.",
            geometry(),
            calculated(" * ")
        )));
    }
    if along.iter().any(|n| *n < 1) || elements(output_size) == 0 {
        return Err(Error::mismatch(format!(
            "{}, calculated shape of the array of sliding blocks as ({}), which is too small (non-positive)",
            geometry(),
            calculated(", ")
        )));
    }
    Ok(like(x, [batch, rows / kernel].iter().chain(output_size).copied().collect()))
}
