//! Comparison, membership and truth.

use super::number::Number;
use super::object::Object;
use super::operator::payload;
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use ruff_python_ast::CmpOp;
use std::cmp::Ordering;

impl Interpreter {
    /// `a op b`.
    pub fn compare(&mut self, op: CmpOp, a: &Object, b: &Object) -> Outcome<Object> {
        match op {
            CmpOp::Is => return Ok(Object::Bool(a.is(b))),
            CmpOp::IsNot => return Ok(Object::Bool(!a.is(b))),
            CmpOp::In => return self.contains(b, a).map(Object::Bool),
            CmpOp::NotIn => return self.contains(b, a).map(|found| Object::Bool(!found)),
            _ => {}
        }
        let (name, mirrored) = match op {
            CmpOp::Eq => ("__eq__", "__eq__"),
            CmpOp::NotEq => ("__ne__", "__ne__"),
            CmpOp::Lt => ("__lt__", "__gt__"),
            CmpOp::LtE => ("__le__", "__ge__"),
            CmpOp::Gt => ("__gt__", "__lt__"),
            _ => ("__ge__", "__le__"),
        };
        let elementwise = |other: &Object| Self::as_number(other).is_some() || matches!(other, Object::Tensor(_));
        if matches!(a, Object::Tensor(_)) && elementwise(b) {
            return self.tensor_method(a, name, Arguments::of(vec![b.clone()]));
        }
        if matches!(b, Object::Tensor(_)) && elementwise(a) {
            return self.tensor_method(b, mirrored, Arguments::of(vec![a.clone()]));
        }
        for (receiver, other, name) in [(a, b, name), (b, a, mirrored)] {
            let Object::Instance(instance) = receiver else { continue };
            if let Some(method) = instance.class.lookup(name) {
                let result = self.call_object(&method, Arguments::of(vec![receiver.clone(), other.clone()]))?;
                if !matches!(result, Object::NotImplemented) {
                    return Ok(result);
                }
            } else if name == "__ne__" && instance.class.lookup("__eq__").is_some() {
                let equal = self.compare(CmpOp::Eq, a, b)?;
                return Ok(Object::Bool(!self.truth(&equal)?));
            }
        }
        match op {
            CmpOp::Eq => self.equal(a, b).map(Object::Bool),
            CmpOp::NotEq => self.equal(a, b).map(|equal| Object::Bool(!equal)),
            _ => {
                let ordering = self.order(a, b, op.as_str())?;
                Ok(Object::Bool(match (op, ordering) {
                    (_, None) => false,
                    (CmpOp::Lt, Some(o)) => o == Ordering::Less,
                    (CmpOp::LtE, Some(o)) => o != Ordering::Greater,
                    (CmpOp::Gt, Some(o)) => o == Ordering::Greater,
                    (_, Some(o)) => o != Ordering::Less,
                }))
            }
        }
    }

    /// `a == b` as a truth value.
    pub fn equal(&mut self, a: &Object, b: &Object) -> Outcome<bool> {
        if let (Some(x), Some(y)) = (Self::as_number(a), Self::as_number(b)) {
            return Ok(numbers(x, y) == Some(Ordering::Equal));
        }
        self.deeper(|me| me.equal_compound(a, b))
    }

