//! The tar container of torch before 0.1.10: members `storages`, `tensors` and `pickle`, each a run of pickles and raw numbers
//! (`torch/serialization.py`, `legacy_load`). Members that are links, and sizes beyond octal, are refused.

use super::rebuild::{self, Tensors};
use super::storage::{Place, Storage, StorageId, Storages, class_dtype};
use super::tensor::{Layout, MAX_DIMS, Tensor, TensorId};
use super::zipped::MAX_PICKLE;
use super::{Format, Loaded};
use crate::bytes::Cursor;
use crate::dtype::DType;
use crate::error::{Error, Result, Warning};
use crate::pickle::decode::{Pickle, decode};
use crate::pickle::object::{NodeId, Object};
use crate::source::ByteSource;
use std::collections::HashMap;
use std::ops::Range;

/// Members; a checkpoint has four.
const MAX_MEMBERS: usize = 1000;
const BLOCK: u64 = 512;
/// Bytes of a member that are looked at for a pickle at first.
const WINDOW: u64 = 4096;

/// True when the first header is a tar's.
pub fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar") || old_header(head)
}

/// A header of tar before POSIX has no magic: a file named as torch names its members, and a checksum that fits.
fn old_header(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let name = header.split(|b| *b == 0).next().unwrap_or_default();
    matches!(name, b"sys_info" | b"storages" | b"tensors" | b"pickle") && checksum(header)
}

/// The sum of the header's bytes, those of the sum itself as spaces.
fn checksum(header: &[u8]) -> bool {
    let outside =
        |range: Range<usize>| header.get(range).unwrap_or_default().iter().map(|b| u64::from(*b)).sum::<u64>();
    header.get(148..156).and_then(octal) == Some(outside(0..148) + 8 * 32 + outside(156..512))
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
}

/// Opens a tar checkpoint.
pub async fn open(source: &dyn ByteSource) -> Result<Loaded> {
    let mut warnings = Vec::new();
    let members = members(source, &mut warnings).await?;
    let member = |name: &'static str| {
        let found = members.get(name).cloned();
        found.ok_or_else(|| Error::malformed(format!("the tar archive has no member {name}")).at("tar archive"))
    };
    let pickle_at = member("pickle")?;
    let mut parts = Parts::default();
    parts.storages(&mut Reader { source, name: "storages", range: member("storages")? }).await?;
    let known = parts.tensors(&mut Reader { source, name: "tensors", range: member("tensors")? }).await?;
    let pickle = Reader { source, name: "pickle", range: pickle_at }.pickle().await?;
    warnings.extend(pickle.warnings.clone());

    let mut tensors = Tensors::default();
    let mut ids: HashMap<&str, TensorId> = HashMap::new();
    for node in pickle.arena.ids() {
        let Object::Persistent(inner) = pickle.arena.get(node) else { continue };
        let Some(key) = key(&pickle, *inner) else { continue };
        let Some((key, tensor)) = known.get_key_value(&key) else {
            if parts.views.contains_key(&key) {
                continue; // a storage without a tensor
            }
            let text = format!("the pickle names tensor {key}, which the member `tensors` lacks");
            return Err(Error::malformed(text).at(format!("pickle+0x{:x}", pickle.arena.offset(node))));
        };
        let next = TensorId(u32::try_from(tensors.list.len()).unwrap_or(u32::MAX));
        let id = *ids.entry(key).or_insert(next);
        if id == next {
            tensors.list.push(tensor.clone());
        }
        tensors.by_node.insert(node, id);
    }
    let mut none = |_| Err(Error::malformed("a storage inside the pickle of a tar checkpoint"));
    let tensors = rebuild::tensors_beside(tensors, &pickle.arena, "pickle", &mut none)?;
    let storages = parts.storages;
    Ok(Loaded { format: Format::Tar, pickle, record: "pickle", storages, tensors, warnings, script: None })
}

