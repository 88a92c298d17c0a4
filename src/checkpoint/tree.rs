//! The object tree of a checkpoint, flat: one entry a node, depth first, in the terms of the case format. An object met again is a `ref` to
//! its first path, so that shared objects and cycles cost nothing.

use super::Checkpoint;
use super::numpy::{Numpy, float, row_major, scalar};
use super::python::{items, text};
use super::tensor::{Layout, TensorId};
use super::view::View;
use crate::pickle::object::{NodeId, Object};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Objects nested deeper are named, not entered; paths would grow with the square of the depth.
pub const MAX_DEPTH: usize = 400;
/// Text that is shown beyond the pickle's own length: one long string can be met a million times.
const SPARE_TEXT: usize = 16 << 20;

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TreeEntry {
    /// keys and indexes from the root
    pub path: Vec<Value>,
    /// `dict`, `tensor`, `int`, `ref`, ...
    pub kind: String,
    /// `len`, `value`, `dtype`, `shape`, ... as the kind has them
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// which tensor it is
    #[serde(skip)]
    pub tensor: Option<TensorId>,
    /// the elements of a NumPy array, row-major
    #[serde(skip)]
    pub array: Option<Vec<u8>>,
}

/// Ints longer than this (LONG1's most is 2040) are shown by their length.
const MAX_BITS: u64 = 1 << 14;

/// Marks an empty tuple, which Python has only one of.
const EMPTY_TUPLE: NodeId = NodeId(u32::MAX);

impl Checkpoint {
    /// Every node, depth first.
    pub fn tree(&self) -> Vec<TreeEntry> {
        let text_left = self.pickle().len.saturating_mul(2).saturating_add(SPARE_TEXT);
        let mut walk =
            Walk { checkpoint: self, seen: HashMap::new(), storages: HashMap::new(), entries: Vec::new(), text_left };
        let mut pending = vec![(Vec::new(), self.root())];
        while let Some((path, node)) = pending.pop() {
            let children = walk.enter(&path, node);
            for (key, child) in children.into_iter().rev() {
                let mut path = path.clone();
                path.push(key);
                pending.push((path, child));
            }
        }
        walk.entries
    }

    /// `repr(x)` of a plain value, for dict keys that are no strings.
    pub(super) fn repr(&self, id: NodeId, depth: usize) -> String {
        match self.view(id) {
            View::None => "None".into(),
            View::Bool(b) => if b { "True" } else { "False" }.into(),
            View::Int(n) => n.to_string(),
            View::BigInt(n) if n.bits() > MAX_BITS => format!("int of {} bits", n.bits()),
            View::BigInt(n) => n.to_string(),
            View::Float(f) => float_repr(f),
            View::Str(s) => format!("'{}'", s.replace('\\', "\\\\").replace('\'', "\\'")),
            View::Sequence("tuple", items) if depth < 3 && items.len() <= 16 => {
                let parts: Vec<_> = items.iter().map(|i| self.repr(*i, depth + 1)).collect();
                if parts.len() == 1 { format!("({},)", parts.concat()) } else { format!("({})", parts.join(", ")) }
            }
            View::Dtype(dtype) => format!("torch.{}", dtype.name()),
            View::Global(name) => format!("<class '{name}'>"),
            other => type_name(&other),
        }
    }

    /// A dict key in a path.
    fn key(&self, id: NodeId) -> Value {
        match self.view(id) {
            View::Str(s) => json!(s),
            View::Int(n) => json!(n),
            View::BigInt(n) if n.bits() > MAX_BITS => json!({"key": self.repr(id, 0)}),
            View::BigInt(n) => json!(n.to_string()),
            other => json!({"key": format!("{}:{}", type_name(&other), self.repr(id, 0))}),
        }
    }
}

/// `repr(float)`: the shortest digits, `.0` for whole numbers, an exponent from 1e16 on and below 1e-4.
fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let size = value.abs();
    if value == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |e| ("-", e));
    format!("{digits}e{sign}{exponent:0>2}")
}

pub(super) fn type_name(view: &View<'_>) -> String {
    match view {
        View::None => "NoneType",
        View::Bool(_) => "bool",
        View::Int(_) | View::BigInt(_) => "int",
        View::Float(_) => "float",
        View::Complex(..) => "complex",
        View::Str(_) => "str",
        View::Bytes(_) => "bytes",
        View::ByteArray(_) => "bytearray",
        View::Sequence(kind, _) => kind,
        View::Mapping(mapping) => mapping.kind,
        View::Tensor(_) => "Tensor",
        View::Size(_) => "Size",
        View::Dtype(_) => "dtype",
        View::Device(_) => "device",
        View::Numpy(_) => "numpy",
        View::Global(_) => "type",
        View::Persistent => "Storage",
        View::Text(class, _) | View::Object { class, .. } => class,
    }
    .to_owned()
}

struct Walk<'a> {
    checkpoint: &'a Checkpoint,
    seen: HashMap<NodeId, Vec<Value>>,
    storages: HashMap<u32, usize>,
    entries: Vec<TreeEntry>,
    text_left: usize,
}

