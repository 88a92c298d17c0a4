//! The opened file with the values of some tensors replaced: the same container and pickle, the same sharing, strides and alignment. Only
//! the bytes of those storages differ, and the checksums over them.
//!
//! A changed record that was deflated is stored instead: torch writes stored records, maps them into memory, and needs no window of
//! theirs at a time. The records behind it move; those that torch aligned stay aligned.

use super::Changes;
use super::draft::Content;
use super::patch::Patch;
use crate::checkpoint::storage::{Place, Storage, StorageId};
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::{Checkpoint, Format};
use crate::error::{Error, Result, Warning};
use crate::source::{ByteSource, Sink};
use crate::zip::directory::{Directory, Entry, Method};
use crate::zip::repack::Repack;
use std::collections::BTreeMap;

/// What a zip file has besides changed storages: another pickle, and new records.
pub(super) struct Revision<'a> {
    /// the pickle's record
    pub name: String,
    /// its new bytes
    pub pickle: Vec<u8>,
    /// new records by their whole names
    pub added: Vec<(String, Content<'a>)>,
}

impl Checkpoint {
    /// Writes the file with new values for some tensors; what was done that the user should know comes back. Unsupported for tensors
    /// without readable values, Mismatch for values of another shape.
    pub async fn save_changed(&self, changes: &dyn Changes, sink: &mut dyn Sink) -> Result<Vec<Warning>> {
        let storages = self.changed_storages(changes)?;
        let deflated = storages.keys().any(|id| match self.storage(*id).map(|s| &s.place) {
            Ok(Place::Record(entry)) => entry.method != Method::Stored,
            _ => false,
        });
        let record = |id: &StorageId| matches!(self.storage(*id).map(|s| &s.place), Ok(Place::Record(_)));
        if self.format() == Format::Pt2 && !storages.keys().all(record) {
            return Err(Error::unsupported(
                "new weights in a torch.export archive that keeps them in a file of torch.save",
            )
            .code("pt2_layout")
            .hint("save a state_dict, and load it into the program's module"));
        }
        if deflated && matches!(self.format(), Format::Zip | Format::TorchScript | Format::Pt2) {
            return self.repack(&storages, changes, None, sink).await;
        }
        self.in_place(&storages, changes, sink).await?;
        Ok(Vec::new())
    }

    /// The storages that new values go to.
    pub(super) fn changed_storages(&self, changes: &dyn Changes) -> Result<BTreeMap<StorageId, Vec<TensorId>>> {
        let mut storages: BTreeMap<StorageId, Vec<TensorId>> = BTreeMap::new();
        for id in changes.ids() {
            let tensor = self.tensor(id)?;
            let storage = tensor.storage.filter(|_| tensor.unloadable.is_none());
            let storage = storage.ok_or_else(|| {
                let why = tensor.unloadable.clone().unwrap_or_else(|| "a tensor without a storage".into());
                Error::unsupported(format!("new values for {why}"))
            })?;
            storages.entry(storage).or_default().push(id);
        }
        Ok(storages)
    }

    /// Every storage keeps its place: the file is copied, and new bytes are laid over it.
    async fn in_place(
        &self,
        storages: &BTreeMap<StorageId, Vec<TensorId>>,
        changes: &dyn Changes,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut regions = Vec::new();
        for (&id, tensors) in storages {
            let storage = self.storage(id)?;
            let start = match &storage.place {
                Place::Record(entry) => entry.data_offset(&*self.source).await?,
                Place::Range(range) => range.start,
                _ => return Err(Error::unsupported("new values for a tensor whose bytes are not in the file")),
            };
            regions.push((start, storage, tensors));
        }
        regions.sort_by_key(|(start, ..)| *start);
        let mut over = Over { sink, at: 0 };
        let mut central = Vec::new();
        for (start, storage, tensors) in regions {
            let patches = self.patches(storage, tensors, changes).await?;
            let mut behind = None;
            if let Place::Record(entry) = &storage.place
                && !patches.is_empty()
            {
                let crc = checksum(storage, &patches, &*self.source).await?.to_le_bytes();
                let places = entry.checksums(&*self.source).await?;
                if let Some(before) = places.before {
                    over.lay(before, &crc)?;
                }
                behind = places.behind.map(|at| (at, crc));
                central.push((places.central, crc));
            }
            for patch in &patches {
                over.lay(start.saturating_add(patch.at), &patch.bytes)?;
            }
            if let Some((at, crc)) = behind {
                over.lay(at, &crc)?;
            }
        }
        central.sort_unstable();
        for (at, crc) in central {
            over.lay(at, &crc)?;
        }
        over.sink.copy(over.at..self.source.len())
    }

