//! The exported class `Checkpoint`: opens a file, describes it, reads its tensors, builds its network.

use super::blob::BlobSource;
use super::error::to_js;
use super::model::Model;
use super::progress::JsProgress;
use super::{argument, object, tensor};
use crate::checkpoint::tensor::Index;
use crate::error::{Error, Result};
use crate::session::{BuildOptions, Session};
use crate::source::ByteSource;
use js_sys::{Array, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Blob};

/// Bins of a histogram, where the caller does not say.
const DEFAULT_BINS: usize = 64;

/// An open checkpoint.
#[wasm_bindgen]
pub struct Checkpoint {
    session: Rc<Session>,
    name: Option<String>,
}

#[wasm_bindgen]
impl Checkpoint {
    /// `open(source: Blob, options: {name?: string}, progress, signal?): Promise<Checkpoint>`
    pub fn open(source: JsValue, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let source: Rc<dyn ByteSource> = Rc::new(source_of(source, &options)?);
            let name = source.name().map(str::to_owned);
            let session = Rc::new(Session::open(source, &progress).await?);
            Ok(Self { session, name }.into())
        })
    }

    /// What is in it, as a plain object.
    pub fn describe(&self) -> Result<JsValue, JsValue> {
        object::plain(&self.session.describe()).map_err(|e| to_js(&e))
    }

    /// `code(): {text, dialect} | undefined`
    pub fn code(&self) -> Result<JsValue, JsValue> {
        self.session.code().map_or(Ok(JsValue::UNDEFINED), |code| object::plain(&code).map_err(|e| to_js(&e)))
    }

    /// `tensor(name: string): Promise<Tensor>`
    pub fn tensor(&self, name: String) -> Promise {
        let session = self.session.clone();
        object::promise(async move { Ok(tensor::to_js(&session.tensor(&name).await?)) })
    }

    /// `slice(name: string, indices: (number | [start, stop])[]): Promise<Tensor>`
    pub fn slice(&self, name: String, indices: JsValue) -> Promise {
        let session = self.session.clone();
        object::promise(async move {
            let indices = indices_of(&indices)?;
            Ok(tensor::to_js(&session.slice(&name, &indices).await?))
        })
    }

    /// `compare(other: Checkpoint, progress, signal?): Promise<Compared[]>`
    pub fn compare(&self, other: &Self, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let (session, other) = (self.session.clone(), other.session.clone());
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            object::plain(&session.compare(&other, &progress).await?)
        })
    }

    /// `stats(name: string, options: {bins?: number}, progress, signal?): Promise<Stats>`
    pub fn stats(&self, name: String, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let session = self.session.clone();
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let bins = match object::get(&options, "bins") {
                None => DEFAULT_BINS,
                Some(bins) => object::whole(&bins)
                    .and_then(|n| usize::try_from(n).ok())
                    .ok_or_else(|| Error::mismatch("bins must be a whole number").code("argument"))?,
            };
            object::plain(&session.stats(&name, bins, &progress).await?)
        })
    }

    /// `propose(stateDict?: string): {source, construct, notes} | undefined`
    pub fn propose(&self, state_dict: Option<String>) -> Result<JsValue, JsValue> {
        match self.session.propose(state_dict.as_deref()) {
            Ok(Some(proposal)) => object::plain(&proposal).map_err(|e| to_js(&e)),
            Ok(None) => Ok(JsValue::UNDEFINED),
            Err(error) => Err(to_js(&error)),
        }
    }

    /// `build(options: {source?, construct?, zoo?, graph?, device, stateDict?, strict?}, progress, signal?): Promise<Model>`
    pub fn build(&self, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let (session, name) = (self.session.clone(), self.name.clone());
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let model = session.build(&build_options(&options)?, &progress).await?;
            Ok(Model::new(model, name).into())
        })
    }
}

/// Python's basic indexing: whole numbers and `[start, stop]`.
fn indices_of(value: &JsValue) -> Result<Vec<Index>> {
    let wrong = || {
        Error::mismatch("a slice is an array of whole numbers and [start, stop] pairs").code("argument").at("indices")
    };
    let integer = |v: &JsValue| {
        let size = object::whole(&v.as_f64()?.abs().into()).and_then(|n| i64::try_from(n).ok())?;
        Some(if v.as_f64()? < 0.0 { -size } else { size })
    };
    let index = |v: JsValue| match v.dyn_ref::<Array>() {
        None => integer(&v).map(Index::At),
        Some(pair) if pair.length() == 2 => Some(Index::Slice(integer(&pair.get(0))?, integer(&pair.get(1))?)),
        Some(_) => None,
    };
    let all = value.dyn_ref::<Array>().ok_or_else(wrong)?.iter().map(index);
    all.collect::<Option<_>>().ok_or_else(wrong)
}

fn build_options(options: &JsValue) -> Result<BuildOptions> {
    Ok(BuildOptions {
        source: object::text(options, "source")?,
        construct: object::text(options, "construct")?,
        zoo: object::text(options, "zoo")?,
        graph: object::text(options, "graph")?,
        device: argument::device(object::text(options, "device")?.as_deref())?,
        state_dict: object::text(options, "stateDict")?,
        strict: object::flag(options, "strict")?.unwrap_or(true),
    })
}

/// Where the bytes are: addresses come as blobs that fetch what is asked of them.
fn source_of(source: JsValue, options: &JsValue) -> Result<BlobSource> {
    let name = object::text(options, "name")?;
    let wrong = |_| Error::mismatch("the source must be a Blob").code("argument");
    source.dyn_into::<Blob>().map(|blob| BlobSource::new(blob, name)).map_err(wrong)
}
