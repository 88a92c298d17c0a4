//! Values that are no tensors, as one line of text and, where there is one, as plain data: epoch, loss, hyper-parameters, vocabularies.

use super::Checkpoint;
use super::numpy::{Numpy, float};
use super::view::View;
use crate::pickle::object::{NodeId, Object};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Characters of text for one value.
const MAX_TEXT: usize = 160;
/// A dict with fewer items is listed key by key, a longer one of plain values (a vocabulary) as one value.
const MIN_TABLE: usize = 64;
/// Items of a list or dict that are given as plain data.
const MAX_ITEMS: usize = 200_000;

/// One value of the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlainValue {
    /// the dotted path from the root
    pub path: String,
    /// `int`, `float`, `list`, `torch.Size`, `object`, ...
    pub kind: String,
    /// for people, one line
    pub text: String,
    /// the plain value: numbers, strings, lists and dicts of them; NaN and infinities as text, ints beyond 2^53 too
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// How a value is shown, before it has a path.
pub struct Shown {
    /// as in [`PlainValue`]
    pub kind: String,
    /// as in [`PlainValue`]
    pub text: String,
    /// as in [`PlainValue`]
    pub value: Option<Value>,
    /// bytes that it copies from the pickle
    pub weight: usize,
}

impl Shown {
    fn new(kind: impl Into<String>, text: impl Into<String>, value: Option<Value>) -> Self {
        let text = short(text.into());
        Self { kind: kind.into(), weight: text.len(), text, value }
    }

    /// An object of a class that is only a name here.
    pub fn object(class: String) -> Self {
        Self::new("object", class, None)
    }

    /// An nn.Module.
    pub fn module(class: String) -> Self {
        Self::new("module", class, None)
    }
}

