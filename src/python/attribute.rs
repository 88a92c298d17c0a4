//! Attributes: reading, setting and deleting them on any object.

use super::class::{Class, ClassKind};
use super::key::Key;
use super::object::{Bound, Dict, DictKind, Instance, Object, Property, Super, TupleKind};
use super::raised::{Outcome, Raised, is_named};
use super::{Arguments, Interpreter, methods};
use std::rc::Rc;

impl Interpreter {
    /// `object.name`.
    pub fn attribute(&mut self, object: &Object, name: &str) -> Outcome<Object> {
        match self.find_attribute(object, name)? {
            Some(value) => Ok(value),
            None => Err(self.no_attribute(object, name)),
        }
    }

    /// `'Net' object has no attribute 'x'`
    pub fn no_attribute(&self, object: &Object, name: &str) -> Box<Raised> {
        Raised::attribute_error(match object {
            Object::Class(class) => format!("type object '{}' has no attribute '{name}'", class.name),
            Object::Package(package) => format!("module '{package}' has no attribute '{name}'"),
            Object::Module(id) => {
                let mut text = format!("'{}' object has no attribute '{name}'", self.type_name(object));
                if !self.is_initialised(*id) {
                    text.push_str(". Was super().__init__() called?");
                }
                text
            }
            Object::Super(_) => format!("'super' object has no attribute '{name}'"),
            Object::Dtype(_) => format!("'torch.dtype' object has no attribute '{name}'"),
            _ => format!("'{}' object has no attribute '{name}'", self.type_name(object)),
        })
    }

    /// `object.name`, or `None` where it has none.
    pub fn find_attribute(&mut self, object: &Object, name: &str) -> Outcome<Option<Object>> {
        if let Object::Missing(why) = object {
            return Err(Raised::missing(why));
        }
        if name == "__class__" {
            return Ok(Some(Object::Class(self.type_of(object))));
        }
        match object {
            Object::Package(package) => return self.package_attribute(&package.clone(), name),
            Object::Class(class) => return self.class_attribute(class, name),
            Object::Instance(instance) => return self.instance_attribute(instance, object, name),
            Object::Module(id) => return self.module_attribute(*id, name),
            Object::Super(parent) => return self.super_attribute(parent, name),
            Object::Tensor(_) => return self.tensor_attribute(object, name),
            Object::Inert(base) => return Ok(Some(Object::Inert(Rc::from(format!("{base}.{name}"))))),
            _ => {}
        }
        if let Some(value) = self.data_attribute(object, name)? {
            return Ok(Some(value));
        }
        let kind = self.type_name(object);
        if let Object::Tuple(tuple) = object
            && let TupleKind::Named(class) = &tuple.kind
        {
            let class = class.clone();
            if let Some(value) = class.lookup(name) {
                return self.bind_attribute(value, object, &class).map(Some);
            }
            return Ok(methods::lookup("tuple", name).map(|m| Bound::object(object.clone(), Object::Native(m))));
        }
        Ok(methods::lookup(&kind, name).map(|method| Bound::object(object.clone(), Object::Native(method))))
    }

