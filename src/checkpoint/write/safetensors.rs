//! The safetensors container, with the bytes of `safetensors.torch.save_file`: a JSON header padded to eight bytes, then the tensors by
//! falling dtype and rising name.
//!
//! It has neither strides nor sharing: every tensor is written contiguous, and whole. Quantised tensors and complex128 have no name in it.

use super::Changes;
use super::draft::Later;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::storage::Place;
use crate::checkpoint::tensor::TensorId;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::source::Sink;
use crate::zip::directory::Method;
use serde_json::json;
use std::ops::Range;

/// The format's names of dtypes, in the order of its `Dtype`, by which tensors are sorted.
const DTYPES: &[(DType, &str)] = &[
    (DType::Bool, "BOOL"),
    (DType::Float4E2M1FNx2, "F4"),
    (DType::UInt8, "U8"),
    (DType::Int8, "I8"),
    (DType::Float8E5M2, "F8_E5M2"),
    (DType::Float8E4M3FN, "F8_E4M3"),
    (DType::Float8E8M0FNU, "F8_E8M0"),
    (DType::Float8E4M3FNUZ, "F8_E4M3FNUZ"),
    (DType::Float8E5M2FNUZ, "F8_E5M2FNUZ"),
    (DType::Int16, "I16"),
    (DType::UInt16, "U16"),
    (DType::Float16, "F16"),
    (DType::BFloat16, "BF16"),
    (DType::Int32, "I32"),
    (DType::UInt32, "U32"),
    (DType::Float32, "F32"),
    (DType::Complex64, "C64"),
    (DType::Float64, "F64"),
    (DType::Int64, "I64"),
    (DType::UInt64, "U64"),
];

/// Where a tensor's values come from.
pub enum Values<'a> {
    /// here they are
    Here(TensorData),
    /// asked for when they are written
    Later(Later<'a>),
    /// a tensor of the opened file
    File(TensorId),
}

/// One tensor of the file to be written.
pub struct Named<'a> {
    /// its key
    pub name: String,
    /// element type
    pub dtype: DType,
    /// sizes
    pub shape: Vec<u64>,
    /// its values
    pub values: Values<'a>,
}

struct Placed<'n, 'a> {
    tensor: &'n Named<'a>,
    nbytes: u64,
}

/// Writes tensors and metadata. `file` is the opened file whose tensors [`Values::File`] names, `changes` new values for them.
pub async fn write(
    tensors: &[Named<'_>],
    metadata: &[(&str, &str)],
    file: Option<&Checkpoint>,
    changes: Option<&dyn Changes>,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut sorted = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let rank = DTYPES.iter().position(|(dtype, _)| *dtype == tensor.dtype);
        let refused = || Error::unsupported(format!("torch.{} in safetensors", tensor.dtype.name())).at(&*tensor.name);
        sorted.push((rank.ok_or_else(refused)?, tensor));
    }
    sorted.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.name.cmp(&right.name)));
    if let Some(pair) = sorted.windows(2).find(|pair| matches!(pair, [(_, a), (_, b)] if a.name == b.name)) {
        let name = pair.first().map_or("", |(_, t)| &t.name);
        return Err(Error::mismatch("two tensors of one name").at(name));
    }
    let (header, placed) = header(&sorted, metadata)?;
    sink.bytes(&(header.len() as u64).to_le_bytes())?;
    sink.bytes(&header)?;
    for Placed { tensor, nbytes } in placed {
        let data = match &tensor.values {
            Values::Here(data) => std::borrow::Cow::Borrowed(data),
            Values::Later(later) => std::borrow::Cow::Owned(later().await?),
            Values::File(id) => {
                let file = file.ok_or_else(|| Error::mismatch("a tensor of a file, and no file is open"))?;
                let changed = changes.filter(|c| c.ids().contains(id));
                if let Some(changes) = changed {
                    let data = changes.values(*id).await?;
                    if data.dtype == tensor.dtype { data } else { std::borrow::Cow::Owned(data.to(tensor.dtype)?) }
                } else if let Some(range) = file.contiguous_range(*id).await? {
                    sink.copy(range)?;
                    continue;
                } else {
                    std::borrow::Cow::Owned(file.read(*id).await?)
                }
            }
        };
        if data.bytes.len() as u64 != nbytes || data.dtype != tensor.dtype {
            let text = format!("{nbytes} bytes of torch.{} were announced", tensor.dtype.name());
            return Err(Error::mismatch(text).at(&*tensor.name));
        }
        sink.bytes(&data.bytes)?;
    }
    Ok(())
}

