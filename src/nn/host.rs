//! What `nn` asks of whoever runs a network: the trace under construction, and calls back into user code.

use super::asking::Asking;
use super::function::Args;
use super::module::Modules;
use super::value::{ModuleId, Tensor, Value};
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::ValueId;
use crate::graph::builder::Builder;

/// The network being built: the graph, the module tree.
#[derive(Debug)]
pub struct Trace {
    /// where functions add nodes
    pub graph: Builder,
    /// every module that a constructor made
    pub modules: Modules,
    /// the dtype of floats that nobody gave one, as `torch.set_default_dtype` sets it
    pub default_dtype: DType,
    /// torch's grad mode, as `torch.no_grad()` sets it; on at first
    pub grad_enabled: bool,
    /// buffers and parameters that `forward` wrote to in place, with their leaf: their objects hold other values now, and are to be
    /// set back before another trace
    pub changed: Vec<(Tensor, ValueId)>,
    /// whether gradients of what is traced are wanted
    pub differentiates: bool,
    /// values that the trace could not go on without
    pub asking: Asking,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            graph: Builder::default(),
            modules: Modules::default(),
            default_dtype: DType::Float32,
            grad_enabled: true,
            changed: Vec::new(),
            differentiates: false,
            asking: Asking::default(),
        }
    }
}

impl Trace {
    /// Whether `forward` runs now, and no constructor: inputs exist.
    pub fn in_forward(&self) -> bool {
        !self.graph.graph().inputs.is_empty()
    }
}

/// Runs user code for `nn`: a Sequential's child may be a user's class, an activation a user's function.
pub trait Host {
    /// The network being built.
    fn trace(&mut self) -> &mut Trace;

    /// `module(*args, **kwargs)`: `forward` of a torch class or of the user's.
    fn call_module(&mut self, module: ModuleId, args: Args) -> Result<Value>;

    /// `copy.deepcopy(module)`: parameters of its own with the same first values.
    fn copy_module(&mut self, module: ModuleId) -> Result<ModuleId>;

    /// Calls a [`Value::Host`] or [`Value::Function`].
    fn call(&mut self, callable: &Value, args: Args) -> Result<Value>;
}
