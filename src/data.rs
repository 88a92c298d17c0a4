//! A tensor's values in host memory: dtype, shape and contiguous little-endian bytes, what crosses every border.

use crate::dtype::DType;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A contiguous tensor on the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorData {
    /// The element type of `bytes`.
    pub dtype: DType,
    /// Sizes, outermost first; empty for 0-d.
    pub shape: Vec<usize>,
    /// `numel × dtype.size()` bytes, row-major, little-endian.
    pub bytes: Vec<u8>,
}

/// Elements of a shape, or `None` where the product overflows.
pub fn numel(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))
}

impl TensorData {
    /// Checks that the bytes are as many as dtype and shape say.
    pub fn new(dtype: DType, shape: Vec<usize>, bytes: Vec<u8>) -> Result<Self> {
        let want = numel(&shape).and_then(|n| n.checked_mul(dtype.size()));
        if want != Some(bytes.len()) {
            return Err(Error::mismatch(format!(
                "shape {shape:?} of torch.{} needs {} bytes, got {}",
                dtype.name(),
                want.map_or_else(|| "too many".to_owned(), |n| n.to_string()),
                bytes.len()
            )));
        }
        Ok(Self { dtype, shape, bytes })
    }

    /// `torch.view_as_real`: complex elements as pairs, in a last dim of two places. What is real stays as it is.
    #[must_use]
    pub fn view_as_real(mut self) -> Self {
        if let Some(part) = self.dtype.real_part() {
            self.dtype = part;
            self.shape.push(2);
        }
        self
    }

    /// `torch.view_as_complex`: pairs as complex elements. What is no pair of complex parts stays as it is.
    #[must_use]
    pub fn view_as_complex(mut self) -> Self {
        if let (Some(whole), Some(2)) = (self.dtype.complex(), self.shape.last()) {
            self.dtype = whole;
            self.shape.pop();
        }
        self
    }

    /// Elements.
    pub fn numel(&self) -> usize {
        self.bytes.len() / self.dtype.size()
    }
}
