//! Shapes for a `forward` that takes several inputs: what its layers take, in the combination that a trace accepts.
//!
//! Nothing says which layer an input goes to; names and order say what to try first. What is found is a call that works, no more.

use super::Network;
use super::inputs::{InputHint, InputKind};
use super::trace::{Argument, Call};
use crate::dtype::DType;
use crate::graph::Info;
use crate::nn::host::Host;
use crate::nn::module::Module;
use crate::nn::value::Value;
use crate::nn::walk;

/// Combinations that are traced.
const MAX_TRIES: usize = 48;
/// Different inputs that the layers take.
const MAX_CANDIDATES: usize = 10;
/// More inputs than these are left to the caller.
const MAX_INPUTS: usize = 4;
/// Sizes in the place of any size: samples, steps of a sequence, an image's side.
const BATCH: usize = 2;
const STEPS: usize = 6;
const SIDE: usize = 32;

/// Parts of names, and what is usually called so.
const NAMES: &[(&str, InputKind)] = &[
    ("ids", InputKind::Tokens),
    ("token", InputKind::Tokens),
    ("word", InputKind::Tokens),
    ("text", InputKind::Tokens),
    ("src", InputKind::Tokens),
    ("trg", InputKind::Tokens),
    ("tgt", InputKind::Tokens),
    ("label", InputKind::Tokens),
    ("user", InputKind::Tokens),
    ("item", InputKind::Tokens),
    ("ind", InputKind::Tokens),
    ("im", InputKind::Image),
    ("pixel", InputKind::Image),
    ("frame", InputKind::Image),
];

/// What one layer takes.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    kind: Option<InputKind>,
    dtype: DType,
    shape: Vec<i64>,
}

impl Candidate {
    fn argument(&self) -> Argument {
        let spatial = self.kind == Some(InputKind::Image);
        let size = |(at, d): (usize, &i64)| match usize::try_from(*d) {
            Ok(size) => size,
            Err(_) if at == 0 => BATCH,
            Err(_) if spatial => SIDE,
            Err(_) => STEPS,
        };
        Argument::Tensor(Info { shape: self.shape.iter().enumerate().map(size).collect(), dtype: self.dtype })
    }
}

impl Network {
    /// Gives each required input a kind, a dtype and a shape, where some combination of what the layers take passes.
    pub(super) fn shape_several(&mut self, hints: &mut [InputHint]) {
        let names: Vec<String> = hints.iter().filter(|h| !h.optional).map(|h| h.name.to_lowercase()).collect();
        let candidates = self.candidates();
        if candidates.is_empty() || names.len() > MAX_INPUTS {
            return;
        }
        let orders: Vec<Vec<&Candidate>> =
            names.iter().enumerate().map(|(at, name)| ordered(&candidates, name, at)).collect();
        let total: usize = orders.iter().map(Vec::len).product();
        for number in 0..total.min(MAX_TRIES) {
            let mut rest = number;
            // the last input changes first
            let mut chosen: Vec<&Candidate> = Vec::new();
            for order in orders.iter().rev() {
                chosen.extend(order.get(rest % order.len()).copied());
                rest /= order.len();
            }
            chosen.reverse();
            let positional = chosen.iter().map(|c| c.argument()).collect();
            match self.trace(&Call { positional, keyword: Vec::new() }) {
                Err(error) if error.code != "data_dependent" => {}
                _ => {
                    for (hint, found) in hints.iter_mut().filter(|h| !h.optional).zip(chosen) {
                        hint.kind = found.kind;
                        hint.dtype = Some(found.dtype);
                        hint.shape = Some(found.shape.clone());
                    }
                    return;
                }
            }
        }
    }

    /// What the layers take, in registration order.
    fn candidates(&mut self) -> Vec<Candidate> {
        let root = self.root;
        let trace = self.interpreter.trace();
        let mut all: Vec<Candidate> = Vec::new();
        let (mut widths, mut beside): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
        for (_, id) in walk::paths(&trace.modules, root) {
            let Some(module) = trace.modules.get(id) else { continue };
            let size = |name: &str| module.attributes.get(name);
            if let Some(Value::Int(width)) = size("embedding_dim") {
                widths.push(*width);
            }
            if let Some(Value::Int(features)) = size("in_features") {
                beside.extend(widths.iter().map(|width| features - width).filter(|rest| *rest > 0));
            }
            for candidate in takes(module) {
                if !all.contains(&candidate) && all.len() < MAX_CANDIDATES {
                    all.push(candidate);
                }
            }
        }
        // a layer may take an embedding beside its input: torch.cat([noise, self.label(y)], 1)
        for rest in beside.into_iter().take(2) {
            let candidate = Candidate { kind: Some(InputKind::Features), dtype: DType::Float32, shape: vec![-1, rest] };
            if !all.contains(&candidate) {
                all.insert(0, candidate);
            }
        }
        all
    }
}

fn takes(module: &Module) -> Vec<Candidate> {
    let size = |name: &str| match module.attributes.get(name) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    let floats = |kind, shape: Vec<i64>| Candidate { kind, dtype: DType::Float32, shape };
    if size("num_embeddings").is_some() {
        let tokens = |shape: Vec<i64>| Candidate { kind: Some(InputKind::Tokens), dtype: DType::Int64, shape };
        return vec![tokens(vec![-1, -1]), tokens(vec![-1])];
    }
    if let Some(channels) = size("in_channels") {
        let dims = match module.attributes.get("kernel_size") {
            Some(Value::Tuple(sizes)) => sizes.len(),
            _ => return Vec::new(),
        };
        let kind = (dims == 2).then_some(InputKind::Image);
        return vec![floats(kind, [vec![-1, channels], vec![-1; dims]].concat())];
    }
    if let Some(features) = size("in_features") {
        return vec![floats(Some(InputKind::Features), vec![-1, features]), floats(None, vec![-1, -1, features])];
    }
    match size("input_size") {
        Some(features) if size("num_layers").is_some() => vec![floats(None, vec![-1, -1, features])],
        Some(features) => vec![floats(Some(InputKind::Features), vec![-1, features])],
        None => Vec::new(),
    }
}

/// Candidates for a parameter: those of the kind that its name says, then from its own place on.
fn ordered<'c>(candidates: &'c [Candidate], name: &str, at: usize) -> Vec<&'c Candidate> {
    let kind = NAMES.iter().find(|(part, _)| name.contains(part)).map(|(_, kind)| *kind);
    let start = at.min(candidates.len().saturating_sub(1));
    let (before, from) = candidates.split_at(start);
    let mut all: Vec<&Candidate> = from.iter().chain(before).collect();
    all.sort_by_key(|c| kind.is_some() && c.kind != kind);
    all
}
