//! Modules of Python source that the host offers for import, beside the packages that are written in Rust.
//!
//! Such a module is evaluated when a name of it is first asked for, once, in a namespace of its own. There are as many as the host
//! lists; nothing is looked up anywhere else.

use super::class::Class;
use super::environment::Env;
use super::object::Object;
use super::program::{Program, Unit};
use super::raised::Outcome;
use super::scope::Scope;
use super::{Arguments, Interpreter};
use crate::error::{Error, Result};
use crate::nn::module;
use crate::nn::value::{ModuleId, Value};
use std::rc::Rc;

/// A module that may be imported.
#[derive(Clone, Copy, Debug)]
pub struct SourceModule {
    /// its name in imports, and for locations
    pub name: &'static str,
    /// other names that give the same module: `torchvision.models.resnet`
    pub aliases: &'static [&'static str],
    /// names that the packages around it give too: `torchvision.models.resnet18`
    pub exports: &'static [&'static str],
    /// the source
    pub text: &'static str,
}

impl SourceModule {
    fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Its name and its aliases.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// `a.b` of `a.b.c`.
fn parent(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Whether `name` lies inside `package`.
fn inside(name: &str, package: &str) -> bool {
    name.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'))
}

/// Functions of torch that are written in Python.
const COMPOSED: &str = concat!(
    include_str!("composed/functions.py"),
    "\n\n",
    include_str!("composed/numbers.py"),
    "\n\n",
    include_str!("composed/complex.py"),
    "\n\n",
    include_str!("composed/spectral.py"),
    "\n\n",
    include_str!("composed/matrices.py"),
    "\n\n",
    include_str!("composed/modules.py"),
);

/// The names of torch's functions that are written in Python.
pub fn composed_names() -> impl Iterator<Item = &'static str> {
    let head = |line: &'static str| line.strip_prefix("def ").or_else(|| line.strip_prefix("class "));
    let names = COMPOSED.lines().filter_map(move |line| head(line)?.split(['(', ':']).next());
    names.filter(|name| !name.starts_with('_'))
}

impl Interpreter {
    /// A function of torch that is written in terms of its others.
    pub(super) fn composed(&mut self, name: &str) -> Outcome<Option<Object>> {
        let defined = ["\ndef NAME(", "\nclass NAME(", "\nNAME = "].map(|text| text.replace("NAME", name));
        if !defined.iter().any(|text| COMPOSED.contains(text)) {
            return Ok(None);
        }
        let env = match &self.composed {
            Some(env) => env.clone(),
            None => self.evaluated(COMPOSED, "torch", |me, env| me.composed = Some(env))?,
        };
        Ok(env.vars.0.borrow().get(name).cloned())
    }

    /// Whether a name is one of the host's modules or of the packages around them.
    pub fn offers(&self, name: &str) -> bool {
        let root = name.split('.').next().unwrap_or(name);
        self.offered.iter().flat_map(SourceModule::names).any(|known| known == root || inside(known, root))
    }

    /// A name of an offered module, or of a package around some.
    pub(super) fn offered_attribute(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        for at in (0..self.offered.len()).filter(|at| self.offered.get(*at).is_some_and(|module| module.is(package))) {
            let env = self.offered_module(at)?;
            let found = env.vars.0.borrow().get(name).cloned();
            if found.is_some() {
                return Ok(found);
            }
            // a module's own `__getattr__` gives the names that it does not spell out
            let others = env.vars.0.borrow().get("__getattr__").cloned();
            if let Some(others) = others {
                match self.call_object(&others, Arguments::of(vec![Object::str(name)])) {
                    Err(raised) if raised.class_name() == Some("AttributeError") => {}
                    found => return found.map(Some),
                }
            }
        }
        let full = format!("{package}.{name}");
        if self.offered.iter().flat_map(SourceModule::names).any(|known| known == full || inside(known, &full)) {
            return Ok(Some(Object::Package(Rc::from(full))));
        }
        let exporting = self.offered.iter().position(|module| {
            module.exports.contains(&name) && module.aliases.iter().any(|alias| parent(alias) == package)
        });
        match exporting {
            Some(at) => {
                let env = self.offered_module(at)?;
                Ok(env.vars.0.borrow().get(name).cloned())
            }
            None => Ok(None),
        }
    }

