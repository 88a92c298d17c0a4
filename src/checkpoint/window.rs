//! Parts of a tensor: a range of its elements, or all of them in a stream, without the tensor ever being in memory.
//!
//! A stream may reorder: dims are taken by falling stride, so that a transposed or sliced view is one walk through its storage.

use super::Checkpoint;
use super::read::{apply_to_bytes, swap_bytes};
use super::storage::{Place, Storage};
use super::tensor::{Index, Offsets, Tensor, TensorId};
use crate::data::TensorData;
use crate::error::{Error, Result, Warning};
use crate::source::MAX_WINDOW;
use std::ops::Range;

/// Bytes of the storage that are looked at together.
const BLOCK: u64 = 16 << 20;
/// Elements that overlapping views are read in.
const CHUNK: u64 = 1 << 20;
/// Elements of a view whose elements overlap (`unfold`): they can be far more than the file has bytes.
const MAX_OVERLAPPING: u64 = 1 << 31;

impl Checkpoint {
    /// The tensor's storage; Unsupported when the tensor has no values here.
    pub(super) fn loadable(&self, tensor: &Tensor) -> Result<&Storage> {
        if let Some(why) = &tensor.unloadable {
            return Err(Error::unsupported(format!("{why} has no values that can be read here")));
        }
        self.storage(tensor.storage.ok_or_else(|| Error::unsupported("a tensor without a storage"))?)
    }

    /// Passes on a range of a storage. When it is the whole record of a zip archive, its checksum is compared: a difference becomes a
    /// warning ([`Checkpoint::read_warnings`]), since torch itself never looks.
    pub(super) async fn read_storage(
        &self,
        storage: &Storage,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let crc = match &storage.place {
            Place::Record(entry) if entry.crc32 != 0 && range == (0..storage.nbytes) => Some(entry.crc32),
            _ => None,
        };
        let mut hasher = crc32fast::Hasher::new();
        let mut hashed = |bytes: &[u8]| {
            if crc.is_some() {
                hasher.update(bytes);
            }
            each(bytes)
        };
        storage.read_range(&*self.source, range, &mut hashed).await?;
        if crc.is_some_and(|c| c != hasher.finalize()) {
            let text = "the record's checksum does not fit its bytes: the file is damaged or was edited";
            let warning = Warning::new("crc_mismatch", text).at(format!("data/{}", storage.key));
            let mut found = self.read_warnings.borrow_mut();
            if !found.contains(&warning) {
                found.push(warning);
            }
        }
        Ok(())
    }

    /// What was odd in the storages that were read whole so far.
    pub fn read_warnings(&self) -> Vec<Warning> {
        self.read_warnings.borrow().clone()
    }

    /// Elements `range` of the tensor in row-major order, as a 1-d tensor; at most [`MAX_WINDOW`] bytes.
    pub async fn read_window(&self, id: TensorId, range: Range<u64>) -> Result<TensorData> {
        self.window_of(self.tensor(id)?, range).await
    }

