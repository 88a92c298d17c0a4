//! The zoo: known architectures as PyTorch source of our own, found by name or recognised from a state_dict's keys and shapes.
//!
//! `*.py` beside this file are the networks; the evaluator runs them, and so does real PyTorch in the tests. Each ends with
//! `recognise(shapes, modules)`, which proposes a constructor's expression. A proposal counts only when what it constructs has exactly the
//! file's keys and shapes; what these do not tell is in its notes, and the confidence is not called certain then.

pub mod library;
pub mod table;

use super::packages::library;
use super::state::{Matching, Offered};
use super::{Network, propose};
use crate::error::{Error, Result};
use crate::nn::function::Args;
use crate::nn::host::Host;
use crate::nn::value::Value;
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;
use serde::Serialize;
use std::collections::HashSet;
use table::{FAMILIES, Family};

/// What expressions may use beside a family's own names.
const EXTRA: &str = "from zoo.shapes import with_input, with_module\n";
/// Where people put a head of their own, and the layer that stands there otherwise.
const HEADS: &[(&str, &str)] =
    &[("fc", "fc"), ("classifier", "classifier"), ("classifier", "classifier.1"), ("head", "head")];
/// Names of modules in a note.
const NAMED_IN_NOTE: usize = 4;

/// How sure a recognised network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// keys, shapes and the modules that `_metadata` names admit only this one
    Certain,
    /// keys and shapes fit; the notes say what was taken to be as usual
    Likely,
}

/// A network that was found without the user's source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recognised {
    /// `resnet18`; for a whole module the class
    pub name: String,
    /// the Python expression that constructs it, in the zoo's namespace; `None` for a whole module, whose attributes are in the file
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construct: Option<String>,
    /// how sure
    pub confidence: Confidence,
    /// what the file does not tell
    pub notes: Vec<String>,
}

/// What a file offers, as far as recognition looks.
pub struct Facts<'a> {
    /// keys and shapes in file order
    pub offered: &'a [Offered],
    /// the paths of `_metadata`; `None` where the file has none, as safetensors
    pub modules: Option<&'a [String]>,
    /// `_metadata`'s version of a module
    pub version: &'a dyn Fn(&str) -> Option<i64>,
}

/// A network whose keys and shapes are the file's.
pub struct Found {
    /// the network
    pub network: Network,
    /// which key each leaf takes
    pub matching: Matching,
    /// what it is
    pub recognised: Recognised,
    /// where its source is
    pub family: &'static Family,
}

/// What a search came to.
pub enum Search {
    /// a network fits
    Found(Box<Found>),
    /// none does; the one that came nearest, in words
    Nothing(Option<String>),
}

/// A call of a family's `recognise`.
struct Proposal {
    name: String,
    construct: String,
    notes: Vec<String>,
}

/// A head that is not the known network's: a Sequential in the place of its last layer.
struct Graft {
    /// the file's keys, with those of a single layer instead
    offered: Vec<Offered>,
    place: &'static str,
    expression: String,
}

/// Looks for the network whose keys and shapes a state_dict has.
pub fn recognise(facts: &Facts<'_>) -> Search {
    let mut nearest: Option<(usize, String)> = None;
    let grafts = HEADS.iter().filter_map(|(place, layer)| graft(facts, place, layer)).map(Some);
    for graft in std::iter::once(None).chain(grafts) {
        let offered = graft.as_ref().map_or(facts.offered, |graft| graft.offered.as_slice());
        for family in FAMILIES.iter().filter(|family| family.may_be(offered)) {
            let (problems, text) = match attempt(family, facts, graft.as_ref()) {
                Ok(Some(Ok(found))) => return Search::Found(Box::new(found)),
                Ok(Some(Err(other))) => other,
                // A family whose constructor refuses what its shapes seemed to say is none.
                Ok(None) | Err(_) => continue,
            };
            if nearest.as_ref().is_none_or(|(least, _)| problems < *least) {
                nearest = Some((problems, text));
            }
        }
    }
    Search::Nothing(nearest.map(|(_, text)| text))
}