    fn equal_compound(&mut self, a: &Object, b: &Object) -> Outcome<bool> {
        self.step(1)?;
        if let (Object::Missing(why), _) | (_, Object::Missing(why)) = (a, b) {
            return Err(Raised::missing(why));
        }
        Ok(match (a, b) {
            (Object::Str(x), Object::Str(y)) => x == y,
            (Object::Bytes(x), Object::Bytes(y)) => x == y,
            (Object::Tuple(x), Object::Tuple(y)) => self.all_equal(&x.items.0, &y.items.0)?,
            (Object::List(x), Object::List(y)) => {
                let (x, y) = (x.0.0.borrow().clone(), y.0.0.borrow().clone());
                self.all_equal(&x, &y)?
            }
            (Object::Dict(x), Object::Dict(y)) => {
                let (x, y) = (x.entries.0.borrow().clone(), y.entries.0.borrow().clone());
                if x.len() != y.len() {
                    return Ok(false);
                }
                for (key, (_, value)) in &x {
                    match y.get(key) {
                        Some((_, other)) if self.same(value, other)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Object::Set(x), Object::Set(y)) => {
                let (x, y) = (x.items.0.borrow(), y.items.0.borrow());
                x.len() == y.len() && x.keys().all(|key| y.contains_key(key))
            }
            (Object::Range(x), Object::Range(y)) => {
                let (n, m) = (x.len(), y.len());
                n == m && (n == 0 || x.start == y.start && (n == 1 || x.step == y.step))
            }
            (Object::Slice(x), Object::Slice(y)) => self.all_equal(&x[..], &y[..])?,
            (Object::Device(x), Object::Device(y)) => x == y,
            // torch.device("cpu") == "cpu" is False in torch
            (Object::Bound(x), Object::Bound(y)) => x.receiver().is(&y.receiver()) && x.function().is(&y.function()),
            (Object::Instance(x), _) if x.class.lookup("__eq__").is_some() => {
                let result = self.compare(CmpOp::Eq, a, b)?;
                self.truth(&result)?
            }
            (_, Object::Instance(y)) if y.class.lookup("__eq__").is_some() => {
                let result = self.compare(CmpOp::Eq, a, b)?;
                self.truth(&result)?
            }
            (Object::Tensor(_), Object::Tensor(_)) => {
                let result = self.compare(CmpOp::Eq, a, b)?;
                self.truth(&result)?
            }
            _ => match (payload(a), payload(b)) {
                (None, None) => a.is(b),
                (x, y)
                    if a.is(b)
                        || x.is_some() && y.is_some()
                        || !matches!((a, b), (Object::Instance(_), Object::Instance(_))) =>
                {
                    let (x, y) = (x.unwrap_or_else(|| a.clone()), y.unwrap_or_else(|| b.clone()));
                    self.equal(&x, &y)?
                }
                _ => false,
            },
        })
    }

    /// `is` or `==`: what containers ask.
    fn same(&mut self, a: &Object, b: &Object) -> Outcome<bool> {
        Ok(a.is(b) || self.equal(a, b)?)
    }

    fn all_equal(&mut self, x: &[Object], y: &[Object]) -> Outcome<bool> {
        if x.len() != y.len() {
            return Ok(false);
        }
        for (a, b) in x.iter().zip(y) {
            if !self.same(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The order of two objects; `None` where neither is less (NaN, sets); TypeError where Python has no order.
    pub fn order(&mut self, a: &Object, b: &Object, op: &str) -> Outcome<Option<Ordering>> {
        if let (Some(x), Some(y)) = (Self::as_number(a), Self::as_number(b)) {
            return Ok(numbers(x, y));
        }
        match (a, b) {
            (Object::Missing(why), _) | (_, Object::Missing(why)) => return Err(Raised::missing(why)),
            (Object::Str(x), Object::Str(y)) => return Ok(Some(x.cmp(y))),
            (Object::Bytes(x), Object::Bytes(y)) => return Ok(Some(x.cmp(y))),
            (Object::Tuple(x), Object::Tuple(y)) => return self.order_all(&x.items.0, &y.items.0, op),
            (Object::List(x), Object::List(y)) => {
                let (x, y) = (x.0.0.borrow().clone(), y.0.0.borrow().clone());
                return self.order_all(&x, &y, op);
            }
            (Object::Set(x), Object::Set(y)) => {
                let (x, y) = (x.items.0.borrow(), y.items.0.borrow());
                let (within, around) = (x.keys().all(|k| y.contains_key(k)), y.keys().all(|k| x.contains_key(k)));
                return Ok(match (within, around) {
                    (true, true) => Some(Ordering::Equal),
                    (true, false) => Some(Ordering::Less),
                    (false, true) => Some(Ordering::Greater),
                    (false, false) => None,
                });
            }
            _ => {}
        }
        if let (Some(x), Some(y)) = (payload(a).or_else(|| Some(a.clone())), payload(b).or_else(|| Some(b.clone())))
            && (payload(a).is_some() || payload(b).is_some())
        {
            return self.order(&x, &y, op);
        }
        let (x, y) = (self.type_name(a), self.type_name(b));
        Err(Raised::type_error(format!("'{op}' not supported between instances of '{x}' and '{y}'")))
    }

    fn order_all(&mut self, x: &[Object], y: &[Object], op: &str) -> Outcome<Option<Ordering>> {
        for (a, b) in x.iter().zip(y) {
            if !self.same(a, b)? {
                return self.deeper(|me| me.order(a, b, op));
            }
        }
        Ok(Some(x.len().cmp(&y.len())))
    }

    /// `a < b`, as `sorted`, `min` and `max` ask.
    pub fn less(&mut self, a: &Object, b: &Object) -> Outcome<bool> {
        let result = self.compare(CmpOp::Lt, a, b)?;
        self.truth(&result)
    }

    /// `item in container`.
    pub fn contains(&mut self, container: &Object, item: &Object) -> Outcome<bool> {
        match container {
            Object::Dict(dict) => {
                let key = self.key(item)?;
                Ok(dict.entries.0.borrow().contains_key(&key))
            }
            Object::View(dict, super::iterate::View::Keys) => {
                let key = self.key(item)?;
                Ok(dict.entries.0.borrow().contains_key(&key))
            }
            Object::Set(set) => {
                let key = self.key(item)?;
                Ok(set.items.0.borrow().contains_key(&key))
            }
            Object::Str(text) => match item {
                Object::Str(part) => Ok(text.contains(&**part)),
                _ => {
                    let name = self.type_name(item);
                    Err(Raised::type_error(format!("'in <string>' requires string as left operand, not {name}")))
                }
            },
            Object::Range(range) => match Self::as_number(item) {
                Some(Number::Int(i)) => {
                    let inside = if range.step > 0 {
                        range.start <= i && i < range.stop
                    } else {
                        range.stop < i && i <= range.start
                    };
                    Ok(inside && (i128::from(i) - i128::from(range.start)) % i128::from(range.step) == 0)
                }
                _ => Ok(false),
            },
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__contains__") {
                    let found = self.call_object(&method, Arguments::of(vec![container.clone(), item.clone()]))?;
                    return self.truth(&found);
                }
                match payload(container) {
                    Some(payload) => self.contains(&payload, item),
                    None => self.search(container, item),
                }
            }
            Object::Module(_) => {
                match self.module_method(container, "__contains__", Arguments::of(vec![item.clone()]))? {
                    Some(found) => self.truth(&found),
                    None => self.search(container, item),
                }
            }
            Object::Tensor(_) => {
                let found = self.tensor_method(container, "__contains__", Arguments::of(vec![item.clone()]))?;
                self.truth(&found)
            }
            _ => self.search(container, item),
        }
    }

    fn search(&mut self, container: &Object, item: &Object) -> Outcome<bool> {
        let iterator = self.iter(container).map_err(|mut raised| {
            if let super::raised::What::Builtin("TypeError", text) = &mut raised.what {
                *text = format!("argument of type '{}' is not iterable", self.type_name(container));
            }
            raised
        })?;
        while let Some(candidate) = self.next(&iterator)? {
            self.step(1)?;
            if self.same(&candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `bool(x)`.
    pub fn truth(&mut self, object: &Object) -> Outcome<bool> {
        Ok(match object {
            Object::Bool(b) => *b,
            Object::None => false,
            Object::Int(i) => *i != 0,
            Object::Float(f) => *f != 0.0,
            Object::Str(s) => !s.is_empty(),
            Object::Bytes(b) => !b.is_empty(),
            Object::Tuple(t) => !t.items.0.is_empty(),
            Object::List(l) => !l.0.0.borrow().is_empty(),
            Object::Dict(d) | Object::View(d, _) => !d.entries.0.borrow().is_empty(),
            Object::Set(s) => !s.items.0.borrow().is_empty(),
            Object::Range(r) => !r.is_empty(),
            Object::Missing(why) => return Err(Raised::missing(why)),
            Object::Tensor(_) => return self.tensor_truth(object),
            Object::Instance(instance) => {
                for name in ["__bool__", "__len__"] {
                    if let Some(method) = instance.class.lookup(name) {
                        let result = self.call_object(&method, Arguments::of(vec![object.clone()]))?;
                        return self.truth(&result);
                    }
                }
                match payload(object) {
                    Some(payload) => self.truth(&payload)?,
                    None => true,
                }
            }
            // a ModuleList without children is false, as its len is 0
            Object::Module(_) => match self.module_length(object)? {
                Some(length) => length != 0,
                None => true,
            },
            _ => true,
        })
    }
}

/// The order of two numbers, exact also between ints and floats.
pub fn numbers(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Int(a), Number::Float(b)) => int_float(a, b),
        (Number::Float(a), Number::Int(b)) => int_float(b, a).map(Ordering::reverse),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
    }
}

fn int_float(a: i64, b: f64) -> Option<Ordering> {
    match super::number::exact_int(b.floor()) {
        Some(floor) => Some(a.cmp(&floor).then(if b.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })),
        None => Number::Int(a).float().partial_cmp(&b),
    }
}