    /// Attributes of builtin objects that are no methods.
    fn data_attribute(&mut self, object: &Object, name: &str) -> Outcome<Option<Object>> {
        Ok(Some(match (object, name) {
            (Object::Int(_) | Object::Bool(_), "real" | "numerator") => Object::Int(self.index(object)?),
            (Object::Int(_) | Object::Bool(_), "imag") => Object::Int(0),
            (Object::Int(_) | Object::Bool(_), "denominator") => Object::Int(1),
            (Object::Float(f), "real") => Object::Float(*f),
            (Object::Float(_), "imag") => Object::Float(0.0),
            (Object::Range(range), "start") => Object::Int(range.start),
            (Object::Range(range), "stop") => Object::Int(range.stop),
            (Object::Range(range), "step") => Object::Int(range.step),
            (Object::Slice(slice), "start" | "stop" | "step") => {
                let [start, stop, step] = &**slice;
                match name {
                    "start" => start.clone(),
                    "stop" => stop.clone(),
                    _ => step.clone(),
                }
            }
            (Object::Function(function), _) => {
                if let Some(value) = function.attributes.borrow().get(name) {
                    return Ok(Some(value.clone()));
                }
                match name {
                    "__name__" => Object::Str(function.code.name.clone()),
                    "__qualname__" => Object::str(&function.qualname),
                    "__module__" => Object::str("model"),
                    "__doc__" => Object::None,
                    "__dict__" | "__annotations__" => Object::dict(),
                    "__defaults__" => Object::tuple(function.defaults.values().cloned().collect()),
                    _ => return Ok(None),
                }
            }
            (Object::Native(native), "__name__") => Object::str(native.name.rsplit('.').next().unwrap_or_default()),
            (Object::Torch(function), "__name__") => Object::str(function.name.rsplit('.').next().unwrap_or_default()),
            (Object::Native(_) | Object::Torch(_), "__doc__") => Object::None,
            (Object::Bound(bound), "__self__") => bound.receiver(),
            (Object::Bound(bound), "__func__") => bound.function(),
            (Object::Bound(bound), _) => {
                let function = bound.function();
                return self.data_attribute(&function, name);
            }
            (Object::Partial(partial), "func") => partial.parts.0.first().cloned().unwrap_or_default(),
            (Object::Partial(partial), "args") => Object::tuple(partial.parts.0.iter().skip(1).cloned().collect()),
            (Object::Partial(partial), "keywords") => {
                Object::dict_of(partial.keywords.0.iter().map(|(k, v)| (&**k, v.clone())))
            }
            (Object::Property(property), "fget") => property.fget.clone(),
            (Object::Property(_), "setter" | "deleter" | "getter") => {
                let method = methods::lookup("property", name).map(Object::Native).unwrap_or_default();
                Bound::object(object.clone(), method)
            }
            (Object::Dict(dict), "default_factory") => match &dict.kind {
                DictKind::Default(factory) => factory.clone(),
                _ => return Ok(None),
            },
            (Object::Tuple(tuple), _) => match &tuple.kind {
                TupleKind::Torch(_, fields) => {
                    match fields.iter().position(|field| *field == name).and_then(|at| tuple.items.0.get(at)) {
                        Some(value) => value.clone(),
                        None => return Ok(None),
                    }
                }
                _ => return Ok(None),
            },
            (Object::Dtype(dtype), "is_floating_point") => Object::Bool(dtype.is_float()),
            (Object::Dtype(dtype), "is_complex") => Object::Bool(dtype.category() == crate::dtype::Category::Complex),
            (Object::Dtype(dtype), "itemsize") => Object::Int(i64::try_from(dtype.size()).unwrap_or_default()),
            (Object::Device(device), "type") => Object::str(device.split(':').next().unwrap_or_default()),
            (Object::Device(device), "index") => {
                device.split_once(':').and_then(|(_, i)| i.parse().ok()).map_or(Object::None, Object::Int)
            }
            _ => return Ok(None),
        }))
    }

    /// What an attribute of a class is when read through an object: functions bind, properties run.
    pub fn bind_attribute(&mut self, value: Object, receiver: &Object, class: &Rc<Class>) -> Outcome<Object> {
        Ok(match value {
            Object::Function(_) | Object::Native(_) => Bound::object(receiver.clone(), value),
            Object::Static(function) => (*function).clone(),
            Object::ClassMethod(function) => Bound::object(Object::Class(class.clone()), (*function).clone()),
            Object::Property(property) => self.get_property(&property, receiver)?,
            Object::Instance(ref descriptor) if descriptor.class.lookup("__get__").is_some() => {
                let method = self.attribute(&value, "__get__")?;
                self.call_object(&method, Arguments::of(vec![receiver.clone(), Object::Class(class.clone())]))?
            }
            other => other,
        })
    }

    fn get_property(&mut self, property: &Property, receiver: &Object) -> Outcome<Object> {
        let value = self.call_object(&property.fget, Arguments::of(vec![receiver.clone()]))?;
        if let Some(name) = &property.cached {
            match receiver {
                Object::Instance(instance) => {
                    instance.attributes.0.borrow_mut().insert(name.to_string(), value.clone());
                }
                Object::Module(id) => self.set_plain(*id, name, value.clone())?,
                _ => {}
            }
        }
        Ok(value)
    }

