//! Graphs as JSON, and the check that a graph from outside is one.

use super::op::Op;
use super::{Graph, Structure, ValueId, infer};
use crate::data::TensorData;
use crate::dtype::Category;
use crate::error::{Error, Result};
use std::collections::HashSet;

/// Structures deeper than this are no forward's result, and walking them would be a stack's end.
const MAX_DEPTH: usize = 64;

impl Graph {
    /// The graph as JSON text.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::malformed(e.to_string()))
    }

    /// A graph from JSON text, validated.
    pub fn from_json(text: &str) -> Result<Self> {
        let graph: Self = serde_json::from_str(text).map_err(|e| {
            Error::malformed(format!("not a graph: {e}")).at(format!("line {}, column {}", e.line(), e.column()))
        })?;
        graph.validate()?;
        Ok(graph)
    }

    /// Checks that ids are in range, that each value is made once and before its use, and that shapes and dtypes are those that the
    /// operators give.
    pub fn validate(&self) -> Result<()> {
        let mut made = Made { made: vec![false; self.values.len()] };
        for info in &self.values {
            // No operator's result, but bounded like one.
            infer::infer(
                &Op::Full { shape: info.shape.clone(), value: super::op::Scalar::Int(0), dtype: info.dtype },
                &[],
            )?;
            if info.dtype.category() > Category::Float {
                return Err(Error::unsupported(format!("a network with torch.{}", info.dtype.name())));
            }
        }
        for input in &self.inputs {
            made.make(input.value)?;
        }
        for constant in &self.constants {
            made.make(constant.value)?;
            self.holds(constant.value, &constant.data)?;
        }
        for leaf in &self.leaves {
            made.make(leaf.value)?;
        }
        for (at, node) in self.nodes.iter().enumerate() {
            self.check_node(node, &mut made).map_err(|e| e.at(format!("node {at} ({})", node.op.name())))?;
        }
        for leaf in &self.leaves {
            if let Some(init) = leaf.init {
                made.made(init)?;
                self.same_info(leaf.value, init)?;
            }
        }
        let buffers: HashSet<ValueId> = self.leaves.iter().map(|leaf| leaf.value).collect();
        for update in &self.updates {
            made.made(update.value)?;
            if !buffers.contains(&update.buffer) {
                return Err(Error::malformed(format!("v{} is updated and is no buffer", update.buffer.0)));
            }
            self.same_info(update.buffer, update.value)?;
        }
        self.output.as_ref().map_or(Ok(()), |output| check_structure(output, &made))
    }

    fn check_node(&self, node: &super::Node, made: &mut Made) -> Result<()> {
        let mut infos = Vec::with_capacity(node.inputs.len());
        for id in &node.inputs {
            made.made(*id)?;
            infos.extend(self.values.get(id.0 as usize));
        }
        let results = infer::infer(&node.op, &infos)?;
        if results.len() != node.outputs.len() {
            return Err(Error::malformed(format!("{} results, and {} named", results.len(), node.outputs.len())));
        }
        for (id, result) in node.outputs.iter().zip(&results) {
            made.make(*id)?;
            if self.values.get(id.0 as usize) != Some(result) {
                return Err(Error::malformed(format!(
                    "v{} is {}{:?}, not what the graph says",
                    id.0,
                    result.dtype.name(),
                    result.shape
                )));
            }
        }
        Ok(())
    }

    fn holds(&self, id: ValueId, data: &TensorData) -> Result<()> {
        let bytes = crate::data::numel(&data.shape).and_then(|n| n.checked_mul(data.dtype.size()));
        if bytes != Some(data.bytes.len()) {
            return Err(Error::malformed(format!(
                "the constant v{} has {} bytes, not its shape's",
                id.0,
                data.bytes.len()
            )));
        }
        match self.values.get(id.0 as usize) {
            Some(info) if info.shape == data.shape && info.dtype == data.dtype => Ok(()),
            _ => Err(Error::malformed(format!("the constant v{} is not what the graph says", id.0))),
        }
    }

    fn same_info(&self, a: ValueId, b: ValueId) -> Result<()> {
        if self.values.get(a.0 as usize) == self.values.get(b.0 as usize) {
            return Ok(());
        }
        Err(Error::malformed(format!("v{} becomes v{}, which has another shape or dtype", a.0, b.0)))
    }
}

/// Which values there are at a point of the run.
struct Made {
    made: Vec<bool>,
}

impl Made {
    fn make(&mut self, id: ValueId) -> Result<()> {
        match self.made.get_mut(id.0 as usize) {
            Some(made) if !*made => {
                *made = true;
                Ok(())
            }
            Some(_) => Err(Error::malformed(format!("v{} is made twice", id.0))),
            None => Err(Error::malformed(format!("the graph has no value v{}", id.0))),
        }
    }

    fn made(&self, id: ValueId) -> Result<()> {
        match self.made.get(id.0 as usize) {
            Some(true) => Ok(()),
            Some(false) => Err(Error::malformed(format!("v{} is used before it is made", id.0))),
            None => Err(Error::malformed(format!("the graph has no value v{}", id.0))),
        }
    }
}

fn check_structure(output: &Structure, made: &Made) -> Result<()> {
    let mut pending = vec![(output, 0)];
    while let Some((structure, depth)) = pending.pop() {
        if depth > MAX_DEPTH {
            return Err(Error::too_large("the depth of forward's result", depth, MAX_DEPTH));
        }
        match structure {
            Structure::Value(id) => made.made(*id)?,
            Structure::None | Structure::Scalar(_) | Structure::Str(_) => {}
            Structure::Tuple(items) | Structure::List(items) => pending.extend(items.iter().map(|i| (i, depth + 1))),
            Structure::Dict(items) => pending.extend(items.iter().map(|(_, i)| (i, depth + 1))),
        }
    }
    Ok(())
}
