//! The interpreter: its state, its limits, and the door that the network layer uses.

use super::class::{Class, ClassKind};
use super::environment::{Env, Outliving};
use super::function::Function;
use super::library::copies::Memo;
use super::object::{Object, Shallow};
use super::package::SourceModule;
use super::program::{Program, Unit};
use super::raised::{Outcome, Raised};
use super::scope::Scope;
use super::script::Script;
use super::toplevel::Waiting;
use super::{Arguments, types};
use crate::error::{Error, Result};
use crate::nn::function::Args;
use crate::nn::host::{Host, Trace};
use crate::nn::module::ClassRef;
use crate::nn::value::{ModuleId, Value};
use indexmap::IndexMap;
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Evaluations of expressions and statements, and elements of containers, in one evaluation; a ResNet-50 takes some ten thousand.
const MAX_STEPS: u64 = 20_000_000;
/// Python's calls within each other: what the stack of a browser's wasm holds.
const MAX_FRAMES: usize = 200;
/// Evaluations within each other.
const MAX_DEPTH: usize = 2_500;

/// Evaluates a program, and runs networks.
#[derive(Debug)]
pub struct Interpreter {
    pub(super) trace: Trace,
    pub(super) globals: Rc<Env>,
    /// every class made, newest last
    pub(super) classes: Vec<Rc<Class>>,
    pub(super) types: IndexMap<&'static str, Rc<Class>>,
    pub(super) object_class: Rc<Class>,
    pub(super) torch_classes: RefCell<IndexMap<String, Rc<Class>>>,
    pub(super) module_classes: HashMap<ModuleId, Rc<Class>>,
    pub(super) initialised: HashSet<ModuleId>,
    pub(super) paths: HashMap<ModuleId, String>,
    /// modules that run within each other
    pub(super) calls: usize,
    /// the source that runs now
    pub(super) place: Option<(Rc<Unit>, TextSize)>,
    pub(super) catching_imports: bool,
    pub(super) stars: Vec<Rc<str>>,
    pub(super) unknown_stars: Vec<(Rc<str>, u32)>,
    pub(super) grad_modes: Vec<bool>,
    pub(super) waiting: Waiting,
    pub(super) printed: String,
    /// containers whose repr is being made
    pub(super) showing: Vec<usize>,
    /// modules that may be imported, and the namespaces of those that were
    pub(super) offered: &'static [SourceModule],
    pub(super) imported: Vec<(usize, Rc<Env>)>,
    /// functions of torch that are written in Python, once one of them was asked for
    pub(super) composed: Option<Rc<Env>>,
    /// the functions that run and their namespaces, innermost last
    pub(super) running: Vec<(Rc<Function>, Rc<Env>)>,
    /// namespaces of packages that are written in Python, by name and source
    pub(super) embedded: Vec<(&'static str, &'static str, Rc<Env>)>,
    /// the code of a TorchScript archive
    pub(super) script: Option<Box<Script>>,
    /// what runs before and after a module's forward
    pub(super) hooks: HashMap<ModuleId, Vec<super::hooks::Hook>>,
    /// `with` statements whose manager is a generator that runs, innermost last
    pub(super) managing: Vec<super::managing::Managing>,
    /// where the next random number comes from
    random: u64,
    extra: Vec<Rc<Env>>,
    pub(super) outliving: Outliving,
    /// steps left to count to
    pub(super) max_steps: u64,
    steps: u64,
    frames: usize,
    depth: usize,
}

/// A class of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassInfo {
    /// its name
    pub name: String,
    /// the line of its statement
    pub line: u32,
    /// whether it inherits from nn.Module
    pub is_module: bool,
    /// the parameters of its constructor, without `self`
    pub parameters: Vec<ParameterInfo>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// its name
    pub name: String,
    /// the source of its default, where it has one
    pub default: Option<String>,
    /// after `*`
    pub keyword_only: bool,
    /// `*args` or `**kwargs`
    pub variadic: bool,
}

