//! What a constructor does with its parameters: iterates, calls, compares them, hands them on.
//!
//! From this follows what kind of argument a parameter without annotation wants. It is a reading of the syntax that follows names into
//! methods, base classes and other classes of the source; torch's classes say the rest by the defaults in their signatures.

use super::book::Book;
use crate::nn::module;
use indexmap::{IndexMap, IndexSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{
    Arguments, CmpOp, Comprehension, Expr, ExprCall, Number, Stmt, StmtClassDef, StmtFunctionDef, UnaryOp,
};
use std::collections::HashMap;

/// Calls that are followed within each other.
const MAX_DEPTH: usize = 6;
/// Options that are kept for one parameter.
const MAX_OPTIONS: usize = 64;

/// What a body does with a parameter.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// its truth is asked
    pub flag: bool,
    /// it goes where torch's signature has a float
    pub real: bool,
    /// it takes part in arithmetic, or goes where torch's signature has an int
    pub whole: bool,
    /// it is iterated, indexed or measured
    pub listed: bool,
    /// how many elements are unpacked
    pub length: Option<usize>,
    /// the largest constant index, plus one
    pub at_least: usize,
    /// into how many names each element is unpacked
    pub arity: Option<usize>,
    /// it is called
    pub called: bool,
    /// attributes that are read
    pub fields: IndexMap<String, Use>,
    /// keys by which it is indexed
    pub entries: IndexMap<String, Use>,
    /// strings that it is compared with
    pub strings: IndexSet<String>,
    /// dicts that it is a key of, as expressions
    pub tables: IndexSet<String>,
    /// the attribute of `self` that keeps it
    pub child: Option<String>,
    /// for a key of `**kwargs`: the source of what `get` or `pop` gives in its absence
    pub default: Option<String>,
    /// what is done with its elements
    pub item: Option<Box<Use>>,
}

impl Use {
    fn merge(&mut self, other: &Self) {
        self.flag |= other.flag;
        self.real |= other.real;
        self.whole |= other.whole;
        self.listed |= other.listed;
        self.called |= other.called;
        self.length = self.length.or(other.length);
        self.arity = self.arity.or(other.arity);
        self.at_least = self.at_least.max(other.at_least);
        for (mine, theirs) in [(&mut self.fields, &other.fields), (&mut self.entries, &other.entries)] {
            for (name, uses) in theirs {
                mine.entry(name.clone()).or_default().merge(uses);
            }
        }
        self.strings.extend(other.strings.iter().take(MAX_OPTIONS).cloned());
        self.default = self.default.take().or_else(|| other.default.clone());
        self.tables.extend(other.tables.iter().take(MAX_OPTIONS).cloned());
        if let Some(item) = &other.item {
            self.item.get_or_insert_default().merge(item);
        }
    }
}

/// A parameter, or something in it.
#[derive(Clone, Debug)]
struct Place {
    parameter: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Item,
    Field(String),
    Entry(String),
}

impl Place {
    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// Reads a function; `class` is the one in which it stands.
pub fn read<'a>(
    book: &Book<'a>,
    def: &'a StmtFunctionDef,
    class: Option<&'a StmtClassDef>,
    depth: usize,
) -> IndexMap<String, Use> {
    let parameters = &def.parameters;
    let mut all = parameters.iter().map(|p| p.name().as_str());
    let receiver = if class.is_some() { all.next() } else { None };
    let names: HashMap<String, Place> =
        all.map(|name| (name.to_owned(), Place { parameter: name.to_owned(), steps: Vec::new() })).collect();
    let uses = names.keys().map(|name| (name.clone(), Use::default())).collect();
    let mut reader = Reader { book, class, receiver, names, uses, depth };
    if depth < MAX_DEPTH {
        def.body.iter().for_each(|statement| reader.visit_stmt(statement));
    }
    if let Some(class) = class {
        reader.kept(class, def);
    }
    reader.uses
}

struct Reader<'b, 'a> {
    book: &'b Book<'a>,
    class: Option<&'a StmtClassDef>,
    receiver: Option<&'a str>,
    names: HashMap<String, Place>,
    uses: IndexMap<String, Use>,
    depth: usize,
}

