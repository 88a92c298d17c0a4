//! `dataclasses`: the decorator writes `__init__`, `__repr__` and `__eq__` from the annotated names of a class body.

use crate::python::class::Class;
use crate::python::object::{Bound, Instance, Native, Object, Partial, Shallow};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::cell::RefCell;
use std::rc::Rc;

/// Where a class keeps its fields: name to default, `field(...)` or nothing.
const FIELDS: &str = "__dataclass_fields__";

/// `dataclasses`' functions.
pub static TABLE: &[Native] = &[
    Native {
        name: "dataclass",
        run: |me, mut a| {
            let frozen = match a.take("frozen") {
                Some(f) => me.truth(&f)?,
                None => false,
            };
            let eq = match a.take("eq") {
                Some(f) => me.truth(&f)?,
                None => true,
            };
            let repr = match a.take("repr") {
                Some(f) => me.truth(&f)?,
                None => true,
            };
            let kw_only = match a.take("kw_only") {
                Some(f) => me.truth(&f)?,
                None => false,
            };
            match a.positional.first() {
                Some(Object::Class(class)) => decorate(me, &class.clone(), frozen, eq, repr, kw_only),
                _ => {
                    let flags = [frozen, eq, repr, kw_only].map(Object::Bool).to_vec();
                    let parts = [vec![Object::Native(&DECORATE)], flags].concat();
                    Ok(Object::Partial(Rc::new(Partial { parts: Shallow(parts), keywords: Shallow::default() })))
                }
            }
        },
    },
    Native {
        name: "field",
        run: |_, a| {
            let keyword: Vec<_> = a.keyword;
            let attributes = keyword.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
            Ok(Object::Partial(Rc::new(Partial {
                parts: Shallow(vec![
                    Object::Native(&FIELD),
                    Object::dict_of(keyword.iter().map(|(k, v)| (&**k, v.clone()))),
                ]),
                keywords: {
                    let _: indexmap::IndexMap<String, Object> = attributes;
                    Shallow::default()
                },
            })))
        },
    },
    Native {
        name: "fields",
        run: |me, a| {
            let [x] = a.exactly("fields")?;
            let class = match x {
                Object::Class(class) => class,
                other => me.type_of(&other),
            };
            let namespace = me.namespace_class()?;
            let mut fields = Vec::new();
            for (name, _) in fields_of(me, &class)? {
                let attributes = [("name".to_owned(), name)].into_iter().collect();
                fields.push(Object::Instance(Rc::new(Instance {
                    class: namespace.clone(),
                    attributes: Shallow(RefCell::new(attributes)),
                    payload: RefCell::default(),
                })));
            }
            Ok(Object::tuple(fields))
        },
    },
    Native {
        name: "asdict",
        run: |me, a| {
            let [x] = a.exactly("asdict")?;
            as_dict(me, &x)
        },
    },
    Native {
        name: "astuple",
        run: |me, a| {
            let [x] = a.exactly("astuple")?;
            let dict = as_dict(me, &x)?;
            Ok(values_of(&dict))
        },
    },
    Native {
        name: "replace",
        run: |me, mut a| {
            let keyword = std::mem::take(&mut a.keyword);
            let [x] = a.exactly("replace")?;
            let class = me.type_of(&x);
            let mut arguments = Arguments { positional: Vec::new(), keyword };
            for (name, _) in fields_of(me, &class)? {
                let name = me.text(&name)?;
                if !arguments.keyword.iter().any(|(k, _)| **k == *name) {
                    let value = me.attribute(&x, &name)?;
                    arguments.keyword.push((Rc::from(name), value));
                }
            }
            me.call_object(&Object::Class(class), arguments)
        },
    },
    Native {
        name: "is_dataclass",
        run: |_, a| {
            let [x] = a.exactly("is_dataclass")?;
            Ok(Object::Bool(match &x {
                Object::Class(c) => c.lookup(FIELDS).is_some(),
                Object::Instance(i) => i.class.lookup(FIELDS).is_some(),
                _ => false,
            }))
        },
    },
];

static FIELD: Native = Native { name: "field", run: |_, _| Ok(Object::None) };

static DECORATE: Native = Native {
    name: "dataclass",
    run: |me, a| {
        let [frozen, eq, repr, kw_only, class] = a.exactly("dataclass")?;
        let Object::Class(class) = class else {
            return Err(Raised::type_error("dataclass() should be called on a class"));
        };
        let mut flag = |x: &Object| me.truth(x);
        let (frozen, eq, repr, kw_only) = (flag(&frozen)?, flag(&eq)?, flag(&repr)?, flag(&kw_only)?);
        decorate(me, &class, frozen, eq, repr, kw_only)
    },
};

/// The options of a `field(...)`.
fn options(value: &Object) -> Option<Object> {
    match value {
        Object::Partial(partial) if matches!(partial.parts.0.first(), Some(Object::Native(n)) if std::ptr::eq(*n, &raw const FIELD)) => {
            partial.parts.0.get(1).cloned()
        }
        _ => None,
    }
}

