//! Plain Python values, as they stand in a constructor call.

use crate::python::object::Object;
use std::fmt;

/// Elements of lists and tuples that are taken over; a longer one is no constructor argument.
const MOST_ITEMS: usize = 256;

/// A value that an argument may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `str`
    Str(String),
    /// `list`
    List(Vec<Term>),
    /// `tuple`
    Tuple(Vec<Term>),
    /// an expression in the source's namespace: a class, a constant
    Source(String),
}

impl Term {
    /// A plain object's value; `None` for what has no literal.
    pub fn of(object: &Object) -> Option<Self> {
        let all = |items: &[Object]| {
            if items.len() > MOST_ITEMS { None } else { items.iter().map(Self::of).collect::<Option<Vec<_>>>() }
        };
        Some(match object {
            Object::None => Self::None,
            Object::Bool(b) => Self::Bool(*b),
            Object::Int(i) => Self::Int(*i),
            Object::Float(f) if f.is_finite() => Self::Float(*f),
            Object::Str(s) => Self::Str(s.to_string()),
            Object::List(list) => Self::List(all(&list.0.0.borrow())?),
            Object::Tuple(tuple) => Self::Tuple(all(&tuple.items.0)?),
            _ => return None,
        })
    }

    /// The elements of a list or tuple.
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[Self]| items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(i) => write!(f, "{i}"),
            // Rust writes what Python reads: 0.5, 1e-5
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Str(text) => write!(f, "'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n")),
            Self::List(items) => write!(f, "[{}]", list(items)),
            Self::Tuple(items) if items.len() == 1 => write!(f, "({},)", list(items)),
            Self::Tuple(items) => write!(f, "({})", list(items)),
            Self::Source(text) => f.write_str(text),
        }
    }
}
