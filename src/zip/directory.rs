//! The central directory: which records there are, where they stand, and what is odd about them.
//!
//! The local headers are not read here: opening an archive of a thousand records costs two reads.

use crate::bytes::Cursor;
use crate::error::{Error, Result, Warning};
use crate::source::{ByteSource, MAX_WINDOW};
use indexmap::IndexMap;
use std::ops::Range;

const EOCD: [u8; 4] = *b"PK\x05\x06";
const EOCD_LEN: u64 = 22;
pub(super) const ZIP64_LOCATOR: u32 = 0x0706_4b50;
pub(super) const ZIP64_EOCD: u32 = 0x0606_4b50;
/// Signature of an entry.
pub(super) const CENTRAL: u32 = 0x0201_4b50;
/// The longest comment, and so how far from the end the record can begin.
const TAIL: u64 = EOCD_LEN + 0xffff;

/// How a record's bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// as they are
    Stored,
    /// deflate
    Deflated,
    /// another of the format's methods, by number
    Other(u16),
}

/// One record of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// as in the central directory
    pub name: String,
    /// stored or deflated
    pub method: Method,
    /// 0 stands for "not computed" in torch's files
    pub crc32: u32,
    /// bytes in the archive
    pub compressed_size: u64,
    /// bytes of the record
    pub size: u64,
    /// where its local header begins
    pub header_offset: u64,
    /// general purpose flags
    pub flags: u16,
    /// where in the file its entry of the central directory begins
    pub central_offset: u64,
}

/// The records of an archive, by name, in the order of the central directory.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// of two entries with one name the last is kept, as Python's zipfile and torch do
    pub entries: IndexMap<String, Entry>,
    /// where in the file the central directory stands
    pub place: Range<u64>,
    /// bytes before the archive, by which its own offsets are too small
    pub shift: u64,
    /// what was odd but readable
    pub warnings: Vec<Warning>,
}

/// Where the central directory is said to be.
struct End {
    count: u64,
    size: u64,
    offset: u64,
    /// where the end record (zip64's, if there is one) begins
    at: u64,
}

impl Directory {
    /// Finds and reads the central directory.
    pub async fn read(source: &dyn ByteSource) -> Result<Self> {
        let end = find_end(source).await?;
        if end.size > MAX_WINDOW {
            return Err(Error::too_large("the zip directory", end.size, MAX_WINDOW).at("zip directory"));
        }
        // Data before the archive shifts every offset; the directory ends where the end record begins.
        let offset_by_size = end.at.checked_sub(end.size);
        let start = if end.offset.checked_add(end.size).is_some_and(|e| e <= end.at) {
            Some(end.offset)
        } else {
            offset_by_size
        };
        let mut start =
            start.ok_or_else(|| Error::malformed("the zip directory lies outside the file").at("zip directory"))?;
        let mut bytes = source.read(start..start + end.size).await?;
        if end.count > 0 && !bytes.starts_with(&CENTRAL.to_le_bytes()) && offset_by_size != Some(start) {
            start = offset_by_size.unwrap_or(start);
            bytes = source.read(start..start + end.size).await?;
        }
        let shift = start.saturating_sub(end.offset);
        let mut directory = Self { place: start..start + end.size, shift, ..Self::default() };
        if shift > 0 {
            directory.warn("prepended_data", format!("{shift} bytes stand before the zip archive"));
        }
        directory.parse(&bytes, start, shift, end.count, source.len())?;
        Ok(directory)
    }

    fn warn(&mut self, code: &'static str, message: String) {
        self.warnings.push(Warning::new(code, message).at("zip directory"));
    }

    fn parse(&mut self, bytes: &[u8], start: u64, shift: u64, count: u64, file: u64) -> Result<()> {
        let mut cursor = Cursor::new(bytes, "zip directory", start);
        let mut seen = 0u64;
        while cursor.remaining() >= 4 {
            let central_offset = start.saturating_add(cursor.position() as u64);
            if cursor.u32()? != CENTRAL {
                break;
            }
            let mut entry = entry(&mut cursor, central_offset)?;
            entry.header_offset = entry.header_offset.saturating_add(shift);
            let end = entry.header_offset.checked_add(30).and_then(|e| e.checked_add(entry.compressed_size));
            if end.is_none_or(|e| e > file) {
                let text = format!("record {} of {} bytes lies outside the file", entry.name, entry.compressed_size);
                return Err(Error::malformed(text).code("truncated").at("zip directory"));
            }
            seen += 1;
            if let Some(old) = self.entries.insert(entry.name.clone(), entry) {
                self.warn("duplicate_record", format!("two records are called {}; the last one counts", old.name));
            }
        }
        if seen != count {
            return Err(Error::malformed(format!("the zip directory announces {count} records and has {seen}"))
                .at("zip directory"));
        }
        Ok(())
    }
}

