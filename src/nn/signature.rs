//! Python signatures: parsed from the text that documentation prints, and bound to arguments as Python binds them.
//!
//! A parameter may carry a type, `dim: int = -1`, by which overloads are told apart: `Tensor`, `Tensors`, `int`, `ints`, `float`, `Number`, `bool`, `str`, `dtype`,
//! joined by `|`. Python's TypeErrors for missing, surplus and unknown arguments are made here.

use super::function::Args;
use super::value::Value;
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// How a parameter takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// by position or keyword
    Positional,
    /// `*args`
    Variadic,
    /// by keyword only
    Keyword,
    /// `**kwargs`
    Keywords,
}

/// A parameter of a signature.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// its name
    pub name: &'static str,
    /// how it takes arguments
    pub kind: Kind,
    /// types by which overloads are chosen; empty for any
    pub types: &'static str,
    /// its default; `None` where an argument is required
    pub default: Option<Value>,
}

/// A parsed signature.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// in order
    pub parameters: Vec<Parameter>,
}

thread_local! {
    static PARSED: RefCell<HashMap<&'static str, Rc<Signature>>> = RefCell::default();
}

/// A type error, in Python's words.
pub fn type_error(message: impl Into<String>) -> Error {
    Error::mismatch(message).code("type_error")
}

/// Parses `(input, p=0.5, *, inplace: bool = False)`, once for each text.
pub fn parse(text: &'static str) -> Rc<Signature> {
    PARSED.with(|cache| cache.borrow_mut().entry(text).or_insert_with(|| Rc::new(read(text))).clone())
}

fn read(text: &'static str) -> Signature {
    let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
    // the default of the last parameter may be a tuple, whose bracket must stay
    let inner = if inner.matches('(').count() > inner.matches(')').count() {
        text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(inner)
    } else {
        inner
    };
    let mut parameters = Vec::new();
    let mut kind = Kind::Positional;
    for piece in split(inner) {
        match piece {
            "" | "/" => {}
            "*" => kind = Kind::Keyword,
            _ => {
                let (head, default) = match piece.split_once('=') {
                    Some((head, default)) => (head, Some(literal(default.trim()))),
                    None => (piece, None),
                };
                let (name, types) = head.split_once(':').unwrap_or((head, ""));
                let (name, types) = (name.trim(), types.trim());
                if let Some(name) = name.strip_prefix("**") {
                    parameters.push(Parameter {
                        name,
                        kind: Kind::Keywords,
                        types,
                        default: Some(Value::Dict(Vec::new())),
                    });
                } else if let Some(name) = name.strip_prefix('*') {
                    parameters.push(Parameter {
                        name,
                        kind: Kind::Variadic,
                        types,
                        default: Some(Value::Tuple(Vec::new())),
                    });
                    kind = Kind::Keyword;
                } else {
                    parameters.push(Parameter { name, kind, types, default });
                }
            }
        }
    }
    Signature { parameters }
}

