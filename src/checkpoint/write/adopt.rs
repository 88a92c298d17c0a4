//! Objects of the opened file for a new pickle: what `torch.load(weights_only=True)` accepts is taken over with its order, identity and
//! sharing; everything else becomes a plain value, and that is said.
//!
//! NumPy's scalars become numbers, its arrays tensors, or lists of text; defaultdict, deque, frozenset and Namespace the plain containers;
//! dates, paths and Decimals their text; objects of other classes a dict of their attributes, or their class's name.

use super::draft::{Content, Draft, DraftStorage, Strided};
use super::revise::Key;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::globals::{Verdict, verdict};
use crate::checkpoint::numpy::{self, Dtype, Numpy};
use crate::checkpoint::rebuild::global;
use crate::checkpoint::storage::StorageId;
use crate::checkpoint::tensor::{Layout, TensorId};
use crate::checkpoint::view::{Mapping, View};
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result, Warning};
use crate::pickle::object::{Instance, Made, NodeId, Object};
use indexmap::IndexMap;
use num_bigint::BigInt;
use serde_json::Value;
use std::collections::HashMap;

/// Takes over objects of one file into one draft; an object that is taken twice is one object there too.
pub struct Adoption<'c> {
    file: &'c Checkpoint,
    taken: HashMap<NodeId, NodeId>,
    storages: HashMap<StorageId, DraftStorage>,
    pending: Vec<Pending>,
    /// items of dicts that are set to other values, or added
    set: HashMap<NodeId, Vec<(Key, NodeId)>>,
    links: Vec<(usize, Step)>,
    /// what was converted, how often, and where first
    said: IndexMap<String, (usize, String)>,
}

struct Pending {
    old: NodeId,
    new: NodeId,
    link: usize,
    /// it must be hashable
    key: bool,
}

/// One step of a path from the root.
#[derive(Clone, Copy)]
enum Step {
    Root,
    Key(NodeId),
    Index(usize),
    /// inside an object, without a name of its own
    Inside,
}

impl<'c> Adoption<'c> {
    /// Of this file.
    pub fn new(file: &'c Checkpoint) -> Self {
        Self {
            file,
            taken: HashMap::new(),
            storages: HashMap::new(),
            pending: Vec::new(),
            set: HashMap::new(),
            links: vec![(0, Step::Root)],
            said: IndexMap::new(),
        }
    }

    /// The object in the draft that stands for `node` and everything it holds.
    pub fn take(&mut self, node: NodeId, draft: &mut Draft<'_>) -> Result<NodeId> {
        let new = self.place(node, 0, Step::Root, false, draft);
        while let Some(pending) = self.pending.pop() {
            let object = self.object(&pending, draft)?;
            if let Some(place) = draft.objects.arena.get_mut(pending.new) {
                *place = object;
            }
        }
        Ok(new)
    }

    /// Gives a dict of the file, before it is taken, another value under a key; a key that it does not have is added at its end.
    pub fn set(&mut self, dict: NodeId, key: Key, value: NodeId) {
        let items = self.set.entry(dict).or_default();
        items.retain(|(other, _)| *other != key);
        items.push((key, value));
    }

    /// A tensor of the file over its storage, which other tensors of the draft may share.
    pub fn tensor_alone(&mut self, id: TensorId, draft: &mut Draft<'_>) -> Result<NodeId> {
        if let Some(why) = &self.file.tensor(id)?.unloadable {
            return Err(Error::unsupported(format!("saving {why} on its own")));
        }
        let object = self.view_of(id, false, draft)?;
        Ok(draft.objects.add(object))
    }

    /// What was converted, for the user.
    pub fn notes(&self) -> Vec<Warning> {
        let notes = self.said.iter().map(|(what, (count, place))| {
            let text = if *count == 1 { what.clone() } else { format!("{what} ({count} times)") };
            Warning::new("converted", text).at(place.clone())
        });
        notes.collect()
    }

    /// The new object of an old one, to be filled when its turn comes.
    fn place(&mut self, old: NodeId, link: usize, step: Step, key: bool, draft: &mut Draft<'_>) -> NodeId {
        if let Some(new) = self.taken.get(&old) {
            return *new;
        }
        let new = draft.objects.add(Object::None);
        self.taken.insert(old, new);
        self.links.push((link, step));
        self.pending.push(Pending { old, new, link: self.links.len() - 1, key });
        new
    }

