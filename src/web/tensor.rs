//! Tensors across the rim: `{dtype, shape, data}`, data being contiguous little-endian bytes.

use super::object::{get, number, set, whole};
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use js_sys::{Array, ArrayBuffer, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// A host tensor as JavaScript gets it; the bytes are copied once.
pub fn to_js(tensor: &TensorData) -> JsValue {
    let made = Object::new();
    set(&made, "dtype", &tensor.dtype.name().into());
    set(&made, "shape", &shape_to_js(&tensor.shape));
    set(&made, "data", &Uint8Array::from(tensor.bytes.as_slice()));
    made.into()
}

/// Sizes as an array of numbers.
pub fn shape_to_js(shape: &[usize]) -> JsValue {
    shape.iter().map(|&d| JsValue::from(number(d as u64))).collect::<Array>().into()
}

/// A tensor from JavaScript; Mismatch names what does not fit.
pub fn from_js(value: &JsValue) -> Result<TensorData> {
    let wrong = |what: &str| Error::mismatch(format!("a tensor is {{dtype, shape, data}}: {what}")).code("argument");
    let dtype = get(value, "dtype").and_then(|d| d.as_string()).ok_or_else(|| wrong("dtype must be a string"))?;
    let dtype = DType::from_name(&dtype).ok_or_else(|| wrong(&format!("there is no dtype {dtype:?}")))?;
    let shape = get(value, "shape").ok_or_else(|| wrong("shape is missing"))?;
    let shape = shape.dyn_ref::<Array>().ok_or_else(|| wrong("shape must be an array"))?;
    let shape = shape.iter().map(|d| whole(&d).and_then(|d| usize::try_from(d).ok())).collect::<Option<Vec<_>>>();
    let shape = shape.ok_or_else(|| wrong("sizes are whole numbers, not negative"))?;
    let data = get(value, "data").ok_or_else(|| wrong("data is missing"))?;
    let bytes = bytes(&data).ok_or_else(|| wrong("data must be a typed array or an ArrayBuffer"))?;
    TensorData::new(dtype, shape, bytes)
}

/// The bytes of a buffer, or of a view of one.
fn bytes(data: &JsValue) -> Option<Vec<u8>> {
    if let Some(array) = data.dyn_ref::<Uint8Array>() {
        return Some(array.to_vec());
    }
    if data.is_instance_of::<ArrayBuffer>() {
        return Some(Uint8Array::new(data).to_vec());
    }
    let buffer = get(data, "buffer").filter(JsValue::is_instance_of::<ArrayBuffer>)?;
    let place = |key| whole(&get(data, key)?).and_then(|n| u32::try_from(n).ok());
    Some(Uint8Array::new_with_byte_offset_and_length(&buffer, place("byteOffset")?, place("byteLength")?).to_vec())
}
