//! An index of a source: its classes and functions, the calls that construct something, constants by name, argparse's defaults.
//!
//! It reads syntax and evaluates nothing.

use super::uses::{self, Use};
use crate::python::program::Program;
use indexmap::{IndexMap, IndexSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, ExprContext, Parameters, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Base classes of base classes.
const MAX_BASES: usize = 20;
/// Names of constants in constants.
const MAX_SUBSTITUTIONS: usize = 6;

/// How a call passes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// by position, or by name
    Positional,
    /// by name alone
    Keyword,
    /// one of `*args`
    Star,
}

/// A parameter of a constructor.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// its name
    pub name: String,
    /// its annotation's source
    pub annotation: Option<String>,
    /// its default's source
    pub default: Option<String>,
    /// how it is passed
    pub passing: Passing,
    /// what the body does with it
    pub uses: Use,
}

/// What stands where in a source.
pub struct Book<'a> {
    program: &'a Program,
    /// classes, by name
    pub classes: IndexMap<&'a str, &'a StmtClassDef>,
    /// functions of the module level, by name
    pub functions: IndexMap<&'a str, &'a StmtFunctionDef>,
    /// calls outside classes, in the source's order
    calls: Vec<&'a ExprCall>,
    /// what names outside classes are assigned
    assigned: HashMap<&'a str, Vec<&'a Expr>>,
    /// `add_argument("--name", default=...)`
    options: HashMap<String, &'a Expr>,
    /// attributes that are read outside constructors
    read: HashSet<&'a str>,
    /// for each class and function the names in its body
    names: HashMap<&'a str, HashSet<&'a str>>,
    known: RefCell<HashMap<TextRange, Rc<IndexMap<String, Use>>>>,
}

impl<'a> Book<'a> {
    /// Reads a program.
    pub fn new(program: &'a Program) -> Self {
        let mut book = Self {
            program,
            classes: IndexMap::new(),
            functions: IndexMap::new(),
            calls: Vec::new(),
            assigned: HashMap::new(),
            options: HashMap::new(),
            read: HashSet::new(),
            names: HashMap::new(),
            known: RefCell::default(),
        };
        book.block(&program.module.body);
        book
    }

    /// Definitions of a module level, and of the blocks in it.
    fn block(&mut self, body: &'a [Stmt]) {
        for statement in body {
            match statement {
                Stmt::ClassDef(class) => {
                    self.classes.insert(class.name.as_str(), class);
                    self.names.insert(class.name.as_str(), names(&class.body, class.arguments.as_deref()));
                    for part in &class.body {
                        let constructor = matches!(part, Stmt::FunctionDef(def) if def.name.as_str() == "__init__");
                        if !constructor {
                            Reads(&mut self.read).visit_stmt(part);
                        }
                    }
                }
                Stmt::FunctionDef(def) => {
                    self.functions.insert(def.name.as_str(), def);
                    self.names.insert(def.name.as_str(), names(&def.body, None));
                    Outside(self).visit_stmt(statement);
                    Reads(&mut self.read).visit_stmt(statement);
                }
                Stmt::If(inner) => {
                    self.block(&inner.body);
                    inner.elif_else_clauses.iter().for_each(|clause| self.block(&clause.body));
                }
                Stmt::Try(inner) => {
                    self.block(&inner.body);
                    self.block(&inner.orelse);
                    self.block(&inner.finalbody);
                }
                _ => Outside(self).visit_stmt(statement),
            }
        }
    }

