//! The safetensors container: a JSON header, then each tensor's bytes. It opens as a dict of tensors.

use super::rebuild::Tensors;
use super::storage::{Place, Storage, StorageId, Storages};
use super::tensor::{Layout, Tensor, TensorId};
use super::{Format, Loaded};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::pickle::decode::Pickle;
use crate::pickle::object::{Arena, Object};
use crate::source::ByteSource;
use indexmap::IndexMap;
use serde::Deserialize;

/// The format's own limit of its header: 100 MB.
const MAX_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

fn header_len(head: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(head.get(..8)?.try_into().ok()?))
}

/// Eight bytes of length, then a JSON object.
pub fn is_safetensors(head: &[u8], len: u64) -> bool {
    head.get(8) == Some(&b'{') && header_len(head).is_some_and(|n| n < MAX_HEADER && n.saturating_add(8) <= len)
}

fn dtype(name: &str) -> Option<DType> {
    Some(match name {
        "F64" => DType::Float64,
        "F32" => DType::Float32,
        "F16" => DType::Float16,
        "BF16" => DType::BFloat16,
        "F8_E5M2" => DType::Float8E5M2,
        "F8_E4M3" => DType::Float8E4M3FN,
        "F8_E8M0" => DType::Float8E8M0FNU,
        "I64" => DType::Int64,
        "I32" => DType::Int32,
        "I16" => DType::Int16,
        "I8" => DType::Int8,
        "U64" => DType::UInt64,
        "U32" => DType::UInt32,
        "U16" => DType::UInt16,
        "U8" => DType::UInt8,
        "BOOL" => DType::Bool,
        "C64" => DType::Complex64,
        _ => return None,
    })
}

/// Opens a safetensors file.
pub async fn open(source: &dyn ByteSource) -> Result<Loaded> {
    let head = source.read(0..8).await?;
    let len = header_len(&head).filter(|n| *n < MAX_HEADER);
    let len = len.ok_or_else(|| Error::malformed("a safetensors header over 100 MB").at("0x0"))?;
    let bytes = source.read(8..8 + len).await?;
    let json: IndexMap<String, serde_json::Value> =
        serde_json::from_slice(&bytes).map_err(|e| Error::malformed(format!("safetensors header: {e}")).at("0x8"))?;
    let data = 8 + len;
    let mut arena = Arena::default();
    let mut tensors = Tensors::default();
    let mut storages = Storages::new();
    let mut items = Vec::new();
    for (name, info) in json.into_iter().filter(|(name, _)| name != "__metadata__") {
        let broken = |what: String| Error::malformed(what).at(format!("safetensors header[{name:?}]"));
        let info: Info = serde_json::from_value(info).map_err(|e| broken(e.to_string()))?;
        let dtype = dtype(&info.dtype)
            .ok_or_else(|| Error::unsupported(format!("safetensors dtype {}", info.dtype)).at(&*name))?;
        let (start, end) = info.data_offsets;
        let range = data.checked_add(start).zip(data.checked_add(end)).filter(|(s, e)| s <= e && *e <= source.len());
        let (start, end) = range.ok_or_else(|| broken("data_offsets outside the file".into()).code("truncated"))?;
        let storage = Storage {
            key: name.clone(),
            dtype: Some(dtype),
            location: "cpu".into(),
            nbytes: end - start,
            place: Place::Range(start..end),
            swapped: false,
        };
        let (index, _) = storages.insert_full(name.clone(), storage);
        let tensor = contiguous(dtype, info.shape, StorageId(u32::try_from(index).unwrap_or(u32::MAX)));
        if tensor.nbytes() != Some(end - start) {
            return Err(broken(format!(
                "shape {:?} of {} does not fill {} bytes",
                tensor.shape,
                info.dtype,
                end - start
            )));
        }
        tensor.check(end - start).map_err(|e| e.at(format!("safetensors header[{name:?}]")))?;
        let key = arena.add(Object::Str(name), 0);
        let node = arena.add(Object::Persistent(key), 0);
        tensors.by_node.insert(node, TensorId(u32::try_from(tensors.list.len()).unwrap_or(u32::MAX)));
        tensors.list.push(tensor);
        items.push((key, node));
    }
    let root = arena.add(Object::Dict(items), 0);
    let globals = IndexMap::new();
    let pickle = Pickle { arena, root, len: 0, protocol: 0, globals, warnings: Vec::new() };
    let warnings = Vec::new();
    Ok(Loaded {
        format: Format::Safetensors,
        pickle,
        record: "safetensors header",
        storages,
        tensors,
        warnings,
        script: None,
    })
}

fn contiguous(dtype: DType, shape: Vec<u64>, storage: StorageId) -> Tensor {
    let mut stride = Vec::with_capacity(shape.len());
    let mut step = 1u64;
    for &size in shape.iter().rev() {
        stride.push(step);
        step = step.saturating_mul(size.max(1));
    }
    stride.reverse();
    Tensor {
        parameter: false,
        dtype,
        shape,
        stride,
        storage_offset: 0,
        storage: Some(storage),
        requires_grad: false,
        layout: Layout::Strided,
        device: "cpu".into(),
        conj: false,
        neg: false,
        unloadable: None,
    }
}
