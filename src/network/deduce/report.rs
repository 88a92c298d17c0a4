//! What was deduced, for people: each argument's value and where it comes from, and what has to be asked.

use super::form::Source;
use super::harmless;
use super::plan::{Call, Form, Kind, Origin, Plan};
use super::solve::{Solver, Tell};
use super::source_line;
use super::term::Term;
use serde::Serialize;
use std::collections::BTreeMap;

/// Origins that one list names.
const MOST_ORIGINS: usize = 3;

/// How a network was constructed when nobody said how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deduced {
    /// the Python expression that constructs it: `WordAVGModel(25002, 100, 1, 1)`
    pub expression: String,
    /// its arguments, those that the expression leaves to their defaults too; none where the user gave the expression
    pub arguments: Vec<DeducedArgument>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeducedArgument {
    /// the parameter: `hidden`, `config.n_layer`
    pub name: String,
    /// its value, as Python writes it
    pub value: String,
    /// `embedding.weight dim 0`, `default`, `model.py:30`
    pub from: String,
    /// false where nothing in the file tells the value, and another might be right
    pub told: bool,
}

/// A plan that fits, read out.
pub struct Reading {
    /// for people
    pub deduced: Deduced,
    /// the arguments that have to be asked, none where all is known
    pub asked: Vec<String>,
    /// the expression with `?` for those
    pub open: String,
}

/// Reads out what a solved plan knows of each argument.
pub fn read(solver: &mut Solver<'_, '_>, source: &Source<'_>) -> Reading {
    let mut notes: BTreeMap<usize, (String, bool)> = BTreeMap::new();
    let mut asked = Vec::new();
    for at in solver.plan.live() {
        let tell = solver.tell(at);
        let Some(slot) = solver.plan.slots.get(at).cloned() else { continue };
        let kept = slot.value == slot.first;
        let note = match (&tell, slot.origin) {
            // elements beyond those that are used do nothing
            _ if slot.kind == Kind::Length => continue,
            (_, Origin::Written(line)) if kept => (source_line(line), true),
            (Tell::Told(effect), Origin::Default) if kept => {
                (format!("default, as {}", place(solver, effect, &slot.value)), true)
            }
            (Tell::Told(effect), _) => (place(solver, effect, &slot.value), true),
            (_, Origin::Default) if kept => ("default; the shapes do not tell".to_owned(), false),
            (Tell::Partly(..) | Tell::Silent(_), _) => {
                let others = match &tell {
                    Tell::Partly(_, others) | Tell::Silent(others) => others.as_slice(),
                    Tell::Told(_) => &[],
                };
                if harmless::is(solver, source, at, others) {
                    match &tell {
                        Tell::Partly(effect, _) => {
                            (format!("{}, as other values would", place(solver, effect, &slot.value)), true)
                        }
                        _ => ("the shapes do not tell; it changes nothing in eval mode".to_owned(), false),
                    }
                } else {
                    asked.push(at);
                    ("the shapes do not tell".to_owned(), false)
                }
            }
        };
        notes.insert(at, note);
    }
    let plan = &solver.plan;
    let mut arguments = Vec::new();
    list(plan, &plan.call, "", &notes, &mut arguments);
    let open = plan.expression(&|at| asked.contains(&at));
    let named = asked.iter().filter_map(|at| plan.slots.get(*at)).map(|s| s.name.clone()).collect();
    Reading { deduced: Deduced { expression: plan.text(), arguments }, asked: named, open }
}

/// The entry that tells a value: one that has it as a dim, if there is such.
fn place(solver: &Solver<'_, '_>, effect: &super::solve::Effect, value: &Term) -> String {
    let equal = |entry: &&(String, Option<usize>)| {
        let dim = entry.1.and_then(|dim| solver.shapes.get(&entry.0)?.get(dim));
        matches!((dim, value), (Some(dim), Term::Int(n)) if i64::try_from(*dim) == Ok(*n))
    };
    let with_dim = |entry: &&(String, Option<usize>)| entry.1.is_some();
    match effect.iter().find(equal).or_else(|| effect.iter().find(with_dim)).or_else(|| effect.first()) {
        Some((key, Some(dim))) => format!("{key} dim {dim}"),
        Some((key, None)) if solver.shapes.contains_key(key) => format!("the key {key}"),
        Some((key, None)) => format!("there is no key {key}"),
        None => "the shapes".to_owned(),
    }
}

fn list(
    plan: &Plan,
    call: &Call,
    prefix: &str,
    notes: &BTreeMap<usize, (String, bool)>,
    found: &mut Vec<DeducedArgument>,
) {
    for argument in &call.arguments {
        let name = if prefix.is_empty() { argument.name.clone() } else { format!("{prefix}.{}", argument.name) };
        match &argument.form {
            Form::Call(inner) => list(plan, inner, &name, notes, found),
            Form::Fixed(term) => {
                let from = if argument.has_default { "default; the shapes do not tell" } else { "the source" };
                found.push(DeducedArgument {
                    name,
                    value: term.to_string(),
                    from: from.to_owned(),
                    told: !argument.has_default,
                });
            }
            form => {
                let inside = plan.inside(form);
                let notes: Vec<_> = inside.iter().filter_map(|at| notes.get(at)).collect();
                let mut origins: Vec<&str> = Vec::new();
                for (text, _) in &notes {
                    if !origins.contains(&text.as_str()) {
                        origins.push(text);
                    }
                }
                let more = if origins.len() > MOST_ORIGINS { ", …" } else { "" };
                origins.truncate(MOST_ORIGINS);
                found.push(DeducedArgument {
                    name,
                    value: plan.form(form, &|_| false),
                    from: if origins.is_empty() {
                        "the keys".to_owned()
                    } else {
                        format!("{}{more}", origins.join(", "))
                    },
                    told: notes.iter().all(|(_, told)| *told),
                });
            }
        }
    }
}
