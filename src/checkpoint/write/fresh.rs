//! A [`Draft`] as a file: torch 2.15's zip layout, record by record, or the legacy one.
//!
//! A storage is written in one go; one of the opened file is copied as a range, or in windows where its bytes must change.

use super::draft::{Content, Draft, Stored, storage_class};
use super::patch::Patch;
use super::{Changes, serialization_id};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::storage::{Place, Storage, StorageId};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::pickle::build::{Builder, unsigned};
use crate::pickle::encode::encode;
use crate::pickle::object::{Arena, NodeId, Object};
use crate::source::Sink;
use crate::zip::directory::Method;
use crate::zip::write::{ALIGNMENT, Writer};
use indexmap::IndexMap;
use num_bigint::BigInt;
use std::collections::HashMap;
use std::ops::Range;

/// The opened file that [`Content::File`] means, and what of it changes on the way.
#[derive(Clone, Copy, Default)]
pub struct Origin<'a> {
    /// the sink's source
    pub file: Option<&'a Checkpoint>,
    /// new values of its tensors
    pub changes: Option<&'a dyn Changes>,
}

/// Where bytes of a storage go, and the CRC-32 over them.
struct Output<'o> {
    bytes: &'o mut dyn FnMut(&[u8]) -> Result<()>,
    copy: &'o mut dyn FnMut(Range<u64>) -> Result<()>,
}

/// Every storage that the pickle names, in the order in which it does, with the key that it is given.
pub(super) type Keys = IndexMap<usize, String>;

