//! Builtin functions on iterables.

use crate::python::iterate::Iter;
use crate::python::object::{Native, Object, Range, Shallow};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::Operator;

/// The functions.
pub static TABLE: &[Native] = &[
    Native {
        name: "len",
        run: |me, a| {
            let [x] = a.exactly("len")?;
            me.length(&x).map(Object::Int)
        },
    },
    Native {
        name: "iter",
        run: |me, a| {
            let [x, sentinel] = a.bind("iter", ["object", "sentinel"], 1)?;
            match sentinel {
                Some(sentinel) => Ok(Object::iterator(Iter::Sentinel(Shallow(vec![x.unwrap_or_default(), sentinel])))),
                None => me.iter(&x.unwrap_or_default()),
            }
        },
    },
    Native { name: "next", run: next },
    Native {
        name: "enumerate",
        run: |me, a| {
            let [x, start] = a.bind("enumerate", ["iterable", "start"], 1)?;
            let start = match start {
                Some(start) => me.index(&start)?,
                None => 0,
            };
            let x = me.iter(&x.unwrap_or_default())?;
            Ok(Object::iterator(Iter::Enumerate(Shallow(vec![x]), start)))
        },
    },
    Native {
        name: "zip",
        run: |me, mut a| {
            let strict = match a.take("strict") {
                Some(strict) => me.truth(&strict)?,
                None => false,
            };
            let sources = a.positional.iter().map(|x| me.iter(x)).collect::<Outcome<_>>()?;
            Ok(Object::iterator(Iter::Zip(Shallow(sources), strict)))
        },
    },
    Native {
        name: "map",
        run: |me, a| {
            if a.positional.len() < 2 {
                return Err(Raised::type_error("map() must have at least two arguments."));
            }
            let mut parts = Vec::new();
            for (at, x) in a.positional.iter().enumerate() {
                parts.push(if at == 0 { x.clone() } else { me.iter(x)? });
            }
            Ok(Object::iterator(Iter::Map(Shallow(parts))))
        },
    },
    Native {
        name: "filter",
        run: |me, a| {
            let [function, x] = a.exactly("filter")?;
            let x = me.iter(&x)?;
            Ok(Object::iterator(Iter::Filter(Shallow(vec![function, x]))))
        },
    },
    Native { name: "reversed", run: reversed },
    Native {
        name: "sorted",
        run: |me, mut a| {
            let (key, reverse) = (a.take("key"), a.take("reverse"));
            let [x] = a.exactly("sorted")?;
            let items = me.collect(&x)?;
            me.sort(items, key, reverse).map(Object::list)
        },
    },
    Native {
        name: "sum",
        run: |me, a| {
            let [x, start] = a.bind("sum", ["iterable", "start"], 1)?;
            let start = start.unwrap_or(Object::Int(0));
            if let Object::Str(_) = start {
                return Err(Raised::type_error("sum() can't sum strings [use ''.join(seq) instead]"));
            }
            me.fold(&x.unwrap_or_default(), start, Operator::Add)
        },
    },
    Native { name: "min", run: |me, a| extreme(me, a, "min") },
    Native { name: "max", run: |me, a| extreme(me, a, "max") },
    Native {
        name: "any",
        run: |me, a| {
            let [x] = a.exactly("any")?;
            search(me, &x, true)
        },
    },
    Native {
        name: "all",
        run: |me, a| {
            let [x] = a.exactly("all")?;
            search(me, &x, false)
        },
    },
];