/// A central directory entry after its signature.
fn entry(cursor: &mut Cursor<'_>, central_offset: u64) -> Result<Entry> {
    let location = cursor.location();
    cursor.take(4)?; // versions made by, needed
    let flags = cursor.u16()?;
    let method = match cursor.u16()? {
        0 => Method::Stored,
        8 => Method::Deflated,
        other => Method::Other(other),
    };
    cursor.take(4)?; // DOS time and date: torch writes zeros
    let crc32 = cursor.u32()?;
    let (compressed, size) = (cursor.u32()?, cursor.u32()?);
    let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.take(8)?; // disk, attributes
    let offset = cursor.u32()?;
    let name = cursor.take(name.into())?;
    let extra = cursor.take(extra.into())?;
    cursor.take(comment.into())?;
    // Latin-1 where it is no UTF-8: every byte has a character, so the name stays distinct.
    let name = String::from_utf8(name.to_vec()).unwrap_or_else(|_| name.iter().map(|&b| char::from(b)).collect());
    let (size, compressed_size, header_offset) =
        zip64(extra, size, compressed, offset).ok_or_else(|| Error::malformed("a broken zip64 field").at(location))?;
    Ok(Entry { name, method, crc32, compressed_size, size, header_offset, flags, central_offset })
}

/// Replaces the fields that are all ones by those of the zip64 extra field, in the format's order.
fn zip64(extra: &[u8], size: u32, compressed: u32, offset: u32) -> Option<(u64, u64, u64)> {
    let mut values = [u64::from(size), u64::from(compressed), u64::from(offset)];
    if [size, compressed, offset].iter().all(|v| *v != u32::MAX) {
        return Some(values.into());
    }
    let mut cursor = Cursor::new(extra, "extra", 0);
    while cursor.remaining() >= 4 {
        let (id, len) = (cursor.u16().ok()?, cursor.u16().ok()?);
        let body = cursor.take(len.into()).ok()?;
        if id == 1 {
            let mut field = Cursor::new(body, "zip64", 0);
            for value in values.iter_mut().filter(|v| **v == u64::from(u32::MAX)) {
                *value = field.u64().ok()?;
            }
            return Some(values.into());
        }
    }
    None
}

/// The end record nearest to the end whose comment fills the file exactly, or else the nearest one at all.
async fn find_end(source: &dyn ByteSource) -> Result<End> {
    let len = source.len();
    let base = len.saturating_sub(TAIL);
    let tail = source.read(base..len).await?;
    let exact = |at: usize| {
        let comment = tail.get(at + 20..at + 22).and_then(|b| <[u8; 2]>::try_from(b).ok()).map(u16::from_le_bytes);
        comment.map(|c| at + 22 + usize::from(c))
    };
    let mut found = None;
    for at in (0..tail.len()).rev().filter(|&at| tail.get(at..at + 4) == Some(&EOCD)) {
        match exact(at) {
            Some(end) if end == tail.len() => {
                found = Some(at);
                break;
            }
            Some(end) if end < tail.len() => found = found.or(Some(at)),
            _ => {}
        }
    }
    let at = found.ok_or_else(|| {
        Error::malformed("the zip archive has no directory at its end: the file is cut off")
            .code("truncated")
            .at("zip directory")
            .hint("download the file again; it is shorter than it should be")
    })?;
    let mut cursor = Cursor::new(tail.get(at..).unwrap_or_default(), "zip end record", base + at as u64);
    cursor.take(8)?; // signature, disks
    cursor.take(2)?;
    let (count, size, offset) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
    let here = base + at as u64;
    let plain = End { count: count.into(), size: size.into(), offset: offset.into(), at: here };
    Ok(zip64_end(source, here, &plain).await?.unwrap_or(plain))
}

/// torch always writes a zip64 end record; it counts where its numbers are the only ones that fit.
async fn zip64_end(source: &dyn ByteSource, eocd: u64, plain: &End) -> Result<Option<End>> {
    let Some(at) = eocd.checked_sub(20) else { return Ok(None) };
    let locator = source.read(at..eocd).await?;
    let mut cursor = Cursor::new(&locator, "zip64 locator", at);
    if cursor.u32()? != ZIP64_LOCATOR {
        return Ok(None);
    }
    cursor.take(4)?;
    let stated = cursor.u64()?;
    let needed = plain.count == 0xffff || plain.size == 0xffff_ffff || plain.offset == 0xffff_ffff;
    // With data before the archive the stated place is wrong, the usual one is 56 bytes before the locator.
    for place in [Some(stated), at.checked_sub(56)].into_iter().flatten() {
        if place.checked_add(56).is_none_or(|end| end > at) {
            continue;
        }
        let record = source.read(place..place + 56).await?;
        let mut cursor = Cursor::new(&record, "zip64 end record", place);
        if cursor.u32()? != ZIP64_EOCD {
            continue;
        }
        cursor.take(28)?;
        let count = cursor.u64()?;
        return Ok(Some(End { count, size: cursor.u64()?, offset: cursor.u64()?, at: place }));
    }
    if needed {
        return Err(Error::malformed("the zip64 end record is not where its locator says").at("zip directory"));
    }
    Ok(None)
}
