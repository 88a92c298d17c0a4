//! An archive copied with some records replaced: where a replaced record keeps its length only its bytes and checksums differ, else the
//! records behind it move, and those that torch aligned stay aligned. New records follow the old ones.

use super::directory::{CENTRAL, Directory, Entry};
use super::write::{self, BEHIND, clamp, short};
use crate::bytes::Cursor;
use crate::error::{Error, Result};
use crate::source::{ByteSource, Sink};
use std::collections::HashMap;
use std::ops::Range;

/// Where the file tells a record's checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksums {
    /// before the data
    pub before: Option<u64>,
    /// behind it
    pub behind: Option<u64>,
    /// in the central directory
    pub central: u64,
}

impl Entry {
    /// Where the file tells this record's checksum. A local header that leaves it to the descriptor behind the data is left so.
    pub async fn checksums(&self, source: &dyn ByteSource) -> Result<Checksums> {
        let data = self.data_offset(source).await?;
        let header = source.read(self.header_offset..self.header_offset + 30).await?;
        let mut cursor = Cursor::new(&header, &self.name, self.header_offset);
        cursor.take(6)?;
        let flags = cursor.u16()?;
        cursor.take(6)?;
        let stated = cursor.u32()?;
        let before = (flags & BEHIND == 0 || stated != 0).then_some(self.header_offset + 14);
        let end = data + self.compressed_size;
        let mut behind = None;
        if flags & BEHIND != 0 && end + 8 <= source.len() {
            let descriptor = source.read(end..end + 8).await?;
            let mut cursor = Cursor::new(&descriptor, &self.name, end);
            let (first, second) = (cursor.u32()?.to_le_bytes(), cursor.u32()?);
            behind = if first == *b"PK\x07\x08" && second == self.crc32 {
                Some(end + 4)
            } else {
                (first == self.crc32.to_le_bytes()).then_some(end)
            };
        }
        Ok(Checksums { before, behind, central: self.central_offset + 16 })
    }
}

/// What became of a record.
struct Moved {
    header: u64,
    /// size and checksum of a record that is now stored
    stored: Option<(u64, u32)>,
}

/// An archive being copied, record by record in the order of the file.
pub struct Repack<'a> {
    source: &'a dyn ByteSource,
    directory: &'a Directory,
    sink: &'a mut dyn Sink,
    at: u64,
    moved: HashMap<u64, Moved>,
    /// entries of new records
    added: Vec<Vec<u8>>,
}

impl<'a> Repack<'a> {
    /// Begins with what stands before the first record.
    pub fn new(source: &'a dyn ByteSource, directory: &'a Directory, sink: &'a mut dyn Sink) -> Result<Self> {
        let first = directory.entries.values().map(|e| e.header_offset).min().unwrap_or(directory.place.start);
        sink.copy(0..first)?;
        Ok(Self { source, directory, sink, at: first, moved: HashMap::new(), added: Vec::new() })
    }

    /// Every record with the place that it and what follows it up to the next takes, in the order of the file.
    pub fn records(directory: &Directory) -> Result<Vec<(&Entry, Range<u64>)>> {
        let mut records: Vec<&Entry> = directory.entries.values().collect();
        records.sort_by_key(|e| e.header_offset);
        let ends = records.iter().skip(1).map(|e| e.header_offset).chain([directory.place.start]).collect::<Vec<_>>();
        let places = records.into_iter().zip(ends).map(|(entry, end)| {
            let least = entry.header_offset.saturating_add(30).saturating_add(entry.compressed_size);
            if least > end {
                return Err(Error::malformed("two records of the archive overlap").at(&*entry.name));
            }
            Ok((entry, entry.header_offset..end))
        });
        places.collect()
    }

    fn archive_offset(&self) -> u64 {
        self.at.saturating_sub(self.directory.shift)
    }

    /// Copies a record. When it has moved and torch aligned its data, the padding is made anew.
    pub async fn keep(&mut self, entry: &Entry, place: Range<u64>) -> Result<()> {
        let header = self.archive_offset();
        self.moved.insert(entry.central_offset, Moved { header, stored: None });
        let mut from = place.start;
        if self.at != place.start {
            let data = entry.data_offset(self.source).await?;
            if data > place.end {
                return Err(Error::malformed("two records of the archive overlap").at(&*entry.name));
            }
            let bytes = self.source.read(place.start..data).await?;
            if let Some(aligned) = realigned(&bytes, header) {
                self.sink.bytes(&aligned)?;
                self.at += aligned.len() as u64;
                from = data;
            }
        }
        self.at += place.end - from;
        self.sink.copy(from..place.end)
    }

    /// Begins a record that replaces `entry`, stored, with `size` bytes for [`Self::bytes`]; true offsets and torch's alignment.
    pub fn begin(&mut self, entry: &Entry, size: u64) -> Result<()> {
        let header = self.archive_offset();
        let bytes = write::local_header(&entry.name, size, header)?;
        self.moved.insert(entry.central_offset, Moved { header, stored: Some((size, 0)) });
        self.bytes(&bytes)
    }

