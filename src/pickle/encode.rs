//! Objects to a pickle of protocol 2, byte for byte as CPython's C pickler (`Modules/_pickle.c`) writes them.
//!
//! The order of memo entries, batches of a thousand items, and the shortest spelling of ints are CPython's; so is identity: an object met
//! again is fetched from the memo. Nothing recurses. Refused by name: what protocol 2 cannot spell.

use super::number;
use super::object::{Arena, Instance, Made, NodeId, Object};
use super::opcode::Opcode;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// The longest pickle that is written.
pub const MAX_LEN: usize = 256 << 20;
/// Items between two marks.
const BATCH: usize = 1000;
/// How often an object may be met inside its own arguments before it is called unpicklable.
const MAX_REENTRIES: u32 = 8;

/// Gives the persistent id, a tuple as a rule, that is written for a [`Object::Persistent`].
pub type PersistentId<'a> = &'a mut dyn FnMut(&mut Arena, NodeId) -> Result<NodeId>;

/// Encodes `root` and everything it holds.
pub fn encode(arena: &mut Arena, root: NodeId, persistent: PersistentId<'_>) -> Result<Vec<u8>> {
    let out = vec![Opcode::PROTO as u8, 2];
    let encoder = Encoder {
        arena,
        persistent,
        out,
        memo: HashMap::new(),
        globals: HashMap::new(),
        next: 0,
        latin1: None,
        open: HashMap::new(),
        tasks: Vec::new(),
    };
    encoder.run(root)
}

/// Encodes persistent ids as they were read.
pub fn encode_as_read(arena: &mut Arena, root: NodeId) -> Result<Vec<u8>> {
    encode(arena, root, &mut |arena, id| match arena.get(id) {
        Object::Persistent(inner) => Ok(*inner),
        _ => Ok(id),
    })
}

enum Task {
    Save(NodeId),
    Write(Opcode),
    /// the elements are written: make the tuple
    Tuple(NodeId, usize),
    /// callable and arguments are written: make the object, then fill it
    Made(NodeId),
}

struct Encoder<'a> {
    arena: &'a mut Arena,
    persistent: PersistentId<'a>,
    out: Vec<u8>,
    memo: HashMap<NodeId, u32>,
    /// classes and functions are the same object wherever they are named
    globals: HashMap<(String, String), u32>,
    next: u32,
    /// the one string of that name
    latin1: Option<NodeId>,
    /// tuples and instances whose elements or arguments are being written
    open: HashMap<NodeId, u32>,
    tasks: Vec<Task>,
}

