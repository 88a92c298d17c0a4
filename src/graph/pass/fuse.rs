//! Folds batch normalisation in eval mode into the convolution or linear layer before it.
//!
//! `(conv(x, w, b) - mean) / sqrt(var + eps) * weight + bias` is `conv(x, w * scale, (b - mean) * scale + bias)` with
//! `scale = weight / sqrt(var + eps)`. The new weights are nodes on leaves, which [`hoist`](super::hoist::hoist) then moves out of the run.
//! For inference without gradients: results differ by rounding, and the layer's own output is gone.

use super::super::op::{Binary, Op, Scalar, Unary};
use super::super::{Graph, Info, Node, ValueId, infer};
use super::prune::wanted_at_the_end;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Folds wherever the layer's output goes to the normalisation alone, and weights and statistics depend on leaves and constants only.
pub fn fold_batch_norm(graph: &mut Graph) -> Result<()> {
    let mut uses: HashMap<ValueId, usize> = HashMap::new();
    let given_back = wanted_at_the_end(graph);
    for id in graph.nodes.iter().flat_map(|node| &node.inputs).chain(&given_back) {
        *uses.entry(*id).or_default() += 1;
    }
    let mut fixed = vec![false; graph.values.len()];
    for id in graph.leaves.iter().map(|l| l.value).chain(graph.constants.iter().map(|c| c.value)) {
        if let Some(flag) = fixed.get_mut(id.0 as usize) {
            *flag = true;
        }
    }
    let nodes = std::mem::take(&mut graph.nodes);
    let mut rewrite = Rewrite { graph, nodes: Vec::with_capacity(nodes.len()), layers: HashMap::new() };
    for node in nodes {
        let is_fixed = |id: &ValueId| fixed.get(id.0 as usize).copied().unwrap_or(false);
        if node.inputs.iter().all(is_fixed) && !super::hoist::is_random(&node.op) {
            for id in &node.outputs {
                if let Some(flag) = fixed.get_mut(id.0 as usize) {
                    *flag = true;
                }
            }
        } else if let (Op::Conv(_) | Op::Linear, [_, parameters @ ..], [output]) =
            (&node.op, node.inputs.as_slice(), node.outputs.as_slice())
            && parameters.iter().all(is_fixed)
            && uses.get(output) == Some(&1)
        {
            rewrite.layers.insert(*output, rewrite.nodes.len());
        } else if let (Op::BatchNormEval { eps }, [x, statistics @ ..]) = (&node.op, node.inputs.as_slice())
            && statistics.iter().all(is_fixed)
            && let Some(at) = rewrite.layers.get(x).copied()
            && rewrite.fold(at, *eps, statistics, &node)?
        {
            continue;
        }
        rewrite.nodes.push(Some(node));
    }
    graph.nodes = rewrite.nodes.into_iter().flatten().collect();
    Ok(())
}

struct Rewrite<'a> {
    graph: &'a mut Graph,
    /// a layer that was folded leaves a gap: it runs where its normalisation stood, after all that the new weights need
    nodes: Vec<Option<Node>>,
    /// where the layers are that may be folded, by output
    layers: HashMap<ValueId, usize>,
}