    fn class_attribute(&mut self, class: &Rc<Class>, name: &str) -> Outcome<Option<Object>> {
        if let Some(value) = class.lookup(name) {
            return Ok(Some(match value {
                Object::Static(function) => (*function).clone(),
                Object::ClassMethod(function) => Bound::object(Object::Class(class.clone()), (*function).clone()),
                other => other,
            }));
        }
        Ok(Some(match name {
            "__name__" => Object::Str(class.name.clone()),
            "__qualname__" => Object::str(&class.qualname),
            "__module__" => Object::str(if let ClassKind::User = class.kind { "model" } else { "builtins" }),
            "__doc__" => Object::None,
            "__annotations__" => Object::dict(),
            "__bases__" => Object::tuple(class.bases.iter().cloned().map(Object::Class).collect()),
            "__mro__" => {
                let all = std::iter::once(class.clone()).chain(class.ancestors.iter().cloned());
                Object::tuple(all.map(Object::Class).collect())
            }
            "__members__" => match self.enum_members(class) {
                Some(members) => {
                    let mut entries = Vec::new();
                    for member in members {
                        let name = self.attribute(&member, "name")?;
                        entries.push((name, member));
                    }
                    let dict = Object::dict();
                    for (name, member) in entries {
                        self.set_item(&dict, &name, member)?;
                    }
                    dict
                }
                None => return Ok(None),
            },
            "__dict__" => {
                let entries: Vec<_> = class.dict.0.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                Object::dict_of(entries.iter().map(|(k, v)| (k.as_str(), v.clone())))
            }
            "from_pretrained" if class.lineage().any(|base| matches!(&*base.name, "Embedding" | "EmbeddingBag")) => {
                match self.composed("_embedding_from_pretrained")? {
                    Some(function) => Bound::object(Object::Class(class.clone()), function),
                    None => return Ok(None),
                }
            }
            _ => return Ok(self.inherited(class.lineage(), name, None)),
        }))
    }