    fn places(&mut self, items: &[NodeId], link: usize, key: bool, draft: &mut Draft<'_>) -> Vec<NodeId> {
        items.iter().enumerate().map(|(i, item)| self.place(*item, link, Step::Index(i), key, draft)).collect()
    }

    fn pairs(
        &mut self,
        dict: NodeId,
        items: &[(NodeId, NodeId)],
        link: usize,
        draft: &mut Draft<'_>,
    ) -> Vec<(NodeId, NodeId)> {
        if let Some(mut set) = self.set.remove(&dict) {
            let arena = &self.file.pickle().arena;
            let mut all = Vec::with_capacity(items.len() + set.len());
            for &(key, value) in items {
                let at = set.iter().position(|(other, _)| other.is(arena, key));
                match at {
                    Some(at) => all.push((self.place(key, link, Step::Inside, true, draft), set.remove(at).1)),
                    None => all.extend(self.pairs(dict, &[(key, value)], link, draft)),
                }
            }
            for (key, value) in set {
                let key = match key {
                    Key::Name(name) => draft.objects.name(&name),
                    Key::Object(key) => self.place(key, link, Step::Inside, true, draft),
                };
                all.push((key, value));
            }
            return all;
        }
        let pair = |&(key, value): &(NodeId, NodeId)| {
            let new = self.place(key, link, Step::Inside, true, draft);
            (new, self.place(value, link, Step::Key(key), false, draft))
        };
        items.iter().map(pair).collect()
    }

    fn say(&mut self, link: usize, what: String) {
        if let Some((count, _)) = self.said.get_mut(&what) {
            *count += 1;
            return;
        }
        let mut steps = Vec::new();
        let mut at = link;
        while at != 0 {
            let Some(&(parent, step)) = self.links.get(at) else { break };
            steps.push(match step {
                Step::Key(key) => match self.file.pickle().arena.get(key) {
                    Object::Str(text) => format!("[{text:?}]"),
                    Object::Int(n) => format!("[{n}]"),
                    _ => "[…]".into(),
                },
                Step::Index(i) => format!("[{i}]"),
                Step::Root | Step::Inside => String::new(),
            });
            at = parent;
        }
        steps.reverse();
        self.said.insert(what, (1, format!("root{}", steps.concat())));
    }

    fn object(&mut self, pending: &Pending, draft: &mut Draft<'_>) -> Result<Object> {
        let file = self.file;
        let arena = &file.pickle().arena;
        let link = pending.link;
        if let Some(object) = self.bare_storage(pending.old, draft)? {
            return Ok(object);
        }
        if let Object::Instance(instance) = arena.get(pending.old)
            && file.tensor_at(pending.old).is_none()
            && matches!(instance.made, Made::Reduce | Made::NewObj)
            && global(arena, instance.callable).is_some_and(|(m, n)| verdict(m, n) == Verdict::Allowed)
        {
            return Ok(self.same_call(pending, instance, draft));
        }
        Ok(match file.view(pending.old) {
            View::Tensor(id) => return self.tensor(pending, id, draft),
            View::None => Object::None,
            View::Bool(b) => Object::Bool(b),
            View::Int(n) => Object::Int(n),
            View::BigInt(n) => {
                if n.to_signed_bytes_le().len() > 255 {
                    return Err(Error::unsupported("an int of over 255 bytes, which weights_only refuses"));
                }
                Object::BigInt(n.clone())
            }
            View::Float(f) => Object::Float(f),
            View::Str(text) => Object::Str(text.to_owned()),
            View::Bytes(bytes) => bytes_object(&bytes, draft),
            View::ByteArray(bytes) if bytes.is_empty() => Object::ByteArray(bytes),
            View::ByteArray(bytes) => {
                let bytes = bytes_object(&bytes, draft);
                let args = vec![draft.objects.add(bytes)];
                boxed(draft.objects.call("__builtin__", "bytearray", args))
            }
            View::Complex(re, im) => {
                let args = vec![draft.objects.float(re), draft.objects.float(im)];
                boxed(draft.objects.call("__builtin__", "complex", args))
            }
            View::Sequence(kind, items) => self.sequence(pending, kind, &items, draft),
            View::Mapping(mapping) => self.mapping(pending, &mapping, draft),
            View::Size(sizes) => {
                let sizes = draft.objects.ints(&sizes);
                boxed(draft.objects.call("torch", "Size", vec![sizes]))
            }
            View::Dtype(dtype) => Object::Global { module: "torch".into(), name: dtype.name().into() },
            View::Device(device) => {
                let (kind, index) = match device.split_once(':') {
                    Some((kind, index)) => (kind, index.parse::<i64>().ok()),
                    None => (device.as_str(), None),
                };
                let mut args = vec![draft.objects.text(kind)];
                args.extend(index.map(|i| draft.objects.int(i)));
                boxed(draft.objects.call("torch", "device", args))
            }
            View::Numpy(value) => self.numpy(link, &value, pending.key, draft)?,
            View::Text(class, text) => {
                self.say(link, format!("{class} is saved as its text"));
                Object::Str(text)
            }
            View::Global(name) => match arena.get(pending.old) {
                Object::Global { module, name } if verdict(module, name) == Verdict::Allowed => {
                    Object::Global { module: module.clone(), name: name.clone() }
                }
                _ => {
                    self.say(link, format!("the class or function {name} is saved as its name"));
                    Object::Str(name)
                }
            },
            View::Object { class, instance } => self.other(pending, &class, instance, draft),
            View::Persistent => return Err(Error::unsupported("an object outside the pickle that is no storage")),
        })
    }

