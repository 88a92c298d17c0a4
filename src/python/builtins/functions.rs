//! Builtin functions on single objects: attributes, types, numbers, text.

use crate::python::number::{Number, float_divmod, floor_div, floor_mod, round_float};
use crate::python::object::{Native, Object};
use crate::python::operator::object;
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::Operator;
use std::rc::Rc;

/// The functions.
pub static TABLE: &[Native] = &[
    Native {
        name: "isinstance",
        run: |me, a| {
            let [x, c] = a.exactly("isinstance")?;
            me.is_instance(&x, &c).map(Object::Bool)
        },
    },
    Native {
        name: "issubclass",
        run: |me, a| {
            let [x, c] = a.exactly("issubclass")?;
            me.is_subclass(&x, &c).map(Object::Bool)
        },
    },
    Native { name: "hasattr", run: hasattr },
    Native { name: "getattr", run: getattr },
    Native {
        name: "setattr",
        run: |me, a| {
            let [x, name, value] = a.exactly("setattr")?;
            let name = attribute_name(me, &name, "setattr")?;
            me.set_attribute(&x, &name, value).map(|()| Object::None)
        },
    },
    Native {
        name: "delattr",
        run: |me, a| {
            let [x, name] = a.exactly("delattr")?;
            let name = attribute_name(me, &name, "delattr")?;
            me.delete_attribute(&x, &name).map(|()| Object::None)
        },
    },
    Native {
        name: "callable",
        run: |me, a| {
            let [x] = a.exactly("callable")?;
            Ok(Object::Bool(is_callable(me, &x)))
        },
    },
    Native {
        name: "repr",
        run: |me, a| {
            let [x] = a.exactly("repr")?;
            me.repr(&x).map(Object::str)
        },
    },
    Native {
        name: "ascii",
        run: |me, a| {
            let [x] = a.exactly("ascii")?;
            Ok(Object::str(crate::literal::ascii(&me.repr(&x)?)))
        },
    },
    Native {
        name: "format",
        run: |me, a| {
            let [x, spec] = a.bind("format", ["value", "format_spec"], 1)?;
            let spec = match spec {
                Some(spec) => me.text(&spec)?,
                None => String::new(),
            };
            me.format(&x.unwrap_or_default(), &spec).map(Object::str)
        },
    },
    Native {
        name: "id",
        run: |_, a| {
            let [x] = a.exactly("id")?;
            let address = match &x {
                Object::Tensor(t) => t.address(),
                Object::Module(id) => id.0 as usize,
                x => x.address().unwrap_or(1),
            };
            Ok(Object::Int(i64::try_from(address).unwrap_or(i64::MAX)))
        },
    },
    Native { name: "hash", run: hash },
    Native { name: "abs", run: abs },
    Native { name: "round", run: round },
    Native { name: "divmod", run: divmod },
    Native { name: "pow", run: pow },
    Native { name: "print", run: print },
    Native {
        name: "ord",
        run: |me, a| {
            let [x] = a.exactly("ord")?;
            match &x {
                Object::Str(text) if text.chars().count() == 1 => {
                    Ok(Object::Int(text.chars().next().map_or(0, |c| i64::from(u32::from(c)))))
                }
                Object::Str(text) => Err(Raised::type_error(format!(
                    "ord() expected a character, but string of length {} found",
                    text.chars().count()
                ))),
                _ => Err(Raised::type_error(format!(
                    "ord() expected string of length 1, but {} found",
                    me.type_name(&x)
                ))),
            }
        },
    },
    Native {
        name: "chr",
        run: |me, a| {
            let [x] = a.exactly("chr")?;
            let code = u32::try_from(me.index(&x)?).ok().and_then(char::from_u32);
            code.map(|c| Object::str(c.to_string()))
                .ok_or_else(|| Raised::value_error("chr() arg not in range(0x110000)"))
        },
    },
    Native { name: "bin", run: |me, a| radix(me, a, "bin") },
    Native { name: "oct", run: |me, a| radix(me, a, "oct") },
    Native { name: "hex", run: |me, a| radix(me, a, "hex") },
    Native {
        name: "vars",
        run: |me, a| {
            let [x] = a.exactly("vars")?;
            me.attribute(&x, "__dict__").map_err(|_| Raised::type_error("vars() argument must have __dict__ attribute"))
        },
    },
    Native { name: "dir", run: |_, _| Err(Raised::unsupported("dir()")) },
    Native { name: "globals", run: |_, _| Err(Raised::unsupported("globals()")) },
    Native { name: "locals", run: |_, _| Err(Raised::unsupported("locals()")) },
    Native { name: "eval", run: |_, _| Err(Raised::unsupported("eval()")) },
    Native { name: "exec", run: |_, _| Err(Raised::unsupported("exec()")) },
    Native { name: "compile", run: |_, _| Err(Raised::unsupported("compile()")) },
    Native { name: "open", run: |_, _| Err(Raised::unsupported("open()")) },
    Native { name: "input", run: |_, _| Err(Raised::unsupported("input()")) },
    Native { name: "__import__", run: |_, _| Err(Raised::unsupported("__import__()")) },
    Native { name: "breakpoint", run: |_, _| Ok(Object::None) },
];

