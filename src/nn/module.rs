//! `torch.nn.Module` objects: class, attributes, parameters, buffers, children, in registration order.

use super::function::{self, Args, Bound};
use super::host::Host;
use super::modules;
use super::reparametrize::Reparametrized;
use super::signature::parse;
use super::value::{ModuleId, Tensor, Value};
use crate::error::Result;
use crate::graph::LeafKind;
use indexmap::{IndexMap, IndexSet};
use std::rc::Rc;

/// A class of torch.nn.
#[derive(Debug)]
pub struct Class {
    /// `torch.nn.modules.linear.Linear`
    pub name: &'static str,
    /// other qualified names it goes by in pickles of any age; `torch.nn.Linear` is found by the last part
    pub aliases: &'static [&'static str],
    /// `__init__`, as in torch: `(in_features, out_features, bias=True, device=None, dtype=None)`
    pub signature: &'static str,
    /// sets attributes, parameters, buffers, children of a fresh module
    pub init: fn(&mut dyn Host, ModuleId, &Bound<'_>) -> Result<()>,
    /// `forward`'s signature: `(input)`
    pub forward_signature: &'static str,
    /// builds the graph; reads attributes, so that it serves unpickled modules too
    pub forward: fn(&mut dyn Host, ModuleId, &Bound<'_>) -> Result<Value>,
    /// gives an unpickled module of an older torch what it lacks, as torch's `__setstate__`
    pub setstate: fn(&mut Module),
}

/// The class of a module.
#[derive(Clone, Debug)]
pub enum ClassRef {
    /// torch's own
    Torch(&'static Class),
    /// the user's, by qualified name, with the torch class that it inherits its `forward` and constructor from, if any
    User {
        /// qualified name
        name: Rc<str>,
        /// the torch class that it inherits from
        base: Option<&'static Class>,
    },
}

/// A module object.
#[derive(Clone, Debug)]
pub struct Module {
    /// its class
    pub class: ClassRef,
    /// train or eval mode
    pub training: bool,
    /// plain attributes
    pub attributes: IndexMap<String, Value>,
    /// `_parameters`; None as `register_parameter(name, None)`
    pub parameters: IndexMap<String, Option<Tensor>>,
    /// `_buffers`
    pub buffers: IndexMap<String, Option<Tensor>>,
    /// `_non_persistent_buffers_set`
    pub non_persistent: IndexSet<String>,
    /// `_modules`
    pub children: IndexMap<String, Option<ModuleId>>,
    /// weights that are computed from parameters before each forward
    pub reparametrized: Vec<Reparametrized>,
}

/// All modules of a network.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    modules: Vec<Module>,
}

/// A class by the qualified name of any age of torch, or by its public name (`torch.nn.Linear`).
pub fn class(name: &str) -> Option<&'static Class> {
    modules::find(name)
}

/// `cls(*args, **kwargs)`: a new module of a torch class, in train mode as in torch.
pub fn construct(host: &mut dyn Host, class: &'static Class, args: Args) -> Result<ModuleId> {
    let id = host.trace().modules.add(Module::new(ClassRef::Torch(class), true));
    init(host, id, class, args)?;
    Ok(id)
}

/// A torch class's own `__init__` on a module that exists: what `super().__init__(...)` calls in a user's class that inherits from it.
pub fn init(host: &mut dyn Host, module: ModuleId, class: &'static Class, args: Args) -> Result<()> {
    let name = format!("{}.__init__", class.short());
    let bound = function::bind(&name, &parse(class.signature), args)?;
    (class.init)(host, module, &bound)
}

/// A torch class's own `forward`, the mode taken from the module.
pub fn forward(host: &mut dyn Host, module: ModuleId, class: &'static Class, args: Args) -> Result<Value> {
    let name = format!("{}.forward", class.short());
    let bound = function::bind(&name, &parse(class.forward_signature), args)?;
    (class.forward)(host, module, &bound)
}

/// `nn.Parameter(tensor, requires_grad)`: a leaf whose initial value is the tensor's.
pub fn as_parameter(host: &mut dyn Host, tensor: &Tensor, requires_grad: bool) -> Tensor {
    let graph = &mut host.trace().graph;
    let value = tensor.value();
    if let Some(leaf) = graph.leaf_mut(value).filter(|leaf| leaf.kind == LeafKind::Parameter) {
        leaf.requires_grad = requires_grad;
        return tensor.clone();
    }
    let info = graph.info(value).clone();
    Tensor::new(graph.leaf(info, LeafKind::Parameter, requires_grad, Some(value)))
}

/// The same object as a buffer: a leaf whose first value is what the tensor held.
pub fn as_buffer(host: &mut dyn Host, tensor: &Tensor) -> Tensor {
    let graph = &mut host.trace().graph;
    let value = tensor.value();
    if graph.leaf_mut(value).is_none() {
        let info = graph.info(value).clone();
        tensor.set(graph.leaf(info, LeafKind::Buffer, false, Some(value)));
    }
    tensor.clone()
}

impl Class {
    /// `Linear`
    pub fn short(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

impl ClassRef {
    /// The class's own name, without its module: `Linear`.
    pub fn short(&self) -> &str {
        match self {
            Self::Torch(class) => class.short(),
            Self::User { name, .. } => name.rsplit('.').next().unwrap_or(name),
        }
    }
}

impl Module {
    /// `Module.__init__`: nothing registered.
    pub fn new(class: ClassRef, training: bool) -> Self {
        Self {
            class,
            training,
            attributes: IndexMap::new(),
            parameters: IndexMap::new(),
            buffers: IndexMap::new(),
            non_persistent: IndexSet::new(),
            children: IndexMap::new(),
            reparametrized: Vec::new(),
        }
    }
}

impl Modules {
    /// Adds a module.
    pub fn add(&mut self, module: Module) -> ModuleId {
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        self.modules.push(module);
        id
    }

    /// The module; `None` for ids of another arena.
    pub fn get(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)
    }

    /// The module, to be changed.
    pub fn get_mut(&mut self, id: ModuleId) -> Option<&mut Module> {
        self.modules.get_mut(id.0 as usize)
    }
}
