//! What forward of an exported program takes and gives: weights by their names, parameters and what export fixed of them, written buffers,
//! and the trees of containers around them.

use super::argument::{self, Names, is_name};
use super::schema::{Union, dtype, int, symbol, text_at};
use super::source::{Writer, access, name_of};
use super::spec::Spec;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::literal::quoted;
use serde_json::Value;
use std::collections::HashMap;

/// A tensor that forward takes: its sizes, -1 where they may vary.
pub struct Input {
    pub name: String,
    pub dtype: DType,
    pub shape: Vec<i64>,
}

/// One of the values that forward takes.
struct Leaf {
    /// its name in the graph
    name: Option<String>,
    /// what it was when the program was exported, where it may be nothing else
    fixed: Option<String>,
    tensor: bool,
}

fn leaf(argument: &Value) -> Result<Leaf> {
    if let Some(name) = argument["name"].as_str() {
        return Ok(Leaf { name: Some(name.to_owned()), fixed: None, tensor: true });
    }
    let union = Union::of(argument).ok_or_else(|| Error::malformed("an input that is no argument"))?;
    let (kind, value) = union.only().ok_or_else(|| Error::malformed("an input without a kind"))?;
    match name_of(value) {
        Some(name) => Ok(Leaf { name: Some(name.to_owned()), fixed: None, tensor: kind == "as_tensor" }),
        None => Ok(Leaf { name: None, fixed: Some(argument::text(&Names::default(), &union)?), tensor: false }),
    }
}

