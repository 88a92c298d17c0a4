//! A static file server for the page: MIME types, ranges, nothing else.
//!
//! A thread for each connection and one request on each: browsers open connections ahead of need, and a pool of threads that waits on those
//! can leave a real request unanswered.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// The longest head of a request.
const MAX_HEAD: u64 = 64 << 10;

/// Serves `dist/` until interrupted.
pub fn forever(port: u16) -> Result<()> {
    let listener = listen(port)?;
    println!("http://localhost:{port}");
    answer(&listener, &[PathBuf::from("dist")]);
    Ok(())
}

/// Serves `folders` (the first that has the file wins) on a free port from a thread of its own; the port.
pub fn background(folders: Vec<PathBuf>) -> Result<u16> {
    let listener = listen(0)?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || answer(&listener, &folders));
    Ok(port)
}

fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("port {port}"))
}

fn answer(listener: &TcpListener, folders: &[PathBuf]) {
    for stream in listener.incoming().flatten() {
        let folders = folders.to_vec();
        // A reader that hangs up early is no error of the server's.
        std::thread::spawn(move || respond(stream, &folders).ok());
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
fn range(header: &str, len: u64) -> Option<(u64, u64)> {
    let (from, to) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let last = len.checked_sub(1)?;
    let (from, to) = match (from.parse().ok(), to.parse().ok()) {
        (Some(from), to) => (from, to.unwrap_or(last)),
        (None, Some(tail)) => (len.saturating_sub(tail), last),
        (None, None) => return None,
    };
    (from <= to && from <= last).then(|| (from, to.min(last)))
}

/// Reads one request and writes its answer.
fn respond(mut stream: TcpStream, folders: &[PathBuf]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut lines = BufReader::new(stream.try_clone()?.take(MAX_HEAD)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut wanted = None;
    for line in lines {
        let line = line?;
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => wanted = Some(value.to_owned()),
            Some(_) => {}
            None => break,
        }
    }
    let mut words = request.split(' ');
    let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let found = find(url, folders).filter(|_| matches!(method, "GET" | "HEAD"));
    let Some((mut file, path)) = found.and_then(|path| Some((File::open(&path).ok()?, path))) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot found");
    };
    let len = file.metadata()?.len();
    let part = wanted.and_then(|header| range(&header, len));
    let (status, from, count) = match part {
        Some((from, to)) => {
            (format!("206 Partial Content\r\nContent-Range: bytes {from}-{to}/{len}"), from, to - from + 1)
        }
        None => ("200 OK".to_owned(), 0, len),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {count}\r\nAccept-Ranges: bytes\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
        mime(&path)
    )?;
    if method == "GET" {
        file.seek(SeekFrom::Start(from))?;
        std::io::copy(&mut file.take(count), &mut stream)?;
    }
    stream.flush()
}