impl ParameterInfo {
    /// Whether a call must give it.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.variadic
    }
}

impl Interpreter {
    /// Evaluates the module level of a program; without one, only torch's names are there.
    pub fn new(program: Option<Program>) -> Self {
        Self::offering(&[], program)
    }

    /// The same for a program that may import the modules offered.
    pub fn offering(offered: &'static [SourceModule], program: Option<Program>) -> Self {
        let program = program.or_else(|| Program::parse("", "model.py").ok());
        let types = types::table();
        let object_class = types.get("object").cloned().unwrap_or_else(|| {
            Rc::new(Class {
                name: Rc::from("object"),
                qualname: "object".to_owned(),
                kind: ClassKind::Builtin,
                bases: Vec::new(),
                ancestors: Vec::new(),
                dict: Shallow::default(),
                line: None,
            })
        });
        let (unit, module) = match program {
            Some(program) => (program.unit, Some(program.module)),
            None => (Rc::new(Unit::empty()), None),
        };
        let scope = Scope::of_body(module.as_ref().map_or(&[], |module| &module.body));
        let globals = Env::module(unit, Rc::new(scope));
        let mut interpreter = Self {
            trace: Trace::default(),
            globals: globals.clone(),
            classes: Vec::new(),
            types,
            object_class,
            torch_classes: RefCell::default(),
            module_classes: HashMap::new(),
            initialised: HashSet::new(),
            paths: HashMap::new(),
            calls: 0,
            place: None,
            catching_imports: false,
            stars: Vec::new(),
            unknown_stars: Vec::new(),
            grad_modes: Vec::new(),
            waiting: Waiting::default(),
            printed: String::new(),
            showing: Vec::new(),
            offered,
            imported: Vec::new(),
            composed: None,
            running: Vec::new(),
            embedded: Vec::new(),
            script: None,
            hooks: HashMap::new(),
            managing: Vec::new(),
            random: 1,
            extra: Vec::new(),
            outliving: Outliving::default(),
            max_steps: MAX_STEPS,
            steps: 0,
            frames: 0,
            depth: 0,
        };
        if let Some(module) = module {
            interpreter.run_module_level(&globals, &module);
        }
        interpreter
    }

    /// Runs a source statement after statement, as Python runs a script, `__main__` block included.
    pub fn run_whole(&mut self, program: &Program) -> Result<()> {
        let scope = Scope::of_body(&program.module.body);
        let env = Env::module(program.unit.clone(), Rc::new(scope));
        env.define(&ruff_python_ast::name::Name::new("__name__"), Object::str("__main__"));
        let result = self.run(&env, &program.module.body).map(drop).map_err(|raised| self.leave(raised));
        self.extra.push(env);
        result
    }

    /// Evaluates an expression in the program's namespace, in which `torch`, `nn` and `F` are there too.
    pub fn evaluate(&mut self, expression: &str) -> Result<Object> {
        let (unit, parsed) = Unit::expression(expression, "construct")?;
        let mut env = self.globals.inside(super::environment::EnvKind::Module, Rc::default(), "");
        env.unit = unit;
        let env = Rc::new(env);
        self.eval(&env, &parsed).map_err(|raised| self.leave(raised))
    }

    /// What a name or expression holds, as `nn` takes it.
    pub fn value(&mut self, expression: &str) -> Result<Value> {
        let object = self.evaluate(expression)?;
        self.value_of(&object).map_err(|raised| self.leave(raised))
    }

    /// A module from a Python expression: `Net(3, hidden=[16, 32])`, or a name that holds a module.
    pub fn construct(&mut self, expression: &str) -> Result<ModuleId> {
        match self.evaluate(expression)? {
            Object::Module(id) => Ok(id),
            Object::Missing(why) => Err(self.leave(Raised::missing(&why))),
            other => {
                let name = self.type_name(&other);
                Err(Error::mismatch(format!("{expression} is a '{name}' object, not an nn.Module"))
                    .code("not_a_module"))
            }
        }
    }

