//! Methods of set and frozenset.

use super::list::plain;
use crate::python::object::{Native, Object, Set};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::Operator;
use std::rc::Rc;

/// set's.
pub static TABLE: &[Native] = &[
    Native {
        name: "set.add",
        run: |me, a| {
            let [x, item] = a.exactly("set.add")?;
            me.step(1)?;
            let key = me.key(&item)?;
            set(me, &x)?.items.0.borrow_mut().entry(key).or_insert(item);
            Ok(Object::None)
        },
    },
    Native {
        name: "set.discard",
        run: |me, a| {
            let [x, item] = a.exactly("set.discard")?;
            let key = me.key(&item)?;
            let removed = set(me, &x)?.items.0.borrow_mut().shift_remove(&key);
            drop(removed);
            Ok(Object::None)
        },
    },
    Native {
        name: "set.remove",
        run: |me, a| {
            let [x, item] = a.exactly("set.remove")?;
            let key = me.key(&item)?;
            let removed = set(me, &x)?.items.0.borrow_mut().shift_remove(&key);
            removed.map(|_| Object::None).ok_or_else(|| Raised::key(item))
        },
    },
    Native {
        name: "set.pop",
        run: |me, a| {
            let [x] = a.exactly("set.pop")?;
            let removed = set(me, &x)?.items.0.borrow_mut().shift_remove_index(0);
            removed.map(|(_, item)| item).ok_or_else(|| Raised::key(Object::str("pop from an empty set")))
        },
    },
    Native {
        name: "set.clear",
        run: |me, a| {
            let [x] = a.exactly("set.clear")?;
            let items = set(me, &x)?.items.0.take();
            drop(items);
            Ok(Object::None)
        },
    },
    Native {
        name: "set.copy",
        run: |me, a| {
            let [x] = a.exactly("set.copy")?;
            let frozen = set(me, &x)?.frozen;
            let items = me.collect(&plain(&x))?;
            me.set_of(items, frozen)
        },
    },
    Native {
        name: "set.update",
        run: |me, a| {
            let mut arguments = a.positional.into_iter();
            let set = set(me, &arguments.next().unwrap_or_default())?;
            for other in arguments {
                for item in me.collect(&other)? {
                    me.step(1)?;
                    let key = me.key(&item)?;
                    set.items.0.borrow_mut().entry(key).or_insert(item);
                }
            }
            Ok(Object::None)
        },
    },
    Native { name: "set.union", run: |me, a| combine(me, a, Operator::BitOr) },
    Native { name: "set.intersection", run: |me, a| combine(me, a, Operator::BitAnd) },
    Native { name: "set.difference", run: |me, a| combine(me, a, Operator::Sub) },
    Native { name: "set.symmetric_difference", run: |me, a| combine(me, a, Operator::BitXor) },
    Native {
        name: "set.issubset",
        run: |me, a| {
            let [x, y] = a.exactly("set.issubset")?;
            within(me, &x, &y)
        },
    },
    Native {
        name: "set.issuperset",
        run: |me, a| {
            let [x, y] = a.exactly("set.issuperset")?;
            within(me, &y, &x)
        },
    },
    Native {
        name: "set.isdisjoint",
        run: |me, a| {
            let [x, y] = a.exactly("set.isdisjoint")?;
            let (x, y) = (as_set(me, &x)?, as_set(me, &y)?);
            let disjoint = !x.items.0.borrow().keys().any(|key| y.items.0.borrow().contains_key(key));
            Ok(Object::Bool(disjoint))
        },
    },
];

fn set(me: &Interpreter, object: &Object) -> Outcome<Rc<Set>> {
    match plain(object) {
        Object::Set(set) => Ok(set),
        other => Err(Raised::type_error(format!(
            "descriptor requires a 'set' object but received a '{}'",
            me.type_name(&other)
        ))),
    }
}

fn as_set(me: &mut Interpreter, object: &Object) -> Outcome<Rc<Set>> {
    if let Object::Set(set) = plain(object) {
        return Ok(set);
    }
    let items = me.collect(object)?;
    match me.set_of(items, false)? {
        Object::Set(set) => Ok(set),
        _ => Ok(Rc::default()),
    }
}

fn combine(me: &mut Interpreter, arguments: Arguments, op: Operator) -> Outcome<Object> {
    let mut arguments = arguments.positional.into_iter();
    let mut result = set(me, &arguments.next().unwrap_or_default())?;
    if arguments.len() == 0 {
        let (items, frozen) = (result.items.0.borrow().values().cloned().collect(), result.frozen);
        return me.set_of(items, frozen);
    }
    for other in arguments {
        let other = as_set(me, &other)?;
        if let Object::Set(set) = me.set_operation(op, &result, &other)? {
            result = set;
        }
    }
    Ok(Object::Set(result))
}

fn within(me: &mut Interpreter, x: &Object, y: &Object) -> Outcome<Object> {
    let (x, y) = (as_set(me, x)?, as_set(me, y)?);
    let within = x.items.0.borrow().keys().all(|key| y.items.0.borrow().contains_key(key));
    Ok(Object::Bool(within))
}
