//! Builtin names.

pub mod construct;
pub mod functions;
pub mod sequence;

use super::Interpreter;
use super::object::{Native, Object};

/// Builtin classes that have no name of their own in Python's builtins.
const HIDDEN: &[&str] = &[
    "OrderedDict",
    "defaultdict",
    "Counter",
    "cached_property",
    "function",
    "builtin_function_or_method",
    "method",
    "partial",
    "module",
    "generator",
    "dict_keys",
    "dict_values",
    "dict_items",
    "NoneType",
    "ellipsis",
    "NotImplementedType",
    "Tensor",
    "Parameter",
    "Buffer",
    "Size",
    "dtype",
    "device",
    "Enum",
    "IntEnum",
    "auto",
    "_MISSING_TYPE",
];

/// A builtin by its name.
pub fn lookup(interpreter: &Interpreter, name: &str) -> Option<Object> {
    match name {
        "NotImplemented" => return Some(Object::NotImplemented),
        "Ellipsis" => return Some(Object::Ellipsis),
        "__debug__" => return Some(Object::Bool(true)),
        _ => {}
    }
    if !HIDDEN.contains(&name)
        && let Some(class) = interpreter.builtin_class(name)
    {
        return Some(Object::Class(class));
    }
    function(name).map(Object::Native)
}

fn function(name: &str) -> Option<&'static Native> {
    functions::TABLE.iter().chain(sequence::TABLE).find(|native| native.name == name)
}
