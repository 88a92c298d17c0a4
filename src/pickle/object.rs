//! What a pickle makes: an arena of Python objects with identity.
//!
//! The stack, the memo and every container hold [`NodeId`]s, so a dict that is memoized empty and filled later is one dict, cycles
//! are legal, and nothing is dropped recursively. Nothing is executed: a class is a name, a call is a node.

use num_bigint::BigInt;

/// A Python object in the [`Arena`]; equal ids are the same object (`is`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A Python object.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// an int of 64 bits
    Int(i64),
    /// a wider int
    BigInt(BigInt),
    /// `float`
    Float(f64),
    /// `str`; lone surrogates, which CPython writes with surrogatepass, are kept as U+FFFD with a warning
    Str(String),
    /// `bytes`, and Python 2's `str` that is no UTF-8
    Bytes(Vec<u8>),
    /// `bytearray`
    ByteArray(Vec<u8>),
    /// `tuple`
    Tuple(Vec<NodeId>),
    /// `list`
    List(Vec<NodeId>),
    /// `dict`: pairs in file order, later duplicates win as in Python
    Dict(Vec<(NodeId, NodeId)>),
    /// `set`
    Set(Vec<NodeId>),
    /// `frozenset`
    FrozenSet(Vec<NodeId>),
    /// A class or function by name; never resolved to code.
    Global {
        /// dotted module
        module: String,
        /// qualified name in the module
        name: String,
    },
    /// The result of calling a class or function, with everything that was added to it afterwards.
    Instance(Box<Instance>),
    /// An object outside the pickle: torch's storages.
    Persistent(NodeId),
}

/// Which opcode made an [`Instance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// REDUCE: `callable(*args)`
    Reduce,
    /// NEWOBJ: `cls.__new__(cls, *args)`
    NewObj,
    /// NEWOBJ_EX: `cls.__new__(cls, *args, **kwargs)`
    NewObjEx,
    /// INST and OBJ, protocol 0's and 1's instances
    Inst,
}

/// An object made by a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// which opcode
    pub made: Made,
    /// the class or function, usually a [`Object::Global`]
    pub callable: NodeId,
    /// the argument tuple
    pub args: NodeId,
    /// NEWOBJ_EX's keyword dict
    pub kwargs: Option<NodeId>,
    /// APPEND(S)
    pub list_items: Vec<NodeId>,
    /// ADDITEMS
    pub set_items: Vec<NodeId>,
    /// SETITEM(S)
    pub dict_items: Vec<(NodeId, NodeId)>,
    /// BUILD, in order; one as a rule
    pub states: Vec<NodeId>,
}

impl Instance {
    /// What a call made, with nothing added to it yet.
    pub fn call(made: Made, callable: NodeId, args: NodeId) -> Self {
        Self {
            made,
            callable,
            args,
            kwargs: None,
            list_items: Vec::new(),
            set_items: Vec::new(),
            dict_items: Vec::new(),
            states: Vec::new(),
        }
    }
}

/// All objects of one pickle, and where in it each began.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    nodes: Vec<Object>,
    offsets: Vec<u64>,
}

impl Arena {
    /// Adds an object that began at byte `offset`.
    pub fn add(&mut self, object: Object, offset: u64) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(object);
        self.offsets.push(offset);
        id
    }

    /// The object; ids of another arena give `None`'s node.
    pub fn get(&self, id: NodeId) -> &Object {
        self.nodes.get(id.0 as usize).unwrap_or(&Object::None)
    }

    /// The object, to be filled.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Object> {
        self.nodes.get_mut(id.0 as usize)
    }

    /// Where in the pickle it began.
    pub fn offset(&self, id: NodeId) -> u64 {
        self.offsets.get(id.0 as usize).copied().unwrap_or(0)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every id, in order of creation.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }
}
