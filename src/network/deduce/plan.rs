//! A constructor call with unknowns: which arguments it has, of what kind, and what they hold now.
//!
//! Every unknown is a [`Slot`] with one plain value; lists have a slot for their length, config objects are calls of their own.

use super::book::{Parameter, Passing};
use super::term::Term;

/// Elements of a list argument.
pub const MOST_ITEMS: i64 = 64;

/// What values an unknown may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// an int; `None` where that is the default
    Whole,
    /// True or False
    Flag,
    /// a float: it changes no shape
    Real,
    /// the number of elements of a list
    Length,
    /// one of these
    Choice(Vec<Term>),
}

/// Where the first value of an unknown comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// nowhere: it is required
    Required,
    /// the parameter's default
    Default,
    /// a call in the source, at this line
    Written(u32),
}

/// One unknown.
#[derive(Clone, Debug)]
pub struct Slot {
    /// for people: `hidden[0]`, `config.n_layer`
    pub name: String,
    /// what it may be
    pub kind: Kind,
    /// what it is now
    pub value: Term,
    /// what it was at first
    pub first: Term,
    /// why
    pub origin: Origin,
}

/// An argument's shape.
#[derive(Clone, Debug)]
pub enum Form {
    /// an unknown
    Slot(usize),
    /// always this
    Fixed(Term),
    /// a list of so many items; those beyond its length wait
    List {
        /// the slot of its length
        length: usize,
        /// its items
        items: Vec<Form>,
        /// what a new item is made like
        item: Box<Parameter>,
        /// in parentheses
        tuple: bool,
    },
    /// a tuple
    Tuple(Vec<Form>),
    /// a call: a config object, a module
    Call(Call),
    /// a dict with str keys
    Dict(Vec<(String, Form)>),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// the class or function
    pub callee: String,
    /// in the order of the signature
    pub arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// the parameter
    pub name: String,
    /// how it is passed
    pub passing: Passing,
    /// whether the call may leave it out
    pub has_default: bool,
    /// what is passed
    pub form: Form,
}

/// A call and its unknowns.
#[derive(Clone, Debug)]
pub struct Plan {
    /// the unknowns
    pub slots: Vec<Slot>,
    /// the call
    pub call: Call,
}

impl Plan {
    /// The call as Python, unknowns of which `hidden` is true as `?`.
    pub fn expression(&self, hidden: &dyn Fn(usize) -> bool) -> String {
        self.call(&self.call, hidden)
    }

    /// The call with all its values.
    pub fn text(&self) -> String {
        self.expression(&|_| false)
    }

    fn call(&self, call: &Call, hidden: &dyn Fn(usize) -> bool) -> String {
        let mut parts = Vec::new();
        let mut by_name = false;
        for argument in &call.arguments {
            if argument.has_default && self.at_default(&argument.form, hidden) {
                by_name |= argument.passing == Passing::Positional;
                continue;
            }
            let text = self.form(&argument.form, hidden);
            match argument.passing {
                Passing::Star => {
                    let items = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(&text);
                    if !items.is_empty() {
                        parts.push(items.to_owned());
                    }
                }
                Passing::Positional if !by_name => parts.push(text),
                _ => parts.push(format!("{}={text}", argument.name)),
            }
        }
        format!("{}({})", call.callee, parts.join(", "))
    }

    /// An argument as Python.
    pub fn form(&self, form: &Form, hidden: &dyn Fn(usize) -> bool) -> String {
        let all = |items: &[Form]| items.iter().map(|i| self.form(i, hidden)).collect::<Vec<_>>().join(", ");
        match form {
            Form::Slot(at) if hidden(*at) => "?".to_owned(),
            Form::Slot(at) => self.slots.get(*at).map_or_else(String::new, |slot| slot.value.to_string()),
            Form::Fixed(term) => term.to_string(),
            Form::List { length, .. } if hidden(*length) => "?".to_owned(),
            Form::List { items, .. } if !items.is_empty() && items.iter().all(|i| self.open(i, hidden)) => {
                "?".to_owned()
            }
            Form::List { length, items, tuple, .. } => {
                let items = items.get(..self.length(*length)).unwrap_or(items);
                match (tuple, items.len()) {
                    (true, 1) => format!("({},)", all(items)),
                    (true, _) => format!("({})", all(items)),
                    (false, _) => format!("[{}]", all(items)),
                }
            }
            Form::Tuple(items) if items.len() == 1 => format!("({},)", all(items)),
            Form::Tuple(items) => format!("({})", all(items)),
            Form::Call(call) => self.call(call, hidden),
            Form::Dict(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, form)| format!("'{key}': {}", self.form(form, hidden))).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn open(&self, item: &Form, hidden: &dyn Fn(usize) -> bool) -> bool {
        matches!(item, Form::Slot(at) if hidden(*at))
    }

    fn length(&self, slot: usize) -> usize {
        match self.slots.get(slot).map(|s| &s.value) {
            Some(Term::Int(n)) => usize::try_from(*n).unwrap_or(0),
            _ => 0,
        }
    }

    /// The unknowns of an argument.
    pub fn inside(&self, form: &Form) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect(form, &mut found);
        found
    }