fn attribute_name(me: &mut Interpreter, name: &Object, function: &str) -> Outcome<String> {
    match name {
        Object::Str(name) => Ok(name.to_string()),
        other => Err(Raised::type_error(format!(
            "attribute name must be string, not '{}' ({function})",
            me.type_name(other)
        ))),
    }
}

fn hasattr(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [object, name] = arguments.exactly("hasattr")?;
    let name = attribute_name(me, &name, "hasattr")?;
    match me.find_attribute(&object, &name) {
        Ok(found) => Ok(Object::Bool(found.is_some())),
        Err(raised) if raised.class_name() == Some("AttributeError") => Ok(Object::Bool(false)),
        Err(raised) => Err(raised),
    }
}

fn getattr(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [object, name, default] = arguments.bind("getattr", ["object", "name", "default"], 2)?;
    let object = object.unwrap_or_default();
    let name = attribute_name(me, &name.unwrap_or_default(), "getattr")?;
    match (me.attribute(&object, &name), default) {
        (Err(raised), Some(default)) if raised.class_name() == Some("AttributeError") => Ok(default),
        (result, _) => result,
    }
}

/// Whether `object(...)` can be called.
pub fn is_callable(me: &Interpreter, object: &Object) -> bool {
    match object {
        Object::Function(_)
        | Object::Native(_)
        | Object::Bound(_)
        | Object::Class(_)
        | Object::Partial(_)
        | Object::Torch(_)
        | Object::Module(_)
        | Object::Static(_) => true,
        Object::Instance(_) => me.type_of(object).lookup("__call__").is_some(),
        _ => false,
    }
}

fn hash(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let [object] = arguments.exactly("hash")?;
    if let Object::Int(i) = object {
        return Ok(Object::Int(i));
    }
    let key = me.key(&object)?;
    if let crate::python::key::Key::Int(i) | crate::python::key::Key::Hashed(_, i) = key {
        return Ok(Object::Int(i));
    }
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    Ok(Object::Int((hasher.finish() >> 1).try_into().unwrap_or(0)))
}

fn abs(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [x] = arguments.exactly("abs")?;
    match (&x, Interpreter::as_number(&x)) {
        (_, Some(Number::Int(i))) => i
            .checked_abs()
            .map(Object::Int)
            .ok_or_else(|| Raised::overflow(format!("abs({i}) does not fit in 64 bits"))),
        (_, Some(Number::Float(f))) => Ok(Object::Float(f.abs())),
        (Object::Tensor(_), _) => me.tensor_method(&x, "abs", Arguments::default()),
        (Object::Instance(_), _) if me.type_of(&x).lookup("__abs__").is_some() => {
            let method = me.attribute(&x, "__abs__")?;
            me.call_object(&method, Arguments::default())
        }
        _ => Err(Raised::type_error(format!("bad operand type for abs(): '{}'", me.type_name(&x)))),
    }
}

