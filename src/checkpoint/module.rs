//! Whole pickled nn.Modules as plain data: classes, attributes, parameters, buffers and children in order, with Python's identity.
//!
//! `Module.__getstate__` is the object's `__dict__` (`torch/nn/modules/module.py`), so every attribute that `__init__` set is here; code is
//! not, except the class source that legacy files embed ([`Checkpoint::embedded_sources`]). Hook tables are left out. A module that is
//! its own descendant is refused; one that is registered twice is one module.

use super::Checkpoint;
use super::numpy::Numpy;
use super::python::{items, text};
use super::rebuild::global;
use super::tensor::TensorId;
use super::view::{Mapping, View};
use crate::dtype::DType;
use crate::error::{Error, Kind, Result};
use crate::pickle::object::{Instance, NodeId, Object};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// Modules in each other; torch's own `repr` gives up near Python's recursion limit of 1000.
pub const MAX_DEPTH: usize = 500;
/// Lists and dicts in each other inside an attribute.
const MAX_VALUE_DEPTH: usize = 24;
/// Values of all attributes together.
const MAX_VALUES: usize = 1_000_000;
/// Values of the objects in attributes; what is more is left out.
const MAX_OBJECT_VALUES: usize = 50_000;

/// `__dict__` entries that are the machinery's, not the network's.
const MACHINERY: &[&str] = &[
    "training",
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent_buffers_set",
    "_backend",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_is_full_backward_hook",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
];

/// A module of a [`ModuleTree`]: equal numbers are the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleNumber(pub usize);

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
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
    /// `tuple`
    Tuple(Vec<Value>),
    /// `list`
    List(Vec<Value>),
    /// `dict` and its relatives, in order
    Dict(Vec<(Value, Value)>),
    /// `set` and `frozenset`
    Set(Vec<Value>),
    /// a tensor or Parameter
    Tensor(TensorId),
    /// another module
    Module(ModuleNumber),
    /// `torch.Size`
    Size(Vec<u64>),
    /// `torch.float32`
    DType(DType),
    /// `torch.device`
    Device(String),
    /// a class or function by its qualified name: `torch.nn.functional.relu`
    Global(String),
    /// an object of any other class, with its `__dict__`
    Object(String, Vec<(Value, Value)>),
    /// what a call of a class gave, by its arguments: a member of an Enum
    Made(String, Vec<Value>),
    /// `functools.partial`: the function, arguments, keyword arguments
    Partial(Box<Value>, Vec<Value>, Vec<(Value, Value)>),
    /// anything else, by its class
    Other(String),
}

/// One module.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleNode {
    /// which object of the pickle
    pub node: NodeId,
    /// qualified name: `torch.nn.modules.linear.Linear`, `__main__.Net`
    pub class: String,
    /// train or eval mode when it was saved
    pub training: bool,
    /// plain attributes, in order
    pub attributes: IndexMap<String, Value>,
    /// `_parameters`; `None` for `register_parameter(name, None)`
    pub parameters: IndexMap<String, Option<TensorId>>,
    /// `_buffers`
    pub buffers: IndexMap<String, Option<TensorId>>,
    /// `_non_persistent_buffers_set`
    pub non_persistent: IndexSet<String>,
    /// `_modules`
    pub children: IndexMap<String, Option<ModuleNumber>>,
}

/// A module and all that it reaches; the first one is the root.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleTree {
    /// by [`ModuleNumber`]
    pub modules: Vec<ModuleNode>,
}

impl ModuleTree {
    /// The module that was asked for.
    pub fn root(&self) -> Option<&ModuleNode> {
        self.modules.first()
    }

    /// One module.
    pub fn get(&self, number: ModuleNumber) -> Option<&ModuleNode> {
        self.modules.get(number.0)
    }

    /// `named_modules(remove_duplicate=False)`: every path, depth first. A module registered under two names comes twice.
    pub fn named_modules(&self) -> Vec<(String, ModuleNumber)> {
        let mut found = Vec::new();
        let mut pending = vec![(String::new(), ModuleNumber(0))];
        while let Some((name, number)) = pending.pop() {
            let Some(module) = self.get(number) else { continue };
            for (key, child) in module.children.iter().rev() {
                let Some(child) = child else { continue };
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                pending.push((name, *child));
            }
            found.push((name, number));
            // Shared modules in shared modules double with every level; a real network has nowhere near so many.
            if found.len() + pending.len() > MAX_VALUES {
                break;
            }
        }
        found
    }
}

/// Source text of a class, as legacy files carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedSource {
    /// qualified name
    pub class: String,
    /// the path on the machine that wrote the file
    pub file: String,
    /// the text of the class statement
    pub source: String,
}

