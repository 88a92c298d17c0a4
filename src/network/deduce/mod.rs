//! Constructor arguments from a state_dict: which class of a source it was saved from, and with which arguments.
//!
//! A constructor is run with small numbers in the place of what is unknown, and what shapes it declares is compared with the file's
//! ([`solve`]). What no shape tells keeps its default, or is asked for; nothing is guessed that changes results. A call that the source
//! itself makes (`model = Net(10)`) goes before everything else, where it fits. All of it is bounded: see [`probe`].

pub mod book;
pub mod form;
pub mod harmless;
pub mod mixed;
pub mod plan;
pub mod probe;
pub mod report;
pub mod saved;
pub mod solve;
pub mod tell;
pub mod term;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that fails says where")]
mod tests;
pub mod uses;

use super::Network;
use super::packages::library;
use super::source::FILENAME;
use super::state::Offered;
use crate::checkpoint::arguments::SavedArguments;
use crate::error::{Error, Result};
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;
use book::Book;
use form::Source;
use mixed::Mixed;
use plan::{Form, Kind, Origin, Plan};
use probe::{Probe, Target};
use report::{Deduced, DeducedArgument, Reading};
use solve::Solver;
use term::Term;

/// Modules that are given as arguments of modules that are given as arguments.
const MAX_CHILDREN: usize = 2;
/// Lists of the source that are tried for one argument.
const MAX_LISTS: usize = 12;
/// Arguments that may be an object of the source.
const MAX_PLACES: usize = 2;
/// Other values of flags and choices that are started with.
const MAX_RESTARTS: usize = 12;
/// Calls of one class in the source that are looked at.
const MAX_CALLS: usize = 6;
/// Classes and functions that an error lists.
const MAX_LISTED: usize = 8;

/// Finds the network of a source whose `state_dict()` has the keys and shapes that a file offers. Each of `offered` is one way to read the
/// file's keys: as they are, or without a wrapper's prefix. Where nothing fits and `strict` is false, the nearest network will do if all the
/// shapes that both have agree. Arguments that were `saved` beside the weights go first.
///
/// # Errors
/// Mismatch: `no_module_class`; `needs_construct` when several networks fit, or when an argument is told by nothing; `load_state_dict`
/// when none fits, about the nearest. Python's own where the only class cannot be constructed.
pub fn deduce(
    program: &Program,
    offered: &[Vec<Offered>],
    saved: Option<&SavedArguments>,
    strict: bool,
) -> Result<(Network, Deduced)> {
    let source = Source::new(Book::new(program), Interpreter::offering(library(), Some(program.clone())));
    if source.modules().next().is_none() && source.book.functions.is_empty() {
        return Err(Error::mismatch("the source defines no class that inherits from nn.Module")
            .code("no_module_class")
            .at(FILENAME)
            .hint("paste the whole class, from `class Net(nn.Module):` on"));
    }
    let mut probe = Probe::new(program);
    if let Some(deduced) = saved.and_then(|saved| saved::call(&source, &mut probe, saved, offered)) {
        let all: Vec<Offered> = offered.iter().flatten().cloned().collect();
        return Ok((Network::construct(program, &deduced.expression, &all)?, deduced));
    }
    let mut nearest = None;
    for entries in offered {
        let target = Target::new(entries);
        let mut search = Search { source: &source, probe: &mut probe, target: &target, nearest: &mut nearest };
        let found = search.run();
        if let Some(reading) = choose(&source, found)? {
            let deduced = reading.deduced;
            return Ok((Network::construct(program, &deduced.expression, entries)?, deduced));
        }
    }
    if !strict && let Some(near) = &nearest {
        let target = offered.first().map(|entries| Target::new(entries)).unwrap_or_default();
        let solver = Solver::at(near.plan.clone(), &mut probe, &target);
        if let Some(mut solver) = solver.filter(|solver| target.agrees(&solver.shapes))
            && let Some(reading) = choose(&source, vec![report::read(&mut solver, &source)])?
        {
            let deduced = reading.deduced;
            let entries = offered.first().map_or(&[][..], Vec::as_slice);
            return Ok((Network::construct(program, &deduced.expression, entries)?, deduced));
        }
    }
    Err(no_fit(&source, probe, nearest, offered))
}

