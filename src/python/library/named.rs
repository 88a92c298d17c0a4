//! `collections.namedtuple`, `typing.NamedTuple` and `types.SimpleNamespace`.

use crate::python::class::Class;
use crate::python::object::{Native, Object, Shallow, Tuple, TupleKind};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use indexmap::IndexMap;
use std::rc::Rc;

/// `collections.namedtuple`.
pub static TABLE: &[Native] = &[Native {
    name: "namedtuple",
    run: |me, mut a| {
        let defaults = match a.take("defaults") {
            Some(d) => me.collect(&d)?,
            None => Vec::new(),
        };
        let [name, fields, ..] = a.bind("namedtuple", ["typename", "field_names", "rename", "module"], 2)?;
        let name = me.text(&name.unwrap_or_default())?;
        let fields: Vec<String> = match fields.unwrap_or_default() {
            Object::Str(text) => text.replace(',', " ").split_whitespace().map(str::to_owned).collect(),
            other => {
                let mut names = Vec::new();
                for field in me.collect(&other)? {
                    names.push(me.text(&field)?);
                }
                names
            }
        };
        let skip = fields.len().saturating_sub(defaults.len());
        let defaults: Vec<_> = fields.iter().skip(skip).cloned().zip(defaults).collect();
        make(me, &name, &fields, defaults, IndexMap::new())
    },
}];

/// Makes a tuple of a named class: the class is bound before.
static NEW: Native = Native {
    name: "__new__",
    run: |me, mut a| {
        if a.positional.is_empty() {
            return Err(Raised::type_error("__new__() missing the class"));
        }
        let Object::Class(class) = a.positional.remove(0) else {
            return Err(Raised::type_error("__new__() needs a class"));
        };
        let names = me.field_names(&class)?;
        let given = a.positional.len() + 1;
        if a.positional.len() > names.len() {
            return Err(Raised::type_error(format!(
                "{}.__new__() takes {} positional arguments but {given} were given",
                class.name,
                names.len() + 1
            )));
        }
        let mut items: Vec<Option<Object>> = a.positional.into_iter().map(Some).collect();
        items.resize(names.len(), None);
        for (key, value) in a.keyword {
            match names.iter().position(|n| *n == *key).and_then(|at| items.get_mut(at)) {
                Some(slot) => *slot = Some(value),
                None => {
                    return Err(Raised::type_error(format!(
                        "{}.__new__() got an unexpected keyword argument '{key}'",
                        class.name
                    )));
                }
            }
        }
        let defaults = class.lookup("_field_defaults").unwrap_or_else(Object::dict);
        let mut filled = Vec::new();
        for (name, item) in names.iter().zip(items) {
            filled.push(match item {
                Some(item) => item,
                None => me.get_item(&defaults, &Object::str(name)).map_err(|_| {
                    Raised::type_error(format!(
                        "{}.__new__() missing 1 required positional argument: '{name}'",
                        class.name
                    ))
                })?,
            });
        }
        Ok(Object::Tuple(Rc::new(Tuple { kind: TupleKind::Named(class), items: Shallow(filled) })))
    },
};

/// Reads a field: the position is bound before.
static FIELD: Native = Native {
    name: "field",
    run: |me, a| {
        let [at, x] = a.exactly("field")?;
        me.get_item(&x, &at)
    },
};

static NAMESPACE_INIT: Native = Native {
    name: "__init__",
    run: |me, mut a| {
        let keyword = std::mem::take(&mut a.keyword);
        let [x] = a.exactly("SimpleNamespace.__init__")?;
        for (key, value) in keyword {
            me.set_attribute(&x, &key, value)?;
        }
        Ok(Object::None)
    },
};

fn make(
    me: &mut Interpreter,
    name: &str,
    fields: &[String],
    defaults: Vec<(String, Object)>,
    mut dict: IndexMap<String, Object>,
) -> Outcome<Object> {
    let names = fields.iter().map(Object::str).collect();
    dict.insert("_fields".to_owned(), Object::tuple(names));
    dict.insert("_field_defaults".to_owned(), Object::dict_of(defaults.iter().map(|(k, v)| (k.as_str(), v.clone()))));
    dict.insert("__new__".to_owned(), Object::Static(Rc::new(Object::Native(&NEW))));
    for (at, field) in fields.iter().enumerate() {
        let at = Object::Int(i64::try_from(at).unwrap_or(0));
        let fget = Object::Partial(Rc::new(crate::python::object::Partial {
            parts: Shallow(vec![Object::Native(&FIELD), at]),
            keywords: Shallow::default(),
        }));
        let property = crate::python::object::Property { fget, ..Default::default() };
        dict.insert(field.clone(), Object::Property(Rc::new(property)));
    }
    let bases = me.builtin_class("tuple").into_iter().collect();
    me.make_class(name, name.to_owned(), bases, dict, None).map(Object::Class)
}

impl Interpreter {
    /// The names of a named tuple's fields.
    pub fn field_names(&mut self, class: &Rc<Class>) -> Outcome<Vec<String>> {
        let fields = class.lookup("_fields").unwrap_or_default();
        match fields {
            Object::Tuple(fields) => fields.items.0.iter().map(|field| self.text(field)).collect(),
            _ => Ok(Vec::new()),
        }
    }

    /// `class Point(NamedTuple): x: int`.
    pub fn named_tuple_class(&mut self, name: &str, mut dict: IndexMap<String, Object>) -> Outcome<Object> {
        let annotated = match dict.shift_remove("__annotations__") {
            Some(annotations) => self.mapping(&annotations)?,
            None => Vec::new(),
        };
        let mut fields = Vec::new();
        let mut defaults = Vec::new();
        for (field, _) in annotated {
            let field = self.text(&field)?;
            if let Some(default) = dict.shift_remove(&field) {
                defaults.push((field.clone(), default));
            }
            fields.push(field);
        }
        make(self, name, &fields, defaults, dict)
    }

    /// `NamedTuple("Point", [("x", int)])`
    pub fn named_tuple_of(&mut self, arguments: Arguments) -> Outcome<Object> {
        let [name, fields] = arguments.bind("NamedTuple", ["typename", "fields"], 2)?;
        let name = self.text(&name.unwrap_or_default())?;
        let mut names = Vec::new();
        for pair in self.collect(&fields.unwrap_or_default())? {
            let field = self.collect(&pair)?.into_iter().next().unwrap_or_default();
            names.push(self.text(&field)?);
        }
        make(self, &name, &names, Vec::new(), IndexMap::new())
    }

    /// `types.SimpleNamespace`.
    pub fn namespace_class(&mut self) -> Outcome<Rc<Class>> {
        if let Some(class) = self.classes.iter().find(|c| &*c.name == "SimpleNamespace") {
            return Ok(class.clone());
        }
        let dict = [("__init__".to_owned(), Object::Native(&NAMESPACE_INIT))].into_iter().collect();
        self.make_class("SimpleNamespace", "types.SimpleNamespace".to_owned(), Vec::new(), dict, None)
    }
}
