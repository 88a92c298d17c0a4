//! A network as a graph of ATen operators: values with static shapes and dtypes, parameters by name, no weights.
//!
//! One graph serves one set of input shapes. A graph is plain data: it serialises, and knows neither the weights'
//! values nor the device. These are its types.

pub mod builder;
pub mod cost;
pub mod infer;
pub mod json;
pub mod name;
pub mod number;
pub mod op;
pub mod pass;
pub mod text;

use crate::data::TensorData;
use crate::dtype::DType;
use op::{Op, Scalar};
use serde::{Deserialize, Serialize};

/// A value of the graph, made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ValueId(pub u32);

/// What is known of a value before the graph runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// sizes, outermost first
    pub shape: Vec<usize>,
    /// element type
    pub dtype: DType,
}

impl Info {
    /// Bytes of all elements, as `tensor.nbytes`.
    pub fn nbytes(&self) -> u64 {
        self.shape.iter().fold(self.dtype.size() as u64, |n, &d| n.saturating_mul(d as u64))
    }
}

/// An operator with its operands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// what to do
    pub op: Op,
    /// operands, in the order that [`Op`] lists
    pub inputs: Vec<ValueId>,
    /// results
    pub outputs: Vec<ValueId>,
    /// the module that it belongs to: `layer1.0.conv1`; empty at the root
    pub scope: String,
    /// line of the user's source, where there is one
    pub line: Option<u32>,
}

/// Whether the optimizer sees a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafKind {
    /// `nn.Parameter`
    Parameter,
    /// `register_buffer`
    Buffer,
}

/// A parameter or buffer: its values come from a state_dict, by name, or from `init`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// the value
    pub value: ValueId,
    /// every state_dict key that leads to it (tied weights have several); empty for tensors that no state_dict holds
    pub names: Vec<String>,
    /// parameter or buffer
    pub kind: LeafKind,
    /// `requires_grad`
    pub requires_grad: bool,
    /// the value that the constructor gave it
    pub init: Option<ValueId>,
    /// a complex tensor as the pairs of its parts (`torch.view_as_real`): its last dim has two places
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complex: bool,
}

/// An input of `forward`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// the name in forward's signature
    pub name: String,
    /// the value
    pub value: ValueId,
}

/// Data that is part of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// the value
    pub value: ValueId,
    /// its elements
    pub data: TensorData,
}

/// What `forward` returns: tensors in Python's structure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// a tensor
    Value(ValueId),
    /// `None`
    None,
    /// a Python number
    Scalar(Scalar),
    /// a string
    Str(String),
    /// `tuple`
    Tuple(Vec<Structure>),
    /// `list`
    List(Vec<Structure>),
    /// `dict`, and objects with named fields (namedtuple, dataclass, ModelOutput)
    Dict(Vec<(String, Structure)>),
}

/// A buffer's new value after a run in train mode: BatchNorm's running statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferUpdate {
    /// the buffer's value
    pub buffer: ValueId,
    /// what it becomes
    pub value: ValueId,
}

/// A network for one set of input shapes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// shape and dtype of every value, by [`ValueId`]
    pub values: Vec<Info>,
    /// in the order of forward's signature
    pub inputs: Vec<Input>,
    /// parameters and buffers
    pub leaves: Vec<Leaf>,
    /// literal tensors
    pub constants: Vec<Constant>,
    /// in an order in which they can run
    pub nodes: Vec<Node>,
    /// what forward returns
    pub output: Option<Structure>,
    /// applied after a run in train mode
    pub updates: Vec<BufferUpdate>,
}
