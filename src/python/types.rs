//! The builtin classes, `type(x)`, `isinstance`, and the making of builtin objects by their classes.

use super::Interpreter;
use super::class::{Class, ClassKind};
use super::exceptions;
use super::object::{DictKind, Object, Shallow, TupleKind};
use super::raised::{Outcome, Raised};
use indexmap::IndexMap;
use std::cell::RefCell;
use std::rc::Rc;

/// Each builtin class and its base.
const TABLE: &[(&str, &str)] = &[
    ("type", "object"),
    ("int", "object"),
    ("bool", "int"),
    ("float", "object"),
    ("str", "object"),
    ("bytes", "object"),
    ("tuple", "object"),
    ("list", "object"),
    ("dict", "object"),
    ("OrderedDict", "dict"),
    ("defaultdict", "dict"),
    ("Counter", "dict"),
    ("set", "object"),
    ("frozenset", "object"),
    ("range", "object"),
    ("slice", "object"),
    ("property", "object"),
    ("cached_property", "property"),
    ("staticmethod", "object"),
    ("classmethod", "object"),
    ("super", "object"),
    ("function", "object"),
    ("builtin_function_or_method", "object"),
    ("method", "object"),
    ("partial", "object"),
    ("module", "object"),
    ("generator", "object"),
    ("dict_keys", "object"),
    ("dict_values", "object"),
    ("dict_items", "object"),
    ("NoneType", "object"),
    ("ellipsis", "object"),
    ("NotImplementedType", "object"),
    ("Tensor", "object"),
    ("Parameter", "Tensor"),
    ("Buffer", "Tensor"),
    ("Size", "tuple"),
    ("dtype", "object"),
    ("device", "object"),
    ("Enum", "object"),
    ("IntEnum", "Enum"),
    ("auto", "object"),
    ("_MISSING_TYPE", "object"),
];

/// The builtin classes by name.
pub fn table() -> IndexMap<&'static str, Rc<Class>> {
    let mut classes: IndexMap<&'static str, Rc<Class>> = IndexMap::new();
    let all = [("object", "")].into_iter().chain(TABLE.iter().copied()).chain(exceptions::TABLE.iter().copied());
    for (name, base) in all {
        let bases: Vec<_> = classes.get(base).cloned().into_iter().collect();
        let ancestors =
            bases.iter().flat_map(|b| std::iter::once(b.clone()).chain(b.ancestors.iter().cloned())).collect();
        let class = Class {
            name: Rc::from(name),
            qualname: name.to_owned(),
            kind: ClassKind::Builtin,
            bases,
            ancestors,
            dict: Shallow(RefCell::default()),
            line: None,
        };
        classes.insert(name, Rc::new(class));
    }
    classes
}

impl Interpreter {
    /// A builtin class.
    pub fn builtin_class(&self, name: &str) -> Option<Rc<Class>> {
        self.types.get(name).cloned()
    }

    /// The name of `type(object)`.
    pub fn type_name(&self, object: &Object) -> String {
        match self.builtin_type(object) {
            Some(name) => name.to_owned(),
            None => self.type_of(object).name.to_string(),
        }
    }

