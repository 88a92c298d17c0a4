//! `torch.nn.Module` objects: class, attributes, parameters, buffers, children, in registration order.

use super::function::Bound;
use super::host::Host;
use super::value::{ModuleId, Tensor, Value};
use crate::error::Result;
use indexmap::{IndexMap, IndexSet};
use std::rc::Rc;

/// A class of torch.nn.
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
#[derive(Clone)]
pub enum ClassRef {
    /// torch's own
    Torch(&'static Class),
    /// the user's, by qualified name, with the torch class that it inherits its `forward` and constructor from, if any
    User { name: Rc<str>, base: Option<&'static Class> },
}

/// A module object.
#[derive(Clone)]
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
#[derive(Clone, Default)]
pub struct Modules { modules: Vec<Module> }