    /// An attribute that the builtin and torch classes of an MRO have; bound to the receiver where there is one.
    pub fn inherited<'a>(
        &self,
        lineage: impl Iterator<Item = &'a Class>,
        name: &str,
        receiver: Option<&Object>,
    ) -> Option<Object> {
        for class in lineage {
            let found = match class.kind {
                ClassKind::User => None,
                ClassKind::Torch(_) | ClassKind::Module => self.torch_class_attribute(class, name),
                ClassKind::Builtin => methods::lookup(&class.name, name).map(Object::Native).or_else(|| {
                    let base = if is_named(class, "BaseException") { "BaseException" } else { "object" };
                    methods::lookup(base, name).map(Object::Native)
                }),
            };
            if let Some(found) = found {
                return Some(match receiver {
                    // these are called on the class
                    Some(receiver) if !matches!(name, "__new__" | "fromkeys" | "maketrans") => {
                        Bound::object(receiver.clone(), found)
                    }
                    _ => found,
                });
            }
        }
        None
    }

    fn instance_attribute(&mut self, instance: &Rc<Instance>, object: &Object, name: &str) -> Outcome<Option<Object>> {
        if let Some(method) = instance.class.lookup("__getattribute__") {
            return self.call_object(&method, Arguments::of(vec![object.clone(), Object::str(name)])).map(Some);
        }
        let from_class = instance.class.lookup(name);
        let data = matches!(&from_class, Some(Object::Property(p)) if p.cached.is_none());
        if !data && let Some(value) = self.own_attribute(instance, name)? {
            return Ok(Some(value));
        }
        if let Some(value) = from_class {
            return self.bind_attribute(value, object, &instance.class).map(Some);
        }
        if name == "__dict__" {
            let entries = instance.attributes.0.take();
            let dict = Object::dict_of(entries.iter().map(|(k, v)| (k.as_str(), v.clone())));
            instance.attributes.0.borrow_mut().insert("__dict__".to_owned(), dict.clone());
            return Ok(Some(dict));
        }
        let payload = instance.payload.borrow().clone();
        if !matches!(payload, Object::None)
            && !name.starts_with("__")
            && let Some(value) = self.find_attribute(&payload, name)?
        {
            return Ok(Some(value));
        }
        if let Some(value) = self.inherited(instance.class.lineage(), name, Some(object)) {
            return Ok(Some(value));
        }
        match instance.class.lookup("__getattr__") {
            Some(method) => self.call_object(&method, Arguments::of(vec![object.clone(), Object::str(name)])).map(Some),
            None => Ok(None),
        }
    }

    /// An attribute of the object's own. Once `__dict__` was asked for or set, that dict holds them: what is written into either is in both.
    fn own_attribute(&mut self, instance: &Rc<Instance>, name: &str) -> Outcome<Option<Object>> {
        if let Some(value) = instance.attributes.0.borrow().get(name) {
            return Ok(Some(value.clone()));
        }
        match own_dict(instance) {
            Some(dict) => Ok(dict.entries.0.borrow().get(&Key::Str(Rc::from(name))).map(|(_, value)| value.clone())),
            None => Ok(None),
        }
    }

    fn super_attribute(&mut self, parent: &Rc<Super>, name: &str) -> Outcome<Option<Object>> {
        let class = parent.class.clone();
        let after: Vec<&Class> = class.lineage().skip_while(|c| !std::ptr::eq(*c, &*parent.after)).skip(1).collect();
        for ancestor in &after {
            let found = ancestor.dict.0.borrow().get(name).cloned();
            if let Some(value) = found {
                if let (Object::Class(_), Object::Function(_)) = (&parent.receiver, &value) {
                    return Ok(Some(value));
                }
                let receiver_class = match &parent.receiver {
                    Object::Class(class) => class.clone(),
                    _ => class.clone(),
                };
                return self.bind_attribute(value, &parent.receiver, &receiver_class).map(Some);
            }
            let builtin = self.inherited(std::iter::once(*ancestor), name, Some(&parent.receiver));
            let object = &*ancestor.name == "object";
            if let Some(value) = builtin
                && (!object
                    || matches!(
                        name,
                        "__init__"
                            | "__new__"
                            | "__setattr__"
                            | "__getattribute__"
                            | "__delattr__"
                            | "__repr__"
                            | "__str__"
                            | "__eq__"
                            | "__hash__"
                            | "__init_subclass__"
                    ))
            {
                return Ok(Some(value));
            }
        }
        let payload = super::operator::payload(&parent.receiver);
        match payload {
            Some(payload) => self.find_attribute(&payload, name),
            None => Ok(None),
        }
    }

    /// `object.name = value`.
    pub fn set_attribute(&mut self, object: &Object, name: &str, value: Object) -> Outcome<()> {
        match object {
            Object::Instance(instance) => {
                match instance.class.lookup(name) {
                    Some(Object::Property(property)) if property.cached.is_none() => {
                        return self.set_property(&property, object, name, value);
                    }
                    _ => {}
                }
                if let Some(method) = instance.class.lookup("__setattr__") {
                    return self
                        .call_object(&method, Arguments::of(vec![object.clone(), Object::str(name), value]))
                        .map(drop);
                }
                self.step(1)?;
                let old = match own_dict(instance).filter(|_| name != "__dict__") {
                    Some(dict) => {
                        let key = Key::Str(Rc::from(name));
                        dict.entries.0.borrow_mut().insert(key, (Object::str(name), value)).map(|(_, old)| old)
                    }
                    None => {
                        if name == "__dict__" {
                            instance.attributes.0.take();
                        }
                        instance.attributes.0.borrow_mut().insert(name.to_owned(), value)
                    }
                };
                drop(old);
                Ok(())
            }
            Object::Module(id) => self.set_module_attribute(*id, name, value),
            Object::Class(class) if matches!(class.kind, ClassKind::User) => {
                self.step(1)?;
                let old = class.dict.0.borrow_mut().insert(name.to_owned(), value);
                drop(old);
                Ok(())
            }
            Object::Class(class) => {
                Err(Raised::type_error(format!("cannot set '{name}' attribute of immutable type '{}'", class.name)))
            }
            Object::Function(function) => {
                function.attributes.borrow_mut().insert(name.to_owned(), value);
                Ok(())
            }
            Object::Tensor(_) => self.set_tensor_attribute(object, name, value),
            // torch.backends.cudnn.benchmark = True, logger.propagate = False
            Object::Inert(_) | Object::Package(_) => Ok(()),
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => Err(self.no_attribute(object, name)),
        }
    }

    /// Runs a property's setter.
    pub fn set_property(&mut self, property: &Property, object: &Object, name: &str, value: Object) -> Outcome<()> {
        if matches!(property.fset, Object::None) {
            let class = self.type_name(object);
            return Err(Raised::attribute_error(format!("property '{name}' of '{class}' object has no setter")));
        }
        self.call_object(&property.fset, Arguments::of(vec![object.clone(), value])).map(drop)
    }

    /// `del object.name`.
    pub fn delete_attribute(&mut self, object: &Object, name: &str) -> Outcome<()> {
        let removed = match object {
            Object::Instance(instance) => match own_dict(instance) {
                Some(dict) => dict.entries.0.borrow_mut().shift_remove(&Key::Str(Rc::from(name))).is_some(),
                None => instance.attributes.0.borrow_mut().shift_remove(name).is_some(),
            },
            Object::Class(class) => class.dict.0.borrow_mut().shift_remove(name).is_some(),
            Object::Module(id) => self.delete_module_attribute(*id, name),
            Object::Missing(why) => return Err(Raised::missing(why)),
            _ => false,
        };
        if removed { Ok(()) } else { Err(self.no_attribute(object, name)) }
    }
}

/// The dict that holds an object's attributes, where one was asked for or set: `self.__dict__.update(options)`, `self.__dict__ = self`.
fn own_dict(instance: &Instance) -> Option<Rc<Dict>> {
    match instance.attributes.0.borrow().get("__dict__")? {
        Object::Dict(dict) => Some(dict.clone()),
        Object::Instance(other) => match &*other.payload.borrow() {
            Object::Dict(dict) => Some(dict.clone()),
            _ => None,
        },
        _ => None,
    }
}
