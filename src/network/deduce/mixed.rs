//! Lists of widths with words between them: `cfg=[64, 'M', 128, 'M']`, where a word makes a layer without weights.
//!
//! The keys of Sequential layers count those too: `features.3` behind `features.0` leaves room for what has none. The list is built item by
//! item, a word wherever the next key lies further on. Words behind the last width show in no key, and are asked for.

use super::plan::{Form, Kind, Plan};
use super::probe::{Probe, Shapes, Target};
use super::term::Term;

/// Items of a list.
const MOST: usize = 64;
/// Words between two widths.
const MOST_WORDS: usize = 2;
/// A width that no network has, to see where it goes.
const MARK: u64 = 9_973;

/// A list argument with such items.
pub struct Mixed {
    /// its place among the arguments
    at: usize,
    words: Vec<Term>,
}

impl Mixed {
    /// The first required list of a call whose items are compared with strings.
    pub fn of(plan: &Plan) -> Option<Self> {
        plan.call.arguments.iter().enumerate().filter(|(_, a)| !a.has_default).find_map(|(at, argument)| {
            let Form::List { item, .. } = &argument.form else { return None };
            let strings = item.uses.strings.iter().chain(item.uses.item.iter().flat_map(|u| &u.strings));
            let words: Vec<Term> = strings.cloned().map(Term::Str).collect();
            (!words.is_empty()).then_some(Self { at, words })
        })
    }

    /// The plan with a list in the argument's place.
    pub fn with(&self, plan: &Plan, items: &[Term]) -> Plan {
        let mut plan = plan.clone();
        if let Some(argument) = plan.call.arguments.get_mut(self.at) {
            argument.form = Form::Fixed(Term::List(items.to_vec()));
        }
        plan
    }

    /// The longest list whose layers all are in the file; other arguments are as they are.
    pub fn grow(&self, plan: &Plan, probe: &mut Probe<'_>, target: &Target) -> Vec<Term> {
        let mut items: Vec<Term> = Vec::new();
        while items.len() < MOST && !probe.spent() {
            let before =
                probe.shapes(&self.with(plan, &items).text()).map(|shapes| (*shapes).clone()).unwrap_or_default();
            let Some(more) = self.next(plan, &items, &before, probe, target) else { break };
            items.extend(more);
        }
        items
    }

    /// The next width with the words before it.
    fn next(
        &self,
        plan: &Plan,
        items: &[Term],
        before: &Shapes,
        probe: &mut Probe<'_>,
        target: &Target,
    ) -> Option<Vec<Term>> {
        for count in 0..=MOST_WORDS {
            for word in self.words.iter().take(if count == 0 { 1 } else { self.words.len() }) {
                let mut tail = vec![word.clone(); count];
                let shapes = |tail: &[Term], width: u64, probe: &mut Probe<'_>| {
                    let width = Term::Int(i64::try_from(width).unwrap_or(i64::MAX));
                    let all: Vec<Term> = items.iter().chain(tail).cloned().chain([width]).collect();
                    probe.shapes(&self.with(plan, &all).text())
                };
                let Some(marked) = shapes(&tail, MARK, probe) else { continue };
                let Some(width) = width(&marked, before, target) else { continue };
                let Some(there) = shapes(&tail, width, probe) else { continue };
                if fits(&there, before, target) {
                    tail.push(Term::Int(i64::try_from(width).ok()?));
                    return Some(tail);
                }
            }
        }
        None
    }

    /// The words, of which one more behind `items` would change no shape.
    pub fn silent(&self, plan: &Plan, items: &[Term], probe: &mut Probe<'_>) -> Vec<Term> {
        let now = probe.shapes(&self.with(plan, items).text());
        let unchanged = |word: &&Term| {
            let longer: Vec<Term> = items.iter().cloned().chain([(*word).clone()]).collect();
            let shapes = probe.shapes(&self.with(plan, &longer).text());
            shapes.is_some() && shapes == now
        };
        self.words.iter().filter(unchanged).cloned().collect()
    }

    /// The parameter's name.
    pub fn name<'p>(&self, plan: &'p Plan) -> &'p str {
        plan.call.arguments.get(self.at).map_or("", |a| &a.name)
    }
}

/// What the file has where the mark went in a new key.
fn width(marked: &Shapes, before: &Shapes, target: &Target) -> Option<u64> {
    let new = marked.iter().filter(|(key, _)| !before.contains_key(*key));
    new.filter_map(|(key, shape)| {
        let want = target.shapes.get(key).filter(|want| want.len() == shape.len())?;
        let at = shape.iter().position(|dim| *dim == MARK)?;
        want.get(at).copied()
    })
    .next()
}

/// Whether some new key is in the file as it is, and none is new that the file has not.
fn fits(shapes: &Shapes, before: &Shapes, target: &Target) -> bool {
    let mut any = false;
    for (key, shape) in shapes.iter().filter(|(key, _)| !before.contains_key(*key)) {
        match target.shapes.get(key) {
            Some(want) => any |= want == shape,
            None => return false,
        }
    }
    any
}

/// Other states of the flags that decide which layers there are: as they are first, then each of them turned.
pub fn variants(plan: &Plan) -> Vec<Plan> {
    let mut all = vec![plan.clone()];
    for at in plan.live() {
        let mut turned = plan.clone();
        if let Some(slot) = turned.slots.get_mut(at)
            && slot.kind == Kind::Flag
        {
            slot.value = Term::Bool(slot.value != Term::Bool(true));
            all.push(turned);
        }
    }
    all
}
