//! Finds the values of a plan's unknowns: probes with small numbers, sees which shapes and keys change with which argument, and solves.
//!
//! Every step is a descent on [`Target::distance`]: a value is kept when the network comes nearer to the file. For an int the next value is
//! proposed by each shape that it changes, as if the dim were linear in it (exact for sizes, multiples, products and quotients), by the
//! indexes in the keys that it adds, and where both fail by bisection. Required arguments go first; those with defaults move only when
//! nothing else brings the network nearer.

use super::form;
use super::plan::{Kind, Origin, Plan, Slot};
use super::probe::{Probe, Shapes, Target};
use super::term::Term;
use crate::network::Network;
use indexmap::{IndexMap, IndexSet};
use std::rc::Rc;

/// Times that all unknowns are gone through.
const MAX_ROUNDS: usize = 12;
/// Values proposed for one int that are tried.
const MAX_PROPOSALS: usize = 5;
/// Strings and classes that are tried.
const MAX_CHOICES: usize = 40;
/// The largest number that is tried for an argument.
const MOST: i64 = 1 << 31;
/// Sizes that the unknowns start with: for dims, for counts.
const STARTS: &[(i64, i64)] =
    &[(64, 2), (64, 1), (16, 1), (1, 1), (2, 2), (4, 2), (224, 2), (8, 3), (96, 3), (3, 3), (256, 4)];

/// A plan under way to its target.
pub struct Solver<'s, 'a> {
    pub(super) probe: &'s mut Probe<'a>,
    target: &'s Target,
    /// the best plan so far
    pub plan: Plan,
    /// its shapes
    pub shapes: Rc<Shapes>,
    start: (i64, i64),
}

/// Which entries of the state_dict an unknown changes: a dim, or the key itself.
pub type Effect = IndexSet<(String, Option<usize>)>;

impl<'s, 'a> Solver<'s, 'a> {
    /// Finds values with which the network can be constructed at all.
    pub fn new(plan: Plan, probe: &'s mut Probe<'a>, target: &'s Target) -> Option<Self> {
        let begin = |start: (i64, i64)| {
            let mut plan = plan.clone();
            let required = plan.slots.iter_mut().filter(|s| s.origin == Origin::Required && s.kind == Kind::Whole);
            required.for_each(|slot| slot.value = Term::Int(first(slot, start)));
            plan
        };
        for &start in STARTS {
            let plan = begin(start);
            if let Some(shapes) = probe.shapes(&plan.text()) {
                return Some(Self { probe, target, plan, shapes, start });
            }
        }
        // One argument may need something of its own: an index, a longer list, another option.
        for &start in STARTS.get(..3).unwrap_or_default() {
            let plan = begin(start);
            for at in plan.live() {
                let Some(slot) = plan.slots.get(at) else { continue };
                let others: Vec<Term> = match &slot.kind {
                    Kind::Whole => [0, 1, 2, 32].map(Term::Int).to_vec(),
                    Kind::Length => [1, 3, 4, 5].map(Term::Int).to_vec(),
                    Kind::Flag => vec![Term::Bool(true)],
                    Kind::Choice(options) => options.iter().take(MAX_CHOICES).cloned().collect(),
                    Kind::Real => vec![Term::Float(0.5)],
                };
                for value in others {
                    let mut changed = plan.clone();
                    set(&mut changed, at, value, start);
                    if let Some(shapes) = probe.shapes(&changed.text()) {
                        return Some(Self { probe, target, plan: changed, shapes, start });
                    }
                }
            }
        }
        None
    }

    /// A plan as it is.
    pub fn at(plan: Plan, probe: &'s mut Probe<'a>, target: &'s Target) -> Option<Self> {
        let shapes = probe.shapes(&plan.text())?;
        let start = STARTS.first().copied().unwrap_or((1, 1));
        Some(Self { probe, target, plan, shapes, start })
    }

    /// How far the plan is from its target.
    pub fn distance(&self) -> usize {
        self.target.distance(&self.shapes)
    }

