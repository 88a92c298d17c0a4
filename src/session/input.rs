//! What goes into a run and what comes out: tensors in Python's structure.

use crate::data::TensorData;
use crate::graph::op::Scalar;
use crate::graph::{Info, Structure, ValueId};
use crate::network::trace::{Argument, Call};
use serde::Serialize;

/// An argument of `forward`, with its values.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// a tensor
    Tensor(TensorData),
    /// `None`
    None,
    /// a number
    Scalar(Scalar),
    /// a string
    Str(String),
    /// a tuple
    Tuple(Vec<Input>),
    /// a list
    List(Vec<Input>),
    /// a dict
    Dict(Vec<(String, Input)>),
}

/// The arguments of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// by position
    pub positional: Vec<Input>,
    /// by keyword
    pub keyword: Vec<(String, Input)>,
}

/// What `forward` returned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// a tensor
    Tensor(TensorData),
    /// `None`
    None,
    /// a number
    Scalar(Scalar),
    /// a string
    Str(String),
    /// a tuple
    Tuple(Vec<Output>),
    /// a list
    List(Vec<Output>),
    /// a dict, or a tuple with named fields
    Dict(Vec<(String, Output)>),
}

impl Inputs {
    /// Shapes and dtypes without values.
    pub fn call(&self) -> Call {
        Call {
            positional: self.positional.iter().map(Input::argument).collect(),
            keyword: self.keyword.iter().map(|(name, input)| (name.clone(), input.argument())).collect(),
        }
    }

    /// The tensors, in the order of the graph's inputs.
    pub fn tensors(&self) -> Vec<&TensorData> {
        let mut all = Vec::new();
        for input in self.positional.iter().chain(self.keyword.iter().map(|(_, input)| input)) {
            input.collect(&mut all);
        }
        all
    }
}

impl Input {
    fn argument(&self) -> Argument {
        let all = |items: &[Self]| items.iter().map(Self::argument).collect();
        match self {
            Self::Tensor(data) => Argument::Tensor(Info { shape: data.shape.clone(), dtype: data.dtype }),
            Self::None => Argument::None,
            Self::Scalar(scalar) => Argument::Scalar(*scalar),
            Self::Str(text) => Argument::Str(text.clone()),
            Self::Tuple(items) => Argument::Tuple(all(items)),
            Self::List(items) => Argument::List(all(items)),
            Self::Dict(items) => Argument::Dict(items.iter().map(|(k, v)| (k.clone(), v.argument())).collect()),
        }
    }

    fn collect<'a>(&'a self, all: &mut Vec<&'a TensorData>) {
        match self {
            Self::Tensor(data) => all.push(data),
            Self::Tuple(items) | Self::List(items) => items.iter().for_each(|i| i.collect(all)),
            Self::Dict(items) => items.iter().for_each(|(_, i)| i.collect(all)),
            Self::None | Self::Scalar(_) | Self::Str(_) => {}
        }
    }
}

/// Puts tensors into the places of a graph's output.
pub fn fill(structure: &Structure, tensor: &mut dyn FnMut(ValueId) -> Option<TensorData>) -> Output {
    match structure {
        Structure::Value(id) => tensor(*id).map_or(Output::None, Output::Tensor),
        Structure::None => Output::None,
        Structure::Scalar(scalar) => Output::Scalar(*scalar),
        Structure::Str(text) => Output::Str(text.clone()),
        Structure::Tuple(items) => Output::Tuple(items.iter().map(|i| fill(i, tensor)).collect()),
        Structure::List(items) => Output::List(items.iter().map(|i| fill(i, tensor)).collect()),
        Structure::Dict(items) => Output::Dict(items.iter().map(|(k, i)| (k.clone(), fill(i, tensor))).collect()),
    }
}