    /// The text of a node.
    pub fn text(&self, node: &impl Ranged) -> &'a str {
        self.program.unit.text.get(std::ops::Range::<usize>::from(node.range())).unwrap_or_default()
    }

    /// The line of a node, from 1.
    pub fn line(&self, node: &impl Ranged) -> u32 {
        self.program.unit.line(node.range().start())
    }

    /// Whether a method outside constructors, or a function, reads an attribute of this name.
    pub fn reads(&self, attribute: &str) -> bool {
        self.read.contains(attribute)
    }

    /// Whether the class or function `user` names `name`.
    pub fn names(&self, user: &str, name: &str) -> bool {
        self.names.get(user).is_some_and(|names| names.contains(name))
    }

    /// Whether it is a function, or a class with a constructor of its own.
    pub fn constructs(&self, name: &str) -> bool {
        let own = |class: &&StmtClassDef| {
            class.body.iter().filter_map(Stmt::as_function_def_stmt).any(|def| def.name.as_str() == "__init__")
        };
        self.functions.contains_key(name) || self.classes.get(name).is_some_and(own)
    }

    /// The source classes that a class inherits from directly.
    pub fn bases(&self, class: &StmtClassDef) -> Vec<&'a StmtClassDef> {
        let bases = class.arguments.as_deref().map_or(&[][..], |a| &a.args);
        bases.iter().filter_map(|b| self.classes.get(b.as_name_expr()?.id.as_str()).copied()).collect()
    }

    /// A method of a class, or of the first class above that has it, with the class that has it.
    pub fn method(&self, class: &'a StmtClassDef, name: &str) -> Option<(&'a StmtClassDef, &'a StmtFunctionDef)> {
        let mut pending = vec![class];
        for _ in 0..MAX_BASES {
            let class = pending.pop()?;
            let found =
                class.body.iter().find_map(|s| s.as_function_def_stmt().filter(|def| def.name.as_str() == name));
            if let Some(def) = found {
                return Some((class, def));
            }
            pending.extend(self.bases(class).into_iter().rev());
        }
        None
    }

    /// The parameters of a class's constructor, or of a function; `None` where the source does not hold it.
    pub fn parameters(&self, callee: &str) -> Option<Vec<Parameter>> {
        if let Some(def) = self.functions.get(callee) {
            return Some(self.of_function(def, None));
        }
        let class = *self.classes.get(callee)?;
        match self.method(class, "__init__") {
            Some((owner, def)) => Some(self.of_function(def, Some(owner))),
            None => self.fields(class, 0),
        }
    }

    fn of_function(&self, def: &'a StmtFunctionDef, class: Option<&'a StmtClassDef>) -> Vec<Parameter> {
        let uses = self.uses(def, class, 0);
        let Parameters { posonlyargs, args, kwonlyargs, vararg, kwarg, .. } = &*def.parameters;
        let used = |name: &str| uses.get(name).cloned().unwrap_or_default();
        let plain = posonlyargs.iter().chain(args).skip(usize::from(class.is_some())).map(|p| (p, Passing::Positional));
        let made = plain.chain(kwonlyargs.iter().map(|p| (p, Passing::Keyword))).map(|(p, passing)| Parameter {
            name: p.parameter.name.to_string(),
            annotation: p.parameter.annotation.as_deref().map(|a| self.text(a).to_owned()),
            default: p.default.as_deref().map(|d| self.text(d).to_owned()),
            passing,
            uses: used(&p.parameter.name),
        });
        let mut all: Vec<Parameter> = made.collect();
        if let Some(rest) = vararg.as_ref().filter(|rest| used(&rest.name).listed) {
            let at = all.iter().position(|p| p.passing == Passing::Keyword).unwrap_or(all.len());
            let annotation = rest.annotation.as_deref().map(|a| format!("List[{}]", self.text(a)));
            let uses = used(&rest.name);
            let name = rest.name.to_string();
            all.insert(at, Parameter { name, annotation, default: None, passing: Passing::Star, uses });
        }
        // `kwargs.get("width", 8)`, `kwargs["width"]`
        for (name, uses) in kwarg.as_ref().map(|rest| used(&rest.name).entries).unwrap_or_default() {
            let default = uses.default.clone();
            all.push(Parameter { name, annotation: None, default, passing: Passing::Keyword, uses });
        }
        all
    }

    /// The fields of a dataclass, its ancestors' first.
    fn fields(&self, class: &'a StmtClassDef, depth: usize) -> Option<Vec<Parameter>> {
        let decorated = class.decorator_list.iter().any(|d| self.text(&d.expression).contains("dataclass"));
        if !decorated || depth > MAX_BASES {
            return None;
        }
        let mut all: IndexMap<String, Parameter> = IndexMap::new();
        for base in self.bases(class) {
            all.extend(self.fields(base, depth + 1).unwrap_or_default().into_iter().map(|p| (p.name.clone(), p)));
        }
        for statement in &class.body {
            let Stmt::AnnAssign(field) = statement else { continue };
            let Expr::Name(name) = &*field.target else { continue };
            let name = name.id.to_string();
            let parameter = Parameter {
                name: name.clone(),
                annotation: Some(self.text(&*field.annotation).to_owned()),
                default: field.value.as_deref().map(|v| self.text(v).to_owned()),
                passing: Passing::Positional,
                uses: Use::default(),
            };
            all.insert(name, parameter);
        }
        Some(all.into_values().collect())
    }

    /// What a function does with its parameters, worked out once.
    pub fn uses(
        &self,
        def: &'a StmtFunctionDef,
        class: Option<&'a StmtClassDef>,
        depth: usize,
    ) -> Rc<IndexMap<String, Use>> {
        if let Some(known) = self.known.borrow().get(&def.range) {
            return known.clone();
        }
        // A function that calls itself finds nothing more about its parameters in itself.
        self.known.borrow_mut().insert(def.range, Rc::default());
        let found = Rc::new(uses::read(self, def, class, depth));
        self.known.borrow_mut().insert(def.range, found.clone());
        found
    }

    /// Calls of `callee` that stand outside classes, the last first: what a script's author constructs.
    pub fn calls<'b>(&'b self, callee: &'b str) -> impl Iterator<Item = &'a ExprCall> + 'b {
        let named = move |call: &&&'a ExprCall| match &*call.func {
            Expr::Name(name) => name.id == callee,
            Expr::Attribute(attribute) => attribute.attr.as_str() == callee,
            _ => false,
        };
        self.calls.iter().rev().filter(named).copied()
    }

    /// The source of an expression in which names that the module level may not know, and argparse's options, stand with the values that
    /// the source gives them.
    pub fn resolved(&self, expression: &'a Expr) -> String {
        self.substitute(expression, 0)
    }

    fn substitute(&self, expression: &'a Expr, depth: usize) -> String {
        let mut finder = Replaceable { book: self, found: Vec::new() };
        if depth < MAX_SUBSTITUTIONS {
            finder.visit_expr(expression);
        }
        let text = self.text(expression);
        let start = expression.range().start();
        let mut made = String::new();
        let mut last = 0usize;
        for (range, value) in finder.found {
            let (from, to) = ((range.start() - start).to_usize(), (range.end() - start).to_usize());
            made.push_str(text.get(last..from).unwrap_or_default());
            let simple = value.is_literal_expr()
                || matches!(
                    value,
                    Expr::Call(_)
                        | Expr::Name(_)
                        | Expr::List(_)
                        | Expr::Tuple(_)
                        | Expr::Attribute(_)
                        | Expr::Subscript(_)
                );
            let value = self.substitute(value, depth + 1);
            made.push_str(&if simple { value } else { format!("({value})") });
            last = to;
        }
        made.push_str(text.get(last..).unwrap_or_default());
        made
    }

    /// What the module level assigns last to a name, capitals or not.
    pub fn constant(&self, name: &str) -> Option<(&'a str, &'a Expr)> {
        self.constants().filter(|(known, _)| known.eq_ignore_ascii_case(name)).last()
    }

    /// Module-level names whose values are no plain numbers: dicts, texts, objects.
    pub fn constant_objects(&self) -> Vec<String> {
        let plain = |value: &Expr| {
            matches!(value, Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) | Expr::Lambda(_))
        };
        let all: IndexSet<&str> = self.constants().filter(|(_, value)| !plain(value)).map(|(name, _)| name).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Module-level names that are given what a call returns, the last ones first, with their lines.
    pub fn made(&self) -> Vec<(&'a str, u32)> {
        let mut all = IndexMap::new();
        for (name, value) in self.constants().filter(|(_, value)| value.is_call_expr()) {
            all.shift_remove(name);
            all.insert(name, self.line(value));
        }
        all.into_iter().rev().collect()
    }

    fn constants(&self) -> impl Iterator<Item = (&'a str, &'a Expr)> {
        self.program.module.body.iter().filter_map(|statement| match statement {
            Stmt::Assign(assign) => Some((assign.targets.first()?.as_name_expr()?.id.as_str(), &*assign.value)),
            Stmt::AnnAssign(assign) => Some((assign.target.as_name_expr()?.id.as_str(), assign.value.as_deref()?)),
            _ => None,
        })
    }

    /// Module-level names whose values are written as lists or tuples, and the entries of dicts of such.
    pub fn constant_lists(&self) -> Vec<String> {
        let mut all = IndexSet::new();
        for statement in &self.program.module.body {
            let Stmt::Assign(assign) = statement else { continue };
            let Some(Expr::Name(name)) = assign.targets.first() else { continue };
            match &*assign.value {
                Expr::List(_) | Expr::Tuple(_) => {
                    all.insert(name.id.to_string());
                }
                Expr::Dict(dict) => {
                    for item in &dict.items {
                        if let Some(key) = &item.key
                            && matches!(item.value, Expr::List(_) | Expr::Tuple(_))
                        {
                            all.insert(format!("{}[{}]", name.id, self.text(key)));
                        }
                    }
                }
                _ => {}
            }
        }
        all.into_iter().collect()
    }
}