/// The keys below `place` as the one linear layer that they stand for, and the Sequential that they are.
fn graft(facts: &Facts<'_>, place: &'static str, layer: &str) -> Option<Graft> {
    let below = |path: &str| path.strip_prefix(place)?.strip_prefix('.').map(str::to_owned);
    let (mut inner, mut offered) = (Vec::new(), Vec::new());
    for entry in facts.offered {
        match below(&entry.key) {
            Some(key) => inner.push(Offered { key, shape: entry.shape.clone() }),
            None => offered.push(entry.clone()),
        }
    }
    let mut weights = inner.iter().filter(|entry| entry.key.ends_with(".weight") && entry.shape.len() == 2);
    let first = weights.next()?;
    let (inputs, outputs) = (*first.shape.get(1)?, *weights.next_back().unwrap_or(first).shape.first()?);
    let modules = facts.modules.map(|paths| paths.iter().filter_map(|path| below(path)).collect::<Vec<_>>());
    let expression = propose::head(&inner, modules.as_deref())?;
    offered.push(Offered { key: format!("{layer}.weight"), shape: vec![outputs, inputs] });
    offered.push(Offered { key: format!("{layer}.bias"), shape: vec![outputs] });
    Some(Graft { offered, place, expression })
}

/// One family: `None` when it does not know the keys; the number of keys that do not fit, and words for it, when some do not.
fn attempt(
    family: &'static Family,
    facts: &Facts<'_>,
    graft: Option<&Graft>,
) -> Result<Option<Result<Found, (usize, String)>>> {
    let mut evaluator = interpreter(family)?;
    let offered = graft.map_or(facts.offered, |graft| graft.offered.as_slice());
    let Some(mut proposal) = proposal(&mut evaluator, &Facts { offered, ..*facts })? else { return Ok(None) };
    if let Some(Graft { place, expression, .. }) = graft {
        proposal.construct = format!("with_module({}, '{place}', {expression})", proposal.construct);
        proposal.notes.push(format!("modules without parameters in {place}: dropout and ReLU were taken"));
    }
    let mut network = construct(evaluator, &proposal.construct)?;
    let mut matching = network.match_state_dict(facts.offered, facts.version).without_tied(&network);
    if let Some(channels) = other_input(&network, &matching, facts.offered) {
        proposal.construct = format!("with_input({}, {channels})", proposal.construct);
        network = construct(interpreter(family)?, &proposal.construct)?;
        matching = network.match_state_dict(facts.offered, facts.version).without_tied(&network);
    }
    let problems = matching.missing.len() + matching.unexpected.len() + matching.mismatched.len();
    if problems > 0 {
        let example = matching.mismatched.first().cloned().or_else(|| {
            let key = matching.unexpected.first().map(|key| format!("the file has {key} besides"));
            key.or_else(|| matching.missing.first().map(|key| format!("the file lacks {key}")))
        });
        let text = format!("{}: {}", proposal.construct, example.unwrap_or_default());
        return Ok(Some(Err((problems, text))));
    }
    let mut notes = proposal.notes;
    match difference(facts.modules, &network, &proposal.name) {
        Some(text) if family.by_modules => return Ok(Some(Err((1, format!("{}: {text}", proposal.construct))))),
        other => notes.extend(other),
    }
    let confidence = if notes.is_empty() { Confidence::Certain } else { Confidence::Likely };
    let recognised = Recognised { name: proposal.name, construct: Some(proposal.construct), confidence, notes };
    Ok(Some(Ok(Found { network, matching, recognised, family })))
}

/// The channels of the file's images, where all that differs is how many a convolution takes: grey ones, or more bands than three.
fn other_input(network: &Network, matching: &Matching, offered: &[Offered]) -> Option<u64> {
    if !matching.missing.is_empty() || !matching.unexpected.is_empty() || matching.mismatched.len() != 1 {
        return None;
    }
    offered.iter().find_map(|entry| {
        let leaf = network.leaves().iter().find(|leaf| leaf.names.contains(&entry.key))?;
        let ours: Vec<u64> = leaf.info.shape.iter().map(|d| *d as u64).collect();
        match (entry.shape.as_slice(), ours.as_slice()) {
            ([n, theirs, rest @ ..], [m, 3, kernel @ ..]) if n == m && *theirs != 3 && rest == kernel => Some(*theirs),
            _ => None,
        }
    })
}

