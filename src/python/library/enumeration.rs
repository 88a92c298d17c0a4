//! `enum.Enum`: members made from a class body's values.

use crate::python::class::{Class, ClassKind};
use crate::python::object::{Instance, Object, Shallow};
use crate::python::raised::{Outcome, Raised, is_named};
use crate::python::{Arguments, Interpreter};
use std::cell::RefCell;
use std::rc::Rc;

/// Where a class keeps its members, in order.
const MEMBERS: &str = "_member_list_";

impl Interpreter {
    /// Whether a class is an Enum of the source.
    pub fn is_enum(&self, class: &Class) -> bool {
        matches!(class.kind, ClassKind::User) && is_named(class, "Enum")
    }

    /// Turns the values of an Enum's body into members.
    pub fn make_members(&mut self, class: &Rc<Class>) -> Outcome<()> {
        let values: Vec<(String, Object)> = class
            .dict
            .0
            .borrow()
            .iter()
            .filter(|(name, value)| {
                !name.starts_with('_')
                    && !matches!(
                        value,
                        Object::Function(_) | Object::Property(_) | Object::Static(_) | Object::ClassMethod(_)
                    )
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let plain = is_named(class, "IntEnum") || class.lineage().any(|c| matches!(&*c.name, "str" | "int" | "float"));
        let mut members = Vec::new();
        for (at, (name, value)) in values.into_iter().enumerate() {
            let value = match value {
                Object::Inert(auto) if &*auto == "enum.auto" => Object::Int(i64::try_from(at + 1).unwrap_or(0)),
                value => value,
            };
            let attributes = [
                ("name".to_owned(), Object::str(&name)),
                ("value".to_owned(), value.clone()),
                ("_value_".to_owned(), value.clone()),
            ];
            let member = Object::Instance(Rc::new(Instance {
                class: class.clone(),
                attributes: Shallow(RefCell::new(attributes.into_iter().collect())),
                payload: RefCell::new(if plain { value } else { Object::None }),
            }));
            members.push(member.clone());
            class.dict.0.borrow_mut().insert(name, member);
        }
        class.dict.0.borrow_mut().insert(MEMBERS.to_owned(), Object::tuple(members));
        Ok(())
    }

    /// The members of an Enum; `None` for other classes.
    pub fn enum_members(&mut self, class: &Rc<Class>) -> Option<Vec<Object>> {
        if !self.is_enum(class) {
            return None;
        }
        match class.dict.0.borrow().get(MEMBERS) {
            Some(Object::Tuple(members)) => Some(members.items.0.clone()),
            _ => None,
        }
    }

    /// `Color["RED"]`.
    pub fn enum_member(&mut self, class: &Rc<Class>, name: &Object) -> Outcome<Option<Object>> {
        if self.enum_members(class).is_none() {
            return Ok(None);
        }
        let text = self.text(name)?;
        match class.dict.0.borrow().get(&text) {
            Some(member) => Ok(Some(member.clone())),
            None => Err(Raised::key(name.clone())),
        }
    }

    /// `Color(1)`.
    pub fn enum_by_value(&mut self, class: &Rc<Class>, arguments: &Arguments) -> Outcome<Option<Object>> {
        let Some(members) = self.enum_members(class) else { return Ok(None) };
        let wanted = arguments.positional.first().cloned().unwrap_or_default();
        for member in members {
            let value = self.attribute(&member, "value")?;
            if member.is(&wanted) || self.equal(&value, &wanted)? {
                return Ok(Some(member));
            }
        }
        let shown = self.repr(&wanted)?;
        Err(Raised::value_error(format!("{shown} is not a valid {}", class.qualname)))
    }
}
