//! The doors through which a network comes: PyTorch source, a whole pickled module, the zoo, data that was exported; load_state_dict; the trace to a graph.
//!
//! A [`Network`] is a module tree in the evaluator's hands, with its parameters and buffers named as `state_dict()` names them. It
//! holds no weights: [`state`] says which key of a state_dict each leaf takes.

pub mod carried;
pub mod deduce;
pub mod exported;
pub mod inputs;
pub mod loss;
pub mod packages;
pub mod propose;
mod several;
pub mod source;
pub mod state;
pub mod summary;
pub mod trace;
pub mod whole;
pub mod zoo;

use crate::error::{Error, Result};
use crate::graph::{Graph, Info, LeafKind, Structure, ValueId};
use crate::nn::host::Host;
use crate::nn::module::{ClassRef, Module};
use crate::nn::value::ModuleId;
use crate::nn::walk::{self, Named};
use crate::python::interpreter::Interpreter;
use exported::GraphModule;
use std::rc::Rc;
use trace::Question;

/// A parameter or buffer of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLeaf {
    /// the graph value that it is, in every trace
    pub value: ValueId,
    /// its names; tied weights have several
    pub names: Vec<String>,
    /// shape and dtype that the constructor gave it
    pub info: Info,
    /// parameter or buffer
    pub kind: LeafKind,
    /// `requires_grad`
    pub requires_grad: bool,
    /// false for buffers registered with `persistent=False`, which no state_dict holds
    pub persistent: bool,
    /// a complex tensor as the pairs of its parts, in a last dim of two places
    pub complex: bool,
}

impl NetworkLeaf {
    /// Shape and dtype in a state_dict: complex tensors whole.
    pub fn stored(&self) -> Info {
        let Info { shape, dtype } = self.info.clone();
        match (self.complex, dtype.complex(), shape.split_last()) {
            (true, Some(dtype), Some((_, shape))) => Info { shape: shape.to_vec(), dtype },
            _ => Info { shape, dtype },
        }
    }
}

/// A module tree that can be traced.
pub struct Network {
    interpreter: Interpreter,
    root: ModuleId,
    leaves: Vec<NetworkLeaf>,
    keys: Vec<String>,
    versions: Vec<(String, i64)>,
    /// what `forward` is, where the network came as data
    graphs: Option<Rc<GraphModule>>,
    /// what the last trace could not go on without
    question: Option<Question>,
    /// where Python's random numbers were before the last trace
    drawn_from: u64,
}

impl Network {
    /// Takes a constructed root module, and names its leaves.
    fn new(mut interpreter: Interpreter, root: ModuleId) -> Result<Self> {
        let trace = interpreter.trace();
        let mut leaves = Vec::new();
        for (value, Named { names, persistent }) in walk::leaves(&trace.modules, root) {
            let info = trace.graph.info(value).clone();
            let Some(leaf) = trace.graph.leaf_mut(value) else { continue };
            leaf.names.clone_from(&names);
            let (kind, requires_grad, complex) = (leaf.kind, leaf.requires_grad, leaf.complex);
            leaves.push(NetworkLeaf { value, names, info, kind, requires_grad, persistent, complex });
        }
        let modules = &trace.modules;
        let keys = walk::state_dict_keys(modules, root);
        let paths = walk::paths(modules, root).into_iter();
        let versions = paths.filter_map(|(path, id)| Some((path, version(modules.get(id)?)))).collect();
        Ok(Self { interpreter, root, leaves, keys, versions, graphs: None, question: None, drawn_from: 0 })
    }

    /// Parameters and buffers, in `state_dict()`'s order.
    pub fn leaves(&self) -> &[NetworkLeaf] {
        &self.leaves
    }

    /// The root's class: `Net`, `Sequential`.
    pub fn class(&mut self) -> String {
        let root = self.root;
        let module = self.interpreter.trace().modules.get(root);
        module.map_or_else(String::new, |m| m.class.short().to_owned())
    }

    /// `state_dict().keys()`
    pub fn state_dict_keys(&self) -> &[String] {
        &self.keys
    }

    /// `state_dict()._metadata`: each module's path and version.
    pub fn versions(&self) -> &[(String, i64)] {
        &self.versions
    }

    /// Each module's path and class, without the class's own module: `("layer1.0", "BasicBlock")`.
    pub fn classes(&mut self) -> Vec<(String, String)> {
        let root = self.root;
        let modules = &self.interpreter.trace().modules;
        let paths = walk::paths(modules, root).into_iter();
        paths.filter_map(|(path, id)| Some((path, modules.get(id)?.class.short().to_owned()))).collect()
    }

    /// The graph of the values that the constructor gave some leaves: no inputs, a tuple as output.
    pub fn initial(&mut self, leaves: &[ValueId]) -> Result<Graph> {
        let mut built = self.interpreter.trace().graph.clone();
        let init = leaves.iter().map(|leaf| built.leaf_mut(*leaf).and_then(|leaf| leaf.init).map(Structure::Value));
        let init: Option<Vec<_>> = init.collect();
        let init =
            init.ok_or_else(|| Error::mismatch("a parameter that neither the file nor the constructor gives"))?;
        Ok(built.finish(Structure::Tuple(init)))
    }

    /// Puts each batch norm that has parameters into eval mode when all of them are frozen.
    pub fn freeze_batch_norm(&mut self, frozen: impl Fn(ValueId) -> bool) {
        let root = self.root;
        let modules = &mut self.interpreter.trace().modules;
        for id in walk::distinct(modules, root) {
            let Some(module) = modules.get_mut(id) else { continue };
            let mut parameters = module.parameters.values().flatten().peekable();
            let all = parameters.peek().is_some() && parameters.all(|p| frozen(p.value()));
            if all && matches!(module.buffers.get("running_mean"), Some(Some(_))) {
                module.training = false;
            }
        }
    }

    /// `module.train(mode)` on every module.
    pub fn train(&mut self, mode: bool) {
        let root = self.root;
        walk::train(&mut self.interpreter.trace().modules, root, mode);
    }
}

/// `Module._version`: 2 for what inherits from `_NormBase`, which counts its batches since; 1 for the rest of torch.nn.
fn version(module: &Module) -> i64 {
    let class = match &module.class {
        ClassRef::Torch(class) => Some(*class),
        ClassRef::User { base, .. } => *base,
    };
    let norm = class.is_some_and(|c| c.name.contains(".batchnorm.") || c.name.contains(".instancenorm."));
    if norm { 2 } else { 1 }
}
