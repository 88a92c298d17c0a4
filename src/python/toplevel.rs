//! The module level of a source: imports, classes, functions and constants in order, everything else when a name asks for it.
//!
//! A file holds more than a network: argparse, data sets, training loops. A statement that calls something waits until the network
//! uses a name that it binds; one that fails makes the names that it would bind raise where they are used.

use super::Interpreter;
use super::environment::Env;
use super::object::Object;
use super::raised::Outcome;
use super::scope::Scope;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ModModule, Stmt};
use std::collections::HashMap;
use std::rc::Rc;

/// Statements that wait, by the names that they bind or change.
#[derive(Debug, Default)]
pub struct Waiting {
    module: Option<Rc<ModModule>>,
    by_name: HashMap<Box<str>, Vec<usize>>,
    /// statements before this one have been passed
    reached: usize,
    done: Vec<bool>,
}

impl Interpreter {
    /// Evaluates a module level.
    pub fn run_module_level(&mut self, env: &Rc<Env>, module: &Rc<ModModule>) {
        let mut waiting =
            Waiting { module: Some(module.clone()), done: vec![false; module.body.len()], ..Waiting::default() };
        for (at, statement) in module.body.iter().enumerate() {
            if !is_eager(statement) {
                for name in changes(statement) {
                    waiting.by_name.entry(name).or_default().push(at);
                }
            }
        }
        self.waiting = waiting;
        for (at, statement) in module.body.iter().enumerate() {
            self.waiting.reached = at;
            if is_eager(statement) {
                self.run_lenient(env, statement);
            }
        }
        self.waiting.reached = module.body.len();
    }

    /// Runs the statements that wait for a name.
    pub fn demand(&mut self, env: &Rc<Env>, name: &str) {
        let Some(statements) = self.waiting.by_name.get(name) else { return };
        let reached = self.waiting.reached;
        let (ready, later): (Vec<usize>, Vec<usize>) = statements.iter().partition(|at| **at < reached);
        if ready.is_empty() {
            return;
        }
        if later.is_empty() {
            self.waiting.by_name.remove(name);
        } else {
            self.waiting.by_name.insert(name.into(), later);
        }
        let Some(module) = self.waiting.module.clone() else { return };
        for at in ready {
            let Some(done) = self.waiting.done.get_mut(at) else { continue };
            if !std::mem::replace(done, true)
                && let Some(statement) = module.body.get(at)
            {
                self.run_lenient(env, statement);
            }
        }
    }

    /// Runs a statement; if it fails, the names that it binds say so where they are used.
    fn run_lenient(&mut self, env: &Rc<Env>, statement: &Stmt) {
        let place = self.place.take();
        let result: Outcome<_> = self.execute(env, statement);
        self.place = place;
        let Err(raised) = result else { return };
        let line = raised.place.as_ref().map_or_else(
            || env.unit.line(ruff_text_size::Ranged::range(statement).start()),
            |(unit, range)| unit.line(range.start()),
        );
        let error = self.leave(raised);
        let why = error
            .message
            .strip_prefix("name '")
            .filter(|_| error.code == "unknown_name")
            .map(|_| error.message.clone());
        for name in Scope::of_body(std::slice::from_ref(statement)).locals {
            let text = match &why {
                Some(why) => why.clone(),
                None => {
                    format!("name '{name}' comes from line {line}, which could not be evaluated: {}", error.message)
                }
            };
            env.define(&Name::new(&*name), Object::Missing(Rc::from(text)));
        }
    }
}

/// Imports, definitions and constants; blocks that hold such.
fn is_eager(statement: &Stmt) -> bool {
    match statement {
        Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::Pass(_) => true,
        Stmt::Assign(inner) => {
            !calls(&inner.value) && inner.targets.iter().all(|t| matches!(t, Expr::Name(_) | Expr::Tuple(_)))
        }
        Stmt::AnnAssign(inner) => inner.value.as_ref().is_none_or(|value| !calls(value)),
        Stmt::Expr(inner) => inner.value.is_string_literal_expr() || sets_default(&inner.value),
        Stmt::If(_) | Stmt::Try(_) => {
            let mut finder = Definitions(false);
            finder.visit_stmt(statement);
            finder.0
        }
        _ => false,
    }
}

/// `torch.set_default_dtype(torch.float64)`: nothing asks for it by name, and all that comes after depends on it.
fn sets_default(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    let name = match &*call.func {
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Name(name) => name.id.as_str(),
        _ => return false,
    };
    matches!(name, "set_default_dtype" | "set_default_tensor_type")
}

/// Finds an import, class or function inside a block.
struct Definitions(bool);

impl<'a> Visitor<'a> for Definitions {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_) => self.0 = true,
            _ => walk_stmt(self, statement),
        }
    }
}

/// Finds a call.
struct Calls(bool);

impl<'a> Visitor<'a> for Calls {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(_) => self.0 = true,
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expression),
        }
    }
}

fn calls(expression: &Expr) -> bool {
    let mut finder = Calls(false);
    finder.visit_expr(expression);
    finder.0
}

/// The names that a statement binds, or whose objects it changes: `x` of `x.append(1)` and `x[0] = 1`.
fn changes(statement: &Stmt) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = Scope::of_body(std::slice::from_ref(statement)).locals.into_iter().collect();
    names.sort();
    let mut root = |expression: &Expr| {
        let mut inner = expression;
        loop {
            inner = match inner {
                Expr::Attribute(attribute) => &attribute.value,
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Call(call) => &call.func,
                Expr::Name(name) => return names.push(name.id.as_str().into()),
                _ => return,
            };
        }
    };
    match statement {
        Stmt::Expr(inner) if inner.value.is_call_expr() => root(&inner.value),
        Stmt::Assign(inner) => inner.targets.iter().filter(|t| !t.is_name_expr()).for_each(root),
        Stmt::AugAssign(inner) => root(&inner.target),
        _ => {}
    }
    names
}
