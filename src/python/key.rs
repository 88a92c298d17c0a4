//! Hashable objects as keys of dicts and sets: `1`, `1.0` and `True` are one key.

use super::class::Class;
use super::number;
use super::object::Object;
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::nn::value::ModuleId;
use std::rc::Rc;

/// What a hash and an equality need to know of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// None, Ellipsis, NotImplemented, by name
    Constant(&'static str),
    /// bool, int, and floats without a fraction
    Int(i64),
    /// other floats, by bits
    Float(u64),
    /// str
    Str(Rc<str>),
    /// bytes
    Bytes(Rc<[u8]>),
    /// tuple
    Tuple(Vec<Key>),
    /// frozenset, sorted by debug text
    Frozen(Vec<String>),
    /// nn.Module
    Module(ModuleId),
    /// objects that are equal only to themselves
    Identity(usize),
    /// dtype, device, torch function, by name
    Named(String),
    /// an object of a class with `__hash__`: objects of one class with one hash are taken as equal
    Hashed(usize, i64),
}

impl Interpreter {
    /// The key of a hashable object; Python's TypeError for others.
    pub fn key(&mut self, object: &Object) -> Outcome<Key> {
        Ok(match object {
            Object::None => Key::Constant("None"),
            Object::Ellipsis => Key::Constant("Ellipsis"),
            Object::NotImplemented => Key::Constant("NotImplemented"),
            Object::Bool(b) => Key::Int(i64::from(*b)),
            Object::Int(i) => Key::Int(*i),
            Object::Float(f) => number::exact_int(*f).map_or_else(|| Key::Float(f.to_bits()), Key::Int),
            Object::Str(s) => Key::Str(s.clone()),
            Object::Bytes(b) => Key::Bytes(b.clone()),
            Object::Tuple(t) => {
                self.deeper(|me| t.items.0.iter().map(|item| me.key(item)).collect::<Outcome<_>>().map(Key::Tuple))?
            }
            Object::Set(s) if s.frozen => {
                let mut parts: Vec<_> = s.items.0.borrow().keys().map(|k| format!("{k:?}")).collect();
                parts.sort();
                Key::Frozen(parts)
            }
            Object::List(_) | Object::Dict(_) | Object::Set(_) | Object::Slice(_) => {
                return Err(Raised::type_error(format!("unhashable type: '{}'", self.type_name(object))));
            }
            Object::Module(id) => Key::Module(*id),
            Object::Range(r) => Key::Named(format!("{r:?}")),
            Object::Dtype(d) => Key::Named(format!("torch.{}", d.name())),
            Object::Device(d) => Key::Named(format!("device {d}")),
            Object::Torch(f) => Key::Named(f.name.to_owned()),
            Object::Native(f) => Key::Named(format!("native {}", f.name)),
            Object::Package(n) | Object::Inert(n) => Key::Named(n.to_string()),
            Object::Missing(why) => return Err(Raised::missing(why)),
            Object::Tensor(t) => Key::Identity(t.address()),
            Object::Instance(instance) => {
                let payload = instance.payload.borrow().clone();
                match instance.class.lookup("__hash__") {
                    Some(Object::None) => {
                        let name = &instance.class.name;
                        return Err(Raised::type_error(format!("unhashable type: '{name}'")));
                    }
                    Some(method) => {
                        let hash = self.call_object(&method, Arguments::of(vec![object.clone()]))?;
                        Key::Hashed(address(&instance.class), self.index(&hash)?)
                    }
                    None if !matches!(payload, Object::None) => self.key(&payload)?,
                    None if instance.class.lookup("__eq__").is_some() => {
                        let name = &instance.class.name;
                        return Err(Raised::type_error(format!("unhashable type: '{name}'")));
                    }
                    None => Key::Identity(object.address().unwrap_or_default()),
                }
            }
            Object::Bound(bound) => {
                let (receiver, function) = (bound.receiver(), bound.function());
                Key::Tuple(vec![self.key(&receiver)?, self.key(&function)?])
            }
            other => Key::Identity(other.address().unwrap_or_default()),
        })
    }
}

fn address(class: &Rc<Class>) -> usize {
    Rc::as_ptr(class).addr()
}
