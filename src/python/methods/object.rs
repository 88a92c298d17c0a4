//! Methods of object, exceptions, numbers, properties and iterators.

use crate::python::object::{Native, Object, Property};
use crate::python::raised::Raised;
use crate::python::{Arguments, number};
use std::rc::Rc;

/// object's, as `super().__init__()` and `super().__setattr__(name, value)` reach them.
pub static OBJECT: &[Native] = &[
    Native {
        name: "object.__init__",
        run: |me, mut a| {
            if a.positional.is_empty() {
                return Err(Raised::type_error("descriptor '__init__' of 'object' object needs an argument"));
            }
            let object = a.positional.remove(0);
            me.init_object(&object, a).map(|()| Object::None)
        },
    },
    Native {
        name: "object.__new__",
        run: |me, mut a| {
            if a.positional.is_empty() {
                return Err(Raised::type_error("object.__new__(): not enough arguments"));
            }
            match a.positional.remove(0) {
                Object::Class(class) if class.is_module() => Ok(Object::Module(me.allocate_module(&class))),
                Object::Class(class) => me.allocate(&class, &a),
                other => Err(Raised::type_error(format!(
                    "object.__new__(X): X is not a type object ({})",
                    me.type_name(&other)
                ))),
            }
        },
    },
    Native {
        name: "object.__setattr__",
        run: |me, a| {
            let [object, name, value] = a.exactly("object.__setattr__")?;
            let name = me.text(&name)?;
            match &object {
                Object::Instance(instance) => {
                    let old = instance.attributes.0.borrow_mut().insert(name, value);
                    drop(old);
                }
                Object::Module(id) => me.set_plain(*id, &name, value)?,
                object => me.set_attribute(object, &name, value)?,
            }
            Ok(Object::None)
        },
    },
    Native {
        name: "object.__getattribute__",
        run: |me, a| {
            let [object, name] = a.exactly("object.__getattribute__")?;
            let name = me.text(&name)?;
            if let Object::Instance(instance) = &object {
                if let Some(value) = instance.attributes.0.borrow().get(&name) {
                    return Ok(value.clone());
                }
                if let Some(value) = instance.class.lookup(&name) {
                    return me.bind_attribute(value, &object, &instance.class);
                }
                return Err(me.no_attribute(&object, &name));
            }
            me.attribute(&object, &name)
        },
    },
    Native {
        name: "object.__delattr__",
        run: |me, a| {
            let [object, name] = a.exactly("object.__delattr__")?;
            let name = me.text(&name)?;
            me.delete_attribute(&object, &name).map(|()| Object::None)
        },
    },
    Native {
        name: "object.__eq__",
        run: |_, a| {
            let [x, y] = a.exactly("object.__eq__")?;
            Ok(if x.is(&y) { Object::Bool(true) } else { Object::NotImplemented })
        },
    },
    Native {
        name: "object.__hash__",
        run: |_, a| {
            let [x] = a.exactly("object.__hash__")?;
            Ok(Object::Int(i64::try_from(x.address().unwrap_or_default()).unwrap_or(0)))
        },
    },
    Native {
        name: "object.__repr__",
        run: |me, a| {
            let [x] = a.exactly("object.__repr__")?;
            Ok(Object::str(format!("<__main__.{} object>", me.type_name(&x))))
        },
    },
    Native {
        name: "object.__str__",
        run: |me, a| {
            let [x] = a.exactly("object.__str__")?;
            me.repr(&x).map(Object::str)
        },
    },
    Native { name: "object.__init_subclass__", run: |_, _| Ok(Object::None) },
];

