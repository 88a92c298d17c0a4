//! What goes into `forward` and what comes out, across the rim: tensors inside Python's tuples, lists, dicts and plain values.
//!
//! An input is a tensor `{dtype, shape, data}`, null, a number, a boolean, a string, an array (a tuple) or an object of those (a dict). An output
//! says what it is: `{tensor}`, `{none}`, `{scalar}`, `{str}`, `{tuple}`, `{list}`, `{dict: [key, value][]}`.

use super::object::{get, set, whole};
use super::tensor;
use crate::engine::device::Choice;
use crate::error::{Error, Result};
use crate::graph::op::Scalar;
use crate::session::input::{Input, Inputs, Output};
use js_sys::{Array, Object};
use wasm_bindgen::{JsCast, JsValue};

/// Inputs nested deeper than this are a mistake.
const MAX_DEPTH: usize = 32;

/// `"auto" | "webgpu" | "cpu"`
pub fn device(choice: Option<&str>) -> Result<Choice> {
    match choice {
        None | Some("auto") => Ok(Choice::Auto),
        Some("webgpu") => Ok(Choice::WebGpu),
        Some("cpu") => Ok(Choice::Cpu),
        Some(other) => Err(Error::mismatch(format!("there is no device {other:?}")).code("argument")),
    }
}

/// `Tensor[]` in forward's order, or an object by the names of forward's parameters.
pub fn inputs(value: &JsValue) -> Result<Inputs> {
    if let Some(array) = value.dyn_ref::<Array>() {
        let positional = array.iter().map(|v| input(&v, 0)).collect::<Result<_>>()?;
        return Ok(Inputs { positional, keyword: Vec::new() });
    }
    if !value.is_object() {
        return Err(Error::mismatch("inputs are an array in forward's order, or an object by name").code("argument"));
    }
    Ok(Inputs { positional: Vec::new(), keyword: named(value, 0)? })
}

fn input(value: &JsValue, depth: usize) -> Result<Input> {
    if depth > MAX_DEPTH {
        return Err(Error::too_large("the depth of nested inputs", depth, MAX_DEPTH));
    }
    if value.is_null() || value.is_undefined() {
        return Ok(Input::None);
    }
    if let Some(flag) = value.as_bool() {
        return Ok(Input::Scalar(Scalar::Bool(flag)));
    }
    if let Some(number) = value.as_f64() {
        // JavaScript has one kind of number: a whole one is Python's int.
        let int = whole(&number.abs().into()).and_then(|n| i64::try_from(n).ok());
        let scalar = int.map_or(Scalar::Float(number), |n| Scalar::Int(if number < 0.0 { -n } else { n }));
        return Ok(Input::Scalar(scalar));
    }
    if let Some(text) = value.as_string() {
        return Ok(Input::Str(text));
    }
    let deeper = depth.saturating_add(1);
    if let Some(array) = value.dyn_ref::<Array>() {
        return Ok(Input::Tuple(array.iter().map(|v| input(&v, deeper)).collect::<Result<_>>()?));
    }
    if get(value, "dtype").is_some_and(|d| d.is_string()) && get(value, "data").is_some() {
        return Ok(Input::Tensor(tensor::from_js(value)?));
    }
    Ok(Input::Dict(named(value, deeper)?))
}

fn named(value: &JsValue, depth: usize) -> Result<Vec<(String, Input)>> {
    let object = value.dyn_ref::<Object>().ok_or_else(|| Error::mismatch("an input is no tensor").code("argument"))?;
    let mut all = Vec::new();
    for key in Object::keys(object).iter().filter_map(|k| k.as_string()) {
        let value = get(value, &key).unwrap_or(JsValue::NULL);
        let made = input(&value, depth).map_err(|e| e.at(key.clone()))?;
        all.push((key, made));
    }
    Ok(all)
}

/// What forward returned.
pub fn output(value: &Output) -> JsValue {
    let made = Object::new();
    let all = |items: &[Output]| JsValue::from(items.iter().map(output).collect::<Array>());
    match value {
        Output::Tensor(data) => set(&made, "tensor", &tensor::to_js(data)),
        Output::None => set(&made, "none", &true.into()),
        Output::Scalar(scalar) => set(&made, "scalar", &number(*scalar)),
        Output::Str(text) => set(&made, "str", &text.as_str().into()),
        Output::Tuple(items) => set(&made, "tuple", &all(items)),
        Output::List(items) => set(&made, "list", &all(items)),
        Output::Dict(items) => {
            let pairs = items.iter().map(|(key, value)| Array::of2(&key.as_str().into(), &output(value)));
            set(&made, "dict", &pairs.collect::<Array>());
        }
    }
    made.into()
}

fn number(scalar: Scalar) -> JsValue {
    match scalar {
        Scalar::Bool(flag) => flag.into(),
        other => other.as_f64().into(),
    }
}
