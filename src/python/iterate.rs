//! Iterators: what `iter` gives and `next` advances.

use super::comprehension::Generator;
use super::object::{Dict, List, Object, Range, Shallow};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use std::rc::Rc;

/// What a dict's iterator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "keys(), values(), items()")]
pub enum View {
    Keys,
    Values,
    Items,
}

/// An iterator's state.
#[derive(Debug)]
pub enum Iter {
    /// elements that are known
    Items(Shallow<Vec<Object>>, usize),
    /// a list that may grow meanwhile
    List(Rc<List>, usize),
    /// a range
    Range(Range, i64),
    /// a dict; the length when it began
    Dict(Rc<Dict>, View, usize, usize),
    /// `enumerate`
    Enumerate(Shallow<Vec<Object>>, i64),
    /// `zip`; `strict`
    Zip(Shallow<Vec<Object>>, bool),
    /// `map`: the function, then iterators
    Map(Shallow<Vec<Object>>),
    /// `filter`: the function and the iterator
    Filter(Shallow<Vec<Object>>),
    /// `itertools.chain`: what is left
    Chain(Shallow<Vec<Object>>),
    /// `itertools.count`
    Count(Object, Object),
    /// `itertools.cycle`
    Cycle(Shallow<Vec<Object>>, usize),
    /// `itertools.repeat` without end
    Repeat(Object),
    /// `itertools.islice`: the iterator, position, next, stop, step
    Slice(Shallow<Vec<Object>>, u64, u64, Option<u64>, u64),
    /// `itertools.takewhile`
    TakeWhile(Shallow<Vec<Object>>),
    /// `iter(callable, sentinel)`
    Sentinel(Shallow<Vec<Object>>),
    /// a generator expression
    Generator(Box<Generator>),
    /// an object with `__next__`
    User(Object),
    /// an object with `__getitem__` and no `__iter__`
    Sequence(Object, i64),
    /// it is running now
    Running,
    /// nothing more
    Done,
}

impl Iter {
    /// Over known elements.
    pub fn of(items: Vec<Object>) -> Self {
        Self::Items(Shallow(items), 0)
    }
}