    /// Calls what an expression gave.
    pub fn call_evaluated(&mut self, callable: &Object, args: Args) -> Result<Value> {
        let arguments = self.arguments_of(args);
        let result = self.call_object(callable, arguments);
        self.returned(result)
    }

    /// Whether the source gives this name a meaning.
    pub fn defines(&self, name: &str) -> bool {
        self.globals.vars.0.borrow().contains_key(name)
    }

    /// The classes of the source, in its order.
    pub fn classes(&self) -> Vec<ClassInfo> {
        let named: Vec<Rc<Class>> = self
            .globals
            .vars
            .0
            .borrow()
            .values()
            .filter_map(|object| match object {
                Object::Class(class) if class.line.is_some() && !self.is_imported(class) => Some(class.clone()),
                _ => None,
            })
            .collect();
        named
            .iter()
            .map(|class| ClassInfo {
                name: class.name.to_string(),
                line: class.line.unwrap_or(0),
                is_module: class.is_module(),
                parameters: match class.lookup("__init__") {
                    Some(Object::Function(init)) => parameters(&init, true),
                    _ => class.torch().map(|torch| signature(torch.signature)).unwrap_or_default(),
                },
            })
            .collect()
    }

    /// The parameters of a module's `forward`, without `self`.
    pub fn forward_parameters(&self, module: ModuleId) -> Vec<ParameterInfo> {
        let Some(class) = self.module_class(module) else { return Vec::new() };
        match class.lookup("forward") {
            Some(Object::Function(forward)) => parameters(&forward, true),
            _ => class.torch().map(|torch| signature(torch.forward_signature)).unwrap_or_default(),
        }
    }

    /// A module of a class of the source without its `__init__`: what an unpickled module starts from.
    pub fn instantiate_user(&mut self, class: &str) -> Result<ModuleId> {
        let found = self.globals.vars.0.borrow().get(class).cloned();
        match found {
            Some(Object::Class(class)) if class.is_module() => {
                let id = self.allocate_module(&class);
                self.initialised.insert(id);
                Ok(id)
            }
            Some(Object::Missing(why)) => Err(Error::unsupported(&*why).code("unknown_name")),
            Some(_) => Err(Error::mismatch(format!("{class} is not a class that inherits from nn.Module"))),
            None => Err(Error::unsupported(format!("the class {class}")).code("needs_source")),
        }
    }

    /// `isinstance` by class: whether the source defines a module class of this name.
    pub fn has_module_class(&self, class: &str) -> bool {
        matches!(self.globals.vars.0.borrow().get(class), Some(Object::Class(class)) if class.is_module())
    }

    /// What the source printed.
    pub fn printed(&self) -> &str {
        &self.printed
    }

    /// The trace so far; an empty one takes its place.
    pub fn take_trace(&mut self) -> Trace {
        let next = Trace { default_dtype: self.trace.default_dtype, ..Trace::default() };
        std::mem::replace(&mut self.trace, next)
    }

    /// Another trace: a clone of what the constructor left, to run `forward` again.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// A new evaluation may take as many steps as the first.
    pub fn restart(&mut self) {
        self.steps = 0;
    }

    /// A random number of Python's, in [0, 1): splitmix64.
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    pub(super) fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Where random numbers are, to go back to.
    pub fn random(&self) -> u64 {
        self.random
    }

    /// Goes back to where random numbers were.
    pub fn set_random(&mut self, state: u64) {
        self.random = state;
    }

    /// A new evaluation that may take so many steps.
    pub fn limit(&mut self, steps: u64) {
        self.max_steps = steps;
        self.steps = 0;
    }

