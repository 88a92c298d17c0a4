//! What a node of the pickle is to a Python programmer: the classes of Python, torch and NumPy that checkpoints hold, and inert objects of
//! every other class.

use super::Checkpoint;
use super::numpy::{self, Numpy};
use super::python::{self, bytes, items};
use super::rebuild::{global, int, sizes};
use super::tensor::TensorId;
use crate::dtype::DType;
use crate::pickle::object::{Arena, Instance, NodeId, Object};
use num_bigint::BigInt;
use std::collections::HashMap;

/// A Python object, one level deep.
#[derive(Clone, Debug, PartialEq)]
pub enum View<'a> {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int` of 64 bits
    Int(i64),
    /// a wider `int`
    BigInt(&'a BigInt),
    /// `float`
    Float(f64),
    /// `complex`
    Complex(f64, f64),
    /// `str`
    Str(&'a str),
    /// `bytes`
    Bytes(Vec<u8>),
    /// `bytearray`
    ByteArray(Vec<u8>),
    /// `tuple`, `list`, `set`, `frozenset`, `deque`
    Sequence(&'static str, Vec<NodeId>),
    /// `dict` and its relatives, duplicate keys resolved
    Mapping(Mapping),
    /// a tensor or Parameter
    Tensor(TensorId),
    /// `torch.Size`
    Size(Vec<u64>),
    /// `torch.float32`
    Dtype(DType),
    /// `torch.device`
    Device(String),
    /// a NumPy object
    Numpy(Numpy),
    /// an object whose value is one text: its class, and `str(x)`
    Text(String, String),
    /// a class or function
    Global(String),
    /// an object of any other class
    Object {
        /// qualified name
        class: String,
        /// what made it, and everything added to it
        instance: &'a Instance,
    },
    /// something outside the pickle that is no tensor: a bare storage
    Persistent,
}

/// A dict.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// `dict`, `OrderedDict`, `defaultdict`, `Counter`
    pub kind: &'static str,
    /// in insertion order
    pub items: Vec<(NodeId, NodeId)>,
    /// defaultdict's factory, by name
    pub factory: Option<String>,
    /// `_metadata` of a state_dict
    pub metadata: Option<NodeId>,
}

impl Checkpoint {
    /// What a node is.
    pub fn view(&self, id: NodeId) -> View<'_> {
        if let Some(tensor) = self.tensor_at(id) {
            return View::Tensor(tensor);
        }
        let arena = &self.pickle().arena;
        let id = untagged(arena, id);
        match arena.get(id) {
            Object::None => View::None,
            Object::Bool(b) => View::Bool(*b),
            Object::Int(n) => View::Int(*n),
            Object::BigInt(n) => View::BigInt(n),
            Object::Float(f) => View::Float(*f),
            Object::Str(s) => View::Str(s),
            Object::Bytes(b) => View::Bytes(b.clone()),
            Object::ByteArray(b) => View::ByteArray(b.clone()),
            Object::Tuple(items) => View::Sequence("tuple", items.clone()),
            Object::List(items) => View::Sequence("list", items.clone()),
            Object::Set(items) => View::Sequence("set", items.clone()),
            Object::FrozenSet(items) => View::Sequence("frozenset", items.clone()),
            Object::Dict(items) => View::Mapping(mapping(arena, "dict", items)),
            Object::Global { module, name } => match (module.as_str(), DType::from_name(name)) {
                ("torch", Some(dtype)) => View::Dtype(dtype),
                _ => View::Global(format!("{module}.{name}")),
            },
            Object::Persistent(_) => {
                global(arena, id).map_or(View::Persistent, |(m, n)| View::Global(format!("{m}.{n}")))
            }
            Object::Instance(instance) => instance_view(arena, id, instance),
        }
    }
}

/// TorchScript writes the types of lists and dicts beside them: `torch.jit._pickle.restore_type_tag([], "List[str]")`. One level is all there is.
fn untagged(arena: &Arena, id: NodeId) -> NodeId {
    match arena.get(id) {
        Object::Instance(made) if global(arena, made.callable) == Some(("torch.jit._pickle", "restore_type_tag")) => {
            items(arena, made.args).first().copied().unwrap_or(id)
        }
        _ => id,
    }
}

