//! Objects from scratch, with the identities that Python gives them: a name in source code and a one-character string are one object
//! wherever they appear, a class is one object, any other string is a new one.

use super::object::{Arena, Instance, Made, NodeId, Object};
use std::collections::HashMap;

/// An arena being filled.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// the objects
    pub arena: Arena,
    names: HashMap<String, NodeId>,
    globals: HashMap<(String, String), NodeId>,
}

impl Builder {
    /// Any object.
    pub fn add(&mut self, object: Object) -> NodeId {
        self.arena.add(object, 0)
    }

    /// A string that was computed: a new object, unless it is shorter than two characters.
    pub fn text(&mut self, text: &str) -> NodeId {
        let mut characters = text.chars();
        let singleton = match (characters.next(), characters.next()) {
            (None, _) => true,
            (Some(only), None) => u32::from(only) < 256,
            _ => false,
        };
        if singleton { self.name(text) } else { self.add(Object::Str(text.to_owned())) }
    }

    /// A string that stands in source code as a name or a literal like one: interned.
    pub fn name(&mut self, name: &str) -> NodeId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.add(Object::Str(name.to_owned()));
        self.names.insert(name.to_owned(), id);
        id
    }

    /// An int.
    pub fn int(&mut self, value: i64) -> NodeId {
        self.add(Object::Int(value))
    }

    /// A float.
    pub fn float(&mut self, value: f64) -> NodeId {
        self.add(Object::Float(value))
    }

    /// A bool.
    pub fn bool(&mut self, value: bool) -> NodeId {
        self.add(Object::Bool(value))
    }

    /// `None`.
    pub fn none(&mut self) -> NodeId {
        self.add(Object::None)
    }

    /// A tuple of ints: sizes, strides.
    pub fn ints(&mut self, values: &[u64]) -> NodeId {
        let items = values.iter().map(|&v| self.arena.add(unsigned(v), 0)).collect();
        self.add(Object::Tuple(items))
    }

    /// A class or function.
    pub fn global(&mut self, module: &str, name: &str) -> NodeId {
        let key = (module.to_owned(), name.to_owned());
        if let Some(id) = self.globals.get(&key) {
            return *id;
        }
        let id = self.add(Object::Global { module: module.to_owned(), name: name.to_owned() });
        self.globals.insert(key, id);
        id
    }

    /// `module.name(*args)`.
    pub fn call(&mut self, module: &str, name: &str, args: Vec<NodeId>) -> Instance {
        let callable = self.global(module, name);
        let args = self.add(Object::Tuple(args));
        Instance::call(Made::Reduce, callable, args)
    }

    /// A dict whose keys are names: `{"version": 1}`.
    pub fn named_dict(&mut self, items: &[(&str, NodeId)]) -> NodeId {
        let items = items.iter().map(|(name, value)| (self.name(name), *value)).collect();
        self.add(Object::Dict(items))
    }

    /// `collections.OrderedDict` with its items.
    pub fn ordered_dict(&mut self, items: Vec<(NodeId, NodeId)>) -> Instance {
        let mut instance = self.call("collections", "OrderedDict", Vec::new());
        instance.dict_items = items;
        instance
    }

    /// Adds an object that a call made.
    pub fn instance(&mut self, instance: Instance) -> NodeId {
        self.add(Object::Instance(Box::new(instance)))
    }
}

/// An int that may pass 2^63.
pub fn unsigned(value: u64) -> Object {
    i64::try_from(value).map_or_else(|_| Object::BigInt(value.into()), Object::Int)
}
