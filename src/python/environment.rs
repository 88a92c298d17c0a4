//! Where names live: the module, a class body, a function call, a comprehension.

use super::class::Class;
use super::object::{Object, Shallow};
use super::program::Unit;
use super::raised::{Outcome, Raised};
use super::scope::Scope;
use super::{Interpreter, builtins};
use indexmap::IndexMap;
use ruff_python_ast::name::Name;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// What kind of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvKind {
    /// a source file
    Module,
    /// a class body: its names are not seen by functions inside
    Class,
    /// a call
    Function,
    /// a comprehension: a walrus inside binds outside
    Comprehension,
}

/// One scope at run time.
#[derive(Debug)]
pub struct Env {
    /// its kind
    pub kind: EnvKind,
    /// the source
    pub unit: Rc<Unit>,
    /// the names that it binds
    pub scope: Rc<Scope>,
    /// the names bound so far
    pub vars: Shallow<RefCell<IndexMap<Name, Object>>>,
    /// the enclosing function's, class's or comprehension's
    pub parent: Option<Rc<Env>>,
    /// the module's; `None` in the module itself
    pub globals: Option<Rc<Env>>,
    /// the class in whose body the code stands, for `super()`
    pub class: Rc<RefCell<Option<Rc<Class>>>>,
    /// the first argument of the call, for `super()`
    pub receiver: RefCell<Object>,
    /// what a generator has yielded
    pub yields: RefCell<Vec<Object>>,
    /// `Net.forward`, for texts
    pub qualname: String,
    /// the exception being handled, for a bare `raise`
    pub handled: RefCell<Vec<super::raised::Raised>>,
}

impl Env {
    /// A module's.
    pub fn module(unit: Rc<Unit>, scope: Rc<Scope>) -> Rc<Self> {
        Rc::new(Self {
            kind: EnvKind::Module,
            unit,
            scope,
            vars: Shallow::default(),
            parent: None,
            globals: None,
            class: Rc::default(),
            receiver: RefCell::default(),
            yields: RefCell::default(),
            qualname: String::new(),
            handled: RefCell::default(),
        })
    }

    /// A scope inside this one.
    pub fn inside(self: &Rc<Self>, kind: EnvKind, scope: Rc<Scope>, name: &str) -> Self {
        let qualname = match (self.kind, self.qualname.as_str()) {
            (EnvKind::Function, around) if !around.is_empty() => format!("{around}.<locals>.{name}"),
            (_, "") => name.to_owned(),
            (EnvKind::Comprehension, around) => around.to_owned(),
            (_, around) => format!("{around}.{name}"),
        };
        Self {
            kind,
            unit: self.unit.clone(),
            scope,
            vars: Shallow::default(),
            parent: Some(self.clone()),
            globals: Some(self.globals()),
            class: self.class.clone(),
            receiver: RefCell::new(if kind == EnvKind::Comprehension {
                self.receiver.borrow().clone()
            } else {
                Object::None
            }),
            yields: RefCell::default(),
            qualname,
            handled: RefCell::default(),
        }
    }

    /// The module's scope.
    pub fn globals(self: &Rc<Self>) -> Rc<Self> {
        self.globals.clone().unwrap_or_else(|| self.clone())
    }

    /// Binds a name here, whatever declarations say.
    pub fn define(&self, name: &Name, value: Object) {
        self.vars.0.borrow_mut().insert(name.clone(), value);
    }

    fn get(&self, name: &str) -> Option<Object> {
        self.vars.0.borrow().get(name).cloned()
    }

    /// The enclosing scope that binds a free name: classes are skipped.
    fn owner(&self, name: &str) -> Option<Rc<Self>> {
        let mut next = self.parent.clone();
        while let Some(env) = next {
            let visible = matches!(env.kind, EnvKind::Function | EnvKind::Comprehension);
            if visible && env.scope.locals.contains(name) {
                return Some(env);
            }
            next = env.parent.clone();
        }
        None
    }
}

/// Scopes that outlive their calls: a function defined in one holds it, and it holds the function, so that neither would ever go.
#[derive(Debug, Default)]
pub struct Outliving {
    scopes: Vec<Weak<Env>>,
    /// scopes that may be watched before those that are gone are forgotten
    room: usize,
}

