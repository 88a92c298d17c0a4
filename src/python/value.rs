//! Between the interpreter's objects and the values that torch's functions take and give.

use super::iterate::View;
use super::object::{Object, Shallow, Tuple, TupleKind};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::nn::function::Args;
use crate::nn::value::Value;
use std::rc::Rc;

impl Interpreter {
    /// The arguments of a call as torch's functions take them.
    pub fn nn_arguments(&mut self, arguments: Arguments) -> Outcome<Args> {
        let mut args = Args::default();
        for value in arguments.positional {
            args.positional.push(self.value_of(&value)?);
        }
        for (key, value) in arguments.keyword {
            args.keyword.push((key.to_string(), self.value_of(&value)?));
        }
        Ok(args)
    }

    /// An object as a value: lists and iterators by their elements, what only Python understands as it is.
    pub fn value_of(&mut self, object: &Object) -> Outcome<Value> {
        self.step(1)?;
        Ok(match object {
            Object::None => Value::None,
            Object::Bool(b) => Value::Bool(*b),
            Object::Int(i) => Value::Int(*i),
            Object::Float(f) => Value::Float(*f),
            Object::Str(s) => Value::Str(s.clone()),
            Object::Ellipsis => Value::Ellipsis,
            Object::Tensor(tensor) => Value::Tensor(tensor.clone()),
            Object::Module(id) => Value::Module(*id),
            Object::Dtype(dtype) => Value::Dtype(*dtype),
            Object::Device(device) => Value::Device(device.clone()),
            Object::Torch(function) => Value::Function(function),
            Object::Tuple(tuple) => {
                if let TupleKind::Size = tuple.kind
                    && let Some(sizes) = sizes(&tuple.items.0)
                {
                    return Ok(Value::Size(sizes));
                }
                let items = self.values_of(&tuple.items.0)?;
                match tuple.kind {
                    TupleKind::Torch(class, fields) => Value::Named { class, fields, values: items },
                    _ => Value::Tuple(items),
                }
            }
            Object::List(list) => {
                let items = list.0.0.borrow().clone();
                Value::List(self.values_of(&items)?)
            }
            Object::Range(_) | Object::Iterator(_) | Object::View(_, View::Keys | View::Values | View::Items) => {
                let items = self.collect(object)?;
                Value::List(self.values_of(&items)?)
            }
            Object::Dict(dict) => {
                let entries: Vec<_> = dict.entries.0.borrow().values().cloned().collect();
                let mut converted = Vec::new();
                for (key, value) in entries {
                    let key = self.value_of(&key)?;
                    converted.push((key, self.deeper(|me| me.value_of(&value))?));
                }
                Value::Dict(converted)
            }
            Object::Slice(slice) => {
                let mut part = |bound: &Object| match bound {
                    Object::None => Ok(None),
                    bound => self.index(bound).map(Some),
                };
                let [start, stop, step] = &**slice;
                Value::Slice(part(start)?, part(stop)?, part(step)?)
            }
            Object::Class(class) => match (&*class.name, class.kind) {
                // dtype=float and x.to(int) name torch dtypes
                ("float", super::class::ClassKind::Builtin) => Value::Dtype(crate::dtype::DType::Float64),
                ("int", super::class::ClassKind::Builtin) => Value::Dtype(crate::dtype::DType::Int64),
                ("bool", super::class::ClassKind::Builtin) => Value::Dtype(crate::dtype::DType::Bool),
                // x.type(type(y)), as of old: torch.Tensor is a tensor of the default dtype
                ("Tensor", super::class::ClassKind::Builtin) => Value::Dtype(self.trace.default_dtype),
                _ => Value::Host(Rc::new(object.clone())),
            },
            Object::Missing(why) => return Err(Raised::missing(why)),
            // an array of numpy's
            Object::Instance(array) if array.class.lookup("__torch_tensor__").is_some() => {
                let held = array.attributes.0.borrow().get("_tensor").cloned();
                self.value_of(&held.unwrap_or_default())?
            }
            Object::Instance(instance) if super::complex::pairs(instance).is_some() => {
                super::complex::pairs(instance).map_or(Value::None, Value::Tensor)
            }
            Object::Instance(_) => match super::operator::payload(object) {
                Some(payload) => self.value_of(&payload)?,
                None => Value::Host(Rc::new(object.clone())),
            },
            other => Value::Host(Rc::new(other.clone())),
        })
    }

    fn values_of(&mut self, items: &[Object]) -> Outcome<Vec<Value>> {
        items.iter().map(|item| self.deeper(|me| me.value_of(item))).collect()
    }

    /// An object as a plain attribute of a module: what torch's own code may read as a value, the rest as it is, with its identity.
    pub fn attribute_value(&mut self, object: Object) -> Value {
        let plain = match &object {
            Object::None
            | Object::Bool(_)
            | Object::Int(_)
            | Object::Float(_)
            | Object::Str(_)
            | Object::Tensor(_)
            | Object::Dtype(_)
            | Object::Device(_)
            | Object::Torch(_) => true,
            Object::Tuple(tuple) => {
                matches!(tuple.kind, TupleKind::Plain | TupleKind::Size)
                    && tuple
                        .items
                        .0
                        .iter()
                        .all(|i| matches!(i, Object::Bool(_) | Object::Int(_) | Object::Float(_) | Object::Str(_)))
            }
            _ => false,
        };
        let value = if plain { self.value_of(&object).ok() } else { None };
        value.unwrap_or_else(|| Value::Host(Rc::new(object)))
    }

    /// A value as an object.
    pub fn object_of(&mut self, value: Value) -> Object {
        match value {
            Value::None => Object::None,
            Value::Bool(b) => Object::Bool(b),
            Value::Int(i) => Object::Int(i),
            Value::Float(f) => Object::Float(f),
            Value::Str(s) => Object::Str(s),
            Value::Tuple(items) => Object::tuple(self.objects_of(items)),
            Value::List(items) => Object::list(self.objects_of(items)),
            Value::Size(sizes) => Object::size(sizes),
            Value::Dict(entries) => {
                let dict = Object::dict();
                for (key, value) in entries {
                    let (key, value) = (self.object_of(key), self.object_of(value));
                    // torch's dicts have plain keys
                    let _ = self.set_item(&dict, &key, value);
                }
                dict
            }
            Value::Tensor(tensor) => self.seen(tensor.clone()).unwrap_or(Object::Tensor(tensor)),
            Value::Module(id) => Object::Module(id),
            Value::Dtype(dtype) => Object::Dtype(dtype),
            Value::Device(device) => Object::Device(device),
            Value::Slice(start, stop, step) => {
                let part = |bound: Option<i64>| bound.map_or(Object::None, Object::Int);
                Object::Slice(Rc::new([part(start), part(stop), part(step)]))
            }
            Value::Ellipsis => Object::Ellipsis,
            Value::Named { class, fields, values } => Object::Tuple(Rc::new(Tuple {
                kind: TupleKind::Torch(class, fields),
                items: Shallow(self.objects_of(values)),
            })),
            Value::Function(function) => Object::Torch(function),
            Value::Host(any) => any.downcast_ref::<Object>().cloned().unwrap_or_default(),
        }
    }

    fn objects_of(&mut self, values: Vec<Value>) -> Vec<Object> {
        values.into_iter().map(|value| self.object_of(value)).collect()
    }
}

fn sizes(items: &[Object]) -> Option<Vec<i64>> {
    items.iter().map(|item| if let Object::Int(i) = item { Some(*i) } else { None }).collect()
}
