//! Pickles whose length is nowhere written, read in growing windows until they are whole.

use super::zipped::MAX_PICKLE;
use crate::error::{Error, Result};
use crate::pickle::decode::{Pickle, decode};
use crate::source::{ByteSource, MAX_WINDOW};

/// The start of the file, as far as it was needed.
pub struct Growing<'a> {
    source: &'a dyn ByteSource,
    bytes: Vec<u8>,
    /// where the next pickle starts
    pub at: u64,
}

impl<'a> Growing<'a> {
    /// From this byte on.
    pub fn new(source: &'a dyn ByteSource, at: u64) -> Self {
        Self { source, bytes: Vec::new(), at }
    }

    /// The pickle at the current place. When it is cut off, more is read and it is decoded anew: windows double, so that the work stays linear.
    pub async fn pickle(&mut self) -> Result<Pickle> {
        loop {
            let from = usize::try_from(self.at).unwrap_or(usize::MAX);
            let result = decode(self.bytes.get(from..).unwrap_or_default(), self.at, "file");
            match result {
                Ok(pickle) => {
                    self.at += pickle.len as u64;
                    return Ok(pickle);
                }
                Err(error) => {
                    let have = self.bytes.len() as u64;
                    let more = have.clamp(64 << 10, MAX_WINDOW).min(self.source.len().saturating_sub(have));
                    if error.code != "truncated" || more == 0 {
                        return Err(error);
                    }
                    if have + more > MAX_PICKLE {
                        return Err(Error::too_large("the object pickle", have + more, MAX_PICKLE).at("file"));
                    }
                    self.bytes.extend(self.source.read(have..have + more).await?);
                }
            }
        }
    }
}
