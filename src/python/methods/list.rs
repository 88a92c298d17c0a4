//! Methods of list and tuple.

use crate::python::object::{List, Native, Object};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::rc::Rc;

/// list's.
pub static LIST: &[Native] = &[
    Native {
        name: "list.append",
        run: |me, a| {
            let [x, item] = a.exactly("list.append")?;
            me.step(1)?;
            list(me, &x)?.0.0.borrow_mut().push(item);
            Ok(Object::None)
        },
    },
    Native {
        name: "list.extend",
        run: |me, a| {
            let [x, items] = a.exactly("list.extend")?;
            let items = me.collect(&items)?;
            me.step(items.len() as u64)?;
            list(me, &x)?.0.0.borrow_mut().extend(items);
            Ok(Object::None)
        },
    },
    Native {
        name: "list.insert",
        run: |me, a| {
            let [x, at, item] = a.exactly("list.insert")?;
            let at = me.index(&at)?;
            me.step(1)?;
            let list = list(me, &x)?;
            let length = list.0.0.borrow().len();
            let at = clip(at, length);
            list.0.0.borrow_mut().insert(at, item);
            Ok(Object::None)
        },
    },
    Native {
        name: "list.pop",
        run: |me, a| {
            let [x, at] = a.bind("pop", ["self", "index"], 1)?;
            let list = list(me, &x.unwrap_or_default())?;
            let length = list.0.0.borrow().len();
            if length == 0 {
                return Err(Raised::index_error("pop from empty list"));
            }
            let at = match at {
                Some(at) => me.index(&at)?,
                None => -1,
            };
            let wide = i128::from(at) + if at < 0 { length as i128 } else { 0 };
            match usize::try_from(wide) {
                Ok(at) if at < length => Ok(list.0.0.borrow_mut().remove(at)),
                _ => Err(Raised::index_error("pop index out of range")),
            }
        },
    },
    Native {
        name: "list.remove",
        run: |me, a| {
            let [x, item] = a.exactly("list.remove")?;
            let list = list(me, &x)?;
            match position(me, &Object::List(list.clone()), &item, 0, i64::MAX)? {
                Some(at) => {
                    let removed = list.0.0.borrow_mut().remove(at);
                    drop(removed);
                    Ok(Object::None)
                }
                None => Err(Raised::value_error("list.remove(x): x not in list")),
            }
        },
    },
    Native {
        name: "list.clear",
        run: |me, a| {
            let [x] = a.exactly("list.clear")?;
            let items = list(me, &x)?.0.0.take();
            drop(items);
            Ok(Object::None)
        },
    },
    Native {
        name: "list.copy",
        run: |me, a| {
            let [x] = a.exactly("list.copy")?;
            let items = list(me, &x)?.0.0.borrow().clone();
            me.step(items.len() as u64)?;
            Ok(Object::list(items))
        },
    },
    Native {
        name: "list.reverse",
        run: |me, a| {
            let [x] = a.exactly("list.reverse")?;
            list(me, &x)?.0.0.borrow_mut().reverse();
            Ok(Object::None)
        },
    },
    Native {
        name: "list.sort",
        run: |me, mut a| {
            let (key, reverse) = (a.take("key"), a.take("reverse"));
            let [x] = a.exactly("list.sort")?;
            let list = list(me, &x)?;
            let items = list.0.0.take();
            let sorted = me.sort(items.clone(), key, reverse);
            match sorted {
                Ok(sorted) => {
                    list.0.0.replace(sorted);
                    Ok(Object::None)
                }
                Err(raised) => {
                    list.0.0.replace(items);
                    Err(raised)
                }
            }
        },
    },
    Native { name: "list.index", run: |me, a| index(me, a, "list") },
    Native { name: "list.count", run: count },
    Native { name: "list.__len__", run: length },
    Native {
        name: "list.__getitem__",
        run: |me, a| {
            let [x, i] = a.exactly("list.__getitem__")?;
            me.get_item(&plain(&x), &i)
        },
    },
    Native {
        name: "list.__setitem__",
        run: |me, a| {
            let [x, i, v] = a.exactly("list.__setitem__")?;
            me.set_item(&plain(&x), &i, v).map(|()| Object::None)
        },
    },
    Native {
        name: "list.__iter__",
        run: |me, a| {
            let [x] = a.exactly("list.__iter__")?;
            me.iter(&plain(&x))
        },
    },
    Native {
        name: "list.__contains__",
        run: |me, a| {
            let [x, i] = a.exactly("list.__contains__")?;
            me.contains(&plain(&x), &i).map(Object::Bool)
        },
    },
];