impl Writer<'_> {
    /// Weights by their names, and forward's parameters with what export fixed of them.
    pub(super) fn inputs(&mut self) -> Result<String> {
        let mut leaves = Vec::new();
        for spec in &self.program.graph_module.signature.input_specs {
            let (kind, value) = spec.only().ok_or_else(|| Error::malformed("an input spec without a kind"))?;
            let broken = || Error::malformed(format!("an input spec {kind} that lacks a name"));
            let own = || text_at(value, "/arg/name").ok_or_else(broken);
            let target = |key: &str| value[key].as_str().ok_or_else(broken);
            match kind {
                "parameter" => self.names.bind(own()?, access(target("parameter_name")?, "get_parameter")),
                "buffer" | "tensor_constant" => {
                    let name = target(if kind == "buffer" { "buffer_name" } else { "tensor_constant_name" })?;
                    self.names.bind(own()?, access(name, "get_buffer"));
                    self.buffers.insert(own()?.to_owned(), name.to_owned());
                }
                "user_input" => leaves.push(leaf(&value["arg"])?),
                "constant_input" => {
                    let fixed = Union::of(&value["value"]).ok_or_else(broken)?;
                    let name = value["name"].as_str().map(str::to_owned);
                    leaves.push(Leaf { name, fixed: Some(argument::text(&self.names, &fixed)?), tensor: false });
                }
                other => {
                    return Err(Error::unsupported(format!("an exported program with an input of the kind {other}")));
                }
            }
        }
        self.parameters(leaves)
    }

    fn parameters(&mut self, leaves: Vec<Leaf>) -> Result<String> {
        let call = self.program.graph_module.module_call_graph.first().map(|call| &call["signature"]);
        let given = call.and_then(|call| call["in_spec"].as_str()).map(Spec::parse).transpose()?;
        let known = call.and_then(|call| call["forward_arg_names"].as_array());
        let known = |at: usize| known.and_then(|names| names.get(at)?.as_str()).filter(|name| is_name(name));
        let specs: Vec<(Option<String>, Spec)> = match given.and_then(Spec::arguments) {
            Some((args, kwargs)) => {
                let args = args.into_iter().enumerate().map(|(at, spec)| (known(at).map(str::to_owned), spec));
                args.chain(kwargs.into_iter().map(|(name, spec)| (Some(name), spec))).collect()
            }
            None => leaves.iter().map(|_| (None, Spec::Leaf)).collect(),
        };
        let mut leaves = leaves.into_iter();
        let mut parameters = vec![("self".to_owned(), None)];
        let mut bound = Vec::new();
        for (at, (name, spec)) in specs.into_iter().enumerate() {
            let whole = matches!(spec, Spec::Leaf);
            let first = leaves.as_slice().first().filter(|_| whole);
            let name = name.or_else(|| first.and_then(|leaf| leaf.name.clone())).unwrap_or_else(|| format!("arg{at}"));
            let local = self.names.define(&name)?;
            let mut places = Vec::new();
            spec.leaves(&local, &mut places);
            parameters.push((local, first.and_then(|leaf| leaf.fixed.clone())));
            for place in places {
                let leaf =
                    leaves.next().ok_or_else(|| Error::malformed("an input spec with more leaves than inputs"))?;
                bound.push((leaf, place, whole));
            }
        }
        for (leaf, place, whole) in &bound {
            if let Some(name) = &leaf.name {
                if *whole {
                    self.names.bind(name, place.clone());
                } else {
                    let local = self.names.define(name)?;
                    self.line(2, format!("{local} = {place}"));
                }
            }
        }
        self.guards(&bound)?;
        // a default needs defaults behind it
        let last = parameters.iter().rposition(|(_, fixed)| fixed.is_none()).unwrap_or(0);
        let texts = parameters.iter().enumerate().map(|(at, (name, fixed))| match fixed {
            Some(fixed) if at > last => format!("{name}={fixed}"),
            _ => name.clone(),
        });
        Ok(texts.collect::<Vec<_>>().join(", "))
    }

    /// What the program was exported for, in the words of torch's guards.
    fn guards(&mut self, bound: &[(Leaf, String, bool)]) -> Result<()> {
        let mut symbols: HashMap<&str, String> = HashMap::new();
        let program = self.program;
        for (leaf, place, _) in bound {
            if let Some(fixed) = &leaf.fixed {
                let operator = if fixed == "None" { "is" } else { "==" };
                self.guard(&format!("{place} {operator} {fixed}"), &format!("{place} {operator} {fixed}"));
                continue;
            }
            let meta = leaf.name.as_ref().filter(|_| leaf.tensor);
            let Some(meta) = meta.and_then(|name| program.graph_module.graph.tensor_values.get(name)) else { continue };
            if let Some(dtype) = dtype(meta.dtype).filter(|_| is_name(place)) {
                let shape = meta.sizes.iter().map(|size| int(size).unwrap_or(-1)).collect();
                self.given.push(Input { name: place.clone(), dtype, shape });
            }
            let rank = format!("{place}.dim() == {}", meta.sizes.len());
            self.guard(&rank, &rank);
            for (dim, size) in meta.sizes.iter().enumerate() {
                let (here, said) = (format!("{place}.size({dim})"), format!("{place}.size()[{dim}]"));
                if let Some(size) = int(size) {
                    self.guard(&format!("{here} == {size}"), &format!("{said} == {size}"));
                } else if let Some(symbol) = symbol(size) {
                    if let Some(first) = symbols.get(symbol) {
                        let other = first.replace(".size(", ".size()[").replace(')', "]").replace("[]", "()");
                        self.guard(&format!("{here} == {first}"), &format!("{said} == {other}"));
                        continue;
                    }
                    symbols.insert(symbol, here.clone());
                    let range = program.range_constraints.get(symbol);
                    // sizes of none and one run wherever two do, unless more was asked for
                    if let Some(least) = range.and_then(|r| r.min_val).filter(|least| *least > 2) {
                        self.guard(&format!("{here} >= {least}"), &format!("{said} >= {least}"));
                    }
                    if let Some(most) = range.and_then(|r| r.max_val).filter(|most| *most < i64::from(u32::MAX)) {
                        self.guard(&format!("{here} <= {most}"), &format!("{said} <= {most}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn guard(&mut self, condition: &str, said: &str) {
        self.line(2, format!("assert {condition}, {}", quoted(&format!("Guard failed: {said}"))));
    }

    /// Buffers that the program writes, and what forward gives.
    pub(super) fn outputs(&mut self) -> Result<()> {
        let mut leaves = Vec::new();
        for spec in &self.program.graph_module.signature.output_specs {
            let (kind, value) = spec.only().ok_or_else(|| Error::malformed("an output spec without a kind"))?;
            let broken = || Error::malformed(format!("an output spec {kind} that lacks a name"));
            match kind {
                "user_output" | "loss_output" => {
                    let arg = Union::of(&value["arg"]).ok_or_else(broken)?;
                    let bare = text_at(value, "/arg/name").map(|name| self.names.get(name).map(str::to_owned));
                    leaves.push(bare.unwrap_or_else(|| argument::text(&self.names, &arg))?);
                }
                "buffer_mutation" | "parameter_mutation" => {
                    let key = if kind == "buffer_mutation" { "buffer_name" } else { "parameter_name" };
                    let name = value[key].as_str().ok_or_else(broken)?;
                    let new = self.names.get(text_at(value, "/arg/name").ok_or_else(broken)?)?;
                    let getter = if kind == "buffer_mutation" { "get_buffer" } else { "get_parameter" };
                    let statement = format!("{}.copy_({new})", access(name, getter));
                    let followed = ["running_mean", "running_var", "num_batches_tracked"];
                    if self.mode.training && followed.iter().any(|end| name.ends_with(end)) {
                        self.line(2, "if self.training:");
                        self.line(3, statement);
                    } else {
                        self.line(2, statement);
                    }
                }
                // the caller's own tensor is not written
                "user_input_mutation" | "token" => {}
                other => {
                    return Err(Error::unsupported(format!("an exported program with an output of the kind {other}")));
                }
            }
        }
        let call = self.program.graph_module.module_call_graph.first();
        let spec = call.and_then(|call| text_at(call, "/signature/out_spec")).map(Spec::parse).transpose()?;
        let result = match spec {
            Some(spec) => spec.build(&mut leaves.into_iter())?,
            None if leaves.len() == 1 => leaves.concat(),
            None => format!("({})", leaves.join(", ")),
        };
        self.line(2, format!("return {result}"));
        Ok(())
    }
}
