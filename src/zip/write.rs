//! Archives exactly as torch's `PyTorchStreamWriter` makes them (`caffe2/serialize/inline_container.cc` over miniz): every record stored,
//! its data at a multiple of 64, its checksum behind it, no dates.
//!
//! torch fills a record's extra field `FB` with `Z` so that the data is aligned. Sizes and offsets from 4 GiB on go into zip64 fields;
//! the zip64 end record is always written.

use super::directory::{CENTRAL, ZIP64_EOCD, ZIP64_LOCATOR};
use super::read::LOCAL;
use crate::error::{Error, Result};
use crate::source::Sink;
use std::ops::Range;

/// Where torch aligns the data of a record.
pub const ALIGNMENT: u64 = 64;
const DESCRIPTOR: u32 = 0x0807_4b50;
const EOCD: u32 = 0x0605_4b50;
/// Names are UTF-8.
const UTF8: u16 = 0x0800;
/// Checksum and sizes follow the data.
pub const BEHIND: u16 = 0x0008;
const LIMIT: u64 = u32::MAX as u64;

/// A 32-bit field, all ones where the number is in the zip64 field.
pub(super) fn clamp(value: u64) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// A 16-bit length, or an error that names the record.
pub(super) fn short(len: usize, what: &str) -> Result<[u8; 2]> {
    let len = u16::try_from(len).map_err(|_| Error::too_large(what, len, u16::MAX))?;
    Ok(len.to_le_bytes())
}

/// The zip64 extra field of those numbers that do not fit; empty when all do.
pub(super) fn zip64(numbers: &[u64]) -> Vec<u8> {
    let mut field = Vec::new();
    if !numbers.is_empty() {
        field.extend(1u16.to_le_bytes());
        field.extend((u16::try_from(numbers.len() * 8).unwrap_or(0)).to_le_bytes());
        numbers.iter().for_each(|n| field.extend(n.to_le_bytes()));
    }
    field
}

/// torch's `FB` field, which makes what begins at `start` after it begin at a multiple of [`ALIGNMENT`]. `start` counts its own four bytes.
pub(super) fn padding(start: u64) -> Vec<u8> {
    let len = u16::try_from(start.next_multiple_of(ALIGNMENT) - start).unwrap_or(0);
    let mut field = b"FB".to_vec();
    field.extend(len.to_le_bytes());
    field.extend(std::iter::repeat_n(b'Z', len.into()));
    field
}

/// What stands before a stored record's data, when the header begins at `at`: checksum and sizes are zero, as torch writes them.
pub(super) fn local_header(name: &str, size: u64, at: u64) -> Result<Vec<u8>> {
    let mut numbers = Vec::new();
    if size >= LIMIT {
        // miniz knows the second, the compressed size, only later.
        numbers.extend([size, 0]);
    }
    if at >= LIMIT {
        numbers.push(at);
    }
    let wide = zip64(&numbers);
    let padding = padding(at + 30 + name.len() as u64 + 4 + wide.len() as u64);
    let mut header = Vec::with_capacity(128);
    header.extend(LOCAL.to_le_bytes());
    header.extend([0; 2]);
    header.extend(flags(size).to_le_bytes());
    header.extend([0; 18]);
    header.extend(short(name.len(), "a record's name")?);
    header.extend(short(wide.len() + padding.len(), "an extra field")?);
    header.extend(name.as_bytes());
    header.extend(wide);
    header.extend(padding);
    Ok(header)
}

/// General purpose flags of a record that we store.
pub(super) fn flags(size: u64) -> u16 {
    if size == 0 { UTF8 } else { UTF8 | BEHIND }
}

/// Checksum and sizes, behind the data.
pub(super) fn descriptor(crc: u32, size: u64, header: u64) -> Vec<u8> {
    let mut out = DESCRIPTOR.to_le_bytes().to_vec();
    out.extend(crc.to_le_bytes());
    if size >= LIMIT || header >= LIMIT {
        out.extend(size.to_le_bytes());
        out.extend(size.to_le_bytes());
    } else {
        out.extend(clamp(size));
        out.extend(clamp(size));
    }
    out
}