impl Checkpoint {
    /// The module at a node, with everything below it. Mismatch when the node is no module.
    pub fn module_tree(&self, node: NodeId) -> Result<ModuleTree> {
        if !is_module(self, node) {
            return Err(Error::mismatch("this object is no nn.Module").at(self.location(node)));
        }
        let mut reader =
            Reader { checkpoint: self, numbers: HashMap::new(), pending: Vec::new(), values: 0, inside: 0, spent: 0 };
        reader.number(node);
        let mut modules = Vec::new();
        let mut at = 0;
        while let Some(&node) = reader.pending.get(at) {
            modules.push(reader.module(node)?);
            at += 1;
        }
        let tree = ModuleTree { modules };
        self.refuse_cycles(&tree)?;
        Ok(tree)
    }

    /// Where a node stands in the file.
    fn location(&self, node: NodeId) -> String {
        format!("{}+0x{:x}", self.loaded.record, self.pickle().arena.offset(node))
    }

    /// The class source in the file, each class once.
    pub fn embedded_sources(&self) -> Vec<EmbeddedSource> {
        let arena = &self.pickle().arena;
        let mut found: IndexMap<String, EmbeddedSource> = IndexMap::new();
        for id in arena.ids() {
            let Object::Persistent(inner) = arena.get(id) else { continue };
            let Object::Tuple(parts) = arena.get(*inner) else { continue };
            // ('module', class, file, source); tar files have no first item.
            let parts = match parts.split_first() {
                Some((first, rest)) if text(arena, *first) == Some("module") => rest,
                Some((first, _)) if matches!(arena.get(*first), Object::Global { .. }) => parts,
                _ => continue,
            };
            let (Some((module, name)), Some(source)) =
                (parts.first().and_then(|c| global(arena, *c)), parts.get(2).and_then(|s| text(arena, *s)))
            else {
                continue;
            };
            let class = format!("{module}.{name}");
            let file = parts.get(1).and_then(|f| text(arena, *f)).unwrap_or_default().to_owned();
            found.entry(class.clone()).or_insert_with(|| EmbeddedSource { class, file, source: source.to_owned() });
        }
        found.into_values().collect()
    }

