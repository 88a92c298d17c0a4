//! Subscripts: items and slices of sequences, keys of dicts.

use super::number::Number;
use super::object::{Dict, DictKind, Object, Range};
use super::operator::{like, payload};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use std::rc::Rc;

/// A slice applied to a length: start, step and how many.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// the first index
    pub start: i64,
    /// from one index to the next
    pub step: i64,
    /// how many
    pub count: i64,
}

impl Span {
    /// The indices.
    pub fn indices(self) -> impl Iterator<Item = usize> {
        (0..self.count).filter_map(move |i| usize::try_from(self.start + i * self.step).ok())
    }
}

impl Interpreter {
    /// An int, from an int or an object with `__index__`.
    pub fn index(&mut self, object: &Object) -> Outcome<i64> {
        match object {
            Object::Tensor(_) => {
                let item = self.tensor_item(object)?;
                match item {
                    Object::Tensor(_) => {
                        Err(Raised::type_error("only integer tensors of a single element can be converted to an index"))
                    }
                    item => self.index(&item),
                }
            }
            Object::Missing(why) => Err(Raised::missing(why)),
            Object::Instance(instance) if instance.class.lookup("__index__").is_some() => {
                let method = self.attribute(object, "__index__")?;
                let value = self.call_object(&method, Arguments::default())?;
                self.index(&value)
            }
            _ => match Self::as_number(object) {
                Some(Number::Int(i)) => Ok(i),
                _ => {
                    let name = self.type_name(object);
                    Err(Raised::type_error(format!("'{name}' object cannot be interpreted as an integer")))
                }
            },
        }
    }

