//! Functions of the source: what `def` and `lambda` make, and how a call binds its arguments.

use super::environment::{Env, EnvKind};
use super::object::Object;
use super::program::{Body, Code};
use super::raised::{Outcome, Raised};
use super::statement::Flow;
use super::{Arguments, Interpreter};
use indexmap::IndexMap;
use std::cell::RefCell;
use std::rc::Rc;

/// A function.
#[derive(Debug)]
pub struct Function {
    /// parameters and body
    pub code: Rc<Code>,
    /// the scope around it
    pub env: Rc<Env>,
    /// the values of defaults, by parameter: made once, shared by all calls
    pub defaults: IndexMap<Rc<str>, Object>,
    /// `Net.forward`
    pub qualname: String,
    /// `__dict__`
    pub attributes: RefCell<IndexMap<String, Object>>,
}

impl Function {
    /// Evaluates the defaults and closes over the scope.
    pub fn make(interpreter: &mut Interpreter, env: &Rc<Env>, code: Rc<Code>) -> Outcome<Self> {
        let mut defaults = IndexMap::new();
        for parameter in code.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                let value = interpreter.eval(env, default)?;
                defaults.insert(Rc::from(parameter.name().as_str()), value);
            }
        }
        let qualname = env.clone().inside(EnvKind::Function, code.scope.clone(), &code.name).qualname;
        Ok(Self { code, env: env.clone(), defaults, qualname, attributes: RefCell::default() })
    }
}

impl Interpreter {
    /// Calls a function of the source.
    pub fn call_function(&mut self, function: &Rc<Function>, arguments: Arguments) -> Outcome<Object> {
        let packaged = self.is_packaged(&function.env.unit);
        if packaged {
            // what a package computes stands at the line that called it
            self.at_line();
        }
        self.frame(|me| {
            let env = function.env.inside(EnvKind::Function, function.code.scope.clone(), &function.code.name);
            let env = Rc::new(env);
            bind(function, arguments, &env)?;
            me.running.push((function.clone(), env.clone()));
            let result = match &function.code.body {
                Body::Expression(body) => me.eval(&env, body),
                Body::Statements(body) => me.run_body(&env, body),
            };
            me.running.pop();
            me.outliving.watch(&env);
            let result = result.map_err(|mut raised| {
                if packaged {
                    let place = raised.place.take();
                    raised.inside = raised.inside.take().or(place);
                } else if raised.calls.len() < 16 {
                    raised.calls.push(function.qualname.clone());
                }
                raised
            })?;
            if function.code.scope.generator {
                let yielded = env.yields.take();
                return Ok(Object::iterator(super::iterate::Iter::of(yielded)));
            }
            Ok(result)
        })
    }

    fn run_body(&mut self, env: &Rc<Env>, body: &[ruff_python_ast::Stmt]) -> Outcome<Object> {
        match self.run(env, body)? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Object::None),
        }
    }
}

/// Binds arguments to parameters as Python does, with Python's TypeErrors.
fn bind(function: &Function, arguments: Arguments, env: &Rc<Env>) -> Outcome<()> {
    let name = &function.qualname;
    let parameters = &function.code.parameters;
    let count = parameters.posonlyargs.len() + parameters.args.len();
    let given = arguments.positional.len();
    let mut positional = arguments.positional.into_iter();
    let mut first = true;
    for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
        let Some(value) = positional.next() else { break };
        if std::mem::take(&mut first) {
            env.receiver.replace(value.clone());
        }
        env.define(&parameter.parameter.name.id, value);
    }
    let rest: Vec<Object> = positional.collect();
    if let Some(vararg) = &parameters.vararg {
        if first && let Some(value) = rest.first() {
            env.receiver.replace(value.clone());
        }
        env.define(&vararg.name.id, Object::tuple(rest));
    } else if !rest.is_empty() {
        return Err(too_many(function, count, given));
    }
    let mut extra = IndexMap::new();
    for (key, value) in arguments.keyword {
        let known = parameters.args.iter().chain(&parameters.kwonlyargs).find(|p| p.parameter.name.id == *key);
        match known {
            Some(parameter) => {
                let id = &parameter.parameter.name.id;
                if env.vars.0.borrow().contains_key(id) {
                    return Err(Raised::type_error(format!("{name}() got multiple values for argument '{key}'")));
                }
                env.define(id, value);
            }
            None if parameters.kwarg.is_some() => {
                extra.insert(super::key::Key::Str(key.clone()), (Object::Str(key), value));
            }
            None if parameters.posonlyargs.iter().any(|p| p.parameter.name.id == *key) => {
                return Err(Raised::type_error(format!(
                    "{name}() got some positional-only arguments passed as keyword arguments: '{key}'"
                )));
            }
            None => {
                return Err(Raised::type_error(format!("{name}() got an unexpected keyword argument '{key}'")));
            }
        }
    }
    if let Some(kwarg) = &parameters.kwarg {
        let dict = Object::Dict(Rc::new(super::object::Dict {
            kind: super::object::DictKind::Plain,
            entries: super::object::Shallow(RefCell::new(extra)),
        }));
        env.define(&kwarg.name.id, dict);
    }
    let fill = |group: &[ruff_python_ast::ParameterWithDefault]| {
        let mut missing = Vec::new();
        for parameter in group {
            let id = &parameter.parameter.name.id;
            let bound = env.vars.0.borrow().contains_key(id);
            match function.defaults.get(id.as_str()) {
                _ if bound => {}
                Some(default) => env.define(id, default.clone()),
                None => missing.push(format!("'{id}'")),
            }
        }
        missing
    };
    let mut missing = fill(&parameters.posonlyargs);
    missing.extend(fill(&parameters.args));
    if !missing.is_empty() {
        return Err(lacks(name, "positional", &missing));
    }
    let missing = fill(&parameters.kwonlyargs);
    if !missing.is_empty() {
        return Err(lacks(name, "keyword-only", &missing));
    }
    Ok(())
}

fn lacks(name: &str, kind: &str, missing: &[String]) -> Box<Raised> {
    let count = missing.len();
    let s = if count == 1 { "" } else { "s" };
    let list = match missing {
        [a, b] => format!("{a} and {b}"),
        [head @ .., last] if !head.is_empty() => format!("{}, and {last}", head.join(", ")),
        _ => missing.concat(),
    };
    Raised::type_error(format!("{name}() missing {count} required {kind} argument{s}: {list}"))
}

fn too_many(function: &Function, count: usize, given: usize) -> Box<Raised> {
    let name = &function.qualname;
    let parameters = &function.code.parameters;
    let defaults = parameters.posonlyargs.iter().chain(&parameters.args).filter(|p| p.default.is_some()).count();
    let were = if given == 1 { "was" } else { "were" };
    let takes = match defaults {
        0 => format!("{count} positional argument{}", if count == 1 { "" } else { "s" }),
        _ => format!("from {} to {count} positional arguments", count - defaults),
    };
    Raised::type_error(format!("{name}() takes {takes} but {given} {were} given"))
}
