//! Progress to a JavaScript callback, and the `AbortSignal` that stops an operation between its steps.

use super::object::{number, set};
use crate::error::{Error, Result};
use crate::source::{Phase, Progress};
use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

/// The caller's two ends of a long operation; either may be missing.
pub struct JsProgress {
    callback: Option<Function>,
    signal: Option<AbortSignal>,
}

impl JsProgress {
    /// What is no function hears nothing; what is no signal never aborts.
    pub fn new(callback: &JsValue, signal: Option<AbortSignal>) -> Self {
        Self { callback: callback.dyn_ref::<Function>().cloned(), signal }
    }
}

impl Progress for JsProgress {
    fn report(&self, phase: Phase) -> Result<()> {
        if self.signal.as_ref().is_some_and(AbortSignal::aborted) {
            return Err(Error::aborted());
        }
        if let Some(callback) = &self.callback {
            let told = Object::new();
            set(&told, "phase", &phase.phase.into());
            set(&told, "done", &number(phase.done).into());
            set(&told, "total", &number(phase.total).into());
            if let Some(detail) = phase.detail {
                set(&told, "detail", &detail.into());
            }
            // A listener that throws does not stop what it listens to.
            let _ = callback.call1(&JsValue::NULL, &told);
        }
        Ok(())
    }
}
