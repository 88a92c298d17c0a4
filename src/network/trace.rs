//! `forward` run once on inputs that have shapes and no values: the result is a graph.

use super::Network;
use crate::error::{Error, Result};
use crate::graph::op::Scalar;
use crate::graph::pass::hoist::is_random;
use crate::graph::pass::prune::prune;
use crate::graph::{Graph, Info, Structure, ValueId};
use crate::nn::asking::{Answers, Asking};
use crate::nn::function::Args;
use crate::nn::host::Host;
use crate::nn::value::{ModuleId, Tensor, Value};
use crate::nn::walk;

/// An argument of `forward`, tensors without their values.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// a tensor
    Tensor(Info),
    /// `None`
    None,
    /// a number
    Scalar(Scalar),
    /// a string
    Str(String),
    /// a tuple
    Tuple(Vec<Argument>),
    /// a list
    List(Vec<Argument>),
    /// a dict with string keys
    Dict(Vec<(String, Argument)>),
}

/// The arguments of one call, by position and by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// by position
    pub positional: Vec<Argument>,
    /// by keyword
    pub keyword: Vec<(String, Argument)>,
}

/// A value without which a trace could not go on, and how it is computed.
pub struct Question {
    /// its place in the trace
    pub value: ValueId,
    /// the graph whose only output it is
    pub graph: Graph,
    /// where in the source it is asked for
    pub place: Option<String>,
}

impl Network {
    /// Traces `forward(*args, **kwargs)` in the modules' present mode. The graph's inputs are the call's tensors, depth first,
    /// positional before keyword ones. The network stays as it was, whatever forward assigned to its tensors.
    pub fn trace(&mut self, call: &Call) -> Result<Graph> {
        self.traced(call, |_, returned| structure(&returned))
    }

    /// Traces `forward`, and what `after` makes of its result, into one graph.
    pub(super) fn traced(
        &mut self,
        call: &Call,
        after: impl FnOnce(&mut Self, Value) -> Result<Structure>,
    ) -> Result<Graph> {
        let root = self.root;
        let names: Vec<_> = match &self.graphs {
            Some(graphs) => graphs.inputs().iter().map(|hint| hint.name.clone()).collect(),
            None => self.interpreter.forward_parameters(root).into_iter().map(|p| p.name).collect(),
        };
        let trace = self.interpreter.trace();
        let before = trace.graph.clone();
        let held: Vec<(Tensor, ValueId)> =
            walk::tensors(&trace.modules, root).into_iter().map(|t| (t.clone(), t.value())).collect();
        let buffers = walk::buffers(&trace.modules, root);
        let mut args = Args::default();
        for (place, argument) in call.positional.iter().enumerate() {
            let name = names.get(place).cloned().unwrap_or_else(|| place.to_string());
            args.positional.push(self.value(&name, argument));
        }
        for (name, argument) in &call.keyword {
            let value = self.value(name, argument);
            args.keyword.push((name.clone(), value));
        }
        self.interpreter.restart();
        let called = match self.graphs.clone() {
            Some(graphs) => self.forward_graph(&graphs),
            None => self.interpreter.call_module(root, args),
        };
        let returned = called.and_then(|value| after(self, value));
        let replaced = self.replaced(buffers, &held);
        let trace = self.interpreter.trace();
        let question = trace.asking.question();
        let built = std::mem::replace(&mut trace.graph, before);
        for (tensor, value) in held {
            tensor.set(value);
        }
        if let Some(value) = question {
            let error = returned.err().unwrap_or_else(|| Error::unsupported("a value that only a run knows"));
            let graph = built.finish(Structure::Value(value));
            self.question = Some(Question { value, graph, place: error.location.clone() });
            return Err(error);
        }
        let returned = returned?;
        replaced?;
        Ok(built.finish(returned))
    }

    /// Buffers that `forward` assigned anew (`self.average = ...`) become updates of the graph, and the modules get their own back.
    fn replaced(&mut self, buffers: Vec<(ModuleId, String, Tensor)>, held: &[(Tensor, ValueId)]) -> Result<()> {
        let trace = self.interpreter.trace();
        let mut result = Ok(());
        for (id, name, tensor) in buffers {
            let Some(module) = trace.modules.get_mut(id) else { continue };
            let Some(slot) = module.buffers.get_mut(&name) else { continue };
            let Some(now) = slot.clone().filter(|now| !now.is(&tensor)) else { continue };
            *slot = Some(tensor.clone());
            let Some((_, leaf)) = held.iter().find(|(known, _)| known.is(&tensor)) else { continue };
            let (before, after) = (trace.graph.info(*leaf), trace.graph.info(now.value()));
            if before == after {
                trace.graph.update(*leaf, now.value());
            } else {
                let text = format!("the buffer '{name}' of {before:?} that forward replaces by one of {after:?}");
                result = Err(Error::unsupported(text));
            }
        }
        result
    }

