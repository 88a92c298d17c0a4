//! The pickle machine: opcodes to an [`Arena`] of objects, by CPython's rules, without calling anything.
//!
//! Every opcode makes a bounded number of nodes, the memo is sparse, and nothing recurses, so memory is in proportion to the pickle.
//! Refused by name: extension codes, out-of-band buffers.

use super::number;
use super::object::{Arena, Instance, Made, NodeId, Object};
use super::opcode::{Argument, Opcode};
use crate::bytes::Cursor;
use crate::error::{Error, Result, Warning};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Objects of one pickle. Real checkpoints stay far below, with vocabularies of a million words.
pub const MAX_OBJECTS: usize = 6_000_000;

/// A decoded pickle.
#[derive(Clone, Debug)]
pub struct Pickle {
    /// every object
    pub arena: Arena,
    /// the one that STOP left
    pub root: NodeId,
    /// bytes from the start up to and including STOP
    pub len: usize,
    /// as the PROTO opcode says; 0 without one
    pub protocol: u8,
    /// (module, name) of every class and function named, with the offset of its first appearance
    pub globals: IndexMap<(String, String), u64>,
    /// what was odd but readable
    pub warnings: Vec<Warning>,
}

/// Decodes the pickle at the start of `data`, which stands at byte `base` of the record called `name`.
pub fn decode(data: &[u8], base: u64, name: &str) -> Result<Pickle> {
    Machine {
        cursor: Cursor::new(data, name, base),
        base,
        at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        pickle: Pickle {
            arena: Arena::default(),
            root: NodeId(0),
            len: 0,
            protocol: 0,
            globals: IndexMap::new(),
            warnings: Vec::new(),
        },
    }
    .run()
}

struct Machine<'a> {
    cursor: Cursor<'a>,
    base: u64,
    /// where the current opcode began
    at: usize,
    stack: Vec<NodeId>,
    /// heights of the stack at each MARK
    marks: Vec<usize>,
    memo: HashMap<u32, NodeId>,
    pickle: Pickle,
}

