//! Which kind of argument a parameter wants: by its default, its annotation, what the constructor does with it, and last by its name.

use super::book::{Book, Parameter, Passing};
use super::plan::{Argument, Call, Form, Kind, MOST_ITEMS, Origin, Plan, Slot};
use super::term::Term;
use super::uses::Use;
use crate::nn::value::ModuleId;
use crate::python::interpreter::{ClassInfo, Interpreter};
use ruff_python_ast::{Expr, ExprCall};
use std::cell::{Cell, RefCell};

/// Config objects within each other.
const MAX_DEPTH: usize = 3;
/// Keys of a dict that are tried.
const MAX_OPTIONS: usize = 64;
/// What an argument that is called may be, when nothing says more.
const CALLABLES: &[&str] = &[
    "nn.ReLU",
    "nn.GELU",
    "nn.ReLU()",
    "nn.GELU()",
    "nn.BatchNorm2d",
    "nn.InstanceNorm2d",
    "nn.LayerNorm",
    "nn.BatchNorm1d",
];
/// What an argument of which nothing is known may be.
const ANYTHING: &[&str] = &["None", "nn.ReLU()", "nn.GELU()", "'relu'", "'gelu'"];

/// A source, and an evaluator of its module level.
pub struct Source<'a> {
    /// its index
    pub book: Book<'a>,
    /// its classes, with those of torch.nn that are parameters' bases
    pub classes: Vec<ClassInfo>,
    interpreter: RefCell<Interpreter>,
    /// lists whose default is None are unknowns
    open: Cell<bool>,
}

/// Solves a child: the attribute that keeps it gives a plan.
pub type Child<'c> = dyn FnMut(&str) -> Option<Plan> + 'c;

impl<'a> Source<'a> {
    /// Evaluates the module level.
    pub fn new(book: Book<'a>, interpreter: Interpreter) -> Self {
        let classes = interpreter.classes();
        Self { book, classes, interpreter: RefCell::new(interpreter), open: Cell::new(false) }
    }