impl<'a> Reader<'_, 'a> {
    fn place(&self, expression: &Expr) -> Option<Place> {
        match expression {
            Expr::Name(name) => self.names.get(name.id.as_str()).cloned(),
            Expr::Attribute(attribute) => match self.own(expression) {
                Some(name) => self.names.get(&format!(".{name}")).cloned(),
                None => Some(self.place(&attribute.value)?.then(Step::Field(attribute.attr.to_string()))),
            },
            Expr::Subscript(subscript) => {
                let inner = self.place(&subscript.value)?;
                Some(match &*subscript.slice {
                    Expr::StringLiteral(text) => inner.then(Step::Entry(text.value.to_str().to_owned())),
                    Expr::Slice(_) => inner,
                    _ => inner.then(Step::Item),
                })
            }
            Expr::Call(call) if matches!(function_name(&call.func), "get" | "pop") => {
                let key = call.arguments.args.first()?.as_string_literal_expr()?;
                let inner = self.place(&call.func.as_attribute_expr()?.value)?;
                Some(inner.then(Step::Entry(key.value.to_str().to_owned())))
            }
            // list(p), tuple(p), p or 3
            Expr::Call(call) if is_copy(call) => self.place(call.arguments.args.first()?),
            Expr::BoolOp(or) => self.place(or.values.first()?),
            _ => None,
        }
    }

    /// `x` of `self.x`.
    fn own<'e>(&self, expression: &'e Expr) -> Option<&'e str> {
        let attribute = expression.as_attribute_expr()?;
        let receiver = attribute.value.as_name_expr()?;
        (Some(receiver.id.as_str()) == self.receiver).then(|| attribute.attr.as_str())
    }

    fn at(&mut self, place: &Place) -> &mut Use {
        let mut here = self.uses.entry(place.parameter.clone()).or_default();
        for step in &place.steps {
            here = match step {
                Step::Item => here.item.get_or_insert_default(),
                Step::Field(name) => here.fields.entry(name.clone()).or_default(),
                Step::Entry(name) => here.entries.entry(name.clone()).or_default(),
            };
        }
        here
    }

    fn mark(&mut self, expression: &Expr, change: impl FnOnce(&mut Use)) {
        if let Some(place) = self.place(expression) {
            change(self.at(&place));
        }
    }

    /// A config object that the constructor keeps is read by the other methods too.
    fn kept(&mut self, class: &'a StmtClassDef, constructor: &StmtFunctionDef) {
        let kept = self.names.iter().filter(|(name, place)| name.starts_with('.') && place.steps.is_empty());
        let kept: HashMap<String, Place> = kept.map(|(name, place)| (name.clone(), place.clone())).collect();
        let uses = self.uses.clone();
        for def in class.body.iter().filter_map(Stmt::as_function_def_stmt) {
            if def.range == constructor.range || kept.is_empty() {
                continue;
            }
            let receiver = def.parameters.iter().next().map(|p| p.name().as_str());
            let (names, empty) = (kept.clone(), IndexMap::new());
            let mut reader =
                Reader { book: self.book, class: Some(class), receiver, names, uses: empty, depth: MAX_DEPTH };
            def.body.iter().for_each(|statement| reader.visit_stmt(statement));
            for (name, found) in reader.uses {
                // calls of methods, such as those of a tensor or a module, are no fields
                // what a method unpacks or indexes is a list, unless the constructor reckons with it
                if let Some(own) = self.uses.get_mut(&name)
                    && found.listed
                    && !own.whole
                    && !own.called
                {
                    own.listed = true;
                    own.length = own.length.or(found.length);
                    own.at_least = own.at_least.max(found.at_least);
                }
                let config = uses.get(&name).is_some_and(|u| !u.fields.is_empty() || !u.entries.is_empty());
                if config && let Some(own) = self.uses.get_mut(&name) {
                    for (fields, more) in [(&mut own.fields, found.fields), (&mut own.entries, found.entries)] {
                        more.into_iter().for_each(|(field, u)| fields.entry(field).or_default().merge(&u));
                    }
                }
            }
        }
    }

    /// `for target in iterated`.
    fn iterate(&mut self, target: &'a Expr, iterated: &'a Expr) {
        self.mark(iterated, |u| u.listed = true);
        if let Some(place) = self.place(iterated) {
            self.bind(target, &place.then(Step::Item));
            return;
        }
        let Expr::Call(call) = iterated else { return };
        let arguments = &call.arguments.args;
        match (function_name(&call.func), target) {
            ("enumerate", Expr::Tuple(targets)) => {
                if let (Some(iterated), Some(target)) = (arguments.first(), targets.elts.get(1)) {
                    self.iterate(target, iterated);
                }
            }
            ("zip", Expr::Tuple(targets)) => {
                for (target, iterated) in targets.elts.iter().zip(arguments) {
                    self.iterate(target, iterated);
                }
            }
            ("reversed" | "sorted" | "iter", _) => {
                if let Some(iterated) = arguments.first() {
                    self.iterate(target, iterated);
                }
            }
            _ => {}
        }
    }

    fn bind(&mut self, target: &Expr, place: &Place) {
        match target {
            Expr::Name(name) => {
                self.names.insert(name.id.to_string(), place.clone());
            }
            Expr::Tuple(targets) => {
                let count = targets.elts.len();
                match place.steps.last() {
                    Some(Step::Item) => {
                        let mut list = place.clone();
                        list.steps.pop();
                        self.at(&list).arity = Some(count);
                    }
                    _ => {
                        let uses = self.at(place);
                        uses.listed = true;
                        uses.length = Some(count);
                        targets.elts.iter().for_each(|t| self.bind(t, &place.clone().then(Step::Item)));
                    }
                }
            }
            _ => {
                if let Some(name) = self.own(target) {
                    self.names.insert(format!(".{name}"), place.clone());
                    if place.steps.is_empty() {
                        self.at(place).child = Some(name.to_owned());
                    }
                }
            }
        }
    }

    fn call(&mut self, call: &'a ExprCall) {
        let arguments = &call.arguments;
        let name = function_name(&call.func);
        match &*call.func {
            Expr::Name(_)
                if matches!(
                    name,
                    "len" | "enumerate" | "zip" | "reversed" | "sorted" | "list" | "tuple" | "sum" | "map"
                ) =>
            {
                arguments.args.iter().for_each(|a| self.mark(a, |u| u.listed = true));
            }
            Expr::Name(_) if matches!(name, "range" | "int") => {
                arguments.args.iter().for_each(|a| self.mark(a, |u| u.whole = true));
            }
            Expr::Name(_) if name == "float" => arguments.args.iter().for_each(|a| self.mark(a, |u| u.real = true)),
            Expr::Name(_) if matches!(name, "isinstance" | "print" | "str" | "type" | "hasattr" | "bool") => {}
            Expr::Attribute(method) if self.place(&method.value).is_some() && self.own(&call.func).is_none() => {
                let key = arguments.args.first().and_then(Expr::as_string_literal_expr).map(|t| t.value.to_str());
                match (name, key) {
                    ("get" | "pop", Some(key)) => {
                        let place = self.place(&method.value).map(|p| p.then(Step::Entry(key.to_owned())));
                        let default = arguments.args.get(1).map_or("None", |d| self.book.text(d));
                        if let Some(place) = place {
                            self.at(&place).default.get_or_insert_with(|| default.to_owned());
                        }
                    }
                    ("lower" | "upper" | "strip", _) | ("items" | "keys" | "values", _) => {}
                    _ => self.mark(&method.value, |u| u.called = true),
                }
            }
            function => {
                self.mark(function, |u| u.called = true);
                self.hand_on(call, name, arguments);
            }
        }
    }

    /// Arguments that go on to a method, another class or torch.
    fn hand_on(&mut self, call: &'a ExprCall, name: &str, arguments: &'a Arguments) {
        let book = self.book;
        let after_super = call
            .func
            .as_attribute_expr()
            .and_then(|a| a.value.as_call_expr())
            .is_some_and(|inner| function_name(&inner.func) == "super");
        let target = if after_super {
            let bases = self.class.map(|class| book.bases(class)).unwrap_or_default();
            bases.into_iter().find_map(|base| book.method(base, name)).map(|(class, def)| (def, Some(class)))
        } else if self.own(&call.func).is_some() {
            self.class.and_then(|class| book.method(class, name)).map(|(class, def)| (def, Some(class)))
        } else if let Some(class) = book.classes.get(name) {
            book.method(class, "__init__").map(|(class, def)| (def, Some(class)))
        } else {
            book.functions.get(name).map(|def| (*def, None))
        };
        if let Some((def, class)) = target {
            let uses = book.uses(def, class, self.depth + 1);
            let bound =
                class.is_some() && !def.decorator_list.iter().any(|d| book.text(&d.expression) == "staticmethod");
            let parameters: Vec<&str> =
                def.parameters.iter().map(|p| p.name().as_str()).skip(usize::from(bound)).collect();
            let star = def.parameters.vararg.as_ref().map(|star| star.name.as_str());
            self.pair(arguments, &parameters, star, |parameter, own| {
                // an argument of `*sizes` is one of them
                let found = match uses.get(parameter) {
                    Some(found) if star == Some(parameter) => found.item.as_deref(),
                    found => found,
                };
                if let Some(found) = found {
                    own.merge(found);
                    if after_super {
                        own.child.clone_from(&found.child);
                    }
                }
            });
            return;
        }
        if name == "dropout" {
            arguments
                .keywords
                .iter()
                .map(|k| &k.value)
                .chain(arguments.args.get(1))
                .for_each(|a| self.mark(a, |u| u.real = true));
        }
        let Some(class) = module::class(&format!("torch.nn.{name}")) else { return };
        let signature = signature(class.signature);
        let parameters: Vec<&str> = signature.iter().map(|(name, _)| *name).collect();
        self.pair(arguments, &parameters, None, |parameter, own| {
            let default = signature.iter().find(|(name, _)| *name == parameter).map_or("", |(_, default)| *default);
            match default {
                "True" | "False" => own.flag = true,
                _ if default.contains(['.', 'e']) && default.starts_with(|c: char| c.is_ascii_digit()) => {
                    own.real = true
                }
                "None" | "" if parameter == "p" => own.real = true,
                _ => own.whole = true,
            }
        });
    }

    fn pair(
        &mut self,
        arguments: &'a Arguments,
        parameters: &[&str],
        star: Option<&str>,
        mut note: impl FnMut(&str, &mut Use),
    ) {
        let last = parameters.iter().position(|name| Some(*name) == star).unwrap_or(usize::MAX);
        for (at, argument) in arguments.args.iter().enumerate() {
            let at = at.min(last);
            if let Expr::Starred(starred) = argument {
                self.mark(&starred.value, |u| u.listed = true);
                break;
            }
            if let (Some(parameter), Some(place)) = (parameters.get(at), self.place(argument)) {
                note(parameter, self.at(&place));
            }
        }
        for keyword in &arguments.keywords {
            if let (Some(name), Some(place)) = (&keyword.arg, self.place(&keyword.value)) {
                note(name.as_str(), self.at(&place));
            }
        }
    }

    fn compare(&mut self, left: &Expr, operator: CmpOp, right: &Expr) {
        let Some(place) = self.place(left) else { return };
        let uses = self.at(&place);
        let mut add = |expression: &Expr| match expression {
            Expr::StringLiteral(text) => {
                uses.strings.insert(text.value.to_str().to_owned());
            }
            Expr::NumberLiteral(number) => match number.value {
                Number::Float(_) => uses.real = true,
                _ => uses.whole = true,
            },
            _ => {}
        };
        match (operator, right) {
            (CmpOp::In | CmpOp::NotIn, Expr::List(items)) => items.elts.iter().for_each(add),
            (CmpOp::In | CmpOp::NotIn, Expr::Tuple(items)) => items.elts.iter().for_each(add),
            (CmpOp::In | CmpOp::NotIn, Expr::Set(items)) => items.elts.iter().for_each(add),
            _ => add(right),
        }
    }

    fn subscript(&mut self, value: &'a Expr, slice: &'a Expr) {
        if let Some(place) = self.place(value) {
            if let Expr::StringLiteral(key) = slice {
                self.at(&place.then(Step::Entry(key.value.to_str().to_owned())));
                return;
            }
            let uses = self.at(&place);
            match slice {
                Expr::NumberLiteral(number) => {
                    uses.listed = true;
                    if let Number::Int(at) = &number.value {
                        uses.at_least = uses.at_least.max(at.as_usize().unwrap_or(0).saturating_add(1));
                    }
                }
                Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => {
                    uses.listed = true;
                    uses.at_least = uses.at_least.max(1);
                }
                _ => uses.listed = true,
            }
        } else if let Some(place) = self.place(slice) {
            let table = match value {
                Expr::Dict(_) | Expr::Name(_) => self.book.text(value).to_owned(),
                Expr::Attribute(attribute) => match (self.own(value), self.class) {
                    (Some(_), Some(class)) => format!("{}.{}", class.name, attribute.attr),
                    _ => self.book.text(value).to_owned(),
                },
                _ => return,
            };
            let uses = self.at(&place);
            if uses.tables.len() < MAX_OPTIONS {
                uses.tables.insert(table);
            }
        }
    }
}

