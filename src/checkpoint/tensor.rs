//! Strided tensors, as torch's rebuild functions describe them, each proven to lie inside its storage.
//!
//! Quantised, sparse and nested tensors, tensor subclasses without data and `meta` tensors are listed, and named as not loadable.

use super::storage::StorageId;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Dims of a tensor; torch itself stops at 64.
pub const MAX_DIMS: usize = 64;

/// A tensor object of the file: equal ids are the same Python object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub u32);

/// How a tensor's elements are laid out, in torch's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `torch.strided`
    Strided,
    /// `torch.sparse_coo`, `torch.sparse_csr`, ...
    Sparse(&'static str),
}

impl Layout {
    /// `torch.strided`, `torch.sparse_coo`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Strided => "torch.strided",
            Self::Sparse(name) => name,
        }
    }
}

/// One place of `tensor[...]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `i`: the dim goes; negative ones count from the end
    At(i64),
    /// `start:stop`: clamped, as Python's slices are
    Slice(i64, i64),
}

/// A view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// `Parameter` rather than `Tensor`
    pub parameter: bool,
    /// element type
    pub dtype: DType,
    /// sizes, outermost first
    pub shape: Vec<u64>,
    /// elements from one index to the next, for each dim
    pub stride: Vec<u64>,
    /// the first element's place in the storage, in elements
    pub storage_offset: u64,
    /// `None` where there are no bytes
    pub storage: Option<StorageId>,
    /// `requires_grad`
    pub requires_grad: bool,
    /// strided or sparse
    pub layout: Layout,
    /// where torch would put it: `cpu`, `cuda:0`, ...
    pub device: String,
    /// the conjugate of what is stored
    pub conj: bool,
    /// the negative of what is stored
    pub neg: bool,
    /// why its values cannot be had here, in torch's words
    pub unloadable: Option<String>,
}

impl Tensor {
    /// The sizes of `torch.view_as_real(tensor)`, pairs in a last dim, for a complex tensor; of a real one its own.
    pub fn real_shape(&self) -> Vec<u64> {
        let pair = self.dtype.real_part().map(|_| 2);
        self.shape.iter().copied().chain(pair).collect()
    }

    /// Elements, or `None` where the product overflows.
    pub fn numel(&self) -> Option<u64> {
        self.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d))
    }

    /// Bytes of all elements, as `tensor.nbytes`; `None` where the product overflows.
    pub fn nbytes(&self) -> Option<u64> {
        self.numel()?.checked_mul(self.dtype.size() as u64)
    }

    /// Row-major without gaps, as `is_contiguous()`.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1u64;
        for (&size, &stride) in self.shape.iter().zip(&self.stride).rev() {
            if size != 1 && stride != expected {
                return self.numel() == Some(0);
            }
            expected = expected.saturating_mul(size);
        }
        true
    }

    /// One past the last element of the storage that the tensor touches, or `None` on overflow.
    pub fn end(&self) -> Option<u64> {
        if self.shape.contains(&0) {
            return Some(self.storage_offset);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.stride)
            .try_fold(self.storage_offset, |at, (&size, &stride)| at.checked_add((size - 1).checked_mul(stride)?));
        last?.checked_add(1)
    }

    /// The view that basic indexing gives: one index a dim from the first on, all of the rest.
    ///
    /// # Errors
    /// torch's `IndexError`s, as Mismatch `index`.
    pub fn indexed(&self, indices: &[Index]) -> Result<Self> {
        let wrong = |text: String| Error::mismatch(text).code("index");
        if indices.len() > self.shape.len() {
            return Err(wrong(format!("too many indices for tensor of dimension {}", self.shape.len())));
        }
        let mut part = Self { shape: Vec::new(), stride: Vec::new(), ..self.clone() };
        for (dim, (&size, &stride)) in self.shape.iter().zip(&self.stride).enumerate() {
            let start = match indices.get(dim).copied() {
                None => {
                    part.shape.push(size);
                    part.stride.push(stride);
                    continue;
                }
                Some(Index::At(at)) => from_end(at, size).filter(|at| *at < size).ok_or_else(|| {
                    wrong(format!("index {at} is out of bounds for dimension {dim} with size {size}"))
                })?,
                Some(Index::Slice(start, stop)) => {
                    let clamped = |at: i64| from_end(at, size).unwrap_or(0).min(size);
                    let (start, stop) = (clamped(start), clamped(stop));
                    part.shape.push(stop.saturating_sub(start));
                    part.stride.push(stride);
                    start
                }
            };
            part.storage_offset = part.storage_offset.saturating_add(start.saturating_mul(stride));
        }
        if part.shape.contains(&0) {
            part.storage_offset = self.storage_offset;
        }
        Ok(part)
    }

    /// Proves that every element lies in a storage of `nbytes`.
    pub fn check(&self, nbytes: u64) -> Result<()> {
        if self.shape.len() != self.stride.len() {
            return Err(Error::malformed(format!("{} sizes and {} strides", self.shape.len(), self.stride.len())));
        }
        if self.shape.len() > MAX_DIMS {
            return Err(Error::too_large("the number of dims", self.shape.len(), MAX_DIMS));
        }
        let end = self.end().and_then(|e| e.checked_mul(self.dtype.size() as u64));
        if self.numel().is_none() || end.is_none_or(|e| e > nbytes) {
            return Err(Error::malformed(format!(
                "setStorage: sizes {:?}, strides {:?}, storage offset {} and itemsize {} require more than the storage's {nbytes} bytes",
                self.shape,
                self.stride,
                self.storage_offset,
                self.dtype.size()
            )));
        }
        Ok(())
    }
}