/// The only reading, if nothing in it has to be asked.
fn choose(source: &Source<'_>, mut found: Vec<Reading>) -> Result<Option<Reading>> {
    let Some(reading) = found.pop() else { return Ok(None) };
    if !found.is_empty() {
        found.push(reading);
        let all: Vec<_> = found.iter().take(MAX_LISTED).map(|r| r.open.clone()).collect();
        return Err(Error::mismatch(format!(
            "several networks have the state_dict's keys and shapes: {}",
            all.join(", ")
        ))
        .code("needs_construct")
        .at(FILENAME)
        .hint("give the expression that constructs the right one, as in Python"));
    }
    if reading.asked.is_empty() {
        return Ok(Some(reading));
    }
    let class = reading.open.split('(').next().unwrap_or_default();
    let line = source.book.classes.get(class).map(|c| source.book.line(*c));
    let asked = reading.asked.join(", ");
    let known: Vec<_> =
        reading.deduced.arguments.iter().filter(|a| a.told && !reading.asked.contains(&a.name)).collect();
    let known: Vec<_> = known.iter().map(|a| format!("{}={} ({})", a.name, a.value, a.from)).collect();
    let known = if known.is_empty() { String::new() } else { format!("; they tell {}", known.join(", ")) };
    Err(Error::mismatch(format!("the shapes in the state_dict do not tell {asked} of {class}{known}"))
        .code("needs_construct")
        .at(line.map_or_else(|| FILENAME.to_owned(), source_line))
        .hint(format!("give the expression with each ? filled in: {}", reading.open)))
}

/// `model.py:12`
fn source_line(line: u32) -> String {
    format!("{FILENAME}:{line}")
}

/// The network that came nearest, and torch's words for what differs.
fn no_fit(source: &Source<'_>, probe: Probe<'_>, nearest: Option<Near>, offered: &[Vec<Offered>]) -> Error {
    let signatures = || {
        let all = source.classes.iter().filter(|c| c.is_module).take(MAX_LISTED).map(|class| {
            let parameters = class.parameters.iter();
            let text =
                parameters.map(|p| p.default.as_ref().map_or_else(|| p.name.clone(), |d| format!("{}={d}", p.name)));
            format!("{}({})", class.name, text.collect::<Vec<_>>().join(", "))
        });
        all.collect::<Vec<_>>().join(", ")
    };
    let near = nearest.and_then(|near| {
        let network = probe.network(&near.plan.text())?;
        Some((near, network))
    });
    // a class without parameters is near nothing, where others could not be constructed
    let near = near.filter(|(_, network)| !network.state_dict_keys().is_empty() || probe.error.is_none());
    let Some((near, mut network)) = near else {
        let modules = source.modules().count();
        let fixed =
            source.classes.iter().filter(|c| c.is_module).all(|c| !c.parameters.iter().any(|p| p.is_required()));
        return match probe.error {
            Some(error) if modules == 1 && fixed => error,
            error => {
                let text = format!("the source does not say which network to build: it defines {}", signatures());
                let hint = "give the expression that constructs it, as in Python: `Net(10, hidden=32)`";
                let why = error.map_or_else(String::new, |e| format!("; a trial failed with {}", e.message));
                Error::mismatch(text).code("needs_construct").at(FILENAME).hint(format!("{hint}{why}"))
            }
        };
    };
    let class = network.class();
    let matching = offered.iter().map(|o| network.match_state_dict(o, |_| None));
    let best = matching.min_by_key(|m| m.missing.len() + m.unexpected.len() + m.mismatched.len());
    let error = best.and_then(|m| m.check(&class, true).err());
    let error = error.unwrap_or_else(|| Error::mismatch("no network fits").code("load_state_dict").at("state_dict"));
    let several = source.modules().count() > 1 || near.plan.text() != format!("{class}()");
    if !several {
        return error;
    }
    let text = format!(
        "no network of the source has the state_dict's keys and shapes; the nearest is {}: {}",
        near.plan.text(),
        error.message
    );
    let hint = "where it is the right class, give the expression that constructs it, as in Python";
    Error { message: text, ..error }.hint(hint)
}

