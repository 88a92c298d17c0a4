//! Walks over a module tree: names of parameters and buffers as `state_dict()` gives them, modes.

use super::module::Modules;
use super::value::{ModuleId, Tensor};
use crate::graph::ValueId;
use indexmap::IndexMap;
use std::collections::HashSet;

/// Modules in each other; a module that contains itself would have no end.
const MAX_DEPTH: usize = 500;
/// Names of all modules together: shared modules in shared modules double with every level.
const MAX_NAMES: usize = 1_000_000;

/// A parameter or buffer, by the value that its leaf has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// every path that leads to it, in `state_dict()`'s order
    pub names: Vec<String>,
    /// in `state_dict()`, unlike a buffer registered with `persistent=False`
    pub persistent: bool,
}

/// Every parameter and buffer below a module: its own parameters, its buffers, then its children's, as `state_dict()` orders them.
/// Tied weights come once, with all their names.
pub fn leaves(modules: &Modules, root: ModuleId) -> IndexMap<ValueId, Named> {
    let mut found: IndexMap<ValueId, Named> = IndexMap::new();
    each(modules, root, &mut |path, id| {
        let Some(module) = modules.get(id) else { return };
        let parameters = module.parameters.iter().map(|(name, tensor)| (name, tensor, true));
        let buffers = module.buffers.iter().map(|(n, tensor)| (n, tensor, !module.non_persistent.contains(n)));
        for (name, tensor, persistent) in parameters.chain(buffers) {
            if let Some(tensor) = tensor {
                let named = found.entry(tensor.value()).or_default();
                named.names.push(join(path, name));
                named.persistent |= persistent;
            }
        }
    });
    found
}

/// `state_dict().keys()`, without non-persistent buffers.
pub fn state_dict_keys(modules: &Modules, root: ModuleId) -> Vec<String> {
    let mut keys = Vec::new();
    each(modules, root, &mut |path, id| {
        let Some(module) = modules.get(id) else { return };
        let parameters = module.parameters.iter().filter(|(_, tensor)| tensor.is_some());
        let buffers = module.buffers.iter().filter(|(n, t)| t.is_some() && !module.non_persistent.contains(*n));
        keys.extend(parameters.chain(buffers).map(|(name, _)| join(path, name)));
    });
    keys
}

/// `named_modules(remove_duplicate=False)`: every path and its module, depth first.
pub fn paths(modules: &Modules, root: ModuleId) -> Vec<(String, ModuleId)> {
    let mut all = Vec::new();
    each(modules, root, &mut |path, id| all.push((path.to_owned(), id)));
    all
}

/// Every parameter's and buffer's object below a module.
pub fn tensors(modules: &Modules, root: ModuleId) -> Vec<Tensor> {
    let mut all = Vec::new();
    for id in distinct(modules, root) {
        if let Some(module) = modules.get(id) {
            all.extend(module.parameters.values().chain(module.buffers.values()).flatten().cloned());
        }
    }
    all
}

/// Every buffer below a module, by its module and name.
pub fn buffers(modules: &Modules, root: ModuleId) -> Vec<(ModuleId, String, Tensor)> {
    let mut all = Vec::new();
    for id in distinct(modules, root) {
        let buffers = modules.get(id).map(|module| module.buffers.iter());
        all.extend(buffers.into_iter().flatten().filter_map(|(name, t)| Some((id, name.clone(), t.clone()?))));
    }
    all
}

/// `module.train(mode)`
pub fn train(modules: &mut Modules, root: ModuleId, mode: bool) {
    for id in distinct(modules, root) {
        if let Some(module) = modules.get_mut(id) {
            module.training = mode;
        }
    }
}

/// Every module below and with the root, each once, depth first.
pub fn distinct(modules: &Modules, root: ModuleId) -> Vec<ModuleId> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut pending = vec![root];
    while let Some(id) = pending.pop() {
        if seen.insert(id) {
            found.push(id);
            if let Some(module) = modules.get(id) {
                pending.extend(module.children.values().rev().flatten());
            }
        }
    }
    found
}

/// Every path below a module, depth first; a module registered twice comes twice, as in `state_dict()`.
fn each(modules: &Modules, root: ModuleId, visit: &mut dyn FnMut(&str, ModuleId)) {
    let mut pending = vec![(String::new(), root, 0usize)];
    let mut count = 0;
    while let Some((path, id, depth)) = pending.pop() {
        visit(&path, id);
        count += 1;
        let Some(module) = modules.get(id) else { continue };
        if depth >= MAX_DEPTH || count + pending.len() > MAX_NAMES {
            continue;
        }
        for (name, child) in module.children.iter().rev() {
            if let Some(child) = child {
                pending.push((join(&path, name), *child, depth + 1));
            }
        }
    }
}

/// `layer1.0` and `weight` give `layer1.0.weight`.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