    fn sequence(&mut self, pending: &Pending, kind: &str, items: &[NodeId], draft: &mut Draft<'_>) -> Object {
        let link = pending.link;
        match kind {
            "tuple" => Object::Tuple(self.places(items, link, pending.key, draft)),
            "list" => Object::List(self.places(items, link, false, draft)),
            "set" => Object::Set(self.places(items, link, true, draft)),
            "frozenset" if pending.key => {
                self.say(link, "a frozenset is saved as a tuple".into());
                Object::Tuple(self.places(items, link, true, draft))
            }
            "frozenset" => {
                self.say(link, "a frozenset is saved as a set".into());
                Object::Set(self.places(items, link, true, draft))
            }
            _ => {
                self.say(link, format!("a {kind} is saved as a list"));
                Object::List(self.places(items, link, false, draft))
            }
        }
    }

    fn mapping(&mut self, pending: &Pending, mapping: &Mapping, draft: &mut Draft<'_>) -> Object {
        let link = pending.link;
        let items = self.pairs(pending.old, &mapping.items, link, draft);
        if mapping.kind != "dict" {
            self.say(link, format!("a {} is saved as a dict", mapping.kind));
        }
        Object::Dict(items)
    }

    /// A call that weights_only makes too (OrderedDict, Counter, Size, device, bytes, layouts): the same, with the same arguments.
    fn same_call(&mut self, pending: &Pending, instance: &Instance, draft: &mut Draft<'_>) -> Object {
        let link = pending.link;
        let mut made = Instance::call(
            instance.made,
            self.place(instance.callable, link, Step::Inside, false, draft),
            self.place(instance.args, link, Step::Inside, false, draft),
        );
        let states = instance.states.iter().map(|s| self.place(*s, link, Step::Inside, false, draft));
        made.states = states.collect();
        made.list_items = self.places(&instance.list_items, link, false, draft);
        made.dict_items = self.pairs(pending.old, &instance.dict_items, link, draft);
        boxed(made)
    }

    fn other(&mut self, pending: &Pending, class: &str, instance: &Instance, draft: &mut Draft<'_>) -> Object {
        let link = pending.link;
        let arena = &self.file.pickle().arena;
        let attributes = instance.states.first().map(|s| arena.get(*s));
        if let (Some(Object::Dict(items)), false) = (attributes, pending.key) {
            self.say(link, format!("an object of {class} is saved as a dict of its attributes"));
            return Object::Dict(self.pairs(pending.old, items, link, draft));
        }
        if !instance.dict_items.is_empty() && !pending.key {
            self.say(link, format!("an object of {class} is saved as a dict of its items"));
            return Object::Dict(self.pairs(pending.old, &instance.dict_items, link, draft));
        }
        if !instance.list_items.is_empty() && !pending.key {
            self.say(link, format!("an object of {class} is saved as a list of its items"));
            return Object::List(self.places(&instance.list_items, link, false, draft));
        }
        // An Enum's member is its class called with its value; of anything else the arguments tell the most.
        if let Object::Tuple(args) = arena.get(instance.args)
            && let [only] = args.as_slice()
            && matches!(arena.get(*only), Object::Str(_) | Object::Int(_) | Object::Float(_) | Object::Bool(_))
        {
            self.say(link, format!("an object of {class} is saved as the value it was made from"));
            return arena.get(*only).clone();
        }
        self.say(link, format!("an object of {class} is saved as its class's name"));
        Object::Str(class.to_owned())
    }

