//! A static file server for the page: MIME types, ranges, nothing else.

use anyhow::{Result, anyhow};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use tiny_http::{Header, Request, Response, Server, StatusCode};

/// Serves `dist/` until interrupted.
pub fn forever(port: u16) -> Result<()> {
    let server = listen(port)?;
    println!("http://localhost:{port}");
    answer(&server, &[PathBuf::from("dist")]);
    Ok(())
}

/// Serves `folders` (the first that has the file wins) on a free port from a thread of its own; the port.
pub fn background(folders: Vec<PathBuf>) -> Result<u16> {
    let server = listen(0)?;
    let port = server.server_addr().to_ip().map(|a| a.port()).ok_or_else(|| anyhow!("no port"))?;
    std::thread::spawn(move || answer(&server, &folders));
    Ok(port)
}

fn listen(port: u16) -> Result<Arc<Server>> {
    Ok(Arc::new(Server::http(("127.0.0.1", port)).map_err(|e| anyhow!("port {port}: {e}"))?))
}

fn answer(server: &Arc<Server>, folders: &[PathBuf]) {
    for request in server.incoming_requests() {
        let folders = folders.to_vec();
        std::thread::spawn(move || respond(request, &folders));
    }
}

/// The file that a URL names, never outside the folders.
fn find(url: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = path.replace("%20", " ");
    let path = Path::new(if path.is_empty() { "index.html" } else { &path });
    if !path.components().all(|c| matches!(c, Component::Normal(_))) {
        return None;
    }
    folders.iter().map(|f| f.join(path)).find(|p| p.is_file())
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()).unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "py" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n` of a file of `len` bytes.
fn range(request: &Request, len: u64) -> Option<(u64, u64)> {
    let header = request.headers().iter().find(|h| h.field.equiv("Range"))?;
    let (from, to) = header.value.as_str().strip_prefix("bytes=")?.split_once('-')?;
    let last = len.checked_sub(1)?;
    let (from, to) = match (from.parse().ok(), to.parse().ok()) {
        (Some(from), to) => (from, to.unwrap_or(last)),
        (None, Some(tail)) => (len.saturating_sub(tail), last),
        (None, None) => return None,
    };
    (from <= to && from <= last).then(|| (from, to.min(last)))
}

fn header(name: &str, value: &str) -> Option<Header> {
    Header::from_bytes(name, value).ok()
}

fn respond(request: Request, folders: &[PathBuf]) {
    let Some(path) = find(request.url(), folders) else {
        let _ = request.respond(Response::from_string("not found").with_status_code(404));
        return;
    };
    let Ok(mut file) = File::open(&path) else { return };
    let len = file.metadata().map_or(0, |m| m.len());
    let mut headers: Vec<_> =
        [header("Content-Type", mime(&path)), header("Accept-Ranges", "bytes"), header("Cache-Control", "no-cache")]
            .into_iter()
            .flatten()
            .collect();
    // A reader that hangs up early is no error of the server's.
    let _ = match range(&request, len) {
        Some((from, to)) => {
            headers.extend(header("Content-Range", &format!("bytes {from}-{to}/{len}")));
            let count = to - from + 1;
            let _ = file.seek(SeekFrom::Start(from));
            let body = file.take(count);
            request.respond(Response::new(StatusCode(206), headers, body, usize::try_from(count).ok(), None))
        }
        None => request.respond(Response::new(StatusCode(200), headers, file, usize::try_from(len).ok(), None)),
    };
}