fn header<'n, 'a>(
    sorted: &[(usize, &'n Named<'a>)],
    metadata: &[(&str, &str)],
) -> Result<(Vec<u8>, Vec<Placed<'n, 'a>>)> {
    // serde_json's map sorts its keys, and the format keeps the order of the data: the object is put together by hand.
    let mut members = Vec::new();
    if !metadata.is_empty() {
        let texts = metadata.iter().map(|(key, value)| format!("{}:{}", json!(key), json!(value)));
        members.push(format!("\"__metadata__\":{{{}}}", texts.collect::<Vec<_>>().join(",")));
    }
    let mut placed = Vec::with_capacity(sorted.len());
    let mut at = 0u64;
    for (rank, tensor) in sorted {
        let too_large = || Error::too_large("the tensor", format!("{:?}", tensor.shape), u64::MAX).at(&*tensor.name);
        let nbytes = tensor.shape.iter().try_fold(tensor.dtype.size() as u64, |n, d| n.checked_mul(*d));
        let nbytes = nbytes.ok_or_else(too_large)?;
        let end = at.checked_add(nbytes).ok_or_else(too_large)?;
        let mut shape = tensor.shape.clone();
        // Two elements lie in one byte; the format counts elements.
        if let (DType::Float4E2M1FNx2, Some(last)) = (tensor.dtype, shape.last_mut()) {
            *last = last.saturating_mul(2);
        }
        let name = DTYPES.get(*rank).map_or("", |(_, name)| name);
        members.push(format!(
            "{}:{{\"dtype\":\"{name}\",\"shape\":{},\"data_offsets\":[{at},{end}]}}",
            json!(tensor.name),
            json!(shape)
        ));
        placed.push(Placed { tensor, nbytes });
        at = end;
    }
    let mut header = format!("{{{}}}", members.join(",")).into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok((header, placed))
}

impl Checkpoint {
    /// Where in the file a tensor's values stand as they are: contiguous, stored, little-endian.
    async fn contiguous_range(&self, id: TensorId) -> Result<Option<Range<u64>>> {
        let tensor = self.tensor(id)?;
        let plain = tensor.unloadable.is_none() && tensor.is_contiguous() && !tensor.conj && !tensor.neg;
        let Some(storage) = tensor.storage.filter(|_| plain) else { return Ok(None) };
        let storage = self.storage(storage)?;
        let start = match &storage.place {
            Place::Range(range) => range.start,
            Place::Record(entry) if entry.method == Method::Stored => entry.data_offset(&*self.source).await?,
            _ => return Ok(None),
        };
        let size = tensor.dtype.size() as u64;
        let from = tensor.storage_offset.checked_mul(size).and_then(|o| o.checked_add(start));
        let range = tensor.nbytes().zip(from).map(|(len, from)| from..from + len);
        Ok(range.filter(|_| !storage.swapped))
    }

    /// The tensors of this file by name, as safetensors; `__metadata__` as given (`format: pt` is what transformers wants).
    pub async fn save_safetensors(
        &self,
        tensors: &[(&str, TensorId)],
        metadata: &[(&str, &str)],
        changes: Option<&dyn Changes>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut named = Vec::with_capacity(tensors.len());
        for &(name, id) in tensors {
            let tensor = self.tensor(id)?;
            if let Some(why) = &tensor.unloadable {
                return Err(Error::unsupported(format!("{why} in safetensors")).at(name));
            }
            let (dtype, shape) = (tensor.dtype, tensor.shape.clone());
            named.push(Named { name: name.to_owned(), dtype, shape, values: Values::File(id) });
        }
        write(&named, metadata, Some(self), changes, sink).await
    }
}
