//! What runs around a call, for the packages that ask: `torchtab.constructor_arguments(object)`.
//!
//! Lightning reads the arguments of the constructors that run from Python's own frames; these are all that is told of ours.

use crate::python::environment::Env;
use crate::python::function::Function;
use crate::python::object::{Native, Object};
use crate::python::raised::Outcome;
use crate::python::{Arguments, Interpreter};
use std::rc::Rc;

/// The package's functions.
pub static TABLE: &[Native] = &[Native { name: "constructor_arguments", run: constructor_arguments }];

/// The arguments of the object's constructors that run now, one within the other: a dict for each, innermost first.
fn constructor_arguments(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [object] = arguments.exactly("constructor_arguments")?;
    let constructs = |(function, env): &&(Rc<Function>, Rc<Env>)| {
        &*function.code.name == "__init__" && env.receiver.borrow().is(&object)
    };
    let running = me.running.iter().rev().skip_while(|frame| !constructs(frame)).take_while(constructs);
    let dicts = running.map(|(function, env)| given(function, env));
    Ok(Object::list(dicts.collect()))
}

/// The parameters of a call with what they hold now, without `self` and `*args`; `**kwargs` by their keys.
fn given(function: &Function, env: &Env) -> Object {
    let parameters = &function.code.parameters;
    let named = parameters.posonlyargs.iter().chain(&parameters.args).skip(1).chain(&parameters.kwonlyargs);
    let vars = env.vars.0.borrow();
    let of = |name: &str| vars.get(name).cloned();
    let mut entries: Vec<(Rc<str>, Object)> = named
        .filter_map(|parameter| {
            let name = parameter.parameter.name.id.as_str();
            Some((Rc::from(name), of(name)?))
        })
        .collect();
    if let Some(Object::Dict(extra)) = parameters.kwarg.as_ref().and_then(|kwarg| of(kwarg.name.id.as_str())) {
        let extra = extra.entries.0.borrow();
        entries.extend(extra.values().filter_map(|(key, value)| match key {
            Object::Str(key) => Some((key.clone(), value.clone())),
            _ => None,
        }));
    }
    Object::dict_of(entries.iter().map(|(name, value)| (&**name, value.clone())))
}
