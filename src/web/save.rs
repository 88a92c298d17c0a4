//! Saving across the rim: a plan of ranges of the opened file and new bytes, which JavaScript joins into one `Blob`.

use super::object;
use super::progress::JsProgress;
use crate::error::{Error, Result, Warning};
use crate::session::model::Model;
use crate::session::save::{SaveAs, SaveFormat};
use crate::source::{Part, Parts, Phase, Progress};
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::JsValue;

/// What the caller wants to have.
pub struct SaveOptions {
    format: SaveFormat,
    content: SaveAs,
}

/// `{format: "pth"|"safetensors", as: "same"|"state_dict"|"checkpoint"}`
pub fn options(value: &JsValue) -> Result<SaveOptions> {
    let wrong = |key: &str, text: &str| Error::mismatch(format!("{key} cannot be {text:?}")).code("argument");
    let format = match object::text(value, "format")?.as_deref() {
        None | Some("pth") => SaveFormat::Pth,
        Some("safetensors") => SaveFormat::Safetensors,
        Some(other) => return Err(wrong("format", other)),
    };
    let content = match object::text(value, "as")?.as_deref() {
        None | Some("same") => SaveAs::Same,
        Some("state_dict") => SaveAs::StateDict,
        Some("checkpoint") => SaveAs::Checkpoint,
        Some(other) => return Err(wrong("as", other)),
    };
    Ok(SaveOptions { format, content })
}

/// `{parts: ([start, end] | Uint8Array)[], notes: string[], name: string}`
pub async fn plan(model: &Model, options: &SaveOptions, name: Option<&str>, progress: &JsProgress) -> Result<JsValue> {
    progress.report(Phase { phase: "save", done: 0, total: 0, detail: None })?;
    let mut sink = Parts::default();
    let name = file_name(name, options);
    let notes = model.save(options.content, options.format, &name, &mut sink).await?;
    let plan = Object::new();
    object::set(&plan, "parts", &sink.0.iter().map(part).collect::<Array>());
    let notes = notes.iter().map(|n: &Warning| JsValue::from(n.message.as_str()));
    object::set(&plan, "notes", &notes.collect::<Array>());
    object::set(&plan, "name", &name.into());
    Ok(plan.into())
}

fn part(part: &Part) -> JsValue {
    match part {
        Part::Copy(range) => Array::of2(&object::number(range.start).into(), &object::number(range.end).into()).into(),
        Part::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}

/// The opened file's name, with the ending that fits what is saved.
fn file_name(name: Option<&str>, options: &SaveOptions) -> String {
    let name = name.unwrap_or("model.pth");
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    match (options.format, options.content) {
        (SaveFormat::Safetensors, _) => format!("{stem}.safetensors"),
        (SaveFormat::Pth, SaveAs::Same) => name.to_owned(),
        (SaveFormat::Pth, _) if ending == "pt" => format!("{stem}.pt"),
        (SaveFormat::Pth, _) => format!("{stem}.pth"),
    }
}