    /// Names of classes that inherit from nn.Module.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().filter(|c| c.is_module).map(|c| c.name.as_str())
    }

    fn is_module(&self, name: &str) -> bool {
        self.modules().any(|m| m == name)
    }

    /// A plain value.
    pub fn evaluate(&self, expression: &str) -> Option<Term> {
        let mut interpreter = self.interpreter.borrow_mut();
        interpreter.restart();
        let object = interpreter.evaluate(expression).ok()?;
        Term::of(&object)
    }

    /// Whether an expression has a value at all.
    fn exists(&self, expression: &str) -> bool {
        let mut interpreter = self.interpreter.borrow_mut();
        interpreter.restart();
        interpreter.evaluate(expression).is_ok()
    }

    /// The class that an expression's module has.
    pub fn class_of(&self, expression: &str) -> Option<String> {
        let mut interpreter = self.interpreter.borrow_mut();
        interpreter.restart();
        let root: ModuleId = interpreter.construct(expression).ok()?;
        let host: &mut dyn crate::nn::host::Host = &mut *interpreter;
        host.trace().modules.get(root).map(|m| m.class.short().to_owned())
    }

    /// A plan in which lists whose default is None are unknowns; `None` where there is no such list.
    pub fn open_plan(&self, callee: &str, child: &mut Child<'_>) -> Option<Plan> {
        self.open.set(true);
        let plan = self.plan(callee, child);
        self.open.set(false);
        let lists = |slots: &[Slot]| slots.iter().filter(|s| s.kind == Kind::Length).count();
        let before = self.plan(callee, &mut |_| None).map_or(0, |plan| lists(&plan.slots));
        plan.filter(|plan| lists(&plan.slots) > before)
    }

    /// The call of a class or function with everything unknown that has no default.
    pub fn plan(&self, callee: &str, child: &mut Child<'_>) -> Option<Plan> {
        let mut slots = Vec::new();
        let call = self.call(&mut slots, callee, "", &Use::default(), child, 0)?;
        Some(Plan { slots, call })
    }

    fn parameters(&self, callee: &str) -> Option<Vec<Parameter>> {
        self.book.parameters(callee).or_else(|| {
            let class = self.classes.iter().find(|c| c.name == callee)?;
            let plain = class.parameters.iter().filter(|p| !p.variadic);
            Some(
                plain
                    .map(|p| Parameter {
                        name: p.name.clone(),
                        annotation: None,
                        default: p.default.clone(),
                        passing: if p.keyword_only { Passing::Keyword } else { Passing::Positional },
                        uses: Use { whole: true, ..Use::default() },
                    })
                    .collect(),
            )
        })
    }

    fn call(
        &self,
        slots: &mut Vec<Slot>,
        callee: &str,
        prefix: &str,
        fields: &Use,
        child: &mut Child<'_>,
        depth: usize,
    ) -> Option<Call> {
        let mut arguments = Vec::new();
        for mut parameter in self.parameters(callee)? {
            if let Some(uses) = fields.fields.get(&parameter.name) {
                parameter.uses = uses.clone();
            }
            let name = if prefix.is_empty() { parameter.name.clone() } else { format!("{prefix}.{}", parameter.name) };
            let form = self.form(slots, &name, &parameter, callee, child, depth);
            arguments.push(Argument {
                has_default: parameter.default.is_some(),
                passing: parameter.passing,
                name: parameter.name,
                form,
            });
        }
        Some(Call { callee: callee.to_owned(), arguments })
    }

    fn form(
        &self,
        slots: &mut Vec<Slot>,
        name: &str,
        parameter: &Parameter,
        owner: &str,
        child: &mut Child<'_>,
        depth: usize,
    ) -> Form {
        let annotation = parameter.annotation.as_deref().map(plain).unwrap_or_default();
        if let Some(default) = &parameter.default {
            return match self.evaluate(default).or_else(|| self.factory(default)) {
                Some(Term::None) => self.optional(slots, name, parameter, &annotation, owner),
                Some(term) => seeded(slots, name, &term, Origin::Default, &self.options(parameter, &annotation)),
                // `config=Config()`: its fields are unknowns too
                None => {
                    let class = default.strip_suffix("()").filter(|c| self.book.classes.contains_key(c));
                    let call = class.filter(|c| !self.is_module(c) && depth < MAX_DEPTH);
                    let call = call.and_then(|c| self.call(slots, c, name, &parameter.uses, child, depth + 1));
                    call.map_or_else(|| Form::Fixed(Term::Source(default.clone())), Form::Call)
                }
            };
        }
        if let Some(options) = self.options(parameter, &annotation) {
            return self.choice(slots, name, options);
        }
        if let Some(form) = self.annotated(slots, name, parameter, &annotation, child, depth) {
            return form;
        }
        self.used(slots, name, parameter, owner, child)
    }

    /// `dataclasses.field(default_factory=lambda: [1, 2])`, `field(default=3)`
    fn factory(&self, default: &str) -> Option<Term> {
        let inner = default.split_once('(').filter(|(f, _)| f.rsplit('.').next() == Some("field"))?.1;
        let inner = inner.strip_suffix(')')?;
        match inner.split_once('=')? {
            ("default", value) => self.evaluate(value),
            ("default_factory", value) => self.evaluate(&format!("({value})()")),
            _ => None,
        }
    }

    /// The strings that a parameter may be.
    fn options(&self, parameter: &Parameter, annotation: &str) -> Option<Vec<Term>> {
        let mut options: Vec<Term> = Vec::new();
        if let Some(literal) = annotation.strip_prefix("Literal[").and_then(|a| a.strip_suffix(']')) {
            options.extend(self.evaluate(&format!("[{literal}]"))?.items()?.iter().cloned());
        }
        options.extend(parameter.uses.strings.iter().cloned().map(Term::Str));
        for table in &parameter.uses.tables {
            if let Some(Term::List(keys)) = self.evaluate(&format!("list({table}.keys())")) {
                options.extend(keys.into_iter().take(MAX_OPTIONS));
            }
        }
        let mut distinct: Vec<Term> = Vec::new();
        for option in options {
            if !distinct.contains(&option) {
                distinct.push(option);
            }
        }
        (!distinct.is_empty()).then_some(distinct)
    }

    fn choice(&self, slots: &mut Vec<Slot>, name: &str, options: Vec<Term>) -> Form {
        let first = options.first().cloned().unwrap_or(Term::None);
        slot(slots, name, Kind::Choice(options), first, Origin::Required)
    }

    /// What defaults to None.
    fn optional(
        &self,
        slots: &mut Vec<Slot>,
        name: &str,
        parameter: &Parameter,
        annotation: &str,
        owner: &str,
    ) -> Form {
        let uses = &parameter.uses;
        let kind = match self.options(parameter, annotation) {
            Some(options) => Kind::Choice([vec![Term::None], options].concat()),
            None if annotation == "bool" => Kind::Flag,
            None if annotation == "int" => Kind::Whole,
            None if annotation == "float" => Kind::Real,
            None if uses.called && uses.child.is_none() => Kind::Choice(self.callables(name, owner, true)),
            None if uses.whole && !uses.listed && !uses.called => Kind::Whole,
            None if self.open.get()
                && (uses.listed || ["List", "list", "Sequence"].iter().any(|l| annotation.starts_with(l))) =>
            {
                let inner = annotation.split_once('[').map(|(_, inner)| inner.trim_end_matches(']').to_owned());
                return list(slots, name, parameter, inner, false);
            }
            None => return Form::Fixed(Term::Source(parameter.default.clone().unwrap_or_default())),
        };
        slot(slots, name, kind, Term::None, Origin::Default)
    }

    fn annotated(
        &self,
        slots: &mut Vec<Slot>,
        name: &str,
        parameter: &Parameter,
        annotation: &str,
        child: &mut Child<'_>,
        depth: usize,
    ) -> Option<Form> {
        let required = |slots: &mut Vec<Slot>, kind, value| Some(slot(slots, name, kind, value, Origin::Required));
        let (outer, inner) = match annotation.split_once('[') {
            Some((outer, inner)) => (outer, inner.strip_suffix(']').unwrap_or(inner)),
            None => (annotation, ""),
        };
        match outer.rsplit('.').next().unwrap_or_default() {
            "int" => required(slots, Kind::Whole, Term::Int(1)),
            "bool" => required(slots, Kind::Flag, Term::Bool(false)),
            "float" => required(slots, Kind::Real, Term::Float(0.0)),
            "List" | "list" | "Sequence" | "Iterable" => {
                let inner = (!inner.is_empty()).then(|| inner.to_owned());
                Some(list(slots, name, parameter, inner, false))
            }
            "Tuple" | "tuple" if inner.is_empty() || inner.ends_with("...") => {
                let inner = inner.split(',').next().filter(|i| !i.is_empty()).map(str::to_owned);
                Some(list(slots, name, parameter, inner, true))
            }
            "Tuple" | "tuple" => {
                let mut items = Vec::new();
                for (at, part) in inner.split(',').enumerate() {
                    items.push(scalar(slots, &format!("{name}[{at}]"), &Use::default(), &plain(part)));
                }
                Some(Form::Tuple(items))
            }
            "Module" => self.child(slots, name, parameter, child),
            class if self.book.classes.contains_key(class) => {
                if self.is_module(class) {
                    return self.child(slots, name, parameter, child);
                }
                if depth >= MAX_DEPTH {
                    return None;
                }
                self.call(slots, class, name, &parameter.uses, child, depth + 1).map(Form::Call)
            }
            _ => None,
        }
    }

    fn child(&self, slots: &mut Vec<Slot>, name: &str, parameter: &Parameter, child: &mut Child<'_>) -> Option<Form> {
        let plan = child(parameter.uses.child.as_deref().unwrap_or(&parameter.name))?;
        Some(Plan::adopt(slots, name, plan))
    }

    fn used(
        &self,
        slots: &mut Vec<Slot>,
        name: &str,
        parameter: &Parameter,
        owner: &str,
        child: &mut Child<'_>,
    ) -> Form {
        let uses = &parameter.uses;
        let short = parameter.name.to_lowercase();
        if short == "device" {
            return Form::Fixed(Term::Str("cpu".to_owned()));
        }
        let numeric = uses.whole || uses.listed || uses.real;
        if !numeric
            && uses.child.is_some()
            && let Some(form) = self.child(slots, name, parameter, child)
        {
            return form;
        }
        if !uses.entries.is_empty() {
            let entries = uses.entries.iter().map(|(key, uses)| {
                let inner = Parameter { name: key.clone(), uses: uses.clone(), ..bare() };
                (key.clone(), self.used(slots, &format!("{name}['{key}']"), &inner, owner, child))
            });
            return Form::Dict(entries.collect());
        }
        if uses.called && !numeric {
            return self.choice(slots, name, self.callables(&short, owner, false));
        }
        if !uses.fields.is_empty() && !numeric {
            return self.config(slots, name, parameter, owner, child);
        }
        if uses.listed && !uses.whole {
            return list(
                slots,
                name,
                parameter,
                None,
                parameter.annotation.as_deref().is_some_and(|a| a.contains("uple")),
            );
        }
        let form = scalar(slots, name, uses, "");
        // what is only stored may be anything; numbers are the usual thing
        let vague = ["act", "activation", "nonlinearity", "norm", "norm_layer", "mode", "vocab", "tokenizer"];
        if !numeric && !uses.flag && vague.contains(&short.as_str()) {
            let options: Vec<Term> = ANYTHING.iter().map(|t| Term::Source((*t).to_owned())).collect();
            slots.pop();
            return self.choice(slots, name, options);
        }
        form
    }

    /// An object of which attributes are read: of a class of the source that has them all, or a plain namespace.
    fn config(
        &self,
        slots: &mut Vec<Slot>,
        name: &str,
        parameter: &Parameter,
        owner: &str,
        child: &mut Child<'_>,
    ) -> Form {
        let fields = &parameter.uses.fields;
        let fits = |class: &&ClassInfo| {
            let known = self.book.parameters(&class.name).unwrap_or_default();
            !class.is_module && fields.keys().all(|f| known.iter().any(|p| p.name == *f))
        };
        if let Some(class) = self.classes.iter().find(fits)
            && let Some(call) = self.call(slots, &class.name, name, &parameter.uses, child, MAX_DEPTH)
        {
            return Form::Call(call);
        }
        let mut arguments = Vec::new();
        for (field, uses) in fields {
            let inner = Parameter { name: field.clone(), uses: uses.clone(), ..bare() };
            let form = self.used(slots, &format!("{name}.{field}"), &inner, owner, child);
            arguments.push(Argument { name: field.clone(), passing: Passing::Keyword, has_default: false, form });
        }
        Form::Call(Call { callee: "SimpleNamespace".to_owned(), arguments })
    }

    fn callables(&self, name: &str, owner: &str, optional: bool) -> Vec<Term> {
        let own = self.modules().filter(|m| *m != owner && !self.book.names(m, owner)).map(str::to_owned);
        let torch = CALLABLES.iter().map(|t| (*t).to_owned());
        let names: Vec<String> = if name.contains("norm") || name.contains("act") {
            torch.chain(own).collect()
        } else {
            own.chain(torch).collect()
        };
        let none = if optional { vec![Term::None] } else { Vec::new() };
        none.into_iter().chain(names.into_iter().map(Term::Source)).collect()
    }

    /// Gives a plan's arguments the values that a call in the source writes; false when it passes what the signature does not have.
    pub fn seed(&self, plan: &mut Plan, call: &'a ExprCall) -> bool {
        let line = self.book.line(call);
        let Plan { slots, call: target } = plan;
        for (at, value) in call.arguments.args.iter().enumerate() {
            let Some(argument) = target.arguments.get_mut(at) else { return false };
            if argument.passing != Passing::Positional || value.is_starred_expr() {
                return false;
            }
            self.write(slots, argument, value, line);
        }
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else {
                self.spread(slots, &mut target.arguments, &keyword.value, line);
                continue;
            };
            let Some(argument) = target.arguments.iter_mut().find(|a| a.name == name.as_str()) else { return false };
            self.write(slots, argument, &keyword.value, line);
        }
        true
    }

    /// `**config['model']`: each of its entries is an argument. A dict that is not known may hold anything: what is constructed is compared
    /// with the file anyway.
    fn spread(&self, slots: &mut Vec<Slot>, arguments: &mut [Argument], value: &'a Expr, line: u32) {
        let text = self.book.resolved(value);
        let Some(Term::List(keys)) = self.evaluate(&format!("list(({text}).keys())")) else { return };
        for key in keys {
            let Term::Str(name) = &key else { continue };
            let Some(argument) = arguments.iter_mut().find(|a| a.name == *name) else { continue };
            let entry = format!("({text})[{key}]");
            argument.form = match self.evaluate(&entry) {
                Some(term) => seeded(slots, name, &term, Origin::Written(line), &None),
                None => Form::Fixed(Term::Source(entry)),
            };
            argument.has_default = false;
        }
    }

    /// Gives arguments without default the values of the module level's names that are called as they are: `HIDDEN_DIM = 64` for
    /// `hidden_dim`. False when there is none.
    pub fn namesakes(&self, plan: &mut Plan) -> bool {
        let Plan { slots, call } = plan;
        let mut any = false;
        for argument in call.arguments.iter_mut().filter(|a| !a.has_default && a.passing != Passing::Star) {
            let Some((name, value)) = self.book.constant(&argument.name) else { continue };
            any = true;
            if value.is_call_expr() && self.exists(name) {
                argument.form = Form::Fixed(Term::Source(name.to_owned()));
            } else {
                self.write(slots, argument, value, self.book.line(value));
            }
        }
        any
    }

    fn write(&self, slots: &mut Vec<Slot>, argument: &mut Argument, value: &'a Expr, line: u32) {
        let text = self.book.resolved(value);
        if let Some(term) = self.evaluate(&text) {
            let options = match &argument.form {
                Form::Slot(at) => match slots.get(*at).map(|s| &s.kind) {
                    Some(Kind::Choice(options)) => Some(options.clone()),
                    _ => None,
                },
                _ => None,
            };
            argument.form = seeded(slots, &argument.name, &term, Origin::Written(line), &options);
            argument.has_default = false;
        } else if !value.is_call_expr() && self.exists(&text) {
            argument.form = Form::Fixed(Term::Source(text));
            argument.has_default = false;
        }
        // a config object or a module that the source constructs there
        if let (Form::Call(inner), Expr::Call(call)) = (&mut argument.form, value)
            && self.book.text(&*call.func).rsplit('.').next() == Some(inner.callee.as_str())
        {
            for keyword in &call.arguments.keywords {
                if let Some(name) = &keyword.arg
                    && let Some(argument) = inner.arguments.iter_mut().find(|a| a.name == name.as_str())
                {
                    self.write(slots, argument, &keyword.value, line);
                }
            }
        }
    }
}

