//! The rim: what JavaScript calls, as wasm-bindgen exports it. The only place that knows JavaScript.
//!
//! Each exported class is a newtype over a shared handle. Its asynchronous methods clone the handle and return a promise, so no borrow of the
//! JavaScript object lives across an `await` (wasm-bindgen #4440), and `free()` during a call is safe. Every error is thrown as the plain object
//! that [`error::to_js`] makes. Tensors cross as `{dtype, shape, data: Uint8Array}`.

pub mod argument;
pub mod blob;
pub mod checkpoint;
pub mod constructors;
pub mod error;
pub mod model;
pub mod object;
pub mod progress;
pub mod save;
pub mod slot;
pub mod strip;
pub mod tensor;
pub mod train;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the module is instantiated: its constructors, the browser's fastest products, and a panic's text goes to the console before
/// the worker dies.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    constructors::run();
    strip::install();
}