    /// The builtin class's name; `None` for objects of user and torch classes.
    fn builtin_type(&self, object: &Object) -> Option<&'static str> {
        Some(match object {
            Object::None => "NoneType",
            Object::Ellipsis => "ellipsis",
            Object::NotImplemented => "NotImplementedType",
            Object::Bool(_) => "bool",
            Object::Int(_) => "int",
            Object::Float(_) => "float",
            Object::Str(_) => "str",
            Object::Bytes(_) => "bytes",
            Object::Tuple(tuple) => match &tuple.kind {
                TupleKind::Plain | TupleKind::Torch(..) => "tuple",
                TupleKind::Size => "Size",
                TupleKind::Named(_) => return None,
            },
            Object::List(_) => "list",
            Object::Dict(dict) => match &dict.kind {
                DictKind::Plain => "dict",
                DictKind::Ordered => "OrderedDict",
                DictKind::Default(_) => "defaultdict",
                DictKind::Counter => "Counter",
            },
            Object::View(_, super::iterate::View::Keys) => "dict_keys",
            Object::View(_, super::iterate::View::Values) => "dict_values",
            Object::View(_, super::iterate::View::Items) => "dict_items",
            Object::Set(set) if set.frozen => "frozenset",
            Object::Set(_) => "set",
            Object::Range(_) => "range",
            Object::Slice(_) => "slice",
            Object::Iterator(_) => "generator",
            Object::Function(_) => "function",
            Object::Native(_) | Object::Torch(_) => "builtin_function_or_method",
            Object::Bound(bound) => match bound.function() {
                Object::Function(_) => "method",
                _ => "builtin_function_or_method",
            },
            Object::Class(_) => "type",
            Object::Super(_) => "super",
            Object::Property(_) => "property",
            Object::Static(_) => "staticmethod",
            Object::ClassMethod(_) => "classmethod",
            Object::Partial(_) => "partial",
            Object::Package(_) => "module",
            Object::Inert(_) | Object::Missing(_) => "object",
            Object::Tensor(tensor) if self.is_parameter(tensor) => "Parameter",
            Object::Tensor(_) => "Tensor",
            Object::Dtype(_) => "dtype",
            Object::Device(_) => "device",
            Object::Instance(_) | Object::Module(_) => return None,
        })
    }

    /// `type(object)`.
    pub fn type_of(&self, object: &Object) -> Rc<Class> {
        let found = match object {
            Object::Instance(instance) => Some(instance.class.clone()),
            Object::Module(id) => self.module_class(*id),
            Object::Tuple(tuple) => match &tuple.kind {
                TupleKind::Named(class) => Some(class.clone()),
                _ => None,
            },
            _ => None,
        };
        found
            .or_else(|| self.builtin_type(object).and_then(|name| self.builtin_class(name)))
            .or_else(|| self.builtin_class("object"))
            .unwrap_or_else(|| self.object_class.clone())
    }

    /// `isinstance(object, classes)`.
    pub fn is_instance(&mut self, object: &Object, classes: &Object) -> Outcome<bool> {
        if let Object::Missing(why) = object {
            return Err(Raised::missing(why));
        }
        if let Object::Partial(_) = classes {
            return Ok(false);
        }
        if let Object::Class(class) = classes
            && class.dict.0.borrow().contains_key(super::class::PROTOCOL)
        {
            let names: Vec<String> =
                class.dict.0.borrow().keys().filter(|name| !name.starts_with('_')).cloned().collect();
            for name in names {
                if self.find_attribute(object, &name)?.is_none() {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let class = self.type_of(object);
        self.in_classes(&class, classes, "isinstance() arg 2 must be a type, a tuple of types, or a union")
    }

    /// `issubclass(class, classes)`.
    pub fn is_subclass(&mut self, class: &Object, classes: &Object) -> Outcome<bool> {
        match class {
            Object::Class(class) => self.in_classes(
                &class.clone(),
                classes,
                "issubclass() arg 2 must be a class, a tuple of classes, or a union",
            ),
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => Err(Raised::type_error("issubclass() arg 1 must be a class")),
        }
    }

    fn in_classes(&mut self, class: &Rc<Class>, classes: &Object, error: &str) -> Outcome<bool> {
        match classes {
            Object::Class(other) => Ok(class.inherits(other)),
            Object::Tuple(tuple) => {
                for other in &tuple.items.0 {
                    if self.deeper(|me| me.in_classes(class, other, error))? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Object::Inert(name) => Ok(self.in_abstract(class, name)),
            Object::None => Ok(&*class.name == "NoneType"),
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => Err(Raised::type_error(error)),
        }
    }

    /// The abstract classes of `typing`, `collections.abc` and `numbers`.
    fn in_abstract(&self, class: &Class, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        let has = |names: &[&str]| names.iter().any(|n| self.types.get(n).is_some_and(|t| class.inherits(t)));
        let method = |name: &str| class.lookup(name).is_some();
        match last {
            "Callable" => {
                has(&["function", "method", "builtin_function_or_method", "partial", "type"])
                    || class.is_module()
                    || method("__call__")
            }
            "Iterable" | "Collection" | "Container" | "Sized" => {
                has(&[
                    "list",
                    "tuple",
                    "str",
                    "dict",
                    "set",
                    "frozenset",
                    "range",
                    "bytes",
                    "dict_keys",
                    "dict_values",
                    "dict_items",
                    "Tensor",
                ]) || last == "Iterable" && has(&["generator"])
                    || method("__iter__")
            }
            "Iterator" | "Generator" => has(&["generator"]) || method("__next__"),
            "Sequence" => has(&["list", "tuple", "str", "range", "bytes"]),
            "List" | "MutableSequence" => has(&["list"]),
            "Tuple" => has(&["tuple"]),
            "Mapping" | "MutableMapping" | "Dict" => has(&["dict"]),
            "Set" | "MutableSet" => has(&["set", "frozenset"]),
            "Hashable" => !has(&["list", "dict", "set"]),
            "Number" | "Real" => has(&["int", "float"]),
            "Integral" => has(&["int"]),
            _ => false,
        }
    }
}