    /// `slice.indices(length)`.
    pub fn span(&mut self, slice: &[Object; 3], length: usize) -> Outcome<Span> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let [start, stop, step] = slice;
        let bound = |me: &mut Self, part: &Object| match part {
            Object::None => Ok(None),
            part => me.index(part).map(Some).map_err(|raised| match raised.class_name() {
                Some("TypeError") => {
                    Raised::type_error("slice indices must be integers or None or have an __index__ method")
                }
                _ => raised,
            }),
        };
        let step = bound(self, step)?.unwrap_or(1);
        if step == 0 {
            return Err(Raised::value_error("slice step cannot be zero"));
        }
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let clip = |at: i64| if at < 0 { at.saturating_add(length).max(low) } else { at.min(high) };
        let start = bound(self, start)?.map_or(if step > 0 { low } else { high }, clip);
        let stop = bound(self, stop)?.map_or(if step > 0 { high } else { low }, clip);
        let count = Range { start, stop, step }.len();
        Ok(Span { start, step, count })
    }

    /// The position of an index, counted from the end where it is negative.
    fn position(&mut self, index: &Object, length: usize, what: &str) -> Outcome<usize> {
        let at = match Self::as_number(index) {
            Some(Number::Int(at)) => at,
            _ if matches!(index, Object::Tensor(_) | Object::Instance(_) | Object::Missing(_)) => self.index(index)?,
            _ => {
                let name = self.type_name(index);
                let plural = if what == "string" {
                    "string indices must be integers".to_owned()
                } else {
                    format!("{what} indices must be integers or slices")
                };
                return Err(Raised::type_error(format!("{plural}, not {}{name}{}", quote(what), quote(what))));
            }
        };
        let wide = i128::from(at) + if at < 0 { length as i128 } else { 0 };
        match usize::try_from(wide) {
            Ok(found) if found < length => Ok(found),
            _ => Err(Raised::index_error(format!("{what} index out of range"))),
        }
    }

    /// `object[index]`.
    pub fn get_item(&mut self, object: &Object, index: &Object) -> Outcome<Object> {
        if let Object::Missing(why) = index {
            return Err(Raised::missing(why));
        }
        match (object, index) {
            (Object::List(list), Object::Slice(slice)) => {
                let span = self.span(slice, list.0.0.borrow().len())?;
                let items: Vec<_> = span.indices().filter_map(|i| list.0.0.borrow().get(i).cloned()).collect();
                self.step(items.len() as u64)?;
                Ok(Object::list(items))
            }
            (Object::List(list), _) => {
                let length = list.0.0.borrow().len();
                let at = self.position(index, length, "list")?;
                Ok(list.0.0.borrow().get(at).cloned().unwrap_or_default())
            }
            (Object::Tuple(tuple), Object::Slice(slice)) => {
                let span = self.span(slice, tuple.items.0.len())?;
                let items: Vec<_> = span.indices().filter_map(|i| tuple.items.0.get(i).cloned()).collect();
                self.step(items.len() as u64)?;
                Ok(like(tuple, items))
            }
            (Object::Tuple(tuple), _) => {
                let at = self.position(index, tuple.items.0.len(), "tuple")?;
                Ok(tuple.items.0.get(at).cloned().unwrap_or_default())
            }
            (Object::Str(text), Object::Slice(slice)) => {
                let chars: Vec<char> = text.chars().collect();
                let span = self.span(slice, chars.len())?;
                self.step(chars.len() as u64 / 16)?;
                Ok(Object::str(span.indices().filter_map(|i| chars.get(i)).collect::<String>()))
            }
            (Object::Str(text), _) => {
                let at = self.position(index, text.chars().count(), "string")?;
                Ok(Object::str(text.chars().nth(at).map(String::from).unwrap_or_default()))
            }
            (Object::Bytes(bytes), Object::Slice(slice)) => {
                let span = self.span(slice, bytes.len())?;
                Ok(Object::Bytes(span.indices().filter_map(|i| bytes.get(i).copied()).collect()))
            }
            (Object::Bytes(bytes), _) => {
                let at = self.position(index, bytes.len(), "index")?;
                Ok(Object::Int(bytes.get(at).copied().map(i64::from).unwrap_or_default()))
            }
            (Object::Range(range), Object::Slice(slice)) => {
                let span = self.span(slice, usize::try_from(range.len()).unwrap_or(usize::MAX))?;
                let step = range.step.saturating_mul(span.step);
                let start = range.at(span.start);
                Ok(Object::Range(Range { start, stop: start.saturating_add(step.saturating_mul(span.count)), step }))
            }
            (Object::Range(range), _) => {
                let at = self.index(index)?;
                let length = range.len();
                let at = if at < 0 { at + length } else { at };
                if (0..length).contains(&at) {
                    Ok(Object::Int(range.at(at)))
                } else {
                    Err(Raised::index_error("range object index out of range"))
                }
            }
            (Object::Dict(dict), _) => self.dict_item(dict, index, object),
            (Object::Tensor(_), _) => self.tensor_method(object, "__getitem__", Arguments::of(vec![index.clone()])),
            (Object::Module(_), _) => {
                match self.module_method(object, "__getitem__", Arguments::of(vec![index.clone()]))? {
                    Some(item) => Ok(item),
                    None => Err(self.not_subscriptable(object)),
                }
            }
            (Object::Instance(instance), _) => {
                if let Some(method) = instance.class.lookup("__getitem__") {
                    return self.call_object(&method, Arguments::of(vec![object.clone(), index.clone()]));
                }
                match payload(object) {
                    Some(payload) => match (self.get_item(&payload, index), instance.class.lookup("__missing__")) {
                        (Err(raised), Some(method)) if raised.class_name() == Some("KeyError") => {
                            self.call_object(&method, Arguments::of(vec![object.clone(), index.clone()]))
                        }
                        (result, _) => result,
                    },
                    None => Err(self.not_subscriptable(object)),
                }
            }
            // List[int], list[int], Optional["Net"]
            (Object::Inert(_), _) => Ok(object.clone()),
            (Object::Class(class), _) => match self.enum_member(class, index)? {
                Some(member) => Ok(member),
                None => Ok(object.clone()),
            },
            (Object::Missing(why), _) => Err(Raised::missing(why)),
            _ => Err(self.not_subscriptable(object)),
        }
    }

    fn dict_item(&mut self, dict: &Rc<Dict>, index: &Object, object: &Object) -> Outcome<Object> {
        let key = self.key(index)?;
        if let Some((_, value)) = dict.entries.0.borrow().get(&key) {
            return Ok(value.clone());
        }
        match &dict.kind {
            DictKind::Default(factory) if !matches!(factory, Object::None) => {
                let value = self.call_object(factory, Arguments::default())?;
                self.set_item(object, index, value.clone())?;
                Ok(value)
            }
            DictKind::Counter => Ok(Object::Int(0)),
            _ => Err(Raised::key(index.clone())),
        }
    }

    fn not_subscriptable(&self, object: &Object) -> Box<Raised> {
        Raised::type_error(format!("'{}' object is not subscriptable", self.type_name(object)))
    }

    /// `object[index] = value`.
    pub fn set_item(&mut self, object: &Object, index: &Object, value: Object) -> Outcome<()> {
        match (object, index) {
            (Object::List(list), Object::Slice(slice)) => {
                let items = self.collect(&value)?;
                let span = self.span(slice, list.0.0.borrow().len())?;
                self.step(items.len() as u64)?;
                if span.step == 1 {
                    let start = usize::try_from(span.start).unwrap_or(0);
                    let end = start + usize::try_from(span.count).unwrap_or(0);
                    list.0.0.borrow_mut().splice(start..end, items);
                    return Ok(());
                }
                let (given, count) = (items.len(), span.count);
                if i64::try_from(given).ok() != Some(count) {
                    return Err(Raised::value_error(format!(
                        "attempt to assign sequence of size {given} to extended slice of size {count}"
                    )));
                }
                for (at, item) in span.indices().zip(items) {
                    if let Some(slot) = list.0.0.borrow_mut().get_mut(at) {
                        *slot = item;
                    }
                }
                Ok(())
            }
            (Object::List(list), _) => {
                let length = list.0.0.borrow().len();
                let at = self.position(index, length, "list").map_err(|mut raised| {
                    if let super::raised::What::Builtin("IndexError", text) = &mut raised.what {
                        *text = "list assignment index out of range".to_owned();
                    }
                    raised
                })?;
                let old = list.0.0.borrow_mut().get_mut(at).map(|slot| std::mem::replace(slot, value));
                drop(old);
                Ok(())
            }
            (Object::Dict(dict), _) => {
                let key = self.key(index)?;
                self.step(1)?;
                let mut entries = dict.entries.0.borrow_mut();
                let old = match entries.get_mut(&key) {
                    Some(entry) => Some(std::mem::replace(&mut entry.1, value)),
                    None => entries.insert(key, (index.clone(), value)).map(|(_, old)| old),
                };
                drop(entries);
                drop(old);
                Ok(())
            }
            (Object::Tensor(_), _) => {
                self.tensor_method(object, "__setitem__", Arguments::of(vec![index.clone(), value])).map(drop)
            }
            (Object::Module(_), _) => {
                match self.module_method(object, "__setitem__", Arguments::of(vec![index.clone(), value]))? {
                    Some(_) => Ok(()),
                    None => Err(self.no_item_assignment(object, "assignment")),
                }
            }
            (Object::Instance(instance), _) => {
                if let Some(method) = instance.class.lookup("__setitem__") {
                    return self
                        .call_object(&method, Arguments::of(vec![object.clone(), index.clone(), value]))
                        .map(drop);
                }
                match payload(object) {
                    Some(payload) => self.set_item(&payload, index, value),
                    None => Err(self.no_item_assignment(object, "assignment")),
                }
            }
            (Object::Missing(why), _) => Err(Raised::missing(why)),
            _ => Err(self.no_item_assignment(object, "assignment")),
        }
    }

    fn no_item_assignment(&self, object: &Object, what: &str) -> Box<Raised> {
        let s = if what == "deletion" { "doesn't" } else { "does not" };
        Raised::type_error(format!("'{}' object {s} support item {what}", self.type_name(object)))
    }

    /// `del object[index]`.
    pub fn delete_item(&mut self, object: &Object, index: &Object) -> Outcome<()> {
        match (object, index) {
            (Object::List(list), Object::Slice(slice)) => {
                let span = self.span(slice, list.0.0.borrow().len())?;
                let mut indices: Vec<_> = span.indices().collect();
                indices.sort_unstable();
                for at in indices.into_iter().rev() {
                    self.step(1)?;
                    let removed = list.0.0.borrow_mut().remove(at);
                    drop(removed);
                }
                Ok(())
            }
            (Object::List(list), _) => {
                let length = list.0.0.borrow().len();
                let at = self.position(index, length, "list").map_err(|mut raised| {
                    if let super::raised::What::Builtin("IndexError", text) = &mut raised.what {
                        *text = "list assignment index out of range".to_owned();
                    }
                    raised
                })?;
                let removed = list.0.0.borrow_mut().remove(at);
                drop(removed);
                Ok(())
            }
            (Object::Dict(dict), _) => {
                let key = self.key(index)?;
                let removed = dict.entries.0.borrow_mut().shift_remove(&key);
                match removed {
                    Some(_) => Ok(()),
                    None => Err(Raised::key(index.clone())),
                }
            }
            (Object::Module(_), _) => {
                match self.module_method(object, "__delitem__", Arguments::of(vec![index.clone()]))? {
                    Some(_) => Ok(()),
                    None => Err(self.no_item_assignment(object, "deletion")),
                }
            }
            (Object::Instance(instance), _) => {
                if let Some(method) = instance.class.lookup("__delitem__") {
                    return self.call_object(&method, Arguments::of(vec![object.clone(), index.clone()])).map(drop);
                }
                match payload(object) {
                    Some(payload) => self.delete_item(&payload, index),
                    None => Err(self.no_item_assignment(object, "deletion")),
                }
            }
            _ => Err(self.no_item_assignment(object, "deletion")),
        }
    }
}

fn quote(what: &str) -> &'static str {
    if what == "string" { "'" } else { "" }
}
