//! Classes: the class statement, the method resolution order, `super`.

use super::environment::{Env, EnvKind};
use super::object::{Object, Shallow, Super};
use super::raised::{Outcome, Raised, What};
use super::scope::Scope;
use super::{Arguments, Interpreter};
use crate::error::Kind;
use crate::nn;
use indexmap::IndexMap;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Stmt, StmtClassDef};
use std::cell::RefCell;
use std::rc::Rc;

/// What stands behind a class.
#[derive(Clone, Copy, Debug)]
pub enum ClassKind {
    /// a class statement, or `dataclass`, `namedtuple`
    User,
    /// a builtin type, by its name in the class
    Builtin,
    /// a class of torch.nn
    Torch(&'static nn::module::Class),
    /// `torch.nn.Module` and abstract bases such as `_BatchNorm`
    Module,
}

/// A class.
#[derive(Debug)]
pub struct Class {
    /// `Net`
    pub name: Rc<str>,
    /// `Outer.Net`, and for torch's the qualified name
    pub qualname: String,
    /// what stands behind it
    pub kind: ClassKind,
    /// direct bases
    pub bases: Vec<Rc<Class>>,
    /// the method resolution order after the class itself
    pub ancestors: Vec<Rc<Class>>,
    /// the names of its body
    pub dict: Shallow<RefCell<IndexMap<String, Object>>>,
    /// the line of its statement
    pub line: Option<u32>,
}

impl Class {
    /// The method resolution order.
    pub fn lineage(&self) -> impl Iterator<Item = &Class> {
        std::iter::once(self).chain(self.ancestors.iter().map(|class| &**class))
    }

    /// An attribute of the class or its ancestors, as it stands in their bodies.
    pub fn lookup(&self, name: &str) -> Option<Object> {
        self.lineage().find_map(|class| class.dict.0.borrow().get(name).cloned())
    }

    /// Whether it is the other or inherits from it.
    pub fn inherits(&self, other: &Class) -> bool {
        self.lineage().any(|class| std::ptr::eq(class, other))
    }

    /// Whether it is or inherits from `nn.Module`.
    pub fn is_module(&self) -> bool {
        self.lineage().any(|class| matches!(class.kind, ClassKind::Module | ClassKind::Torch(_)))
    }

    /// The first class of torch.nn in its order.
    pub fn torch(&self) -> Option<&'static nn::module::Class> {
        self.lineage().find_map(|class| match class.kind {
            ClassKind::Torch(torch) => Some(torch),
            _ => None,
        })
    }
}

/// Marks a protocol: an object that has its names is an instance.
pub const PROTOCOL: &str = "_is_protocol";
/// The names that a class body annotates, in order: the fields of a dataclass.
const ANNOTATIONS: &str = "__annotations__";

impl Interpreter {
    /// A new class with its method resolution order.
    pub fn make_class(
        &mut self,
        name: &str,
        qualname: String,
        bases: Vec<Rc<Class>>,
        dict: IndexMap<String, Object>,
        line: Option<u32>,
    ) -> Outcome<Rc<Class>> {
        let bases = if bases.is_empty() { self.builtin_class("object").into_iter().collect() } else { bases };
        let ancestors = linearize(&bases).ok_or_else(|| {
            let names: Vec<&str> = bases.iter().map(|b| &*b.name).collect();
            Raised::type_error(format!(
                "Cannot create a consistent method resolution\norder (MRO) for bases {}",
                names.join(", ")
            ))
        })?;
        self.step(ancestors.len() as u64)?;
        let class = Rc::new(Class {
            name: Rc::from(name),
            qualname,
            kind: ClassKind::User,
            bases,
            ancestors,
            dict: Shallow(RefCell::new(dict)),
            line,
        });
        self.classes.push(class.clone());
        Ok(class)
    }

    /// `class Name(bases): body`.
    pub fn class_statement(&mut self, env: &Rc<Env>, def: &StmtClassDef) -> Outcome<Object> {
        let mut bases = Vec::new();
        let (mut named_tuple, mut protocol) = (false, false);
        if let Some(arguments) = &def.arguments {
            for base in self.eval_items(env, &arguments.args)? {
                match base {
                    Object::Class(class) => bases.push(class),
                    Object::Inert(name) if &*name == "typing.NamedTuple" => named_tuple = true,
                    Object::Inert(name) if name.ends_with(".Protocol") => protocol = true,
                    // Generic[T], Protocol, ABC and other hints add nothing
                    Object::Inert(_) => {}
                    Object::Missing(why) => return Err(Raised::missing(&why)),
                    other => {
                        let name = self.type_name(&other);
                        return Err(Raised::type_error(format!("'{name}' object cannot be a base class")));
                    }
                }
            }
        }
        let scope = Rc::new(Scope::of_body(&def.body));
        let mut body = env.inside(EnvKind::Class, scope, &def.name);
        body.class = Rc::default();
        let body = Rc::new(body);
        for statement in &def.body {
            let place = self.place.clone();
            if let Err(raised) = self.run(&body, std::slice::from_ref(statement)) {
                self.place = place;
                self.leave_out(&body, statement, raised)?;
            }
        }
        let names = body.vars.0.take();
        let dict: IndexMap<String, Object> = names.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        let mut dict = dict;
        if protocol {
            dict.insert(PROTOCOL.to_owned(), Object::Bool(true));
        }
        let line = env.unit.line(def.range.start());
        if named_tuple {
            return self.named_tuple_class(&def.name, dict);
        }
        let is_enum = bases.iter().any(|base| super::raised::is_named(base, "Enum"));
        let class = self.make_class(&def.name, body.qualname.clone(), bases, dict, Some(line))?;
        body.class.replace(Some(class.clone()));
        if is_enum {
            self.make_members(&class)?;
        }
        let inherited = class.ancestors.iter().find_map(|base| base.dict.0.borrow().get("__init_subclass__").cloned());
        if let Some(method) = inherited {
            let method = match method {
                Object::ClassMethod(function) | Object::Static(function) => (*function).clone(),
                other => other,
            };
            let mut arguments = Arguments::of(vec![Object::Class(class.clone())]);
            for keyword in def.arguments.iter().flat_map(|arguments| &arguments.keywords) {
                if let Some(name) = keyword.arg.as_ref().filter(|name| name.as_str() != "metaclass") {
                    arguments.keyword.push((Rc::from(name.as_str()), self.eval(env, &keyword.value)?));
                }
            }
            self.call_object(&method, arguments)?;
        }
        Ok(Object::Class(class))
    }

