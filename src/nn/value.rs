//! The values that torch's functions take and give: plain Python data, tensors and modules.

use crate::dtype::DType;
use crate::graph::ValueId;
use crate::graph::op::Op;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// A module in the [`Modules`](super::module::Modules) arena; equal ids are the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A tensor object: what a Python variable refers to. In-place methods change which graph value it holds, so every
/// clone of the handle sees the change, as every Python reference does. A view remembers what it is a view of, so that
/// [`alias`](super::alias) can carry a write from either to the other.
#[derive(Clone, Debug)]
pub struct Tensor(Rc<Object>);

#[derive(Debug)]
struct Object {
    value: Cell<ValueId>,
    view: Option<View>,
    views: RefCell<Vec<Weak<Object>>>,
}

/// How a tensor shares another's memory.
#[derive(Clone, Debug)]
pub struct View {
    /// whose memory it is
    pub base: Tensor,
    /// what makes the view of the base: a reshape, permutation, slice, expansion or detach
    pub op: Op,
    /// steps in elements for each dim, which tell whether a reshape is a view too
    pub strides: Vec<i64>,
    /// how many views lie one upon the other
    pub depth: usize,
}

impl Tensor {
    /// A new object that holds a value.
    pub fn new(value: ValueId) -> Self {
        Self(Rc::new(Object { value: Cell::new(value), view: None, views: RefCell::default() }))
    }

    /// A new object that shares its base's memory.
    pub fn view_of(value: ValueId, view: View) -> Self {
        let base = view.base.clone();
        let made = Self(Rc::new(Object { value: Cell::new(value), view: Some(view), views: RefCell::default() }));
        let mut views = base.0.views.borrow_mut();
        if views.len().is_power_of_two() {
            views.retain(|v| v.strong_count() > 0);
        }
        views.push(Rc::downgrade(&made.0));
        made
    }

    /// The value that it holds now.
    pub fn value(&self) -> ValueId {
        self.0.value.get()
    }

    /// The object holds another value from now on; views and bases are not told: [`alias::write`](super::alias::write) does that.
    pub fn set(&self, value: ValueId) {
        self.0.value.set(value);
    }

    /// What it is a view of.
    pub fn view(&self) -> Option<&View> {
        self.0.view.as_ref()
    }

    /// The views of it that are still referred to.
    pub fn views(&self) -> Vec<Tensor> {
        self.0.views.borrow().iter().filter_map(Weak::upgrade).map(Tensor).collect()
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

impl Value {
    /// A new tensor object.
    pub fn tensor(value: ValueId) -> Self {
        Self::Tensor(Tensor::new(value))
    }

    /// `type(x).__name__`, with the module's name where torch's TypeErrors print one.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Size(_) => "torch.Size",
            Self::Dict(_) => "dict",
            Self::Tensor(_) => "Tensor",
            Self::Module(_) => "Module",
            Self::Dtype(_) => "torch.dtype",
            Self::Device(_) => "torch.device",
            Self::Slice(..) => "slice",
            Self::Ellipsis => "ellipsis",
            Self::Named { class, .. } => class,
            Self::Function(_) => "builtin_function_or_method",
            Self::Host(_) => "object",
        }
    }

    /// The items of a tuple, list, `torch.Size` or named tuple.
    pub fn items(&self) -> Option<Vec<Value>> {
        match self {
            Self::Tuple(v) | Self::List(v) | Self::Named { values: v, .. } => Some(v.clone()),
            Self::Size(sizes) => Some(sizes.iter().map(|s| Self::Int(*s)).collect()),
            _ => None,
        }
    }
}
