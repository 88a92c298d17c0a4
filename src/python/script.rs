//! TorchScript's code: the files of an archive, which are Python with other names, and the names.
//!
//! A file is evaluated when a name of it is first asked for, as packages are, in a namespace where `torch` means ATen's operators
//! (`library/torchscript/`). Nothing is imported: `__torch__.torch.nn.functional.relu` is the function `relu` of the archive's file
//! `code/__torch__/torch/nn/functional.py`. Classes that are compiled C++ (`__torch__.torch.classes`), operators of extensions (`ops.quantized`)
//! and asynchronous calls are refused by name.

use super::Interpreter;
use super::environment::Env;
use super::object::Object;
use super::raised::{Outcome, Raised};
use crate::data::TensorData;
use crate::error::{Error, Result};
use crate::nn::module::ClassRef;
use crate::nn::value::{ModuleId, Tensor, Value};
use ruff_python_ast::name::Name;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// The names of the dialect: its types and casts, and ATen's operators.
const DIALECT: &str = concat!(
    include_str!("library/torchscript/names.py"),
    "\n\n",
    include_str!("library/torchscript/operators.py"),
    "\n\n",
    include_str!("library/torchscript/attention.py")
);

/// What `torch` means in an archive's code.
const ATEN: &str = "aten";
/// The package of the archive's own classes and functions.
const CODE: &str = "__torch__";
const CONSTANTS: &str = "CONSTANTS";
/// Names of the dialect's own making that the code does not see.
const HIDDEN: &[&str] = &["math", "torch", "F", "refuse", "set_gradient", "wants_gradient", "aten", "prim"];

/// The code of an archive.
#[derive(Debug)]
pub struct Script {
    /// the text of each file, by the module that it is
    sources: BTreeMap<String, String>,
    /// the archive's version, which says what some operators meant
    version: i64,
    /// the namespaces of files that were asked for
    modules: HashMap<String, Rc<Env>>,
    /// `CONSTANTS`
    constants: Vec<Object>,
    dialect: Option<Rc<Env>>,
    /// operators that are functions of torch
    operators: HashMap<String, Object>,
}

impl Interpreter {
    /// Evaluates the code of a TorchScript archive.
    pub fn scripted(sources: impl IntoIterator<Item = (String, String)>, version: u64) -> Self {
        let mut interpreter = Self::new(None);
        interpreter.script = Some(Box::new(Script {
            sources: sources.into_iter().collect(),
            version: i64::try_from(version).unwrap_or(i64::MAX),
            modules: HashMap::new(),
            constants: Vec::new(),
            dialect: None,
            operators: HashMap::new(),
        }));
        interpreter
    }

    /// Adds the next of `CONSTANTS`: a tensor.
    pub fn add_constant(&mut self, tensor: Tensor) {
        self.constant(Object::Tensor(tensor));
    }

    /// Adds the next of `CONSTANTS`: a tensor whose values may decide where control goes.
    pub fn add_known_constant(&mut self, data: TensorData) {
        let id = self.trace.graph.constant(data);
        self.constant(Object::Tensor(Tensor::new(id)));
    }

    /// Adds the next of `CONSTANTS`: something that cannot be used, and why.
    pub fn add_missing_constant(&mut self, why: &str) {
        self.constant(Object::Missing(Rc::from(why)));
    }

    fn constant(&mut self, object: Object) {
        if let Some(script) = &mut self.script {
            script.constants.push(object);
        }
    }

    /// Whether an archive's code is evaluated here.
    pub(super) fn is_scripted(&self) -> bool {
        self.script.is_some()
    }

    /// A module of a class of the archive, empty.
    ///
    /// # Errors
    /// Malformed when the archive's code has no such class.
    pub fn instantiate_scripted(&mut self, class: &str) -> Result<ModuleId> {
        match self.scripted_name(class).map_err(|raised| self.leave(raised))? {
            Some(Object::Class(found)) if found.is_module() => {
                let id = self.allocate_module(&found);
                self.initialised.insert(id);
                Ok(id)
            }
            _ => Err(Error::malformed(format!("the archive's code has no module class {class}")).at(class)),
        }
    }

