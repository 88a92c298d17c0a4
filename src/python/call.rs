//! Calling any object: functions, classes, modules, objects with `__call__`.

use super::class::{Class, ClassKind};
use super::exceptions;
use super::object::{Instance, Object, Shallow};
use super::raised::{Outcome, Raised, is_named};
use super::{Arguments, Interpreter, aten};
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// `function(*arguments)`.
    pub fn call_object(&mut self, function: &Object, arguments: Arguments) -> Outcome<Object> {
        self.deeper(|me| me.call_inner(function, arguments))
    }

    fn call_inner(&mut self, function: &Object, arguments: Arguments) -> Outcome<Object> {
        match function {
            Object::Function(function) => self.call_function(function, arguments),
            Object::Native(native) => (native.run)(self, arguments),
            Object::Bound(bound) => {
                let function = bound.function();
                self.call_object(&function, arguments.prepend(bound.receiver()))
            }
            Object::Torch(function) => self.call_torch(function, arguments),
            Object::Class(class) => self.construct_object(class, arguments),
            Object::Module(id) => self.call_module_object(*id, arguments),
            Object::Partial(partial) => {
                let mut all = Arguments::of(partial.parts.0.iter().skip(1).cloned().collect());
                all.positional.extend(arguments.positional);
                all.keyword.extend(partial.keywords.0.iter().cloned());
                for (key, value) in arguments.keyword {
                    match all.keyword.iter_mut().find(|(known, _)| *known == key) {
                        Some(slot) => slot.1 = value,
                        None => all.keyword.push((key, value)),
                    }
                }
                let function = partial.parts.0.first().cloned().unwrap_or_default();
                self.call_object(&function, all)
            }
            Object::Static(function) => {
                let function = (**function).clone();
                self.call_object(&function, arguments)
            }
            Object::Instance(instance) => match instance.class.lookup("__call__") {
                Some(method) => self.call_object(&method, arguments.prepend(function.clone())),
                None => Err(self.not_callable(function)),
            },
            Object::Inert(name) => self.call_inert(&name.clone(), arguments),
            Object::Package(name) => match name.strip_prefix(aten::PACKAGE).and_then(|rest| rest.strip_prefix('.')) {
                Some(operator) => {
                    let operator = self.aten(operator, None)?;
                    self.call_object(&operator, arguments)
                }
                None => Err(self.not_callable(function)),
            },
            Object::Dtype(_) => Err(Raised::type_error("'torch.dtype' object is not callable")),
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => Err(self.not_callable(function)),
        }
    }

    fn not_callable(&self, object: &Object) -> Box<Raised> {
        Raised::type_error(format!("'{}' object is not callable", self.type_name(object)))
    }

    /// `class(*arguments)`.
    pub fn construct_object(&mut self, class: &Rc<Class>, arguments: Arguments) -> Outcome<Object> {
        self.step(1)?;
        if let ClassKind::Builtin = class.kind
            && !is_named(class, "BaseException")
        {
            return self.construct_builtin(class, arguments);
        }
        if class.is_module() {
            return self.construct_module(class, arguments);
        }
        if let Some(member) = self.enum_by_value(class, &arguments)? {
            return Ok(member);
        }
        if let Some(missing) = abstract_methods(class) {
            let s = if missing.len() == 1 { "" } else { "s" };
            let name = &class.name;
            return Err(Raised::type_error(format!(
                "Can't instantiate abstract class {name} with abstract method{s} {}",
                missing.join(", ")
            )));
        }
        let object = match class.lookup("__new__") {
            Some(method) => {
                let method = match method {
                    Object::Static(function) => (*function).clone(),
                    other => other,
                };
                self.call_object(&method, arguments.clone().prepend(Object::Class(class.clone())))?
            }
            None => self.allocate(class, &arguments)?,
        };
        let Object::Instance(instance) = &object else { return Ok(object) };
        if !instance.class.inherits(class) {
            return Ok(object);
        }
        match class.lookup("__init__") {
            Some(init) => {
                let result = self.call_object(&init, arguments.prepend(object.clone()))?;
                if !matches!(result, Object::None) {
                    let name = self.type_name(&result);
                    return Err(Raised::type_error(format!("__init__() should return None, not '{name}'")));
                }
            }
            None => self.init_object(&object, arguments)?,
        }
        Ok(object)
    }

    /// `object.__new__(class)`: without `__init__`.
    pub fn allocate(&mut self, class: &Rc<Class>, arguments: &Arguments) -> Outcome<Object> {
        let mut payload = Object::None;
        for base in class.lineage() {
            let (ClassKind::Builtin, name) = (base.kind, &*base.name) else { continue };
            match name {
                "dict" | "OrderedDict" | "defaultdict" | "Counter" | "list" | "set" => {
                    let Some(builtin) = self.builtin_class(name) else { continue };
                    payload = self.construct_builtin(&builtin, Arguments::default())?;
                }
                "int" | "float" | "str" | "tuple" | "frozenset" => {
                    let Some(builtin) = self.builtin_class(name) else { continue };
                    payload = self.construct_builtin(&builtin, arguments.clone())?;
                }
                "BaseException" => {
                    return Ok(Object::Instance(exceptions::make(class, arguments.positional.clone())));
                }
                _ => continue,
            }
            break;
        }
        Ok(Object::Instance(Rc::new(Instance {
            class: class.clone(),
            attributes: Shallow::default(),
            payload: RefCell::new(payload),
        })))
    }

    /// `object.__init__` and that of dict, list, set and exceptions.
    pub fn init_object(&mut self, object: &Object, arguments: Arguments) -> Outcome<()> {
        let Object::Instance(instance) = object else { return Ok(()) };
        let payload = instance.payload.borrow().clone();
        match &payload {
            Object::Dict(_) => {
                let mut arguments = arguments;
                if !arguments.positional.is_empty() {
                    let source = arguments.positional.remove(0);
                    self.dict_update(&payload, &source)?;
                }
                for (key, value) in arguments.keyword {
                    self.set_item(&payload, &Object::Str(key), value)?;
                }
                Ok(())
            }
            Object::List(list) => {
                if let Some(source) = arguments.positional.first() {
                    let items = self.collect(source)?;
                    list.0.0.replace(items);
                }
                Ok(())
            }
            Object::Set(set) => {
                if let Some(source) = arguments.positional.first() {
                    let items = self.collect(source)?;
                    if let Object::Set(filled) = self.set_of(items, false)? {
                        set.items.0.replace(filled.items.0.take());
                    }
                }
                Ok(())
            }
            Object::None if is_named(&instance.class, "BaseException") => {
                let arguments = Object::tuple(arguments.positional);
                instance.attributes.0.borrow_mut().insert("args".to_owned(), arguments);
                Ok(())
            }
            Object::None if !arguments.positional.is_empty() || !arguments.keyword.is_empty() => {
                Err(Raised::type_error(format!("{}() takes no arguments", instance.class.name)))
            }
            _ => Ok(()),
        }
    }
}

/// The names of abstract methods that a class leaves, where there are any.
fn abstract_methods(class: &Class) -> Option<Vec<String>> {
    let mut missing: Vec<String> = Vec::new();
    for ancestor in class.lineage() {
        for (name, value) in ancestor.dict.0.borrow().iter() {
            let function = match value {
                Object::Function(f) => Some(f.clone()),
                Object::Property(p) => match &p.fget {
                    Object::Function(f) => Some(f.clone()),
                    _ => None,
                },
                Object::Static(f) | Object::ClassMethod(f) => match &**f {
                    Object::Function(f) => Some(f.clone()),
                    _ => None,
                },
                _ => None,
            };
            let Some(function) = function else { continue };
            let is_abstract = function.attributes.borrow().contains_key("__isabstractmethod__");
            let overridden = class.lookup(name).is_some_and(|found| !found.is(value));
            if is_abstract && !overridden && !missing.contains(name) {
                missing.push(name.clone());
            }
        }
    }
    missing.sort();
    (!missing.is_empty()).then_some(missing)
}