    /// Comes as near as it can.
    pub fn solve(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let before = self.distance();
            if before == 0 || self.probe.spent() {
                return;
            }
            let order = self.ordered();
            for (at, alone) in &order {
                self.pin(*at, alone);
            }
            for (at, alone) in &order {
                if alone.is_empty() || self.wrong(alone, &self.shapes) > 0 {
                    self.improve(*at);
                }
            }
            if self.distance() < before {
                continue;
            }
            for (at, _) in &order {
                self.improve(*at);
            }
            if self.distance() < before {
                continue;
            }
            let idle: Vec<usize> = self.plan.live().into_iter().filter(|at| !self.active(*at)).collect();
            if !idle.into_iter().any(|at| self.improve(at)) {
                return;
            }
        }
    }

    fn active(&self, at: usize) -> bool {
        self.plan.slots.get(at).is_some_and(|s| s.origin == Origin::Required || s.value != s.first)
    }

    /// How many of some dims are not the file's.
    fn wrong(&self, entries: &Effect, shapes: &Shapes) -> usize {
        let differs = |(key, dim): &&(String, Option<usize>)| {
            let Some(dim) = *dim else { return false };
            let want = self.target.shapes.get(key).and_then(|want| want.get(dim));
            want.is_some() && shapes.get(key).and_then(|have| have.get(dim)) != want
        };
        entries.iter().filter(differs).count()
    }

    /// Solves for an int by the dims that it alone decides, whatever becomes of those that others decide too.
    fn pin(&mut self, at: usize, alone: &Effect) {
        let before = self.wrong(alone, &self.shapes);
        if before == 0 || !matches!(self.plan.slots.get(at).map(|s| &s.kind), Some(Kind::Whole)) {
            return;
        }
        let keys = |me: &Self, shapes: &Shapes| shapes.keys().filter(|k| me.target.shapes.contains_key(*k)).count();
        let mut best = (before, self.plan.clone(), self.shapes.clone());
        for value in self.proposals(at) {
            let Some((plan, shapes)) = self.attempt(at, value) else { continue };
            let wrong = self.wrong(alone, &shapes);
            if wrong < best.0 && keys(self, &shapes) >= keys(self, &self.shapes) {
                best = (wrong, plan, shapes);
            }
        }
        (_, self.plan, self.shapes) = best;
    }

    /// Unknowns that something can be told about, each with the dims that it alone decides: those first that decide which keys there are,
    /// then those that alone decide some dim.
    fn ordered(&mut self) -> Vec<(usize, Effect)> {
        let active: Vec<usize> = self.plan.live().into_iter().filter(|at| self.active(*at)).collect();
        let effects: Vec<(usize, Effect)> = active.iter().map(|at| (*at, self.effect(*at))).collect();
        let mut users: IndexMap<&(String, Option<usize>), usize> = IndexMap::new();
        for (_, effect) in &effects {
            effect.iter().for_each(|entry| *users.entry(entry).or_default() += 1);
        }
        let alone = |effect: &Effect| effect.iter().any(|e| users.get(e) == Some(&1));
        let adds = |effect: &Effect| effect.iter().any(|e| e.1.is_none());
        let rank = |at: usize, effect: &Effect| match self.plan.slots.get(at).map(|s| &s.kind) {
            Some(Kind::Flag | Kind::Choice(_)) if adds(effect) => 0,
            _ if adds(effect) => 1,
            _ if alone(effect) => 2,
            _ => 3,
        };
        let mut ranked: Vec<(i32, usize, Effect)> = Vec::new();
        for (at, effect) in &effects {
            let own = effect.iter().filter(|e| e.1.is_some() && users.get(*e) == Some(&1)).cloned().collect();
            ranked.push((rank(*at, effect), *at, own));
        }
        ranked.sort_by_key(|(rank, at, _)| (*rank, *at));
        ranked.into_iter().map(|(_, at, own)| (at, own)).collect()
    }

    /// What changes in the state_dict when an unknown does.
    fn effect(&mut self, at: usize) -> Effect {
        match self.nudge(at) {
            Some((_, other)) => difference(&self.shapes, &other),
            None => Effect::new(),
        }
    }

    pub(super) fn with(&self, at: usize, value: Term) -> Plan {
        let mut plan = self.plan.clone();
        set(&mut plan, at, value, self.start);
        plan
    }

    /// The plan with another value of an unknown. Where a constructor insists that two arguments agree, both change.
    pub(super) fn moved(&mut self, at: usize, value: &Term) -> Option<(Plan, Rc<Shapes>)> {
        let plan = self.with(at, value.clone());
        if let Some(shapes) = self.probe.shapes(&plan.text()) {
            return Some((plan, shapes));
        }
        let slot = self.plan.slots.get(at).filter(|s| s.kind == Kind::Whole)?;
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let (name, now) = (last(&slot.name), slot.value.clone());
        let live = self.plan.live();
        let others: Vec<&usize> = live.iter().filter(|other| **other != at).collect();
        let equal = |other: &usize| self.plan.slots.get(*other).filter(|s| s.kind == Kind::Whole && s.value == now);
        let namesakes =
            others.iter().filter(|o| equal(o).is_some_and(|s| last(&s.name) == name)).map(|o| **o).collect();
        let twins: Vec<usize> = others.iter().filter(|o| equal(o).is_some()).map(|o| **o).collect();
        for group in [namesakes, twins] {
            if let (false, Term::Int(value)) = (group.is_empty(), value)
                && let Some(found) = self.together(&[vec![at], group].concat(), *value)
            {
                return Some(found);
            }
        }
        // a count of layers goes with the length of a list of their widths
        let Term::Int(value) = value else { return None };
        let lengths = |at: &usize| self.plan.slots.get(*at).is_some_and(|s| s.kind == Kind::Length);
        let lists: Vec<usize> = live.iter().copied().filter(lengths).collect();
        for list in lists {
            for length in [value.saturating_add(1), *value] {
                let mut longer = plan.clone();
                set(&mut longer, list, Term::Int(length.min(super::plan::MOST_ITEMS)), self.start);
                if let Some(shapes) = self.probe.shapes(&longer.text()) {
                    return Some((longer, shapes));
                }
            }
        }
        None
    }

    fn together(&mut self, group: &[usize], value: i64) -> Option<(Plan, Rc<Shapes>)> {
        let mut plan = self.plan.clone();
        group.iter().for_each(|at| set(&mut plan, *at, Term::Int(value), self.start));
        let shapes = self.probe.shapes(&plan.text())?;
        Some((plan, shapes))
    }

    /// Another value for what makes no difference, if the shapes stay.
    pub fn replace(&mut self, at: usize, value: Term) {
        let plan = self.with(at, value);
        if self.probe.shapes(&plan.text()).is_some_and(|shapes| shapes == self.shapes) {
            self.plan = plan;
        }
    }

    fn value(&self, at: usize) -> Term {
        self.plan.slots.get(at).map_or(Term::None, |s| s.value.clone())
    }

    /// Another value of an unknown with which the network can be constructed, one that changes it if there is such.
    pub fn nudge(&mut self, at: usize) -> Option<(Term, Rc<Shapes>)> {
        let mut silent = None;
        for value in self.others(at) {
            let Some((_, shapes)) = self.moved(at, &value) else { continue };
            if shapes != self.shapes {
                return Some((value, shapes));
            }
            if silent.replace((value, shapes)).is_some() {
                break;
            }
        }
        silent
    }

    /// Other values of an unknown, the more telling first.
    pub(super) fn others(&self, at: usize) -> Vec<Term> {
        let Some(slot) = self.plan.slots.get(at) else { return Vec::new() };
        let ints = |values: &[i64], now: i64| {
            let mut kept: Vec<i64> = Vec::new();
            for v in values {
                if *v >= 0 && *v != now && *v <= MOST && !kept.contains(v) {
                    kept.push(*v);
                }
            }
            kept.into_iter().map(Term::Int).collect()
        };
        match (&slot.kind, &slot.value) {
            (Kind::Whole, Term::Int(x)) if *x < 8 => {
                ints(&[x + 1, x.saturating_mul(2), x - 1, x + 2, 1, x.saturating_mul(3)], *x)
            }
            (Kind::Whole, Term::Int(x)) => {
                ints(&[x.saturating_mul(2), x + 1, x.saturating_mul(3), x / 2, x - 1, 1, x.saturating_mul(4)], *x)
            }
            (Kind::Whole, _) => ints(&[64, 2, 1], -1),
            (Kind::Length, Term::Int(x)) => ints(&[x + 1, x - 1], *x),
            (Kind::Flag, Term::Bool(b)) => vec![Term::Bool(!b)],
            (Kind::Flag, _) => vec![Term::Bool(true), Term::Bool(false)],
            (Kind::Choice(options), now) => options.iter().filter(|o| *o != now).take(MAX_CHOICES).cloned().collect(),
            (Kind::Real, _) | (Kind::Length, _) => Vec::new(),
        }
    }

    /// Takes the best of some values, if it is better than the present one.
    pub(super) fn improve(&mut self, at: usize) -> bool {
        let before = self.distance();
        if before == 0 {
            return false;
        }
        let values = match self.plan.slots.get(at).map(|s| &s.kind) {
            Some(Kind::Whole | Kind::Length) => self.proposals(at),
            Some(Kind::Flag | Kind::Choice(_)) => self.others(at),
            _ => return false,
        };
        let mut best: Option<(usize, Plan, Rc<Shapes>)> = None;
        for value in values {
            let Some((plan, shapes)) = self.attempt(at, value) else { continue };
            let distance = self.target.distance(&shapes);
            if best.as_ref().map_or(before, |(d, ..)| *d) > distance {
                best = Some((distance, plan, shapes));
            }
        }
        if let Some((_, plan, shapes)) = best {
            (self.plan, self.shapes) = (plan, shapes);
        }
        if matches!(self.plan.slots.get(at).map(|s| &s.kind), Some(Kind::Whole)) {
            self.bisect(at);
        }
        self.distance() < before
    }

    /// Constructs with another value. What may be no divisor any more, such as a number of heads, becomes 1 if that helps.
    fn attempt(&mut self, at: usize, value: Term) -> Option<(Plan, Rc<Shapes>)> {
        if let Some(moved) = self.moved(at, &value) {
            return Some(moved);
        }
        let plan = self.with(at, value);
        for other in plan.live() {
            let Some(slot) = plan.slots.get(other) else { continue };
            let size = matches!(slot.value, Term::Int(n) if n > 1);
            if other == at || slot.kind != Kind::Whole || !size || !self.effect(other).is_empty() {
                continue;
            }
            let mut changed = plan.clone();
            set(&mut changed, other, Term::Int(1), self.start);
            if let Some(shapes) = self.probe.shapes(&changed.text()) {
                return Some((changed, shapes));
            }
        }
        None
    }

    /// Ints that would bring some shape or key to what the file has.
    fn proposals(&mut self, at: usize) -> Vec<Term> {
        let Some((Term::Int(next), other)) = self.nudge(at) else { return Vec::new() };
        let length = self.plan.slots.get(at).is_some_and(|s| s.kind == Kind::Length);
        let Term::Int(now) = self.value(at) else {
            return vec![Term::Int(next)].into_iter().chain(self.seen(&other)).collect();
        };
        if other == self.shapes {
            return Vec::new();
        }
        let (x, step) = (i128::from(now), i128::from(next) - i128::from(now));
        let mut votes: IndexMap<i128, usize> = IndexMap::new();
        let mut propose = |have: i128, moved: i128, want: i128, weight: usize| {
            if moved == have || want == have {
                return;
            }
            let (up, down) = ((want - have) * step, moved - have);
            let value = x + up.div_euclid(down);
            *votes.entry(value).or_default() += weight;
            if up.rem_euclid(down) != 0 {
                *votes.entry(value + 1).or_default() += 1;
            }
        };
        for (key, have) in &*self.shapes {
            let (Some(moved), Some(want)) = (other.get(key), self.target.shapes.get(key)) else { continue };
            if have.len() == moved.len() && have.len() == want.len() {
                for ((have, moved), want) in have.iter().zip(moved).zip(want) {
                    propose((*have).into(), (*moved).into(), (*want).into(), 4);
                }
            }
        }
        for prefix in changed_prefixes(&self.shapes, &other) {
            let top = |shapes: &Shapes| Target::highest(shapes, &prefix);
            propose(top(&self.shapes), top(&other), top(&self.target.shapes), 3);
        }
        let count = |shapes: &Shapes| i128::try_from(shapes.len()).unwrap_or(0);
        propose(count(&self.shapes), count(&other), count(&self.target.shapes), 1);
        let mut ranked: Vec<(i128, usize)> = votes.into_iter().collect();
        ranked.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        let most = if length { super::plan::MOST_ITEMS } else { MOST };
        let values = ranked.into_iter().filter_map(|(v, _)| i64::try_from(v).ok()).filter(|v| (0..=most).contains(v));
        let mut all: Vec<i64> = values.take(MAX_PROPOSALS).collect();
        for near in [now + 1, now - 1] {
            if near >= 0 && !all.contains(&near) {
                all.push(near);
            }
        }
        all.into_iter().map(Term::Int).collect()
    }

    /// Dims of the file where a network with another value of something differs from the present one.
    fn seen(&self, other: &Shapes) -> Vec<Term> {
        let mut found: IndexSet<u64> = IndexSet::new();
        for (key, dim) in difference(&self.shapes, other) {
            if let (Some(dim), Some(want)) = (dim, self.target.shapes.get(&key)) {
                found.extend(want.get(dim));
            }
        }
        found.into_iter().take(MAX_PROPOSALS).filter_map(|d| i64::try_from(d).ok()).map(Term::Int).collect()
    }

    /// For a dim that is no linear function of an int, such as what convolutions leave of an image: the smallest value with which the dim
    /// is the file's, if the dim never falls while the value grows.
    fn bisect(&mut self, at: usize) {
        let Term::Int(now) = self.value(at) else { return };
        let before = self.distance();
        if before == 0 {
            return;
        }
        // Arguments that are equal and decide the same dim, such as an image's sides, go together.
        let effect = self.effect(at);
        let equal =
            |me: &Self, other: usize| {
                other != at
                    && me.plan.slots.get(other).is_some_and(|s| {
                        s.kind == Kind::Whole && s.value == Term::Int(now) && s.origin == Origin::Required
                    })
            };
        let mut group = vec![at];
        for other in self.plan.live() {
            if equal(self, other) && self.effect(other) == effect {
                group.push(other);
            }
        }
        let wrong = |entry: &(String, Option<usize>)| {
            let (key, dim) = (&entry.0, entry.1?);
            let (have, want) = (self.shapes.get(key)?.get(dim)?, self.target.shapes.get(key)?.get(dim)?);
            (have != want).then(|| (key.clone(), dim, *want))
        };
        let Some((key, dim, want)) = effect.iter().find_map(wrong) else { return };
        let dim_of = |me: &mut Self, value: i64| {
            let (_, shapes) = me.together(&group, value)?;
            shapes.get(&key)?.get(dim).copied()
        };
        let (mut low, mut high) = (0i64, now.max(1));
        while dim_of(self, high).is_none_or(|d| d < want) {
            (low, high) = (high, high.saturating_mul(2));
            if high > 1 << 20 || self.probe.spent() {
                return;
            }
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if dim_of(self, middle).is_none_or(|d| d < want) {
                low = middle;
            } else {
                high = middle;
            }
        }
        if let Some((plan, shapes)) = self.together(&group, high)
            && self.target.distance(&shapes) < before
        {
            (self.plan, self.shapes) = (plan, shapes);
        }
    }

    /// The network of the plan, and that with another value of an unknown.
    pub fn pair(&self, at: usize, other: Term) -> Option<(Network, Network)> {
        let other = self.probe.network(&self.with(at, other).text())?;
        Some((self.probe.network(&self.plan.text())?, other))
    }
}