/// Where each member's bytes are.
async fn members(source: &dyn ByteSource, warnings: &mut Vec<Warning>) -> Result<HashMap<String, Range<u64>>> {
    let mut found = HashMap::new();
    let mut at = 0u64;
    for _ in 0..MAX_MEMBERS {
        if at.saturating_add(BLOCK) > source.len() {
            break;
        }
        let header = source.read(at..at + BLOCK).await?;
        if header.iter().all(|b| *b == 0) {
            return Ok(found);
        }
        let broken = |what: &str| Error::malformed(format!("tar header: {what}")).at(format!("file+0x{at:x}"));
        if !checksum(&header) {
            return Err(broken("its checksum does not fit"));
        }
        let name = header.split(|b| *b == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name.get(..name.len().min(100)).unwrap_or_default()).into_owned();
        let size = header.get(124..136).and_then(octal).ok_or_else(|| broken("its size is no octal number"))?;
        let start = at + BLOCK;
        let end = start.checked_add(size).filter(|e| *e <= source.len());
        let end = end.ok_or_else(|| broken("the member is longer than the file").code("truncated"))?;
        let name = name.trim_start_matches("./").to_owned();
        match header.get(156) {
            Some(0 | b'0') => {
                let earlier = found.insert(name.clone(), start..end);
                warnings.extend(earlier.map(|_| {
                    let text = format!("two members are called {name}; the last one counts");
                    Warning::new("duplicate_record", text).at(format!("file+0x{at:x}"))
                }));
            }
            // Folders and the headers of extensions: nothing that a checkpoint needs.
            Some(b'5' | b'x' | b'g' | b'L' | b'K') => {}
            _ if matches!(name.as_str(), "storages" | "tensors" | "pickle") => {
                return Err(broken("a member that is no regular file"));
            }
            _ => {}
        }
        at = end.next_multiple_of(BLOCK);
    }
    Ok(found)
}

/// Reads pickles and numbers from the start of a member.
struct Reader<'a> {
    source: &'a dyn ByteSource,
    name: &'static str,
    range: Range<u64>,
}

