//! The container of torch 0.1.10 to 1.5: five pickles, then each storage as a count and its bytes. Plain pickles too.
//!
//! The object pickle's length is nowhere written, so the file is read from its start in growing windows until the pickles are whole.

use super::growing::Growing;
use super::rebuild::{self, StorageName};
use super::storage::{Place, Storage, StorageId, Storages};
use super::{Format, Loaded};
use crate::bytes::Cursor;
use crate::error::{Error, Result, Warning};
use crate::pickle::decode::Pickle;
use crate::pickle::object::Object;
use crate::source::ByteSource;
use num_bigint::BigInt;

/// The first value of a legacy file.
const MAGIC: u128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i64 = 1001;

/// Opens a legacy file, or a plain pickle.
pub async fn open(source: &dyn ByteSource) -> Result<Loaded> {
    let mut reader = Growing::new(source, 0);
    let first = reader.pickle().await?;
    let magic = matches!(first.arena.get(first.root), Object::BigInt(n) if *n == BigInt::from(MAGIC));
    if !magic {
        return plain(first, source.len());
    }
    let protocol = reader.pickle().await?;
    if *protocol.arena.get(protocol.root) != Object::Int(PROTOCOL) {
        return Err(Error::malformed("Invalid protocol version: a legacy file has 1001").at("0xf"));
    }
    reader.pickle().await?; // sys_info: torch ignores it
    let at = reader.at;
    let pickle = reader.pickle().await?;
    let mut storages = Storages::new();
    let tensors =
        rebuild::tensors(&pickle.arena, "object pickle", &mut |name: StorageName| Ok(enter(&mut storages, name)))
            .map_err(|e| Error { location: e.location.map(|l| format!("{l} (file+0x{at:x})")), ..e })?;
    let keys = reader.pickle().await?;
    let mut warnings = pickle.warnings.clone();
    locate(source, reader.at, &keys, &mut storages, &mut warnings).await?;
    Ok(Loaded { format: Format::Legacy, pickle, record: "object pickle", storages, tensors, warnings, script: None })
}

/// `pickle.dump` of something: storages of tensors inside it are whole legacy files in bytes objects.
fn plain(pickle: Pickle, len: u64) -> Result<Loaded> {
    if (pickle.len as u64) < len && pickle.arena.len() < 2 {
        return Err(Error::malformed("neither a checkpoint nor a pickle").code("not_a_checkpoint").at("0x0"));
    }
    let mut storages = Storages::new();
    let tensors = rebuild::tensors(&pickle.arena, "pickle", &mut |name: StorageName| Ok(enter(&mut storages, name)))?;
    let warnings = pickle.warnings.clone();
    Ok(Loaded { format: Format::Pickle, pickle, record: "pickle", storages, tensors, warnings, script: None })
}

fn enter(storages: &mut Storages, name: StorageName) -> StorageId {
    let StorageName { key, dtype, location, nbytes, data } = name;
    let place = data.map_or(Place::Unknown, Place::Memory);
    let entry = storages.entry(key.clone());
    let index = entry.index();
    let storage = entry.or_insert(Storage { key, dtype, location, nbytes, place, swapped: false });
    storage.nbytes = storage.nbytes.max(nbytes);
    StorageId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Walks the storages behind the pickles: an i64 count of elements before each.
async fn locate(
    source: &dyn ByteSource,
    start: u64,
    keys: &Pickle,
    storages: &mut Storages,
    warnings: &mut Vec<Warning>,
) -> Result<()> {
    let Object::List(list) = keys.arena.get(keys.root) else {
        return Err(Error::malformed("the list of storage keys is no list").at("storage keys"));
    };
    let mut at = start;
    for id in list {
        let key = match keys.arena.get(*id) {
            Object::Str(key) => key.clone(),
            Object::Int(key) => key.to_string(),
            _ => return Err(Error::malformed("a storage key that is no string").at("storage keys")),
        };
        let located = |e: Error| e.at(format!("storage {key} (file+0x{at:x})"));
        let Some(storage) = storages.get_mut(&key) else {
            return Err(located(Error::malformed("the key list names a storage that no tensor uses")));
        };
        if storage.place != Place::Unknown {
            return Err(located(Error::malformed("the key list names a storage twice")));
        }
        let header = source.read(at..at.saturating_add(8)).await.map_err(located)?;
        let count = Cursor::new(&header, "storage", at).i64()?;
        let size = storage.dtype.map_or(1, crate::dtype::DType::size) as u64;
        let nbytes = u64::try_from(count).ok().and_then(|c| c.checked_mul(size));
        if nbytes != Some(storage.nbytes) {
            let text = format!("the storage has {count} elements, and the pickle declares {}", storage.nbytes / size);
            return Err(located(Error::malformed(text)));
        }
        let end = at.checked_add(8).and_then(|a| a.checked_add(storage.nbytes)).filter(|e| *e <= source.len());
        let end = end.ok_or_else(|| {
            let short = at.saturating_add(8).saturating_add(storage.nbytes).saturating_sub(source.len());
            located(Error::malformed(format!("the file ends {short} bytes too early")).code("truncated"))
        })?;
        storage.place = if storage.location == "meta" { Place::Meta } else { Place::Range(at + 8..end) };
        at = end;
    }
    if let Some(missing) = storages.values().find(|s| s.place == Place::Unknown && s.nbytes > 0) {
        return Err(Error::malformed("the key list lacks this storage").at(format!("storage {}", missing.key)));
    }
    for empty in storages.values_mut().filter(|s| s.place == Place::Unknown) {
        empty.place = Place::Range(at..at);
    }
    if at < source.len() {
        let text = format!("{} bytes follow the last storage", source.len() - at);
        warnings.push(Warning::new("trailing_data", text).at(format!("file+0x{at:x}")));
    }
    Ok(())
}