/// Exceptions'.
pub static EXCEPTION: &[Native] = &[
    Native {
        name: "BaseException.__str__",
        run: |me, a| {
            let [x] = a.exactly("BaseException.__str__")?;
            match &x {
                Object::Instance(instance) => {
                    let arguments = instance.attributes.0.borrow().get("args").cloned().unwrap_or_default();
                    match me.collect(&arguments)?.as_slice() {
                        [] => Ok(Object::str("")),
                        [one] => me.text(one).map(Object::str),
                        _ => me.repr(&arguments).map(Object::str),
                    }
                }
                other => me.text(other).map(Object::str),
            }
        },
    },
    Native {
        name: "BaseException.with_traceback",
        run: |_, a| {
            let [x, _] = a.exactly("BaseException.with_traceback")?;
            Ok(x)
        },
    },
    Native { name: "BaseException.add_note", run: |_, _| Ok(Object::None) },
];

/// int's.
pub static INT: &[Native] = &[
    Native {
        name: "int.bit_length",
        run: |me, a| {
            let [x] = a.exactly("int.bit_length")?;
            Ok(Object::Int(i64::from(64 - me.index(&x)?.unsigned_abs().leading_zeros())))
        },
    },
    Native {
        name: "int.bit_count",
        run: |me, a| {
            let [x] = a.exactly("int.bit_count")?;
            Ok(Object::Int(i64::from(me.index(&x)?.unsigned_abs().count_ones())))
        },
    },
    Native { name: "int.is_integer", run: |_, _| Ok(Object::Bool(true)) },
    Native {
        name: "int.conjugate",
        run: |_, a| {
            let [x] = a.exactly("int.conjugate")?;
            Ok(x)
        },
    },
    Native {
        name: "int.__index__",
        run: |me, a| {
            let [x] = a.exactly("int.__index__")?;
            me.index(&x).map(Object::Int)
        },
    },
];

/// float's.
pub static FLOAT: &[Native] = &[
    Native {
        name: "float.is_integer",
        run: |me, a| {
            let [x] = a.exactly("float.is_integer")?;
            let x = me.float(&x)?;
            Ok(Object::Bool(x.is_finite() && x.fract() == 0.0))
        },
    },
    Native { name: "float.as_integer_ratio", run: |_, _| Err(Raised::unsupported("float.as_integer_ratio()")) },
    Native {
        name: "float.__trunc__",
        run: |me, a| {
            let [x] = a.exactly("float.__trunc__")?;
            let x = me.float(&x)?;
            number::truncate(x).map(Object::Int)
        },
    },
];

/// property's: `@x.setter`.
pub static PROPERTY: &[Native] = &[
    Native {
        name: "property.getter",
        run: |_, a| with(a, |p, f| Property { fget: f, fset: p.fset.clone(), fdel: p.fdel.clone(), cached: None }),
    },
    Native {
        name: "property.setter",
        run: |_, a| with(a, |p, f| Property { fget: p.fget.clone(), fset: f, fdel: p.fdel.clone(), cached: None }),
    },
    Native {
        name: "property.deleter",
        run: |_, a| with(a, |p, f| Property { fget: p.fget.clone(), fset: p.fset.clone(), fdel: f, cached: None }),
    },
];

fn with(arguments: Arguments, make: fn(&Property, Object) -> Property) -> crate::python::raised::Outcome<Object> {
    let [property, function] = arguments.exactly("property.setter")?;
    match property {
        Object::Property(property) => Ok(Object::Property(Rc::new(make(&property, function)))),
        _ => Err(Raised::type_error("descriptor 'setter' requires a 'property' object")),
    }
}

/// Iterators'.
pub static ITERATOR: &[Native] = &[
    Native {
        name: "generator.__next__",
        run: |me, a| {
            let [x] = a.exactly("generator.__next__")?;
            me.next(&x)?.ok_or_else(|| Raised::stop_iteration(""))
        },
    },
    Native {
        name: "generator.__iter__",
        run: |_, a| {
            let [x] = a.exactly("generator.__iter__")?;
            Ok(x)
        },
    },
    Native { name: "generator.close", run: |_, _| Ok(Object::None) },
    Native { name: "generator.send", run: |_, _| Err(Raised::unsupported("generator.send()")) },
];
