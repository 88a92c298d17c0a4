//! torch's storages: runs of bytes that tensors are views of, and where in the file each stands.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::source::{ByteSource, MAX_WINDOW};
use crate::zip::directory::Entry;
use indexmap::IndexMap;
use std::ops::Range;
use std::rc::Rc;

/// A storage of the file, numbered in the order in which the pickle names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageId(pub u32);

/// Where a storage's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// a record of the zip archive
    Record(Entry),
    /// a range of the file
    Range(Range<u64>),
    /// bytes that the pickle holds
    Memory(Rc<[u8]>),
    /// not found yet: legacy files tell after the object pickle
    Unknown,
    /// `torch.device('meta')`: there are none
    Meta,
}

/// A run of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// the name in the file
    pub key: String,
    /// element type of a typed storage; `None` for UntypedStorage
    pub dtype: Option<DType>,
    /// `cpu`, `cuda:0`, ...
    pub location: String,
    /// bytes
    pub nbytes: u64,
    /// where they are
    pub place: Place,
    /// the file was written on a machine of the other byte order
    pub swapped: bool,
}

/// All storages, by key.
pub type Storages = IndexMap<String, Storage>;

/// The dtype of a storage class: `FloatStorage` is float32, `UntypedStorage` none; the outer `None` is a class that torch does not have.
pub fn class_dtype(class: &str) -> Option<Option<DType>> {
    Some(Some(match class.strip_suffix("Storage")? {
        "Double" => DType::Float64,
        "Float" => DType::Float32,
        "Half" => DType::Float16,
        "BFloat16" => DType::BFloat16,
        "Long" => DType::Int64,
        "Int" => DType::Int32,
        "Short" => DType::Int16,
        "Char" => DType::Int8,
        "Byte" => DType::UInt8,
        "Bool" => DType::Bool,
        "ComplexDouble" => DType::Complex128,
        "ComplexFloat" => DType::Complex64,
        "QInt8" => DType::QInt8,
        "QUInt8" => DType::QUInt8,
        "QInt32" => DType::QInt32,
        "QUInt4x2" => DType::QUInt4x2,
        "QUInt2x4" => DType::QUInt2x4,
        "Untyped" => return Some(None),
        _ => return None,
    }))
}

impl Storage {
    /// Passes on the bytes of a range, in windows.
    pub async fn read_range(
        &self,
        source: &dyn ByteSource,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let broken = |what: &str| Error::malformed(what).at(format!("storage {}", self.key));
        if range.start > range.end || range.end > self.nbytes {
            return Err(broken("a range outside the storage"));
        }
        match &self.place {
            Place::Record(entry) => entry.read_range(source, range, each).await,
            Place::Range(place) => {
                let mut at = place.start + range.start;
                let end = place.start + range.end;
                while at < end {
                    let next = end.min(at + (MAX_WINDOW >> 6));
                    each(&source.read(at..next).await?)?;
                    at = next;
                }
                Ok(())
            }
            Place::Memory(bytes) => {
                let ends = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                each(ends.and_then(|(start, end)| bytes.get(start..end)).ok_or_else(|| broken("a range outside it"))?)
            }
            Place::Unknown => Err(broken("the file does not hold this storage's bytes")),
            Place::Meta => Err(Error::unsupported("a tensor on torch.device('meta') has no data")),
        }
    }
}