impl<'a> Visitor<'a> for Reader<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                let place = self.place(&assign.value);
                for target in &assign.targets {
                    match (&place, target, &*assign.value) {
                        (Some(place), ..) => self.bind(target, place),
                        (None, Expr::Tuple(targets), Expr::Tuple(values)) => {
                            for (target, value) in targets.elts.iter().zip(&values.elts) {
                                if let Some(place) = self.place(value) {
                                    self.bind(target, &place);
                                }
                            }
                        }
                        (None, Expr::Name(name), _) => {
                            self.names.remove(name.id.as_str());
                        }
                        _ => {}
                    }
                }
            }
            Stmt::For(inner) => {
                self.iterate(&inner.target, &inner.iter);
                walk_stmt(self, statement);
            }
            Stmt::If(inner) => {
                self.mark(&inner.test, |u| u.flag = true);
                walk_stmt(self, statement);
            }
            // its names are its own
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        self.iterate(&comprehension.target, &comprehension.iter);
        ruff_python_ast::visitor::walk_comprehension(self, comprehension);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::ListComp(inner) => inner.generators.iter().for_each(|g| self.visit_comprehension(g)),
            Expr::Generator(inner) => inner.generators.iter().for_each(|g| self.visit_comprehension(g)),
            Expr::SetComp(inner) => inner.generators.iter().for_each(|g| self.visit_comprehension(g)),
            Expr::DictComp(inner) => inner.generators.iter().for_each(|g| self.visit_comprehension(g)),
            Expr::Call(call) => {
                self.call(call);
                // a method is no field
                match &*call.func {
                    Expr::Attribute(method) => self.visit_expr(&method.value),
                    function => self.visit_expr(function),
                }
                self.visit_arguments(&call.arguments);
                return;
            }
            Expr::Attribute(_) => self.mark(expression, |_| {}),
            Expr::If(inner) => self.mark(&inner.test, |u| u.flag = true),
            Expr::BoolOp(inner) => inner.values.iter().for_each(|v| self.mark(v, |u| u.flag = true)),
            Expr::UnaryOp(inner) if inner.op == UnaryOp::Not => self.mark(&inner.operand, |u| u.flag = true),
            Expr::Compare(inner) => {
                let mut left = &*inner.left;
                for (operator, right) in inner.ops.iter().zip(&inner.comparators) {
                    self.compare(left, *operator, right);
                    self.compare(right, *operator, left);
                    left = right;
                }
            }
            Expr::Subscript(inner) => self.subscript(&inner.value, &inner.slice),
            Expr::Starred(inner) => self.mark(&inner.value, |u| u.listed = true),
            Expr::BinOp(inner) => {
                let list = |e: &Expr| matches!(e, Expr::List(_) | Expr::Tuple(_) | Expr::ListComp(_));
                for (side, other) in [(&inner.left, &inner.right), (&inner.right, &inner.left)] {
                    if list(other) {
                        self.mark(side, |u| u.listed = true);
                    } else {
                        self.mark(side, |u| u.whole = true);
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

fn is_copy(call: &ExprCall) -> bool {
    call.func.is_name_expr() && matches!(function_name(&call.func), "list" | "tuple") && call.arguments.args.len() == 1
}

/// The last name of a dotted function.
fn function_name(function: &Expr) -> &str {
    match function {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

/// Parameters and defaults of a signature of torch's: `(in_features, out_features, bias=True)`.
fn signature(text: &str) -> Vec<(&str, &str)> {
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    inner.split(',').map(|part| part.trim().split_once('=').unwrap_or((part.trim(), ""))).collect()
}