impl Outliving {
    /// Watches a scope whose call has ended, where something still holds it.
    pub fn watch(&mut self, env: &Rc<Env>) {
        if Rc::strong_count(env) == 1 {
            return;
        }
        if self.scopes.len() >= self.room {
            self.scopes.retain(|scope| scope.strong_count() > 0);
            self.room = 64.max(2 * self.scopes.len());
        }
        self.scopes.push(Rc::downgrade(env));
    }

    /// Those that are still there.
    pub fn scopes(&self) -> impl Iterator<Item = Rc<Env>> {
        self.scopes.iter().filter_map(Weak::upgrade)
    }
}

impl Interpreter {
    /// The value of a name.
    pub fn load(&mut self, env: &Rc<Env>, name: &str) -> Outcome<Object> {
        let found = match self.find(env, name)? {
            Some(object) => object,
            None => return Err(Raised::name_error(format!("name '{name}' is not defined"))),
        };
        Ok(found)
    }

    fn find(&mut self, env: &Rc<Env>, name: &str) -> Outcome<Option<Object>> {
        if !env.scope.globals.contains(name) {
            let own = env.scope.locals.contains(name);
            if own && let Some(object) = env.get(name) {
                return Ok(Some(object));
            }
            if own && matches!(env.kind, EnvKind::Function | EnvKind::Comprehension) {
                return Err(Raised::unbound_local(format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                )));
            }
            if let Some(owner) = env.owner(name) {
                return match owner.get(name) {
                    Some(object) => Ok(Some(object)),
                    None => Err(Raised::name_error(format!(
                        "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
                    ))),
                };
            }
        }
        let globals = env.globals();
        let offered = self.is_offered(&globals);
        if !offered {
            self.demand(&globals, name);
        }
        if let Some(object) = globals.get(name) {
            return Ok(Some(object));
        }
        if !offered && let Some(object) = self.starred(name)? {
            return Ok(Some(object));
        }
        if let Some(object) = builtins::lookup(self, name) {
            return Ok(Some(object));
        }
        if let Some((package, line)) = self.unknown_stars.first() {
            return Err(Raised::missing(&format!(
                "name '{name}' may come from line {line} (from {package} import *), which could not be evaluated: No module named '{package}'"
            )));
        }
        // in an expression of the page's, what every network file imports
        Ok(match name {
            "__name__" => Some(Object::str("model")),
            "__file__" => Some(Object::str("model.py")),
            "torch" if env.unit.filename == "construct" => Some(Object::Package(Rc::from("torch"))),
            "nn" if env.unit.filename == "construct" => Some(Object::Package(Rc::from("torch.nn"))),
            "F" if env.unit.filename == "construct" => Some(Object::Package(Rc::from("torch.nn.functional"))),
            "SimpleNamespace" if env.unit.filename == "construct" => Some(Object::Class(self.namespace_class()?)),
            _ => None,
        })
    }

    /// `name = value`.
    pub fn store(&mut self, env: &Rc<Env>, name: &Name, value: Object) -> Outcome<()> {
        if env.kind == EnvKind::Comprehension && !env.scope.locals.contains(name.as_str()) {
            // a walrus: the target belongs to the function around
            if let Some(parent) = &env.parent {
                return self.store(&parent.clone(), name, value);
            }
        }
        if env.scope.globals.contains(name.as_str()) {
            env.globals().define(name, value);
        } else if env.scope.nonlocals.contains(name.as_str()) {
            match env.owner(name) {
                Some(owner) => owner.define(name, value),
                None => return Err(Raised::syntax_error(format!("no binding for nonlocal '{name}' found"))),
            }
        } else {
            env.define(name, value);
        }
        Ok(())
    }

    /// `del name`.
    pub fn delete(&mut self, env: &Rc<Env>, name: &str) -> Outcome<()> {
        let owner = if env.scope.globals.contains(name) {
            env.globals()
        } else if env.scope.nonlocals.contains(name) {
            env.owner(name).unwrap_or_else(|| env.clone())
        } else {
            env.clone()
        };
        let removed = owner.vars.0.borrow_mut().shift_remove(name);
        match removed {
            Some(_) => Ok(()),
            None if env.kind == EnvKind::Function => Err(Raised::unbound_local(format!(
                "cannot access local variable '{name}' where it is not associated with a value"
            ))),
            None => Err(Raised::name_error(format!("name '{name}' is not defined"))),
        }
    }
}