/// Collects what stands outside classes.
struct Outside<'b, 'a>(&'b mut Book<'a>);

impl<'a> Visitor<'a> for Outside<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::ClassDef(_) => {}
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.bind(target, &assign.value);
                }
                walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.bind(&assign.target, value);
                }
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.0.calls.push(call);
            let method = call.func.as_attribute_expr().is_some_and(|a| a.attr.as_str() == "add_argument");
            let default =
                call.arguments.keywords.iter().find(|k| k.arg.as_ref().is_some_and(|a| a.as_str() == "default"));
            if method && let Some(default) = default {
                for argument in &call.arguments.args {
                    let Expr::StringLiteral(text) = argument else { continue };
                    let name = text.value.to_str();
                    if let Some(name) = name.strip_prefix("--") {
                        self.0.options.insert(name.replace('-', "_"), &default.value);
                    }
                }
            }
        }
        walk_expr(self, expression);
    }
}

impl<'a> Outside<'_, 'a> {
    fn bind(&mut self, target: &'a Expr, value: &'a Expr) {
        match (target, value) {
            (Expr::Name(name), _) => self.0.assigned.entry(name.id.as_str()).or_default().push(value),
            (Expr::Tuple(targets), Expr::Tuple(values)) => {
                targets.elts.iter().zip(&values.elts).for_each(|(t, v)| self.bind(t, v));
            }
            _ => {}
        }
    }
}

