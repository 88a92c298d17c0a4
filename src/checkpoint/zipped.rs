//! The zip container of torch 1.6 and newer: `data.pkl`, and one record for each storage.

use super::foreign;
use super::growing::Growing;
use super::pt2;
use super::rebuild::{self, StorageName};
use super::script;
use super::storage::{Place, Storage, StorageId, Storages};
use super::{Format, Loaded};
use crate::error::{Error, Result, Warning};
use crate::pickle::decode::decode;
use crate::source::ByteSource;
use crate::zip::directory::{Directory, Entry};
use crate::zip::read::{LOCAL_HEADER, behind_local_header};
use indexmap::IndexMap;

/// The longest `data.pkl`; real ones have a few hundred bytes a tensor.
pub const MAX_PICKLE: u64 = 256 << 20;

/// Opens a zip archive that torch.save wrote.
pub async fn open(source: &dyn ByteSource) -> Result<Loaded> {
    let directory = match Directory::read(source).await {
        Err(error) if error.code == "truncated" => return Err(cut_off(source, error).await),
        read => read?,
    };
    let root = root(&directory)?;
    let record = |name: &str| directory.entries.get(&format!("{root}/{name}"));
    if record("constants.pkl").is_some() || record("model.json").is_some() {
        return script::open(source, &directory, &root, directory.warnings.clone()).await;
    }
    if pt2::is_pt2(&directory, &root) {
        return pt2::open(source, &directory, &root).await;
    }
    saved(source, &directory, &root).await
}

/// The same for a file of torch.save inside another archive.
pub(super) async fn archive(source: &dyn ByteSource) -> Result<Loaded> {
    let directory = Directory::read(source).await?;
    let root = root(&directory)?;
    saved(source, &directory, &root).await
}

async fn saved(source: &dyn ByteSource, directory: &Directory, root: &str) -> Result<Loaded> {
    let mut warnings = directory.warnings.clone();
    let record = |name: &str| directory.entries.get(&format!("{root}/{name}"));
    let Some(pickle) = record("data.pkl") else { return Err(no_pickle(directory)) };
    version(source, record(".data/version").or(record("version"))).await?;
    let swapped = byteorder(source, record("byteorder")).await?;
    if swapped {
        warnings
            .push(Warning::new("big_endian", "written on a big-endian machine; values are swapped when they are read"));
    }
    let (bytes, crc) = pickle.read(source, MAX_PICKLE).await?;
    warnings.extend(crc);
    let pickle = decode(&bytes, 0, "data.pkl")?;
    let mut storages = Storages::new();
    let tensors = rebuild::tensors(&pickle.arena, "data.pkl", &mut |name: StorageName| {
        enter(&mut storages, name, "data", &record, swapped)
    })?;
    Ok(Loaded { format: Format::Zip, pickle, record: "data.pkl", storages, tensors, warnings, script: None })
}

/// Tells of a file without its end how much is missing at least, where its first record, the pickle, is whole: the bytes of its storages.
async fn cut_off(source: &dyn ByteSource, error: Error) -> Error {
    match shortest(source).await {
        Ok(Some(whole)) if whole > source.len() => {
            let (here, missing) = (source.len(), whole - source.len());
            let message = format!("the file is cut off: behind its {here} bytes at least {missing} are missing");
            Error { message, ..error }
        }
        // What cannot be told is not told.
        _ => error,
    }
}

/// The least length of a file that begins with the record `data.pkl`, as torch writes it.
async fn shortest(source: &dyn ByteSource) -> Result<Option<u64>> {
    let header = source.read(0..LOCAL_HEADER).await?;
    let Some((name, extra)) = behind_local_header(&header, "zip record", 0)? else { return Ok(None) };
    if !source.read(LOCAL_HEADER..LOCAL_HEADER + name).await?.ends_with(b"/data.pkl") {
        return Ok(None);
    }
    let start = LOCAL_HEADER + name + extra;
    let pickle = Growing::new(source, start).pickle().await?;
    let mut sizes: IndexMap<String, u64> = IndexMap::new();
    rebuild::tensors(&pickle.arena, "data.pkl", &mut |name: StorageName| {
        let size = if name.location == "meta" { 0 } else { name.nbytes };
        let (index, _) = sizes.insert_full(name.key, size);
        Ok(StorageId(u32::try_from(index).unwrap_or(u32::MAX)))
    })?;
    Ok(sizes.values().try_fold(start + pickle.len as u64, |sum, size| sum.checked_add(*size)))
}

