//! Imports: the packages that are here, under any alias; the others give names that raise when they are used.

use super::Interpreter;
use super::environment::Env;
use super::object::Object;
use super::raised::{Outcome, Raised};
use super::{builtins, library, program};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Alias, StmtImportFrom};
use std::rc::Rc;

/// The packages that a network may use.
const KNOWN: &[&str] = &[
    "torch",
    "math",
    "functools",
    "collections",
    "itertools",
    "typing",
    "typing_extensions",
    "dataclasses",
    "copy",
    "abc",
    "numpy",
    "enum",
    "warnings",
    "logging",
    "__future__",
    "numbers",
    "operator",
    "types",
    "contextlib",
    "inspect",
    "random",
    "time",
    "string",
    "loguru",
    "torchtab",
    "heapq",
    "argparse",
    "ast",
    "re",
    "bisect",
    "os",
    "sys",
    library::host::PACKAGE,
];

/// Packages whose every name has no effect here.
pub const INERT: &[&str] = &[
    "typing",
    "typing_extensions",
    "warnings",
    "logging",
    "__future__",
    "numbers",
    "types",
    "collections.abc",
    "loguru",
];

fn is_known(module: &str) -> bool {
    KNOWN.contains(&module.split('.').next().unwrap_or_default())
}

impl Interpreter {
    /// `import a.b as c`.
    pub fn import(&mut self, env: &Rc<Env>, alias: &Alias) -> Outcome<()> {
        let module = alias.name.as_str();
        let root = module.split('.').next().unwrap_or_default();
        let (name, bound) = match &alias.asname {
            Some(name) => (name.id.clone(), module),
            None => (Name::new(root), root),
        };
        let object = if is_known(module) || self.offers(module) || self.is_scripted() && root == "__torch__" {
            self.package(bound)?
        } else {
            self.unknown_import(env, &name, &format!("No module named '{module}'"), alias)?
        };
        self.store(env, &name, object)
    }

    /// A package by its full name: its parts are looked up one in another.
    fn package(&mut self, module: &str) -> Outcome<Object> {
        let mut parts = module.split('.');
        let mut object = Object::Package(Rc::from(parts.next().unwrap_or_default()));
        for part in parts {
            object = match self.find_attribute(&object, part)? {
                Some(object) => object,
                None => return Err(Raised::module_not_found(format!("No module named '{module}'"))),
            };
        }
        Ok(object)
    }

    /// `from a.b import c as d`.
    pub fn import_from(&mut self, env: &Rc<Env>, statement: &StmtImportFrom) -> Outcome<()> {
        let module = statement.module.as_ref().map_or("", |m| m.as_str());
        if module == "__future__" {
            return Ok(());
        }
        let known = statement.level == 0 && is_known(module);
        let package = match known {
            true => Some(self.package(module)?),
            // torchvision.models is here, torchvision.transforms is not
            false if statement.level == 0 && self.offers(module) => self.package(module).ok(),
            false => None,
        };
        for alias in &statement.names {
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            if alias.name.as_str() == "*" {
                match &package {
                    Some(Object::Package(package)) => self.stars.push(package.clone()),
                    Some(_) => {}
                    None => self.unknown_stars.push((Rc::from(module), env.unit.line(alias.range.start()))),
                }
                continue;
            }
            let object = match &package {
                Some(package) => match self.find_attribute(package, &alias.name) {
                    Ok(Some(object)) => object,
                    Ok(None) if !known => {
                        let why = format!("{module}.{} is not here", alias.name);
                        self.unknown_import(env, &name.id, &why, alias)?
                    }
                    Ok(None) => {
                        let text = format!("cannot import name '{}' from '{module}'", alias.name);
                        return Err(Raised::import_error(text));
                    }
                    // a name of torch that is not done here: raises where it is used
                    Err(raised) => Object::Missing(Rc::from(format!(
                        "{} (from line {})",
                        refusal(&raised),
                        env.unit.line(alias.range.start())
                    ))),
                },
                None => {
                    let dots = ".".repeat(statement.level as usize);
                    self.unknown_import(env, &name.id, &format!("No module named '{dots}{module}'"), alias)?
                }
            };
            self.store(env, &name.id, object)?;
        }
        Ok(())
    }

    /// What a name that is not here holds; inside `try ... except ImportError` the import fails.
    fn unknown_import(&mut self, env: &Rc<Env>, name: &Name, why: &str, alias: &Alias) -> Outcome<Object> {
        if self.catching_imports {
            return Err(Raised::module_not_found(why));
        }
        // Files that were pasted one after another import from each other what is here already.
        let here = env.vars.0.borrow().get(name).cloned();
        if let Some(defined @ (Object::Class(_) | Object::Function(_))) = here {
            return Ok(defined);
        }
        let line = program::place(&env.unit, alias).0.line(alias.range.start());
        Ok(Object::Missing(Rc::from(format!(
            "name '{name}' comes from line {line}, which could not be evaluated: {why}"
        ))))
    }

    /// A name of a package.
    pub fn package_attribute(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        if name == "__name__" {
            return Ok(Some(Object::str(package)));
        }
        if package.starts_with("torch.ops") {
            return self.operator_name(package, name);
        }
        if let Some(found) = self.script_attribute(package, name)? {
            return Ok(found);
        }
        if let Some(object) = self.embedded(package, name)? {
            return Ok(Some(object));
        }
        if package == "torch" || package.starts_with("torch.") {
            return self.torch_name(package, name);
        }
        if let Some(object) = library::lookup(self, package, name)? {
            return Ok(Some(object));
        }
        if INERT.contains(&package) {
            return Ok(Some(Object::Inert(Rc::from(format!("{package}.{name}")))));
        }
        self.offered_attribute(package, name)
    }

    /// A name that a star import gives.
    pub fn starred(&mut self, name: &str) -> Outcome<Option<Object>> {
        for package in self.stars.clone().iter().rev() {
            match self.package_attribute(package, name) {
                // what a package is only said not to have here may be a builtin of Python's
                Err(_) if builtins::lookup(self, name).is_some() => {}
                Ok(None) => {}
                found => return found,
            }
        }
        Ok(None)
    }
}

fn refusal(raised: &Raised) -> String {
    match &raised.what {
        super::raised::What::Error(error) => format!("{} is not done here", error.message),
        _ => raised.text(),
    }
}