    fn at_default(&self, form: &Form, hidden: &dyn Fn(usize) -> bool) -> bool {
        self.inside(form).iter().all(|at| {
            self.slots.get(*at).is_some_and(|s| s.origin == Origin::Default && s.value == s.first) && !hidden(*at)
        })
    }

    /// The unknowns that the call shows now: those of items beyond a list's length are left out.
    pub fn live(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.call.arguments.iter().for_each(|a| self.collect(&a.form, &mut found));
        found
    }

    fn collect(&self, form: &Form, found: &mut Vec<usize>) {
        match form {
            Form::Slot(at) => found.push(*at),
            Form::Fixed(_) => {}
            Form::List { length, items, .. } => {
                found.push(*length);
                items.iter().take(self.length(*length)).for_each(|i| self.collect(i, found));
            }
            Form::Tuple(items) => items.iter().for_each(|i| self.collect(i, found)),
            Form::Call(call) => call.arguments.iter().for_each(|a| self.collect(&a.form, found)),
            Form::Dict(entries) => entries.iter().for_each(|(_, f)| self.collect(f, found)),
        }
    }

    /// Gives an unknown a value; a list that grows gets new items, made by `make` and numbered from 0.
    pub fn set(&mut self, at: usize, value: Term, make: &mut dyn FnMut(&mut Vec<Slot>, &Parameter, usize) -> Form) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        let grows = slot.kind == Kind::Length;
        let count = match &value {
            Term::Int(n) => usize::try_from((*n).clamp(0, MOST_ITEMS)).unwrap_or(0),
            _ => 0,
        };
        slot.value = value;
        if grows {
            let slots = &mut self.slots;
            self.call.arguments.iter_mut().for_each(|a| grow(&mut a.form, at, count, slots, make));
        }
    }

    /// Takes over another plan as a call within this one.
    pub fn adopt(slots: &mut Vec<Slot>, prefix: &str, other: Plan) -> Form {
        let by = slots.len();
        slots.extend(other.slots.into_iter().map(|s| Slot { name: format!("{prefix}.{}", s.name), ..s }));
        let mut form = Form::Call(other.call);
        shift(&mut form, by);
        form
    }
}

fn grow(
    form: &mut Form,
    slot: usize,
    count: usize,
    slots: &mut Vec<Slot>,
    make: &mut dyn FnMut(&mut Vec<Slot>, &Parameter, usize) -> Form,
) {
    match form {
        Form::List { length, items, item, .. } if *length == slot => {
            while items.len() < count {
                let made = make(slots, item, items.len());
                items.push(made);
            }
        }
        Form::List { items, .. } | Form::Tuple(items) => {
            items.iter_mut().for_each(|i| grow(i, slot, count, slots, make));
        }
        Form::Call(call) => call.arguments.iter_mut().for_each(|a| grow(&mut a.form, slot, count, slots, make)),
        Form::Dict(entries) => entries.iter_mut().for_each(|(_, f)| grow(f, slot, count, slots, make)),
        Form::Slot(_) | Form::Fixed(_) => {}
    }
}

fn shift(form: &mut Form, by: usize) {
    match form {
        Form::Slot(at) => *at += by,
        Form::Fixed(_) => {}
        Form::List { length, items, .. } => {
            *length += by;
            items.iter_mut().for_each(|i| shift(i, by));
        }
        Form::Tuple(items) => items.iter_mut().for_each(|i| shift(i, by)),
        Form::Call(call) => call.arguments.iter_mut().for_each(|a| shift(&mut a.form, by)),
        Form::Dict(entries) => entries.iter_mut().for_each(|(_, f)| shift(f, by)),
    }
}
