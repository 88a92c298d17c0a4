//! Operators on any objects: numbers, sequences, tensors, and the methods of user classes.

use super::number::{Number, arithmetic};
use super::object::{Object, Set, Shallow, Tuple, TupleKind};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use ruff_python_ast::{Operator, UnaryOp};
use std::cell::RefCell;
use std::rc::Rc;

/// `__add__` without its underscores.
pub fn stem(op: Operator) -> &'static str {
    match op {
        Operator::Add => "add",
        Operator::Sub => "sub",
        Operator::Mult => "mul",
        Operator::MatMult => "matmul",
        Operator::Div => "truediv",
        Operator::Mod => "mod",
        Operator::Pow => "pow",
        Operator::LShift => "lshift",
        Operator::RShift => "rshift",
        Operator::BitOr => "or",
        Operator::BitXor => "xor",
        Operator::BitAnd => "and",
        Operator::FloorDiv => "floordiv",
    }
}

impl Interpreter {
    /// The number that an object is; bool is an int.
    pub fn as_number(object: &Object) -> Option<Number> {
        match object {
            Object::Bool(b) => Some(Number::Int(i64::from(*b))),
            Object::Int(i) => Some(Number::Int(*i)),
            Object::Float(f) => Some(Number::Float(*f)),
            Object::Instance(instance) => match &*instance.payload.borrow() {
                payload @ (Object::Bool(_) | Object::Int(_) | Object::Float(_)) => Self::as_number(payload),
                _ => None,
            },
            _ => None,
        }
    }

    /// `a op b`.
    pub fn binary(&mut self, op: Operator, a: &Object, b: &Object) -> Outcome<Object> {
        if let (Object::Bool(a), Object::Bool(b)) = (a, b) {
            match op {
                Operator::BitAnd => return Ok(Object::Bool(a & b)),
                Operator::BitOr => return Ok(Object::Bool(a | b)),
                Operator::BitXor => return Ok(Object::Bool(a ^ b)),
                _ => {}
            }
        }
        if let (Object::Missing(why), _) | (_, Object::Missing(why)) = (a, b) {
            return Err(Raised::missing(why));
        }
        if !matches!(a, Object::Instance(_))
            && !matches!(b, Object::Instance(_))
            && let (Some(x), Some(y)) = (Self::as_number(a), Self::as_number(b))
            && let Some(result) = arithmetic(op, x, y)?
        {
            return Ok(object(result));
        }
        if let Some(result) = self.user_binary(op, a, b)? {
            return Ok(result);
        }
        if matches!(a, Object::Tensor(_)) {
            return self.tensor_method(a, &format!("__{}__", stem(op)), Arguments::of(vec![b.clone()]));
        }
        if matches!(b, Object::Tensor(_)) {
            return self.tensor_method(b, &format!("__r{}__", stem(op)), Arguments::of(vec![a.clone()]));
        }
        if let Some(result) = self.sequence_binary(op, a, b)? {
            return Ok(result);
        }
        if let (Some(x), Some(y)) = (Self::as_number(a), Self::as_number(b))
            && let Some(result) = arithmetic(op, x, y)?
        {
            return Ok(object(result));
        }
        Err(self.bad_operands(op.as_str(), a, b))
    }

    fn bad_operands(&self, op: &str, a: &Object, b: &Object) -> Box<Raised> {
        let (x, y) = (self.type_name(a), self.type_name(b));
        let op = if op == "**" { "** or pow()" } else { op };
        Raised::type_error(format!("unsupported operand type(s) for {op}: '{x}' and '{y}'"))
    }

    /// `__add__` of the left operand's class, then `__radd__` of the right one's.
    fn user_binary(&mut self, op: Operator, a: &Object, b: &Object) -> Outcome<Option<Object>> {
        let stem = stem(op);
        for (receiver, other, name) in [(a, b, format!("__{stem}__")), (b, a, format!("__r{stem}__"))] {
            let class = match receiver {
                Object::Instance(instance) => instance.class.clone(),
                Object::Module(_) => self.type_of(receiver),
                _ => continue,
            };
            if let Some(method) = class.lookup(&name) {
                let result = self.call_object(&method, Arguments::of(vec![receiver.clone(), other.clone()]))?;
                if !matches!(result, Object::NotImplemented) {
                    return Ok(Some(result));
                }
            }
        }
        let (x, y) = (payload(a), payload(b));
        match (x, y) {
            (None, None) => Ok(None),
            (x, y) => {
                let (x, y) = (x.unwrap_or_else(|| a.clone()), y.unwrap_or_else(|| b.clone()));
                self.binary(op, &x, &y).map(Some)
            }
        }
    }