    /// Whether a namespace is an offered module's: star imports of the user's source do not reach into it.
    pub(super) fn is_offered(&self, env: &Rc<Env>) -> bool {
        let own = self.composed.iter().chain(self.embedded.iter().map(|(.., module)| module));
        self.imported.iter().map(|(_, module)| module).chain(own).any(|module| Rc::ptr_eq(module, env))
            || self.is_script(env)
    }

    /// Whether a source is an offered module's, or torch's own that is written in Python.
    pub(super) fn is_packaged(&self, unit: &Rc<Unit>) -> bool {
        let own = self.composed.iter().chain(self.embedded.iter().map(|(.., module)| module));
        self.imported.iter().map(|(_, module)| module).chain(own).any(|module| Rc::ptr_eq(&module.unit, unit))
            || self.is_dialect(unit)
    }

    /// Whether a class of nn.Module's was imported, rather than written in the source.
    pub(super) fn is_imported(&self, class: &Rc<Class>) -> bool {
        class.is_module() && self.imported.iter().any(|(_, module)| {
            matches!(module.vars.0.borrow().get(&*class.name), Some(Object::Class(other)) if Rc::ptr_eq(other, class))
        })
    }

    /// The namespace of an offered module, evaluated at the first call.
    fn offered_module(&mut self, at: usize) -> Outcome<Rc<Env>> {
        if let Some((_, env)) = self.imported.iter().find(|(known, _)| *known == at) {
            return Ok(env.clone());
        }
        let Some(source) = self.offered.get(at) else {
            return Err(Error::mismatch("no such module").into());
        };
        self.evaluated(source.text, source.name, |me, env| me.imported.push((at, env)))
    }

    /// The namespace of a module's source. `keep` gets it before it runs, so that modules which import each other end.
    pub(super) fn evaluated(
        &mut self,
        text: &str,
        name: &str,
        keep: impl FnOnce(&mut Self, Rc<Env>),
    ) -> Outcome<Rc<Env>> {
        let program = Program::parse(text, &format!("{name}.py"))?;
        let env = Env::module(program.unit.clone(), Rc::new(Scope::of_body(&program.module.body)));
        keep(self, env.clone());
        let place = self.place.take();
        let result = self.run(&env, &program.module.body);
        self.place = place;
        result?;
        Ok(env)
    }

    /// A module of an offered class without its `__init__`, by its qualified name; `None` where nothing of that name is offered.
    pub fn instantiate_offered(&mut self, class: &str) -> Result<Option<ModuleId>> {
        let name = class.rsplit('.').next().unwrap_or(class);
        let found = self.offered_attribute(parent(class), name);
        match found.map_err(|raised| self.leave(raised))? {
            Some(Object::Class(class)) if class.is_module() => {
                let id = self.allocate_module(&class);
                self.initialised.insert(id);
                Ok(Some(id))
            }
            _ => Ok(None),
        }
    }

    /// A class or function by the qualified name that a pickle gives: torch.nn's, the source's own, or an offered one.
    pub fn global(&mut self, qualified: &str) -> Option<Value> {
        let name = qualified.rsplit('.').next().unwrap_or(qualified);
        let object = match module::class(qualified) {
            Some(class) => Object::Class(self.torch_class(class)),
            None => {
                let own = self.globals.vars.0.borrow().get(name).cloned();
                let own = own.filter(|object| matches!(object, Object::Class(_) | Object::Function(_)));
                match own {
                    Some(object) => object,
                    None => self.offered_attribute(parent(qualified), name).ok()??,
                }
            }
        };
        self.value_of(&object).ok()
    }
}
