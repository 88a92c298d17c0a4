//! A URL as a source of bytes: Range requests where the server answers them, and else the whole file, once, into a `Blob`.
//!
//! The whole file is read in chunks into the browser's own memory or disk, never into wasm, up to [`MAX_WHOLE`].

use super::blob::BlobSource;
use super::error::from_js;
use super::object;
use super::progress::JsProgress;
use crate::error::{Error, Result};
use crate::source::{ByteSource, LocalFuture, Phase, Progress};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use std::ops::Range;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, Headers, Request, RequestInit, Response};

/// The largest file that is read whole, from a server that knows no ranges: 2 GiB.
pub const MAX_WHOLE: u64 = 2 << 30;
/// A file that is fetched whole, since each of its many parts would be a request: 64 KiB.
const SMALL: u64 = 64 << 10;
/// What the first request asks for.
const PROBE: u64 = 1024;

/// A file on a server that answers ranges.
pub struct UrlSource {
    url: String,
    len: u64,
    name: Option<String>,
}

/// Finds out what the server can do.
pub async fn open(url: &str, name: Option<String>, progress: &JsProgress) -> Result<Rc<dyn ByteSource>> {
    let signal = progress.signal();
    let response = request(url, "GET", Some(0..PROBE), signal).await?;
    let name = name.or_else(|| file_name(&response.url())).or_else(|| file_name(url));
    match response.status() {
        206 => {
            let total = match total(&response.headers()) {
                Some(total) => Some(total),
                // Another site's Content-Range is hidden unless the server exposes it; Content-Length is not.
                None => length(&request(url, "HEAD", None, signal).await?.headers()),
            };
            let probe = body(&response).await?;
            if let Some(len) = total.filter(|t| probe.len() as u64 == PROBE.min(*t)) {
                if len <= SMALL {
                    let all = request(url, "GET", Some(0..len), signal).await?;
                    refuse(&all, url)?;
                    return whole(&all, name, progress).await;
                }
                return Ok(Rc::new(UrlSource { url: url.to_owned(), len, name }));
            }
            let response = request(url, "GET", None, signal).await?;
            refuse(&response, url)?;
            whole(&response, name, progress).await
        }
        416 if total(&response.headers()) == Some(0) => Ok(Rc::new(UrlSource { url: url.to_owned(), len: 0, name })),
        200 => whole(&response, name, progress).await,
        _ => {
            refuse(&response, url)?;
            Err(Error::device(format!("the server answered {} to a request for bytes", response.status()))
                .code("http")
                .at(url))
        }
    }
}

/// Reads a body to its end into a `Blob`.
async fn whole(response: &Response, name: Option<String>, progress: &JsProgress) -> Result<Rc<dyn ByteSource>> {
    let said = length(&response.headers()).unwrap_or(0);
    let limited =
        |n: u64| if n > MAX_WHOLE { Err(Error::too_large("a file read without ranges", n, MAX_WHOLE)) } else { Ok(()) };
    limited(said).map_err(hint_download)?;
    let failed = |e: JsValue| from_js(&e, "the download broke off");
    let stream = object::get(response, "body");
    let reader = match &stream {
        Some(stream) => call(stream, "getReader", &[]).map_err(failed)?,
        None => return Ok(Rc::new(BlobSource::new(empty()?, name))),
    };
    let chunks = Array::new();
    let mut done = 0u64;
    loop {
        progress.report(Phase { phase: "directory", done, total: said, detail: Some("download".into()) })?;
        let next = call(&reader, "read", &[]).map_err(failed)?;
        let next = JsFuture::from(Promise::from(next)).await.map_err(failed)?;
        let Some(chunk) = object::get(&next, "value") else { break };
        done = done.saturating_add(u64::from(chunk.unchecked_ref::<Uint8Array>().length()));
        if let Err(error) = limited(done) {
            // The answer does not matter: what was read is dropped.
            let _ = call(&reader, "cancel", &[]);
            return Err(hint_download(error));
        }
        chunks.push(&chunk);
    }
    let blob = Blob::new_with_u8_array_sequence(&chunks).map_err(failed)?;
    Ok(Rc::new(BlobSource::new(blob, name)))
}

fn hint_download(error: Error) -> Error {
    error.hint("the server does not answer Range requests: download the file and open it from disk")
}

fn empty() -> Result<Blob> {
    Blob::new().map_err(|e| from_js(&e, "an empty answer"))
}

/// Sends a request from whatever has `fetch`: a worker or a page.
async fn request(url: &str, method: &str, range: Option<Range<u64>>, signal: Option<&AbortSignal>) -> Result<Response> {
    let failed = |e: JsValue| {
        from_js(&e, "the file could not be fetched")
            .code("fetch")
            .at(url)
            .hint("the server may be down, or not allow other sites to read the file (CORS): download it and open it from disk")
    };
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(signal) = signal {
        init.set_signal(Some(signal));
    }
    let headers = Headers::new().map_err(failed)?;
    if let Some(range) = range {
        headers.set("Range", &format!("bytes={}-{}", range.start, range.end.saturating_sub(1))).map_err(failed)?;
    }
    init.set_headers(&headers);
    let request = Request::new_with_str_and_init(url, &init).map_err(failed)?;
    let promise = call(&js_sys::global(), "fetch", &[request.into()]).map_err(failed)?;
    let response = JsFuture::from(Promise::from(promise)).await.map_err(failed)?;
    Ok(response.unchecked_into())
}

/// An error for a status that is no success.
fn refuse(response: &Response, url: &str) -> Result<()> {
    if response.ok() {
        return Ok(());
    }
    let error = Error::device(
        format!("the server answered {} {}", response.status(), response.status_text()).trim_end().to_owned(),
    );
    Err(error.code("http").at(url))
}

async fn body(response: &Response) -> Result<Vec<u8>> {
    let failed = |e: JsValue| from_js(&e, "the download broke off").code("fetch");
    let buffer = JsFuture::from(response.array_buffer().map_err(failed)?).await.map_err(failed)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function = Reflect::get(object, &method.into())?;
    let arguments: Array = arguments.iter().collect();
    function.dyn_into::<Function>()?.apply(object, &arguments)
}

/// The file's length from `Content-Range: bytes 0-1023/123456`.
fn total(headers: &Headers) -> Option<u64> {
    headers.get("Content-Range").ok()??.rsplit_once('/')?.1.trim().parse().ok()
}

fn length(headers: &Headers) -> Option<u64> {
    headers.get("Content-Length").ok()??.trim().parse().ok()
}

/// The last part of a URL's path.
fn file_name(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?;
    let name = path
        .rsplit('/')
        .next()
        .filter(|n| !n.is_empty() && path.contains("//") && !path.ends_with(&format!("//{n}")))?;
    js_sys::decode_uri_component(name).ok().map(String::from)
}

impl ByteSource for UrlSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            if range.is_empty() {
                return Ok(Vec::new());
            }
            let response = request(&self.url, "GET", Some(range.clone()), None).await?;
            refuse(&response, &self.url)?;
            let changed =
                || Error::device("the file on the server changed while it was read").at(&self.url).code("fetch");
            if response.status() != 206 || total(&response.headers()).is_some_and(|t| t != self.len) {
                return Err(changed());
            }
            let bytes = body(&response).await?;
            if bytes.len() as u64 == range.end - range.start { Ok(bytes) } else { Err(changed()) }
        })
    }
}
