//! The table of modules that torchinfo prints: class, output shape, parameters, multiply-adds.

use super::Network;
use crate::data::numel;
use crate::graph::pass::prune::values_of;
use crate::graph::{Graph, LeafKind, ValueId};
use crate::nn::host::Host;
use crate::nn::value::ModuleId;
use crate::nn::walk::join;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// One module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// dotted path; empty for the root
    pub name: String,
    /// `Conv2d`
    pub class: String,
    /// the root is 0
    pub depth: usize,
    /// of the first tensor that it returns; absent without a trace, and for modules that forward does not reach
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_shape: Option<Vec<usize>>,
    /// elements of its own and its children's parameters, shared ones once
    pub parameters: u64,
    /// those with requires_grad
    pub trainable: u64,
    /// bytes of its own and its children's parameters and buffers
    pub bytes: u64,
    /// multiply-adds of one run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mult_adds: Option<u64>,
}

impl Network {
    /// The table, modules in registration order, depth first; shapes and multiply-adds where a trace is given.
    pub fn summary(&mut self, graph: Option<&Graph>) -> Vec<Row> {
        let mut modules = Vec::new();
        let root = self.root;
        self.walk(root, String::new(), 0, &mut HashSet::new(), &mut modules);
        let shapes = graph.map(output_shapes).unwrap_or_default();
        let costs = graph.map(Graph::mult_adds_by_scope).unwrap_or_default();
        modules
            .into_iter()
            .map(|(name, class, depth)| {
                let inside = |path: &str| within(path, &name);
                let mut row = Row { output_shape: shapes.get(&name).cloned(), class, depth, ..Row::empty(&name) };
                for leaf in self.leaves.iter().filter(|l| l.names.iter().any(|n| inside(n))) {
                    let elements = numel(&leaf.info.shape).unwrap_or(0) as u64;
                    row.bytes += leaf.info.nbytes();
                    if leaf.kind == LeafKind::Parameter {
                        row.parameters += elements;
                        row.trainable += if leaf.requires_grad { elements } else { 0 };
                    }
                }
                row.mult_adds = graph.map(|_| costs.iter().filter(|(scope, _)| inside(scope)).map(|(_, n)| n).sum());
                row
            })
            .collect()
    }

    fn walk(
        &mut self,
        id: ModuleId,
        path: String,
        depth: usize,
        seen: &mut HashSet<ModuleId>,
        out: &mut Vec<(String, String, usize)>,
    ) {
        if !seen.insert(id) {
            return;
        }
        let Some(module) = self.interpreter.trace().modules.get(id) else { return };
        out.push((path.clone(), module.class.short().to_owned(), depth));
        let children: Vec<_> = module.children.iter().filter_map(|(n, c)| Some((n.clone(), (*c)?))).collect();
        for (name, child) in children {
            self.walk(child, join(&path, &name), depth + 1, seen, out);
        }
    }
}

impl Row {
    fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: String::new(),
            depth: 0,
            output_shape: None,
            parameters: 0,
            trainable: 0,
            bytes: 0,
            mult_adds: None,
        }
    }
}

/// True when `path` is the module `scope` or something inside it.
fn within(path: &str, scope: &str) -> bool {
    scope.is_empty() || path.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The last node inside each module, and the graph's own output for the root.
fn output_shapes(graph: &Graph) -> HashMap<String, Vec<usize>> {
    let mut shapes = HashMap::new();
    let shape_of = |id: ValueId| graph.values.get(id.0 as usize).map(|info| info.shape.clone());
    for node in &graph.nodes {
        let Some(shape) = node.outputs.first().and_then(|id| shape_of(*id)) else { continue };
        let mut scope = node.scope.as_str();
        loop {
            shapes.insert(scope.to_owned(), shape.clone());
            match scope.rsplit_once('.') {
                Some((outer, _)) => scope = outer,
                None if scope.is_empty() => break,
                None => scope = "",
            }
        }
    }
    if let Some(shape) = graph.output.as_ref().and_then(|o| values_of(o).first().and_then(|id| shape_of(*id))) {
        shapes.insert(String::new(), shape);
    }
    shapes
}