    /// Depth first with colours: a child that is still open is its own ancestor.
    fn refuse_cycles(&self, tree: &ModuleTree) -> Result<()> {
        let mut open = vec![false; tree.modules.len()];
        let mut done = vec![false; tree.modules.len()];
        let mut stack = vec![(ModuleNumber(0), 0usize)];
        while let Some((number, next)) = stack.last_mut() {
            let (number, child) = (*number, tree.get(*number).and_then(|m| m.children.get_index(*next)));
            *next += 1;
            let here = |at: ModuleNumber| self.location(tree.get(at).map_or(self.root(), |m| m.node));
            match child {
                None => {
                    stack.pop();
                    if let (Some(open), Some(done)) = (open.get_mut(number.0), done.get_mut(number.0)) {
                        (*open, *done) = (false, true);
                    }
                }
                Some((_, None)) => {}
                Some((key, Some(child))) => {
                    if open.get(child.0) == Some(&true) || *child == ModuleNumber(0) {
                        let text = format!("the module {key:?} contains itself: _modules has a cycle");
                        return Err(Error::malformed(text).code("module_cycle").at(here(number)));
                    }
                    if stack.len() >= MAX_DEPTH {
                        return Err(
                            Error::too_large("the depth of modules", stack.len() + 1, MAX_DEPTH).at(here(number))
                        );
                    }
                    if done.get(child.0) == Some(&false) {
                        if let Some(open) = open.get_mut(child.0) {
                            *open = true;
                        }
                        stack.push((*child, 0));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The `__dict__` of an nn.Module: every one has these two tables. `None` for other objects.
pub(super) fn tables(checkpoint: &Checkpoint, instance: &Instance) -> Option<Mapping> {
    let arena = &checkpoint.pickle().arena;
    instance.states.iter().find_map(|state| {
        let View::Mapping(state) = checkpoint.view(*state) else { return None };
        let has = |name: &str| state.items.iter().any(|(k, _)| text(arena, *k) == Some(name));
        (has("_parameters") && has("_modules")).then_some(state)
    })
}

/// An object that was a `torch.nn.Module`.
pub(super) fn is_module(checkpoint: &Checkpoint, node: NodeId) -> bool {
    matches!(checkpoint.view(node), View::Object { instance, .. } if tables(checkpoint, instance).is_some())
}

struct Reader<'a> {
    checkpoint: &'a Checkpoint,
    numbers: HashMap<NodeId, ModuleNumber>,
    /// every module met, by number
    pending: Vec<NodeId>,
    values: usize,
    /// objects within each other that are being read
    inside: usize,
    /// values in objects
    spent: usize,
}

impl Reader<'_> {
    fn number(&mut self, node: NodeId) -> ModuleNumber {
        let next = ModuleNumber(self.pending.len());
        let number = *self.numbers.entry(node).or_insert(next);
        if number == next {
            self.pending.push(node);
        }
        number
    }

    fn module(&mut self, node: NodeId) -> Result<ModuleNode> {
        let broken = |what: String| Error::malformed(what).at(self.checkpoint.location(node));
        let View::Object { class, instance } = self.checkpoint.view(node) else {
            return Err(broken("a module that is no object".into()));
        };
        let state = tables(self.checkpoint, instance).ok_or_else(|| broken(format!("{class} has no _modules")))?;
        let mut module = ModuleNode {
            node,
            class,
            training: true,
            attributes: IndexMap::new(),
            parameters: IndexMap::new(),
            buffers: IndexMap::new(),
            non_persistent: IndexSet::new(),
            children: IndexMap::new(),
        };
        for (key, value) in &state.items {
            let key = self.checkpoint.key_text(*key);
            match key.as_str() {
                "training" => module.training = !matches!(self.checkpoint.view(*value), View::Bool(false)),
                "_parameters" => module.parameters = self.tensors(&module.class, &key, *value)?,
                "_buffers" => module.buffers = self.tensors(&module.class, &key, *value)?,
                "_modules" => module.children = self.children(&module.class, *value)?,
                "_non_persistent_buffers_set" => {
                    if let View::Sequence(_, names) = self.checkpoint.view(*value) {
                        module.non_persistent = names.iter().map(|n| self.checkpoint.key_text(*n)).collect();
                    }
                }
                machinery if MACHINERY.contains(&machinery) => {}
                _ => {
                    let value = self.value(*value, 0)?;
                    module.attributes.insert(key, value);
                }
            }
        }
        Ok(module)
    }

    fn table(&self, class: &str, name: &str, node: NodeId) -> Result<Mapping> {
        match self.checkpoint.view(node) {
            View::Mapping(table) => Ok(table),
            View::None => Ok(Mapping { kind: "dict", items: Vec::new(), factory: None, metadata: None }),
            _ => Err(Error::malformed(format!("{class}.{name} is no dict")).at(self.checkpoint.location(node))),
        }
    }

    fn tensors(&self, class: &str, name: &str, node: NodeId) -> Result<IndexMap<String, Option<TensorId>>> {
        let table = self.table(class, name, node)?;
        let entries = table.items.iter().map(|(key, value)| {
            let key = self.checkpoint.key_text(*key);
            match self.checkpoint.view(*value) {
                View::Tensor(id) => Ok((key, Some(id))),
                View::None => Ok((key, None)),
                _ => Err(Error::malformed(format!("{class}.{name}[{key:?}] is neither a tensor nor None"))
                    .at(self.checkpoint.location(*value))),
            }
        });
        entries.collect()
    }

    fn children(&mut self, class: &str, node: NodeId) -> Result<IndexMap<String, Option<ModuleNumber>>> {
        let table = self.table(class, "_modules", node)?;
        let mut children = IndexMap::new();
        for (key, value) in &table.items {
            let key = self.checkpoint.key_text(*key);
            let child = match self.checkpoint.view(*value) {
                View::None => None,
                _ if is_module(self.checkpoint, *value) => Some(self.number(*value)),
                // A module in all but its tables: a class with a __reduce__ of its own.
                View::Object { class: other, .. } => {
                    return Err(Error::unsupported(format!(
                        "{class}._modules[{key:?}] is a {other} that was pickled in a way of its own"
                    ))
                    .at(self.checkpoint.location(*value)));
                }
                _ => {
                    return Err(Error::malformed(format!("{class}._modules[{key:?}] is neither a Module nor None"))
                        .at(self.checkpoint.location(*value)));
                }
            };
            children.insert(key, child);
        }
        Ok(children)
    }

    fn value(&mut self, node: NodeId, depth: usize) -> Result<Value> {
        // A long text can be met a million times; it counts by its length.
        let count = 1 + if let Object::Str(s) = self.checkpoint.pickle().arena.get(node) { s.len() / 64 } else { 0 };
        if self.inside > 0 {
            self.spent += count;
            if self.spent > MAX_OBJECT_VALUES {
                return Err(Error::too_large("the number of values in objects", self.spent, MAX_OBJECT_VALUES));
            }
        } else {
            self.values += count;
        }
        if self.values > MAX_VALUES {
            let error = Error::too_large("the number of values in modules' attributes", self.values, MAX_VALUES);
            return Err(error.at(self.checkpoint.location(node)));
        }
        let deep = depth >= MAX_VALUE_DEPTH;
        Ok(match self.checkpoint.view(node) {
            View::None => Value::None,
            View::Bool(b) => Value::Bool(b),
            View::Int(n) => Value::Int(n),
            View::Float(f) => Value::Float(f),
            View::Str(s) => Value::Str(s.to_owned()),
            View::Tensor(id) => Value::Tensor(id),
            View::Size(sizes) => Value::Size(sizes),
            View::Dtype(dtype) => Value::DType(dtype),
            View::Device(device) => Value::Device(device),
            View::Global(name) => Value::Global(name),
            View::Sequence(kind, items) if !deep => {
                let items = items.iter().map(|i| self.value(*i, depth + 1)).collect::<Result<Vec<_>>>()?;
                match kind {
                    "tuple" => Value::Tuple(items),
                    "set" | "frozenset" => Value::Set(items),
                    _ => Value::List(items),
                }
            }
            View::Mapping(mapping) if !deep => {
                let mut pairs = Vec::new();
                for (key, value) in &mapping.items {
                    pairs.push((self.value(*key, depth + 1)?, self.value(*value, depth + 1)?));
                }
                Value::Dict(pairs)
            }
            View::Numpy(Numpy::Scalar(_, value)) => match (value.as_bool(), value.as_i64(), value.as_f64()) {
                (Some(b), ..) => Value::Bool(b),
                (_, Some(n), _) => Value::Int(n),
                (.., Some(f)) => Value::Float(f),
                _ => Value::Other("numpy.generic".into()),
            },
            View::Object { class, .. } if is_module(self.checkpoint, node) => {
                // A network that only some object refers to, as a trainer does, is none of this one's.
                let known = self.inside == 0 || self.numbers.contains_key(&node);
                if known { Value::Module(self.number(node)) } else { Value::Other(class) }
            }
            View::Object { class, instance } if class == "getattr" => match attribute(self.checkpoint, instance) {
                Some(name) => Value::Global(name),
                None => Value::Other(class),
            },
            View::Object { class, instance } if !deep => self.object(class, instance, depth)?,
            View::Object { class, .. } | View::Text(class, _) => Value::Other(class),
            other => Value::Other(super::tree::type_name(&other)),
        })
    }

    /// What an object is as far as its `__dict__` says. One that holds more than attributes may is left by its class: a network's forward
    /// does not walk through data sets.
    fn object(&mut self, class: String, instance: &Instance, depth: usize) -> Result<Value> {
        if self.spent > MAX_OBJECT_VALUES {
            return Ok(Value::Other(class));
        }
        self.inside += 1;
        let read = match instance.states.first().map(|state| self.checkpoint.view(*state)) {
            Some(View::Sequence("tuple", parts)) if class == "functools.partial" => self.partial(&parts, depth),
            Some(View::Mapping(state)) => {
                let pair = |me: &mut Self, key: NodeId, value: NodeId| {
                    Ok((me.value(key, depth + 1)?, me.value(value, depth + 1)?))
                };
                let pairs = state.items.iter().map(|(key, value)| pair(self, *key, *value)).collect::<Result<Vec<_>>>();
                pairs.map(|pairs| Some(Value::Object(class.clone(), pairs)))
            }
            // nothing but what it was made of: a member of an Enum, a named tuple
            None => {
                let arguments = items(&self.checkpoint.pickle().arena, instance.args);
                let arguments = arguments.iter().map(|a| self.value(*a, depth + 1)).collect::<Result<Vec<_>>>();
                arguments.map(|arguments| Some(Value::Made(class.clone(), arguments)))
            }
            _ => Ok(None),
        };
        self.inside -= 1;
        match read {
            Ok(read) => Ok(read.unwrap_or(Value::Other(class))),
            Err(error) if error.kind == Kind::TooLarge => Ok(Value::Other(class)),
            Err(error) => Err(error),
        }
    }

    /// `(function, arguments, keywords, __dict__)`
    fn partial(&mut self, parts: &[NodeId], depth: usize) -> Result<Option<Value>> {
        let [function, arguments, keywords, ..] = parts else { return Ok(None) };
        let function = Box::new(self.value(*function, depth + 1)?);
        let arguments = match self.value(*arguments, depth + 1)? {
            Value::Tuple(arguments) => arguments,
            _ => return Ok(None),
        };
        let keywords = match self.value(*keywords, depth + 1)? {
            Value::Dict(keywords) => keywords,
            Value::None => Vec::new(),
            _ => return Ok(None),
        };
        Ok(Some(Value::Partial(function, arguments, keywords)))
    }
}

/// `getattr(torch._C._VariableFunctionsClass, 'relu')`: how pickle names a builtin that is an attribute of a class.
fn attribute(checkpoint: &Checkpoint, instance: &Instance) -> Option<String> {
    let arena = &checkpoint.pickle().arena;
    let Object::Tuple(args) = arena.get(instance.args) else { return None };
    let [owner, name] = args.as_slice() else { return None };
    let (module, owner) = global(arena, *owner)?;
    Some(format!("{module}.{owner}.{}", text(arena, *name)?))
}
