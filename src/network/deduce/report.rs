//! What was deduced, for people: each argument's value and where it comes from, and what has to be asked.

use super::form::Source;
use super::harmless;
use super::plan::{Call, Form, Kind, Origin, Plan};
use super::probe::Target;
use super::solve::{Effect, Solver, numbers};
use super::source_line;
use super::tell::Tell;
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

/// Arguments that may make up for each other together.
const MOST_TRADING: usize = 5;

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
    let mut open = Vec::new();
    let tells: Vec<(usize, Tell)> = solver.plan.live().into_iter().map(|at| (at, solver.tell(at))).collect();
    let effects: Vec<(usize, Effect)> = tells
        .iter()
        .filter_map(|(at, tell)| match tell {
            Tell::Told(effect) | Tell::Partly(effect, _) => Some((*at, effect.clone())),
            Tell::Only | Tell::Silent(_) => None,
        })
        .collect();
    for (at, tell) in tells {
        let Some(slot) = solver.plan.slots.get(at).cloned() else { continue };
        let kept = slot.value == slot.first;
        let note = match (&tell, slot.origin) {
            // elements beyond those that are used do nothing
            _ if slot.kind == Kind::Length => continue,
            (_, Origin::Written(line)) if kept => (source_line(line), true),
            (Tell::Told(effect), Origin::Default) if kept => {
                (format!("default, as {}", place(solver, effect, &slot.value)), true)
            }
            (Tell::Only, _) => ("the only one that can be constructed".to_owned(), true),
            (Tell::Told(effect), _) if !alone(effect, at, &effects) => {
                match traded(solver, source, at, effect, &effects) {
                    Trade::None => (place(solver, effect, &slot.value), true),
                    Trade::Default(name) => {
                        (format!("{}, with {name} at its default", place(solver, effect, &slot.value)), true)
                    }
                    Trade::Open(others) => {
                        open.extend(others);
                        asked.push(at);
                        ("the shapes do not tell".to_owned(), false)
                    }
                }
            }
            (Tell::Told(effect), _) => (place(solver, effect, &slot.value), true),
            (_, Origin::Default) if kept => ("default; the shapes do not tell".to_owned(), false),
            (Tell::Partly(..) | Tell::Silent(_), _) => {
                let others = match &tell {
                    Tell::Partly(_, others) | Tell::Silent(others) => others.as_slice(),
                    Tell::Told(_) | Tell::Only => &[],
                };
                if harmless::is(solver, source, at, others) {
                    match &tell {
                        Tell::Partly(effect, _) => {
                            (format!("{}, as other values would", place(solver, effect, &slot.value)), true)
                        }
                        _ => {
                            if slot.kind == Kind::Whole && slot.value != Term::Int(0) {
                                solver.replace(at, Term::Int(1));
                            }
                            ("the shapes do not tell; it changes nothing in eval mode".to_owned(), false)
                        }
                    }
                } else {
                    asked.push(at);
                    ("the shapes do not tell".to_owned(), false)
                }
            }
        };
        notes.insert(at, note);
    }
    // what makes up for an argument that is asked for is no more certain
    for at in open {
        if !asked.contains(&at) {
            asked.push(at);
            notes.insert(at, ("the shapes do not tell".to_owned(), false));
        }
    }
    asked.sort_unstable();
    let plan = &solver.plan;
    let mut arguments = Vec::new();
    list(plan, &plan.call, "", &notes, &mut arguments);
    let open = plan.expression(&|at| asked.contains(&at));
    let mut named: Vec<String> = Vec::new();
    for slot in asked.iter().filter_map(|at| plan.slots.get(*at)) {
        // an item stands for its list
        let name = slot.name.split(['[', ']']).next().filter(|_| !slot.name.contains('\'')).unwrap_or(&slot.name);
        if !named.iter().any(|known| known == name) {
            named.push(name.to_owned());
        }
    }
    Reading { deduced: Deduced { expression: plan.text(), arguments }, asked: named, open }
}

