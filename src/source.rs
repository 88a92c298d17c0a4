//! Where bytes come from: anything with a length that answers ranges, asynchronously.
//!
//! A checkpoint is never read whole. Memory and native files live here; `Blob` and URL sources are in `web/`.

use crate::error::{Error, Result};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

/// A future that stays on its thread: the browser's promises do.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The longest range that one read may ask for: 64 MiB. Longer data is read in windows.
pub const MAX_WINDOW: u64 = 64 << 20;

/// Random access to bytes.
pub trait ByteSource {
    /// Total bytes.
    fn len(&self) -> u64;

    /// The name that people know it by (a file name), where there is one.
    fn name(&self) -> Option<&str> {
        None
    }

    /// True when there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Exactly the bytes of `range`; an error (Malformed, `truncated`) when it passes the end, TooLarge above [`MAX_WINDOW`].
    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>>;
}

impl dyn ByteSource + '_ {
    /// Checks a range before it is read: inside the source, and no longer than [`MAX_WINDOW`].
    pub fn check(&self, range: &Range<u64>) -> Result<()> {
        if range.start > range.end || range.end > self.len() {
            let short = range.end.saturating_sub(self.len());
            return Err(Error::malformed(format!("the file ends {short} bytes too early"))
                .code("truncated")
                .at(format!("0x{:x}", range.start)));
        }
        let len = range.end - range.start;
        if len > MAX_WINDOW {
            return Err(Error::too_large("one read", len, MAX_WINDOW));
        }
        Ok(())
    }
}

/// Bytes in memory.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    bytes: Vec<u8>,
    name: Option<String>,
}

impl MemorySource {
    /// Takes the bytes and the name that people know them by.
    pub fn new(bytes: Vec<u8>, name: Option<String>) -> Self {
        Self { bytes, name }
    }
}

impl ByteSource for MemorySource {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            let ends = (usize::try_from(range.start), usize::try_from(range.end));
            let slice = if let (Ok(start), Ok(end)) = ends { self.bytes.get(start..end) } else { None };
            slice.map(<[u8]>::to_vec).ok_or_else(|| Error::malformed("range outside the bytes").code("truncated"))
        })
    }
}

/// A file of the operating system.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct FileSource {
    file: std::cell::RefCell<std::fs::File>,
    len: u64,
    name: Option<String>,
}

#[cfg(not(target_arch = "wasm32"))]
impl FileSource {
    /// Opens a file for reading; Device errors name the path.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let failed = |e: std::io::Error| Error::device(e.to_string()).at(path.display().to_string());
        let file = std::fs::File::open(path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Self { file: std::cell::RefCell::new(file), len, name })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        use std::io::{Read, Seek, SeekFrom};
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            let mut bytes = Vec::new();
            let mut file = self.file.borrow_mut();
            file.seek(SeekFrom::Start(range.start))
                .and_then(|_| (&mut *file).take(range.end - range.start).read_to_end(&mut bytes))
                .map_err(|e| Error::device(e.to_string()))?;
            if bytes.len() as u64 != range.end - range.start {
                return Err(Error::device("the file became shorter while it was read"));
            }
            Ok(bytes)
        })
    }
}

/// Where a file is written: parts of the source, untouched, and new bytes. The browser makes a `Blob` of both, so that what did not change
/// is never in memory.
pub trait Sink {
    /// Bytes of the source file, as they are.
    fn copy(&mut self, range: Range<u64>) -> Result<()>;

    /// New bytes.
    fn bytes(&mut self, bytes: &[u8]) -> Result<()>;
}

/// One part of a file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// a range of the source
    Copy(Range<u64>),
    /// new bytes
    Bytes(Vec<u8>),
}

/// A list of parts; neighbours of one kind are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(pub Vec<Part>);

impl Sink for Parts {
    fn copy(&mut self, range: Range<u64>) -> Result<()> {
        match self.0.last_mut() {
            _ if range.is_empty() => {}
            Some(Part::Copy(last)) if last.end == range.start => last.end = range.end,
            _ => self.0.push(Part::Copy(range)),
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match self.0.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Part::Bytes(last)) => last.extend_from_slice(bytes),
            _ => self.0.push(Part::Bytes(bytes.to_vec())),
        }
        Ok(())
    }
}

impl Parts {
    /// All bytes in one vector, for small files and tests.
    pub async fn collect(&self, source: &dyn ByteSource) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for part in &self.0 {
            match part {
                Part::Bytes(bytes) => all.extend_from_slice(bytes),
                Part::Copy(range) => {
                    let mut at = range.start;
                    while at < range.end {
                        let end = range.end.min(at.saturating_add(MAX_WINDOW));
                        all.extend(source.read(at..end).await?);
                        at = end;
                    }
                }
            }
        }
        Ok(all)
    }
}

/// How far a long operation is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Phase {
    /// `directory`, `pickle`, `tensors`, `upload`, `warm-up`
    pub phase: &'static str,
    /// bytes done, and of `warm-up` kernels
    pub done: u64,
    /// of how many; 0 when nobody knows
    pub total: u64,
    /// the tensor's or record's name
    pub detail: Option<String>,
}

/// Hears how far a long operation is, and may stop it with an error ([`Error::aborted`]).
pub trait Progress {
    /// Called between steps.
    fn report(&self, phase: Phase) -> Result<()>;
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn report(&self, _: Phase) -> Result<()> {
        Ok(())
    }
}