    /// Writes a zip file record by record: those of changed storages anew, and what a revision replaces and adds.
    pub(super) async fn repack(
        &self,
        storages: &BTreeMap<StorageId, Vec<TensorId>>,
        changes: &dyn Changes,
        revision: Option<&Revision<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Warning>> {
        let directory = Directory::read(&*self.source).await?;
        let mut changed: BTreeMap<u64, (&Storage, &[TensorId])> = BTreeMap::new();
        for (&id, tensors) in storages {
            let storage = self.storage(id)?;
            if let Place::Record(entry) = &storage.place
                && storage.nbytes > 0
            {
                changed.insert(entry.header_offset, (storage, tensors));
            }
        }
        let mut out = Repack::new(&*self.source, &directory, sink)?;
        let mut count = 0;
        for (entry, place) in Repack::records(&directory)? {
            if let Some(revision) = revision.filter(|r| *r.name == *entry.name) {
                out.begin(entry, revision.pickle.len() as u64)?;
                out.bytes(&revision.pickle)?;
                out.end(entry, crc32fast::hash(&revision.pickle))?;
                continue;
            }
            let Some((storage, tensors)) = changed.get(&entry.header_offset) else {
                out.keep(entry, place).await?;
                continue;
            };
            count += usize::from(entry.method != Method::Stored);
            let patches = self.patches(storage, tensors, changes).await?;
            self.replace(&mut out, entry, storage, &patches).await?;
        }
        for (name, content) in revision.map_or(&[][..], |r| &r.added) {
            match content {
                Content::Bytes(bytes) => out.append(name, bytes)?,
                Content::Later(later) => out.append(name, &later().await?.bytes)?,
                Content::File(_) => return Err(Error::mismatch("a storage of the file as a new one")),
            }
        }
        out.finish().await?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let text = format!("{count} changed records that were deflated are stored uncompressed, as torch writes them");
        Ok(vec![Warning::new("stored_uncompressed", text)])
    }

    /// A record with patches laid over what it held.
    async fn replace(&self, out: &mut Repack<'_>, entry: &Entry, storage: &Storage, patches: &[Patch]) -> Result<()> {
        out.begin(entry, storage.nbytes)?;
        let mut crc = crc32fast::Hasher::new();
        if let [whole] = patches
            && whole.at == 0
            && whole.end() == storage.nbytes
        {
            crc.update(&whole.bytes);
            out.bytes(&whole.bytes)?;
            return out.end(entry, crc.finalize());
        }
        // One pass over the record: deflated data can only be read from its start.
        let mut at = 0u64;
        let mut window = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            for patch in patches {
                patch.lay_over(at, &mut bytes);
            }
            at += bytes.len() as u64;
            crc.update(&bytes);
            out.bytes(&bytes)
        };
        storage.read_range(&*self.source, 0..storage.nbytes, &mut window).await?;
        out.end(entry, crc.finalize())
    }
}

/// The CRC-32 of a storage with its patches.
pub(super) async fn checksum(storage: &Storage, patches: &[Patch], source: &dyn ByteSource) -> Result<u32> {
    let mut crc = crc32fast::Hasher::new();
    let mut at = 0;
    for patch in patches {
        let mut window = |bytes: &[u8]| {
            crc.update(bytes);
            Ok(())
        };
        storage.read_range(source, at..patch.at, &mut window).await?;
        crc.update(&patch.bytes);
        at = patch.end();
    }
    let mut window = |bytes: &[u8]| {
        crc.update(bytes);
        Ok(())
    };
    storage.read_range(source, at..storage.nbytes, &mut window).await?;
    Ok(crc.finalize())
}

/// The file with new bytes laid over it, in order.
struct Over<'a> {
    sink: &'a mut dyn Sink,
    at: u64,
}

impl Over<'_> {
    fn lay(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        if at < self.at {
            return Err(Error::malformed("two storages of the file overlap").at(format!("0x{at:x}")));
        }
        self.sink.copy(self.at..at)?;
        self.sink.bytes(bytes)?;
        self.at = at.saturating_add(bytes.len() as u64);
        Ok(())
    }
}