/// A new item of a list that grew.
pub fn item(slots: &mut Vec<Slot>, sample: &Parameter, at: usize) -> Form {
    let name = format!("{}[{at}]", sample.name);
    let annotation = sample.annotation.as_deref().map(plain).unwrap_or_default();
    if let Some(arity) = sample.uses.arity {
        return Form::Tuple(
            (0..arity.min(16)).map(|i| scalar(slots, &format!("{name}[{i}]"), &Use::default(), "")).collect(),
        );
    }
    let nested = sample.uses.listed || annotation.starts_with("List") || annotation.starts_with("list");
    match (&sample.uses.item, nested) {
        (inner, true) => {
            let uses = inner.as_deref().cloned().unwrap_or_default();
            list(slots, &name, &Parameter { name: name.clone(), uses, ..bare() }, None, false)
        }
        _ => scalar(slots, &name, &sample.uses, &annotation),
    }
}

fn list(slots: &mut Vec<Slot>, name: &str, parameter: &Parameter, inner: Option<String>, tuple: bool) -> Form {
    let uses = &parameter.uses;
    let fixed = uses.length.or_else(|| (uses.at_least > 1).then_some(uses.at_least));
    let count = fixed.unwrap_or(2).min(usize::try_from(MOST_ITEMS).unwrap_or(0));
    let first = Term::Int(i64::try_from(count).unwrap_or(0));
    slots.push(Slot {
        name: format!("len({name})"),
        kind: Kind::Length,
        value: first.clone(),
        first,
        origin: Origin::Required,
    });
    let length = slots.len() - 1;
    let mut inside = uses.item.as_deref().cloned().unwrap_or_default();
    inside.arity = uses.arity;
    let sample = Parameter { name: name.to_owned(), annotation: inner, uses: inside, ..bare() };
    let items = (0..count).map(|at| item(slots, &sample, at)).collect();
    Form::List { length, items, item: Box::new(sample), tuple }
}

