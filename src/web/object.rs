//! Plain JavaScript objects: properties read and set, Rust's data as JSON-like values, futures as promises.

use super::error::to_js;
use crate::error::{Error, Result};
use js_sys::{Object, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use wasm_bindgen::JsValue;

/// A property that is there and not null.
pub fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    // Reflect throws on what is no object: such a value has no properties.
    Reflect::get(object, &key.into()).ok().filter(|v| !v.is_undefined() && !v.is_null())
}

/// Sets a property of an object that we made.
pub fn set(object: &Object, key: &str, value: &JsValue) {
    // Plain objects accept every property.
    let _ = Reflect::set(object, &key.into(), value);
}

/// A string option; Mismatch when it is something else.
pub fn text(options: &JsValue, key: &str) -> Result<Option<String>> {
    let Some(value) = get(options, key) else { return Ok(None) };
    value.as_string().map(Some).ok_or_else(|| Error::mismatch(format!("{key} must be a string")).code("argument"))
}

/// A boolean option.
pub fn flag(options: &JsValue, key: &str) -> Result<Option<bool>> {
    let Some(value) = get(options, key) else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| Error::mismatch(format!("{key} must be true or false")).code("argument"))
}

/// A whole number, not negative, that a double holds exactly.
pub fn whole(value: &JsValue) -> Option<u64> {
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and 2^53 is checked on the same line"
    )]
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
}

/// A byte position as JavaScript has it; files are far shorter than 2^53 bytes.
#[expect(clippy::cast_precision_loss, reason = "positions in files stay below 2^53")]
pub fn number(value: u64) -> f64 {
    value as f64
}

/// Plain data as JSON-like objects: maps as objects, 64-bit numbers as numbers.
pub fn plain(data: &impl Serialize) -> Result<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    data.serialize(&serializer).map_err(|e| Error::device(format!("the browser refused a value: {e}")))
}

/// Options as the session has them. Mismatch says which is wrong.
pub fn options<T: DeserializeOwned>(value: JsValue, what: &str) -> Result<T> {
    let given = if value.is_undefined() || value.is_null() { Object::new().into() } else { value };
    serde_wasm_bindgen::from_value(given).map_err(|e| Error::mismatch(e.to_string()).code("argument").at(what))
}

/// A promise of a result; its rejection is the plain object of the error.
pub fn promise(work: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move { work.await.map_err(|e| to_js(&e)) })
}
