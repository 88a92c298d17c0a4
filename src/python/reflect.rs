//! Names by their text: `eval` of an expression, `globals()`, `locals()`.
//!
//! `eval('nn.' + name)()` is how many build an activation from an option. The expression is evaluated as if it stood there, under the same
//! limits and in the same closed world as all other source; statements (`exec`) are not.

use super::environment::{Env, EnvKind};
use super::object::{Dict, DictKind, Object, Shallow};
use super::program::Unit;
use super::raised::{Outcome, Raised};
use super::scope::Scope;
use super::{Arguments, Interpreter};
use crate::error::Error;
use indexmap::IndexMap;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, ExprCall};
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// A builtin whose result depends on where it is called; `None` for every other function.
    pub(super) fn call_here(
        &mut self,
        env: &Rc<Env>,
        function: &Object,
        arguments: &Arguments,
    ) -> Outcome<Option<Object>> {
        let Object::Native(native) = function else { return Ok(None) };
        match native.name {
            "eval" => self.eval_text(env, arguments.clone()).map(Some),
            "globals" => {
                let [] = arguments.clone().exactly("globals")?;
                self.names_of(&env.globals()).map(Some)
            }
            "locals" => {
                let [] = arguments.clone().exactly("locals")?;
                self.names_of(env).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `self.__dict__.update(kwargs)`: attributes are set, as a dict of its own would not.
    pub(super) fn update_attributes(&mut self, env: &Rc<Env>, call: &ExprCall) -> Outcome<Option<Object>> {
        let Some(method) = call.func.as_attribute_expr().filter(|f| f.attr.as_str() == "update") else {
            return Ok(None);
        };
        let holder = match &*method.value {
            Expr::Attribute(inner) if inner.attr.as_str() == "__dict__" => &*inner.value,
            Expr::Call(vars) if matches!(&*vars.func, Expr::Name(name) if name.id.as_str() == "vars") => {
                match &*vars.arguments.args {
                    [holder] => holder,
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let object = self.eval(env, holder)?;
        let arguments = self.eval_arguments(env, &call.arguments, &Object::None)?;
        self.here(env, call);
        for given in &arguments.positional {
            for (name, value) in self.mapping(given)? {
                let name = self.text(&name)?;
                self.put_attribute(&object, &name, value)?;
            }
        }
        for (name, value) in arguments.keyword {
            self.put_attribute(&object, &name, value)?;
        }
        Ok(Some(Object::None))
    }

    /// Past `__setattr__`: a module that is put so is no child, a parameter none of the state_dict's.
    fn put_attribute(&mut self, object: &Object, name: &str, value: Object) -> Outcome<()> {
        match object {
            Object::Module(id) => self.set_plain(*id, name, value),
            _ => self.set_attribute(object, name, value),
        }
    }

    fn eval_text(&mut self, env: &Rc<Env>, arguments: Arguments) -> Outcome<Object> {
        let [source, globals, locals] = arguments.bind("eval", ["source", "globals", "locals"], 1)?;
        let source = source.unwrap_or_default();
        let Object::Str(text) = &source else {
            return Err(Raised::type_error("eval() arg 1 must be a string, bytes or code object"));
        };
        let mut given: IndexMap<Name, Object> = IndexMap::new();
        for names in [globals, locals].into_iter().flatten().filter(|names| !matches!(names, Object::None)) {
            for (name, value) in self.mapping(&names)? {
                if let Object::Str(name) = name {
                    given.insert(Name::new(&*name), value);
                }
            }
        }
        let parsed = Unit::expression(text, "<string>");
        let (unit, parsed) = parsed.map_err(|error| Error { location: None, ..error })?;
        let scope = Scope { locals: given.keys().map(|name| name.as_str().into()).collect(), ..Scope::default() };
        let mut inner = env.inside(EnvKind::Comprehension, Rc::new(scope), "");
        inner.unit = unit.clone();
        *inner.vars.0.borrow_mut() = given;
        self.eval(&Rc::new(inner), &parsed).map_err(|mut raised| {
            // the line of the call says more than the only line of the text
            if raised.place.as_ref().is_some_and(|(at, _)| Rc::ptr_eq(at, &unit)) {
                raised.place = None;
            }
            raised
        })
    }

    /// The names bound in a scope so far, as a dict of its own.
    fn names_of(&mut self, env: &Rc<Env>) -> Outcome<Object> {
        let vars: Vec<(Name, Object)> = env.vars.0.borrow().iter().map(|(n, o)| (n.clone(), o.clone())).collect();
        self.step(vars.len() as u64)?;
        let mut entries = IndexMap::new();
        for (name, object) in vars.into_iter().filter(|(_, object)| !matches!(object, Object::Missing(_))) {
            let name = Object::str(name.as_str());
            entries.insert(self.key(&name)?, (name, object));
        }
        Ok(Object::Dict(Rc::new(Dict { kind: DictKind::Plain, entries: Shallow(RefCell::new(entries)) })))
    }
}
