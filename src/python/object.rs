//! Python's objects, with identity: two names that hold one list hold one `Rc`.

use super::class::Class;
use super::function::Function;
use super::iterate::{Iter, View};
use super::key::Key;
use super::raised::Outcome;
use super::{Arguments, Interpreter};
use crate::dtype::DType;
use crate::nn::value::{ModuleId, Tensor};
use indexmap::IndexMap;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A reference to a Python object.
#[derive(Clone, Debug, Default)]
pub enum Object {
    /// `None`
    #[default]
    None,
    /// `...`
    Ellipsis,
    /// `NotImplemented`
    NotImplemented,
    /// `bool`
    Bool(bool),
    /// `int`, within 64 bits
    Int(i64),
    /// `float`
    Float(f64),
    /// `str`
    Str(Rc<str>),
    /// `bytes`
    Bytes(Rc<[u8]>),
    /// `tuple`, `torch.Size` and named tuples
    Tuple(Rc<Tuple>),
    /// `list`
    List(Rc<List>),
    /// `dict` and its relatives
    Dict(Rc<Dict>),
    /// `dict.keys()`, `.values()`, `.items()`
    View(Rc<Dict>, View),
    /// `set` and `frozenset`
    Set(Rc<Set>),
    /// `range`
    Range(Range),
    /// `slice`
    Slice(Rc<[Object; 3]>),
    /// any iterator
    Iterator(Rc<RefCell<Iter>>),
    /// a function of the source
    Function(Rc<Function>),
    /// a builtin function
    Native(&'static Native),
    /// a function with its first argument: `self.forward`
    Bound(Rc<Bound>),
    /// a class
    Class(Rc<Class>),
    /// an object of a user's class
    Instance(Rc<Instance>),
    /// what `super()` gives
    Super(Rc<Super>),
    /// `property`
    Property(Rc<Property>),
    /// `staticmethod(f)`
    Static(Rc<Object>),
    /// `classmethod(f)`
    ClassMethod(Rc<Object>),
    /// `functools.partial(f, ...)`
    Partial(Rc<Partial>),
    /// a module that one imports: `math`, `torch.nn`
    Package(Rc<str>),
    /// something without effect here: a type hint, a context manager such as `torch.no_grad()`
    Inert(Rc<str>),
    /// a name whose import or statement could not be evaluated; any use raises
    Missing(Rc<str>),
    /// a function of torch
    Torch(&'static crate::nn::function::Function),
    /// an `nn.Module`
    Module(ModuleId),
    /// a tensor
    Tensor(Tensor),
    /// `torch.float32`
    Dtype(DType),
    /// `torch.device("cpu")`
    Device(Rc<str>),
}

/// Contents that are dropped without deep recursion: a list in a list in a list, a million times, is legal Python.
#[derive(Debug, Default)]
pub struct Shallow<T: Default + 'static>(pub T);

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static PENDING: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Nested drops before contents wait for the outermost one.
const DROP_DEPTH: u32 = 32;

impl<T: Default + 'static> Drop for Shallow<T> {
    fn drop(&mut self) {
        let content = std::mem::take(&mut self.0);
        let Ok(depth) = DEPTH.try_with(Cell::get) else { return };
        if depth >= DROP_DEPTH {
            // The thread's storage is gone only while the thread ends.
            let _ = PENDING.try_with(|pending| pending.borrow_mut().push(Box::new(content)));
            return;
        }
        DEPTH.set(depth + 1);
        drop(content);
        if depth == 0 {
            while let Some(next) = PENDING.with_borrow_mut(Vec::pop) {
                drop(next);
            }
        }
        DEPTH.set(depth);
    }
}

/// Which tuple.
#[derive(Clone, Debug)]
pub enum TupleKind {
    /// `tuple`
    Plain,
    /// `torch.Size`
    Size,
    /// a named tuple of the user's, by its class
    Named(Rc<Class>),
    /// a named tuple of torch: `torch.return_types.max`
    Torch(&'static str, &'static [&'static str]),
}

/// A tuple.
#[derive(Debug)]
pub struct Tuple {
    /// which
    pub kind: TupleKind,
    /// elements
    pub items: Shallow<Vec<Object>>,
}

/// A list.
#[derive(Debug, Default)]
pub struct List(pub Shallow<RefCell<Vec<Object>>>);

/// Which dict.
#[derive(Debug, Default)]
pub enum DictKind {
    /// `dict`
    #[default]
    Plain,
    /// `collections.OrderedDict`
    Ordered,
    /// `collections.defaultdict`, with its factory
    Default(Object),
    /// `collections.Counter`
    Counter,
}

/// A dict: insertion order, the key as it was first written.
#[derive(Debug, Default)]
pub struct Dict {
    /// which
    pub kind: DictKind,
    /// entries
    pub entries: Shallow<RefCell<IndexMap<Key, (Object, Object)>>>,
}

/// A set. Its order is that of insertion.
#[derive(Debug, Default)]
pub struct Set {
    /// `frozenset`
    pub frozen: bool,
    /// elements
    pub items: Shallow<RefCell<IndexMap<Key, Object>>>,
}

/// A range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of range's attributes")]
pub struct Range {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

impl Range {
    /// `len(range)`.
    pub fn len(self) -> i64 {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let length = match step {
            1.. if start < stop => (stop - start - 1) / step + 1,
            ..=-1 if start > stop => (start - stop - 1) / -step + 1,
            _ => 0,
        };
        i64::try_from(length).unwrap_or(i64::MAX)
    }

    /// Whether it has no elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at a position within the length.
    pub fn at(self, index: i64) -> i64 {
        self.start.wrapping_add(index.wrapping_mul(self.step))
    }
}

/// A builtin function or method.
#[derive(Debug)]
pub struct Native {
    /// `len`, or `list.append`
    pub name: &'static str,
    /// what it does; a method gets the object as its first argument
    pub run: fn(&mut Interpreter, Arguments) -> Outcome<Object>,
}

/// A function that carries its first argument.
#[derive(Debug)]
pub struct Bound {
    /// the receiver, then the function
    pub parts: Shallow<Vec<Object>>,
}

impl Bound {
    /// `function.__get__(receiver)`.
    pub fn object(receiver: Object, function: Object) -> Object {
        Object::Bound(Rc::new(Self { parts: Shallow(vec![receiver, function]) }))
    }

    /// `__self__`
    pub fn receiver(&self) -> Object {
        self.parts.0.first().cloned().unwrap_or_default()
    }

    /// `__func__`
    pub fn function(&self) -> Object {
        self.parts.0.get(1).cloned().unwrap_or_default()
    }
}

/// An object of a user's class that is no nn.Module.
#[derive(Debug)]
pub struct Instance {
    /// its class
    pub class: Rc<Class>,
    /// `__dict__`
    pub attributes: Shallow<RefCell<IndexMap<String, Object>>>,
    /// the dict, list, str, ... that a class which inherits from one is
    pub payload: RefCell<Object>,
}

/// `super()`: attributes are looked up in the classes after `after` in the MRO of `class`.
#[derive(Debug)]
pub struct Super {
    /// the class whose `super()` it is
    pub after: Rc<Class>,
    /// the class of the object
    pub class: Rc<Class>,
    /// `self`, or the class in a class method
    pub receiver: Object,
}

/// A property.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names of property's attributes")]
pub struct Property {
    pub fget: Object,
    pub fset: Object,
    pub fdel: Object,
    /// `functools.cached_property`: the name under which the value is kept
    pub cached: Option<Rc<str>>,
}

/// A partial call.
#[derive(Debug, Default)]
pub struct Partial {
    /// the function, then positional arguments
    pub parts: Shallow<Vec<Object>>,
    /// keyword arguments
    pub keywords: Shallow<Vec<(Rc<str>, Object)>>,
}

impl Object {
    /// A str.
    pub fn str(text: impl AsRef<str>) -> Self {
        Self::Str(Rc::from(text.as_ref()))
    }

    /// A tuple.
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::new(Tuple { kind: TupleKind::Plain, items: Shallow(items) }))
    }

    /// A list.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(List(Shallow(RefCell::new(items)))))
    }

