//! `torch.nn.Module` objects: class, attributes, parameters, buffers, children, in registration order.

use super::function::{Args, Bound};
use super::host::Host;
use super::value::{ModuleId, Tensor, Value};
use crate::error::{Error, Result};
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
    User { name: Rc<str>, base: Option<&'static Class> },
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
}

/// All modules of a network.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    modules: Vec<Module>,
}

/// A class by the qualified name of any age of torch, or by its public name (`torch.nn.Linear`).
pub fn class(_name: &str) -> Option<&'static Class> {
    None
}

/// `cls(*args, **kwargs)`: a new module of a torch class.
pub fn construct(_host: &mut dyn Host, class: &'static Class, _args: Args) -> Result<ModuleId> {
    Err(Error::unsupported(class.name))
}

/// A torch class's own `__init__` on a module that exists: what `super().__init__(...)` calls in a user's class that inherits from it.
pub fn init(_host: &mut dyn Host, _module: ModuleId, class: &'static Class, _args: Args) -> Result<()> {
    Err(Error::unsupported(class.name))
}

/// A torch class's own `forward`, the mode taken from the module.
pub fn forward(_host: &mut dyn Host, _module: ModuleId, class: &'static Class, _args: Args) -> Result<Value> {
    Err(Error::unsupported(class.name))
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
