//! Errors across the rim: ours as plain objects `{kind, code, message, location?, hint?}`, JavaScript's as Device errors.

use super::object;
use crate::error::{Error, Kind};
use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};

/// The plain object that is thrown.
pub fn to_js(error: &Error) -> JsValue {
    let thrown = Object::new();
    let kind = match error.kind {
        Kind::Malformed => "malformed",
        Kind::Unsupported => "unsupported",
        Kind::TooLarge => "too_large",
        Kind::Mismatch => "mismatch",
        Kind::Device => "device",
        Kind::Aborted => "aborted",
    };
    object::set(&thrown, "kind", &kind.into());
    object::set(&thrown, "code", &error.code.into());
    object::set(&thrown, "message", &error.message.as_str().into());
    if let Some(location) = &error.location {
        object::set(&thrown, "location", &location.as_str().into());
    }
    if let Some(hint) = &error.hint {
        object::set(&thrown, "hint", &hint.as_str().into());
    }
    thrown.into()
}

/// What the browser threw, while `doing` something with a source of bytes. An abort stays an abort.
pub fn from_js(thrown: &JsValue, doing: &str) -> Error {
    let name = object::get(thrown, "name").and_then(|n| n.as_string()).unwrap_or_default();
    if name == "AbortError" {
        return Error::aborted();
    }
    let text = match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => object::get(thrown, "message")
            .and_then(|m| m.as_string())
            .or_else(|| thrown.as_string())
            .unwrap_or_default(),
    };
    Error::device(format!("{doing}: {}", if text.is_empty() { "the browser gave no reason" } else { text.as_str() }))
}