    /// A `torch.Size`.
    pub fn size(sizes: impl IntoIterator<Item = i64>) -> Self {
        let items = sizes.into_iter().map(Self::Int).collect();
        Self::Tuple(Rc::new(Tuple { kind: TupleKind::Size, items: Shallow(items) }))
    }

    /// An iterator.
    pub fn iterator(iter: Iter) -> Self {
        Self::Iterator(Rc::new(RefCell::new(iter)))
    }

    /// An empty dict.
    pub fn dict() -> Self {
        Self::Dict(Rc::default())
    }

    /// A dict with str keys.
    pub fn dict_of<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(k, v)| (Key::Str(Rc::from(k)), (Self::str(k), v))).collect();
        Self::Dict(Rc::new(Dict { kind: DictKind::Plain, entries: Shallow(RefCell::new(entries)) }))
    }

    /// Python's `is`.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Ellipsis, Self::Ellipsis) => true,
            (Self::NotImplemented, Self::NotImplemented) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Module(a), Self::Module(b)) => a == b,
            (Self::Tensor(a), Self::Tensor(b)) => a.is(b),
            (Self::Dtype(a), Self::Dtype(b)) => a == b,
            (Self::Torch(a), Self::Torch(b)) => std::ptr::eq(*a, *b),
            (Self::Native(a), Self::Native(b)) => std::ptr::eq(*a, *b),
            (
                Self::Package(a) | Self::Inert(a) | Self::Missing(a),
                Self::Package(b) | Self::Inert(b) | Self::Missing(b),
            ) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) if a.items.0.is_empty() && b.items.0.is_empty() => true,
            _ => self.address().is_some_and(|a| other.address() == Some(a)),
        }
    }

    /// Where the object lives, for those that live anywhere.
    pub fn address(&self) -> Option<usize> {
        fn at<T: ?Sized>(rc: &Rc<T>) -> usize {
            Rc::as_ptr(rc).cast::<u8>().addr()
        }
        Some(match self {
            Self::Str(x) => at(x),
            Self::Bytes(x) => at(x),
            Self::Tuple(x) => at(x),
            Self::List(x) => at(x),
            Self::Dict(x) => at(x),
            Self::Set(x) => at(x),
            Self::Slice(x) => at(x),
            Self::Iterator(x) => at(x),
            Self::Function(x) => at(x),
            Self::Bound(x) => at(x),
            Self::Class(x) => at(x),
            Self::Instance(x) => at(x),
            Self::Super(x) => at(x),
            Self::Property(x) => at(x),
            Self::Static(x) | Self::ClassMethod(x) => at(x),
            Self::Partial(x) => at(x),
            _ => return None,
        })
    }
}