/// tuple's.
pub static TUPLE: &[Native] = &[
    Native { name: "tuple.index", run: |me, a| index(me, a, "tuple") },
    Native { name: "tuple.count", run: count },
    Native { name: "tuple.__len__", run: length },
    Native {
        name: "tuple.__getitem__",
        run: |me, a| {
            let [x, i] = a.exactly("tuple.__getitem__")?;
            me.get_item(&plain(&x), &i)
        },
    },
    Native {
        name: "Size.numel",
        run: |me, a| {
            let [x] = a.exactly("Size.numel")?;
            me.fold(&x, Object::Int(1), ruff_python_ast::Operator::Mult)
        },
    },
    Native {
        name: "tuple._asdict",
        run: |me, a| {
            let [x] = a.exactly("tuple._asdict")?;
            let class = me.type_of(&x);
            let names = me.field_names(&class)?;
            let items = me.collect(&x)?;
            Ok(Object::dict_of(names.iter().map(String::as_str).zip(items)))
        },
    },
    Native {
        name: "tuple._replace",
        run: |me, mut a| {
            let keyword = std::mem::take(&mut a.keyword);
            let [x] = a.exactly("tuple._replace")?;
            let class = me.type_of(&x);
            let names = me.field_names(&class)?;
            let mut items = me.collect(&x)?;
            for (key, value) in keyword {
                match names.iter().position(|name| *name == *key).and_then(|at| items.get_mut(at)) {
                    Some(slot) => *slot = value,
                    None => return Err(Raised::value_error(format!("Got unexpected field names: ['{key}']"))),
                }
            }
            Ok(Object::Tuple(Rc::new(crate::python::object::Tuple {
                kind: crate::python::object::TupleKind::Named(class),
                items: crate::python::object::Shallow(items),
            })))
        },
    },
];

/// An object of a class that inherits from a builtin, as that builtin.
pub fn plain(object: &Object) -> Object {
    crate::python::operator::payload(object).unwrap_or_else(|| object.clone())
}

fn list(me: &Interpreter, object: &Object) -> Outcome<Rc<List>> {
    match plain(object) {
        Object::List(list) => Ok(list),
        other => Err(Raised::type_error(format!(
            "descriptor requires a 'list' object but received a '{}'",
            me.type_name(&other)
        ))),
    }
}

fn clip(at: i64, length: usize) -> usize {
    let wide = i128::from(at) + if at < 0 { length as i128 } else { 0 };
    usize::try_from(wide.max(0)).unwrap_or(usize::MAX).min(length)
}

fn position(me: &mut Interpreter, x: &Object, item: &Object, start: i64, stop: i64) -> Outcome<Option<usize>> {
    let items = me.collect(x)?;
    let (start, stop) = (clip(start, items.len()), clip(stop, items.len()));
    for (at, candidate) in items.iter().enumerate().take(stop).skip(start) {
        me.step(1)?;
        if candidate.is(item) || me.equal(candidate, item)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn index(me: &mut Interpreter, arguments: Arguments, kind: &str) -> Outcome<Object> {
    let [x, item, start, stop] = arguments.bind("index", ["self", "value", "start", "stop"], 2)?;
    let start = start.map_or(Ok(0), |start| me.index(&start))?;
    let stop = stop.map_or(Ok(i64::MAX), |stop| me.index(&stop))?;
    let item = item.unwrap_or_default();
    let x = plain(&x.unwrap_or_default());
    match position(me, &x, &item, start, stop)? {
        Some(at) => Ok(Object::Int(i64::try_from(at).unwrap_or(i64::MAX))),
        None if kind == "list" => {
            let shown = me.repr(&item)?;
            Err(Raised::value_error(format!("{shown} is not in list")))
        }
        None => Err(Raised::value_error("tuple.index(x): x not in tuple")),
    }
}

fn count(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [x, item] = arguments.exactly("list.count")?;
    let mut found = 0;
    for candidate in me.collect(&plain(&x))? {
        me.step(1)?;
        if candidate.is(&item) || me.equal(&candidate, &item)? {
            found += 1;
        }
    }
    Ok(Object::Int(found))
}

fn length(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [x] = arguments.exactly("list.__len__")?;
    me.length(&plain(&x)).map(Object::Int)
}
