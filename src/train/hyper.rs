//! Keyword arguments of torch.optim's classes and the items of a `param_group`: names to Python's plain values, in order.

use crate::error::{Error, Result};
use crate::python::format::float_repr;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A Python value that torch.optim takes. An int stays an int: torch saves `momentum=0` as one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HyperValue {
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// a tuple of two floats: `betas`
    Pair(f64, f64),
    /// `None`
    None,
}

impl HyperValue {
    /// As Python's `float(x)` takes bools, ints and floats.
    #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(b))),
            Self::Int(n) => Some(n as f64),
            Self::Float(f) => Some(f),
            Self::Pair(..) | Self::None => None,
        }
    }

    /// As Python's `bool(x)`.
    pub fn truth(self) -> bool {
        match self {
            Self::Pair(..) => true,
            other => other.number().is_some_and(|n| n != 0.0),
        }
    }
}

/// `str(value)`
impl fmt::Display for HyperValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Float(x) => f.write_str(&float_repr(*x)),
            Self::Pair(a, b) => write!(f, "({}, {})", float_repr(*a), float_repr(*b)),
            Self::None => f.write_str("None"),
        }
    }
}

/// Names to values, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hyper(IndexMap<String, HyperValue>);

impl Hyper {
    /// From pairs; of a name that is given twice the last value counts.
    pub fn new<'n>(items: impl IntoIterator<Item = (&'n str, HyperValue)>) -> Self {
        Self(items.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<HyperValue> {
        self.0.get(name).copied()
    }

    /// Sets a value; a new name goes to the end.
    pub fn set(&mut self, name: &str, value: HyperValue) {
        self.0.insert(name.to_owned(), value);
    }

    /// `dict.setdefault`
    pub fn set_default(&mut self, name: &str, value: HyperValue) {
        if !self.0.contains_key(name) {
            self.set(name, value);
        }
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, HyperValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// A number. Mismatch when the name is missing or its value is none.
    pub fn number(&self, name: &str) -> Result<f64> {
        let value = self.get(name).ok_or_else(|| missing(name))?;
        value.number().ok_or_else(|| Error::mismatch(format!("{name} must be a number, not {value}")))
    }

    /// Two numbers; Mismatch otherwise.
    pub fn pair(&self, name: &str) -> Result<(f64, f64)> {
        match self.get(name).ok_or_else(|| missing(name))? {
            HyperValue::Pair(a, b) => Ok((a, b)),
            other => Err(Error::mismatch(format!("{name} must be two numbers, not {other}"))),
        }
    }

    /// Whether a value is set and true.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(HyperValue::truth)
    }
}

fn missing(name: &str) -> Error {
    Error::mismatch(format!("KeyError: '{name}'"))
}
