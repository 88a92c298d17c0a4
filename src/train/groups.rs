//! `param_groups`: which parameters share which hyper-parameters (`Optimizer.add_param_group` in `torch/optim/optimizer.py`).
//!
//! A group lists names, or patterns as `fnmatch` has them (`*`, `?`, `[abc]`, `[!abc]`). A pattern takes the parameters that earlier groups
//! left, so that `*` in the last group means the rest; a name that an earlier group took is torch's error.

use super::Parameter;
use super::hyper::{Hyper, HyperValue};
use crate::error::{Error, Result};
use serde::Deserialize;

/// A group as the caller asks for it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct GroupSpec {
    /// names or patterns
    #[serde(alias = "params")]
    pub parameters: Vec<String>,
    /// what differs from the optimizer's own arguments
    #[serde(default, flatten)]
    pub hyper: Hyper,
}

/// Parameters that are updated alike.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamGroup {
    /// in order
    pub parameters: Vec<Parameter>,
    /// `lr` and the rest, in torch's order
    pub hyper: Hyper,
}

impl ParamGroup {
    /// `group["lr"]`; NaN in a group without one.
    pub fn lr(&self) -> f64 {
        self.hyper.number("lr").unwrap_or(f64::NAN)
    }

    /// `group["lr"] = lr`
    pub fn set_lr(&mut self, lr: f64) {
        self.hyper.set("lr", HyperValue::Float(lr));
    }
}

/// The groups of a new optimizer: every parameter in one, or those that the caller lists. Frozen parameters are members as in
/// `Optimizer(model.parameters())`; they have no gradient and are skipped.
///
/// # Errors
/// Mismatch for names and patterns that fit nothing, for a name in two groups, and without parameters.
pub fn groups(specs: &[GroupSpec], defaults: &Hyper, parameters: &[Parameter]) -> Result<Vec<ParamGroup>> {
    let empty = || Error::mismatch("optimizer got an empty parameter list");
    if parameters.is_empty() {
        return Err(empty());
    }
    if specs.is_empty() {
        return Ok(vec![ParamGroup { parameters: parameters.to_vec(), hyper: defaults.clone() }]);
    }
    let mut taken = vec![false; parameters.len()];
    let mut all = Vec::with_capacity(specs.len());
    for (number, spec) in specs.iter().enumerate() {
        let place = |e: Error| e.at(format!("param_groups[{number}]"));
        let mut members = Vec::new();
        for pattern in &spec.parameters {
            members.extend(take(pattern, parameters, &mut taken).map_err(place)?);
        }
        // In the order of parameters(), in whatever order patterns name them.
        members.sort_unstable();
        let members = members.into_iter().filter_map(|i| parameters.get(i).cloned()).collect();
        let mut hyper = spec.hyper.clone();
        for (name, value) in defaults.iter() {
            hyper.set_default(name, value);
        }
        all.push(ParamGroup { parameters: members, hyper });
    }
    if all.iter().all(|group| group.parameters.is_empty()) { Err(empty()) } else { Ok(all) }
}

fn take(pattern: &str, parameters: &[Parameter], taken: &mut [bool]) -> Result<Vec<usize>> {
    if let Some(at) = parameters.iter().position(|p| p.name == pattern) {
        return match taken.get_mut(at) {
            Some(flag) if !*flag => {
                *flag = true;
                Ok(vec![at])
            }
            _ => Err(Error::mismatch("some parameters appear in more than one parameter group").hint(pattern)),
        };
    }
    let mut members = Vec::new();
    let mut fits = false;
    for (at, (parameter, flag)) in parameters.iter().zip(taken.iter_mut()).enumerate() {
        if matches(pattern, &parameter.name) {
            fits = true;
            if !std::mem::replace(flag, true) {
                members.push(at);
            }
        }
    }
    if !fits {
        return Err(Error::mismatch(format!("the network has no parameter '{pattern}'")).code("no_such_tensor"));
    }
    Ok(members)
}

/// `fnmatch.fnmatchcase(name, pattern)`, in steps that the product of both lengths bounds.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star is, and how much of the name it has.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&c) = name.get(n) {
        match pattern.get(p..).and_then(|rest| one(rest, c)) {
            Some(len) => (p, n) = (p + len, n + 1),
            None if pattern.get(p) == Some(&'*') => {
                star = Some((p, n));
                p += 1;
            }
            None => match star {
                Some((at, had)) => {
                    star = Some((at, had + 1));
                    (p, n) = (at + 1, had + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}

/// How much of the pattern one character satisfies.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '*' => None,
        '?' => Some(1),
        '[' => {
            let negated = pattern.get(1) == Some(&'!');
            let start = if negated { 2 } else { 1 };
            // A bracket that comes first belongs to the set.
            let close = pattern.iter().skip(start + 1).position(|c| *c == ']').map(|i| i + start + 1);
            let Some(close) = close else { return (c == '[').then_some(1) };
            let set = pattern.get(start..close)?;
            let mut found = false;
            let mut at = 0;
            while let Some(&low) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some('-'), Some(&high)) => {
                        found |= (low..=high).contains(&c);
                        at += 3;
                    }
                    _ => {
                        found |= low == c;
                        at += 1;
                    }
                }
            }
            (found != negated).then_some(close + 1)
        }
        literal => (literal == c).then_some(1),
    }
}
