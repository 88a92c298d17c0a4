//! A network from a whole pickled module: torch's classes are rebuilt by name, the user's from pasted source or from the class source that
//! legacy files carry, those of torchvision and transformers from the zoo.
//!
//! A pickle holds no code. A class of none of these is asked for by name, as torch's own error does; unless the module is a network of the
//! zoo in all that can be seen: keys, shapes, and the classes of all its modules.

use super::Network;
use super::carried::{self, last};
use super::packages::{library, provides};
use super::source::FILENAME;
use super::state::Offered;
use super::zoo::{self, Confidence, Facts, Recognised, Search};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::module::{ModuleNode, ModuleNumber, ModuleTree, Value as Saved};
use crate::checkpoint::script::Constant;
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::view::View;
use crate::error::{Error, Result};
use crate::graph::{Info, LeafKind, ValueId};
use crate::nn::function;
use crate::nn::host::Host;
use crate::nn::module::{self, Class, ClassRef, Module};
use crate::nn::value::{ModuleId, Tensor, Value};
use crate::nn::walk::join;
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;
use indexmap::IndexMap;
use std::collections::HashMap;

/// Where torch's functions written in C live, and where people find them.
const BUILTINS: &[(&str, &str)] = &[
    ("torch._C._nn.", "torch.nn.functional."),
    ("torch._C._VariableFunctionsClass.", "torch."),
    ("torch._C._VariableFunctions.", "torch."),
    ("torch._C.TensorBase.", "torch.Tensor."),
    ("torch._C._TensorBase.", "torch.Tensor."),
];

/// Modules around the network that pass their input on, with the child's name.
const WRAPPERS: &[(&str, &str)] = &[
    ("torch.nn.parallel.data_parallel.DataParallel", "module"),
    ("torch.nn.parallel.distributed.DistributedDataParallel", "module"),
    ("torch._dynamo.eval_frame.OptimizedModule", "_orig_mod"),
];

/// The whole module in a file: the root object, or the first module in a dict at the root; out of DataParallel and its like.
pub fn find(checkpoint: &Checkpoint) -> Result<Option<ModuleTree>> {
    let Some((_, node)) = checkpoint.module_at() else {
        return match (checkpoint.script(), checkpoint.view(checkpoint.root())) {
            (Some(_), View::Object { class, .. }) => {
                Err(Error::malformed(format!("the archive's code has no module class {class}")).at("data.pkl"))
            }
            (Some(_), _) => Err(Error::malformed("the archive's object is no module").at("data.pkl")),
            (None, _) => Ok(None),
        };
    };
    let tree = checkpoint.module_tree(node)?;
    let wrapped = tree.root().and_then(|root| {
        let (_, name) = WRAPPERS.iter().find(|(class, _)| *class == root.class)?;
        tree.get((*root.children.get(*name)?)?)
    });
    match wrapped {
        Some(inner) => checkpoint.module_tree(inner.node).map(Some),
        None => Ok(Some(tree)),
    }
}

/// A pickled module that can be traced.
pub struct Whole {
    /// the network
    pub network: Network,
    /// the tensor of the file that each leaf takes
    pub pairs: Vec<(ValueId, TensorId)>,
    /// what the network is, where its code is the zoo's
    pub recognised: Option<Recognised>,
}

impl Network {
    /// Rebuilds a pickled module.
    ///
    /// # Errors
    /// Unsupported `needs_source` names the classes whose source is missing.
    pub fn from_module(tree: &ModuleTree, checkpoint: &Checkpoint, source: Option<&str>) -> Result<Whole> {
        let (interpreter, recognised) = match checkpoint.script() {
            Some(script) => (Interpreter::scripted(script.sources.clone(), script.version), None),
            None => {
                let Code { program, recognised } = code(tree, checkpoint, source)?;
                (Interpreter::offering(library(), program), recognised)
            }
        };
        // Who pastes the root's own class wants that one, also where it is a known package's.
        let root = tree.root().map_or("", |root| last(&root.class));
        let pasted = source.is_some() && interpreter.has_module_class(root);
        let pasted = pasted && tree.root().is_some_and(|root| provides(&root.class));
        let (ids, pairs) = (Vec::new(), Vec::new());
        let mut rebuild = Rebuild { interpreter, pasted, checkpoint, ids, tensors: HashMap::new(), pairs };
        for node in &tree.modules {
            let id = rebuild.shell(node)?;
            rebuild.ids.push(id);
        }
        let root = rebuild.ids.first().copied().ok_or_else(|| Error::mismatch("an empty module tree"))?;
        // An attribute may hold another module's parameter.
        for (node, id) in tree.modules.iter().zip(rebuild.ids.clone()) {
            rebuild.register(node, id)?;
        }
        for (node, id) in tree.modules.iter().zip(rebuild.ids.clone()) {
            rebuild.set_attributes(node, id)?;
        }
        rebuild.constants(root)?;
        let pairs = rebuild.pairs;
        Ok(Whole { network: Self::new(rebuild.interpreter, root)?, pairs, recognised })
    }
}