    /// `tensor[indices]` without reading the rest; at most [`MAX_WINDOW`] bytes.
    ///
    /// # Errors
    /// Mismatch for too many indices and an index out of range, in torch's words; TooLarge for a part that is no window.
    pub async fn read_slice(&self, id: TensorId, indices: &[Index]) -> Result<TensorData> {
        let part = self.tensor(id)?.indexed(indices)?;
        let numel = part.numel().unwrap_or(u64::MAX);
        let shape = part.shape.iter().map(|&d| usize::try_from(d)).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| Error::too_large("a dim", format!("{:?}", part.shape), usize::MAX))?;
        let read = self.window_of(&part, 0..numel).await?;
        TensorData::new(read.dtype, shape, read.bytes)
    }

    async fn window_of(&self, tensor: &Tensor, range: Range<u64>) -> Result<TensorData> {
        let storage = self.loadable(tensor)?;
        let numel = tensor.numel().unwrap_or(0);
        if range.start > range.end || range.end > numel {
            return Err(Error::mismatch(format!("elements {range:?} of a tensor that has {numel}")));
        }
        let size = tensor.dtype.size() as u64;
        let count = range.end - range.start;
        let bytes = count.saturating_mul(size);
        if bytes > MAX_WINDOW {
            return Err(Error::too_large("the window of a tensor", format!("{bytes} bytes"), MAX_WINDOW));
        }
        let len = usize::try_from(bytes).map_err(|_| Error::too_large("the window", bytes, usize::MAX))?;
        let mut out = vec![0u8; len];
        if tensor.is_contiguous() {
            let start = tensor.storage_offset.saturating_add(range.start).saturating_mul(size);
            let mut at = 0;
            self.read_storage(storage, start..start.saturating_add(bytes), &mut |window| {
                let end = at + window.len();
                if let Some(place) = out.get_mut(at..end) {
                    place.copy_from_slice(window);
                }
                at = end;
                Ok(())
            })
            .await?;
        } else {
            self.gather_window(tensor, storage, &range, &mut out).await?;
        }
        finish(tensor, storage, &mut out);
        let shape = usize::try_from(count).map_err(|_| Error::too_large("the window", count, usize::MAX))?;
        TensorData::new(tensor.dtype, vec![shape], out)
    }

    /// Picks the elements out of blocks of the storage; a block that holds none is not read.
    async fn gather_window(
        &self,
        tensor: &Tensor,
        storage: &Storage,
        range: &Range<u64>,
        out: &mut [u8],
    ) -> Result<()> {
        let size = tensor.dtype.size();
        let wide = size as u64;
        let len = out.len();
        let places = || Offsets::starting_at(tensor, range.start).zip(out_places(len, size));
        let spans = places().map(|(offset, _)| tensor.storage_offset.saturating_add(offset).saturating_mul(wide));
        let Some((low, high)) = spans.fold(None, |span: Option<(u64, u64)>, at| {
            Some(span.map_or((at, at), |(low, high)| (low.min(at), high.max(at))))
        }) else {
            return Ok(());
        };
        let (mut block, end) = (low, high.saturating_add(wide));
        while block < end {
            let next = end.min(block.saturating_add(BLOCK / wide * wide));
            let inside = |offset: u64| {
                let at = tensor.storage_offset.saturating_add(offset).saturating_mul(wide);
                (at >= block && at < next).then(|| usize::try_from(at - block).unwrap_or(usize::MAX))
            };
            if places().any(|(offset, _)| inside(offset).is_some()) {
                let mut bytes = Vec::new();
                self.read_storage(storage, block..next, &mut |window| {
                    bytes.extend_from_slice(window);
                    Ok(())
                })
                .await?;
                for (offset, place) in places() {
                    let Some(at) = inside(offset) else { continue };
                    let element = bytes.get(at..at.saturating_add(size));
                    if let (Some(element), Some(place)) = (element, out.get_mut(place..place + size)) {
                        place.copy_from_slice(element);
                    }
                }
            }
            block = next;
        }
        Ok(())
    }

    /// Every element once, in whatever order is cheapest, as contiguous little-endian bytes. Elements that a stride of 0 repeats are passed
    /// on once: the number returned says how often each of them counts.
    pub async fn stream(&self, id: TensorId, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u64> {
        let tensor = self.tensor(id)?;
        let storage = self.loadable(tensor)?;
        let (sorted, times) = sorted(tensor);
        let numel = sorted.numel().unwrap_or(0);
        if numel == 0 {
            return Ok(times);
        }
        let size = tensor.dtype.size() as u64;
        let mut passed = |mut bytes: Vec<u8>| {
            finish(tensor, storage, &mut bytes);
            each(&bytes)
        };
        if rising(&sorted) {
            let start = sorted.storage_offset.saturating_mul(size);
            let end = sorted.end().unwrap_or(0).saturating_mul(size);
            let mut picker = Picker {
                offsets: Offsets::new(&sorted).peekable(),
                dense: sorted.is_contiguous(),
                rest: Vec::new(),
                base: 0,
                size: tensor.dtype.size(),
            };
            self.read_storage(storage, start..end, &mut |window| {
                let picked = picker.pick(window);
                if picked.is_empty() { Ok(()) } else { passed(picked) }
            })
            .await?;
            return Ok(times);
        }
        if numel > MAX_OVERLAPPING {
            return Err(Error::too_large("the number of overlapping elements", numel, MAX_OVERLAPPING));
        }
        let mut at = 0;
        while at < numel {
            let next = numel.min(at + CHUNK);
            let mut bytes = vec![0u8; usize::try_from((next - at).saturating_mul(size)).unwrap_or(0)];
            self.gather_window(&sorted, storage, &(at..next), &mut bytes).await?;
            passed(bytes)?;
            at = next;
        }
        Ok(times)
    }
}

fn out_places(len: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(size.max(1))
}

/// Byte order and lazy views, in place.
fn finish(tensor: &Tensor, storage: &Storage, bytes: &mut [u8]) {
    if storage.swapped {
        swap_bytes(bytes, tensor.dtype);
    }
    if tensor.neg || tensor.conj {
        apply_to_bytes(bytes, tensor.dtype, tensor.neg, tensor.conj);
    }
}

/// The same elements with dims by falling stride; dims of one element and repeated ones (stride 0) left out, with their number.
fn sorted(tensor: &Tensor) -> (Tensor, u64) {
    let dims = tensor.shape.iter().copied().zip(tensor.stride.iter().copied());
    let times = dims.clone().filter(|(_, stride)| *stride == 0).fold(1u64, |n, (size, _)| n.saturating_mul(size));
    // An empty tensor stays empty, whatever its strides.
    let empty = tensor.shape.contains(&0);
    let mut kept: Vec<_> = dims.filter(|(size, stride)| empty || *size != 1 && *stride != 0).collect();
    kept.sort_by_key(|(_, stride)| std::cmp::Reverse(*stride));
    let (shape, stride) = kept.into_iter().unzip();
    (Tensor { shape, stride, ..tensor.clone() }, if empty { 0 } else { times })
}

/// True when the offsets of a sorted view only rise: each stride leads past all that the inner dims reach.
fn rising(sorted: &Tensor) -> bool {
    let mut reach = 0u64;
    sorted.shape.iter().zip(&sorted.stride).rev().all(|(&size, &stride)| {
        let past = stride > reach;
        reach = reach.saturating_add(stride.saturating_mul(size.saturating_sub(1)));
        past
    })
}

/// Takes elements at rising offsets out of the windows of a stream.
struct Picker<'a> {
    offsets: std::iter::Peekable<Offsets<'a>>,
    /// every byte belongs to an element
    dense: bool,
    /// the start of an element whose end is in the next window
    rest: Vec<u8>,
    /// where `rest` begins, in bytes from the view's first element
    base: u64,
    size: usize,
}

impl Picker<'_> {
    fn pick(&mut self, window: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(window);
        let whole = bytes.len() / self.size * self.size;
        self.rest = bytes.split_off(whole);
        let base = self.base;
        self.base += whole as u64;
        if self.dense {
            return bytes;
        }
        let mut picked = Vec::new();
        while let Some(&offset) = self.offsets.peek() {
            let at = offset.saturating_mul(self.size as u64).saturating_sub(base);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let Some(element) = at.checked_add(self.size).and_then(|end| bytes.get(at..end)) else { break };
            picked.extend_from_slice(element);
            self.offsets.next();
        }
        picked
    }
}
