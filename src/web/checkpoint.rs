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
