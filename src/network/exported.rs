//! A network as data: the graphs that were traced of it and its tree of modules, without its source and its weights. torch calls what it
//! becomes again an `fx.GraphModule`.
//!
//! Each graph is of one mode and one set of input shapes; `forward` takes the one that fits its call. Everything in the JSON is checked
//! before it is believed: graphs by [`Graph::validate`], the tree here.

use super::Network;
use super::inputs::InputHint;
use super::trace::Call;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::builder::Builder;
use crate::graph::pass::prune::{needed, prune, wanted_at_the_end};
use crate::graph::{Graph, Info, Input, Leaf, LeafKind, Node, Structure, ValueId};
use crate::nn::host::Host;
use crate::nn::module::{self, ClassRef, Module, Modules};
use crate::nn::value::{ModuleId, Tensor, Value};
use crate::nn::walk;
use crate::python::interpreter::Interpreter;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// What the JSON says it is.
const FORMAT: &str = "torchtab.graph";
const VERSION: u32 = 1;

/// A network that needs no source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exported {
    format: String,
    version: u32,
    /// parameters of forward, with the traced shapes
    inputs: Vec<InputHint>,
    /// every module, parents before children; the root's path is empty
    modules: Vec<ExportedModule>,
    /// `state_dict().keys()`
    keys: Vec<String>,
    /// one for each mode and set of input shapes
    traces: Vec<Traced>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ExportedModule {
    path: String,
    /// qualified: `torch.nn.modules.linear.Linear`, `Net`
    class: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Traced {
    training: bool,
    graph: Graph,
}

/// The graphs behind a network's `forward`.
pub(super) struct GraphModule {
    traces: Vec<Traced>,
    /// the parameters and buffers of all graphs, in the order of their leaves
    leaves: Vec<Tensor>,
    inputs: Vec<InputHint>,
}

impl Network {
    /// The network as data, traced for one call: in eval mode, and in train mode where it can be (a batch of one cannot, where there is
    /// batch norm). Parameters of forward that the call leaves out keep their defaults.
    pub fn export(&mut self, call: &Call) -> Result<Exported> {
        let training = self.training();
        let mut traces = Vec::new();
        for mode in [false, true] {
            self.train(mode);
            match self.trace(call) {
                Ok(mut graph) => {
                    // Whoever builds it anew has the first values of what no file holds; the rest of the constructor is done.
                    let held: HashSet<_> = self.leaves().iter().filter(|l| l.persistent).map(|l| l.value).collect();
                    prune(&mut graph, |leaf| held.contains(&leaf.value));
                    traces.push(Traced { training: mode, graph });
                }
                Err(error) if !mode => {
                    self.train(training);
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        self.train(training);
        let mut inputs = self.inputs();
        inputs.truncate(call.positional.len().max(call.keyword.len()));
        if let Some(Traced { graph, .. }) = traces.first() {
            for (hint, input) in inputs.iter_mut().zip(&graph.inputs) {
                let info = graph.values.get(input.value.0 as usize);
                hint.shape = info.map(|i| i.shape.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect());
                hint.dtype = info.map(|i| i.dtype);
            }
        }
        let root = self.root;
        let tree = &self.interpreter.trace().modules;
        let class = |id| match tree.get(id).map(|m| &m.class) {
            Some(ClassRef::Torch(class)) => class.name.to_owned(),
            Some(ClassRef::User { name, .. }) => name.to_string(),
            None => String::new(),
        };
        let modules = walk::paths(tree, root).into_iter();
        let modules = modules.map(|(path, id)| ExportedModule { path, class: class(id) }).collect();
        let keys = self.keys.clone();
        Ok(Exported { format: FORMAT.to_owned(), version: VERSION, inputs, modules, keys, traces })
    }

    /// Whether the root is in train mode.
    fn training(&mut self) -> bool {
        let root = self.root;
        self.interpreter.trace().modules.get(root).is_some_and(|m| m.training)
    }

    /// Makes a network of data again.
    ///
    /// # Errors
    /// Malformed for JSON that is no such network, with the place.
    pub fn from_export(text: &str) -> Result<Self> {
        let exported: Exported = serde_json::from_str(text).map_err(|e| {
            Error::malformed(format!("not a graph of torchtab: {e}")).at(format!(
                "line {}, column {}",
                e.line(),
                e.column()
            ))
        })?;
        if exported.format != FORMAT || exported.version != VERSION {
            let text = format!("a graph of format '{}', version {}", exported.format, exported.version);
            return Err(Error::unsupported(text).hint(format!("this reads {FORMAT}, version {VERSION}")));
        }
        let Some(Traced { graph: first, .. }) = exported.traces.first() else {
            return Err(Error::malformed("a network without a graph").at("traces"));
        };
        for (at, traced) in exported.traces.iter().enumerate() {
            let place = |e: Error| if e.location.is_none() { e.at(format!("traces[{at}]")) } else { e };
            traced.graph.validate().map_err(place)?;
            let infos = |g: &Graph| g.leaves.iter().map(|l| (l.names.clone(), info(g, l.value))).collect::<Vec<_>>();
            if infos(&traced.graph) != infos(first) {
                return Err(place(Error::malformed("other parameters than in the first graph")));
            }
        }
        let mut interpreter = Interpreter::new(None);
        let trace = interpreter.trace();
        let paths = modules(&exported.modules, &mut trace.modules)?;
        let root = paths.get("").copied().ok_or_else(|| Error::malformed("no root module").at("modules"))?;
        let inits = splice_inits(&mut trace.graph, first)?;
        let mut leaves = Vec::new();
        for leaf in &first.leaves {
            let init = leaf.init.and_then(|id| inits.get(&id).copied());
            let value = trace.graph.leaf(info(first, leaf.value), leaf.kind, leaf.requires_grad, init);
            leaves.push(Tensor::new(value));
        }
        register(first, &leaves, &exported.keys, &paths, &mut trace.modules)?;
        let mut network = Self::new(interpreter, root)?;
        network.graphs = Some(Rc::new(GraphModule { traces: exported.traces, leaves, inputs: exported.inputs }));
        Ok(network)
    }

    /// `forward` of a network that came as data: the nodes of the graph that fits the inputs, which the trace has already.
    pub(super) fn forward_graph(&mut self, module: &GraphModule) -> Result<Value> {
        let root = self.root;
        let training = self.training();
        let trace = self.interpreter.trace();
        if walk::distinct(&trace.modules, root)
            .iter()
            .any(|m| trace.modules.get(*m).is_some_and(|m| m.training != training))
        {
            return Err(Error::unsupported("train mode of some modules alone, in a network built from a graph")
                .hint("build it from its source to freeze batch norm"));
        }
        let built = trace.graph.graph();
        let given: HashMap<&str, (ValueId, Info)> =
            built.inputs.iter().map(|i| (i.name.as_str(), (i.value, info(built, i.value)))).collect();
        // Inputs are found by name: a call may give them by keyword, in any order.
        let places_of = |graph: &Graph| {
            let place = |input: &Input| {
                let (value, found) = given.get(input.name.as_str())?;
                (*found == info(graph, input.value)).then_some((input.value, *value))
            };
            let all = graph.inputs.iter().map(place).collect::<Option<HashMap<_, _>>>()?;
            (all.len() == given.len()).then_some(all)
        };
        let mut fitting = module.traces.iter().filter(|t| t.training == training);
        let found = fitting.find_map(|traced| Some((&traced.graph, places_of(&traced.graph)?)));
        let Some((graph, mut places)) = found else { return Err(module.no_such_trace(built, training)) };
        places.extend(graph.leaves.iter().zip(&module.leaves).map(|(leaf, tensor)| (leaf.value, tensor.value())));
        let wanted = needed(graph, &wanted_at_the_end(graph));
        for constant in &graph.constants {
            if wanted.values.get(constant.value.0 as usize) == Some(&true) {
                places.insert(constant.value, trace.graph.constant(constant.data.clone()));
            }
        }
        for (node, _) in graph.nodes.iter().zip(&wanted.nodes).filter(|(_, wanted)| **wanted) {
            push(&mut trace.graph, node, &mut places)?;
        }
        let place =
            |id: &ValueId| places.get(id).copied().ok_or_else(|| Error::malformed("a value that nothing makes"));
        for update in &graph.updates {
            trace.graph.update(place(&update.buffer)?, place(&update.value)?);
        }
        graph.output.as_ref().map_or(Ok(Value::None), |output| returned(output, &place))
    }
}

impl GraphModule {
    pub(super) fn inputs(&self) -> &[InputHint] {
        &self.inputs
    }

    fn no_such_trace(&self, given: &Graph, training: bool) -> Error {
        let shown = |graph: &Graph| {
            let input = |i: &Input| {
                let Info { shape, dtype } = info(graph, i.value);
                format!("{}: torch.{} {shape:?}", i.name, dtype.name())
            };
            graph.inputs.iter().map(input).collect::<Vec<_>>().join(", ")
        };
        let known = self.traces.iter().filter(|t| t.training == training).map(|t| format!("({})", shown(&t.graph)));
        let known: Vec<_> = known.collect();
        let mode = if training { "train" } else { "eval" };
        let given = shown(given);
        let hint = match known.as_slice() {
            [] => format!("the graph was traced in {} mode alone", if training { "eval" } else { "train" }),
            known => format!("it was traced for {}", known.join(" and ")),
        };
        Error::mismatch(format!("the graph has no trace in {mode} mode for inputs of ({given})"))
            .code("graph_shape")
            .hint(format!("{hint}: make another with graph(inputShapes), or build from the source"))
    }
}

fn info(graph: &Graph, id: ValueId) -> Info {
    // A graph that was validated has every id that it names.
    graph.values.get(id.0 as usize).cloned().unwrap_or_else(|| Info { shape: Vec::new(), dtype: DType::Float32 })
}

/// Adds a node with its operands' places; the results get theirs.
fn push(builder: &mut Builder, node: &Node, places: &mut HashMap<ValueId, ValueId>) -> Result<()> {
    let inputs: Option<Vec<_>> = node.inputs.iter().map(|id| places.get(id).copied()).collect();
    let inputs = inputs.ok_or_else(|| Error::malformed("an operand that nothing makes"))?;
    let before = builder.enter(node.scope.clone());
    builder.at_line(node.line);
    let outputs = builder.push(node.op.clone(), &inputs);
    builder.enter(before);
    builder.at_line(None);
    places.extend(node.outputs.iter().copied().zip(outputs?));
    Ok(())
}

/// What makes the first values of leaves that no file holds.
fn splice_inits(builder: &mut Builder, graph: &Graph) -> Result<HashMap<ValueId, ValueId>> {
    let inits: Vec<ValueId> = graph.leaves.iter().filter_map(|leaf| leaf.init).collect();
    let wanted = needed(graph, &inits);
    let mut places = HashMap::new();
    for constant in graph.constants.iter().filter(|c| wanted.values.get(c.value.0 as usize) == Some(&true)) {
        places.insert(constant.value, builder.constant(constant.data.clone()));
    }
    for (node, _) in graph.nodes.iter().zip(&wanted.nodes).filter(|(_, wanted)| **wanted) {
        push(builder, node, &mut places)?;
    }
    Ok(places)
}

/// The tree, by path.
fn modules(listed: &[ExportedModule], tree: &mut Modules) -> Result<IndexMap<String, ModuleId>> {
    let mut paths: IndexMap<String, ModuleId> = IndexMap::new();
    for ExportedModule { path, class } in listed {
        let wrong = || Error::malformed(format!("the module '{path}' has no parent, or is there twice")).at("modules");
        let found = match module::class(class) {
            Some(torch) => ClassRef::Torch(torch),
            None => ClassRef::User { name: class.as_str().into(), base: None },
        };
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let parent = (!path.is_empty()).then(|| paths.get(parent).copied().ok_or_else(wrong)).transpose()?;
        let id = tree.add(Module::new(found, true));
        if let Some(parent) = parent.and_then(|parent| tree.get_mut(parent)) {
            parent.children.insert(name.to_owned(), Some(id));
        }
        if paths.insert(path.clone(), id).is_some() {
            return Err(wrong());
        }
    }
    Ok(paths)
}

/// Registers each leaf under each of its names, in `state_dict()`'s order; buffers that it does not have come last.
fn register(
    graph: &Graph,
    tensors: &[Tensor],
    keys: &[String],
    paths: &IndexMap<String, ModuleId>,
    tree: &mut Modules,
) -> Result<()> {
    let named = |(leaf, tensor)| {
        let leaf: &Leaf = leaf;
        leaf.names.iter().map(move |name| (name.as_str(), (leaf.kind, tensor)))
    };
    let mut left: IndexMap<&str, (LeafKind, &Tensor)> = graph.leaves.iter().zip(tensors).flat_map(named).collect();
    let mut add = |full: &str, (kind, tensor): (LeafKind, &Tensor), persistent: bool| {
        let (path, name) = full.rsplit_once('.').unwrap_or(("", full));
        let module = paths.get(path).and_then(|id| tree.get_mut(*id));
        let module = module.ok_or_else(|| Error::malformed(format!("no module holds {full}")).at("leaves"))?;
        match kind {
            LeafKind::Parameter => module.parameters.insert(name.to_owned(), Some(tensor.clone())),
            LeafKind::Buffer => module.buffers.insert(name.to_owned(), Some(tensor.clone())),
        };
        if !persistent {
            module.non_persistent.insert(name.to_owned());
        }
        Ok(())
    };
    for key in keys {
        let leaf = left.shift_remove(key.as_str());
        add(key, leaf.ok_or_else(|| Error::malformed(format!("no leaf is called {key}")).at("keys"))?, true)?;
    }
    left.into_iter().try_for_each(|(name, leaf)| add(name, leaf, false))
}

/// What forward returned, as the evaluator has it.
fn returned(output: &Structure, place: &dyn Fn(&ValueId) -> Result<ValueId>) -> Result<Value> {
    let all = |items: &[Structure]| items.iter().map(|item| returned(item, place)).collect::<Result<Vec<_>>>();
    Ok(match output {
        Structure::Value(id) => Value::tensor(place(id)?),
        Structure::None => Value::None,
        Structure::Scalar(scalar) => super::trace::scalar(*scalar),
        Structure::Str(text) => Value::Str(text.as_str().into()),
        Structure::Tuple(items) => Value::Tuple(all(items)?),
        Structure::List(items) => Value::List(all(items)?),
        Structure::Dict(items) => {
            let pairs = items.iter().map(|(k, v)| Ok((Value::Str(k.as_str().into()), returned(v, place)?)));
            Value::Dict(pairs.collect::<Result<_>>()?)
        }
    })
}
