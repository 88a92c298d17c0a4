//! What runs around a call and what a callable takes, for the packages that ask: `torchtab.constructor_arguments(object)`,
//! `torchtab.parameters(callable)`, `torchtab.swap(module, name, tensor)`.
//!
//! Lightning reads the arguments of the constructors that run from Python's own frames, `inspect` a function's signature; these are all
//! that is told of ours.

use crate::python::environment::Env;
use crate::python::function::Function;
use crate::python::object::{Native, Object};
use crate::python::program::Program;
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::rc::Rc;

/// The package's functions.
pub static TABLE: &[Native] = &[
    Native { name: "constructor_arguments", run: constructor_arguments },
    Native { name: "parameters", run: parameters },
    Native { name: "swap", run: swap },
];

/// `torchtab.swap(module, name, tensor)`: another tensor in a parameter's or buffer's place; gives the one that was there.
fn swap(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [object, name, tensor] = arguments.exactly("swap")?;
    let name = me.text(&name)?;
    let Object::Module(id) = object else { return Err(Raised::type_error("swap() needs a module")) };
    let tensor = match tensor {
        Object::Tensor(tensor) => Some(tensor),
        Object::Instance(instance) => crate::python::complex::pairs(&instance),
        _ => None,
    };
    let module = me.trace.modules.get_mut(id);
    let slot = module.and_then(|module| match module.parameters.contains_key(&name) {
        true => module.parameters.get_mut(&name),
        false => module.buffers.get_mut(&name),
    });
    match slot {
        Some(slot) => Ok(std::mem::replace(slot, tensor).map_or(Object::None, Object::Tensor)),
        None => Err(me.no_attribute(&object, &name)),
    }
}

/// The parameters of a callable: its name, its kind as `inspect` counts them, and a list of its default, which is empty where it has none.
fn parameters(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [object] = arguments.exactly("parameters")?;
    let (function, bound) = match &object {
        Object::Class(class) => match class.lookup("__init__") {
            Some(init) => (init, true),
            None => (torch_signature(class.torch().map(|torch| torch.signature))?, false),
        },
        Object::Module(id) => {
            let class = me.module_class(*id);
            match class.as_ref().and_then(|class| class.lookup("forward")) {
                Some(forward) => (forward, true),
                None => (
                    torch_signature(class.and_then(|class| class.torch()).map(|torch| torch.forward_signature))?,
                    false,
                ),
            }
        }
        Object::Bound(bound) => (bound.function(), true),
        Object::Static(function) => ((**function).clone(), false),
        Object::Instance(instance) => (instance.class.lookup("__call__").unwrap_or_default(), true),
        Object::Torch(function) => {
            (torch_signature(function.overloads.first().map(|overload| overload.signature))?, false)
        }
        other => (other.clone(), false),
    };
    let Object::Function(function) = function else {
        return Err(Raised::value_error("no signature found for builtin"));
    };
    let code = &function.code.parameters;
    let mut all = Vec::new();
    let mut add = |name: &str, kind: i64| {
        let default: Vec<Object> = function.defaults.get(name).cloned().into_iter().collect();
        all.push(Object::tuple(vec![Object::str(name), Object::Int(kind), Object::list(default)]));
    };
    for (kind, group) in [(0, &code.posonlyargs), (1, &code.args)] {
        group.iter().for_each(|parameter| add(&parameter.parameter.name.id, kind));
    }
    code.vararg.iter().for_each(|parameter| add(&parameter.name.id, 2));
    code.kwonlyargs.iter().for_each(|parameter| add(&parameter.parameter.name.id, 3));
    code.kwarg.iter().for_each(|parameter| add(&parameter.name.id, 4));
    Ok(Object::list(all.into_iter().skip(usize::from(bound)).collect()))
}

/// A signature of torch's as a function of Python's, read by the same parser.
fn torch_signature(text: Option<&str>) -> Outcome<Object> {
    let source = format!("def f{}: ...", text.unwrap_or("()"));
    let program = Program::parse(&source, "signature")?;
    let interpreter = Interpreter::new(Some(program));
    let found = interpreter.globals.vars.0.borrow().get("f").cloned();
    Ok(found.unwrap_or_default())
}

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