/// Where the classes that are not torch's come from.
struct Code {
    /// pasted, embedded in the file, or a family of the zoo
    program: Option<Program>,
    recognised: Option<Recognised>,
}

fn code(tree: &ModuleTree, checkpoint: &Checkpoint, source: Option<&str>) -> Result<Code> {
    if let Some(source) = source {
        let program = Some(Program::parse(source, FILENAME)?);
        return Ok(Code { program, recognised: None });
    }
    let foreign = |class: &&str| !is_torch(class);
    let mut foreign: Vec<&str> = tree.modules.iter().map(|m| m.class.as_str()).filter(foreign).collect();
    foreign.dedup();
    let embedded = checkpoint.embedded_sources();
    let has = |class: &str| provides(class) || embedded.iter().any(|e| last(&e.class) == last(class));
    let missing: Vec<&str> = foreign.iter().copied().filter(|class| !has(class)).collect();
    if let Some(first) = missing.first() {
        return like_the_zoo(tree, checkpoint, first);
    }
    let program = carried::module(&embedded).map(|text| Program::parse(&text, FILENAME)).transpose()?;
    let root = tree.root().map(|root| root.class.clone()).filter(|class| provides(class));
    let certain = |name| Recognised { name, construct: None, confidence: Confidence::Certain, notes: Vec::new() };
    Ok(Code { program, recognised: root.map(certain) })
}

/// Classes that are nobody's we know, and yet the module is a network of the zoo in everything that its file shows.
fn like_the_zoo(tree: &ModuleTree, checkpoint: &Checkpoint, class: &str) -> Result<Code> {
    let offered = |(key, id)| Ok(Offered::of(key, checkpoint.tensor(id)?));
    let offered = state_dict(tree).into_iter().map(offered).collect::<Result<Vec<_>>>()?;
    let paths = tree.named_modules();
    let modules: Vec<String> = paths.iter().map(|(path, _)| path.clone()).collect();
    let facts = Facts { offered: &offered, modules: Some(&modules), version: &|_| None };
    let mut hint = "paste the source that defines it, as Python would import it".to_owned();
    match zoo::recognise(&facts) {
        Search::Found(mut found) => {
            let classes = |(path, number): &(String, ModuleNumber)| {
                (path.clone(), tree.get(*number).map_or("", |m| last(&m.class)).to_owned())
            };
            let theirs: Vec<_> = paths.iter().map(classes).collect();
            let name = found.recognised.name;
            if found.network.classes() == theirs {
                let note = format!("{class} is taken to be {name}'s class of that name: a pickle holds no forward");
                let notes = [found.recognised.notes, vec![note]].concat();
                let recognised = Recognised { name, construct: None, confidence: Confidence::Likely, notes };
                let program = Some(Program::parse(found.family.text(), FILENAME)?);
                return Ok(Code { program, recognised: Some(recognised) });
            }
            hint.push_str(&format!("; its keys and shapes are those of {name}, its modules are not"));
        }
        Search::Nothing(Some(nearest)) => hint.push_str(&format!("; the nearest known network is {nearest}")),
        Search::Nothing(None) => {}
    }
    let text = format!("the file names the class {class} and does not hold its source");
    Err(Error::unsupported(text).code("needs_source").at(class.to_owned()).hint(hint))
}

/// `state_dict()` of a pickled module.
pub fn state_dict(tree: &ModuleTree) -> IndexMap<String, TensorId> {
    let mut keys = IndexMap::new();
    for (path, number) in tree.named_modules() {
        let Some(module) = tree.get(number) else { continue };
        let buffers = module.buffers.iter().filter(|(name, _)| !module.non_persistent.contains(*name));
        for (name, id) in module.parameters.iter().chain(buffers) {
            if let Some(id) = id {
                keys.insert(join(&path, name), *id);
            }
        }
    }
    keys
}