    /// Steps since the last start.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts work.
    pub fn step(&mut self, count: u64) -> Outcome<()> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.max_steps {
            return Err(Error::too_large("the number of steps of the program", self.steps, self.max_steps).into());
        }
        Ok(())
    }

    /// Counts evaluations within each other.
    pub fn deeper<T>(&mut self, body: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::too_large("the depth of evaluations", self.depth + 1, MAX_DEPTH).into());
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    /// Counts calls within each other.
    pub fn frame<T>(&mut self, body: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.frames >= MAX_FRAMES {
            return Err(Error::too_large("the depth of Python's calls", self.frames + 1, MAX_FRAMES).into());
        }
        self.frames += 1;
        let place = self.place.clone();
        let result = body(self);
        self.place = place;
        self.frames -= 1;
        result
    }

    fn arguments_of(&mut self, args: Args) -> Arguments {
        let positional = args.positional.into_iter().map(|value| self.object_of(value)).collect();
        let keyword = args.keyword.into_iter().map(|(key, value)| (Rc::from(key), self.object_of(value))).collect();
        Arguments { positional, keyword }
    }

    fn returned(&mut self, result: Outcome<Object>) -> Result<Value> {
        result.and_then(|object| self.value_of(&object)).map_err(|raised| self.leave(raised))
    }
}

impl Host for Interpreter {
    fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    fn call_module(&mut self, module: ModuleId, args: Args) -> Result<Value> {
        let arguments = self.arguments_of(args);
        let result = self.call_module_object(module, arguments);
        self.returned(result)
    }

    fn copy_module(&mut self, module: ModuleId) -> Result<ModuleId> {
        match self.deep_copy(&Object::Module(module), &mut Memo::default()) {
            Ok(Object::Module(copied)) => Ok(copied),
            Ok(_) => Err(Error::mismatch("copy.deepcopy() of a module gave another object")),
            Err(raised) => Err(self.leave(raised)),
        }
    }

    fn call(&mut self, callable: &Value, args: Args) -> Result<Value> {
        let function = self.object_of(callable.clone());
        let arguments = self.arguments_of(args);
        let result = self.call_object(&function, arguments);
        self.returned(result)
    }
}

/// Empties the tables that classes, functions and scopes keep each other alive by.
impl Drop for Interpreter {
    fn drop(&mut self) {
        self.hooks.clear();
        for class in &self.classes {
            class.dict.0.take();
        }
        let imported = self.imported.iter().map(|(_, env)| env);
        let modules = self.extra.iter().chain(imported).chain(&self.composed).chain([&self.globals]).cloned();
        for env in modules.chain(self.outliving.scopes()) {
            env.vars.0.take();
            env.receiver.take();
        }
    }
}

/// Whether a module is of a class that torch itself defines.
pub fn is_torch(class: &ClassRef) -> bool {
    matches!(class, ClassRef::Torch(_))
}

fn parameters(function: &Function, method: bool) -> Vec<ParameterInfo> {
    let unit = &function.env.unit;
    let source = |range: TextRange| unit.text.get(std::ops::Range::<usize>::from(range)).unwrap_or_default().to_owned();
    let parameters = &function.code.parameters;
    let mut infos = Vec::new();
    let plain = parameters.posonlyargs.iter().chain(&parameters.args).skip(usize::from(method)).map(|p| (p, false));
    for (parameter, keyword_only) in plain.chain(parameters.kwonlyargs.iter().map(|p| (p, true))) {
        infos.push(ParameterInfo {
            name: parameter.parameter.name.to_string(),
            default: parameter.default.as_ref().map(|default| source(default.range())),
            keyword_only,
            variadic: false,
        });
    }
    for rest in parameters.vararg.iter().chain(&parameters.kwarg) {
        infos.push(ParameterInfo { name: rest.name.to_string(), default: None, keyword_only: false, variadic: true });
    }
    infos
}

/// The parameters of a signature of torch's, read by the same parser.
fn signature(text: &str) -> Vec<ParameterInfo> {
    let source = format!("def f{text}: ...");
    let Ok(program) = Program::parse(&source, "signature") else { return Vec::new() };
    let interpreter = Interpreter::new(Some(program));
    match interpreter.globals.vars.0.borrow().get("f") {
        Some(Object::Function(function)) => parameters(function, false),
        _ => Vec::new(),
    }
}
