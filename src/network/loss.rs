//! The loss: a criterion in torch's words, traced behind `forward` into one graph.
//!
//! A criterion is a class of torch.nn with its arguments, a class or function of the user's source, or any Python expression in the
//! source's namespace that gives something to call. It gets leaves of forward's result, then the targets. A criterion that has
//! parameters of its own is refused: they would not be in the network's state_dict.

use super::Network;
use super::trace::{Argument, Call, structure};
use crate::error::{Error, Result};
use crate::graph::op::Op;
use crate::graph::{Graph, Info, LeafKind, Structure, ValueId};
use crate::nn::function::Args;
use crate::nn::host::Host;
use crate::nn::value::{Tensor, Value};
use crate::nn::walk;
use crate::python::object::Object;
use serde::Deserialize;
use serde_json::Value as Json;

/// A loss as the caller asks for it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossSpec {
    /// `CrossEntropyLoss`; `source:criterion`; `nn.CrossEntropyLoss(label_smoothing=0.1)`; empty when forward returns the loss itself
    pub name: String,
    /// keyword arguments: of a class's constructor, or of each call of a function; lists of numbers become tensors
    pub kwargs: serde_json::Map<String, Json>,
    /// which leaves of forward's result it is applied to; forward's result itself when empty
    pub on: Vec<LossInput>,
}

/// A leaf of forward's result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossInput {
    /// keys and indexes into tuples, lists and dicts
    pub path: Vec<Step>,
    /// `reshape` before the loss; one size may be -1
    pub reshape: Option<Vec<i64>>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// into a tuple or list; of a dict, its items in order
    Index(usize),
    /// into a dict or an object with fields
    Key(String),
}

/// A criterion that was constructed, to be traced behind forward.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// none where forward returns the loss
    callable: Option<Object>,
    keyword: Vec<(String, Value)>,
    on: Vec<LossInput>,
    /// the class or function, without its module
    name: String,
}

impl Criterion {
    /// Its class or function: `CrossEntropyLoss`; empty where forward returns the loss.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A loss graph: forward's inputs, then the targets; `(loss, the leaves that it is of, forward's result)`.
#[derive(Clone, Debug)]
pub struct LossGraph {
    /// the graph
    pub graph: Graph,
    /// the loss
    pub loss: ValueId,
    /// the first tensor that the criterion is applied to: the predictions
    pub prediction: Option<ValueId>,
}

impl Network {
    /// Constructs a criterion.
    ///
    /// # Errors
    /// Python's and torch's own; Unsupported for a criterion with parameters.
    pub fn criterion(&mut self, spec: &LossSpec) -> Result<Criterion> {
        let text = spec.name.trim();
        if text.is_empty() {
            return Ok(Criterion { callable: None, keyword: Vec::new(), on: spec.on.clone(), name: String::new() });
        }
        let located = |e: Error| if e.location.is_none() { e.at("loss") } else { e };
        let own = text.strip_prefix("source:").map(str::trim);
        let base = match own {
            Some(name) => name.to_owned(),
            None if is_name(text) && !self.interpreter.defines(text) => format!("nn.{text}"),
            None => text.to_owned(),
        };
        self.interpreter.restart();
        let object = self.interpreter.evaluate(&base).map_err(located)?;
        let arguments: Vec<String> =
            spec.kwargs.iter().map(|(name, value)| format!("{name}={}", python(value))).collect();
        let (callable, keyword) = match object {
            Object::Class(_) => {
                let expression = format!("({base})({})", arguments.join(", "));
                (self.interpreter.evaluate(&expression).map_err(located)?, Vec::new())
            }
            made if spec.kwargs.is_empty() => (made, Vec::new()),
            Object::Module(_) => {
                return Err(located(Error::mismatch(format!(
                    "{text} is constructed already: give its arguments in it"
                ))));
            }
            function => {
                let mut keyword = Vec::new();
                for (name, value) in &spec.kwargs {
                    let object = self.interpreter.evaluate(&python(value)).map_err(located)?;
                    let value = self.interpreter.value_of(&object).map_err(|_| {
                        located(Error::mismatch(format!("the argument {name} of {text} is no plain value")))
                    })?;
                    keyword.push((name.clone(), value));
                }
                (function, keyword)
            }
        };
        let mut name = base.rsplit('.').next().unwrap_or(&base).split('(').next().unwrap_or_default().to_owned();
        if let Object::Module(id) = callable {
            let trace = self.interpreter.trace();
            if let Some(module) = trace.modules.get(id) {
                module.class.short().clone_into(&mut name);
            }
            let held = walk::leaves(&trace.modules, id);
            let graph = trace.graph.graph();
            let trains = |value: &ValueId| {
                graph.leaves.iter().any(|l| l.value == *value && l.kind == LeafKind::Parameter && l.requires_grad)
            };
            if held.keys().any(trains) {
                return Err(located(
                    Error::unsupported(format!("{name}: a loss with parameters of its own"))
                        .hint("make it a part of the network, whose state_dict keeps them"),
                ));
            }
        }
        Ok(Criterion { callable: Some(callable), keyword, on: spec.on.clone(), name })
    }