    /// `class(*arguments)` of a class of the archive, or an object of it with these attributes and nothing else done.
    pub fn scripted_object(&mut self, class: &str, arguments: Vec<Value>) -> Result<Value> {
        let found = self.scripted_name(class).map_err(|raised| self.leave(raised))?;
        let Some(found @ Object::Class(_)) = found else {
            return Err(Error::malformed(format!("the archive's code has no class {class}")).at(class));
        };
        let arguments = arguments.into_iter().map(|value| self.object_of(value)).collect();
        let made = self.call_object(&found, super::Arguments::of(arguments));
        made.and_then(|object| self.value_of(&object)).map_err(|raised| self.leave(raised))
    }

    /// A class or function of the archive by its qualified name.
    pub(super) fn scripted_name(&mut self, qualified: &str) -> Outcome<Option<Object>> {
        match qualified.rsplit_once('.') {
            Some((package, name)) if self.is_scripted() => self.code_attribute(package, name),
            _ => Ok(None),
        }
    }

    /// A name of one of the packages that an archive's code sees; the outer `None` where it is none of them.
    pub(super) fn script_attribute(&mut self, package: &str, name: &str) -> Outcome<Option<Option<Object>>> {
        if !self.is_scripted() {
            return Ok(None);
        }
        Ok(Some(match package {
            ATEN => Some(self.operator(name)?),
            CONSTANTS => self.numbered_constant(name),
            "ops" if name == "aten" => Some(Object::Package(Rc::from(ATEN))),
            "ops" => Some(Object::Package(Rc::from(format!("ops.{name}")))),
            "ops.prim" => match self.of_dialect("prim", name)? {
                Some(found) => Some(found),
                None => return Err(Raised::unsupported(format!("prim::{name}"))),
            },
            _ if package.starts_with("ops.") => {
                let library = package.trim_start_matches("ops.");
                return Err(Raised::unsupported(format!("the operator {library}::{name}, which an extension brings")));
            }
            _ if package == CODE || package.starts_with("__torch__.") => self.code_attribute(package, name)?,
            _ => return Ok(None),
        }))
    }

    fn numbered_constant(&self, name: &str) -> Option<Object> {
        let at = name.strip_prefix('c')?.parse::<usize>().ok()?;
        self.script.as_ref()?.constants.get(at).cloned()
    }

    /// A name of a file of the archive, or of a folder around some.
    fn code_attribute(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        if package.starts_with("__torch__.torch.classes") {
            return Err(Raised::unsupported(format!("{package}.{name}, a class of C++")));
        }
        if let Some(env) = self.code(package)?
            && env.scope.locals.contains(name)
            && let Some(found) = env.vars.0.borrow().get(name).cloned()
        {
            return Ok(Some(found));
        }
        let full = format!("{package}.{name}");
        let inside = format!("{full}.");
        let known = self.script.as_ref().is_some_and(|script| {
            let next = script.sources.range(inside.clone()..).next();
            script.sources.contains_key(&full) || next.is_some_and(|(module, _)| module.starts_with(&inside))
        });
        let classes = matches!(full.as_str(), "__torch__.torch" | "__torch__.torch.classes");
        Ok((known || classes).then(|| Object::Package(Rc::from(full))))
    }

