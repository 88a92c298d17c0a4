//! Methods of dict and its relatives.

use super::list::plain;
use crate::python::iterate::View;
use crate::python::object::{Dict, DictKind, Native, Object, Shallow};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::cell::RefCell;
use std::rc::Rc;

/// dict's.
pub static TABLE: &[Native] = &[
    Native { name: "dict.keys", run: |me, a| view(me, a, View::Keys) },
    Native { name: "dict.values", run: |me, a| view(me, a, View::Values) },
    Native { name: "dict.items", run: |me, a| view(me, a, View::Items) },
    Native {
        name: "dict.get",
        run: |me, a| {
            let [x, key, default] = a.bind("get", ["self", "key", "default"], 2)?;
            let dict = dict(me, &x.unwrap_or_default())?;
            let key = me.key(&key.unwrap_or_default())?;
            let found = dict.entries.0.borrow().get(&key).map(|(_, value)| value.clone());
            Ok(found.or(default).unwrap_or_default())
        },
    },
    Native {
        name: "dict.setdefault",
        run: |me, a| {
            let [x, key, default] = a.bind("setdefault", ["self", "key", "default"], 2)?;
            let (dict, original) = (dict(me, &x.unwrap_or_default())?, key.unwrap_or_default());
            let key = me.key(&original)?;
            let default = default.unwrap_or_default();
            let mut entries = dict.entries.0.borrow_mut();
            Ok(entries.entry(key).or_insert((original, default)).1.clone())
        },
    },
    Native {
        name: "dict.pop",
        run: |me, a| {
            let [x, key, default] = a.bind("pop", ["self", "key", "default"], 2)?;
            let (dict, original) = (dict(me, &x.unwrap_or_default())?, key.unwrap_or_default());
            let key = me.key(&original)?;
            let removed = dict.entries.0.borrow_mut().shift_remove(&key);
            removed.map(|(_, value)| value).or(default).ok_or_else(|| Raised::key(original))
        },
    },
    Native {
        name: "dict.popitem",
        run: |me, a| {
            let mut a = a;
            let last = match a.take("last") {
                Some(last) => me.truth(&last)?,
                None => true,
            };
            let [x] = a.exactly("dict.popitem")?;
            let dict = dict(me, &x)?;
            let removed = if last {
                dict.entries.0.borrow_mut().pop()
            } else {
                dict.entries.0.borrow_mut().shift_remove_index(0)
            };
            match removed {
                Some((_, (key, value))) => Ok(Object::tuple(vec![key, value])),
                None => Err(Raised::key(Object::str("popitem(): dictionary is empty"))),
            }
        },
    },
    Native {
        name: "dict.update",
        run: |me, mut a| {
            if a.positional.len() > 2 {
                return Err(Raised::type_error(format!(
                    "update expected at most 1 argument, got {}",
                    a.positional.len() - 1
                )));
            }
            let target = Object::Dict(dict(me, &a.positional.first().cloned().unwrap_or_default())?);
            if a.positional.len() == 2 {
                let source = a.positional.remove(1);
                me.dict_update(&target, &source)?;
            }
            for (key, value) in a.keyword {
                me.set_item(&target, &Object::Str(key), value)?;
            }
            Ok(Object::None)
        },
    },
    Native {
        name: "dict.clear",
        run: |me, a| {
            let [x] = a.exactly("dict.clear")?;
            let entries = dict(me, &x)?.entries.0.take();
            drop(entries);
            Ok(Object::None)
        },
    },
    Native {
        name: "dict.copy",
        run: |me, a| {
            let [x] = a.exactly("dict.copy")?;
            let dict = dict(me, &x)?;
            let entries = dict.entries.0.borrow().clone();
            me.step(entries.len() as u64)?;
            let kind = match &dict.kind {
                DictKind::Plain => DictKind::Plain,
                DictKind::Ordered => DictKind::Ordered,
                DictKind::Default(factory) => DictKind::Default(factory.clone()),
                DictKind::Counter => DictKind::Counter,
            };
            Ok(Object::Dict(Rc::new(Dict { kind, entries: Shallow(RefCell::new(entries)) })))
        },
    },
    Native {
        name: "dict.fromkeys",
        run: |me, a| {
            let [keys, value] = a.bind("fromkeys", ["iterable", "value"], 1)?;
            let (dict, value) = (Object::dict(), value.unwrap_or_default());
            for key in me.collect(&keys.unwrap_or_default())? {
                me.set_item(&dict, &key, value.clone())?;
            }
            Ok(dict)
        },
    },
    Native {
        name: "OrderedDict.move_to_end",
        run: |me, a| {
            let [x, key, last] = a.bind("move_to_end", ["self", "key", "last"], 2)?;
            let (dict, original) = (dict(me, &x.unwrap_or_default())?, key.unwrap_or_default());
            let last = last.map_or(Ok(true), |last| me.truth(&last))?;
            let key = me.key(&original)?;
            let mut entries = dict.entries.0.borrow_mut();
            match entries.shift_remove(&key) {
                Some(entry) if last => drop(entries.insert(key, entry)),
                Some(entry) => drop(entries.shift_insert(0, key, entry)),
                None => return Err(Raised::key(original)),
            }
            Ok(Object::None)
        },
    },
    Native {
        name: "Counter.most_common",
        run: |me, a| {
            let [x, n] = a.bind("most_common", ["self", "n"], 1)?;
            let mut pairs: Vec<_> = dict(me, &x.unwrap_or_default())?.entries.0.borrow().values().cloned().collect();
            pairs.sort_by_key(|(_, count)| std::cmp::Reverse(if let Object::Int(count) = count { *count } else { 0 }));
            if let Some(n) = n.filter(|n| !matches!(n, Object::None)) {
                pairs.truncate(usize::try_from(me.index(&n)?).unwrap_or(0));
            }
            Ok(Object::list(pairs.into_iter().map(|(k, v)| Object::tuple(vec![k, v])).collect()))
        },
    },
    Native {
        name: "dict.__len__",
        run: |me, a| {
            let [x] = a.exactly("dict.__len__")?;
            me.length(&plain(&x)).map(Object::Int)
        },
    },
    Native {
        name: "dict.__getitem__",
        run: |me, a| {
            let [x, k] = a.exactly("dict.__getitem__")?;
            me.get_item(&plain(&x), &k)
        },
    },
    Native {
        name: "dict.__setitem__",
        run: |me, a| {
            let [x, k, v] = a.exactly("dict.__setitem__")?;
            me.set_item(&plain(&x), &k, v).map(|()| Object::None)
        },
    },
    Native {
        name: "dict.__delitem__",
        run: |me, a| {
            let [x, k] = a.exactly("dict.__delitem__")?;
            me.delete_item(&plain(&x), &k).map(|()| Object::None)
        },
    },
    Native {
        name: "dict.__contains__",
        run: |me, a| {
            let [x, k] = a.exactly("dict.__contains__")?;
            me.contains(&plain(&x), &k).map(Object::Bool)
        },
    },
    Native {
        name: "dict.__iter__",
        run: |me, a| {
            let [x] = a.exactly("dict.__iter__")?;
            me.iter(&plain(&x))
        },
    },
];

fn dict(me: &Interpreter, object: &Object) -> Outcome<Rc<Dict>> {
    match plain(object) {
        Object::Dict(dict) => Ok(dict),
        other => Err(Raised::type_error(format!(
            "descriptor requires a 'dict' object but received a '{}'",
            me.type_name(&other)
        ))),
    }
}

fn view(me: &mut Interpreter, arguments: Arguments, view: View) -> Outcome<Object> {
    let [x] = arguments.exactly("dict.keys")?;
    Ok(Object::View(dict(me, &x)?, view))
}