/// The one folder that all records share.
pub(super) fn root(directory: &Directory) -> Result<String> {
    let Some((first, _)) = directory.entries.first() else {
        return Err(Error::malformed("the zip archive is empty").at("zip directory"));
    };
    let holder = directory.entries.keys().find_map(|n| n.strip_suffix("/data.pkl").filter(|r| !r.contains('/')));
    let root = holder.or_else(|| first.split_once('/').map(|(root, _)| root)).unwrap_or("");
    let stray = directory.entries.keys().find(|n| n.split_once('/').is_none_or(|(r, _)| r != root));
    match (holder, stray) {
        (Some(_), Some(stray)) => {
            Err(Error::malformed(format!("file in archive is not in a subdirectory {root}/: {stray}"))
                .at("zip directory")
                .hint("the archive was repacked; unpack it and pack the folder alone, without compression"))
        }
        _ => Ok(root.to_owned()),
    }
}

/// A zip archive without a pickle is something else.
fn no_pickle(directory: &Directory) -> Error {
    let any = |end: &str| directory.entries.keys().any(|n| n.ends_with(end));
    let what = if any(".npy") {
        "a NumPy archive (.npz)"
    } else if any("config.json") && any(".h5") {
        "a Keras archive"
    } else if any("AndroidManifest.xml") || any("document.xml") {
        "a document or an app, not a checkpoint"
    } else if any(".pth") || any(".pt") || any(".safetensors") {
        "a zip archive with a checkpoint inside"
    } else {
        "a zip archive without the record data.pkl"
    };
    Error::malformed(format!("this is {what}"))
        .code("not_a_checkpoint")
        .at("zip directory")
        .hint("unpack it and open the checkpoint itself")
}

async fn small(source: &dyn ByteSource, entry: &Entry) -> Result<String> {
    let (bytes, _) = entry.read(source, 1024).await?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// torch reads versions 1 to 10, and refuses a file without one.
pub(super) async fn version(source: &dyn ByteSource, entry: Option<&Entry>) -> Result<u64> {
    let entry = entry.ok_or_else(|| Error::malformed("the archive has no version record").at("version"))?;
    let text = small(source, entry).await?;
    match text.parse::<u64>() {
        Ok(version @ 1..=10) => Ok(version),
        Ok(newer) => Err(Error::unsupported(format!("archive version {newer}; the newest known is 10")).at("version")),
        Err(_) => Err(Error::malformed(format!("the archive's version is {text:?}")).at("version")),
    }
}

pub(super) async fn byteorder(source: &dyn ByteSource, entry: Option<&Entry>) -> Result<bool> {
    let Some(entry) = entry else { return Ok(false) };
    match small(source, entry).await?.as_str() {
        "little" => Ok(false),
        "big" => Ok(true),
        other => Err(Error::malformed(format!("Unknown endianness type: {other}")).at("byteorder")),
    }
}

/// The storage of a key: its record must be as long as the pickle says, as torch 2.10 and newer demand.
pub(super) fn enter<'a>(
    storages: &mut Storages,
    name: StorageName,
    folder: &str,
    find: &dyn Fn(&str) -> Option<&'a Entry>,
    swapped: bool,
) -> Result<StorageId> {
    let StorageName { key, dtype, location, nbytes, data } = name;
    let record = format!("{folder}/{key}");
    let key = if folder == "data" { key } else { record.clone() };
    let place = match find(&record) {
        _ if data.is_some() => data.map_or(Place::Unknown, Place::Memory),
        _ if location == "meta" => Place::Meta,
        Some(entry) if entry.size == nbytes => Place::Record(entry.clone()),
        Some(entry) => {
            let text = format!("the record has {} bytes, and the pickle declares {nbytes}", entry.size);
            return Err(Error::malformed(text).at(record));
        }
        None => return Err(Error::malformed("PytorchStreamReader failed locating file").at(record)),
    };
    let (index, _) = storages.insert_full(
        key.clone(),
        Storage { key, dtype, location, nbytes, swapped: swapped && !matches!(place, Place::Memory(_)), place },
    );
    Ok(StorageId(u32::try_from(index).unwrap_or(u32::MAX)))
}

/// True when the file begins as a zip archive does; torch looks at the first bytes only.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || (head.starts_with(b"PK\x05\x06") && foreign::recognise(head, 22).is_none())
}
