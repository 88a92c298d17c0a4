//! A `Blob` (a `File` among them) as a source of bytes: slices are read when asked for, the file never enters wasm memory whole.

use super::error::from_js;
use super::object::number;
use crate::error::{Error, Result};
use crate::source::{ByteSource, LocalFuture};
use js_sys::Uint8Array;
use std::ops::Range;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

/// A `Blob` and the name that people know it by.
pub struct BlobSource {
    blob: Blob,
    len: u64,
    name: Option<String>,
}

impl BlobSource {
    /// A file brings its own name; `name` goes before it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Blob.size is a whole number of bytes, never negative"
    )]
    pub fn new(blob: Blob, name: Option<String>) -> Self {
        let name = name.or_else(|| blob.dyn_ref::<File>().map(File::name));
        Self { len: blob.size() as u64, blob, name }
    }
}

impl ByteSource for BlobSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            let doing =
                || format!("reading bytes {} to {} of {}", range.start, range.end, self.name().unwrap_or("the file"));
            let failed = |e| {
                from_js(&e, &doing())
                    .at(format!("0x{:x}", range.start))
                    .hint("the file may have changed or moved since it was chosen: choose it again")
            };
            let slice = self.blob.slice_with_f64_and_f64(number(range.start), number(range.end)).map_err(failed)?;
            let buffer = JsFuture::from(slice.array_buffer()).await.map_err(failed)?;
            let bytes = Uint8Array::new(&buffer).to_vec();
            if bytes.len() as u64 != range.end - range.start {
                return Err(
                    Error::device("the file became shorter while it was read").at(format!("0x{:x}", range.start))
                );
            }
            Ok(bytes)
        })
    }
}