/// The argument as read.
enum Read<'a> {
    Nothing,
    Number(u64),
    Signed(i32),
    Float(f64),
    Bytes(&'a [u8]),
    Lines(&'a [u8], &'a [u8]),
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Pickle> {
        loop {
            self.at = self.cursor.position();
            let byte = self.cursor.u8().map_err(|e| self.no_stop(e))?;
            let opcode =
                Opcode::from_byte(byte).ok_or_else(|| self.malformed(format!("unknown opcode 0x{byte:02x}")))?;
            if opcode == Opcode::STOP {
                self.pickle.root = self.pop()?;
                self.pickle.len = self.cursor.position();
                return Ok(self.pickle);
            }
            let argument = self.argument(opcode.argument())?;
            self.step(opcode, argument)?;
        }
    }

    fn no_stop(&self, error: Error) -> Error {
        Error { message: "the pickle ends without STOP".into(), ..error }
    }

    fn malformed(&self, message: impl Into<String>) -> Error {
        Error::malformed(message).at(self.cursor.location_of(self.at))
    }

    fn argument(&mut self, kind: Argument) -> Result<Read<'a>> {
        let cursor = &mut self.cursor;
        Ok(match kind {
            Argument::Nothing => Read::Nothing,
            Argument::U8 => Read::Number(cursor.u8()?.into()),
            Argument::U16 => Read::Number(cursor.u16()?.into()),
            Argument::U32 => Read::Number(cursor.u32()?.into()),
            Argument::U64 => Read::Number(cursor.u64()?),
            Argument::I32 => Read::Signed(cursor.i32()?),
            Argument::F64 => Read::Float(cursor.f64_be()?),
            Argument::Line => Read::Bytes(cursor.line()?),
            Argument::Lines2 => Read::Lines(cursor.line()?, cursor.line()?),
            Argument::Bytes1 => {
                let len = cursor.u8()?;
                Read::Bytes(cursor.take(len.into())?)
            }
            Argument::Bytes4 => {
                let len = cursor.u32()?;
                Read::Bytes(cursor.take_u64(len.into())?)
            }
            Argument::BytesI4 => {
                let len = cursor.i32()?;
                let len = u64::try_from(len).map_err(|_| self.malformed(format!("negative length {len}")))?;
                Read::Bytes(self.cursor.take_u64(len)?)
            }
            Argument::Bytes8 => {
                let len = cursor.u64()?;
                Read::Bytes(cursor.take_u64(len)?)
            }
        })
    }

    /// One opcode. Arguments that do not match the opcode's kind cannot occur: the table gives both.
    fn step(&mut self, opcode: Opcode, argument: Read<'a>) -> Result<()> {
        use Opcode as O;
        match (opcode, argument) {
            (O::NONE, _) => self.push(Object::None),
            (O::NEWTRUE, _) => self.push(Object::Bool(true)),
            (O::NEWFALSE, _) => self.push(Object::Bool(false)),
            (O::BININT1 | O::BININT2, Read::Number(n)) => self.push(Object::Int(n.try_into().unwrap_or(i64::MAX))),
            (O::BININT, Read::Signed(n)) => self.push(Object::Int(n.into())),
            (O::LONG1 | O::LONG4, Read::Bytes(b)) => self.push(number::long(b)),
            (O::INT | O::LONG, Read::Bytes(b)) => {
                let value = number::decimal(b, opcode == O::INT).ok_or_else(|| self.malformed("not a decimal int"))?;
                self.push(value)
            }
            (O::FLOAT, Read::Bytes(b)) => {
                let value = number::float(b).ok_or_else(|| self.malformed("not a float"))?;
                self.push(Object::Float(value))
            }
            (O::BINFLOAT, Read::Float(f)) => self.push(Object::Float(f)),
            (O::STRING, Read::Bytes(b)) => {
                let value = number::quoted(b).ok_or_else(|| self.malformed("not a quoted string"))?;
                self.push(python2_str(value))
            }
            (O::BINSTRING | O::SHORT_BINSTRING, Read::Bytes(b)) => self.push(python2_str(b.to_vec())),
            (O::UNICODE, Read::Bytes(b)) => {
                let value = number::raw_unicode(b).ok_or_else(|| self.malformed("a broken escape in a string"))?;
                self.push(Object::Str(value))
            }
            (O::SHORT_BINUNICODE | O::BINUNICODE | O::BINUNICODE8, Read::Bytes(b)) => {
                let text = self.text(b)?;
                self.push(Object::Str(text))
            }
            (O::SHORT_BINBYTES | O::BINBYTES | O::BINBYTES8, Read::Bytes(b)) => self.push(Object::Bytes(b.to_vec())),
            (O::BYTEARRAY8, Read::Bytes(b)) => self.push(Object::ByteArray(b.to_vec())),
            (O::EMPTY_TUPLE, _) => self.push(Object::Tuple(Vec::new())),
            (O::EMPTY_LIST, _) => self.push(Object::List(Vec::new())),
            (O::EMPTY_DICT, _) => self.push(Object::Dict(Vec::new())),
            (O::EMPTY_SET, _) => self.push(Object::Set(Vec::new())),
            (O::TUPLE1, _) => self.tuple(1),
            (O::TUPLE2, _) => self.tuple(2),
            (O::TUPLE3, _) => self.tuple(3),
            (O::TUPLE, _) => {
                let items = self.pop_mark()?;
                self.push(Object::Tuple(items))
            }
            (O::LIST, _) => {
                let items = self.pop_mark()?;
                self.push(Object::List(items))
            }
            (O::FROZENSET, _) => {
                let items = self.pop_mark()?;
                self.push(Object::FrozenSet(items))
            }
            (O::DICT, _) => {
                let items = self.pop_pairs()?;
                self.push(Object::Dict(items))
            }
            (O::MARK, _) => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            (O::POP, _) => {
                // CPython: POP of a bare MARK takes the mark away.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                    return Ok(());
                }
                self.pop().map(drop)
            }
            (O::POP_MARK, _) => self.pop_mark().map(drop),
            (O::DUP, _) => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            (O::APPEND, _) => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            (O::APPENDS, _) => {
                let items = self.pop_mark()?;
                self.append(items)
            }
            (O::SETITEM, _) => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![(key, value)])
            }
            (O::SETITEMS, _) => {
                let pairs = self.pop_pairs()?;
                self.set_items(pairs)
            }
            (O::ADDITEMS, _) => {
                let items = self.pop_mark()?;
                self.add_items(items)
            }
            (O::GLOBAL, Read::Lines(module, name)) => {
                let global = self.global(module, name)?;
                self.stack.push(global);
                Ok(())
            }
            (O::STACK_GLOBAL, _) => self.stack_global(),
            (O::REDUCE, _) => {
                let args = self.pop()?;
                let callable = self.pop()?;
                self.instance(Made::Reduce, callable, args, None)
            }
            (O::NEWOBJ, _) => {
                let args = self.pop()?;
                let class = self.pop()?;
                self.instance(Made::NewObj, class, args, None)
            }
            (O::NEWOBJ_EX, _) => {
                let kwargs = self.pop()?;
                let args = self.pop()?;
                let class = self.pop()?;
                self.instance(Made::NewObjEx, class, args, Some(kwargs))
            }
            (O::INST, Read::Lines(module, name)) => {
                let items = self.pop_mark()?;
                let class = self.global(module, name)?;
                let args = self.add(Object::Tuple(items))?;
                self.instance(Made::Inst, class, args, None)
            }
            (O::OBJ, _) => {
                let mut items = self.pop_mark()?;
                if items.is_empty() {
                    return Err(self.malformed("OBJ without a class"));
                }
                let class = items.remove(0);
                let args = self.add(Object::Tuple(items))?;
                self.instance(Made::Inst, class, args, None)
            }
            (O::BUILD, _) => self.build(),
            (O::PERSID, Read::Bytes(b)) => {
                let text = self.text(b)?;
                let id = self.add(Object::Str(text))?;
                self.push(Object::Persistent(id))
            }
            (O::BINPERSID, _) => {
                let id = self.pop()?;
                self.push(Object::Persistent(id))
            }
            (O::PUT, Read::Bytes(line)) => {
                let index = self.index(line)?;
                self.put(index)
            }
            (O::BINPUT | O::LONG_BINPUT, Read::Number(n)) => self.put(u32::try_from(n).unwrap_or(u32::MAX)),
            (O::MEMOIZE, _) => self.put(u32::try_from(self.memo.len()).unwrap_or(u32::MAX)),
            (O::GET, Read::Bytes(line)) => {
                let index = self.index(line)?;
                self.get(index)
            }
            (O::BINGET | O::LONG_BINGET, Read::Number(n)) => self.get(u32::try_from(n).unwrap_or(u32::MAX)),
            (O::PROTO, Read::Number(n)) => {
                self.pickle.protocol = u8::try_from(n).unwrap_or(u8::MAX);
                if n > 5 {
                    let text = format!("the pickle claims protocol {n}; the newest is 5");
                    self.pickle
                        .warnings
                        .push(Warning::new("pickle_protocol", text).at(self.cursor.location_of(self.at)));
                }
                Ok(())
            }
            (O::FRAME, Read::Number(len)) => {
                if len > self.cursor.remaining() as u64 {
                    return Err(
                        self.malformed(format!("a frame of {len} bytes, with {} left", self.cursor.remaining()))
                    );
                }
                Ok(())
            }
            (O::EXT1 | O::EXT2 | O::EXT4, _) => {
                Err(Error::unsupported("pickle extension codes (copyreg.add_extension)")
                    .at(self.cursor.location_of(self.at)))
            }
            (O::NEXT_BUFFER | O::READONLY_BUFFER, _) => {
                Err(Error::unsupported("pickle's out-of-band buffers").at(self.cursor.location_of(self.at)))
            }
            _ => Err(self.malformed(format!("{opcode:?} with an argument of another kind"))),
        }
    }

    fn add(&mut self, object: Object) -> Result<NodeId> {
        if self.pickle.arena.len() >= MAX_OBJECTS {
            let error =
                Error::too_large("the number of objects in the pickle", format!("over {MAX_OBJECTS}"), MAX_OBJECTS);
            return Err(error.at(self.cursor.location_of(self.at)));
        }
        Ok(self.pickle.arena.add(object, self.base.saturating_add(self.at as u64)))
    }

    fn push(&mut self, object: Object) -> Result<()> {
        let id = self.add(object)?;
        self.stack.push(id);
        Ok(())
    }

    /// The height below which the current MARK does not let us pop.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<NodeId> {
        if self.stack.len() <= self.floor() {
            return Err(self.malformed("the stack is empty"));
        }
        self.stack.pop().ok_or_else(|| self.malformed("the stack is empty"))
    }

    fn top(&self) -> Result<NodeId> {
        if self.stack.len() <= self.floor() {
            return Err(self.malformed("the stack is empty"));
        }
        self.stack.last().copied().ok_or_else(|| self.malformed("the stack is empty"))
    }

    fn pop_mark(&mut self) -> Result<Vec<NodeId>> {
        let height = self.marks.pop().ok_or_else(|| self.malformed("no MARK on the stack"))?;
        Ok(self.stack.split_off(height.min(self.stack.len())))
    }

    fn pop_pairs(&mut self) -> Result<Vec<(NodeId, NodeId)>> {
        let items = self.pop_mark()?;
        if items.len() % 2 != 0 {
            return Err(self.malformed("an odd number of items for a dict"));
        }
        Ok(items.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect())
    }

    fn tuple(&mut self, len: usize) -> Result<()> {
        let height = self.stack.len().checked_sub(len).filter(|h| *h >= self.floor());
        let items = self.stack.split_off(height.ok_or_else(|| self.malformed("the stack is empty"))?);
        self.push(Object::Tuple(items))
    }

    fn append(&mut self, items: Vec<NodeId>) -> Result<()> {
        let target = self.top()?;
        match self.pickle.arena.get_mut(target) {
            Some(Object::List(list)) => list.extend(items),
            Some(Object::Instance(instance)) => instance.list_items.extend(items),
            _ => return Err(self.malformed("APPEND to something that is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, pairs: Vec<(NodeId, NodeId)>) -> Result<()> {
        let target = self.top()?;
        match self.pickle.arena.get_mut(target) {
            Some(Object::Dict(dict)) => dict.extend(pairs),
            Some(Object::Instance(instance)) => instance.dict_items.extend(pairs),
            _ => return Err(self.malformed("SETITEM on something that is no dict")),
        }
        Ok(())
    }

    fn add_items(&mut self, items: Vec<NodeId>) -> Result<()> {
        let target = self.top()?;
        match self.pickle.arena.get_mut(target) {
            Some(Object::Set(set)) => set.extend(items),
            Some(Object::Instance(instance)) => instance.set_items.extend(items),
            _ => return Err(self.malformed("ADDITEMS to something that is no set")),
        }
        Ok(())
    }

    /// A class of a TorchScript archive's code: members of its Enums are written as a call with the value, without a tuple around it.
    fn is_scripted(&self, callable: NodeId) -> bool {
        matches!(self.pickle.arena.get(callable), Object::Global { module, .. } if module.starts_with("__torch__"))
    }

    fn instance(&mut self, made: Made, callable: NodeId, args: NodeId, kwargs: Option<NodeId>) -> Result<()> {
        // torch's own REDUCEs and every class carry their arguments in a tuple; anything else is no call.
        let mut args = args;
        if !matches!(self.pickle.arena.get(args), Object::Tuple(_)) && self.is_scripted(callable) {
            let at = self.pickle.arena.offset(args);
            args = self.pickle.arena.add(Object::Tuple(vec![args]), at);
        }
        if !matches!(self.pickle.arena.get(args), Object::Tuple(_)) {
            return Err(self.malformed(format!("{made:?} with arguments that are no tuple")));
        }
        let instance = Instance { kwargs, ..Instance::call(made, callable, args) };
        self.push(Object::Instance(Box::new(instance)))
    }

    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let target = self.top()?;
        match self.pickle.arena.get_mut(target) {
            Some(Object::Instance(instance)) => instance.states.push(state),
            _ => return Err(self.malformed("BUILD on something that is no object")),
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) -> Result<String> {
        let (text, replaced) = number::utf8(bytes).ok_or_else(|| self.malformed("a string that is no UTF-8"))?;
        if replaced {
            let warning = Warning::new("lone_surrogate", "a string holds a lone surrogate, shown as U+FFFD");
            self.pickle.warnings.push(warning.at(self.cursor.location_of(self.at)));
        }
        Ok(text)
    }

    fn global(&mut self, module: &[u8], name: &[u8]) -> Result<NodeId> {
        let module = self.text(module)?;
        let name = self.text(name)?;
        self.named(module, name)
    }

    fn named(&mut self, module: String, name: String) -> Result<NodeId> {
        let offset = self.base.saturating_add(self.at as u64);
        self.pickle.globals.entry((module.clone(), name.clone())).or_insert(offset);
        self.add(Object::Global { module, name })
    }

    fn stack_global(&mut self) -> Result<()> {
        let name = self.pop()?;
        let module = self.pop()?;
        let arena = &self.pickle.arena;
        let (Object::Str(module), Object::Str(name)) = (arena.get(module), arena.get(name)) else {
            return Err(self.malformed("STACK_GLOBAL wants two strings"));
        };
        let (module, name) = (module.clone(), name.clone());
        let global = self.named(module, name)?;
        self.stack.push(global);
        Ok(())
    }

    fn index(&self, line: &[u8]) -> Result<u32> {
        let index = std::str::from_utf8(line).ok().and_then(|t| t.trim().parse().ok());
        index.ok_or_else(|| self.malformed("a memo index that is no number"))
    }

    fn put(&mut self, index: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn get(&mut self, index: u32) -> Result<()> {
        let id = self.memo.get(&index).copied();
        self.stack.push(id.ok_or_else(|| self.malformed(format!("memo {index} was never set")))?);
        Ok(())
    }
}

/// Python 2's str: text when it is UTF-8.
fn python2_str(bytes: Vec<u8>) -> Object {
    String::from_utf8(bytes).map_or_else(|e| Object::Bytes(e.into_bytes()), Object::Str)
}
