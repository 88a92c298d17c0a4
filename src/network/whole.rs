//! A network from a whole pickled module: torch's classes are rebuilt by name, the user's from pasted source or from the class source that
//! legacy files carry.
//!
//! A pickle holds no code. A class that is neither torch's nor in a source is asked for by name, as torch's own error does.

use super::Network;
use super::source::FILENAME;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::module::{EmbeddedSource, ModuleNode, ModuleTree, Value as Saved};
use crate::checkpoint::tensor::TensorId;
use crate::error::{Error, Result};
use crate::graph::{Info, LeafKind, ValueId};
use crate::nn::function;
use crate::nn::host::Host;
use crate::nn::module::{self, Class, ClassRef, Module};
use crate::nn::value::{ModuleId, Tensor, Value};
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;
use indexmap::IndexMap;
use std::collections::HashMap;

/// What a class body finds in its module when only the class was saved.
const PREAMBLE: &str = "import math\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n";

/// The whole module in a file: the root object, or the first module in a dict at the root.
pub fn find(checkpoint: &Checkpoint) -> Result<Option<ModuleTree>> {
    checkpoint.module_at().map(|(_, node)| checkpoint.module_tree(node)).transpose()
}

impl Network {
    /// Rebuilds a pickled module. Gives the network, and the tensor of the file that each leaf takes.
    ///
    /// # Errors
    /// Unsupported `needs_source` names the classes whose source is missing.
    pub fn from_module(
        tree: &ModuleTree,
        checkpoint: &Checkpoint,
        source: Option<&str>,
    ) -> Result<(Self, Vec<(ValueId, TensorId)>)> {
        let program = program(tree, checkpoint, source)?;
        let interpreter = Interpreter::new(program);
        let mut rebuild =
            Rebuild { interpreter, checkpoint, ids: Vec::new(), tensors: HashMap::new(), pairs: Vec::new() };
        for node in &tree.modules {
            let id = rebuild.shell(node)?;
            rebuild.ids.push(id);
        }
        for (node, id) in tree.modules.iter().zip(rebuild.ids.clone()) {
            rebuild.fill(node, id)?;
        }
        let root = rebuild.ids.first().copied().ok_or_else(|| Error::mismatch("an empty module tree"))?;
        let pairs = rebuild.pairs;
        Ok((Self::new(rebuild.interpreter, root)?, pairs))
    }
}

/// The source of every class that is not torch's; `None` when there is no such class.
fn program(tree: &ModuleTree, checkpoint: &Checkpoint, source: Option<&str>) -> Result<Option<Program>> {
    let mut foreign: Vec<&str> = tree.modules.iter().map(|m| m.class.as_str()).filter(|c| !is_torch(c)).collect();
    foreign.dedup();
    if foreign.is_empty() {
        return source.map(|s| Program::parse(s, FILENAME)).transpose();
    }
    if let Some(source) = source {
        return Program::parse(source, FILENAME).map(Some);
    }
    let embedded = checkpoint.embedded_sources();
    let missing: Vec<_> =
        foreign.iter().filter(|class| !embedded.iter().any(|e| last(&e.class) == last(class))).collect();
    if let Some(first) = missing.first() {
        let text = format!("the file names the class {first} and does not hold its source");
        return Err(Error::unsupported(text)
            .code("needs_source")
            .at(first.to_string())
            .hint("paste the source that defines it, as Python would import it"));
    }
    let text: Vec<_> = bases_first(&embedded).into_iter().map(|e| e.source.as_str()).collect();
    Program::parse(&format!("{PREAMBLE}\n{}", text.join("\n\n")), FILENAME).map(Some)
}

fn is_torch(class: &str) -> bool {
    class.starts_with("torch.nn.") || module::class(class).is_some()
}

fn last(qualified: &str) -> &str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

/// Classes in an order in which Python could define them: each after those that its `class` line names.
fn bases_first(embedded: &[EmbeddedSource]) -> Vec<&EmbeddedSource> {
    let mut left: Vec<&EmbeddedSource> = embedded.iter().collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|e| last(&e.class)).collect();
        let ready = |e: &&EmbeddedSource| {
            let line = e.source.lines().find(|l| l.trim_start().starts_with("class ")).unwrap_or("");
            let bases = line.split_once('(').map_or("", |(_, bases)| bases);
            let words = bases.split(|c: char| !c.is_alphanumeric() && c != '_');
            !words.into_iter().any(|w| names.contains(&w))
        };
        // A cycle of bases cannot be; if one is claimed, the order as found lets Python's own error speak.
        let at = left.iter().position(ready).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}

struct Rebuild<'a> {
    interpreter: Interpreter,
    checkpoint: &'a Checkpoint,
    ids: Vec<ModuleId>,
    /// one object for each tensor of the file: tied weights stay tied
    tensors: HashMap<(TensorId, bool), Tensor>,
    pairs: Vec<(ValueId, TensorId)>,
}