    /// Bytes of the record that is open.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        self.sink.bytes(bytes)
    }

    /// Ends the record.
    pub fn end(&mut self, entry: &Entry, crc: u32) -> Result<()> {
        let Some(Moved { header, stored: Some((size, stored)) }) = self.moved.get_mut(&entry.central_offset) else {
            return Err(Error::mismatch("a record that was not begun"));
        };
        *stored = crc;
        let (header, size) = (*header, *size);
        if size == 0 { Ok(()) } else { self.bytes(&write::descriptor(crc, size, header)) }
    }

    /// Adds a record behind the old ones, as torch stores it.
    pub fn append(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let (header, size, crc) = (self.archive_offset(), bytes.len() as u64, crc32fast::hash(bytes));
        self.bytes(&write::local_header(name, size, header)?)?;
        self.bytes(bytes)?;
        if size > 0 {
            self.bytes(&write::descriptor(crc, size, header))?;
        }
        self.added.push(write::central(name, size, header, crc)?);
        Ok(())
    }

    /// Writes the directory with the new places, and the end.
    pub async fn finish(mut self) -> Result<()> {
        let place = self.directory.place.clone();
        let old = self.source.read(place.clone()).await?;
        let mut cursor = Cursor::new(&old, "zip directory", place.start);
        let mut central = Vec::with_capacity(old.len());
        let mut count = 0u64;
        let entries: HashMap<u64, &Entry> = self.directory.entries.values().map(|e| (e.central_offset, e)).collect();
        while cursor.remaining() >= 46 {
            let at = place.start + cursor.position() as u64;
            // Entries that another of the same name hides are left out: their records were not copied as records.
            let fixed = cursor.take(46)?;
            if !fixed.starts_with(&CENTRAL.to_le_bytes()) {
                break;
            }
            let mut lengths = Cursor::new(fixed.get(28..).unwrap_or_default(), "zip directory", at);
            let (name, extra, comment) = (lengths.u16()?, lengths.u16()?, lengths.u16()?);
            let (name, extra) = (cursor.take(name.into())?, cursor.take(extra.into())?);
            let comment = cursor.take(comment.into())?;
            if let Some((entry, moved)) = entries.get(&at).zip(self.moved.get(&at)) {
                central.extend(central_entry(entry, moved, fixed, [name, extra, comment])?);
                count += 1;
            }
        }
        for entry in &self.added {
            central.extend_from_slice(entry);
            count += 1;
        }
        let start = self.archive_offset();
        let comment = self.comment().await?;
        let end = write::end(count, start..start + central.len() as u64, &comment)?;
        self.bytes(&central)?;
        self.bytes(&end)
    }

    /// The archive's comment: what the end record says follows it.
    async fn comment(&self) -> Result<Vec<u8>> {
        let len = self.source.len();
        let tail = self.source.read(self.directory.place.end.max(len.saturating_sub(65_557))..len).await?;
        let at = (0..tail.len()).rev().find(|at| tail.get(*at..at + 4) == Some(b"PK\x05\x06"));
        Ok(at.and_then(|at| tail.get(at + 22..)).unwrap_or_default().to_vec())
    }
}

/// A local header with its `FB` field made for a new place; `None` when it has none.
fn realigned(bytes: &[u8], header: u64) -> Option<Vec<u8>> {
    let name = usize::from(u16::from_le_bytes(bytes.get(26..28)?.try_into().ok()?));
    let extra = bytes.get(30 + name..)?;
    let mut others = Vec::new();
    let mut padded = false;
    let mut cursor = Cursor::new(extra, "extra", 0);
    while cursor.remaining() >= 4 {
        let from = cursor.position();
        let (id, len) = (cursor.u16().ok()?, cursor.u16().ok()?);
        cursor.take(len.into()).ok()?;
        if id.to_le_bytes() == *b"FB" {
            padded = true;
        } else {
            others.extend_from_slice(extra.get(from..cursor.position())?);
        }
    }
    if !padded {
        return None;
    }
    let padding = write::padding(header + 30 + name as u64 + others.len() as u64 + 4);
    let mut out = bytes.get(..28)?.to_vec();
    out.extend(short(others.len() + padding.len(), "an extra field").ok()?);
    out.extend_from_slice(bytes.get(30..30 + name)?);
    out.extend(others);
    out.extend(padding);
    Some(out)
}

/// An entry of the central directory for a record's new place.
fn central_entry(entry: &Entry, moved: &Moved, fixed: &[u8], texts: [&[u8]; 3]) -> Result<Vec<u8>> {
    let [name, extra, comment] = texts;
    let broken = || Error::malformed("a broken entry").at("zip directory");
    let part = |range: Range<usize>| fixed.get(range).ok_or_else(broken);
    let (size, compressed, crc) = match moved.stored {
        Some((size, crc)) => (size, size, crc),
        None => (entry.size, entry.compressed_size, entry.crc32),
    };
    let wide = |n: u64| n >= u64::from(u32::MAX);
    let numbers: Vec<u64> = [size, compressed, moved.header].into_iter().filter(|n| wide(*n)).collect();
    let mut fields = write::zip64(&numbers);
    let mut cursor = Cursor::new(extra, "extra", 0);
    while cursor.remaining() >= 4 {
        let from = cursor.position();
        let (id, len) = (cursor.u16()?, cursor.u16()?);
        cursor.take(len.into())?;
        if id != 1 {
            fields.extend(extra.get(from..cursor.position()).ok_or_else(broken)?);
        }
    }
    let mut out = part(0..8)?.to_vec();
    match moved.stored {
        Some(_) => {
            out.extend(write::flags(size).to_le_bytes());
            out.extend([0; 2]);
        }
        None => out.extend(part(8..12)?),
    }
    out.extend(part(12..16)?);
    out.extend(crc.to_le_bytes());
    out.extend(clamp(compressed));
    out.extend(clamp(size));
    out.extend(part(28..30)?);
    out.extend(short(fields.len(), "an extra field")?);
    out.extend(part(32..42)?);
    out.extend(clamp(moved.header));
    out.extend(name);
    out.extend(fields);
    out.extend(comment);
    Ok(out)
}