/// Modules without parameters leave no keys, and `_metadata` names them: pools, activations.
fn difference(modules: Option<&[String]>, network: &Network, name: &str) -> Option<String> {
    let Some(modules) = modules else {
        return Some(format!(
            "modules without parameters, such as pools and activations, are taken to be {name}'s: the file has no _metadata that would name them"
        ));
    };
    let ours: HashSet<&str> = network.versions().iter().map(|(path, _)| path.as_str()).collect();
    let theirs: HashSet<&str> = modules.iter().map(String::as_str).collect();
    let listed = |paths: Vec<&str>| {
        let more = paths.len().saturating_sub(NAMED_IN_NOTE);
        let mut text = paths.iter().take(NAMED_IN_NOTE).copied().collect::<Vec<_>>().join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        text
    };
    let extra: Vec<&str> = modules.iter().map(String::as_str).filter(|path| !ours.contains(path)).collect();
    let lacking = network.versions().iter().map(|(path, _)| path.as_str()).filter(|path| !theirs.contains(path));
    let lacking: Vec<&str> = lacking.collect();
    match (extra.is_empty(), lacking.is_empty()) {
        (true, true) => None,
        (false, _) => Some(format!("the file's network has modules that {name} has not: {}", listed(extra))),
        (true, false) => Some(format!("the file's network lacks modules that {name} has: {}", listed(lacking))),
    }
}

/// Builds by a name of the zoo, with a constructor's arguments or without: `resnet18`, `resnet18(num_classes=10)`. Without arguments they are
/// read off the state_dict, where the family knows its keys.
///
/// # Errors
/// Mismatch `unknown_network` for a name that the zoo has not; Python's own from the expression.
pub fn by_name(text: &str, facts: &Facts<'_>) -> Result<(Network, Recognised)> {
    let text = text.trim();
    let name = text.split('(').next().unwrap_or(text).trim();
    let Some(family) = FAMILIES.iter().find(|family| family.has(name)) else {
        let all: Vec<&str> = FAMILIES.iter().flat_map(|f| f.names.iter().copied()).collect();
        return Err(Error::mismatch(format!("the zoo has no network '{name}'"))
            .code("unknown_network")
            .at("network")
            .hint(format!("it has {}", all.join(", "))));
    };
    let mut interpreter = interpreter(family)?;
    let mut name = name.to_owned();
    let mut notes = Vec::new();
    let expression = if text.contains('(') {
        text.to_owned()
    } else {
        match proposal(&mut interpreter, facts)? {
            // resnet18 was asked for; if the file holds a resnet34, load_state_dict says so
            Some(proposal) if proposal.name == name || !family.module_has(&name) => {
                name = proposal.name;
                notes = proposal.notes;
                proposal.construct
            }
            _ if family.module_has(&name) => format!("{name}()"),
            _ => {
                return Err(Error::mismatch(format!("the state_dict is not one of '{name}'"))
                    .code("unknown_network")
                    .at("network")
                    .hint("give the constructor's arguments, as in Python: `resnet18(num_classes=10)`"));
            }
        }
    };
    let network = construct(interpreter, &expression)?;
    let confidence = if notes.is_empty() { Confidence::Certain } else { Confidence::Likely };
    Ok((network, Recognised { name, construct: Some(expression), confidence, notes }))
}

/// The evaluator with a family's source, in which the zoo may be imported.
pub(super) fn interpreter(family: &Family) -> Result<Interpreter> {
    let text = format!("{}\n\n{EXTRA}", family.text());
    let program = Program::parse(&text, &format!("{}.py", family.module))?;
    Ok(Interpreter::offering(library(), Some(program)))
}

fn construct(mut interpreter: Interpreter, expression: &str) -> Result<Network> {
    let root = interpreter.construct(expression)?;
    Network::new(interpreter, root)
}

/// `recognise(shapes, modules)` of a family.
fn proposal(interpreter: &mut Interpreter, facts: &Facts<'_>) -> Result<Option<Proposal>> {
    let sizes = |shape: &[u64]| shape.iter().map(|d| i64::try_from(*d).ok().map(Value::Int)).collect::<Option<_>>();
    let entries =
        facts.offered.iter().map(|o| Some((Value::Str(o.key.as_str().into()), Value::Tuple(sizes(&o.shape)?))));
    let Some(shapes) = entries.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let recognise = interpreter.value("recognise")?;
    let paths = |paths: &[String]| Value::List(paths.iter().map(|path| Value::Str(path.as_str().into())).collect());
    let modules = facts.modules.map_or(Value::None, paths);
    let result = interpreter.call(&recognise, Args::positional(vec![Value::Dict(shapes), modules]))?;
    let Value::Tuple(parts) = result else { return Ok(None) };
    let text = |value: &Value| match value {
        Value::Str(text) => text.to_string(),
        _ => String::new(),
    };
    let [name, construct, Value::List(notes)] = parts.as_slice() else { return Ok(None) };
    let notes = notes.iter().map(text).collect();
    Ok(Some(Proposal { name: text(name), construct: text(construct), notes }))
}