fn is_torch(class: &str) -> bool {
    class.starts_with("torch.nn.") || module::class(class).is_some()
}

struct Rebuild<'a> {
    interpreter: Interpreter,
    /// the program goes before the zoo
    pasted: bool,
    checkpoint: &'a Checkpoint,
    ids: Vec<ModuleId>,
    /// one object for each tensor of the file: tied weights stay tied
    tensors: HashMap<(TensorId, bool), Tensor>,
    pairs: Vec<(ValueId, TensorId)>,
}

impl Rebuild<'_> {
    /// A module of its class, empty.
    fn shell(&mut self, node: &ModuleNode) -> Result<ModuleId> {
        if self.checkpoint.script().is_some() {
            return self.interpreter.instantiate_scripted(&node.class);
        }
        if let Some(class) = module::class(&node.class) {
            let module = Module::new(ClassRef::Torch(class), node.training);
            return Ok(self.interpreter.trace().modules.add(module));
        }
        if is_torch(&node.class) {
            return Err(Error::unsupported(node.class.clone()).at(node.class.clone()));
        }
        let own = self.pasted && self.interpreter.has_module_class(last(&node.class));
        if !own && let Some(id) = self.interpreter.instantiate_offered(&node.class)? {
            return Ok(id);
        }
        self.interpreter.instantiate_user(last(&node.class))
    }

    /// Parameters, buffers and children.
    fn register(&mut self, node: &ModuleNode, id: ModuleId) -> Result<()> {
        let parameters = self.table(&node.parameters, LeafKind::Parameter)?;
        let buffers = self.table(&node.buffers, LeafKind::Buffer)?;
        let children =
            node.children.iter().map(|(name, child)| (name.clone(), child.and_then(|c| self.ids.get(c.0).copied())));
        let children = children.collect();
        let Some(module) = self.interpreter.trace().modules.get_mut(id) else { return Ok(()) };
        module.training = node.training;
        module.parameters = parameters;
        module.buffers = buffers;
        module.non_persistent = node.non_persistent.iter().cloned().collect();
        module.children = children;
        Ok(())
    }

    /// Everything else. Tensors among it that are no other module's are buffers that no state_dict holds.
    fn set_attributes(&mut self, node: &ModuleNode, id: ModuleId) -> Result<()> {
        let mut attributes = IndexMap::new();
        let mut held = Vec::new();
        for (name, saved) in &node.attributes {
            let known = self.pairs.len();
            let value = self.value(saved)?;
            let found: Vec<ValueId> = self.pairs.iter().skip(known).map(|(value, _)| *value).collect();
            match value {
                Value::Tensor(tensor) if !found.is_empty() => held.push((name.clone(), tensor)),
                value => {
                    let tensors = found.iter().enumerate().filter_map(|(at, value)| {
                        let tensor = self.tensors.values().find(|tensor| tensor.value() == *value)?;
                        Some((format!("{name}.{at}"), tensor.clone()))
                    });
                    held.extend(tensors);
                    attributes.insert(name.clone(), value);
                }
            }
        }
        let Some(module) = self.interpreter.trace().modules.get_mut(id) else { return Ok(()) };
        module.attributes.extend(attributes);
        for (name, tensor) in held {
            module.non_persistent.insert(name.clone());
            module.buffers.insert(name, Some(tensor));
        }
        let base: Option<&'static Class> = match &module.class {
            ClassRef::Torch(class) => Some(class),
            ClassRef::User { base, .. } => *base,
        };
        if let Some(class) = base {
            (class.setstate)(module);
        }
        Ok(())
    }

    /// The constants of a TorchScript archive's code; those that are too large to be literals are the root's buffers, outside its state_dict.
    fn constants(&mut self, root: ModuleId) -> Result<()> {
        let script = self.checkpoint.script();
        for (number, constant) in script.map_or(&[][..], |script| &script.constants).iter().enumerate() {
            match constant {
                Constant::Tensor(_, Some(values)) => self.interpreter.add_known_constant(values.clone()),
                Constant::Tensor(id, None) => {
                    let tensor = self.tensor(*id, LeafKind::Buffer)?;
                    if let Some(module) = self.interpreter.trace().modules.get_mut(root) {
                        let name = format!("CONSTANTS.c{number}");
                        module.non_persistent.insert(name.clone());
                        module.buffers.insert(name, Some(tensor.clone()));
                    }
                    self.interpreter.add_constant(tensor);
                }
                Constant::Other(class) => {
                    self.interpreter.add_missing_constant(&format!("CONSTANTS.c{number} is a {class}"));
                }
            }
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
        let part = saved.dtype.real_part();
        let shape = shape.into_iter().chain(part.map(|_| 2)).collect();
        let info = Info { shape, dtype: part.unwrap_or(saved.dtype) };
        let graph = &mut self.interpreter.trace().graph;
        let value = graph.leaf(info, kind, kind == LeafKind::Parameter && saved.requires_grad, None);
        if let Some(leaf) = graph.leaf_mut(value) {
            leaf.complex = part.is_some();
        }
        let tensor = Tensor::new(value);
        self.pairs.push((value, id));
        self.tensors.insert(key, tensor.clone());
        Ok(tensor)
    }

    /// An attribute as torch's functions take it. Objects of other classes have their attributes, and methods where the source defines them.
    fn value(&mut self, saved: &Saved) -> Result<Value> {
        let mut all = |items: &[Saved]| items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>>>();
        Ok(match saved {
            Saved::Tuple(items) => Value::Tuple(all(items)?),
            Saved::List(items) | Saved::Set(items) => Value::List(all(items)?),
            Saved::Other(class) if class.starts_with("__torch__.") => {
                let text = format!("{class}, an object that is restored by its __setstate__");
                return Err(Error::unsupported(text).at(class.clone()));
            }
            Saved::None | Saved::Other(_) => Value::None,
            Saved::Bool(b) => Value::Bool(*b),
            Saved::Int(i) => Value::Int(*i),
            Saved::Float(f) => Value::Float(*f),
            Saved::Str(s) => Value::Str(s.as_str().into()),
            Saved::Dict(items) => Value::Dict(
                items.iter().map(|(k, v)| Ok((self.value(k)?, self.value(v)?))).collect::<Result<Vec<_>>>()?,
            ),
            Saved::Tensor(id) => match self.tensors.get(&(*id, true)) {
                Some(parameter) => Value::Tensor(parameter.clone()),
                None => Value::Tensor(self.tensor(*id, LeafKind::Buffer)?),
            },
            Saved::Module(number) => self.ids.get(number.0).map_or(Value::None, |id| Value::Module(*id)),
            Saved::Size(sizes) => Value::Size(sizes.iter().map(|&s| i64::try_from(s).unwrap_or(i64::MAX)).collect()),
            Saved::DType(dtype) => Value::Dtype(*dtype),
            Saved::Device(device) => Value::Device(device.as_str().into()),
            Saved::Global(name) => self.global(name),
            Saved::Object(class, items) => {
                let mut attributes = Vec::new();
                for (key, value) in items {
                    if let Saved::Str(key) = key {
                        attributes.push((key.clone(), self.value(value)?));
                    }
                }
                self.interpreter.restore(class, attributes)?
            }
            Saved::Made(class, arguments) => {
                let arguments = all(arguments)?;
                match self.checkpoint.script() {
                    Some(_) => self.interpreter.scripted_object(class, arguments)?,
                    None => self.interpreter.made(class, arguments)?,
                }
            }
            Saved::Partial(function, arguments, keywords) => {
                let function = self.value(function)?;
                let arguments = arguments.iter().map(|a| self.value(a)).collect::<Result<Vec<_>>>()?;
                let keywords = keywords.iter().map(|(k, v)| Ok((self.value(k)?, self.value(v)?)));
                let keywords = keywords.collect::<Result<Vec<_>>>()?;
                self.interpreter.partial(function, arguments, keywords)
            }
        })
    }

    /// A function or class that a module keeps: `self.activation = F.relu`, pickled by name.
    fn global(&mut self, name: &str) -> Value {
        let plain = BUILTINS.iter().find_map(|(inner, public)| Some(format!("{public}{}", name.strip_prefix(inner)?)));
        match function::lookup(plain.as_deref().unwrap_or(name)) {
            Some(function) => Value::Function(function),
            None => self.interpreter.global(name).unwrap_or_default(),
        }
    }
}
