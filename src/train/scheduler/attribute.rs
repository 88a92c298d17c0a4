//! A scheduler's `__dict__`: what torch's schedulers keep, and save, as plain Python values by name and in order.

use crate::error::{Error, Result};
use crate::train::hyper::HyperValue;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A plain Python value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `str`
    Str(String),
    /// `list` or `tuple`
    List(Vec<Attribute>),
    /// `dict` with names as keys
    Dict(Attributes),
    /// `collections.Counter` of ints
    #[serde(skip)]
    Counter(Vec<(i64, i64)>),
    /// `None`
    None,
}

impl Attribute {
    /// As `float(x)`.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => HyperValue::Bool(*b).number(),
            Self::Int(n) => HyperValue::Int(*n).number(),
            Self::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// An int, or a float without a fraction.
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the bounds that are checked")]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Float(x) if x.fract() == 0.0 && x.abs() < 9.0e15 => Some(*x as i64),
            _ => None,
        }
    }
}

impl From<HyperValue> for Attribute {
    fn from(value: HyperValue) -> Self {
        match value {
            HyperValue::Bool(b) => Self::Bool(b),
            HyperValue::Int(n) => Self::Int(n),
            HyperValue::Float(x) => Self::Float(x),
            HyperValue::Pair(a, b) => Self::List(vec![Self::Float(a), Self::Float(b)]),
            HyperValue::None => Self::None,
        }
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

/// Names to values, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(IndexMap<String, Attribute>);

impl Attributes {
    /// From pairs.
    pub fn new<'n>(items: impl IntoIterator<Item = (&'n str, Attribute)>) -> Self {
        Self(items.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.get(name)
    }

    /// Whether there is a value of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// `self.name = value`
    pub fn set(&mut self, name: &str, value: Attribute) {
        self.0.insert(name.to_owned(), value);
    }

    /// Takes a value out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Attribute> {
        self.0.shift_remove(name)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// `__dict__.update(other)`
    pub fn update(&mut self, other: &Self) {
        for (name, value) in other.iter() {
            self.set(name, value.clone());
        }
    }

    /// A number; Mismatch when there is none.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.get(name).and_then(Attribute::number).ok_or_else(|| wrong(name, "a number"))
    }

    /// An int; Mismatch when there is none.
    pub fn int(&self, name: &str) -> Result<i64> {
        self.get(name).and_then(Attribute::int).ok_or_else(|| wrong(name, "an integer"))
    }

    /// A string; Mismatch when there is none.
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.get(name) {
            Some(Attribute::Str(text)) => Ok(text),
            _ => Err(wrong(name, "a string")),
        }
    }

    /// Whether a value is set and true.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Attribute::number).is_some_and(|n| n != 0.0)
    }

    /// A list of numbers; Mismatch when there is none.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let Some(Attribute::List(items)) = self.get(name) else { return Err(wrong(name, "a list")) };
        items.iter().map(|item| item.number().ok_or_else(|| wrong(name, "a list of numbers"))).collect()
    }
}

fn wrong(name: &str, what: &str) -> Error {
    Error::mismatch(format!("{name} must be {what}"))
}