impl Rewrite<'_> {
    /// Whether it could be folded.
    fn fold(&mut self, at: usize, eps: f64, statistics: &[ValueId], norm: &Node) -> Result<bool> {
        let Some(layer) = self.nodes.get(at).cloned().flatten() else { return Ok(false) };
        let ([mean, var, affine @ ..], [x, weight, bias @ ..]) = (statistics, layer.inputs.as_slice()) else {
            return Ok(false);
        };
        let (shape, dtype) = {
            let info = self.info(*weight)?;
            (info.shape.clone(), info.dtype)
        };
        if statistics.iter().chain(bias).any(|id| self.info(*id).map_or(true, |info| info.dtype != dtype)) {
            return Ok(false);
        }
        let Some((whole, scaled)) = views(&layer.op, &shape) else { return Ok(false) };
        if matches!(layer.op, Op::Linear) && self.info(norm_input(norm)?)?.shape.len() != 2 {
            return Ok(false);
        }
        let push = |this: &mut Self, op, inputs: &[ValueId]| this.push(op, inputs, norm);
        let eps = Op::BinaryScalar { op: Binary::Add, scalar: Scalar::Float(eps), reverse: false };
        let shifted = push(self, eps, &[*var])?;
        let mut scale = push(self, Op::Unary(Unary::Rsqrt), &[shifted])?;
        if let [weight, ..] = affine {
            scale = push(self, Op::Binary(Binary::Mul), &[scale, *weight])?;
        }
        let viewed = push(self, Op::Reshape { shape: whole }, &[*weight])?;
        let factors = push(self, Op::Reshape { shape: scaled }, &[scale])?;
        let product = push(self, Op::Binary(Binary::Mul), &[viewed, factors])?;
        let new_weight = push(self, Op::Reshape { shape }, &[product])?;
        let centred = match bias {
            [bias, ..] => push(self, Op::Binary(Binary::Sub), &[*bias, *mean])?,
            [] => push(self, Op::Unary(Unary::Neg), &[*mean])?,
        };
        let mut new_bias = push(self, Op::Binary(Binary::Mul), &[centred, scale])?;
        if let [_, bias] = affine {
            new_bias = push(self, Op::Binary(Binary::Add), &[new_bias, *bias])?;
        }
        let folded = Node { inputs: vec![*x, new_weight, new_bias], outputs: norm.outputs.clone(), ..layer.clone() };
        if let Some(gap) = self.nodes.get_mut(at) {
            *gap = None;
        }
        self.nodes.push(Some(folded));
        Ok(true)
    }

    fn info(&self, id: ValueId) -> Result<&Info> {
        self.graph.values.get(id.0 as usize).ok_or_else(|| Error::mismatch(format!("the graph has no value v{}", id.0)))
    }

    fn push(&mut self, op: Op, inputs: &[ValueId], like: &Node) -> Result<ValueId> {
        let infos = inputs.iter().map(|id| self.info(*id)).collect::<Result<Vec<_>>>()?;
        let results = infer::infer(&op, &infos)?;
        let [info] = <[Info; 1]>::try_from(results).map_err(|_| Error::mismatch("expected one result"))?;
        let id = ValueId(u32::try_from(self.graph.values.len()).map_err(|e| Error::mismatch(e.to_string()))?);
        self.graph.values.push(info);
        let node = Node { op, inputs: inputs.to_vec(), outputs: vec![id], scope: like.scope.clone(), line: like.line };
        self.nodes.push(Some(node));
        Ok(id)
    }
}

fn norm_input(norm: &Node) -> Result<ValueId> {
    norm.inputs.first().copied().ok_or_else(|| Error::mismatch("batch_norm without input"))
}

/// The weight's shape with its output channels apart, and the shape in which one factor for each channel broadcasts to it.
fn views(layer: &Op, weight: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    match (layer, weight) {
        (Op::Conv(conv), [inputs, outputs, kernel @ ..]) if conv.transposed => {
            // Channels of a group lie together: (groups, in / groups, out / groups, ...).
            let each = inputs.checked_div(conv.groups)?;
            let whole = [conv.groups, each, *outputs].iter().chain(kernel).copied().collect();
            let ones = std::iter::repeat_n(1, kernel.len());
            Some((whole, [conv.groups, 1, *outputs].into_iter().chain(ones).collect()))
        }
        (Op::Conv(_) | Op::Linear, [outputs, rest @ ..]) if !rest.is_empty() => {
            let ones = std::iter::repeat_n(1, rest.len());
            Some((weight.to_vec(), [*outputs].into_iter().chain(ones).collect()))
        }
        _ => None,
    }
}
