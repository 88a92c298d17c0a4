//! Whether an argument that no shape tells makes no difference in eval mode: the rate of a dropout, an embedding's padding index, a size
//! that is only stored.
//!
//! Two networks that differ in this argument alone are compared: their modules' attributes, and the tensors that no file gives.

use super::form::Source;
use super::plan::Kind;
use super::solve::Solver;
use super::term::Term;
use crate::graph::pass::prune::prune;
use crate::graph::{Graph, Structure};
use crate::network::Network;
use crate::nn::host::Host;
use crate::nn::module::{ClassRef, Module};
use crate::nn::value::Value;
use crate::nn::walk;
use crate::python::object::Object;

/// Config objects within config objects.
const MAX_CONFIGS: usize = 4;
/// Attributes of torch's classes that matter in train mode alone, by the end of the class's name.
const TRAINING: &[(&str, &str)] = &[
    ("Dropout", "p"),
    ("Dropout1d", "p"),
    ("Dropout2d", "p"),
    ("Dropout3d", "p"),
    ("RNN", "dropout"),
    ("LSTM", "dropout"),
    ("GRU", "dropout"),
    ("MultiheadAttention", "dropout"),
    ("Embedding", "padding_idx"),
    ("BatchNorm1d", "momentum"),
    ("BatchNorm2d", "momentum"),
    ("BatchNorm3d", "momentum"),
];

/// Whether an unknown is kept nowhere but in the shapes that it makes: two networks of different shapes have, but for torch's own modules, the
/// same attributes.
pub fn only_shapes(solver: &mut Solver<'_, '_>, source: &Source<'_>, at: usize) -> bool {
    let name = solver.plan.slots.get(at).map(|s| s.name.clone()).unwrap_or_default();
    let Some((other, _)) = solver.nudge(at) else { return false };
    let hidden = hidden(source, &name);
    solver.pair(at, other).is_some_and(|(one, other)| same(one, other, source, hidden, true))
}

/// Whether `others` give the same network in eval mode as the plan's value.
pub fn is(solver: &Solver<'_, '_>, source: &Source<'_>, at: usize, others: &[Term]) -> bool {
    let Some(slot) = solver.plan.slots.get(at) else { return false };
    if unread(&solver.plan.call.callee, &slot.name, source) {
        return true;
    }
    if slot.kind == Kind::Real && slot.name.to_lowercase().contains("drop") {
        return true;
    }
    let floats = [Term::Float(0.5), Term::Float(0.25)];
    let others = if slot.kind == Kind::Real { &floats } else { others };
    let mut compared = false;
    for other in others {
        let Some((one, other)) = solver.pair(at, other.clone()) else { continue };
        compared = true;
        if !same(one, other, source, hidden(source, &slot.name), false) {
            return false;
        }
    }
    compared
}

/// Whether a class or function never reads its parameter: `def __init__(self, num_classes, block)` without a head.
fn unread(callee: &str, name: &str, source: &Source<'_>) -> bool {
    let names = |name| source.book.names(callee, name);
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain && source.book.constructs(callee) && !names(name) && !names("locals") && !names("vars") && !names("eval")
}

fn same(mut one: Network, mut other: Network, source: &Source<'_>, hidden: bool, shapes: bool) -> bool {
    let (roots, traces) = ((one.root, other.root), (one.interpreter.trace(), other.interpreter.trace()));
    let paths = (walk::paths(&traces.0.modules, roots.0), walk::paths(&traces.1.modules, roots.1));
    if paths.0.len() != paths.1.len() {
        return false;
    }
    for ((path, a), (other_path, b)) in paths.0.iter().zip(&paths.1) {
        let (Some(a), Some(b)) = (traces.0.modules.get(*a), traces.1.modules.get(*b)) else { return false };
        let torch = matches!((&a.class, &b.class), (ClassRef::Torch(_), ClassRef::Torch(_)));
        let same = if shapes && torch { a.class.short() == b.class.short() } else { same_module(a, b, source, hidden) };
        if path != other_path || !same {
            return false;
        }
    }
    same_tensors(&mut one, &mut other)
}

/// Whether a function or an object that a module keeps may hold an argument: a field of a config object is found by its name where it is read.
fn hidden(source: &Source<'_>, name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, field)) => source.book.reads(field),
        None => true,
    }
}

