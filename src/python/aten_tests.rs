//! ATen's core operators are here, and those that are public functions take their arguments in ATen's order.

use super::Interpreter;
use super::object::Object;
use crate::nn::function::{self, Function, Overload};
use crate::nn::signature::Kind;

/// Core operators that are not done: parts of backward passes, transforms of complex tensors, and what no fixed shape has.
const NOT_DONE: &[&str] = &["_fft_c2c", "_fft_c2r", "_fft_r2c", "resize_"];

/// Arguments that say where and how a tensor lies, or where random numbers come from.
const PLACES: &[&str] = &["generator", "layout", "device", "pin_memory", "memory_format", "out", "non_blocking"];

fn takes(overload: &Overload, arguments: &[(String, bool)]) -> bool {
    let parameters = function::parameter_names(overload);
    let mut positional = parameters.iter().filter(|(_, kind)| *kind == Kind::Positional);
    let variadic = parameters.iter().any(|(_, kind)| *kind == Kind::Variadic);
    arguments.iter().all(|(name, keyword)| {
        let name = if name == "self" { "input" } else { name };
        if *keyword {
            return PLACES.contains(&name) || parameters.iter().any(|(known, _)| *known == name);
        }
        positional.next().map_or(variadic, |(known, _)| *known == name)
    })
}

fn fits(function: &Function, arguments: &[(String, bool)]) -> bool {
    function.overloads.iter().any(|overload| takes(overload, arguments))
}

#[test]
fn core_operators_are_here() {
    let core: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("../../tests/cases/aten/core.json")).unwrap();
    assert_eq!(core.len(), 193);
    let mut me = Interpreter::new(None);
    let mut failures = Vec::new();
    for (full, arguments) in &core {
        let (name, overload) = full.split_once('.').unwrap();
        if name.ends_with("_backward") || NOT_DONE.contains(&name) {
            continue;
        }
        let arguments: Vec<(String, bool)> = serde_json::from_value(arguments.clone()).unwrap();
        match me.aten(name, Some(overload)) {
            Ok(Object::Torch(function)) if !fits(function, &arguments) => {
                failures.push(format!("{full}{arguments:?} is not {}", function.name));
            }
            Ok(_) => {}
            Err(_) => failures.push(format!("{full} is missing")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