fn set(plan: &mut Plan, at: usize, value: Term, start: (i64, i64)) {
    plan.set(at, value, &mut |slots, sample, index| {
        let known = slots.len();
        let form = form::item(slots, sample, index);
        for slot in slots.iter_mut().skip(known).filter(|s| s.kind == Kind::Whole) {
            slot.value = Term::Int(first(slot, start));
        }
        form
    });
}

/// What an int starts with, by its name: counts small, indexes 0.
fn first(slot: &Slot, (size, count): (i64, i64)) -> i64 {
    let name = slot.name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if has(&["idx", "index"]) || name.ends_with("_id") {
        0
    } else if has(&[
        "classes", "embed", "feature", "channel", "hidden", "token", "vocab", "word", "dim", "label", "unit",
    ]) && !has(&["layer", "head", "block", "mult", "factor"])
    {
        size
    } else if has(&[
        "layer",
        "depth",
        "block",
        "head",
        "kernel",
        "stride",
        "pad",
        "dilat",
        "group",
        "scale",
        "factor",
        "repeat",
        "level",
        "stage",
        "mult",
        "num",
        "n_",
        "expan",
        "ratio",
        "patch",
        "reduction",
        "growth",
        "hops",
        "order",
        "cardinality",
    ]) || matches!(name.as_str(), "k" | "n" | "s" | "r" | "h" | "l")
    {
        count
    } else {
        size
    }
}