fn option(me: &mut Interpreter, value: &Object, name: &str) -> Outcome<Option<Object>> {
    match options(value) {
        Some(Object::Dict(dict)) => {
            let key = me.key(&Object::str(name))?;
            Ok(dict.entries.0.borrow().get(&key).map(|(_, v)| v.clone()))
        }
        _ => Ok(None),
    }
}

fn decorate(
    me: &mut Interpreter,
    class: &Rc<Class>,
    frozen: bool,
    eq: bool,
    repr: bool,
    kw_only: bool,
) -> Outcome<Object> {
    let fields = Object::dict();
    for base in class.ancestors.iter().rev() {
        let inherited = base.dict.0.borrow().get(FIELDS).cloned();
        if let Some(inherited) = inherited {
            me.dict_update(&fields, &inherited)?;
        }
    }
    for (name, annotation) in Interpreter::annotations(class) {
        if annotation.starts_with("ClassVar") || annotation.starts_with("typing.ClassVar") {
            continue;
        }
        let default = class.dict.0.borrow().get(&*name).cloned();
        if let Some(Object::List(_) | Object::Dict(_) | Object::Set(_)) = &default {
            let kind = me.type_name(default.as_ref().unwrap_or(&Object::None));
            return Err(Raised::value_error(format!(
                "mutable default <class '{kind}'> for field {name} is not allowed: use default_factory"
            )));
        }
        let entry = match &default {
            Some(default) => Object::tuple(vec![default.clone()]),
            None => Object::tuple(Vec::new()),
        };
        me.set_item(&fields, &Object::Str(name.clone()), entry)?;
        if let Some(default) = &default
            && options(default).is_some()
        {
            match option(me, default, "default")? {
                Some(value) => {
                    class.dict.0.borrow_mut().insert(name.to_string(), value);
                }
                None => {
                    class.dict.0.borrow_mut().shift_remove(&*name);
                }
            }
        }
    }
    let names: Vec<Object> = me.mapping(&fields)?.into_iter().map(|(name, _)| name).collect();
    let mut dict = class.dict.0.borrow_mut();
    dict.insert(FIELDS.to_owned(), fields);
    dict.insert("__dataclass_kw_only__".to_owned(), Object::Bool(kw_only));
    dict.insert("__match_args__".to_owned(), Object::tuple(names));
    dict.entry("__init__".to_owned()).or_insert(Object::Native(&INIT));
    if repr {
        dict.entry("__repr__".to_owned()).or_insert(Object::Native(&REPR));
    }
    if eq && !class.is_module() {
        dict.entry("__eq__".to_owned()).or_insert(Object::Native(&EQ));
        if frozen {
            dict.entry("__hash__".to_owned()).or_insert(Object::Native(&HASH));
        }
    }
    if frozen {
        dict.insert("__setattr__".to_owned(), Object::Native(&FROZEN));
    }
    drop(dict);
    Ok(Object::Class(class.clone()))
}

fn fields_of(me: &mut Interpreter, class: &Class) -> Outcome<Vec<(Object, Object)>> {
    match class.lookup(FIELDS) {
        Some(fields) => me.mapping(&fields),
        None => Err(Raised::type_error("must be called with a dataclass type or instance")),
    }
}

fn set(me: &mut Interpreter, object: &Object, name: &str, value: Object) -> Outcome<()> {
    match object {
        Object::Instance(instance) => {
            instance.attributes.0.borrow_mut().insert(name.to_owned(), value);
            Ok(())
        }
        object => me.set_attribute(object, name, value),
    }
}