    fn tensor(&mut self, pending: &Pending, id: TensorId, draft: &mut Draft<'_>) -> Result<Object> {
        let file = self.file;
        let tensor = file.tensor(id)?;
        let arena = &file.pickle().arena;
        let strided = tensor.layout == Layout::Strided && tensor.storage.is_some() && tensor.unloadable.is_none();
        let Object::Instance(instance) = arena.get(pending.old) else {
            // safetensors and tar files have no rebuild call.
            return self.view_of(id, tensor.requires_grad, draft);
        };
        if strided {
            let attributes = matches!(
                global(arena, instance.callable),
                Some(("torch._utils", "_rebuild_parameter_with_state") | ("torch._tensor", _))
            );
            if attributes {
                self.say(pending.link, "Python attributes of tensors are not saved".into());
            }
            if !tensor.parameter {
                return self.view_of(id, tensor.requires_grad, draft);
            }
            // The tensor under a Parameter is an object of its own, which others may hold too.
            let data = match arena.get(instance.args) {
                Object::Tuple(args) => args.first().copied().filter(|a| file.tensor_at(*a).is_some()),
                _ => None,
            };
            let data = match data {
                Some(data) => self.place(data, pending.link, Step::Inside, false, draft),
                None => {
                    let object = self.view_of(id, false, draft)?;
                    draft.objects.add(object)
                }
            };
            return Ok(draft.parameter_object(data, tensor.requires_grad));
        }
        // Quantised, sparse and meta tensors: the same call with the same arguments.
        if !global(arena, instance.callable).is_some_and(|(m, n)| verdict(m, n) == Verdict::Allowed) {
            let why = tensor.unloadable.as_deref().unwrap_or("this tensor");
            return Err(Error::unsupported(format!("saving {why} in a new file")));
        }
        let callable = self.place(instance.callable, pending.link, Step::Inside, false, draft);
        let args = self.place(instance.args, pending.link, Step::Inside, false, draft);
        Ok(boxed(Instance::call(instance.made, callable, args)))
    }

    fn view_of(&mut self, id: TensorId, requires_grad: bool, draft: &mut Draft<'_>) -> Result<Object> {
        let tensor = self.file.tensor(id)?;
        let storage = tensor.storage.ok_or_else(|| Error::unsupported("a tensor without a storage"))?;
        let storage = self.storage(storage, Some(tensor.dtype), draft)?;
        let view = Strided {
            dtype: tensor.dtype,
            offset: tensor.storage_offset,
            shape: tensor.shape.clone(),
            stride: tensor.stride.clone(),
            requires_grad,
            conj: tensor.conj,
            neg: tensor.neg,
        };
        Ok(draft.strided_object(storage, &view))
    }

    fn storage(&mut self, id: StorageId, dtype: Option<DType>, draft: &mut Draft<'_>) -> Result<DraftStorage> {
        if let Some(storage) = self.storages.get(&id) {
            return Ok(*storage);
        }
        let storage = self.file.storage(id)?;
        let (dtype, nbytes) = (dtype.or(storage.dtype), storage.nbytes);
        let content = Content::File(id);
        let new = match dtype {
            Some(dtype) => draft.storage(dtype, nbytes, &storage.location, content),
            None => draft.untyped(None, nbytes, &storage.location, content),
        };
        self.storages.insert(id, new);
        Ok(new)
    }