/// Whether an unknown alone changes some entry.
fn alone(effect: &Effect, at: usize, effects: &[(usize, Effect)]) -> bool {
    effect.iter().any(|entry| !effects.iter().any(|(other, theirs)| *other != at && theirs.contains(entry)))
}

/// Whether another unknown can make up for a change of this one.
enum Trade {
    None,
    /// one that stays at its default, by name
    Default(String),
    /// these
    Open(Vec<usize>),
}

fn traded(
    solver: &mut Solver<'_, '_>,
    source: &Source<'_>,
    at: usize,
    effect: &Effect,
    effects: &[(usize, Effect)],
) -> Trade {
    let sharing = effects.iter().filter(|(other, theirs)| *other != at && theirs.iter().any(|e| effect.contains(e)));
    // those that share nothing with this one may share something with what it shares with
    let mut others: Vec<usize> = sharing.map(|(other, _)| *other).collect();
    for (other, theirs) in effects {
        let linked = effects.iter().any(|(o, e)| others.contains(o) && e.iter().any(|entry| theirs.contains(entry)));
        if *other != at && linked && !others.contains(other) {
            others.push(*other);
        }
    }
    others.truncate(MOST_TRADING);
    let moved = solver.trades(at, &others);
    let kept = |at: usize| {
        solver.plan.slots.get(at).is_some_and(|slot| slot.origin != Origin::Required && slot.value == slot.first)
    };
    if let Some(first) = moved.first()
        && moved.iter().all(|other| kept(*other))
    {
        return Trade::Default(solver.plan.slots.get(*first).map(|s| s.name.clone()).unwrap_or_default());
    }
    let harmless = moved.is_empty() || moved.iter().chain([&at]).all(|at| harmless::only_shapes(solver, source, *at));
    if harmless { Trade::None } else { Trade::Open(moved) }
}

/// The entry that tells a value: one that has it as a dim, if there is such.
fn place(solver: &Solver<'_, '_>, effect: &super::solve::Effect, value: &Term) -> String {
    let number = match value {
        Term::Int(n) => Some(*n),
        _ => None,
    };
    let equal = |entry: &&(String, Option<usize>)| {
        let dim = entry.1.and_then(|dim| solver.shapes.get(&entry.0)?.get(dim));
        number.is_some() && dim.and_then(|dim| i64::try_from(*dim).ok()) == number
    };
    let dim = |entry: &(String, Option<usize>)| entry.1.map(|dim| format!("{} dim {dim}", entry.0));
    let key = |entry: &(String, Option<usize>)| {
        (entry.1.is_none() && solver.shapes.contains_key(&entry.0)).then(|| format!("the key {}", entry.0))
    };
    let count = |entry: &(String, Option<usize>)| if entry.1.is_none() { counted(solver, &entry.0) } else { None };
    let found = if number.is_some() {
        let equal = effect.iter().find(equal).and_then(dim);
        equal.or_else(|| effect.iter().find_map(count)).or_else(|| effect.iter().find_map(dim))
    } else {
        effect.iter().find_map(key)
    };
    found.or_else(|| effect.iter().find_map(key)).unwrap_or_else(|| match effect.first() {
        Some((key, None)) => format!("there is no key {key}"),
        Some((key, Some(dim))) => format!("{key} dim {dim}"),
        None => "the shapes".to_owned(),
    })
}

/// `layers.0 to layers.5`, for a key with a number of which the file has others.
fn counted(solver: &Solver<'_, '_>, key: &str) -> Option<String> {
    let (prefix, _) = numbers(key).find(|(prefix, _)| {
        let digits = key.get(prefix.len()..).unwrap_or_default();
        let index: String = digits.chars().take_while(char::is_ascii_digit).collect();
        !solver.shapes.keys().any(|k| k.starts_with(&format!("{prefix}{index}.")))
    })?;
    let highest = Target::highest(&solver.shapes, prefix);
    (highest >= 0)
        .then(|| if highest == 0 { format!("{prefix}0 alone") } else { format!("{prefix}0 to {prefix}{highest}") })
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
                let from = match term {
                    _ if argument.has_default => "default; the shapes do not tell",
                    Term::Str(_) => "it stands for every device",
                    _ => "a name of the source",
                };
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
