//! The values that torch's functions take and give: plain Python data, tensors and modules.

use crate::dtype::DType;
use crate::graph::ValueId;
use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

/// A module in the [`Modules`](super::module::Modules) arena; equal ids are the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A tensor object: what a Python variable refers to. In-place methods change which graph value it holds, so every
/// clone of the handle sees the change, as every Python reference does.
#[derive(Clone, Debug)]
pub struct Tensor(Rc<Cell<ValueId>>);

impl Tensor {
    /// A new object that holds a value.
    pub fn new(value: ValueId) -> Self {
        Self(Rc::new(Cell::new(value)))
    }

    /// The value that it holds now.
    pub fn value(&self) -> ValueId {
        self.0.get()
    }

    /// An in-place method: every reference to this object sees the new value.
    pub fn set(&self, value: ValueId) {
        self.0.set(value);
    }

    /// Python's `is`.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Python's `id`.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

/// A value as a torch function sees it.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `None`
    #[default]
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `str`
    Str(Rc<str>),
    /// `tuple`
    Tuple(Vec<Value>),
    /// `list`
    List(Vec<Value>),
    /// `torch.Size`
    Size(Vec<i64>),
    /// `dict`
    Dict(Vec<(Value, Value)>),
    /// a tensor or Parameter
    Tensor(Tensor),
    /// an `nn.Module`
    Module(ModuleId),
    /// `torch.float32`
    Dtype(DType),
    /// `torch.device`, by its text
    Device(Rc<str>),
    /// `a:b:c` inside an index
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `...` inside an index
    Ellipsis,
    /// a named tuple of torch: `torch.return_types.max(values, indices)`
    Named {
        /// `torch.return_types.max`
        class: &'static str,
        /// field names
        fields: &'static [&'static str],
        /// as many values
        values: Vec<Value>,
    },
    /// a function of torch, as a value: `activation=F.relu`
    Function(&'static super::function::Function),
    /// anything only the host understands: a user's function, lambda or object
    Host(Rc<dyn Any>),
}