    /// Whether the last trace that could ask holds random numbers of Python's, so that it serves one run.
    pub fn drew(&self) -> bool {
        self.interpreter.random() != self.drawn_from
    }

    /// Does `work`, which traces, with some values known. Where it could not go on without another one, that is the result.
    ///
    /// # Errors
    /// Those of `work`; Unsupported `data_dependent` where what it needs is random, so that a run would draw something else.
    pub fn asking<T>(
        &mut self,
        answers: &Answers,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<std::result::Result<T, Question>> {
        // the same draws each time that one run begins its trace anew
        if answers.is_empty() {
            self.drawn_from = self.interpreter.random();
        } else {
            self.interpreter.set_random(self.drawn_from);
        }
        self.interpreter.trace().asking = Asking::with(answers.clone());
        self.question = None;
        let done = work(self);
        self.interpreter.trace().asking = Asking::default();
        match (done, self.question.take()) {
            (Err(error), Some(question)) => {
                let mut graph = question.graph;
                graph.updates.clear();
                prune(&mut graph, |_| true);
                if graph.nodes.iter().any(|node| is_random(&node.op)) {
                    return Err(error.hint("it depends on random numbers, which another run would draw anew"));
                }
                Ok(Err(Question { graph, ..question }))
            }
            (done, _) => done.map(Ok),
        }
    }

    /// An argument as `forward` sees it; its tensors become inputs of the graph.
    pub(super) fn value(&mut self, name: &str, argument: &Argument) -> Value {
        let mut all = |items: &[Argument]| {
            items.iter().enumerate().map(|(i, item)| self.value(&format!("{name}.{i}"), item)).collect()
        };
        match argument {
            Argument::Tuple(items) => Value::Tuple(all(items)),
            Argument::List(items) => Value::List(all(items)),
            Argument::Tensor(info) => {
                Value::Tensor(Tensor::new(self.interpreter.trace().graph.input(name, info.clone())))
            }
            Argument::None => Value::None,
            Argument::Scalar(number) => scalar(*number),
            Argument::Str(s) => Value::Str(s.as_str().into()),
            Argument::Dict(items) => Value::Dict(
                items
                    .iter()
                    .map(|(key, item)| (Value::Str(key.as_str().into()), self.value(&format!("{name}.{key}"), item)))
                    .collect(),
            ),
        }
    }
}

/// A Python number.
pub(super) fn scalar(number: Scalar) -> Value {
    match number {
        Scalar::Bool(b) => Value::Bool(b),
        Scalar::Int(i) => Value::Int(i),
        Scalar::Float(f) => Value::Float(f),
    }
}

/// What forward returned, as plain data.
pub(super) fn structure(value: &Value) -> Result<Structure> {
    let all = |items: &[Value]| items.iter().map(structure).collect::<Result<Vec<_>>>();
    Ok(match value {
        Value::None => Structure::None,
        Value::Bool(b) => Structure::Scalar(Scalar::Bool(*b)),
        Value::Int(i) => Structure::Scalar(Scalar::Int(*i)),
        Value::Float(f) => Structure::Scalar(Scalar::Float(*f)),
        Value::Str(s) => Structure::Str(s.to_string()),
        Value::Tuple(items) => Structure::Tuple(all(items)?),
        Value::List(items) => Structure::List(all(items)?),
        Value::Size(sizes) => Structure::Tuple(sizes.iter().map(|s| Structure::Scalar(Scalar::Int(*s))).collect()),
        Value::Tensor(tensor) => Structure::Value(tensor.value()),
        Value::Named { fields, values, .. } => {
            let named = fields.iter().zip(values).map(|(f, v)| Ok(((*f).to_owned(), structure(v)?)));
            Structure::Dict(named.collect::<Result<_>>()?)
        }
        Value::Dict(items) => {
            let named = items.iter().map(|(key, value)| match key {
                Value::Str(key) => Ok((key.to_string(), structure(value)?)),
                Value::Int(key) => Ok((key.to_string(), structure(value)?)),
                _ => Err(Error::unsupported("forward returned a dict whose keys are neither strings nor ints")),
            });
            Structure::Dict(named.collect::<Result<_>>()?)
        }
        _ => {
            return Err(Error::unsupported("forward returned something that holds no tensors")
                .hint("return tensors, or tuples, lists and dicts of tensors"));
        }
    })
}
