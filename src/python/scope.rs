//! Which names a function binds: those that it assigns are local in all of its body, as Python decides before it runs.

use indexmap::IndexSet;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{Alias, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt};
use std::collections::HashSet;

/// The names of one function, class or module body.
#[derive(Debug, Default)]
pub struct Scope {
    /// bound here
    pub locals: IndexSet<Box<str>>,
    /// declared `global`
    pub globals: HashSet<Box<str>>,
    /// declared `nonlocal`
    pub nonlocals: HashSet<Box<str>>,
    /// the body yields
    pub generator: bool,
}

impl Scope {
    /// Of a `def`.
    pub fn of_function(parameters: &Parameters, body: &[Stmt]) -> Self {
        let mut scope = Self::of_body(body);
        scope.add_parameters(parameters);
        scope
    }

    /// Of a `lambda`.
    pub fn of_lambda(parameters: &Parameters, body: &Expr) -> Self {
        let mut scope = Self::default();
        scope.visit_expr(body);
        scope.add_parameters(parameters);
        scope
    }

    /// Of the body of a class or a module.
    pub fn of_body(body: &[Stmt]) -> Self {
        let mut scope = Self::default();
        for statement in body {
            scope.visit_stmt(statement);
        }
        let Self { locals, globals, nonlocals, .. } = &mut scope;
        locals.retain(|name| !globals.contains(name) && !nonlocals.contains(name));
        scope
    }

    /// Of a comprehension, from its targets.
    pub fn of_targets<'a>(targets: impl Iterator<Item = &'a Expr>) -> Self {
        let mut scope = Self::default();
        for target in targets {
            scope.visit_expr(target);
        }
        scope
    }

    fn add_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            self.bind(parameter.name().as_str());
        }
    }

    fn bind(&mut self, name: &str) {
        self.locals.insert(name.into());
    }
}

impl<'a> Visitor<'a> for Scope {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // their bodies are scopes of their own; decorators, defaults and bases are evaluated here
            Stmt::FunctionDef(def) => {
                self.bind(&def.name);
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                for parameter in def.parameters.iter_non_variadic_params() {
                    if let Some(default) = &parameter.default {
                        self.visit_expr(default);
                    }
                }
            }
            Stmt::ClassDef(def) => {
                self.bind(&def.name);
                if let Some(arguments) = &def.arguments {
                    for base in &arguments.args {
                        self.visit_expr(base);
                    }
                }
            }
            Stmt::Global(global) => self.globals.extend(global.names.iter().map(|n| n.as_str().into())),
            Stmt::Nonlocal(nonlocal) => self.nonlocals.extend(nonlocal.names.iter().map(|n| n.as_str().into())),
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => self.bind(&name.id),
            Expr::Lambda(_) => {}
            // only a walrus inside a comprehension binds out here
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                let mut walrus = Walrus(self);
                walk_expr(&mut walrus, expression);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.generator = true;
                walk_expr(self, expression);
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name);
        }
        ruff_python_ast::visitor::walk_except_handler(self, handler);
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        match &alias.asname {
            Some(name) => self.bind(name),
            None => self.bind(alias.name.split('.').next().unwrap_or_default()),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchAs(inner) => inner.name.iter().for_each(|n| self.bind(n)),
            Pattern::MatchStar(inner) => inner.name.iter().for_each(|n| self.bind(n)),
            Pattern::MatchMapping(inner) => inner.rest.iter().for_each(|n| self.bind(n)),
            _ => {}
        }
        walk_pattern(self, pattern);
    }
}

/// Finds `name := value` inside a comprehension.
struct Walrus<'s>(&'s mut Scope);

impl<'a> Visitor<'a> for Walrus<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Named(named) => {
                if let Expr::Name(name) = &*named.target {
                    self.0.bind(&name.id);
                }
                self.visit_expr(&named.value);
            }
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expression),
        }
    }
}
