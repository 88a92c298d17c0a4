//! What the shapes of a solved network tell of an argument: where another value would show, and with which others it could change unseen.

use super::plan::{Kind, Plan};
use super::solve::{Effect, Solver, difference};
use super::term::Term;

/// Values of an unknown that are tried.
const MOST_VALUES: usize = 8;

/// What the shapes say of an unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Tell {
    /// another value changes these entries
    Told(Effect),
    /// some other values do, and these do not
    Partly(Effect, Vec<Term>),
    /// no other one of some classes or strings can be constructed
    Only,
    /// no other value changes anything; these can be constructed
    Silent(Vec<Term>),
}

impl Solver<'_, '_> {
    /// The unknowns among `others` that can change together with one so that the shapes stay: of a number of heads and their size only
    /// the product is seen. Empty where none can.
    pub fn trades(&mut self, at: usize, others: &[usize]) -> Vec<usize> {
        let (plan, shapes) = (self.plan.clone(), self.shapes.clone());
        let Some(Term::Int(now)) = self.plan.slots.get(at).map(|s| s.value.clone()) else { return Vec::new() };
        let far = [now.saturating_mul(2), now / 2, now.saturating_mul(3), now / 3, now / 4];
        for value in far.into_iter().chain(1..=16).filter(|v| *v > 0 && *v != now) {
            // what could not be looked into is not known
            if self.probe.spent() {
                return others.to_vec();
            }
            let changed = self.with(at, Term::Int(value));
            let Some(found) = self.probe.shapes(&changed.text()).filter(|found| *found != shapes) else { continue };
            (self.plan, self.shapes) = (changed, found);
            for other in others.iter().chain(others) {
                self.improve(*other);
            }
            let (exact, solved) = (self.distance() == 0, std::mem::replace(&mut self.plan, plan.clone()));
            self.shapes = shapes.clone();
            if exact {
                let value = |plan: &Plan, at: usize| plan.slots.get(at).map(|s| s.value.clone());
                return others.iter().copied().filter(|o| value(&solved, *o) != value(&plan, *o)).collect();
            }
        }
        Vec::new()
    }

    /// Whether and where the shapes tell an unknown, once the network is the file's.
    pub fn tell(&mut self, at: usize) -> Tell {
        let mut silent = Vec::new();
        let mut told = None;
        for value in self.others(at).into_iter().take(MOST_VALUES) {
            let Some((_, shapes)) = self.moved(at, &value) else { continue };
            if shapes == self.shapes {
                silent.push(value);
            } else if told.is_none() {
                told = Some(difference(&self.shapes, &shapes));
            }
        }
        let choice = self.plan.slots.get(at).is_some_and(|s| matches!(&s.kind, Kind::Choice(all) if all.len() > 1));
        match (told, silent.is_empty()) {
            (None, true) if choice => Tell::Only,
            (Some(effect), true) => Tell::Told(effect),
            (Some(effect), false) => Tell::Partly(effect, silent),
            (None, _) => Tell::Silent(silent),
        }
    }
}