impl Draft<'_> {
    /// The folder that torch names a zip archive's records after, for a file of this name: its stem; `archive` where torch hands the writing
    /// to Python, for names that are not ASCII.
    pub fn root_of(file: &str) -> String {
        let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        if file.is_ascii() && !stem.is_empty() { stem.to_owned() } else { "archive".to_owned() }
    }

    /// The object pickle, and the storages that it names. The persistent ids of the first `read` objects are written as they were read.
    pub(super) fn pickle(
        &mut self,
        root: NodeId,
        legacy: bool,
        read: usize,
        key: &dyn Fn(usize) -> String,
    ) -> Result<(Vec<u8>, Keys)> {
        let mut keys = Keys::new();
        let mut texts: HashMap<usize, NodeId> = HashMap::new();
        let storages = &self.storages;
        let tag = self.objects.name("storage");
        let constants = ["cpu", "mps", "meta"].map(|name| (name, self.objects.name(name)));
        let none = self.objects.none();
        let classes: Vec<NodeId> = storages
            .iter()
            .map(|stored| match stored.dtype.and_then(storage_class) {
                Some(class) => self.objects.global("torch", class),
                None => self.objects.global("torch.storage", "UntypedStorage"),
            })
            .collect();
        let bytes = encode(&mut self.objects.arena, root, &mut |arena, id| {
            if let Object::Persistent(inner) = arena.get(id)
                && (id.0 as usize) < read
            {
                return Ok(*inner);
            }
            let number = number(arena, id).filter(|n| *n < storages.len());
            let found = number.and_then(|n| Some((n, storages.get(n)?, *classes.get(n)?)));
            let (number, stored, class) =
                found.ok_or_else(|| Error::mismatch("a storage that the draft does not have"))?;
            let next = keys.len();
            let text = keys.entry(number).or_insert_with(|| key(next));
            // torch's zip writer keeps the string of a key; its legacy one makes a new string each time, as both do of `cuda:0`.
            let mut fresh = || arena.add(Object::Str(text.clone()), 0);
            let key = if legacy { fresh() } else { *texts.entry(number).or_insert_with(fresh) };
            let location = match constants.iter().find(|(name, _)| *name == stored.location) {
                Some((_, id)) => *id,
                None => arena.add(Object::Str(stored.location.clone()), 0),
            };
            let size = stored.dtype.map_or(1, DType::size) as u64;
            let numel = arena.add(unsigned(stored.nbytes / size), 0);
            let mut items = vec![tag, class, key, location, numel];
            if legacy {
                items.push(none);
            }
            Ok(arena.add(Object::Tuple(items), 0))
        })?;
        Ok((bytes, keys))
    }

    /// Writes torch 2.15's zip container: `root_of(file name)` names the folder. For the same content the bytes are torch.save's.
    pub async fn write_zip(
        mut self,
        root: NodeId,
        folder: &str,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let (pickle, keys) = self.pickle(root, false, 0, &|index| index.to_string())?;
        let mut zip = Writer::new(sink, folder);
        zip.record("data.pkl", &pickle)?;
        zip.record(".format_version", b"1")?;
        zip.record(".storage_alignment", ALIGNMENT.to_string().as_bytes())?;
        zip.record("byteorder", b"little")?;
        for (number, key) in &keys {
            let Some(stored) = self.storages.get(*number) else { continue };
            zip.begin(&format!("data/{key}"), stored.nbytes)?;
            let cell = std::cell::RefCell::new(&mut zip);
            let mut output = Output {
                bytes: &mut |bytes| cell.borrow_mut().bytes(bytes),
                copy: &mut |range| cell.borrow_mut().copy(range),
            };
            let crc = emit(stored, origin, &mut output, true).await?;
            zip.finish_record(crc)?;
        }
        zip.record("version", b"3\n")?;
        let id = serialization_id::of(zip.written());
        zip.record(".data/serialization_id", id.as_bytes())?;
        zip.finish()
    }

    /// Writes the container of torch 0.1.10 to 1.5. `key` names each storage; torch takes the address of its memory.
    pub async fn write_legacy(
        mut self,
        root: NodeId,
        key: &dyn Fn(usize) -> String,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if self.storages.iter().any(|s| s.dtype.is_none()) {
            return Err(Error::unsupported(
                "a dtype without a storage class in a legacy file, which torch.load cannot read",
            )
            .hint("save it as a zip file"));
        }
        for head in legacy_head()? {
            sink.bytes(&head)?;
        }
        let (pickle, keys) = self.pickle(root, true, 0, key)?;
        sink.bytes(&pickle)?;
        let mut sorted: Vec<(&String, usize)> = keys.iter().map(|(number, key)| (key, *number)).collect();
        sorted.sort();
        let mut list = Builder::default();
        let items = sorted.iter().map(|(key, _)| list.text(key)).collect();
        let list_root = list.add(Object::List(items));
        sink.bytes(&plain(&mut list, list_root)?)?;
        for (_, number) in sorted {
            let Some(stored) = self.storages.get(number) else { continue };
            let size = stored.dtype.map_or(1, DType::size) as u64;
            sink.bytes(&(stored.nbytes / size).to_le_bytes())?;
            let cell = std::cell::RefCell::new(&mut *sink);
            let mut output = Output {
                bytes: &mut |bytes| cell.borrow_mut().bytes(bytes),
                copy: &mut |range| cell.borrow_mut().copy(range),
            };
            emit(stored, origin, &mut output, false).await?;
        }
        Ok(())
    }
}

fn number(arena: &Arena, id: NodeId) -> Option<usize> {
    let Object::Persistent(inner) = arena.get(id) else { return None };
    if let Object::Int(number) = arena.get(*inner) { usize::try_from(*number).ok() } else { None }
}

fn plain(builder: &mut Builder, root: NodeId) -> Result<Vec<u8>> {
    encode(&mut builder.arena, root, &mut |_, _| Err(Error::mismatch("a tensor where none can be")))
}

/// The magic number, the protocol, and what torch says of the machine.
fn legacy_head() -> Result<[Vec<u8>; 3]> {
    let mut head = Builder::default();
    let magic = head.add(Object::BigInt(BigInt::from(0x1950_a86a_20f9_469c_fc6c_u128)));
    let protocol = head.int(1001);
    let pickles = [plain(&mut head, magic)?, plain(&mut head, protocol)?];
    let mut info = Builder::default();
    let sizes = [("short", info.int(2)), ("int", info.int(4)), ("long", info.int(4))];
    let sizes = info.named_dict(&sizes);
    let (protocol, little) = (info.int(1001), info.bool(true));
    let root = info.named_dict(&[("protocol_version", protocol), ("little_endian", little), ("type_sizes", sizes)]);
    let [magic, protocol] = pickles;
    Ok([magic, protocol, plain(&mut info, root)?])
}