impl Encoder<'_> {
    fn run(mut self, root: NodeId) -> Result<Vec<u8>> {
        self.tasks.push(Task::Save(root));
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Save(id) => self.save(id)?,
                Task::Write(opcode) => self.op(opcode),
                Task::Tuple(id, len) => self.tuple(id, len),
                Task::Made(id) => self.made(id)?,
            }
            if self.out.len() > MAX_LEN {
                return Err(Error::too_large("the pickle", self.out.len(), MAX_LEN));
            }
        }
        self.op(Opcode::STOP);
        Ok(self.out)
    }

    fn op(&mut self, opcode: Opcode) {
        self.out.push(opcode as u8);
    }

    fn fetch(&mut self, index: u32) {
        if let Ok(short) = u8::try_from(index) {
            self.out.extend([Opcode::BINGET as u8, short]);
        } else {
            self.op(Opcode::LONG_BINGET);
            self.out.extend(index.to_le_bytes());
        }
    }

    fn put(&mut self) -> u32 {
        let index = self.next;
        self.next = index.wrapping_add(1);
        if let Ok(short) = u8::try_from(index) {
            self.out.extend([Opcode::BINPUT as u8, short]);
        } else {
            self.op(Opcode::LONG_BINPUT);
            self.out.extend(index.to_le_bytes());
        }
        index
    }

    fn memoize(&mut self, id: NodeId) {
        let index = self.put();
        self.memo.insert(id, index);
    }

    fn save(&mut self, id: NodeId) -> Result<()> {
        if let Some(&index) = self.memo.get(&id) {
            self.fetch(index);
            return Ok(());
        }
        match self.arena.get(id) {
            Object::None => self.op(Opcode::NONE),
            Object::Bool(true) => self.op(Opcode::NEWTRUE),
            Object::Bool(false) => self.op(Opcode::NEWFALSE),
            Object::Int(n) => number::write_int(*n, &mut self.out),
            Object::BigInt(n) => number::write_long(&n.to_signed_bytes_le(), &mut self.out)?,
            Object::Float(f) => {
                self.out.push(Opcode::BINFLOAT as u8);
                self.out.extend(f.to_be_bytes());
            }
            Object::Str(text) => {
                let len = u32::try_from(text.len());
                let len = len.map_err(|_| Error::too_large("a string", text.len(), u32::MAX))?;
                self.out.push(Opcode::BINUNICODE as u8);
                self.out.extend(len.to_le_bytes());
                self.out.extend(text.as_bytes());
                self.memoize(id);
            }
            Object::Bytes(_) | Object::ByteArray(_) | Object::Set(_) | Object::FrozenSet(_) => self.by_call(id)?,
            Object::Global { module, name } => {
                let named = (module.clone(), name.clone());
                self.global(id, named)?;
            }
            Object::Tuple(items) if items.is_empty() => self.op(Opcode::EMPTY_TUPLE),
            Object::Tuple(items) => {
                let len = items.len();
                let tasks = items.iter().rev().map(|i| Task::Save(*i));
                self.tasks.push(Task::Tuple(id, len));
                self.tasks.extend(tasks);
                if len > 3 {
                    self.op(Opcode::MARK);
                }
                self.enter(id)?;
            }
            Object::List(items) => {
                let tasks = list_tasks(items, false);
                self.op(Opcode::EMPTY_LIST);
                self.memoize(id);
                self.tasks.extend(tasks);
            }
            Object::Dict(items) => {
                let tasks = dict_tasks(items, false);
                self.op(Opcode::EMPTY_DICT);
                self.memoize(id);
                self.tasks.extend(tasks);
            }
            Object::Persistent(_) => {
                let inner = (self.persistent)(self.arena, id)?;
                self.tasks.extend([Task::Write(Opcode::BINPERSID), Task::Save(inner)]);
            }
            Object::Instance(instance) => {
                let Instance { made, callable, args, ref set_items, .. } = **instance;
                if made == Made::NewObjEx || !set_items.is_empty() {
                    return Err(Error::unsupported("an object that only pickle protocol 4 can hold"));
                }
                self.enter(id)?;
                self.tasks.push(Task::Made(id));
                match (made, self.arena.get(args)) {
                    (Made::Inst, Object::Tuple(items)) => {
                        self.tasks.extend(items.iter().rev().map(|i| Task::Save(*i)));
                        self.op(Opcode::MARK);
                    }
                    _ => self.tasks.push(Task::Save(args)),
                }
                self.tasks.push(Task::Save(callable));
            }
        }
        Ok(())
    }

    /// Counts the objects that are begun and not memoized: one that is met again and again inside itself would never end.
    fn enter(&mut self, id: NodeId) -> Result<()> {
        let count = self.open.entry(id).or_default();
        *count += 1;
        if *count > MAX_REENTRIES {
            return Err(Error::unsupported("an object that holds itself through its own arguments"));
        }
        Ok(())
    }

    fn leave(&mut self, id: NodeId) {
        if let Some(count) = self.open.get_mut(&id) {
            *count -= 1;
        }
    }

    fn tuple(&mut self, id: NodeId, len: usize) {
        self.leave(id);
        if let Some(&index) = self.memo.get(&id) {
            // A tuple that one of its elements holds: that one has made it already.
            if len > 3 {
                self.op(Opcode::POP_MARK);
            } else {
                (0..len).for_each(|_| self.op(Opcode::POP));
            }
            self.fetch(index);
            return;
        }
        self.op(match len {
            1 => Opcode::TUPLE1,
            2 => Opcode::TUPLE2,
            3 => Opcode::TUPLE3,
            _ => Opcode::TUPLE,
        });
        self.memoize(id);
    }

    fn made(&mut self, id: NodeId) -> Result<()> {
        self.leave(id);
        let Object::Instance(instance) = self.arena.get(id) else { return Ok(()) };
        let opcode = match instance.made {
            Made::Reduce => Opcode::REDUCE,
            Made::Inst => Opcode::OBJ,
            _ => Opcode::NEWOBJ,
        };
        let mut tasks = Vec::new();
        for state in instance.states.iter().rev() {
            tasks.extend([Task::Write(Opcode::BUILD), Task::Save(*state)]);
        }
        tasks.extend(dict_tasks(&instance.dict_items, true));
        tasks.extend(list_tasks(&instance.list_items, true));
        self.op(opcode);
        if let Some(&index) = self.memo.get(&id) {
            self.op(Opcode::POP);
            self.fetch(index);
            return Ok(());
        }
        self.memoize(id);
        self.tasks.extend(tasks);
        Ok(())
    }

    fn global(&mut self, id: NodeId, (module, name): (String, String)) -> Result<()> {
        let (module, name) = python2_name(&module, &name);
        let named = (module.to_owned(), name.to_owned());
        if let Some(&index) = self.globals.get(&named) {
            self.fetch(index);
            return Ok(());
        }
        if !module.is_ascii() || !name.is_ascii() || module.contains('\n') || name.contains('\n') {
            return Err(Error::unsupported(format!(
                "can't pickle global identifier '{module}.{name}' using pickle protocol 2"
            )));
        }
        self.out.push(Opcode::GLOBAL as u8);
        self.out.extend(format!("{module}\n{name}\n").as_bytes());
        let index = self.put();
        self.globals.insert(named, index);
        self.memo.insert(id, index);
        Ok(())
    }

    /// Objects that protocol 2 has no opcode for: a call of their class.
    fn by_call(&mut self, id: NodeId) -> Result<()> {
        let object = self.arena.get(id).clone();
        let mut add = |object: Object| self.arena.add(object, 0);
        let (module, name, args) = match object {
            Object::Bytes(bytes) => {
                let text = add(Object::Str(bytes.iter().map(|&b| char::from(b)).collect()));
                let latin1 = *self.latin1.get_or_insert_with(|| add(Object::Str("latin1".into())));
                ("_codecs", "encode", vec![text, latin1])
            }
            Object::ByteArray(bytes) if bytes.is_empty() => ("builtins", "bytearray", Vec::new()),
            Object::ByteArray(bytes) => ("builtins", "bytearray", vec![add(Object::Bytes(bytes))]),
            Object::Set(items) => ("builtins", "set", vec![add(Object::List(items))]),
            Object::FrozenSet(items) => ("builtins", "frozenset", vec![add(Object::List(items))]),
            _ => return Ok(()),
        };
        let callable = add(Object::Global { module: module.into(), name: name.into() });
        let args = add(Object::Tuple(args));
        self.enter(id)?;
        self.calls(id, callable, args);
        Ok(())
    }

    fn calls(&mut self, id: NodeId, callable: NodeId, args: NodeId) {
        let call = Instance::call(Made::Reduce, callable, args);
        // The object itself becomes the call that makes it, so that it is memoized under its own id.
        if let Some(object) = self.arena.get_mut(id) {
            *object = Object::Instance(Box::new(call));
        }
        self.tasks.extend([Task::Made(id), Task::Save(args), Task::Save(callable)]);
    }
}