/// Entries in which two state_dicts differ.
pub(super) fn difference(one: &Shapes, other: &Shapes) -> Effect {
    let mut found = Effect::new();
    for (key, shape) in one {
        match other.get(key) {
            Some(moved) if moved.len() == shape.len() => {
                let dims = shape.iter().zip(moved).enumerate().filter(|(_, (a, b))| a != b);
                found.extend(dims.map(|(dim, _)| (key.clone(), Some(dim))));
            }
            _ => {
                found.insert((key.clone(), None));
            }
        }
    }
    found.extend(other.keys().filter(|key| !one.contains_key(*key)).map(|key| (key.clone(), None)));
    found
}

/// The texts before numbers in keys that only one of two state_dicts has: `layers.` of `layers.3.weight`.
fn changed_prefixes(one: &Shapes, other: &Shapes) -> IndexSet<String> {
    let mut found = IndexSet::new();
    let added = other.keys().filter(|k| !one.contains_key(*k));
    for key in added.chain(one.keys().filter(|k| !other.contains_key(*k))) {
        found.extend(numbers(key).map(|(prefix, _)| prefix.to_owned()));
        if found.len() > 12 {
            break;
        }
    }
    found
}

/// Each number in a key with the text before it.
pub fn numbers(key: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = key.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len()).filter(move |at| digit(*at) && (*at == 0 || !digit(*at - 1)));
    starts.filter_map(|at| Some((key.get(..at)?, key.get(at..)?)))
}
