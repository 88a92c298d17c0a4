//! New values of tensors as new bytes of their storage: each element goes to the place that offset and strides give it.
//!
//! An element that two tensors share, or that one shows more than once, can take one value only.

use super::Changes;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::read::{MAX_TENSOR, apply_views, swap};
use crate::checkpoint::storage::Storage;
use crate::checkpoint::tensor::{Offsets, Tensor, TensorId};
use crate::data::TensorData;
use crate::error::{Error, Result};
use std::ops::Range;

/// New bytes of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// the first one's place in the storage
    pub at: u64,
    /// the bytes
    pub bytes: Vec<u8>,
}

impl Patch {
    /// One past the last byte.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.bytes.len() as u64)
    }

    /// Replaces what it covers of a window that begins at `start` of the storage.
    pub fn lay_over(&self, start: u64, window: &mut [u8]) {
        let end = start.saturating_add(window.len() as u64).min(self.end());
        let from = start.max(self.at);
        let cut = |origin: u64| {
            let place = |at: u64| usize::try_from(at.checked_sub(origin)?).ok();
            Some(place(from)?..place(end)?)
        };
        if let (true, Some(ours), Some(theirs)) = (from < end, cut(self.at), cut(start))
            && let (Some(new), Some(old)) = (self.bytes.get(ours), window.get_mut(theirs))
        {
            old.copy_from_slice(new);
        }
    }
}

impl Checkpoint {
    /// The new bytes of a storage, in order and apart from each other.
    pub(super) async fn patches(
        &self,
        storage: &Storage,
        ids: &[TensorId],
        changes: &dyn Changes,
    ) -> Result<Vec<Patch>> {
        let mut spans = Vec::new();
        for &id in ids {
            let tensor = self.tensor(id)?;
            if tensor.numel() != Some(0) {
                spans.push((span(tensor), id));
            }
        }
        spans.sort_by_key(|(span, id)| (span.start, *id));
        // Tensors whose spans overlap are written together.
        let mut groups: Vec<(Range<u64>, Vec<TensorId>)> = Vec::new();
        for (span, id) in spans {
            match groups.last_mut() {
                Some((range, ids)) if span.start < range.end => {
                    range.end = range.end.max(span.end);
                    ids.push(id);
                }
                _ => groups.push((span, vec![id])),
            }
        }
        let mut patches = Vec::new();
        for (range, ids) in groups {
            let bytes = self.group(storage, range.clone(), &ids, changes).await?;
            patches.push(Patch { at: range.start, bytes });
        }
        Ok(patches)
    }

    async fn group(
        &self,
        storage: &Storage,
        range: Range<u64>,
        ids: &[TensorId],
        changes: &dyn Changes,
    ) -> Result<Vec<u8>> {
        if let [id] = ids
            && self.tensor(*id)?.is_contiguous()
        {
            return self.prepared(storage, *id, changes).await;
        }
        let len = range.end - range.start;
        if len > MAX_TENSOR {
            return Err(Error::too_large("the part of a storage that changes", format!("{len} bytes"), MAX_TENSOR));
        }
        let mut bytes = Vec::new();
        let mut collect = |window: &[u8]| {
            bytes.extend_from_slice(window);
            Ok(())
        };
        storage.read_range(&*self.source, range.clone(), &mut collect).await?;
        let mut written = vec![false; bytes.len()];
        for &id in ids {
            let values = self.prepared(storage, id, changes).await?;
            let tensor = self.tensor(id)?;
            let from = span(tensor).start - range.start;
            scatter(tensor, &values, from, &mut bytes, &mut written)?;
        }
        Ok(bytes)
    }

    /// A tensor's new values as the file keeps them: its dtype, its byte order, and before its lazy views.
    async fn prepared(&self, storage: &Storage, id: TensorId, changes: &dyn Changes) -> Result<Vec<u8>> {
        let tensor = self.tensor(id)?;
        let values = changes.values(id).await?;
        let shape: Vec<u64> = values.shape.iter().map(|&d| d as u64).collect();
        if shape != tensor.shape {
            return Err(Error::mismatch(format!(
                "size mismatch for tensor {}: the new values have shape {shape:?}, the file's {:?}",
                id.0, tensor.shape
            )));
        }
        let mut values = if values.dtype == tensor.dtype { values.into_owned() } else { values.to(tensor.dtype)? };
        if tensor.neg || tensor.conj {
            apply_views(&mut values, tensor.neg, tensor.conj);
        }
        if storage.swapped {
            swap(&mut values);
        }
        // Again, for who filled the public fields without it.
        TensorData::new(values.dtype, values.shape, values.bytes).map(|values| values.bytes)
    }
}

/// The bytes of its storage between a tensor's first and last element.
fn span(tensor: &Tensor) -> Range<u64> {
    let size = tensor.dtype.size() as u64;
    let start = tensor.storage_offset.saturating_mul(size);
    start..tensor.end().map_or(start, |end| end.saturating_mul(size))
}

/// Puts elements in row-major order at the places of a view that begins at `from`.
fn scatter(tensor: &Tensor, values: &[u8], from: u64, bytes: &mut [u8], written: &mut [bool]) -> Result<()> {
    let size = tensor.dtype.size();
    for (offset, value) in Offsets::new(tensor).zip(values.chunks_exact(size)) {
        let at = offset.checked_mul(size as u64).and_then(|o| usize::try_from(o.checked_add(from)?).ok());
        let place = at.and_then(|at| Some(at..at.checked_add(size)?));
        let target = place.clone().and_then(|place| bytes.get_mut(place));
        let flags = place.and_then(|place| written.get_mut(place));
        let (Some(target), Some(flags)) = (target, flags) else {
            return Err(Error::malformed("a stride leads outside the storage"));
        };
        if target != value && flags.iter().any(|f| *f) {
            return Err(Error::mismatch(
                "more than one element of the written-to tensors refers to a single memory location, and their new values differ",
            )
            .code("shared_memory")
            .hint("give tensors that share memory the same values, or save a fresh file, where each has its own"));
        }
        target.copy_from_slice(value);
        flags.fill(true);
    }
    Ok(())
}
