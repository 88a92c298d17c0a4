//! The parts of Python's standard library that networks use; packages written in Python are in [`super::embedded`].

pub mod copies;
pub mod dataclass;
pub mod enumeration;
pub mod frames;
pub mod host;
pub mod iterators;
pub mod limits;
pub mod maths;
pub mod named;
pub mod wrappers;

use super::Interpreter;
use super::object::{Native, Object};
use super::raised::{Outcome, Raised};
use std::rc::Rc;

/// A name of a package; `None` where the package has none.
pub fn lookup(me: &mut Interpreter, package: &str, name: &str) -> Outcome<Option<Object>> {
    let class = |me: &Interpreter, name: &str| me.builtin_class(name).map(Object::Class);
    let native = |table: &'static [Native]| table.iter().find(|native| native.name == name).map(Object::Native);
    Ok(match (package, name) {
        ("math", "pi") => Some(Object::Float(std::f64::consts::PI)),
        ("math", "e") => Some(Object::Float(std::f64::consts::E)),
        ("math", "inf") => Some(Object::Float(f64::INFINITY)),
        ("math", "nan") => Some(Object::Float(f64::NAN)),
        ("math", "tau") => Some(Object::Float(std::f64::consts::TAU)),
        ("math", _) => native(maths::MATH),
        ("functools", "partial" | "cached_property") => class(me, name),
        ("collections", "OrderedDict" | "defaultdict" | "Counter") => class(me, name),
        ("collections", "namedtuple") => native(named::TABLE),
        ("collections", "abc") => Some(Object::Package(Rc::from("collections.abc"))),
        ("collections", "Iterable" | "Sequence" | "Mapping") => {
            Some(Object::Inert(Rc::from(format!("collections.abc.{name}"))))
        }
        ("itertools", _) => native(iterators::TABLE),
        ("functools" | "operator" | "contextlib" | "abc" | "inspect" | "typing" | "typing_extensions", _) => {
            match native(wrappers::table(package)) {
                Some(function) => Some(function),
                None if package == "typing" && name == "OrderedDict" => class(me, name),
                // signatures are not here, frames are not either
                None if package == "inspect" => return Err(Raised::unsupported(format!("inspect.{name}"))),
                None if matches!(package, "abc" | "contextlib") => {
                    Some(Object::Inert(Rc::from(format!("{package}.{name}"))))
                }
                None => None,
            }
        }
        ("torchtab", _) => native(frames::TABLE),
        ("dataclasses", "MISSING") => Some(Object::Inert(Rc::from("dataclasses.MISSING"))),
        ("dataclasses", _) => native(dataclass::TABLE),
        ("copy", _) => native(copies::TABLE),
        ("enum", "Enum" | "IntEnum" | "auto") => class(me, name),
        ("enum", "StrEnum") => class(me, "Enum"),
        ("enum", "unique") => Some(Object::Inert(Rc::from("enum.unique"))),
        ("types", "SimpleNamespace") => Some(Object::Class(me.namespace_class()?)),
        ("numpy" | "random" | "time" | "string" | "os" | "sys" | "heapq" | "bisect" | "argparse" | "ast" | "re", _) => {
            return Err(Raised::unsupported(format!("{package}.{name}")));
        }
        _ => None,
    })
}
