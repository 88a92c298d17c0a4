//! A cursor over bytes in memory that checks every step: little-endian numbers, slices, lines. No read panics, on 32 bits either.

use crate::error::{Error, Result};

/// A position in a byte slice that knows the name and offset of what it reads.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
    name: &'a str,
    base: u64,
}

macro_rules! numbers {
    ($($name:ident: $type:ty, $size:literal;)*) => {
        $(#[doc = concat!("The next ", stringify!($type), ", little-endian.")]
        pub fn $name(&mut self) -> Result<$type> {
            Ok(<$type>::from_le_bytes(self.array::<$size>()?))
        })*
    };
}

impl<'a> Cursor<'a> {
    /// Reads `data`, which begins at byte `base` of what is called `name`.
    pub fn new(data: &'a [u8], name: &'a str, base: u64) -> Self {
        Self { data, at: 0, name, base }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.data.len().saturating_sub(self.at)
    }

    /// Where the next byte stands: `data.pkl+0x1f3`.
    pub fn location(&self) -> String {
        self.location_of(self.at)
    }

    /// Where byte `position` of the slice stands.
    pub fn location_of(&self, position: usize) -> String {
        format!("{}+0x{:x}", self.name, self.base.saturating_add(position as u64))
    }

    /// The error for a read past the end.
    fn truncated(&self, wanted: u64) -> Error {
        Error::malformed(format!("{wanted} bytes wanted, {} left", self.remaining()))
            .code("truncated")
            .at(self.location())
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let slice = self.at.checked_add(len).and_then(|end| self.data.get(self.at..end));
        let slice = slice.ok_or_else(|| self.truncated(len as u64))?;
        self.at = self.at.saturating_add(len);
        Ok(slice)
    }

    /// The next `len` bytes, where a file gives the length.
    pub fn take_u64(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).map_err(|_| self.truncated(len))?;
        self.take(len)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let slice = self.take(N)?;
        <[u8; N]>::try_from(slice).map_err(|_| self.truncated(N as u64))
    }

    numbers! {
        u8: u8, 1;
        u16: u16, 2;
        u32: u32, 4;
        u64: u64, 8;
        i32: i32, 4;
        i64: i64, 8;
    }

    /// The next f64, big-endian, as pickle's BINFLOAT.
    pub fn f64_be(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.array::<8>()?))
    }

    /// The bytes up to the next newline, which is passed over.
    pub fn line(&mut self) -> Result<&'a [u8]> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|&b| b == b'\n').ok_or_else(|| self.truncated(rest.len() as u64 + 1))?;
        let line = self.take(len)?;
        self.take(1)?;
        Ok(line)
    }
}