/// Writes a storage's bytes; the CRC-32 of what was written, where it is wanted.
async fn emit(stored: &Stored<'_>, origin: Origin<'_>, out: &mut Output<'_>, with_crc: bool) -> Result<u32> {
    let given = match &stored.content {
        Content::Bytes(bytes) => return own(bytes, stored, out),
        Content::Later(later) => return own(&later().await?.bytes, stored, out),
        Content::File(id) => *id,
    };
    let file = origin.file.ok_or_else(|| Error::mismatch("a storage of a file, and no file is open"))?;
    let storage = file.storage(given)?;
    let changes = origin.changes.map(|changes| (changes, changed_in(file, given, changes)));
    let patches = match changes {
        Some((changes, ids)) if !ids.is_empty() => file.patches(storage, &ids, changes).await?,
        _ => Vec::new(),
    };
    let place = match &storage.place {
        Place::Range(range) => Some((range.start, None)),
        Place::Record(entry) if entry.method == Method::Stored => {
            let stated = (entry.crc32 != 0 && patches.is_empty()).then_some(entry.crc32);
            Some((entry.data_offset(&*file.source).await?, stated))
        }
        _ => None,
    };
    match place.filter(|_| !storage.swapped) {
        Some((start, stated)) => {
            let mut at = 0;
            for patch in &patches {
                (out.copy)(start + at..start + patch.at)?;
                (out.bytes)(&patch.bytes)?;
                at = patch.end();
            }
            (out.copy)(start + at..start + storage.nbytes)?;
            match stated {
                Some(crc) => Ok(crc),
                None if with_crc => super::changed::checksum(storage, &patches, &*file.source).await,
                None => Ok(0),
            }
        }
        None => through_memory(file, given, storage, &patches, out).await,
    }
}

fn own(bytes: &[u8], stored: &Stored<'_>, out: &mut Output<'_>) -> Result<u32> {
    if bytes.len() as u64 != stored.nbytes {
        let text = format!("a storage of {} bytes was announced, and {} came", stored.nbytes, bytes.len());
        return Err(Error::mismatch(text));
    }
    (out.bytes)(bytes)?;
    Ok(crc32fast::hash(bytes))
}

/// The tensors of one storage among those that changed.
fn changed_in(
    file: &Checkpoint,
    storage: StorageId,
    changes: &dyn Changes,
) -> Vec<crate::checkpoint::tensor::TensorId> {
    let mut ids = changes.ids();
    ids.retain(|id| file.tensor(*id).is_ok_and(|t| t.storage == Some(storage)));
    ids
}

/// Deflated storages, and those of big-endian files, window by window.
async fn through_memory(
    file: &Checkpoint,
    id: StorageId,
    storage: &Storage,
    patches: &[Patch],
    out: &mut Output<'_>,
) -> Result<u32> {
    let unit = if storage.swapped { unit(file, id, storage)? } else { 1 };
    let mut crc = crc32fast::Hasher::new();
    let mut at = 0u64;
    let mut left: Vec<u8> = Vec::new();
    let mut window = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        for patch in patches {
            patch.lay_over(at, &mut bytes);
        }
        at += bytes.len() as u64;
        // Windows may end inside a number.
        left.append(&mut bytes);
        let rest = left.split_off(left.len() - left.len() % unit);
        left.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        crc.update(&left);
        (out.bytes)(&left)?;
        left = rest;
        Ok(())
    };
    storage.read_range(&*file.source, 0..storage.nbytes, &mut window).await?;
    if !left.is_empty() {
        return Err(Error::malformed("a storage that ends inside a number").at(format!("storage {}", storage.key)));
    }
    Ok(crc.finalize())
}

/// Bytes of the numbers in a storage: its class tells, or else the tensors over it.
fn unit(file: &Checkpoint, id: StorageId, storage: &Storage) -> Result<usize> {
    let seen = || file.tensors().iter().find(|t| t.storage == Some(id)).map(|t| t.dtype);
    let dtype = storage.dtype.or_else(seen).unwrap_or(DType::UInt8);
    Ok(if dtype.category() == Category::Complex { dtype.size() / 2 } else { dtype.size() })
}