static INIT: Native = Native {
    name: "__init__",
    run: |me, mut a| {
        if a.positional.is_empty() {
            return Err(Raised::type_error("__init__() missing 1 required positional argument: 'self'"));
        }
        let object = a.positional.remove(0);
        let class = me.type_of(&object);
        let qualname = class.qualname.clone();
        let fields = fields_of(me, &class)?;
        let kw_only = matches!(class.lookup("__dataclass_kw_only__"), Some(Object::Bool(true)));
        let given = a.positional.len() + 1;
        let mut positional = a.positional.into_iter();
        let mut keyword = a.keyword;
        let mut missing = Vec::new();
        let mut count = 1;
        for (name, entry) in fields {
            let name = me.text(&name)?;
            let default = me.collect(&entry)?.into_iter().next();
            let in_init = match &default {
                Some(d) => match option(me, d, "init")? {
                    Some(flag) => me.truth(&flag)?,
                    None => true,
                },
                None => true,
            };
            let own_kw = match &default {
                Some(d) => match option(me, d, "kw_only")? {
                    Some(flag) => me.truth(&flag)?,
                    None => kw_only,
                },
                None => kw_only,
            };
            let mut value = None;
            if in_init {
                count += 1;
                let named = keyword.iter().position(|(k, _)| **k == *name).map(|at| keyword.remove(at).1);
                value = if own_kw { None } else { positional.next() };
                if value.is_some() && named.is_some() {
                    return Err(Raised::type_error(format!(
                        "{qualname}.__init__() got multiple values for argument '{name}'"
                    )));
                }
                value = value.or(named);
            }
            let value = match (value, default) {
                (Some(value), _) => Some(value),
                (None, Some(default)) => {
                    match (option(me, &default, "default")?, option(me, &default, "default_factory")?) {
                        (Some(value), _) => Some(value),
                        (None, Some(factory)) => Some(me.call_object(&factory, Arguments::default())?),
                        (None, None) if options(&default).is_some() => None,
                        _ => Some(default),
                    }
                }
                (None, None) => None,
            };
            match value {
                Some(value) => set(me, &object, &name, value)?,
                None if in_init => missing.push(format!("'{name}'")),
                None => {}
            }
        }
        if let Some((key, _)) = keyword.first() {
            return Err(Raised::type_error(format!(
                "{qualname}.__init__() got an unexpected keyword argument '{key}'"
            )));
        }
        if positional.next().is_some() {
            return Err(Raised::type_error(format!(
                "{qualname}.__init__() takes {count} positional arguments but {given} were given"
            )));
        }
        if !missing.is_empty() {
            let n = missing.len();
            let s = if n == 1 { "" } else { "s" };
            let list = match missing.as_slice() {
                [a, b] => format!("{a} and {b}"),
                [head @ .., last] if !head.is_empty() => format!("{}, and {last}", head.join(", ")),
                _ => missing.concat(),
            };
            return Err(Raised::type_error(format!(
                "{qualname}.__init__() missing {n} required positional argument{s}: {list}"
            )));
        }
        if let Some(method) = class.lookup("__post_init__") {
            me.call_object(&Bound::object(object, method), Arguments::default())?;
        }
        Ok(Object::None)
    },
};

static REPR: Native = Native {
    name: "__repr__",
    run: |me, a| {
        let [object] = a.exactly("__repr__")?;
        let class = me.type_of(&object);
        let mut parts = Vec::new();
        for (name, entry) in fields_of(me, &class)? {
            let name = me.text(&name)?;
            if let Some(default) = me.collect(&entry)?.first()
                && let Some(flag) = option(me, default, "repr")?
                && !me.truth(&flag)?
            {
                continue;
            }
            let value = me.attribute(&object, &name)?;
            parts.push(format!("{name}={}", me.repr(&value)?));
        }
        Ok(Object::str(format!("{}({})", class.qualname, parts.join(", "))))
    },
};

fn values(me: &mut Interpreter, object: &Object) -> Outcome<Object> {
    let class = me.type_of(object);
    let mut values = Vec::new();
    for (name, _) in fields_of(me, &class)? {
        let name = me.text(&name)?;
        values.push(me.attribute(object, &name)?);
    }
    Ok(Object::tuple(values))
}

static EQ: Native = Native {
    name: "__eq__",
    run: |me, a| {
        let [x, y] = a.exactly("__eq__")?;
        if !Rc::ptr_eq(&me.type_of(&x), &me.type_of(&y)) {
            return Ok(Object::NotImplemented);
        }
        let (x, y) = (values(me, &x)?, values(me, &y)?);
        me.equal(&x, &y).map(Object::Bool)
    },
};

static HASH: Native = Native {
    name: "__hash__",
    run: |me, a| {
        let [x] = a.exactly("__hash__")?;
        let values = values(me, &x)?;
        let Some(hash) = crate::python::builtins::lookup(me, "hash") else { return Ok(Object::Int(0)) };
        me.call_object(&hash, Arguments::of(vec![values]))
    },
};

static FROZEN: Native = Native {
    name: "__setattr__",
    run: |me, a| {
        let [_, name, _] = a.exactly("__setattr__")?;
        let name = me.text(&name)?;
        Err(Raised::attribute_error(format!("cannot assign to field '{name}'")))
    },
};

fn as_dict(me: &mut Interpreter, object: &Object) -> Outcome<Object> {
    match object {
        Object::Instance(instance) if instance.class.lookup(FIELDS).is_some() => {
            let result = Object::dict();
            for (name, _) in fields_of(me, &instance.class)? {
                let text = me.text(&name)?;
                let value = me.attribute(object, &text)?;
                let value = me.deeper(|me| as_dict(me, &value))?;
                me.set_item(&result, &name, value)?;
            }
            Ok(result)
        }
        Object::List(list) => {
            let items = list.0.0.borrow().clone();
            items.iter().map(|item| me.deeper(|me| as_dict(me, item))).collect::<Outcome<_>>().map(Object::list)
        }
        other => Ok(other.clone()),
    }
}

/// The values of a dict of fields.
fn values_of(dict: &Object) -> Object {
    match dict {
        Object::Dict(fields) => {
            Object::tuple(fields.entries.0.borrow().values().map(|(_, value)| value.clone()).collect())
        }
        other => other.clone(),
    }
}