impl Interpreter {
    /// `iter(object)`.
    pub fn iter(&mut self, object: &Object) -> Outcome<Object> {
        let iter = match object {
            Object::Iterator(_) => return Ok(object.clone()),
            Object::List(list) => Iter::List(list.clone(), 0),
            Object::Tuple(tuple) => Iter::of(tuple.items.0.clone()),
            Object::Range(range) => Iter::Range(*range, 0),
            Object::Dict(dict) => {
                let length = dict.entries.0.borrow().len();
                Iter::Dict(dict.clone(), View::Keys, 0, length)
            }
            Object::View(dict, view) => {
                let length = dict.entries.0.borrow().len();
                Iter::Dict(dict.clone(), *view, 0, length)
            }
            Object::Set(set) => Iter::of(set.items.0.borrow().values().cloned().collect()),
            Object::Str(text) => Iter::of(text.chars().map(|c| Object::str(c.encode_utf8(&mut [0; 4]))).collect()),
            Object::Bytes(bytes) => Iter::of(bytes.iter().map(|b| Object::Int(i64::from(*b))).collect()),
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__iter__") {
                    let iterator = self.call_object(&method, Arguments::of(vec![object.clone()]))?;
                    return match &iterator {
                        Object::Iterator(_) => Ok(iterator),
                        other => Ok(Object::iterator(Iter::User(other.clone()))),
                    };
                }
                let payload = instance.payload.borrow().clone();
                if !matches!(payload, Object::None) {
                    return self.iter(&payload);
                }
                if instance.class.lookup("__getitem__").is_none() {
                    return Err(self.not_iterable(object));
                }
                Iter::Sequence(object.clone(), 0)
            }
            Object::Class(class) => match self.enum_members(class) {
                Some(members) => Iter::of(members),
                None => return Err(self.not_iterable(object)),
            },
            Object::Module(_) => return self.module_iter(object),
            Object::Tensor(_) => {
                let parts = self.tensor_method(object, "unbind", Arguments::default())?;
                return self.iter(&parts);
            }
            Object::Missing(why) => return Err(Raised::missing(why)),
            _ => return Err(self.not_iterable(object)),
        };
        Ok(Object::iterator(iter))
    }

    /// `'int' object is not iterable`
    pub fn not_iterable(&self, object: &Object) -> Box<Raised> {
        Raised::type_error(format!("'{}' object is not iterable", self.type_name(object)))
    }

    /// The next element; `None` at the end.
    pub fn next(&mut self, iterator: &Object) -> Outcome<Option<Object>> {
        let Object::Iterator(cell) = iterator else {
            return Err(Raised::type_error(format!("'{}' object is not an iterator", self.type_name(iterator))));
        };
        // the state is taken out while it runs, as it may run code that asks for it again
        let mut state = std::mem::replace(&mut *cell.borrow_mut(), Iter::Running);
        let item = match &mut state {
            Iter::Items(items, at) => {
                *at += 1;
                Ok(items.0.get(*at - 1).cloned())
            }
            Iter::List(list, at) => {
                *at += 1;
                Ok(list.0.0.borrow().get(*at - 1).cloned())
            }
            Iter::Range(range, at) => {
                *at += 1;
                Ok((*at <= range.len()).then(|| Object::Int(range.at(*at - 1))))
            }
            Iter::Running => Err(Raised::value_error("generator already executing")),
            Iter::Done => Ok(None),
            other => self.deeper(|me| me.advance(other)),
        };
        let ended = !matches!(item, Ok(Some(_)));
        cell.replace(if ended { Iter::Done } else { state });
        item
    }

    fn advance(&mut self, state: &mut Iter) -> Outcome<Option<Object>> {
        Ok(match state {
            Iter::Dict(dict, view, at, length) => {
                let entries = dict.entries.0.borrow();
                if entries.len() != *length {
                    return Err(Raised::runtime_error("dictionary changed size during iteration"));
                }
                *at += 1;
                entries.get_index(*at - 1).map(|(_, (key, value))| match view {
                    View::Keys => key.clone(),
                    View::Values => value.clone(),
                    View::Items => Object::tuple(vec![key.clone(), value.clone()]),
                })
            }
            Iter::Enumerate(source, count) => {
                let Some(item) = self.next_of(source, 0)? else { return Ok(None) };
                *count += 1;
                Some(Object::tuple(vec![Object::Int(*count - 1), item]))
            }
            Iter::Zip(sources, strict) => {
                if sources.0.is_empty() {
                    return Ok(None);
                }
                let mut items = Vec::with_capacity(sources.0.len());
                for at in 0..sources.0.len() {
                    match self.next_of(sources, at)? {
                        Some(item) => items.push(item),
                        None if *strict => return self.unequal(sources, at).map(|()| None),
                        None => return Ok(None),
                    }
                }
                Some(Object::tuple(items))
            }
            Iter::Map(parts) => {
                let mut items = Vec::new();
                for at in 1..parts.0.len() {
                    let Some(item) = self.next_of(parts, at)? else { return Ok(None) };
                    items.push(item);
                }
                let function = parts.0.first().cloned().unwrap_or_default();
                Some(self.call_object(&function, Arguments::of(items))?)
            }
            Iter::Filter(parts) => {
                let function = parts.0.first().cloned().unwrap_or_default();
                loop {
                    self.step(1)?;
                    let Some(item) = self.next_of(parts, 1)? else { return Ok(None) };
                    let kept = match &function {
                        Object::None => item.clone(),
                        function => self.call_object(function, Arguments::of(vec![item.clone()]))?,
                    };
                    if self.truth(&kept)? {
                        return Ok(Some(item));
                    }
                }
            }
            Iter::Chain(parts) => loop {
                let Some(first) = parts.0.first().cloned() else { return Ok(None) };
                let first = self.iter(&first)?;
                if let Some(item) = self.next(&first)? {
                    if let Some(slot) = parts.0.first_mut() {
                        *slot = first;
                    }
                    return Ok(Some(item));
                }
                parts.0.remove(0);
            },
            Iter::Count(at, step) => {
                let item = at.clone();
                *at = self.binary(ruff_python_ast::Operator::Add, at, step)?;
                Some(item)
            }
            Iter::Cycle(items, at) => {
                let item = items.0.get(*at).cloned();
                *at = (*at + 1) % items.0.len().max(1);
                item
            }
            Iter::Repeat(item) => Some(item.clone()),
            Iter::Slice(source, at, next, stop, step) => {
                if stop.is_some_and(|stop| *next >= stop) {
                    return Ok(None);
                }
                loop {
                    self.step(1)?;
                    let Some(item) = self.next_of(source, 0)? else { return Ok(None) };
                    *at += 1;
                    if *at - 1 == *next {
                        *next += *step;
                        return Ok(Some(item));
                    }
                }
            }
            Iter::TakeWhile(parts) => {
                let Some(item) = self.next_of(parts, 1)? else { return Ok(None) };
                let function = parts.0.first().cloned().unwrap_or_default();
                let kept = self.call_object(&function, Arguments::of(vec![item.clone()]))?;
                self.truth(&kept)?.then_some(item)
            }
            Iter::Sentinel(parts) => {
                let function = parts.0.first().cloned().unwrap_or_default();
                let sentinel = parts.0.get(1).cloned().unwrap_or_default();
                let item = self.call_object(&function, Arguments::default())?;
                (!self.equal(&item, &sentinel)?).then_some(item)
            }
            Iter::Generator(generator) => self.resume(generator)?,
            Iter::User(object) => {
                let method = self.attribute(object, "__next__")?;
                match self.call_object(&method, Arguments::default()) {
                    Ok(item) => Some(item),
                    Err(raised) if raised.class_name() == Some("StopIteration") => None,
                    Err(raised) => return Err(raised),
                }
            }
            Iter::Sequence(object, at) => {
                *at += 1;
                match self.get_item(&object.clone(), &Object::Int(*at - 1)) {
                    Ok(item) => Some(item),
                    Err(raised) if raised.class_name() == Some("IndexError") => None,
                    Err(raised) => return Err(raised),
                }
            }
            Iter::Items(..) | Iter::List(..) | Iter::Range(..) | Iter::Running | Iter::Done => None,
        })
    }

    fn next_of(&mut self, sources: &Shallow<Vec<Object>>, at: usize) -> Outcome<Option<Object>> {
        let source = sources.0.get(at).cloned().unwrap_or_default();
        self.next(&source)
    }

    fn unequal(&mut self, sources: &Shallow<Vec<Object>>, at: usize) -> Outcome<()> {
        let range = |n: usize| if n == 1 { " 1".to_owned() } else { format!("s 1-{n}") };
        if at > 0 {
            return Err(Raised::value_error(format!(
                "zip() argument {} is shorter than argument{}",
                at + 1,
                range(at)
            )));
        }
        for later in 1..sources.0.len() {
            if self.next_of(sources, later)?.is_some() {
                let text = format!("zip() argument {} is longer than argument{}", later + 1, range(later));
                return Err(Raised::value_error(text));
            }
        }
        Ok(())
    }

    /// All elements of an iterable.
    pub fn collect(&mut self, iterable: &Object) -> Outcome<Vec<Object>> {
        match iterable {
            Object::Tuple(tuple) => return Ok(tuple.items.0.clone()),
            Object::List(list) => return Ok(list.0.0.borrow().clone()),
            _ => {}
        }
        let iterator = self.iter(iterable)?;
        let mut items = Vec::new();
        while let Some(item) = self.next(&iterator)? {
            self.step(1)?;
            items.push(item);
        }
        Ok(items)
    }

    /// The entries of a mapping, for `**` and `dict(...)`.
    pub fn mapping(&mut self, object: &Object) -> Outcome<Vec<(Object, Object)>> {
        match object {
            Object::Dict(dict) => Ok(dict.entries.0.borrow().values().cloned().collect()),
            Object::Instance(instance) if matches!(*instance.payload.borrow(), Object::Dict(_)) => {
                let payload = instance.payload.borrow().clone();
                self.mapping(&payload)
            }
            Object::Missing(why) => Err(Raised::missing(why)),
            Object::Instance(_) | Object::Module(_) => {
                let keys =
                    self.attribute(object, "keys").and_then(|keys| self.call_object(&keys, Arguments::default()));
                let Ok(keys) = keys else { return Err(self.not_mapping(object)) };
                let mut entries = Vec::new();
                for key in self.collect(&keys)? {
                    let value = self.get_item(object, &key)?;
                    entries.push((key, value));
                }
                Ok(entries)
            }
            _ => Err(self.not_mapping(object)),
        }
    }

    fn not_mapping(&self, object: &Object) -> Box<Raised> {
        Raised::type_error(format!("argument after ** must be a mapping, not {}", self.type_name(object)))
    }
}