fn same_module(a: &Module, b: &Module, source: &Source<'_>, hidden: bool) -> bool {
    let class = a.class.short();
    if class != b.class.short() || a.attributes.len() != b.attributes.len() {
        return false;
    }
    let user = matches!(a.class, ClassRef::User { .. });
    let kind = match &a.class {
        ClassRef::Torch(class) | ClassRef::User { base: Some(class), .. } => class.short(),
        ClassRef::User { .. } => "",
    };
    a.attributes.iter().zip(&b.attributes).all(|((attribute, x), (other, y))| {
        attribute == other
            && (equal(x, y, hidden)
                || user && !source.book.reads(attribute)
                || TRAINING.contains(&(kind, attribute.as_str())))
    })
}

/// Plain values. What only the evaluator understands, a function or a config object, is not looked into: `hidden` says whether it may hold the
/// argument.
fn equal(x: &Value, y: &Value, hidden: bool) -> bool {
    let all = |x: &[Value], y: &[Value]| x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y, hidden));
    match (x, y) {
        (Value::None, Value::None) | (Value::Tensor(_), Value::Tensor(_)) | (Value::Module(_), Value::Module(_)) => {
            true
        }
        (Value::Bool(x), Value::Bool(y)) => x == y,
        (Value::Int(x), Value::Int(y)) => x == y,
        (Value::Float(x), Value::Float(y)) => x == y,
        (Value::Str(x), Value::Str(y)) | (Value::Device(x), Value::Device(y)) => x == y,
        (Value::Dtype(x), Value::Dtype(y)) => x == y,
        (Value::Size(x), Value::Size(y)) => x == y,
        (Value::Tuple(x), Value::Tuple(y)) | (Value::List(x), Value::List(y)) => all(x, y),
        (Value::Dict(x), Value::Dict(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(&x.0, &y.0, hidden) && equal(&x.1, &y.1, hidden))
        }
        (Value::Function(x), Value::Function(y)) => std::ptr::eq(*x, *y),
        (Value::Host(x), Value::Host(y)) => {
            let both = x.downcast_ref::<Object>().zip(y.downcast_ref::<Object>());
            !hidden || both.is_some_and(|(x, y)| same_config(x, y, MAX_CONFIGS))
        }
        _ => false,
    }
}

/// Config objects of one class with the same plain fields.
fn same_config(x: &Object, y: &Object, depth: usize) -> bool {
    match (x, y) {
        (Object::Instance(x), Object::Instance(y)) if depth > 0 && x.class.name == y.class.name => {
            let (x, y) = (x.attributes.0.borrow(), y.attributes.0.borrow());
            x.len() == y.len()
                && x.iter().all(|(name, one)| y.get(name).is_some_and(|other| same_config(one, other, depth - 1)))
        }
        _ => Term::of(x).zip(Term::of(y)).is_some_and(|(x, y)| x == y),
    }
}

/// Tensors that the constructor computes and no state_dict holds: the same operators on the same constants.
fn same_tensors(one: &mut Network, other: &mut Network) -> bool {
    let (a, b) = (computed(one), computed(other));
    a.nodes.len() == b.nodes.len()
        && a.nodes.iter().zip(&b.nodes).all(|(a, b)| a.op == b.op)
        && a.constants.len() == b.constants.len()
        && a.constants.iter().zip(&b.constants).all(|(a, b)| a.data == b.data)
}

fn computed(network: &mut Network) -> Graph {
    let persistent: Vec<_> = network.leaves.iter().filter(|l| l.persistent).map(|l| l.value).collect();
    let root = network.root;
    let trace = network.interpreter.trace();
    let mut values = Vec::new();
    for id in walk::distinct(&trace.modules, root) {
        let Some(module) = trace.modules.get(id) else { continue };
        let attributes = module.attributes.values().filter_map(|value| match value {
            Value::Tensor(tensor) => Some(tensor.value()),
            _ => None,
        });
        values.extend(attributes.chain(module.buffers.values().flatten().map(|t| t.value())));
    }
    let mut graph = trace.graph.clone();
    let computed = values.into_iter().filter(|v| !persistent.contains(v));
    let values = computed.map(|v| graph.leaf_mut(v).and_then(|leaf| leaf.init).unwrap_or(v)).map(Structure::Value);
    let output = Structure::Tuple(values.collect());
    let mut graph = graph.finish(output);
    prune(&mut graph, |_| true);
    let used: Vec<_> = graph.nodes.iter().flat_map(|node| node.inputs.iter().copied()).collect();
    graph.constants.retain(|c| used.contains(&c.value));
    graph
}
