//! The exported class `Checkpoint`: opens a file, describes it, reads its tensors.

use super::blob::BlobSource;
use super::error::to_js;
use super::progress::JsProgress;
use super::{fetch, object, tensor};
use crate::checkpoint::Checkpoint as File;
use crate::error::{Error, Result};
use crate::source::ByteSource;
use js_sys::Promise;
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Blob};

/// Bins of a histogram, where the caller does not say.
const DEFAULT_BINS: usize = 64;

/// An open checkpoint.
#[wasm_bindgen]
pub struct Checkpoint(Rc<File>);

#[wasm_bindgen]
impl Checkpoint {
    /// `open(source: Blob | {url: string}, options: {name?: string}, progress, signal?): Promise<Checkpoint>`
    pub fn open(source: JsValue, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let source = source_of(source, &options, &progress).await?;
            let opened = File::open(source, &progress).await?;
            Ok(Self(Rc::new(opened)).into())
        })
    }

    /// What is in it, as a plain object.
    pub fn describe(&self) -> Result<JsValue, JsValue> {
        object::plain(&self.0.describe()).map_err(|e| to_js(&e))
    }

    /// `tensor(name: string): Promise<Tensor>`
    pub fn tensor(&self, name: String) -> Promise {
        let file = self.0.clone();
        object::promise(async move {
            let id = file.named(&name)?;
            Ok(tensor::to_js(&file.read(id).await?))
        })
    }

    /// `stats(name: string, options: {bins?: number}, progress, signal?): Promise<Stats>`
    pub fn stats(&self, name: String, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let file = self.0.clone();
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let bins = match object::get(&options, "bins") {
                None => DEFAULT_BINS,
                Some(bins) => object::whole(&bins)
                    .and_then(|n| usize::try_from(n).ok())
                    .ok_or_else(|| Error::mismatch("bins must be a whole number").code("argument"))?,
            };
            object::plain(&file.stats(file.named(&name)?, bins, &progress).await?)
        })
    }
}

/// Where the bytes are.
async fn source_of(source: JsValue, options: &JsValue, progress: &JsProgress) -> Result<Rc<dyn ByteSource>> {
    let name = object::text(options, "name")?;
    match source.dyn_into::<Blob>() {
        Ok(blob) => Ok(Rc::new(BlobSource::new(blob, name))),
        Err(other) => match object::text(&other, "url")? {
            Some(url) => fetch::open(&url, name, progress).await,
            None => Err(Error::mismatch("the source must be a Blob or {url}").code("argument")),
        },
    }
}