    /// A storage that is no tensor's, or stands in a call that is taken over as it is.
    fn bare_storage(&mut self, old: NodeId, draft: &mut Draft<'_>) -> Result<Option<Object>> {
        let arena = &self.file.pickle().arena;
        let Object::Persistent(inner) = arena.get(old) else { return Ok(None) };
        let Object::Tuple(items) = arena.get(*inner) else { return Ok(None) };
        let [tag, _, key, ..] = items.as_slice() else { return Ok(None) };
        if !matches!(arena.get(*tag), Object::Str(tag) if tag == "storage") {
            return Ok(None);
        }
        let key = match arena.get(*key) {
            Object::Str(key) => key.clone(),
            Object::Int(key) => key.to_string(),
            _ => return Ok(None),
        };
        let Some(index) = self.file.loaded.storages.get_index_of(&key) else { return Ok(None) };
        let storage = self.storage(StorageId(u32::try_from(index).unwrap_or(u32::MAX)), None, draft)?;
        Ok(Some(draft.persistent(storage)))
    }

    fn numpy(&mut self, link: usize, value: &Numpy, key: bool, draft: &mut Draft<'_>) -> Result<Object> {
        match value {
            Numpy::Scalar(dtype, value) => {
                self.say(link, format!("numpy.{} is saved as a plain value", dtype.name()));
                Ok(plain(dtype, value))
            }
            Numpy::Dtype(dtype) => {
                self.say(link, "numpy.dtype is saved as its name".into());
                Ok(Object::Str(dtype.name()))
            }
            Numpy::Array { dtype, shape, bytes, fortran } => {
                let broken = || Error::malformed("a numpy array whose shape does not fit its bytes");
                let name = dtype.name();
                let mut bytes = numpy::row_major(shape, bytes, *fortran).ok_or_else(broken)?;
                let torch = DType::from_name(&name).filter(|_| !key);
                if let Some(torch) = torch {
                    if dtype.code().starts_with('>') {
                        let complex = torch.category() == crate::dtype::Category::Complex;
                        let unit = if complex { torch.size() / 2 } else { torch.size() };
                        bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
                    }
                    self.say(link, format!("a numpy.ndarray of {name} is saved as a tensor"));
                    let shape: Option<Vec<usize>> = shape.iter().map(|&d| usize::try_from(d).ok()).collect();
                    let data = TensorData::new(torch, shape.ok_or_else(broken)?, bytes)?;
                    let id = draft.tensor(data)?;
                    return Ok(draft.objects.arena.get(id).clone());
                }
                self.say(link, format!("a numpy.ndarray of {name} is saved as a list"));
                let numel = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).ok_or_else(broken)?;
                let size = usize::try_from(numel).ok().and_then(|n| bytes.len().checked_div(n)).filter(|s| *s > 0);
                let Some(size) = size else { return Ok(Object::List(Vec::new())) };
                let items = bytes.chunks_exact(size).map(|element| {
                    let value = numpy::scalar(dtype, element).unwrap_or(Value::Null);
                    draft.objects.add(plain(dtype, &value))
                });
                Ok(Object::List(items.collect()))
            }
        }
    }
}

/// `bytes` as protocol 2 spells them. Python writes `b''` as a call of `bytes`, which weights_only refuses; this it takes.
fn bytes_object(bytes: &[u8], draft: &mut Draft<'_>) -> Object {
    let text: String = bytes.iter().map(|&b| char::from(b)).collect();
    let args = vec![draft.objects.text(&text), draft.objects.name("latin1")];
    boxed(draft.objects.call("_codecs", "encode", args))
}

fn boxed(instance: Instance) -> Object {
    Object::Instance(Box::new(instance))
}

/// A NumPy scalar, as JSON shows it, as Python's own value.
fn plain(dtype: &Dtype, value: &Value) -> Object {
    match value {
        Value::Bool(b) => Object::Bool(*b),
        Value::Number(n) => match n.as_i64() {
            Some(n) if !dtype.name().starts_with("float") => Object::Int(n),
            _ => Object::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => match (dtype.name().get(..3), text.as_str()) {
            (Some("flo"), "nan") => Object::Float(f64::NAN),
            (Some("flo"), "inf") => Object::Float(f64::INFINITY),
            (Some("flo"), "-inf") => Object::Float(f64::NEG_INFINITY),
            // Integers beyond 2^53 are text in JSON.
            (Some("int" | "uin"), digits) => {
                digits.parse::<BigInt>().map_or_else(|_| Object::Str(digits.to_owned()), crate::pickle::number::int)
            }
            _ => Object::Str(text.clone()),
        },
        _ => Object::None,
    }
}