/// One number, flag or float.
fn scalar(slots: &mut Vec<Slot>, name: &str, uses: &Use, annotation: &str) -> Form {
    let short =
        name.rsplit(['.', '\'']).find(|part| part.chars().any(char::is_alphabetic)).unwrap_or(name).to_lowercase();
    let named = |words: &[&str]| words.iter().any(|w| short.contains(w));
    let starts = |words: &[&str]| words.iter().any(|w| short.starts_with(w));
    let whole = uses.whole || annotation == "int";
    let (kind, value) = if annotation == "bool" {
        (Kind::Flag, Term::Bool(false))
    } else if annotation == "float" || uses.real || named(&["drop"]) && !whole {
        (Kind::Real, Term::Float(0.0))
    } else if !whole
        && (uses.flag || starts(&["use_", "is_", "with_", "has_"]) || named(&["bidirectional", "batch_first"]))
    {
        (Kind::Flag, Term::Bool(false))
    } else if !whole && (named(&["prob", "momentum", "slope"]) || short == "eps") {
        (Kind::Real, Term::Float(if short == "eps" { 1e-5 } else { 0.0 }))
    } else {
        (Kind::Whole, Term::Int(1))
    };
    slot(slots, name, kind, value, Origin::Required)
}

/// An argument whose first value is known.
fn seeded(slots: &mut Vec<Slot>, name: &str, term: &Term, origin: Origin, options: &Option<Vec<Term>>) -> Form {
    let kind = match term {
        Term::Int(_) => Kind::Whole,
        Term::Bool(_) => Kind::Flag,
        Term::Float(_) => Kind::Real,
        Term::Str(_) | Term::Source(_) | Term::None => {
            let mut all = options.clone().unwrap_or_default();
            if !all.contains(term) {
                all.insert(0, term.clone());
            }
            Kind::Choice(all)
        }
        Term::List(items) | Term::Tuple(items) => {
            let tuple = matches!(term, Term::Tuple(_));
            let count = Term::Int(i64::try_from(items.len()).unwrap_or(0));
            let kind = Kind::Length;
            slots.push(Slot { name: format!("len({name})"), kind, value: count.clone(), first: count, origin });
            let length = slots.len() - 1;
            let sample = Parameter { name: name.to_owned(), ..bare() };
            let made = |(at, i): (usize, &Term)| seeded(slots, &format!("{name}[{at}]"), i, origin, &None);
            let items = items.iter().enumerate().map(made).collect();
            return Form::List { length, items, item: Box::new(sample), tuple };
        }
    };
    slot(slots, name, kind, term.clone(), origin)
}

fn slot(slots: &mut Vec<Slot>, name: &str, kind: Kind, value: Term, origin: Origin) -> Form {
    slots.push(Slot { name: name.to_owned(), kind, first: value.clone(), value, origin });
    Form::Slot(slots.len() - 1)
}

/// Without quotes, `Optional` and `| None`.
fn plain(annotation: &str) -> String {
    let mut text = annotation.trim().trim_matches(['\'', '"']).trim();
    text = text.strip_prefix("typing.").unwrap_or(text);
    if let Some(inner) = text.strip_prefix("Optional[").and_then(|t| t.strip_suffix(']')) {
        text = inner;
    }
    if let Some(inner) = text.strip_prefix("Union[").and_then(|t| t.strip_suffix(']')) {
        text = inner.split(',').next().unwrap_or(inner);
    }
    text.split('|').map(str::trim).find(|part| *part != "None").unwrap_or(text).to_owned()
}

fn bare() -> Parameter {
    Parameter {
        name: String::new(),
        annotation: None,
        default: None,
        passing: Passing::Positional,
        uses: Use::default(),
    }
}