/// Cut at [`MAX_TEXT`] characters.
fn short(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

fn int(n: i64) -> Value {
    if n.unsigned_abs() > 1 << 53 { json!(n.to_string()) } else { json!(n) }
}

impl Checkpoint {
    /// A value that is shown in one line; `None` for tensors and for what is entered: objects, dicts, lists of other things.
    pub(super) fn shown(&self, view: &View<'_>, node: NodeId, text_left: usize) -> Option<Shown> {
        Some(match view {
            View::None => Shown::new("None", "None", Some(Value::Null)),
            View::Bool(b) => Shown::new("bool", if *b { "True" } else { "False" }, Some(json!(b))),
            View::Int(n) => Shown::new("int", n.to_string(), Some(int(*n))),
            View::BigInt(n) => {
                // A decimal text costs the square of its length; no value that people read is so long.
                let text = if n.bits() > 4096 { format!("an int of {} bits", n.bits()) } else { n.to_string() };
                Shown::new("int", text.clone(), (n.bits() <= 4096).then(|| json!(text)))
            }
            View::Float(f) => Shown::new("float", self.repr(node, 0), Some(float(*f))),
            View::Complex(re, im) => Shown::new("complex", format!("({re:?}+{im:?}j)"), None),
            View::Str(s) => {
                let value = (s.len() <= text_left).then(|| json!(s));
                let text = s.chars().take(MAX_TEXT + 1).collect::<String>();
                Shown { weight: s.len(), ..Shown::new("str", text, value) }
            }
            View::Bytes(b) => Shown::new("bytes", format!("{} bytes", b.len()), None),
            View::ByteArray(b) => Shown::new("bytearray", format!("{} bytes", b.len()), None),
            View::Size(sizes) => Shown::new("torch.Size", format!("{sizes:?}"), Some(json!(sizes))),
            View::Dtype(d) => Shown::new("torch.dtype", format!("torch.{}", d.name()), None),
            View::Device(device) => Shown::new("torch.device", device.as_str(), None),
            View::Text(kind, value) => Shown::new(kind.as_str(), value.as_str(), None),
            View::Global(name) => Shown::new("global", name.as_str(), None),
            View::Persistent => Shown::new("storage", "a storage without a tensor", None),
            View::Numpy(Numpy::Scalar(dtype, value)) => {
                Shown::new(format!("numpy.{}", dtype.name()), scalar_text(value), Some(value.clone()))
            }
            View::Numpy(Numpy::Dtype(dtype)) => Shown::new("numpy.dtype", dtype.name(), None),
            View::Numpy(Numpy::Array { dtype, shape, .. }) => {
                Shown::new("numpy.ndarray", format!("{} {shape:?}", dtype.name()), None)
            }
            View::Sequence(kind, items) => self.sequence(kind, items, text_left)?,
            View::Mapping(mapping) if mapping.items.is_empty() => Shown::new(mapping.kind, "{}", Some(json!({}))),
            View::Mapping(mapping) if mapping.items.len() >= MIN_TABLE => {
                self.table(mapping.kind, &mapping.items, text_left)?
            }
            View::Mapping(_) | View::Object { .. } | View::Tensor(_) => return None,
        })
    }

    /// A list, tuple or set of plain values.
    fn sequence(&self, kind: &str, items: &[NodeId], text_left: usize) -> Option<Shown> {
        let weights: Option<Vec<usize>> = items.iter().map(|i| self.plain_weight(*i)).collect();
        let Some(weights) = weights else {
            // Members of a set cannot be entered by a key that would stay the same.
            return kind.ends_with("set").then(|| Shown::new(kind, format!("{} items", items.len()), None));
        };
        let (open, close) = match kind {
            "tuple" => ('(', if items.len() == 1 { ",)" } else { ")" }),
            "set" | "frozenset" => ('{', "}"),
            _ => ('[', "]"),
        };
        let first: Vec<_> = items.iter().zip(&weights).take(40).filter(|(_, w)| **w < 4096).collect();
        let text = first.iter().map(|(i, _)| self.repr(**i, 0)).collect::<Vec<_>>().join(", ");
        let text = if items.len() > 40 {
            format!("{} items: {open}{text}", items.len())
        } else {
            format!("{open}{text}{close}")
        };
        let weight = weights.iter().sum::<usize>() + text.len();
        let value = (items.len() <= MAX_ITEMS && weight <= text_left)
            .then(|| Value::Array(items.iter().map(|i| self.plain_value(*i)).collect()));
        Some(Shown { weight, ..Shown::new(kind, text, value) })
    }

    /// A long dict of plain values.
    fn table(&self, kind: &str, items: &[(NodeId, NodeId)], text_left: usize) -> Option<Shown> {
        let mut weight = 0usize;
        for (key, value) in items {
            weight += self.plain_weight(*key)?.saturating_add(self.plain_weight(*value)?);
        }
        let fits = items.len() <= MAX_ITEMS && weight <= text_left;
        let value = fits.then(|| {
            let pairs = items.iter().map(|(k, v)| (self.key_text(*k), self.plain_value(*v)));
            Value::Object(Map::from_iter(pairs))
        });
        Some(Shown { weight, ..Shown::new(kind, format!("{} items", items.len()), value) })
    }

    /// What copying a plain scalar costs; `None` for everything that is more than a number or a text.
    fn plain_weight(&self, node: NodeId) -> Option<usize> {
        match self.pickle().arena.get(node) {
            Object::None | Object::Bool(_) | Object::Int(_) | Object::Float(_) => Some(8),
            Object::Str(s) => Some(s.len() + 8),
            _ => None,
        }
    }

    fn plain_value(&self, node: NodeId) -> Value {
        match self.pickle().arena.get(node) {
            Object::Bool(b) => json!(b),
            Object::Int(n) => int(*n),
            Object::Float(f) => float(*f),
            Object::Str(s) => json!(s),
            _ => Value::Null,
        }
    }

    /// A dict key in a dotted path.
    pub(super) fn key_text(&self, key: NodeId) -> String {
        match self.pickle().arena.get(key) {
            Object::Str(s) => s.clone(),
            _ => self.repr(key, 0),
        }
    }

    /// A dict, list, set or tuple without items.
    pub(super) fn is_empty_container(&self, node: NodeId) -> bool {
        match self.view(node) {
            View::Mapping(mapping) => mapping.items.is_empty(),
            View::Sequence(_, items) => items.is_empty(),
            _ => false,
        }
    }
}

fn scalar_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
