//! Bytes of records: whole small ones, and ranges of large ones, inflated in windows where needed.

use super::directory::{Entry, Method};
use crate::bytes::Cursor;
use crate::error::{Error, Result, Warning};
use crate::source::ByteSource;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use std::ops::Range;

pub(super) const LOCAL: u32 = 0x0403_4b50;
const ENCRYPTED: u16 = 1;
/// Compressed bytes that are read at a time.
const CHUNK: u64 = 1 << 20;
/// How often longer a record may be than its compressed bytes, when it is read whole and longer than [`PLAIN`].
const MAX_RATIO: u64 = 100;
const PLAIN: u64 = 8 << 20;

/// Bytes of a record's local header before its name.
pub const LOCAL_HEADER: u64 = 30;

/// The lengths of the name and the extra field behind a local header; `None` where it is none.
pub fn behind_local_header(header: &[u8], place: &str, at: u64) -> Result<Option<(u64, u64)>> {
    let mut cursor = Cursor::new(header, place, at);
    if cursor.u32()? != LOCAL {
        return Ok(None);
    }
    cursor.take(22)?;
    Ok(Some((cursor.u16()?.into(), cursor.u16()?.into())))
}

impl Entry {
    /// Refuses what cannot be read, by name.
    fn readable(&self) -> Result<()> {
        if self.flags & ENCRYPTED != 0 {
            return Err(Error::unsupported("an encrypted zip record").at(&*self.name));
        }
        match self.method {
            Method::Stored if self.size != self.compressed_size => {
                Err(Error::malformed("a stored record with two different sizes").at(&*self.name))
            }
            Method::Stored | Method::Deflated => Ok(()),
            Method::Other(n) => Err(Error::unsupported(format!("zip compression method {n}")).at(&*self.name)),
        }
    }

    /// Where the record's bytes begin: the local header is read for its length.
    pub async fn data_offset(&self, source: &dyn ByteSource) -> Result<u64> {
        self.readable()?;
        let start = self.header_offset;
        let outside = || Error::malformed("the record lies outside the file").code("truncated").at(&*self.name);
        let end = start.checked_add(LOCAL_HEADER).ok_or_else(outside)?;
        let header = source.read(start..end).await.map_err(|_| outside())?;
        let Some((name, extra)) = behind_local_header(&header, &self.name, start)? else {
            return Err(Error::malformed("no local header where the zip directory says").at(&*self.name));
        };
        let data = end + name + extra;
        if data.checked_add(self.compressed_size).is_none_or(|end| end > source.len()) {
            return Err(outside());
        }
        Ok(data)
    }

    /// The whole record, at most `limit` bytes, and a warning when its CRC does not fit (0 stands for none, as in torch).
    pub async fn read(&self, source: &dyn ByteSource, limit: u64) -> Result<(Vec<u8>, Option<Warning>)> {
        if self.size > limit {
            return Err(Error::too_large(format!("record {}", self.name), self.size, limit).at(&*self.name));
        }
        // Pickles shrink tenfold, deflate's bombs a thousandfold.
        let most = self.compressed_size.saturating_mul(MAX_RATIO).max(PLAIN);
        if self.size > most {
            return Err(Error::too_large(format!("inflated record {}", self.name), self.size, most).at(&*self.name));
        }
        let mut bytes = Vec::new();
        self.read_range(source, 0..self.size, &mut |window| {
            bytes.extend_from_slice(window);
            Ok(())
        })
        .await?;
        let crc = crc32fast::hash(&bytes);
        let warning = (self.crc32 != 0 && self.crc32 != crc).then(|| {
            Warning::new(
                "crc_mismatch",
                "the record's checksum does not fit its bytes: the file is damaged or was edited",
            )
            .at(&*self.name)
        });
        Ok((bytes, warning))
    }

    /// A range of the record, in windows of bounded size.
    pub async fn read_range(
        &self,
        source: &dyn ByteSource,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let data = self.data_offset(source).await?;
        if range.start > range.end || range.end > self.size {
            return Err(Error::malformed("a range outside the record").at(&*self.name));
        }
        if self.method == Method::Deflated {
            return self.inflate(source, data, range, each).await;
        }
        let mut at = data + range.start;
        let end = data + range.end;
        while at < end {
            let next = end.min(at + CHUNK);
            each(&source.read(at..next).await?)?;
            at = next;
        }
        Ok(())
    }

    /// Inflates from the record's start and passes on what lies in `range`; stops at the declared size, whatever the data say.
    async fn inflate(
        &self,
        source: &dyn ByteSource,
        data: u64,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let broken = |what: &str| Error::malformed(format!("deflated data: {what}")).at(&*self.name);
        let mut state = InflateState::new_boxed(DataFormat::Raw);
        let mut window = vec![0u8; 64 << 10];
        let (mut at, end) = (data, data + self.compressed_size);
        let mut made = 0u64;
        let mut input: Vec<u8> = Vec::new();
        let mut used = 0;
        while made < range.end {
            if used == input.len() && at < end {
                let next = end.min(at + CHUNK);
                input = source.read(at..next).await?;
                (at, used) = (next, 0);
            }
            let rest = input.get(used..).unwrap_or_default();
            let step = inflate(&mut state, rest, &mut window, MZFlush::None);
            used += step.bytes_consumed;
            let before = made;
            made += step.bytes_written as u64;
            if made > self.size {
                return Err(broken("more bytes than the directory declares"));
            }
            let from = range.start.saturating_sub(before).min(step.bytes_written as u64);
            let to = range.end.saturating_sub(before).min(step.bytes_written as u64);
            let (from, to) = (usize::try_from(from).unwrap_or(0), usize::try_from(to).unwrap_or(0));
            if from < to {
                each(window.get(from..to).unwrap_or_default())?;
            }
            match step.status {
                Ok(MZStatus::StreamEnd) => break,
                Ok(_) if step.bytes_written > 0 || step.bytes_consumed > 0 => {}
                _ if at < end && used == input.len() => {}
                _ => return Err(broken("broken or cut off")),
            }
        }
        if made < range.end {
            return Err(broken("fewer bytes than the directory declares"));
        }
        Ok(())
    }
}