/// Names of protocols up to 2 are Python 2's (`_compat_pickle`).
fn python2_name<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    match (module, name) {
        ("builtins", "range") => ("__builtin__", "xrange"),
        ("builtins", "str") => ("__builtin__", "unicode"),
        ("builtins", "int") => ("__builtin__", "long"),
        ("builtins", _) => ("__builtin__", name),
        ("copyreg", _) => ("copy_reg", name),
        _ => (module, name),
    }
}

/// Tasks, last first, that append items. CPython walks a list itself by index, everything else by an iterator, and their last batches differ.
fn list_tasks(items: &[NodeId], iterator: bool) -> Vec<Task> {
    let mut tasks = Vec::with_capacity(items.len() + 2);
    for batch in items.chunks(BATCH).rev() {
        let single = batch.len() == 1 && (iterator || items.len() == 1);
        tasks.push(Task::Write(if single { Opcode::APPEND } else { Opcode::APPENDS }));
        tasks.extend(batch.iter().rev().map(|i| Task::Save(*i)));
        if !single {
            tasks.push(Task::Write(Opcode::MARK));
        }
    }
    tasks
}

/// Tasks, last first, that set items. A dict itself whose length is a multiple of the batch's ends with an empty batch.
fn dict_tasks(items: &[(NodeId, NodeId)], iterator: bool) -> Vec<Task> {
    let mut tasks = Vec::with_capacity(items.len() * 2 + 2);
    if !iterator && !items.is_empty() && items.len().is_multiple_of(BATCH) {
        tasks.extend([Task::Write(Opcode::SETITEMS), Task::Write(Opcode::MARK)]);
    }
    for batch in items.chunks(BATCH).rev() {
        let single = batch.len() == 1 && (iterator || items.len() == 1);
        tasks.push(Task::Write(if single { Opcode::SETITEM } else { Opcode::SETITEMS }));
        tasks.extend(batch.iter().rev().flat_map(|(key, value)| [Task::Save(*value), Task::Save(*key)]));
        if !single {
            tasks.push(Task::Write(Opcode::MARK));
        }
    }
    tasks
}