    fn sequence_binary(&mut self, op: Operator, a: &Object, b: &Object) -> Outcome<Option<Object>> {
        Ok(match (op, a, b) {
            (Operator::Add, Object::Str(x), Object::Str(y)) => {
                self.step((x.len() + y.len()) as u64 / 16)?;
                Some(Object::str(format!("{x}{y}")))
            }
            (Operator::Add, Object::Bytes(x), Object::Bytes(y)) => Some(Object::Bytes([&**x, &**y].concat().into())),
            (Operator::Add, Object::List(x), Object::List(y)) => {
                let items = [x.0.0.borrow().as_slice(), y.0.0.borrow().as_slice()].concat();
                self.step(items.len() as u64)?;
                Some(Object::list(items))
            }
            (Operator::Add, Object::Tuple(x), Object::Tuple(y)) => {
                let items = [x.items.0.as_slice(), y.items.0.as_slice()].concat();
                self.step(items.len() as u64)?;
                Some(like(x, items))
            }
            (Operator::Add, Object::Str(_), _) => {
                let name = self.type_name(b);
                return Err(Raised::type_error(format!("can only concatenate str (not \"{name}\") to str")));
            }
            (Operator::Add, Object::List(_), _) => {
                let name = self.type_name(b);
                return Err(Raised::type_error(format!("can only concatenate list (not \"{name}\") to list")));
            }
            (Operator::Add, Object::Tuple(_), _) => {
                let name = self.type_name(b);
                return Err(Raised::type_error(format!("can only concatenate tuple (not \"{name}\") to tuple")));
            }
            (Operator::Mult, Object::Str(_) | Object::List(_) | Object::Tuple(_), _) => self.repeat(a, b)?,
            (Operator::Mult, _, Object::Str(_) | Object::List(_) | Object::Tuple(_)) => self.repeat(b, a)?,
            (Operator::Mod, Object::Str(text), _) => Some(Object::str(self.percent(text, b)?)),
            (Operator::BitOr, Object::Dict(x), Object::Dict(y)) => {
                let mut entries = x.entries.0.borrow().clone();
                entries.extend(y.entries.0.borrow().iter().map(|(k, v)| (k.clone(), v.clone())));
                self.step(entries.len() as u64)?;
                Some(Object::Dict(Rc::new(super::object::Dict {
                    kind: super::object::DictKind::Plain,
                    entries: Shallow(RefCell::new(entries)),
                })))
            }
            (Operator::BitOr | Operator::BitAnd | Operator::Sub | Operator::BitXor, Object::Set(x), Object::Set(y)) => {
                Some(self.set_operation(op, x, y)?)
            }
            // `int | None`: a type hint, or what `isinstance` asks for
            (Operator::BitOr, Object::Inert(_), _) | (Operator::BitOr, _, Object::Inert(_)) => {
                Some(Object::Inert(Rc::from("typing.Union")))
            }
            (Operator::BitOr, Object::Class(_) | Object::None | Object::Tuple(_), Object::Class(_) | Object::None)
            | (Operator::BitOr, Object::Class(_), Object::Tuple(_)) => Some(Object::tuple(vec![a.clone(), b.clone()])),
            _ => None,
        })
    }

    /// Union, intersection, difference, symmetric difference.
    pub fn set_operation(&mut self, op: Operator, x: &Rc<Set>, y: &Rc<Set>) -> Outcome<Object> {
        let (x_items, y_items) = (x.items.0.borrow().clone(), y.items.0.borrow().clone());
        self.step((x_items.len() + y_items.len()) as u64)?;
        let mut result = x_items.clone();
        match op {
            Operator::BitOr => result.extend(y_items.into_iter().filter(|(k, _)| !x_items.contains_key(k))),
            Operator::BitAnd => result.retain(|key, _| y_items.contains_key(key)),
            Operator::Sub => result.retain(|key, _| !y_items.contains_key(key)),
            _ => {
                result.retain(|key, _| !y_items.contains_key(key));
                result.extend(y_items.into_iter().filter(|(key, _)| !x_items.contains_key(key)));
            }
        }
        Ok(Object::Set(Rc::new(Set { frozen: x.frozen, items: Shallow(RefCell::new(result)) })))
    }

    fn repeat(&mut self, sequence: &Object, count: &Object) -> Outcome<Option<Object>> {
        let count = match Self::as_number(count) {
            Some(Number::Int(count)) => usize::try_from(count).unwrap_or(0),
            _ => {
                let name = self.type_name(count);
                return Err(Raised::type_error(format!("can't multiply sequence by non-int of type '{name}'")));
            }
        };
        Ok(match sequence {
            Object::Str(text) => {
                self.step((text.len().saturating_mul(count) / 16) as u64)?;
                Some(Object::str(text.repeat(count)))
            }
            Object::List(list) => {
                let items = list.0.0.borrow().clone();
                self.step(items.len().saturating_mul(count) as u64)?;
                Some(Object::list(repeated(&items, count)))
            }
            Object::Tuple(tuple) => {
                self.step(tuple.items.0.len().saturating_mul(count) as u64)?;
                Some(Object::tuple(repeated(&tuple.items.0, count)))
            }
            _ => None,
        })
    }

