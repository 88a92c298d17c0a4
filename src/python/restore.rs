//! Objects that a pickle holds beside modules: configurations, partial functions. Their attributes are data; their class is the source's where it
//! has one of that name, and else an empty one.

use super::Interpreter;
use super::class::Class;
use super::object::{Instance, Object, Partial, Shallow};
use crate::error::Result;
use crate::nn::value::Value;
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// An object of a class by its qualified name, with its `__dict__`; its `__init__` does not run.
    pub fn restore(&mut self, class: &str, attributes: Vec<(String, Value)>) -> Result<Value> {
        let named: Vec<(String, Object)> =
            attributes.into_iter().map(|(name, value)| (name, self.object_of(value))).collect();
        let scripted = self.scripted_name(class).map_err(|raised| self.leave(raised))?;
        let found = match scripted {
            Some(object) => object,
            None => self.global(class).map(|value| self.object_of(value)).unwrap_or_default(),
        };
        let class = match found {
            Object::Class(class) if !class.is_module() => class,
            _ => self.empty_class(class)?,
        };
        let attributes = Shallow(RefCell::new(named.into_iter().collect()));
        let instance = Instance { class, attributes, payload: RefCell::default() };
        Ok(Value::Host(Rc::new(Object::Instance(Rc::new(instance)))))
    }

    /// An object that was pickled without a `__dict__`: a member of an Enum and a named tuple are made of their arguments, others are empty,
    /// since `__init__` does not run. `None` of a class that is not the source's.
    pub fn made(&mut self, class: &str, arguments: Vec<Value>) -> Result<Value> {
        let found = self.global(class).map(|value| self.object_of(value));
        let Some(Object::Class(known)) = &found else { return Ok(Value::None) };
        if !self.is_enum(known) && known.lookup("_fields").is_none() {
            return if known.is_module() { Ok(Value::None) } else { self.restore(class, Vec::new()) };
        }
        let found = Object::Class(known.clone());
        let arguments = arguments.into_iter().map(|value| self.object_of(value)).collect();
        let made = self.call_object(&found, super::Arguments::of(arguments)).map_err(|raised| self.leave(raised))?;
        // the object itself: a member that is a str too would become a mere str
        Ok(Value::Host(Rc::new(made)))
    }

    /// `functools.partial(function, *arguments, **keywords)`
    pub fn partial(&mut self, function: Value, arguments: Vec<Value>, keywords: Vec<(Value, Value)>) -> Value {
        let parts = std::iter::once(function).chain(arguments).map(|value| self.object_of(value)).collect();
        let mut named = Vec::new();
        for (key, value) in keywords {
            if let Value::Str(key) = key {
                named.push((key, self.object_of(value)));
            }
        }
        Value::Host(Rc::new(Object::Partial(Rc::new(Partial { parts: Shallow(parts), keywords: Shallow(named) }))))
    }

    /// A class of which only the name is known.
    fn empty_class(&mut self, qualified: &str) -> Result<Rc<Class>> {
        if let Some(class) = self.classes.iter().find(|class| class.qualname == qualified) {
            return Ok(class.clone());
        }
        let name = qualified.rsplit('.').next().unwrap_or(qualified);
        let made = self.make_class(name, qualified.to_owned(), Vec::new(), Default::default(), None);
        made.map_err(|raised| self.leave(raised))
    }
}
