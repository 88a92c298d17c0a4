//! Values of tensors: whole, contiguous, little-endian; in bounded windows from the file.

use super::Checkpoint;
use super::numbers::unit;
use super::tensor::{TensorId, gather};
use crate::data::TensorData;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// The largest tensor that is read whole: 1 GiB.
pub const MAX_TENSOR: u64 = 1 << 30;

impl Checkpoint {
    /// A tensor's values. Unsupported for quantised, sparse and meta tensors; TooLarge above [`MAX_TENSOR`].
    pub async fn read(&self, id: TensorId) -> Result<TensorData> {
        self.read_telling(id, &mut |_| Ok(())).await
    }

    /// The same; `more` hears of every further byte, and may stop it.
    pub async fn read_telling(&self, id: TensorId, more: &mut dyn FnMut(u64) -> Result<()>) -> Result<TensorData> {
        let tensor = self.tensor(id)?;
        let storage = self.loadable(tensor)?;
        let size = tensor.dtype.size() as u64;
        let bytes = tensor.nbytes().unwrap_or(u64::MAX);
        // A strided view may span more of its storage than it has elements; an expanded one has more elements than bytes.
        let start = tensor.storage_offset.saturating_mul(size);
        let end = tensor.end().map_or(u64::MAX, |e| e.saturating_mul(size));
        let largest = bytes.max(end.saturating_sub(start));
        if largest > MAX_TENSOR {
            return Err(Error::too_large("the tensor", format!("{largest} bytes"), MAX_TENSOR));
        }
        let mut raw = Vec::new();
        self.read_storage(storage, start.min(end)..end, &mut |window| {
            raw.extend_from_slice(window);
            more(window.len() as u64)
        })
        .await?;
        let mut data = gather(tensor, &raw)?;
        if storage.swapped {
            swap(&mut data);
        }
        if tensor.neg || tensor.conj {
            apply_views(&mut data, tensor.neg, tensor.conj);
        }
        Ok(data)
    }
}

/// Reverses the bytes of every number.
pub(super) fn swap(data: &mut TensorData) {
    swap_bytes(&mut data.bytes, data.dtype);
}

/// The same of elements without a shape.
pub(super) fn swap_bytes(bytes: &mut [u8], dtype: DType) {
    for number in bytes.chunks_exact_mut(unit(dtype)) {
        number.reverse();
    }
}

/// torch's lazy views: `neg` flips the sign of every number, `conj` that of the imaginary parts. In IEEE formats that is the top bit.
pub(super) fn apply_views(data: &mut TensorData, neg: bool, conj: bool) {
    apply_to_bytes(&mut data.bytes, data.dtype, neg, conj);
}

/// The same of elements without a shape.
pub(super) fn apply_to_bytes(bytes: &mut [u8], dtype: DType, neg: bool, conj: bool) {
    for (index, number) in bytes.chunks_exact_mut(unit(dtype)).enumerate() {
        let imaginary = dtype.category() == Category::Complex && index % 2 == 1;
        if neg != (conj && imaginary)
            && let Some(top) = number.last_mut()
        {
            *top ^= 0x80;
        }
    }
}
