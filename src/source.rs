//! Where bytes come from: anything with a length that answers ranges, asynchronously.
//!
//! A checkpoint is never read whole. Memory and native files live here; `Blob` and URL sources are in `web/`.

use crate::error::Result;
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