/// The pieces between commas that are in no bracket.
fn split(text: &'static str) -> Vec<&'static str> {
    let (mut pieces, mut depth, mut start) = (Vec::new(), 0u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                pieces.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(text.get(start..).unwrap_or_default().trim());
    pieces
}

fn literal(text: &'static str) -> Value {
    match text {
        "None" => return Value::None,
        "True" => return Value::Bool(true),
        "False" => return Value::Bool(false),
        "..." => return Value::Ellipsis,
        "inf" => return Value::Float(f64::INFINITY),
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        return Value::Tuple(split(inner).into_iter().filter(|p| !p.is_empty()).map(literal).collect());
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        return Value::Str(inner.into());
    }
    if let Ok(int) = text.parse() {
        return Value::Int(int);
    }
    text.parse().map_or(Value::None, Value::Float)
}

/// numpy's names for torch's arguments, which torch takes too.
fn torch_name(name: &str) -> &str {
    match name {
        "axis" | "axes" => "dim",
        "keepdims" => "keepdim",
        "x" | "a" | "x1" | "self" => "input",
        "x2" => "other",
        other => other,
    }
}

impl Signature {
    /// One value for each parameter, defaults filled in; the TypeError that Python raises otherwise.
    pub fn bind(&self, function: &str, args: Args) -> Result<Vec<Value>> {
        let mut slots: Vec<Option<Value>> = vec![None; self.parameters.len()];
        let given = args.positional.len();
        let mut positional = args.positional.into_iter();
        for (slot, parameter) in slots.iter_mut().zip(&self.parameters) {
            match parameter.kind {
                Kind::Positional => *slot = positional.next(),
                Kind::Variadic => {
                    let rest: Vec<_> = positional.by_ref().collect();
                    if !rest.is_empty() {
                        *slot = Some(Value::Tuple(rest));
                    }
                }
                _ => break,
            }
        }
        if positional.next().is_some() {
            return Err(self.surplus(function, given));
        }
        let mut extra = Vec::new();
        for (name, value) in args.keyword {
            let at = self.find(&name).or_else(|| self.find(torch_name(&name)));
            match at.and_then(|at| slots.get_mut(at)) {
                Some(Some(_)) => {
                    return Err(type_error(format!("{function}() got multiple values for argument '{name}'")));
                }
                Some(slot) => *slot = Some(value),
                None if self.parameters.iter().any(|p| p.kind == Kind::Keywords) => {
                    extra.push((Value::Str(name.into()), value));
                }
                None => return Err(type_error(format!("{function}() got an unexpected keyword argument '{name}'"))),
            }
        }
        let mut missing = Vec::new();
        let mut values = Vec::with_capacity(slots.len());
        for (slot, parameter) in slots.into_iter().zip(&self.parameters) {
            match (slot, parameter.kind, &parameter.default) {
                (_, Kind::Keywords, _) => values.push(Value::Dict(std::mem::take(&mut extra))),
                (Some(value), ..) => values.push(value),
                (None, _, Some(default)) => values.push(default.clone()),
                (None, ..) => missing.push(format!("'{}'", parameter.name)),
            }
        }
        if missing.is_empty() { Ok(values) } else { Err(lacks(function, &missing)) }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|p| p.name == name && p.kind != Kind::Keywords)
    }

    fn surplus(&self, function: &str, given: usize) -> Error {
        let takes = self.parameters.iter().filter(|p| p.kind == Kind::Positional).count();
        let needs = self.parameters.iter().filter(|p| p.kind == Kind::Positional && p.default.is_none()).count();
        let range = if needs == takes { takes.to_string() } else { format!("from {needs} to {takes}") };
        let (s, were) = (if takes == 1 { "" } else { "s" }, if given == 1 { "was" } else { "were" });
        type_error(format!("{function}() takes {range} positional argument{s} but {given} {were} given"))
    }

    /// Whether bound values have the types that the signature names.
    pub fn fits(&self, values: &[Value]) -> bool {
        self.parameters.iter().zip(values).all(|(p, value)| {
            p.types.is_empty()
                || (matches!(value, Value::None) && matches!(p.default, Some(Value::None)))
                || p.types.split('|').any(|t| is_a(t.trim(), value))
        })
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match (name, value) {
        ("Tensor", Value::Tensor(_))
        | ("int", Value::Int(_))
        | ("ints", Value::Int(_) | Value::Size(_))
        | ("float" | "Number", Value::Float(_) | Value::Int(_))
        | ("Number" | "bool", Value::Bool(_))
        | ("str", Value::Str(_))
        | ("dtype", Value::Dtype(_))
        | ("device", Value::Device(_) | Value::Str(_)) => true,
        ("ints", Value::Tuple(items) | Value::List(items)) => items.iter().all(|i| {
            matches!(i, Value::Int(_)) || i.items().is_some_and(|i| i.iter().all(|i| matches!(i, Value::Int(_))))
        }),
        ("Tensors", Value::Tuple(items) | Value::List(items)) => {
            items.iter().all(|i| matches!(i, Value::Tensor(_))) && !items.is_empty()
        }
        _ => false,
    }
}

fn lacks(function: &str, names: &[String]) -> Error {
    let listed = match names {
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
        [] => String::new(),
    };
    let s = if names.len() == 1 { "" } else { "s" };
    type_error(format!("{function}() missing {} required positional argument{s}: {listed}", names.len()))
}
