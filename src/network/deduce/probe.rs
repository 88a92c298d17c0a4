//! Constructions of networks to look at their shapes: each expression once, and not too many.
//!
//! A constructor allocates no weights, so a probe costs its steps. All probes of one deduction share a number of constructions and of
//! steps; when those are spent, whatever is asked next fails.

use crate::error::Error;
use crate::network::Network;
use crate::network::packages::library;
use crate::network::state::Offered;
use crate::nn::host::Host;
use crate::nn::modules::lazy;
use crate::nn::walk;
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::rc::Rc;

/// Constructions in one deduction.
const MAX_PROBES: usize = 900;
/// Steps of one construction.
const MAX_STEPS: u64 = 1_000_000;
/// Constructions that may reach that limit: a constructor that does not end with small numbers does not end with others.
const MAX_ENDLESS: usize = 6;
/// Steps of all.
const MAX_ALL_STEPS: u64 = 30_000_000;
/// Parameters and buffers of one construction; larger networks than any file's.
const MAX_LEAVES: usize = 20_000;

/// Names and shapes of a state_dict.
pub type Shapes = IndexMap<String, Vec<u64>>;

/// What the network is to have.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// keys and shapes
    pub shapes: Shapes,
    counted: bool,
}

impl Target {
    /// What a file offers.
    pub fn new(offered: &[Offered]) -> Self {
        Self::of(offered.iter().map(|o| (o.key.clone(), o.shape.clone())).collect())
    }

    fn of(shapes: Shapes) -> Self {
        let counted = shapes.keys().any(|key| counts(key));
        Self { shapes, counted }
    }

    /// The part below a child.
    pub fn below(&self, child: &str) -> Self {
        let prefix = format!("{child}.");
        let inner = self.shapes.iter().filter_map(|(k, s)| Some((k.strip_prefix(&prefix)?.to_owned(), s.clone())));
        Self { shapes: inner.collect(), counted: self.counted }
    }

    /// The highest number that follows a text at the start of any key; -1 where none does.
    pub fn highest(shapes: &Shapes, prefix: &str) -> i128 {
        let following = shapes.keys().filter_map(|key| {
            let digits = key.strip_prefix(prefix)?.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<i64>().ok()
        });
        following.max().map_or(-1, i128::from)
    }

    /// Whether some key is in both, and every such key has the same shape.
    pub fn agrees(&self, shapes: &Shapes) -> bool {
        let mut both = self.shapes.iter().filter_map(|(key, want)| Some((want, shapes.get(key)?))).peekable();
        both.peek().is_some()
            && both.all(|(want, have)| {
                have.len() == want.len() && have.iter().zip(want).all(|(have, want)| fits(*have, *want))
            })
    }

    /// How far a network is from it: 0 when every key is there with its shape. A dim that differs counts one, a key that is missing or
    /// unexpected as many as its dims and one more.
    pub fn distance(&self, shapes: &Shapes) -> usize {
        let mut distance = 0;
        for (key, want) in &self.shapes {
            distance += match shapes.get(key) {
                None => want.len() + 1,
                Some(have) if have.len() == want.len() => {
                    have.iter().zip(want).filter(|(a, b)| !fits(**a, **b)).count()
                }
                Some(have) if have.is_empty() && want == &[1] => 0,
                Some(have) => have.len().max(want.len()),
            };
        }
        let extra = shapes.iter().filter(|(key, _)| !self.shapes.contains_key(*key) && (self.counted || !counts(key)));
        distance + extra.map(|(_, have)| have.len() + 1).sum::<usize>()
    }
}

/// A lazy layer's dim: whatever the file says.
const OPEN: u64 = u64::MAX;

/// Whether a dim is what is wanted.
fn fits(have: u64, want: u64) -> bool {
    have == want || have == OPEN
}

/// BatchNorm's counter, which files of before torch 0.4 lack.
fn counts(key: &str) -> bool {
    key.ends_with("num_batches_tracked")
}

/// Constructs.
pub struct Probe<'a> {
    program: &'a Program,
    known: HashMap<String, Option<Rc<Shapes>>>,
    left: usize,
    steps: u64,
    endless: usize,
    /// the first error that a construction gave
    pub error: Option<Error>,
}

impl<'a> Probe<'a> {
    /// Nothing is constructed yet.
    pub fn new(program: &'a Program) -> Self {
        Self { program, known: HashMap::new(), left: MAX_PROBES, steps: MAX_ALL_STEPS, endless: 0, error: None }
    }

    /// Whether more can be constructed.
    pub fn spent(&self) -> bool {
        self.left == 0 || self.steps == 0 || self.endless == MAX_ENDLESS
    }

    /// The `state_dict()` that an expression's network has; `None` where it cannot be constructed.
    pub fn shapes(&mut self, expression: &str) -> Option<Rc<Shapes>> {
        if let Some(known) = self.known.get(expression) {
            return known.clone();
        }
        if self.spent() {
            return None;
        }
        self.left -= 1;
        let mut interpreter = Interpreter::offering(library(), Some(self.program.clone()));
        interpreter.limit(MAX_STEPS.min(self.steps));
        let root = interpreter.construct(expression);
        self.steps = self.steps.saturating_sub(interpreter.steps().max(1));
        let shapes = match root {
            Ok(root) => {
                let trace = interpreter.trace();
                let leaves = walk::leaves(&trace.modules, root);
                let waiting = lazy::waiting(trace, root);
                (leaves.len() <= MAX_LEAVES).then(|| {
                    let persistent = leaves.into_iter().filter(|(_, named)| named.persistent);
                    let named = persistent.flat_map(|(value, named)| {
                        let open = waiting.contains(&value);
                        let size = |&d: &usize| if d == 0 && open { OPEN } else { d as u64 };
                        let shape: Vec<u64> = trace.graph.info(value).shape.iter().map(size).collect();
                        named.names.into_iter().map(move |name| (name, shape.clone()))
                    });
                    Rc::new(named.collect::<Shapes>())
                })
            }
            Err(error) => {
                if interpreter.steps() > MAX_STEPS {
                    self.endless += 1;
                }
                self.error.get_or_insert(error);
                None
            }
        };
        self.known.insert(expression.to_owned(), shapes.clone());
        shapes
    }

    /// The network itself.
    pub fn network(&self, expression: &str) -> Option<Network> {
        let mut interpreter = Interpreter::offering(library(), Some(self.program.clone()));
        let root = interpreter.construct(expression).ok()?;
        Network::new(interpreter, root).ok()
    }
}