    /// A name of a class body that needs what is not here, `path = os.listdir('.')`, `@profile def run(self)`, does no harm while nothing asks
    /// for it; every other error is the class's own.
    fn leave_out(&mut self, body: &Rc<Env>, statement: &Stmt, raised: Box<Raised>) -> Outcome<()> {
        let binds =
            matches!(statement, Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_));
        let refused = matches!(&raised.what, What::Error(error) if error.kind == Kind::Unsupported);
        if !binds || !refused {
            return Err(raised);
        }
        let line = body.unit.line(ruff_text_size::Ranged::range(statement).start());
        let why = self.leave(raised).message;
        for name in Scope::of_body(std::slice::from_ref(statement)).locals {
            let text = format!("name '{name}' comes from line {line}, which could not be evaluated: {why}");
            body.define(&Name::new(&*name), Object::Missing(Rc::from(text)));
        }
        Ok(())
    }

    /// Notes an annotated name of a class body.
    pub fn annotate(&mut self, env: &Rc<Env>, name: &Name, annotation: &str) {
        let table = env.vars.0.borrow().get(ANNOTATIONS).cloned();
        let table = table.unwrap_or_else(|| {
            let table = Object::dict();
            env.define(&Name::new(ANNOTATIONS), table.clone());
            table
        });
        if let Object::Dict(dict) = table {
            let key = super::key::Key::Str(Rc::from(name.as_str()));
            dict.entries.0.borrow_mut().insert(key, (Object::str(name.as_str()), Object::str(annotation)));
        }
    }

    /// The annotated names of a class's own body.
    pub fn annotations(class: &Class) -> Vec<(Rc<str>, Rc<str>)> {
        match class.dict.0.borrow().get(ANNOTATIONS) {
            Some(Object::Dict(dict)) => dict
                .entries
                .0
                .borrow()
                .values()
                .filter_map(|entry| match entry {
                    (Object::Str(name), Object::Str(text)) => Some((name.clone(), text.clone())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// `super()` in a method.
    pub fn bare_super(&mut self, env: &Rc<Env>) -> Outcome<Object> {
        let Some(after) = env.class.borrow().clone() else {
            return Err(Raised::runtime_error("super(): __class__ cell not found"));
        };
        let receiver = env.receiver.borrow().clone();
        if matches!(receiver, Object::None) {
            return Err(Raised::runtime_error("super(): no arguments"));
        }
        self.super_of(after, receiver)
    }

    /// `super(after, receiver)`.
    pub fn super_of(&mut self, after: Rc<Class>, receiver: Object) -> Outcome<Object> {
        let class = match &receiver {
            Object::Class(class) if class.inherits(&after) => class.clone(),
            other => self.type_of(other),
        };
        if !class.inherits(&after) {
            return Err(Raised::type_error("super(type, obj): obj must be an instance or subtype of type"));
        }
        Ok(Object::Super(Rc::new(Super { after, class, receiver })))
    }
}

/// C3: the ancestors of a class with these bases, or `None` where there is no order.
fn linearize(bases: &[Rc<Class>]) -> Option<Vec<Rc<Class>>> {
    let mut lists: Vec<Vec<Rc<Class>>> = bases
        .iter()
        .map(|base| std::iter::once(base.clone()).chain(base.ancestors.iter().cloned()).collect())
        .collect();
    lists.push(bases.to_vec());
    let mut order: Vec<Rc<Class>> = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Some(order);
        }
        let next = lists.iter().filter_map(|list| list.first()).find(|candidate| {
            !lists.iter().any(|list| list.iter().skip(1).any(|other| Rc::ptr_eq(other, candidate)))
        })?;
        let next = next.clone();
        for list in &mut lists {
            if list.first().is_some_and(|first| Rc::ptr_eq(first, &next)) {
                list.remove(0);
            }
        }
        order.push(next);
    }
}