/// A stored record's entry in the central directory, when its header begins at `header`.
pub(super) fn central(name: &str, size: u64, header: u64, crc: u32) -> Result<Vec<u8>> {
    let mut numbers = Vec::new();
    if size >= LIMIT {
        numbers.extend([size, size]);
    }
    if header >= LIMIT {
        numbers.push(header);
    }
    let wide = zip64(&numbers);
    let mut entry = Vec::with_capacity(46 + name.len() + wide.len());
    entry.extend(CENTRAL.to_le_bytes());
    entry.extend([0; 4]);
    entry.extend(flags(size).to_le_bytes());
    entry.extend([0; 6]);
    entry.extend(crc.to_le_bytes());
    entry.extend(clamp(size));
    entry.extend(clamp(size));
    entry.extend(short(name.len(), "a record's name")?);
    entry.extend(short(wide.len(), "an extra field")?);
    entry.extend([0; 10]);
    entry.extend(clamp(header));
    entry.extend(name.as_bytes());
    entry.extend(wide);
    Ok(entry)
}

/// The end of an archive: zip64's end record and locator, then the ordinary end record. Offsets are those of the archive.
pub(super) fn end(count: u64, directory: Range<u64>, comment: &[u8]) -> Result<Vec<u8>> {
    let size = directory.end - directory.start;
    let mut out = Vec::with_capacity(98);
    out.extend(ZIP64_EOCD.to_le_bytes());
    out.extend(44u64.to_le_bytes());
    out.extend([0x1e, 0x03, 45, 0]);
    out.extend([0; 8]);
    for number in [count, count, size, directory.start] {
        out.extend(number.to_le_bytes());
    }
    out.extend(ZIP64_LOCATOR.to_le_bytes());
    out.extend([0; 4]);
    out.extend(directory.end.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(EOCD.to_le_bytes());
    out.extend([0; 4]);
    let narrow = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    out.extend(narrow);
    out.extend(narrow);
    out.extend(clamp(size));
    out.extend(clamp(directory.start));
    out.extend(short(comment.len(), "the comment")?);
    out.extend(comment);
    Ok(out)
}

/// An archive that is being written. Every record stands in one folder.
pub struct Writer<'a> {
    sink: &'a mut dyn Sink,
    root: String,
    at: u64,
    central: Vec<u8>,
    count: u64,
    open: Option<Open>,
    /// names without the folder, and checksums of those that are not empty, in the order of writing
    written: Vec<(String, Option<u32>)>,
}

struct Open {
    name: String,
    header: u64,
    size: u64,
    left: u64,
}

impl<'a> Writer<'a> {
    /// An empty archive with the folder `root`.
    pub fn new(sink: &'a mut dyn Sink, root: &str) -> Self {
        Self { sink, root: root.to_owned(), at: 0, central: Vec::new(), count: 0, open: None, written: Vec::new() }
    }

    /// Names of the records so far, without the folder, and checksums of those that are not empty.
    pub fn written(&self) -> &[(String, Option<u32>)] {
        &self.written
    }

    /// Writes a small record.
    pub fn record(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.begin(name, bytes.len() as u64)?;
        self.bytes(bytes)?;
        self.finish_record(crc32fast::hash(bytes))
    }

    /// Begins a record of `size` bytes, which [`Self::bytes`] and [`Self::copy`] then give.
    pub fn begin(&mut self, name: &str, size: u64) -> Result<()> {
        let full = format!("{}/{name}", self.root);
        let header = local_header(&full, size, self.at)?;
        self.open = Some(Open { name: name.to_owned(), header: self.at, size, left: size });
        self.at += header.len() as u64;
        self.sink.bytes(&header)
    }