    /// The namespace of a file, evaluated at the first call.
    fn code(&mut self, module: &str) -> Outcome<Option<Rc<Env>>> {
        let Some(script) = &self.script else { return Ok(None) };
        if let Some(env) = script.modules.get(module) {
            return Ok(Some(env.clone()));
        }
        let Some(text) = script.sources.get(module) else { return Ok(None) };
        let text = without_annotations(text);
        let dialect = self.dialect()?;
        let keep = |me: &mut Self, env: Rc<Env>| {
            for (name, object) in &*dialect.vars.0.borrow() {
                if !name.starts_with('_') && !HIDDEN.contains(&name.as_str()) {
                    env.define(name, object.clone());
                }
            }
            for (name, package) in [("torch", ATEN), ("ops", "ops"), (CONSTANTS, CONSTANTS), (CODE, CODE)] {
                env.define(&Name::new(name), Object::Package(Rc::from(package)));
            }
            if let Some(script) = &mut me.script {
                script.modules.insert(module.to_owned(), env);
            }
        };
        self.evaluated(&text, &format!("code/{}", module.replace('.', "/")), keep).map(Some)
    }

    fn dialect(&mut self) -> Outcome<Rc<Env>> {
        let known = self.script.as_ref().map(|script| (script.dialect.clone(), script.version));
        let Some((known, version)) = known else { return Err(Raised::runtime_error("no archive")) };
        if let Some(env) = known {
            return Ok(env);
        }
        self.evaluated(DIALECT, "torchscript", |me, env| {
            env.define(&Name::new("_VERSION"), Object::Int(version));
            if let Some(script) = &mut me.script {
                script.dialect = Some(env);
            }
        })
    }

    /// A name of one of the dialect's classes.
    fn of_dialect(&mut self, class: &str, name: &str) -> Outcome<Option<Object>> {
        let env = self.dialect()?;
        let found = env.vars.0.borrow().get(class).cloned();
        Ok(match found {
            Some(Object::Class(class)) => class.dict.0.borrow().get(name).cloned(),
            _ => None,
        })
    }

    /// An operator of ATen's: the dialect's own, or the function of torch with its name.
    fn operator(&mut self, name: &str) -> Outcome<Object> {
        if let Some(known) = self.script.as_ref().and_then(|script| script.operators.get(name)) {
            return Ok(known.clone());
        }
        let operator = match self.of_dialect("aten", name)? {
            Some(own) => own,
            None => {
                let function = self.aten(name, None)?;
                let wrapper = self.dialect()?.vars.0.borrow().get("_operator").cloned().unwrap_or_default();
                self.call_object(&wrapper, super::Arguments::of(vec![function]))?
            }
        };
        if let Some(script) = &mut self.script {
            script.operators.insert(name.to_owned(), operator.clone());
        }
        Ok(operator)
    }

    /// `module.forward` in an archive's code calls the module.
    pub(super) fn scripted_forward(&self, id: ModuleId, name: &str) -> Option<Object> {
        let scripted = name == "forward" && self.is_scripted();
        let module = self.trace.modules.get(id).filter(|_| scripted)?;
        matches!(module.class, ClassRef::User { .. }).then_some(Object::Module(id))
    }

    /// Whether a namespace is that of a file of the archive, or the dialect's.
    pub(super) fn is_script(&self, env: &Rc<Env>) -> bool {
        let Some(script) = &self.script else { return false };
        script.modules.values().chain(&script.dialect).any(|known| Rc::ptr_eq(known, env))
    }

    /// Whether a source is the dialect's.
    pub(super) fn is_dialect(&self, unit: &Rc<super::program::Unit>) -> bool {
        let dialect = self.script.as_ref().and_then(|script| script.dialect.as_ref());
        dialect.is_some_and(|env| Rc::ptr_eq(&env.unit, unit))
    }
}

/// The text without lines that give the type of an attribute whose name is no identifier (`__annotations__["0"] = ...`): types have no meaning
/// here, and those of other files would be evaluated with the class.
fn without_annotations(text: &str) -> String {
    let line = |line| if str::starts_with(line, "  __annotations__[") { "  pass" } else { line };
    let mut lines: Vec<&str> = text.lines().map(line).collect();
    lines.push("");
    lines.join("\n")
}
