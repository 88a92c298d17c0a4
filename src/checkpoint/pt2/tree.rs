//! An exported program as the module that it was: parameters, buffers and children by their paths, in the objects that a pickled module
//! with its class's source would have. All that reads, shows, builds and saves such modules then serves exported programs.

use super::signature::Input;
use crate::checkpoint::rebuild::Tensors;
use crate::checkpoint::tensor::{Tensor, TensorId};
use crate::error::{Error, Result};
use crate::pickle::object::{Arena, Instance, Made, NodeId, Object};
use indexmap::IndexMap;
use std::collections::HashMap;

/// The Python module that the classes are said to be in.
const PACKAGE: &str = "exported";
/// The attribute of the program's module that says what forward takes.
pub const INPUTS: &str = "forward_inputs";
/// Names in a path.
const MAX_DEPTH: usize = 200;

/// What a tensor is to its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// trained
    Parameter,
    /// in the state_dict, not trained
    Buffer,
    /// in no state_dict: buffers that are not persistent, and constants
    Constant,
}

/// A class: its name, and its text.
pub struct Class {
    pub name: String,
    pub source: String,
}

#[derive(Default)]
struct Module {
    path: String,
    tensors: Vec<(String, NodeId, Role)>,
    children: IndexMap<String, usize>,
}

/// The objects of a module, while its tensors are added.
pub struct Tree {
    arena: Arena,
    tensors: Tensors,
    modules: Vec<Module>,
}

impl Tree {
    /// The program's own module, empty.
    pub fn new() -> Self {
        Self { arena: Arena::default(), tensors: Tensors::default(), modules: vec![Module::default()] }
    }

    /// A node that is a tensor.
    pub fn tensor(&mut self, tensor: Tensor) -> NodeId {
        let node = self.text("");
        let node = self.arena.add(Object::Persistent(node), 0);
        self.tensors.by_node.insert(node, TensorId(u32::try_from(self.tensors.list.len()).unwrap_or(u32::MAX)));
        self.tensors.list.push(tensor);
        node
    }

    /// Puts a tensor under its path.
    pub fn put(&mut self, path: &str, node: NodeId, role: Role) -> Result<()> {
        let (parents, name) = path.rsplit_once('.').map_or(("", path), |(parents, name)| (parents, name));
        let parts: Vec<&str> = parents.split('.').filter(|part| !part.is_empty()).collect();
        if parts.len() > MAX_DEPTH {
            return Err(Error::too_large("the depth of modules", parts.len(), MAX_DEPTH));
        }
        let mut at = 0;
        for part in parts {
            let next = self.modules.len();
            let Some(module) = self.modules.get_mut(at) else { break };
            let child = *module.children.entry(part.to_owned()).or_insert(next);
            if child == next {
                let path = if module.path.is_empty() { part.to_owned() } else { format!("{}.{part}", module.path) };
                self.modules.push(Module { path, ..Module::default() });
            }
            at = child;
        }
        if let Some(module) = self.modules.get_mut(at) {
            module.tensors.push((name.to_owned(), node, role));
        }
        Ok(())
    }

    /// The objects: the arena, its root, and the tensors. `own` is the program's class; the others' names come by the modules' paths.
    pub fn finish(
        mut self,
        own: &Class,
        classes: &HashMap<String, String>,
        inputs: &[Input],
        training: bool,
    ) -> (Arena, NodeId, Tensors) {
        let mut written: IndexMap<String, NodeId> = IndexMap::new();
        let mut made: HashMap<usize, NodeId> = HashMap::new();
        // children come after their parents, so the last has none
        let modules = std::mem::take(&mut self.modules);
        for (at, module) in modules.iter().enumerate().rev() {
            let name = match classes.get(&module.path) {
                _ if at == 0 => &own.name,
                Some(name) if *name != own.name => name,
                _ => "Module",
            };
            let class = match written.get(name) {
                Some(class) => *class,
                None => {
                    let stub = format!("class {name}(nn.Module):\n    pass\n");
                    self.class(name, if at == 0 { &own.source } else { &stub })
                }
            };
            written.insert(name.to_owned(), class);
            let children = module.children.iter().filter_map(|(name, child)| Some((name.as_str(), *made.get(child)?)));
            let children: Vec<_> = children.collect();
            let inputs = if at == 0 { Some(self.inputs(inputs)) } else { None };
            let node = self.module(class, &module.tensors, &children, inputs, training);
            made.insert(at, node);
        }
        let root = made.get(&0).copied().unwrap_or(NodeId(0));
        (self.arena, root, self.tensors)
    }

    fn text(&mut self, text: &str) -> NodeId {
        self.arena.add(Object::Str(text.to_owned()), 0)
    }

    fn dict(&mut self, items: &[(&str, NodeId)]) -> NodeId {
        let pairs = items.iter().map(|(key, value)| (self.arena.add(Object::Str((*key).to_owned()), 0), *value));
        let pairs = pairs.collect();
        self.arena.add(Object::Dict(pairs), 0)
    }

    /// `('module', class, file, source)`, as legacy files carry the source of a class.
    fn class(&mut self, name: &str, source: &str) -> NodeId {
        let class = Object::Global { module: PACKAGE.to_owned(), name: name.to_owned() };
        let class = self.arena.add(class, 0);
        let parts = vec![self.text("module"), class, self.text("model.json"), self.text(source)];
        let parts = self.arena.add(Object::Tuple(parts), 0);
        self.arena.add(Object::Persistent(parts), 0)
    }

    /// `{name: (dtype, sizes)}`
    fn inputs(&mut self, inputs: &[Input]) -> NodeId {
        let mut all = Vec::new();
        for input in inputs {
            let sizes = input.shape.iter().map(|size| self.arena.add(Object::Int(*size), 0)).collect();
            let parts = vec![self.text(input.dtype.name()), self.arena.add(Object::Tuple(sizes), 0)];
            all.push((input.name.as_str(), self.arena.add(Object::Tuple(parts), 0)));
        }
        self.dict(&all)
    }

    fn module(
        &mut self,
        class: NodeId,
        tensors: &[(String, NodeId, Role)],
        children: &[(&str, NodeId)],
        inputs: Option<NodeId>,
        training: bool,
    ) -> NodeId {
        let table = |wanted: fn(Role) -> bool| -> Vec<(&str, NodeId)> {
            tensors.iter().filter(|(.., role)| wanted(*role)).map(|(name, node, _)| (name.as_str(), *node)).collect()
        };
        let parameters = self.dict(&table(|role| role == Role::Parameter));
        let buffers = self.dict(&table(|role| role != Role::Parameter));
        let constants = table(|role| role == Role::Constant);
        let constants = constants.iter().map(|(name, _)| self.text(name)).collect();
        let constants = self.arena.add(Object::Set(constants), 0);
        let children = self.dict(children);
        let training = self.arena.add(Object::Bool(training), 0);
        let mut attributes = vec![
            ("training", training),
            ("_parameters", parameters),
            ("_buffers", buffers),
            ("_non_persistent_buffers_set", constants),
            ("_modules", children),
        ];
        attributes.extend(inputs.map(|inputs| (INPUTS, inputs)));
        let state = self.dict(&attributes);
        let args = self.arena.add(Object::Tuple(Vec::new()), 0);
        let mut instance = Instance::call(Made::NewObj, class, args);
        instance.states.push(state);
        self.arena.add(Object::Instance(Box::new(instance)), 0)
    }
}