    /// `a op= b`: in place where the type has it.
    pub fn in_place(&mut self, op: Operator, a: &Object, b: &Object) -> Outcome<Object> {
        match (op, a) {
            (Operator::Add, Object::List(list)) => {
                let items = self.collect(b)?;
                self.step(items.len() as u64)?;
                list.0.0.borrow_mut().extend(items);
                return Ok(a.clone());
            }
            (Operator::BitOr, Object::Dict(_)) => {
                self.dict_update(a, b)?;
                return Ok(a.clone());
            }
            (Operator::BitOr | Operator::BitAnd | Operator::Sub | Operator::BitXor, Object::Set(set))
                if !set.frozen =>
            {
                if let Object::Set(other) = b
                    && let Object::Set(result) = self.set_operation(op, set, other)?
                {
                    set.items.0.replace(result.items.0.take());
                    return Ok(a.clone());
                }
            }
            (_, Object::Tensor(_)) => {
                let name = format!("__i{}__", stem(op));
                if super::torch::has_tensor_method(&name) {
                    return self.tensor_method(a, &name, Arguments::of(vec![b.clone()]));
                }
            }
            (_, Object::Instance(_) | Object::Module(_)) => {
                let class = self.type_of(a);
                let name = format!("__i{}__", stem(op));
                if let Some(method) = class.lookup(&name) {
                    return self.call_object(&method, Arguments::of(vec![a.clone(), b.clone()]));
                }
                if let Object::Module(_) = a
                    && let Some(result) = self.module_method(a, &name, Arguments::of(vec![b.clone()]))?
                {
                    return Ok(result);
                }
            }
            _ => {}
        }
        self.binary(op, a, b).map_err(|mut raised| {
            if let super::raised::What::Builtin("TypeError", text) = &mut raised.what {
                *text = text.replacen(&format!("for {}:", op.as_str()), &format!("for {}=:", op.as_str()), 1);
                *text = text.replacen("for ** or pow():", "for **=:", 1);
            }
            raised
        })
    }

    /// `-x`, `+x`, `~x`, `not x`.
    pub fn unary(&mut self, op: UnaryOp, value: &Object) -> Outcome<Object> {
        let (name, symbol) = match op {
            UnaryOp::Not => return Ok(Object::Bool(!self.truth(value)?)),
            UnaryOp::USub => ("__neg__", "-"),
            UnaryOp::UAdd => ("__pos__", "+"),
            UnaryOp::Invert => ("__invert__", "~"),
        };
        match value {
            Object::Missing(why) => return Err(Raised::missing(why)),
            Object::Tensor(_) if op == UnaryOp::UAdd => return Ok(value.clone()),
            Object::Tensor(_) => return self.tensor_method(value, name, Arguments::default()),
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup(name) {
                    return self.call_object(&method, Arguments::of(vec![value.clone()]));
                }
            }
            _ => {}
        }
        match (op, Self::as_number(value)) {
            (UnaryOp::USub, Some(Number::Int(i))) => match i.checked_neg() {
                Some(i) => Ok(Object::Int(i)),
                None => Err(Raised::overflow(format!("-({i}) does not fit in 64 bits"))),
            },
            (UnaryOp::USub, Some(Number::Float(f))) => Ok(Object::Float(-f)),
            (UnaryOp::UAdd, Some(number)) => Ok(object(number)),
            (UnaryOp::Invert, Some(Number::Int(i))) => Ok(Object::Int(!i)),
            _ => Err(Raised::type_error(format!("bad operand type for unary {symbol}: '{}'", self.type_name(value)))),
        }
    }
}

/// The number as an object.
pub fn object(number: Number) -> Object {
    match number {
        Number::Int(i) => Object::Int(i),
        Number::Float(f) => Object::Float(f),
    }
}

/// What an object of a class that inherits from a builtin type is.
pub fn payload(object: &Object) -> Option<Object> {
    match object {
        Object::Instance(instance) => match &*instance.payload.borrow() {
            Object::None => None,
            payload => Some(payload.clone()),
        },
        _ => None,
    }
}

fn repeated(items: &[Object], count: usize) -> Vec<Object> {
    items.iter().cycle().take(items.len().saturating_mul(count)).cloned().collect()
}

/// `torch.Size` stays one under concatenation and slicing; named tuples become plain.
pub fn like(tuple: &Tuple, items: Vec<Object>) -> Object {
    match tuple.kind {
        TupleKind::Size => Object::Tuple(Rc::new(Tuple { kind: TupleKind::Size, items: Shallow(items) })),
        _ => Object::tuple(items),
    }
}