    /// New bytes of the open record.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.count_down(bytes.len() as u64)?;
        self.sink.bytes(bytes)
    }

    /// Bytes of the source as part of the open record.
    pub fn copy(&mut self, range: Range<u64>) -> Result<()> {
        self.count_down(range.end.saturating_sub(range.start))?;
        self.sink.copy(range)
    }

    fn count_down(&mut self, len: u64) -> Result<()> {
        let left = self.open.as_mut().map(|open| &mut open.left);
        let left = left.filter(|left| **left >= len);
        let left = left.ok_or_else(|| Error::mismatch("more bytes for a record than were announced"))?;
        *left -= len;
        self.at += len;
        Ok(())
    }

    /// Ends the open record, whose bytes have this CRC-32.
    pub fn finish_record(&mut self, crc: u32) -> Result<()> {
        let open = self.open.take().filter(|open| open.left == 0);
        let open = open.ok_or_else(|| Error::mismatch("fewer bytes for a record than were announced"))?;
        if open.size > 0 {
            let behind = descriptor(crc, open.size, open.header);
            self.at += behind.len() as u64;
            self.sink.bytes(&behind)?;
        }
        let name = format!("{}/{}", self.root, open.name);
        self.central.extend(central(&name, open.size, open.header, crc)?);
        self.count += 1;
        self.written.push((open.name, (open.size > 0).then_some(crc)));
        Ok(())
    }

    /// Writes the directory and the end.
    pub fn finish(self) -> Result<()> {
        self.sink.bytes(&self.central)?;
        self.sink.bytes(&end(self.count, self.at..self.at + self.central.len() as u64, &[])?)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that fails says where")]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// From a file of torch 2.15: `torch.save([torch.empty(2**30 + 3), torch.empty(5)], "big64.pt")`.
    #[test]
    fn numbers_from_4_gib_on_are_torchs() {
        let header = hex(&local_header("big64/data/0", 0x1_0000_000c, 0x296).unwrap());
        let start = "504b0304000008080000000000000000000000000000000000000c00400062696736342f646174612f30";
        assert_eq!(
            header,
            format!("{start}010010000c000000010000000000000000000000464228 00{}", "5a".repeat(40)).replace(' ', "")
        );
        let header = hex(&local_header("big64/data/1", 20, 0x1_0000_0324).unwrap());
        let start = "504b0304000008080000000000000000000000000000000000000c00320062696736342f646174612f31";
        assert_eq!(header, format!("{start}010008002403000001000000464222 00{}", "5a".repeat(34)).replace(' ', ""));
        assert_eq!(hex(&descriptor(0, 0x1_0000_000c, 0x296)), "504b0708000000000c000000010000000c00000001000000");
        assert_eq!(hex(&descriptor(0, 20, 0x1_0000_0324)), "504b07080000000014000000000000001400000000000000");
        let end = end(8, 0x1_0000_04c0..0x1_0000_06f3, &[]).unwrap();
        let zip64 = "504b06062c000000000000001e032d000000000000000000080000000000000008000000000000003302000000000000c004000001000000";
        assert_eq!(
            hex(&end),
            format!("{zip64}504b060700000000f30600000100000001000000504b0506000000000800080033020000ffffffff0000")
        );
    }

    /// A sink that forgets what is copied.
    #[derive(Default)]
    struct Headers(Vec<u8>);

    impl Sink for Headers {
        fn copy(&mut self, _: Range<u64>) -> Result<()> {
            Ok(())
        }

        fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn the_directory_of_records_from_4_gib_on_is_torchs() {
        let mut sink = Headers::default();
        let mut zip = Writer::new(&mut sink, "big64");
        zip.begin("pad", 0x296 - 128 - 16).unwrap();
        zip.copy(0..0x296 - 128 - 16).unwrap();
        zip.finish_record(0).unwrap();
        assert_eq!(zip.at, 0x296 - 64, "the first record's data begins at 64");
        zip.begin("data/0", 0x1_0000_000c).unwrap();
        zip.copy(0..0x1_0000_000c).unwrap();
        zip.finish_record(0).unwrap();
        zip.begin("data/1", 20).unwrap();
        zip.copy(0..20).unwrap();
        zip.finish_record(0).unwrap();
        let central = hex(&zip.central);
        assert!(central.contains("ffffffffffffffff0c001400"), "sizes that do not fit");
        assert!(central.contains("010010000c000000010000000c00000001000000"), "both sizes in the directory");
        zip.finish().unwrap();
    }
}