/// What came nearest so far.
struct Near {
    distance: usize,
    plan: Plan,
}

struct Search<'s, 'a> {
    source: &'s Source<'a>,
    probe: &'s mut Probe<'a>,
    target: &'s Target,
    nearest: &'s mut Option<Near>,
}

impl<'a> Search<'_, 'a> {
    /// Everything that fits, from the first of these that fit at all: calls in the source, classes and functions that need no
    /// argument, classes that no other one uses, the others, functions.
    fn run(&mut self) -> Vec<Reading> {
        let source = self.source;
        let mut classes: Vec<(usize, &str)> = source.modules().map(|name| (self.users(name), name)).collect();
        classes.sort_by_key(|(users, _)| *users);
        let names: Vec<&str> = classes.iter().map(|(_, name)| *name).collect();
        let functions = self.factories();
        let mut found = self.written(&names);
        if found.is_empty() {
            found.extend(self.made());
        }
        if found.is_empty() {
            let roots = classes.iter().filter(|(users, _)| *users == 0).map(|(_, name)| *name);
            found = self.without_arguments(roots.collect());
        }
        if found.is_empty() {
            found = self.without_arguments(names);
        }
        // what fails in other functions of a script says nothing of its network
        let error = self.probe.error.take();
        if found.is_empty() {
            found = self.without_arguments(functions.clone());
        }
        if found.is_empty() {
            found = self.written(&functions);
        }
        self.probe.error = error;
        for users in 0..=classes.last().map_or(0, |(users, _)| *users) {
            if found.is_empty() {
                found = classes.iter().filter(|(n, _)| *n == users).filter_map(|(_, name)| self.solved(name)).collect();
            }
        }
        if found.is_empty() {
            let error = self.probe.error.take();
            found = functions.into_iter().filter_map(|name| self.solved(name)).collect();
            self.probe.error = error;
        }
        found
    }

    /// How many other classes name a class.
    fn users(&self, name: &str) -> usize {
        self.source.classes.iter().filter(|c| c.name != name && self.source.book.names(&c.name, name)).count()
    }

    /// Functions that may return a network: they name a class of the source or torch.nn, or such a function.
    fn factories(&self) -> Vec<&'a str> {
        let book = &self.source.book;
        let names_one = |name: &str| book.names(name, "nn") || self.source.modules().any(|m| book.names(name, m));
        let (mut found, mut rest): (Vec<&str>, Vec<&str>) = book
            .functions
            .iter()
            .filter(|(_, def)| book::returns(def))
            .map(|(name, _)| *name)
            .partition(|f| names_one(f));
        // `def resnet18(): return _resnet([2, 2, 2, 2])`
        loop {
            let (next, others): (Vec<&str>, Vec<&str>) =
                rest.into_iter().partition(|name| found.iter().any(|known| book.names(name, known)));
            if next.is_empty() {
                return found;
            }
            found.extend(next);
            rest = others;
        }
    }

    /// The networks that the source itself constructs.
    fn written(&mut self, callees: &[&str]) -> Vec<Reading> {
        let mut found: Vec<Reading> = Vec::new();
        for callee in callees {
            let calls: Vec<_> = self.source.book.calls(callee).take(MAX_CALLS).collect();
            for call in calls {
                let Some(mut plan) = self.plan(callee, 0) else { continue };
                if !self.source.seed(&mut plan, call) {
                    continue;
                }
                let open =
                    plan.live().iter().any(|at| plan.slots.get(*at).is_some_and(|s| s.origin == Origin::Required));
                if open || found.iter().any(|r| r.deduced.expression == plan.text()) {
                    continue;
                }
                found.extend(self.fits(plan));
            }
        }
        found
    }

    /// A network that the source's module level makes and keeps under a name: `model = build(**config)`, changed afterwards or not.
    fn made(&mut self) -> Option<Reading> {
        let made = self.source.book.made();
        let error = self.probe.error.take();
        let fits = |probe: &mut Probe<'a>, target: &Target, name: &str| {
            probe.shapes(name).is_some_and(|shapes| target.distance(&shapes) == 0)
        };
        let found = made.into_iter().take(MAX_LISTS).find(|(name, _)| fits(self.probe, self.target, name));
        self.probe.error = error;
        let (name, line) = found?;
        let argument =
            DeducedArgument { name: name.to_owned(), value: name.to_owned(), from: source_line(line), told: true };
        let deduced = Deduced { expression: name.to_owned(), arguments: vec![argument] };
        Some(Reading { deduced, asked: Vec::new(), open: name.to_owned() })
    }

    fn without_arguments(&mut self, names: Vec<&str>) -> Vec<Reading> {
        let mut found = Vec::new();
        for name in names {
            let Some(plan) = self.plan(name, 0) else { continue };
            if plan
                .call
                .arguments
                .iter()
                .all(|a| a.has_default || matches!(a.form, Form::List { .. }) && a.passing == book::Passing::Star)
            {
                found.extend(self.fits(plan));
            }
        }
        found
    }

    /// A plan as it is.
    fn fits(&mut self, plan: Plan) -> Option<Reading> {
        let shapes = self.probe.shapes(&plan.text())?;
        let distance = self.target.distance(&shapes);
        self.note(distance, &plan);
        if distance > 0 {
            return None;
        }
        let mut solver = Solver::at(plan, self.probe, self.target)?;
        Some(report::read(&mut solver, self.source))
    }

    fn note(&mut self, distance: usize, plan: &Plan) {
        if self.nearest.as_ref().is_none_or(|near| distance < near.distance) {
            *self.nearest = Some(Near { distance, plan: plan.clone() });
        }
    }

    fn plan(&mut self, callee: &str, depth: usize) -> Option<Plan> {
        let (source, target) = (self.source, self.target);
        let probe = &mut *self.probe;
        source.plan(callee, &mut |attribute| child(source, probe, target, callee, attribute, depth))
    }

    /// A class or function whose unknowns are solved for.
    fn solved(&mut self, callee: &str) -> Option<Reading> {
        let plan = self.plan(callee, 0)?;
        let mut tries = Vec::new();
        if let Some(call) = self.source.book.calls(callee).next() {
            let mut seeded = plan.clone();
            if self.source.seed(&mut seeded, call) {
                tries.push(seeded);
            }
        }
        let mut named = plan.clone();
        if self.source.namesakes(&mut named) {
            tries.push(named);
        }
        tries.push(plan.clone());
        for (at, argument) in plan.call.arguments.iter().enumerate() {
            if matches!(argument.form, Form::List { .. }) && !argument.has_default {
                for name in self.source.book.constant_lists().into_iter().take(MAX_LISTS) {
                    let mut fixed = plan.clone();
                    if let Some(argument) = fixed.call.arguments.get_mut(at) {
                        argument.form = Form::Fixed(Term::Source(name));
                    }
                    tries.push(fixed);
                }
            }
        }
        for plan in tries {
            if let Some(reading) = self.settle(plan) {
                return Some(reading);
            }
        }
        if let Some(reading) = self.mixed(&plan).or_else(|| self.restarted(&plan)) {
            return Some(reading);
        }
        let (source, target) = (self.source, self.target);
        let probe = &mut *self.probe;
        let open = source.open_plan(callee, &mut |attribute| child(source, probe, target, callee, attribute, 0));
        open.and_then(|open| self.settle(open)).or_else(|| self.given_an_object(&plan))
    }

    /// A list of widths with words between them. Words behind the last width show nowhere, and are asked for.
    fn mixed(&mut self, plan: &Plan) -> Option<Reading> {
        let list = Mixed::of(plan)?;
        for plan in mixed::variants(plan) {
            let items = list.grow(&plan, self.probe, self.target);
            let Some(mut reading) = self.settle(list.with(&plan, &items)) else { continue };
            for word in list.silent(&plan, &items, self.probe) {
                reading.asked.push(format!("whether {word} follows at the end of {}", list.name(&plan)));
                let (shown, last) = (Term::List(items.clone()).to_string(), ", ?]");
                let open = format!("{}{last}", shown.trim_end_matches(']'));
                reading.open = reading.open.replacen(&shown, &open, 1);
            }
            return Some(reading);
        }
        None
    }

    /// One argument may be an object that the source builds at its module level: a text of settings, a table, a vocabulary.
    fn given_an_object(&mut self, plan: &Plan) -> Option<Reading> {
        let required = |a: &plan::Argument| !a.has_default && a.passing != book::Passing::Star;
        let places = plan.call.arguments.iter().enumerate().filter(|(_, a)| required(a)).map(|(at, _)| at);
        for at in places.take(MAX_PLACES) {
            for name in self.source.book.constant_objects().into_iter().take(MAX_LISTS) {
                let mut fixed = plan.clone();
                if let Some(argument) = fixed.call.arguments.get_mut(at) {
                    argument.form = Form::Fixed(Term::Source(name));
                }
                if let Some(reading) = self.settle(fixed) {
                    return Some(reading);
                }
            }
        }
        None
    }

    /// Solves a plan; what it says, if it fits.
    fn settle(&mut self, plan: Plan) -> Option<Reading> {
        let mut solver = Solver::new(plan, self.probe, self.target)?;
        solver.solve();
        let (distance, plan) = (solver.distance(), solver.plan.clone());
        if distance == 0 {
            return Some(report::read(&mut solver, self.source));
        }
        self.note(distance, &plan);
        None
    }

    /// Starts again with another value of one flag or choice: which layers there are may hide how many there are.
    fn restarted(&mut self, plan: &Plan) -> Option<Reading> {
        let mut starts: Vec<(usize, Plan)> = Vec::new();
        for at in plan.live() {
            let values = match plan.slots.get(at).map(|s| (&s.kind, &s.value)) {
                Some((Kind::Flag, value)) => vec![Term::Bool(*value != Term::Bool(true))],
                Some((Kind::Choice(options), value)) => options.iter().filter(|o| *o != value).cloned().collect(),
                _ => continue,
            };
            for value in values.into_iter().take(MAX_RESTARTS) {
                let mut other = plan.clone();
                if let Some(slot) = other.slots.get_mut(at) {
                    slot.value = value;
                }
                let Some(solver) = Solver::new(other.clone(), self.probe, self.target) else { continue };
                // a class of which no key is in the file is not the one
                if solver.shapes.keys().any(|key| self.target.shapes.contains_key(key)) {
                    starts.push((solver.distance(), other));
                }
            }
        }
        starts.sort_by_key(|(distance, _)| *distance);
        starts.into_iter().take(MAX_RESTARTS).find_map(|(_, plan)| self.settle(plan))
    }
}

/// The plan of a module that is passed to a constructor and kept as `attribute`: a class of the source that fits the keys below it.
fn child<'a>(
    source: &Source<'a>,
    probe: &mut Probe<'a>,
    target: &Target,
    owner: &str,
    attribute: &str,
    depth: usize,
) -> Option<Plan> {
    let below = target.below(attribute);
    if below.shapes.is_empty() || depth >= MAX_CHILDREN {
        return None;
    }
    let mut fitting = Vec::new();
    for name in source.modules().filter(|name| *name != owner) {
        let plan = source.plan(name, &mut |inner| child(source, probe, &below, name, inner, depth + 1));
        let Some(mut solver) = plan.and_then(|plan| Solver::new(plan, probe, &below)) else { continue };
        solver.solve();
        if solver.distance() == 0 {
            fitting.push(solver.plan);
        }
    }
    if fitting.len() > 1 { None } else { fitting.pop() }
}