/// Finds the outermost names and options in an expression whose values the source writes down once.
struct Replaceable<'b, 'a> {
    book: &'b Book<'a>,
    found: Vec<(TextRange, &'a Expr)>,
}

impl<'a> Visitor<'a> for Replaceable<'_, 'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        let book = self.book;
        let value = match expression {
            Expr::Name(name) if !book.classes.contains_key(name.id.as_str()) => {
                match book.assigned.get(name.id.as_str()).map(Vec::as_slice) {
                    Some([only]) => Some(*only),
                    _ => None,
                }
            }
            Expr::Attribute(attribute) if attribute.value.is_name_expr() => {
                book.options.get(attribute.attr.as_str()).copied()
            }
            _ => None,
        };
        match value {
            Some(value) => self.found.push((expression.range(), value)),
            // a keyword argument's value may stand before positional ones no more: the order is the text's
            None => walk_expr(self, expression),
        }
    }
}

/// Collects the names of attributes that are read.
struct Reads<'b, 'a>(&'b mut HashSet<&'a str>);

impl<'a> Visitor<'a> for Reads<'_, 'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) if is_dropout(&call.func) => {
                // how much is dropped matters in train mode alone
                call.arguments.args.iter().take(1).for_each(|a| self.visit_expr(a));
                return;
            }
            Expr::Attribute(attribute) if attribute.ctx == ExprContext::Load => {
                self.0.insert(attribute.attr.as_str());
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

fn is_dropout(function: &Expr) -> bool {
    let name = match function {
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Name(name) => name.id.as_str(),
        _ => "",
    };
    name.contains("dropout")
}

/// Every name in a body.
fn names<'a>(body: &'a [Stmt], bases: Option<&'a ruff_python_ast::Arguments>) -> HashSet<&'a str> {
    struct Names<'a>(HashSet<&'a str>);
    impl<'a> Visitor<'a> for Names<'a> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Name(name) = expression {
                self.0.insert(name.id.as_str());
            }
            walk_expr(self, expression);
        }
    }
    let mut finder = Names(HashSet::new());
    body.iter().for_each(|statement| finder.visit_stmt(statement));
    bases.into_iter().flat_map(|b| &b.args).for_each(|base| finder.visit_expr(base));
    finder.0
}

/// Whether a function gives something back.
pub fn returns(def: &StmtFunctionDef) -> bool {
    struct Returns(bool);
    impl<'a> Visitor<'a> for Returns {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(inner) => self.0 |= inner.value.is_some(),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => walk_stmt(self, statement),
            }
        }
    }
    let mut finder = Returns(false);
    def.body.iter().for_each(|statement| finder.visit_stmt(statement));
    finder.0
}