fn instance_view<'a>(arena: &'a Arena, id: NodeId, instance: &'a Instance) -> View<'a> {
    let object = || {
        let class = global(arena, instance.callable).map_or_else(|| "object".to_owned(), |(m, n)| qualified(m, n));
        View::Object { class, instance }
    };
    let Some((module, name)) = global(arena, instance.callable) else { return object() };
    let args = items(arena, instance.args);
    let first = args.first().copied();
    let sequence = |kind: &'static str| {
        let mut all = first.map_or_else(Vec::new, |f| items(arena, f).to_vec());
        all.extend(instance.list_items.iter().chain(&instance.set_items));
        View::Sequence(kind, all)
    };
    match (module, name) {
        ("collections", "OrderedDict") => View::Mapping(ordered_dict(arena, instance)),
        ("collections", "defaultdict") => {
            let factory = first.and_then(|f| global(arena, f)).map(|(_, name)| name.to_owned());
            View::Mapping(Mapping { factory, ..mapping(arena, "defaultdict", &instance.dict_items) })
        }
        ("collections", "Counter") => {
            let mut all = match first.map(|f| arena.get(f)) {
                Some(Object::Dict(items)) => items.clone(),
                _ => Vec::new(),
            };
            all.extend(&instance.dict_items);
            View::Mapping(mapping(arena, "Counter", &all))
        }
        ("collections", "deque") => sequence("deque"),
        ("torch.jit._pickle", "build_intlist" | "build_doublelist" | "build_boollist" | "build_tensorlist") => {
            sequence("list")
        }
        ("builtins", "set") => sequence("set"),
        ("builtins", "frozenset") => sequence("frozenset"),
        ("builtins", "bytearray") => {
            let content = match first {
                None => Some(Vec::new()),
                Some(first) => bytes(arena, first),
            };
            content.map_or_else(object, View::ByteArray)
        }
        ("builtins", "complex") => {
            let part = |i: usize| match args.get(i).map(|a| arena.get(*a)) {
                Some(Object::Float(f)) => Some(*f),
                _ => None,
            };
            part(0).zip(part(1)).map_or_else(object, |(re, im)| View::Complex(re, im))
        }
        ("torch", "Size") => sizes(arena, id).map_or_else(object, View::Size),
        ("torch", "device") => {
            let kind = first.and_then(|f| python::text(arena, f));
            let index = args.get(1).and_then(|i| int(arena, *i));
            match (kind, index) {
                (Some(kind), Some(index)) => View::Device(format!("{kind}:{index}")),
                (Some(kind), None) => View::Device(kind.to_owned()),
                _ => object(),
            }
        }
        _ => {
            if let Some(content) = bytes(arena, id) {
                return View::Bytes(content);
            }
            if let Some((kind, value)) = python::value(arena, instance) {
                return View::Text(kind, value);
            }
            numpy::value(arena, instance).map_or_else(object, View::Numpy)
        }
    }
}

/// A class's name as Python prints it: without `builtins`.
fn qualified(module: &str, name: &str) -> String {
    if module == "builtins" { name.to_owned() } else { format!("{module}.{name}") }
}

/// An OrderedDict; Python 2 gave its pairs to the constructor.
fn ordered_dict(arena: &Arena, instance: &Instance) -> Mapping {
    let pairs = items(arena, instance.args).first().map_or(&[][..], |list| items(arena, *list));
    let mut all: Vec<_> = pairs
        .iter()
        .filter_map(|pair| {
            let pair = items(arena, *pair);
            Some((*pair.first()?, *pair.get(1)?))
        })
        .collect();
    all.extend(&instance.dict_items);
    let state = instance.states.iter().find_map(|s| match arena.get(*s) {
        Object::Dict(items) => {
            items.iter().find(|(k, _)| python::text(arena, *k) == Some("_metadata")).map(|(_, v)| *v)
        }
        _ => None,
    });
    Mapping { metadata: state, ..mapping(arena, "OrderedDict", &all) }
}

/// Python's rule for equal keys: the first one's place, the last one's value.
fn mapping(arena: &Arena, kind: &'static str, pairs: &[(NodeId, NodeId)]) -> Mapping {
    #[derive(PartialEq, Eq, Hash)]
    enum Key<'a> {
        Str(&'a str),
        Int(i64),
        Other(NodeId),
    }
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    let mut items: Vec<(NodeId, NodeId)> = Vec::with_capacity(pairs.len());
    for &(key, value) in pairs {
        let name = match arena.get(key) {
            Object::Str(s) => Key::Str(s),
            Object::Int(n) => Key::Int(*n),
            Object::Bool(b) => Key::Int(i64::from(*b)),
            _ => Key::Other(key),
        };
        if let Some(item) = places.get(&name).and_then(|&at| items.get_mut(at)) {
            item.1 = value;
        } else {
            places.insert(name, items.len());
            items.push((key, value));
        }
    }
    Mapping { kind, items, factory: None, metadata: None }
}