impl Interpreter {
    /// `len(object)`.
    pub fn length(&mut self, object: &Object) -> Outcome<i64> {
        let count = match object {
            Object::Str(text) => text.chars().count(),
            Object::Bytes(bytes) => bytes.len(),
            Object::Tuple(tuple) => tuple.items.0.len(),
            Object::List(list) => list.0.0.borrow().len(),
            Object::Dict(dict) | Object::View(dict, _) => dict.entries.0.borrow().len(),
            Object::Set(set) => set.items.0.borrow().len(),
            Object::Range(range) => return Ok(range.len()),
            Object::Missing(why) => return Err(Raised::missing(why)),
            Object::Module(_) => match self.module_length(object)? {
                Some(length) => return Ok(length),
                None => return Err(self.no_length(object)),
            },
            Object::Tensor(tensor) => match self.trace.graph.info(tensor.value()).shape.first() {
                Some(size) => *size,
                None => return Err(Raised::type_error("len() of a 0-d tensor")),
            },
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__len__") {
                    let length = self.call_object(&method, Arguments::of(vec![object.clone()]))?;
                    return self.index(&length);
                }
                match crate::python::operator::payload(object) {
                    Some(payload) => return self.length(&payload),
                    None => return Err(self.no_length(object)),
                }
            }
            Object::Class(class) => match self.enum_members(class) {
                Some(members) => members.len(),
                None => return Err(self.no_length(object)),
            },
            _ => return Err(self.no_length(object)),
        };
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn no_length(&self, object: &Object) -> Box<Raised> {
        Raised::type_error(format!("object of type '{}' has no len()", self.type_name(object)))
    }

    /// `start op x0 op x1 ...`
    pub fn fold(&mut self, iterable: &Object, start: Object, op: Operator) -> Outcome<Object> {
        let iterator = self.iter(iterable)?;
        let mut total = start;
        while let Some(item) = self.next(&iterator)? {
            self.step(1)?;
            total = self.binary(op, &total, &item)?;
        }
        Ok(total)
    }

    /// Sorts, stably, by the keys' `<`.
    pub fn sort(&mut self, items: Vec<Object>, key: Option<Object>, reverse: Option<Object>) -> Outcome<Vec<Object>> {
        let reverse = match reverse {
            Some(reverse) => self.truth(&reverse)?,
            None => false,
        };
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            let by = match &key {
                Some(Object::None) | None => item.clone(),
                Some(key) => self.call_object(key, Arguments::of(vec![item.clone()]))?,
            };
            keyed.push((by, item));
        }
        if reverse {
            keyed.reverse();
        }
        let mut sorted = self.merge_sort(keyed)?;
        if reverse {
            sorted.reverse();
        }
        Ok(sorted.into_iter().map(|(_, item)| item).collect())
    }

    fn merge_sort(&mut self, mut items: Vec<(Object, Object)>) -> Outcome<Vec<(Object, Object)>> {
        if items.len() < 2 {
            return Ok(items);
        }
        let right = items.split_off(items.len() / 2);
        let left = self.merge_sort(items)?;
        let right = self.merge_sort(right)?;
        let mut merged = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            self.step(1)?;
            let next = if self.less(&b.0, &a.0)? { right.next() } else { left.next() };
            merged.extend(next);
        }
        merged.extend(left);
        merged.extend(right);
        Ok(merged)
    }
}

fn next(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [iterator, default] = arguments.bind("next", ["iterator", "default"], 1)?;
    let iterator = iterator.unwrap_or_default();
    let item = match &iterator {
        Object::Instance(instance) if instance.class.lookup("__next__").is_some() => {
            let method = me.attribute(&iterator, "__next__")?;
            match (me.call_object(&method, Arguments::default()), default) {
                (Err(raised), Some(default)) if raised.class_name() == Some("StopIteration") => return Ok(default),
                (result, _) => return result,
            }
        }
        iterator => me.next(iterator)?,
    };
    item.or(default).ok_or_else(|| Raised::stop_iteration(""))
}

fn reversed(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [x] = arguments.exactly("reversed")?;
    if let Object::Range(range) = x {
        let last = range.at(range.len() - 1);
        let reversed = if range.is_empty() {
            range
        } else {
            Range { start: last, stop: range.start - range.step, step: -range.step }
        };
        return me.iter(&Object::Range(reversed));
    }
    if let Object::Instance(_) = x
        && let Some(method) = me.find_attribute(&x, "__reversed__")?
    {
        return me.call_object(&method, Arguments::default());
    }
    if matches!(x, Object::Set(_) | Object::Iterator(_) | Object::Int(_) | Object::Float(_) | Object::None) {
        return Err(Raised::type_error(format!("'{}' object is not reversible", me.type_name(&x))));
    }
    let mut items = me.collect(&x)?;
    items.reverse();
    Ok(Object::iterator(Iter::of(items)))
}

fn search(me: &mut Interpreter, iterable: &Object, wanted: bool) -> Outcome<Object> {
    let iterator = me.iter(iterable)?;
    while let Some(item) = me.next(&iterator)? {
        me.step(1)?;
        if me.truth(&item)? == wanted {
            return Ok(Object::Bool(wanted));
        }
    }
    Ok(Object::Bool(!wanted))
}

fn extreme(me: &mut Interpreter, mut arguments: Arguments, name: &str) -> Outcome<Object> {
    let (key, default) = (arguments.take("key").filter(|k| !matches!(k, Object::None)), arguments.take("default"));
    if let Some((unexpected, _)) = arguments.keyword.first() {
        return Err(Raised::type_error(format!("{name}() got an unexpected keyword argument '{unexpected}'")));
    }
    let items = match arguments.positional.as_slice() {
        [] => return Err(Raised::type_error(format!("{name} expected at least 1 argument, got 0"))),
        [one] => me.collect(one)?,
        many => many.to_vec(),
    };
    let mut best: Option<(Object, Object)> = None;
    for item in items {
        me.step(1)?;
        let by = match &key {
            Some(key) => me.call_object(key, Arguments::of(vec![item.clone()]))?,
            None => item.clone(),
        };
        let better = match &best {
            None => true,
            Some((known, _)) if name == "min" => me.less(&by, known)?,
            Some((known, _)) => me.compare(ruff_python_ast::CmpOp::Gt, &by, known).and_then(|r| me.truth(&r))?,
        };
        if better {
            best = Some((by, item));
        }
    }
    match (best, default) {
        (Some((_, item)), _) => Ok(item),
        (None, Some(default)) => Ok(default),
        (None, None) => Err(Raised::value_error(format!("{name}() arg is an empty sequence"))),
    }
}