impl Rebuild<'_> {
    /// A module of its class, empty.
    fn shell(&mut self, node: &ModuleNode) -> Result<ModuleId> {
        if let Some(class) = module::class(&node.class) {
            let module = Module::new(ClassRef::Torch(class), node.training);
            return Ok(self.interpreter.trace().modules.add(module));
        }
        if is_torch(&node.class) {
            return Err(Error::unsupported(node.class.clone()).at(node.class.clone()));
        }
        self.interpreter.instantiate_user(last(&node.class))
    }

    fn fill(&mut self, node: &ModuleNode, id: ModuleId) -> Result<()> {
        let mut attributes = IndexMap::new();
        for (name, saved) in &node.attributes {
            attributes.insert(name.clone(), self.value(saved)?);
        }
        let parameters = self.table(&node.parameters, LeafKind::Parameter)?;
        let buffers = self.table(&node.buffers, LeafKind::Buffer)?;
        let children =
            node.children.iter().map(|(name, child)| (name.clone(), child.and_then(|c| self.ids.get(c.0).copied())));
        let children = children.collect();
        let Some(module) = self.interpreter.trace().modules.get_mut(id) else { return Ok(()) };
        module.training = node.training;
        module.attributes.extend(attributes);
        module.parameters = parameters;
        module.buffers = buffers;
        module.non_persistent = node.non_persistent.iter().cloned().collect();
        module.children = children;
        let base: Option<&'static Class> = match &module.class {
            ClassRef::Torch(class) => Some(class),
            ClassRef::User { base, .. } => *base,
        };
        if let Some(class) = base {
            (class.setstate)(module);
        }
        Ok(())
    }

    fn table(
        &mut self,
        saved: &IndexMap<String, Option<TensorId>>,
        kind: LeafKind,
    ) -> Result<IndexMap<String, Option<Tensor>>> {
        let entries = saved.iter().map(|(name, id)| {
            let tensor = id.map(|id| self.tensor(id, kind)).transpose()?;
            Ok((name.clone(), tensor))
        });
        entries.collect()
    }

    fn tensor(&mut self, id: TensorId, kind: LeafKind) -> Result<Tensor> {
        let key = (id, kind == LeafKind::Parameter);
        if let Some(tensor) = self.tensors.get(&key) {
            return Ok(tensor.clone());
        }
        let saved = self.checkpoint.tensor(id)?;
        let shape: Option<Vec<usize>> = saved.shape.iter().map(|&d| usize::try_from(d).ok()).collect();
        let shape = shape.ok_or_else(|| Error::too_large("a dim", format!("{:?}", saved.shape), usize::MAX))?;
        let info = Info { shape, dtype: saved.dtype };
        let graph = &mut self.interpreter.trace().graph;
        let value = graph.leaf(info, kind, kind == LeafKind::Parameter && saved.requires_grad, None);
        let tensor = Tensor::new(value);
        self.pairs.push((value, id));
        self.tensors.insert(key, tensor.clone());
        Ok(tensor)
    }

    /// An attribute as torch's functions take it. Objects of other classes are left as inert names.
    fn value(&mut self, saved: &Saved) -> Result<Value> {
        let mut all = |items: &[Saved]| items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>>>();
        Ok(match saved {
            Saved::Tuple(items) => Value::Tuple(all(items)?),
            Saved::List(items) | Saved::Set(items) => Value::List(all(items)?),
            Saved::None | Saved::Other(_) => Value::None,
            Saved::Bool(b) => Value::Bool(*b),
            Saved::Int(i) => Value::Int(*i),
            Saved::Float(f) => Value::Float(*f),
            Saved::Str(s) => Value::Str(s.as_str().into()),
            Saved::Dict(items) => Value::Dict(
                items.iter().map(|(k, v)| Ok((self.value(k)?, self.value(v)?))).collect::<Result<Vec<_>>>()?,
            ),
            Saved::Tensor(id) => Value::Tensor(self.tensor(*id, LeafKind::Buffer)?),
            Saved::Module(number) => self.ids.get(number.0).map_or(Value::None, |id| Value::Module(*id)),
            Saved::Size(sizes) => Value::Size(sizes.iter().map(|&s| i64::try_from(s).unwrap_or(i64::MAX)).collect()),
            Saved::DType(dtype) => Value::Dtype(*dtype),
            Saved::Device(device) => Value::Device(device.as_str().into()),
            Saved::Global(name) => self.global(name),
        })
    }

    /// A function that a module keeps: `self.activation = F.relu`, pickled by name.
    fn global(&self, name: &str) -> Value {
        let plain =
            name.replace("torch._C._nn.", "torch.nn.functional.").replace("torch._C._VariableFunctions.", "torch.");
        function::lookup(&plain).map_or(Value::None, Value::Function)
    }
}