    /// Traces forward and the loss of its result in the modules' present mode.
    ///
    /// # Errors
    /// As tracing; Mismatch `loss_path` when forward returned no tensor where the loss is to be applied; `loss_shape` when the loss is not
    /// one number.
    pub fn trace_loss(&mut self, call: &Call, criterion: &Criterion, targets: &[Info]) -> Result<LossGraph> {
        let mut found = None;
        let root = self.root;
        let trace = self.interpreter.trace();
        trace.differentiates = trace.modules.get(root).is_some_and(|module| module.training);
        let traced = self.traced(call, |network, returned| {
            let leaves = network.leaves_of(&returned, &criterion.on)?;
            let prediction = leaves.first().map(Tensor::value);
            let mut arguments: Vec<Value> = leaves.into_iter().map(Value::Tensor).collect();
            for (number, info) in targets.iter().enumerate() {
                arguments.push(network.value(&format!("target{number}"), &Argument::Tensor(info.clone())));
            }
            let loss = match &criterion.callable {
                None => arguments.into_iter().next().unwrap_or_default(),
                Some(callable) => {
                    let args = Args { positional: arguments, keyword: criterion.keyword.clone() };
                    network.interpreter.call_evaluated(callable, args)?
                }
            };
            let Value::Tensor(loss) = loss else {
                let text = format!("the loss is a '{}' object, not a tensor", loss.type_name());
                return Err(Error::mismatch(text).code("loss_shape").at("loss"));
            };
            let loss = loss.value();
            let info = network.interpreter.trace().graph.info(loss).clone();
            if !info.shape.iter().all(|&size| size == 1) {
                return Err(Error::mismatch("grad can be implicitly created only for scalar outputs")
                    .code("loss_shape")
                    .at("loss")
                    .hint(format!(
                        "the loss has shape {:?}: reduction='mean' or 'sum' makes it one number",
                        info.shape
                    )));
            }
            found = Some((loss, prediction));
            let shown = prediction.map_or(Structure::None, Structure::Value);
            Ok(Structure::Tuple(vec![Structure::Value(loss), shown, structure(&returned)?]))
        });
        self.interpreter.trace().differentiates = false;
        let graph = traced?;
        let (loss, prediction) = found.ok_or_else(|| Error::mismatch("forward was not traced"))?;
        Ok(LossGraph { graph, loss, prediction })
    }

    fn leaves_of(&mut self, returned: &Value, on: &[LossInput]) -> Result<Vec<Tensor>> {
        if on.is_empty() {
            return match returned {
                Value::Tensor(tensor) => Ok(vec![tensor.clone()]),
                other => Err(Error::mismatch(format!(
                    "forward returned a '{}' object: say which of its tensors the loss is applied to",
                    other.type_name()
                ))
                .code("loss_path")
                .at("loss")
                .hint("for example `on: [{path: [0]}]` for the first")),
            };
        }
        on.iter().map(|input| self.leaf_of(returned, input)).collect()
    }

    fn leaf_of(&mut self, returned: &Value, input: &LossInput) -> Result<Tensor> {
        let mut here = returned.clone();
        for step in &input.path {
            here = inside(&here, step).ok_or_else(|| {
                Error::mismatch(format!("forward returned nothing at {}", shown(&input.path)))
                    .code("loss_path")
                    .at("loss")
            })?;
        }
        let Value::Tensor(tensor) = here else {
            let text = format!("forward returned a '{}' object at {}", here.type_name(), shown(&input.path));
            return Err(Error::mismatch(text).code("loss_path").at("loss"));
        };
        let Some(sizes) = &input.reshape else { return Ok(tensor) };
        let graph = &mut self.interpreter.trace().graph;
        let shape = resolved(sizes, &graph.info(tensor.value()).shape)?;
        Ok(Tensor::new(graph.push1(Op::Reshape { shape }, &[tensor.value()])?))
    }
}

/// One step into a structure.
fn inside(value: &Value, step: &Step) -> Option<Value> {
    match (value, step) {
        (Value::Dict(items), Step::Index(index)) => items.get(*index).map(|(_, v)| v.clone()),
        (Value::Dict(items), Step::Key(key)) => {
            let named = |k: &Value| matches!(k, Value::Str(text) if **text == **key);
            items.iter().find(|(k, _)| named(k)).map(|(_, v)| v.clone())
        }
        (Value::Named { fields, values, .. }, Step::Key(key)) => {
            fields.iter().position(|f| f == key).and_then(|at| values.get(at)).cloned()
        }
        (value, Step::Index(index)) => value.items()?.get(*index).cloned(),
        _ => None,
    }
}

fn shown(path: &[Step]) -> String {
    let step = |s: &Step| match s {
        Step::Index(index) => format!("[{index}]"),
        Step::Key(key) => format!("[\"{key}\"]"),
    };
    path.iter().map(step).collect()
}

/// Sizes with one -1 worked out.
fn resolved(sizes: &[i64], from: &[usize]) -> Result<Vec<usize>> {
    let total: usize = from.iter().product();
    let wrong = || Error::mismatch(format!("shape '{sizes:?}' is invalid for input of size {total}")).at("loss");
    let known = sizes.iter().filter(|s| **s >= 0).map(|s| usize::try_from(*s).unwrap_or(0));
    let known = known.fold(1usize, usize::saturating_mul);
    let open = sizes.iter().filter(|s| **s < 0).count();
    let rest = if open == 1 { total.checked_div(known).unwrap_or(0) } else { 1 };
    if open > 1 || known.saturating_mul(rest) != total {
        return Err(wrong());
    }
    Ok(sizes.iter().map(|s| usize::try_from(*s).unwrap_or(rest)).collect())
}

/// A name of Python.
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_') && letters.all(|c| c.is_alphanumeric() || c == '_')
}

/// Plain data as Python writes it; numbers in a list are a tensor, as losses want their weights.
fn python(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Array(items) => {
            let inside: Vec<String> = items.iter().map(nested).collect();
            format!("torch.tensor([{}])", inside.join(", "))
        }
        // JSON's strings and numbers are Python's too.
        other => other.to_string(),
    }
}

fn nested(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(nested).collect::<Vec<_>>().join(", ")),
        // A weight is a float, though JSON writes 1.
        Json::Number(number) if number.is_i64() || number.is_u64() => format!("{number}.0"),
        other => python(other),
    }
}
