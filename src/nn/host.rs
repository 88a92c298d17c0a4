//! What `nn` asks of whoever runs a network: the trace under construction, and calls back into user code.

use super::function::Args;
use super::module::Modules;
use super::value::{ModuleId, Value};
use crate::error::Result;
use crate::graph::builder::Builder;

/// The network being built: the graph, the module tree.
#[derive(Debug, Default)]
pub struct Trace {
    /// where functions add nodes
    pub graph: Builder,
    /// every module that a constructor made
    pub modules: Modules,
    /// torch's grad mode, as `torch.no_grad()` sets it
    pub grad_enabled: bool,
}

/// Runs user code for `nn`: a Sequential's child may be a user's class, an activation a user's function.
pub trait Host {
    /// The network being built.
    fn trace(&mut self) -> &mut Trace;

    /// `module(*args, **kwargs)`: `forward` of a torch class or of the user's.
    fn call_module(&mut self, module: ModuleId, args: Args) -> Result<Value>;

    /// Calls a [`Value::Host`] or [`Value::Function`].
    fn call(&mut self, callable: &Value, args: Args) -> Result<Value>;
}