fn round(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [x, digits] = arguments.bind("round", ["number", "ndigits"], 1)?;
    let x = x.unwrap_or_default();
    let digits = match digits {
        None | Some(Object::None) => None,
        Some(digits) => Some(me.index(&digits)?),
    };
    match (&x, Interpreter::as_number(&x), digits) {
        (Object::Tensor(_), ..) => {
            let keyword = digits.map(|d| (Rc::from("decimals"), Object::Int(d))).into_iter().collect();
            me.tensor_method(&x, "round", Arguments { positional: Vec::new(), keyword })
        }
        (_, Some(Number::Int(i)), None | Some(0..)) => Ok(Object::Int(i)),
        (_, Some(Number::Int(i)), Some(digits)) => {
            let Some(unit) = u32::try_from(-digits).ok().and_then(|d| 10i64.checked_pow(d)) else {
                return Ok(Object::Int(0));
            };
            let rest = i.rem_euclid(unit);
            let low = i - rest;
            let up = match (rest * 2).cmp(&unit) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => (low / unit) % 2 != 0,
            };
            Ok(Object::Int(if up { low + unit } else { low }))
        }
        (_, Some(Number::Float(f)), None) => {
            crate::python::number::truncate(f)?;
            crate::python::number::truncate(f.round_ties_even()).map(Object::Int)
        }
        (_, Some(Number::Float(f)), Some(digits)) => Ok(Object::Float(round_float(f, digits))),
        _ => match me.find_attribute(&x, "__round__")? {
            Some(method) => me.call_object(&method, Arguments::of(digits.map(Object::Int).into_iter().collect())),
            None => Err(Raised::type_error(format!("type {} doesn't define __round__ method", me.type_name(&x)))),
        },
    }
}

fn divmod(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [a, b] = arguments.exactly("divmod")?;
    match (Interpreter::as_number(&a), Interpreter::as_number(&b)) {
        (Some(Number::Int(_)), Some(Number::Int(0))) => {
            Err(Raised::zero_division("integer division or modulo by zero"))
        }
        (Some(Number::Int(x)), Some(Number::Int(y))) => match (floor_div(x, y), floor_mod(x, y)) {
            (Some(q), Some(r)) => Ok(Object::tuple(vec![Object::Int(q), Object::Int(r)])),
            _ => Err(Raised::overflow(format!("divmod({x}, {y}) does not fit in 64 bits"))),
        },
        (Some(x), Some(y)) => {
            if y.float() == 0.0 {
                return Err(Raised::zero_division("float divmod()"));
            }
            let (q, r) = float_divmod(x.float(), y.float());
            Ok(Object::tuple(vec![Object::Float(q), Object::Float(r)]))
        }
        _ => {
            let quotient = me.binary(Operator::FloorDiv, &a, &b)?;
            let rest = me.binary(Operator::Mod, &a, &b)?;
            Ok(Object::tuple(vec![quotient, rest]))
        }
    }
}

fn pow(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [a, b, modulus] = arguments.bind("pow", ["base", "exp", "mod"], 2)?;
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let Some(modulus) = modulus.filter(|m| !matches!(m, Object::None)) else { return me.binary(Operator::Pow, &a, &b) };
    let (mut base, mut exponent, modulus) = (i128::from(me.index(&a)?), me.index(&b)?, i128::from(me.index(&modulus)?));
    if modulus == 0 {
        return Err(Raised::value_error("pow() 3rd argument cannot be 0"));
    }
    if exponent < 0 {
        return Err(Raised::unsupported("pow() with a negative exponent and a modulus"));
    }
    let mut result = 1i128;
    base %= modulus;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    let result = if result % modulus != 0 && (result < 0) != (modulus < 0) {
        result % modulus + modulus
    } else {
        result % modulus
    };
    Ok(object(Number::Int(i64::try_from(result).unwrap_or(0))))
}

/// What is kept of what a program prints.
const MAX_PRINTED: usize = 1 << 20;

fn print(me: &mut Interpreter, mut arguments: Arguments) -> Outcome<Object> {
    let separator = match arguments.take("sep") {
        Some(Object::None) | None => " ".to_owned(),
        Some(text) => me.text(&text)?,
    };
    let end = match arguments.take("end") {
        Some(Object::None) | None => "\n".to_owned(),
        Some(text) => me.text(&text)?,
    };
    let mut parts = Vec::new();
    for value in &arguments.positional {
        parts.push(me.text(value)?);
    }
    let text = parts.join(&separator) + &end;
    me.step(text.len() as u64 / 16)?;
    if me.printed.len() + text.len() <= MAX_PRINTED {
        me.printed.push_str(&text);
    }
    Ok(Object::None)
}

fn radix(me: &mut Interpreter, arguments: Arguments, name: &str) -> Outcome<Object> {
    let [x] = arguments.exactly(name)?;
    let x = me.index(&x)?;
    let kind = if name == "bin" {
        "#b"
    } else if name == "oct" {
        "#o"
    } else {
        "#x"
    };
    me.format(&Object::Int(x), kind).map(Object::str)
}
