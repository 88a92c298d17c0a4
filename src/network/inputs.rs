//! What `forward` wants to be given, as far as a network tells without an example: names, and shapes from its first layers.

use super::Network;
use super::trace::{Argument, Call};
use crate::checkpoint::pt2::INPUTS;
use crate::dtype::{Category, DType};
use crate::graph::Info;
use crate::nn::host::Host;
use crate::nn::module::{ClassRef, Module};
use crate::nn::value::{ModuleId, Value};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Sides of square images that are tried, people's usual ones first.
const SIDES: &[usize] = &[28, 32, 8, 16, 64, 224, 96, 128, 48, 84, 105, 160, 227, 256, 299, 384, 512];

/// What people would call an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// (N, C, H, W)
    Image,
    /// integer indices of an embedding
    Tokens,
    /// (N, features)
    Features,
}

/// A parameter of `forward`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHint {
    /// its name in the signature
    pub name: String,
    /// true when forward has a default for it
    pub optional: bool,
    /// a shape that forward accepts; -1 where any size does
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<i64>>,
    /// its dtype
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dtype: Option<DType>,
    /// what it is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<InputKind>,
}

impl Network {
    /// One hint for each parameter of `forward`. Those that it requires are given shapes where tracing says which pass: a single one what the
    /// first layer with weights takes, several what their layers take together.
    pub fn inputs(&mut self) -> Vec<InputHint> {
        if let Some(graphs) = &self.graphs {
            return graphs.inputs().to_vec();
        }
        let root = self.root;
        let parameters = self.interpreter.forward_parameters(root);
        let mut hints: Vec<_> = parameters
            .into_iter()
            .map(|p| InputHint { optional: !p.is_required(), name: p.name, shape: None, dtype: None, kind: None })
            .collect();
        if self.declared(&mut hints) {
            return hints;
        }
        let required = hints.iter().filter(|h| !h.optional).count();
        let guess = if required == 1 { self.guess() } else { None };
        if let (Some((kind, dtype, shape)), Some(first)) = (guess, hints.first_mut()) {
            first.kind = Some(kind);
            first.dtype = Some(dtype);
            first.shape = Some(shape);
        }
        if required > 1 {
            self.shape_several(&mut hints);
        }
        hints
    }

    /// What an exported program says of its inputs.
    fn declared(&mut self, hints: &mut [InputHint]) -> bool {
        let root = self.root;
        let module = self.interpreter.trace().modules.get(root);
        let Some(Value::Dict(items)) = module.and_then(|module| module.attributes.get(INPUTS)) else { return false };
        for (name, known) in items {
            let parts = known.items().unwrap_or_default();
            let (Value::Str(name), [Value::Str(dtype), Value::Tuple(sizes)]) = (name, &parts[..]) else { continue };
            let Some(hint) = hints.iter_mut().find(|hint| *hint.name == **name) else { continue };
            let size = |size: &Value| if let Value::Int(size) = size { Some(*size) } else { None };
            hint.shape = sizes.iter().map(size).collect();
            hint.dtype = DType::from_name(dtype);
            let float = hint.dtype.is_some_and(|dtype| dtype.category() == Category::Float);
            hint.kind = match hint.shape.as_deref() {
                Some([_, 1 | 3 | 4, _, _]) if float => Some(InputKind::Image),
                Some([_, _]) if float => Some(InputKind::Features),
                Some([_] | [_, _]) if hint.dtype == Some(DType::Int64) => Some(InputKind::Tokens),
                _ => None,
            };
        }
        true
    }

    /// One sample of each required input, where all of their other sizes are known.
    pub fn usual_call(&mut self) -> Option<Call> {
        let hints = self.inputs();
        let sample = |hint: &InputHint| {
            let mut shape = hint.shape.clone()?;
            if let Some(batch) = shape.first_mut() {
                *batch = (*batch).max(1);
            }
            let shape = shape.into_iter().map(|d| usize::try_from(d).ok()).collect::<Option<_>>()?;
            Some(Argument::Tensor(Info { shape, dtype: hint.dtype? }))
        };
        let positional = hints.iter().filter(|h| !h.optional).map(sample).collect::<Option<_>>()?;
        Some(Call { positional, keyword: Vec::new() })
    }

    fn guess(&mut self) -> Option<(InputKind, DType, Vec<i64>)> {
        let root = self.root;
        let module = self.first_layer(root, &mut HashSet::new())?;
        let size = |name: &str| match module.attributes.get(name) {
            Some(Value::Int(n)) => usize::try_from(*n).ok(),
            _ => None,
        };
        let weight = module.parameters.get("weight").and_then(Option::as_ref).map(|w| w.value());
        let weight = weight.map(|w| self.interpreter.trace().graph.info(w).shape.clone()).unwrap_or_default();
        // TorchScript keeps the names of torch's classes, and no attributes that forward does not read.
        let scripted = |class: &str, rank: usize, dim: usize| match &module.class {
            ClassRef::User { name, .. } if **name == *class && weight.len() == rank => weight.get(dim).copied(),
            _ => None,
        };
        if let Some(channels) = size("in_channels").or_else(|| scripted("Conv2d", 4, 1)) {
            return (weight.len() == 4).then(|| self.image(channels)).flatten();
        }
        if let Some(features) = size("in_features").or_else(|| scripted("Linear", 2, 1)) {
            return Some((InputKind::Features, DType::Float32, vec![-1, i64::try_from(features).ok()?]));
        }
        size("num_embeddings")
            .or_else(|| scripted("Embedding", 2, 0))
            .map(|_| (InputKind::Tokens, DType::Int64, vec![-1, -1]))
    }

    /// A single side that passes is the image's; where several do, any size does.
    fn image(&mut self, channels: usize) -> Option<(InputKind, DType, Vec<i64>)> {
        let mut passing = Vec::new();
        for &side in SIDES {
            let info = Info { shape: vec![1, channels, side, side], dtype: DType::Float32 };
            if self.trace(&Call { positional: vec![Argument::Tensor(info)], keyword: Vec::new() }).is_ok() {
                passing.push(side);
            }
            if passing.len() > 1 {
                break;
            }
        }
        let side = match passing.as_slice() {
            [] => return None,
            [only] => i64::try_from(*only).ok()?,
            _ => -1,
        };
        Some((InputKind::Image, DType::Float32, vec![-1, i64::try_from(channels).ok()?, side, side]))
    }

    /// The first module with parameters of its own, in registration order.
    fn first_layer(&mut self, id: ModuleId, seen: &mut HashSet<ModuleId>) -> Option<Module> {
        if !seen.insert(id) {
            return None;
        }
        let module = self.interpreter.trace().modules.get(id)?.clone();
        if module.parameters.values().any(Option::is_some) {
            return Some(module);
        }
        module.children.values().flatten().find_map(|child| self.first_layer(*child, seen))
    }
}