/// An index that may count from the end, as a place; none before the first.
fn from_end(at: i64, size: u64) -> Option<u64> {
    let away = at.unsigned_abs();
    if at < 0 { size.checked_sub(away) } else { Some(away) }
}

/// Walks the elements of a strided view in row-major order: places in elements from the view's first one.
pub struct Offsets<'a> {
    tensor: &'a Tensor,
    index: Vec<u64>,
    at: u64,
    left: u64,
}

impl<'a> Offsets<'a> {
    /// From the first element.
    pub fn new(tensor: &'a Tensor) -> Self {
        Self { tensor, index: vec![0; tensor.shape.len()], at: 0, left: tensor.numel().unwrap_or(0) }
    }

    /// From element number `first` in row-major order.
    pub fn starting_at(tensor: &'a Tensor, first: u64) -> Self {
        let mut index = vec![0; tensor.shape.len()];
        let (mut rest, mut at) = (first, 0u64);
        for ((&size, &stride), index) in tensor.shape.iter().zip(&tensor.stride).zip(&mut index).rev() {
            *index = rest.checked_rem(size).unwrap_or(0);
            rest = rest.checked_div(size).unwrap_or(0);
            at = at.wrapping_add(stride.wrapping_mul(*index));
        }
        Self { tensor, index, at, left: tensor.numel().unwrap_or(0).saturating_sub(first) }
    }
}

impl Iterator for Offsets<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let here = self.at;
        let dims = self.tensor.shape.iter().zip(&self.tensor.stride).zip(&mut self.index).rev();
        for ((&size, &stride), index) in dims {
            *index += 1;
            if *index < size {
                self.at = self.at.wrapping_add(stride);
                break;
            }
            self.at = self.at.wrapping_sub(stride.wrapping_mul(size - 1));
            *index = 0;
        }
        Some(here)
    }
}

/// Puts the elements of a view, whose storage bytes from its first element on are `bytes`, in row-major order.
pub fn gather(tensor: &Tensor, bytes: &[u8]) -> Result<TensorData> {
    let size = tensor.dtype.size();
    let shape: Option<Vec<usize>> = tensor.shape.iter().map(|&d| usize::try_from(d).ok()).collect();
    let shape = shape.ok_or_else(|| Error::too_large("a dim", format!("{:?}", tensor.shape), usize::MAX))?;
    if tensor.is_contiguous() {
        return TensorData::new(tensor.dtype, shape, bytes.to_vec());
    }
    let mut out = Vec::with_capacity(bytes.len());
    for offset in Offsets::new(tensor) {
        let at = usize::try_from(offset).ok().and_then(|o| o.checked_mul(size));
        let element = at.and_then(|at| bytes.get(at..at.checked_add(size)?));
        out.extend_from_slice(element.ok_or_else(|| Error::malformed("a stride leads outside the storage"))?);
    }
    TensorData::new(tensor.dtype, shape, out)
}
