//! Constructors that run once, when the module starts.
//!
//! Crates that register things before `main` (`inventory`, under burn's kernel compiler) leave constructors in the module. A library has no
//! `main`, so the linker has every export run all of them first: four milliseconds before each call, the smallest of wasm-bindgen's own
//! included. `cargo xtask build` exports `__wasm_call_ctors`, which stops that; whoever does so has to call it. To be deleted when the linker
//! no longer does that for libraries (dtolnay/inventory#77 tells the story).

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Runs them, where the linker was told to leave that to us.
pub fn run() {
    let function = Reflect::get(&wasm_bindgen::exports(), &"__wasm_call_ctors".into()).ok();
    if let Some(function) = function.and_then(|f| f.dyn_into::<Function>().ok()) {
        // A constructor that traps leaves nothing to go on with: the exception reaches `init` by the next call.
        let _ = function.call0(&JsValue::UNDEFINED);
    }
}