impl Walk<'_> {
    /// Bytes of text or data that showing a node would copy.
    fn weight(&self, node: NodeId) -> usize {
        let arena = &self.checkpoint.pickle().arena;
        let own = |id: &NodeId| match arena.get(*id) {
            Object::Str(s) => s.len(),
            Object::Bytes(b) | Object::ByteArray(b) => b.len(),
            _ => 0,
        };
        // NumPy's state holds `_codecs.encode(text)`, whose text is one call further in.
        let deep = |id: &NodeId| match arena.get(*id) {
            Object::Instance(made) => items(arena, made.args).iter().take(8).map(own).sum(),
            _ => own(id),
        };
        match arena.get(node) {
            Object::Instance(made) => {
                let states = made.states.iter().flat_map(|s| items(arena, *s).iter().take(8));
                items(arena, made.args).iter().take(8).chain(states).map(deep).sum()
            }
            _ => own(&node),
        }
    }

    /// Adds the entry of a node; its children.
    fn enter(&mut self, path: &[Value], node: NodeId) -> Vec<(Value, NodeId)> {
        let weight = self.weight(node);
        let Some(left) = self.text_left.checked_sub(weight) else {
            let fields = Map::from_iter([("bytes".to_owned(), json!(weight))]);
            self.entries.push(TreeEntry {
                path: path.to_vec(),
                kind: "too_large".into(),
                fields,
                tensor: None,
                array: None,
            });
            return Vec::new();
        };
        self.text_left = left;
        let view = self.checkpoint.view(node);
        let identity = match &view {
            View::Sequence("tuple", items) if items.is_empty() => Some(EMPTY_TUPLE),
            View::Sequence(..) | View::Mapping(_) | View::Object { .. } => Some(node),
            View::Numpy(Numpy::Array { .. }) => Some(node),
            _ => None,
        };
        if let Some(first) = identity.and_then(|i| self.seen.get(&i)) {
            let fields = Map::from_iter([("to".to_owned(), json!(first))]);
            self.entries.push(TreeEntry { path: path.to_vec(), kind: "ref".into(), fields, tensor: None, array: None });
            return Vec::new();
        }
        if let Some(identity) = identity {
            self.seen.insert(identity, path.to_vec());
        }
        let tensor = if let View::Tensor(id) = view { Some(id) } else { None };
        let array = match &view {
            View::Numpy(Numpy::Array { shape, bytes, fortran, .. }) => row_major(shape, bytes, *fortran),
            _ => None,
        };
        let (kind, fields, mut children) = self.describe(view);
        let Value::Object(mut fields) = fields else { return Vec::new() };
        if path.len() >= MAX_DEPTH && !children.is_empty() {
            fields.insert("too_deep".into(), json!(true));
            children.clear();
        }
        self.entries.push(TreeEntry { path: path.to_vec(), kind, fields, tensor, array });
        children
    }

    fn describe(&mut self, view: View<'_>) -> (String, Value, Vec<(Value, NodeId)>) {
        let leaf = |kind: &str, fields: Value| (kind.to_owned(), fields, Vec::new());
        match view {
            View::None => leaf("None", json!({})),
            View::Bool(b) => leaf("bool", json!({"value": b})),
            View::Int(n) if n.unsigned_abs() > 1 << 53 => leaf("int", json!({"value": n.to_string()})),
            View::Int(n) => leaf("int", json!({"value": n})),
            // Decimal digits cost the square of their number.
            View::BigInt(n) if n.bits() > MAX_BITS => leaf("int", json!({"bits": n.bits()})),
            View::BigInt(n) => leaf("int", json!({"value": n.to_string()})),
            View::Float(f) => leaf("float", json!({"value": float(f)})),
            View::Complex(re, im) => leaf("complex", json!({"value": [float(re), float(im)]})),
            View::Str(s) => leaf("str", json!({"value": s})),
            View::Bytes(b) => leaf("bytes", json!({"hex": hex(&b)})),
            View::ByteArray(b) => leaf("bytearray", json!({"hex": hex(&b)})),
            View::Size(sizes) => leaf("torch.Size", json!({"value": sizes})),
            View::Dtype(dtype) => leaf("torch.dtype", json!({"value": format!("torch.{}", dtype.name())})),
            View::Device(device) => leaf("torch.device", json!({"value": device})),
            View::Text(kind, value) => leaf(&kind, json!({"value": value})),
            View::Global(name) => leaf("global", json!({"value": name})),
            View::Persistent => leaf("storage", json!({})),
            View::Numpy(numpy) => self.numpy(numpy),
            View::Tensor(id) => leaf("tensor", self.tensor(id)),
            View::Sequence(kind @ ("set" | "frozenset"), items) => {
                let values: Vec<_> = items.iter().map(|i| self.plain(*i)).collect();
                leaf(kind, json!({"values": values}))
            }
            View::Sequence(kind, items) => {
                let children = items.iter().enumerate().map(|(i, item)| (json!(i), *item)).collect();
                (kind.to_owned(), json!({"len": items.len()}), children)
            }
            View::Mapping(mapping) => {
                let mut fields = json!({"len": mapping.items.len()});
                if let Some(metadata) = mapping.metadata {
                    put(&mut fields, "metadata", self.metadata(metadata));
                }
                if let Some(factory) = &mapping.factory {
                    put(&mut fields, "default_factory", json!(factory));
                }
                let children = mapping.items.iter().map(|(k, v)| (self.checkpoint.key(*k), *v)).collect();
                (mapping.kind.to_owned(), fields, children)
            }
            View::Object { class, instance } => {
                let mut children = Vec::new();
                for (index, arg) in items(&self.checkpoint.pickle().arena, instance.args).iter().enumerate() {
                    children.push((json!(format!("args[{index}]")), *arg));
                }
                children.extend(instance.list_items.iter().enumerate().map(|(i, item)| (json!(i), *item)));
                children.extend(instance.dict_items.iter().map(|(k, v)| (self.checkpoint.key(*k), *v)));
                for state in &instance.states {
                    match self.checkpoint.view(*state) {
                        View::Mapping(state) => {
                            children.extend(state.items.iter().map(|(k, v)| (self.checkpoint.key(*k), *v)));
                        }
                        _ => children.push((json!("state"), *state)),
                    }
                }
                ("object".to_owned(), json!({"cls": class}), children)
            }
        }
    }

    /// A value of a set: plain ones as themselves, others by their repr.
    fn plain(&self, id: NodeId) -> Value {
        match self.checkpoint.view(id) {
            View::Str(s) => json!(s),
            View::Int(n) => json!(n),
            View::Bool(b) => json!(b),
            View::Float(f) => float(f),
            _ => json!(self.checkpoint.repr(id, 0)),
        }
    }

    /// `_metadata`: prefix to {'version': n}.
    fn metadata(&self, id: NodeId) -> Value {
        let View::Mapping(outer) = self.checkpoint.view(id) else { return Value::Null };
        let arena = &self.checkpoint.pickle().arena;
        let mut all = Map::new();
        for (prefix, versions) in outer.items {
            let Some(prefix) = text(arena, prefix) else { continue };
            let View::Mapping(versions) = self.checkpoint.view(versions) else { continue };
            let versions =
                versions.items.iter().filter_map(|(k, v)| Some((text(arena, *k)?.to_owned(), self.plain(*v))));
            all.insert(prefix.to_owned(), Value::Object(versions.collect()));
        }
        Value::Object(all)
    }

    fn numpy(&self, numpy: Numpy) -> (String, Value, Vec<(Value, NodeId)>) {
        match numpy {
            Numpy::Scalar(dtype, value) => {
                ("numpy.scalar".into(), json!({"dtype": dtype.name(), "value": value}), Vec::new())
            }
            Numpy::Dtype(dtype) => ("numpy.dtype".into(), json!({"value": dtype.name()}), Vec::new()),
            Numpy::Array { dtype, shape, bytes, fortran } => {
                let mut fields = json!({"dtype": dtype.code(), "shape": shape});
                let numel = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).and_then(|n| usize::try_from(n).ok());
                let size = numel.filter(|n| *n > 0 && *n <= 64 && !fortran).map(|n| bytes.len() / n);
                if let Some(size) = size.filter(|s| *s > 0) {
                    let data: Option<Vec<_>> = bytes.chunks_exact(size).map(|b| scalar(&dtype, b)).collect();
                    put(&mut fields, "data", json!(data));
                }
                ("numpy.ndarray".into(), fields, Vec::new())
            }
        }
    }

    fn tensor(&mut self, id: TensorId) -> Value {
        let Ok(tensor) = self.checkpoint.tensor(id) else { return json!({}) };
        let class = if tensor.parameter { "Parameter" } else { "Tensor" };
        let mut fields = json!({"class": class, "dtype": tensor.dtype.name(), "shape": tensor.shape});
        if let Layout::Sparse(layout) = tensor.layout {
            put(&mut fields, "layout", json!(layout));
            return fields;
        }
        put(&mut fields, "stride", json!(tensor.stride));
        put(&mut fields, "offset", json!(tensor.storage_offset));
        put(&mut fields, "requires_grad", json!(tensor.requires_grad));
        if let Some(storage) = tensor.storage {
            let next = self.storages.len();
            put(&mut fields, "storage", json!(self.storages.entry(storage.0).or_insert(next)));
            put(&mut fields, "storage_bytes", json!(self.checkpoint.storage(storage).map_or(0, |s| s.nbytes)));
        }
        for (name, value) in [("conj", tensor.conj), ("neg", tensor.neg)] {
            if value {
                put(&mut fields, name, json!(true));
            }
        }
        if tensor.device == "meta" {
            put(&mut fields, "device", json!("meta"));
        }
        if let Some(why) = &tensor.unloadable {
            put(&mut fields, "unloadable", json!(why));
        }
        fields
    }
}

/// Adds a field to an object.
fn put(fields: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = fields {
        fields.insert(name.to_owned(), value);
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
