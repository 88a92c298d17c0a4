//! Plain Python values for a [`Draft`]: what a training loop puts beside the weights (`epoch`, `loss`, an optimizer's state_dict).

use super::draft::Draft;
use crate::pickle::object::{NodeId, Object};

/// A Python value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// a string that stands in the program as a name or literal (`"lr"`): one object wherever it appears
    Name(String),
    /// a string that was computed
    Str(String),
    /// `list`
    List(Vec<Plain>),
    /// `tuple`
    Tuple(Vec<Plain>),
    /// `dict`
    Dict(Vec<(Plain, Plain)>),
    /// `torch.Size`
    Size(Vec<u64>),
    /// an object that the draft has: a tensor, a state_dict, a part of the opened file
    Object(NodeId),
}

impl From<&str> for Plain {
    /// A name.
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl Plain {
    /// A dict whose keys are names.
    pub fn dict<const N: usize>(items: [(&str, Plain); N]) -> Self {
        Self::Dict(items.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl Draft<'_> {
    /// Adds a plain value, as deep as the caller made it.
    pub fn plain(&mut self, value: &Plain) -> NodeId {
        let object = match value {
            Plain::None => Object::None,
            Plain::Bool(b) => Object::Bool(*b),
            Plain::Int(n) => Object::Int(*n),
            Plain::Float(f) => Object::Float(*f),
            Plain::Name(name) => return self.objects.name(name),
            Plain::Str(text) => return self.objects.text(text),
            Plain::List(items) => Object::List(self.plains(items)),
            Plain::Tuple(items) => Object::Tuple(self.plains(items)),
            Plain::Dict(items) => {
                Object::Dict(items.iter().map(|(key, value)| (self.plain(key), self.plain(value))).collect())
            }
            Plain::Size(sizes) => {
                let sizes = self.objects.ints(sizes);
                let size = self.objects.call("torch", "Size", vec![sizes]);
                return self.objects.instance(size);
            }
            Plain::Object(id) => return *id,
        };
        self.objects.add(object)
    }

    fn plains(&mut self, items: &[Plain]) -> Vec<NodeId> {
        items.iter().map(|item| self.plain(item)).collect()
    }
}