impl Reader<'_> {
    /// The next pickle, in windows that grow when it is longer.
    async fn pickle(&mut self) -> Result<Pickle> {
        let mut window = WINDOW;
        loop {
            let left = self.range.end - self.range.start;
            let mut bytes = Vec::new();
            let mut at = self.range.start;
            while at < self.range.start + window.min(left) {
                let next = (self.range.start + window.min(left)).min(at + (16 << 20));
                bytes.extend(self.source.read(at..next).await?);
                at = next;
            }
            match decode(&bytes, self.range.start, self.name) {
                Ok(pickle) => {
                    self.range.start += pickle.len as u64;
                    return Ok(pickle);
                }
                Err(error) if error.code == "truncated" && window < left => {
                    if window > MAX_PICKLE {
                        return Err(Error::too_large("a pickle", left, MAX_PICKLE).at(self.name));
                    }
                    window *= 4;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let start = self.range.start;
        let end = start.checked_add(len).filter(|e| *e <= self.range.end).ok_or_else(|| self.short())?;
        self.range.start = end;
        self.source.read(start..end).await
    }

    fn short(&self) -> Error {
        Error::malformed("the member ends too early").code("truncated").at(self.location())
    }

    fn location(&self) -> String {
        format!("{}+0x{:x}", self.name, self.range.start)
    }

    fn broken(&self, what: impl Into<String>) -> Error {
        Error::malformed(what).at(self.location())
    }

    /// A pickle that is a count.
    async fn count(&mut self) -> Result<u64> {
        let pickle = self.pickle().await?;
        let count = rebuild::int(&pickle.arena, pickle.root).and_then(|n| u64::try_from(n).ok());
        count.ok_or_else(|| self.broken("a count that is no non-negative int"))
    }
}

/// A key: torch's are the addresses of C objects.
fn key(pickle: &Pickle, id: NodeId) -> Option<String> {
    match pickle.arena.get(id) {
        Object::Str(text) => Some(text.clone()),
        Object::Int(n) => Some(n.to_string()),
        Object::BigInt(n) => Some(n.to_string()),
        _ => None,
    }
}

fn items(pickle: &Pickle, id: NodeId) -> &[NodeId] {
    super::python::items(&pickle.arena, id)
}

/// A storage, or a part of one.
#[derive(Clone, Copy)]
struct View {
    root: StorageId,
    dtype: DType,
    /// in elements
    offset: u64,
    numel: u64,
}

#[derive(Default)]
struct Parts {
    storages: Storages,
    views: HashMap<String, View>,
}

impl Parts {
    /// A count; `(key, location, class)`, an i64 count of elements and their bytes for each; a list of views.
    async fn storages(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        for _ in 0..reader.count().await? {
            let head = reader.pickle().await?;
            let [id, location, class] = items(&head, head.root) else {
                return Err(reader.broken("a storage is described by (key, location, class)"));
            };
            let id = key(&head, *id).ok_or_else(|| reader.broken("a storage key that is no int"))?;
            let class = rebuild::global(&head.arena, *class).map_or("", |(_, name)| name);
            let dtype = class_dtype(class).flatten();
            let dtype = dtype
                .ok_or_else(|| Error::unsupported(format!("storage class torch.{class}")).at(reader.location()))?;
            let location = super::python::text(&head.arena, *location).unwrap_or("cpu").to_owned();
            let count = Cursor::new(&reader.bytes(8).await?, "storages", reader.range.start).i64()?;
            let numel = u64::try_from(count).map_err(|_| reader.broken(format!("a storage of {count} elements")))?;
            let nbytes = numel.checked_mul(dtype.size() as u64).ok_or_else(|| reader.short())?;
            let start = reader.range.start;
            let end = start.checked_add(nbytes).filter(|e| *e <= reader.range.end).ok_or_else(|| reader.short())?;
            reader.range.start = end;
            let place = Place::Range(start..end);
            let storage = Storage { key: id.clone(), dtype: Some(dtype), location, nbytes, place, swapped: false };
            let (index, old) = self.storages.insert_full(id.clone(), storage);
            if old.is_some() {
                return Err(reader.broken(format!("two storages have the key {id}")));
            }
            let root = StorageId(u32::try_from(index).unwrap_or(u32::MAX));
            self.views.insert(id, View { root, dtype, offset: 0, numel });
        }
        let views = reader.pickle().await?;
        for view in items(&views, views.root) {
            let [target, root, offset, numel] = items(&views, *view) else {
                return Err(reader.broken("a view is described by (key, root, offset, numel)"));
            };
            let number = |id: NodeId| rebuild::int(&views.arena, id).and_then(|n| u64::try_from(n).ok());
            let parent = key(&views, *root).and_then(|r| self.views.get(&r)).copied();
            let (Some(target), Some(parent), Some(offset), Some(numel)) =
                (key(&views, *target), parent, number(*offset), number(*numel))
            else {
                return Err(reader.broken("a view of a storage that is not in the file"));
            };
            if offset.checked_add(numel).is_none_or(|end| end > parent.numel) {
                return Err(reader.broken(format!("view {target} lies outside its storage")));
            }
            self.views.insert(target, View { offset: parent.offset + offset, numel, ..parent });
        }
        Ok(())
    }

    /// A count; `(key, storage key, class)`, dims, sizes, strides and the storage offset for each.
    async fn tensors(&mut self, reader: &mut Reader<'_>) -> Result<HashMap<String, Tensor>> {
        let mut found = HashMap::new();
        for _ in 0..reader.count().await? {
            let head = reader.pickle().await?;
            let [id, storage, _] = items(&head, head.root) else {
                return Err(reader.broken("a tensor is described by (key, storage, class)"));
            };
            let id = key(&head, *id).ok_or_else(|| reader.broken("a tensor key that is no int"))?;
            let view = key(&head, *storage).and_then(|s| self.views.get(&s)).copied();
            let view =
                view.ok_or_else(|| reader.broken(format!("tensor {id} has a storage that is not in the file")))?;
            let dims = Cursor::new(&reader.bytes(8).await?, "tensors", reader.range.start).i32()?;
            let dims = usize::try_from(dims).map_err(|_| reader.broken(format!("a tensor of {dims} dims")))?;
            if dims > MAX_DIMS {
                return Err(Error::too_large("the number of dims", dims, MAX_DIMS).at(reader.location()));
            }
            let numbers = reader.bytes(16 * dims as u64 + 8).await?;
            let mut cursor = Cursor::new(&numbers, "tensors", reader.range.start);
            let mut number = || -> Result<u64> {
                let n = cursor.i64()?;
                u64::try_from(n).map_err(|_| reader.broken(format!("a size, stride or offset of {n}")))
            };
            let shape = (0..dims).map(|_| number()).collect::<Result<Vec<_>>>()?;
            let stride = (0..dims).map(|_| number()).collect::<Result<Vec<_>>>()?;
            let offset = number()?;
            let location = self.storages.get_index(view.root.0 as usize).map_or("cpu", |(_, s)| s.location.as_str());
            let tensor = Tensor {
                parameter: false,
                dtype: view.dtype,
                shape,
                stride,
                storage_offset: offset,
                storage: Some(view.root),
                requires_grad: false,
                layout: Layout::Strided,
                device: location.to_owned(),
                conj: false,
                neg: false,
                unloadable: None,
            };
            tensor.check(view.numel.saturating_mul(view.dtype.size() as u64)).map_err(|e| e.at(reader.location()))?;
            let storage_offset = offset.saturating_add(view.offset);
            found.insert(id, Tensor { storage_offset, ..tensor });
        }
        Ok(found)
    }
}
