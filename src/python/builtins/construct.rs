//! Builtin classes called: `int(x)`, `list(x)`, `range(n)`, `type(x)`.

use crate::python::class::Class;
use crate::python::number::{Number, truncate};
use crate::python::object::{Dict, DictKind, Object, Partial, Property, Range, Shallow, Tuple, TupleKind};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::rc::Rc;

impl Interpreter {
    /// A builtin class called.
    pub fn construct_builtin(&mut self, class: &Rc<Class>, mut arguments: Arguments) -> Outcome<Object> {
        let name = &*class.name;
        Ok(match name {
            "object" => Object::Instance(Rc::new(crate::python::object::Instance {
                class: class.clone(),
                attributes: Shallow::default(),
                payload: Default::default(),
            })),
            "type" => match arguments.positional.as_slice() {
                [object] => {
                    if let Object::Missing(why) = object {
                        return Err(Raised::missing(why));
                    }
                    Object::Class(self.type_of(object))
                }
                [name, bases, dict] => {
                    let name = self.text(name)?;
                    let mut classes = Vec::new();
                    for base in self.collect(bases)? {
                        let Object::Class(base) = base else { return Err(Raised::type_error("bases must be types")) };
                        classes.push(base);
                    }
                    let mut body = indexmap::IndexMap::new();
                    for (key, value) in self.mapping(dict)? {
                        body.insert(self.text(&key)?, value);
                    }
                    Object::Class(self.make_class(&name, name.clone(), classes, body, None)?)
                }
                _ => return Err(Raised::type_error("type() takes 1 or 3 arguments")),
            },
            "int" => self.int(arguments)?,
            "float" => {
                let [x] = arguments.bind("float", ["x"], 0)?;
                Object::Float(match x {
                    None => 0.0,
                    Some(x) => self.float(&x)?,
                })
            }
            "bool" => {
                let [x] = arguments.bind("bool", ["x"], 0)?;
                Object::Bool(match x {
                    None => false,
                    Some(x) => self.truth(&x)?,
                })
            }
            "str" => {
                let [x, ..] = arguments.bind("str", ["object", "encoding", "errors"], 0)?;
                Object::str(match x {
                    None => String::new(),
                    Some(x) => self.text(&x)?,
                })
            }
            "bytes" => match arguments.positional.first() {
                None => Object::Bytes(Rc::from([])),
                Some(Object::Str(text)) => Object::Bytes(text.bytes().collect()),
                Some(x) => {
                    let mut bytes = Vec::new();
                    for item in self.collect(&x.clone())? {
                        let byte = u8::try_from(self.index(&item)?);
                        bytes.push(byte.map_err(|_| Raised::value_error("bytes must be in range(0, 256)"))?);
                    }
                    Object::Bytes(bytes.into())
                }
            },
            "list" | "tuple" | "set" | "frozenset" => {
                let [x] = arguments.bind(name, ["iterable"], 0)?;
                let items = match x {
                    None => Vec::new(),
                    Some(x) => self.collect(&x)?,
                };
                match name {
                    "list" => Object::list(items),
                    "tuple" => Object::tuple(items),
                    other => self.set_of(items, other == "frozenset")?,
                }
            }
            "dict" | "OrderedDict" | "defaultdict" | "Counter" => self.construct_dict(name, arguments)?,
            "range" => {
                let bounds = arguments.positional.iter().map(|x| self.index(x)).collect::<Outcome<Vec<_>>>()?;
                let range = match bounds.as_slice() {
                    [stop] => Range { start: 0, stop: *stop, step: 1 },
                    [start, stop] => Range { start: *start, stop: *stop, step: 1 },
                    [start, stop, step] => Range { start: *start, stop: *stop, step: *step },
                    other => {
                        return Err(Raised::type_error(match other.len() {
                            0 => "range expected at least 1 argument, got 0".to_owned(),
                            n => format!("range expected at most 3 arguments, got {n}"),
                        }));
                    }
                };
                if range.step == 0 {
                    return Err(Raised::value_error("range() arg 3 must not be zero"));
                }
                Object::Range(range)
            }
            "slice" => {
                let none = Object::None;
                let parts = match arguments.positional.as_slice() {
                    [stop] => [none.clone(), stop.clone(), none],
                    [start, stop] => [start.clone(), stop.clone(), none],
                    [start, stop, step] => [start.clone(), stop.clone(), step.clone()],
                    _ => return Err(Raised::type_error("slice expected at least 1 argument, got 0")),
                };
                Object::Slice(Rc::new(parts))
            }
            "property" => {
                let [fget, fset, fdel, _] = arguments.bind("property", ["fget", "fset", "fdel", "doc"], 0)?;
                Object::Property(Rc::new(Property {
                    fget: fget.unwrap_or_default(),
                    fset: fset.unwrap_or_default(),
                    fdel: fdel.unwrap_or_default(),
                    cached: None,
                }))
            }
            "cached_property" => {
                let [fget] = arguments.exactly("cached_property")?;
                let cached = match &fget {
                    Object::Function(function) => function.code.name.clone(),
                    _ => return Err(Raised::type_error("cached_property() needs a function")),
                };
                Object::Property(Rc::new(Property { fget, cached: Some(cached), ..Property::default() }))
            }
            "staticmethod" => {
                let [function] = arguments.exactly("staticmethod")?;
                Object::Static(Rc::new(function))
            }
            "classmethod" => {
                let [function] = arguments.exactly("classmethod")?;
                Object::ClassMethod(Rc::new(function))
            }
            "super" => {
                let [class, receiver] = arguments.exactly("super")?;
                match class {
                    Object::Class(class) => self.super_of(class, receiver)?,
                    _ => return Err(Raised::type_error("super() argument 1 must be a type")),
                }
            }
            "partial" => {
                if arguments.positional.is_empty() {
                    return Err(Raised::type_error("type 'partial' takes at least one argument"));
                }
                let keywords = Shallow(std::mem::take(&mut arguments.keyword));
                Object::Partial(Rc::new(Partial { parts: Shallow(arguments.positional), keywords }))
            }
            "Size" => {
                let [x] = arguments.bind("Size", ["iterable"], 0)?;
                let items = match x {
                    Some(x) => self.collect(&x)?,
                    None => Vec::new(),
                };
                Object::Tuple(Rc::new(Tuple { kind: TupleKind::Size, items: Shallow(items) }))
            }
            "device" => {
                let [kind, index] = arguments.bind("device", ["type", "index"], 1)?;
                let mut text = match kind {
                    Some(Object::Int(index)) => format!("cuda:{index}"),
                    Some(kind) => self.text(&kind)?,
                    None => String::new(),
                };
                if let Some(index) = index {
                    text = format!("{text}:{}", self.index(&index)?);
                }
                Object::Device(Rc::from(text))
            }
            "Parameter" | "Buffer" => self.make_leaf(name, arguments)?,
            "Tensor" => match crate::nn::function::lookup("torch.Tensor") {
                Some(function) => self.call_torch(function, arguments)?,
                None => match (
                    crate::nn::function::lookup("torch.tensor"),
                    crate::nn::function::lookup("torch.empty"),
                    arguments.positional.first(),
                ) {
                    (Some(function), _, Some(Object::List(_) | Object::Tuple(_))) => {
                        let float = Object::Dtype(crate::dtype::DType::Float32);
                        arguments.keyword.push((Rc::from("dtype"), float));
                        self.call_torch(function, arguments)?
                    }
                    (_, Some(function), _) => self.call_torch(function, arguments)?,
                    _ => return Err(Raised::unsupported("torch.Tensor(...)")),
                },
            },
            "auto" => Object::Inert(Rc::from("enum.auto")),
            "Enum" | "IntEnum" => return Err(Raised::unsupported("the functional form of enum.Enum")),
            _ => return Err(Raised::type_error(format!("cannot create '{name}' instances"))),
        })
    }

    fn construct_dict(&mut self, name: &str, mut arguments: Arguments) -> Outcome<Object> {
        let mut positional = std::mem::take(&mut arguments.positional);
        let kind = match name {
            "OrderedDict" => DictKind::Ordered,
            "Counter" => DictKind::Counter,
            "defaultdict" => DictKind::Default(if positional.is_empty() { Object::None } else { positional.remove(0) }),
            _ => DictKind::Plain,
        };
        let dict = Object::Dict(Rc::new(Dict { kind, entries: Shallow::default() }));
        if positional.len() > 1 {
            let given = positional.len();
            return Err(Raised::type_error(format!("{name} expected at most 1 argument, got {given}")));
        }
        if let Some(source) = positional.first() {
            if name == "Counter" && !matches!(source, Object::Dict(_)) {
                for item in self.collect(source)? {
                    let count = self.get_item(&dict, &item)?;
                    let count = self.binary(ruff_python_ast::Operator::Add, &count, &Object::Int(1))?;
                    self.set_item(&dict, &item, count)?;
                }
            } else {
                self.dict_update(&dict, source)?;
            }
        }
        for (key, value) in arguments.keyword {
            self.set_item(&dict, &Object::Str(key), value)?;
        }
        Ok(dict)
    }

    /// `dict.update(source)`: a mapping, or an iterable of pairs.
    pub fn dict_update(&mut self, dict: &Object, source: &Object) -> Outcome<()> {
        let entries = match source {
            Object::Dict(_) => self.mapping(source)?,
            Object::Instance(_) | Object::Module(_) if self.find_attribute(source, "keys")?.is_some() => {
                self.mapping(source)?
            }
            _ => {
                let mut entries = Vec::new();
                for (at, pair) in self.collect(source)?.iter().enumerate() {
                    let pair = self.collect(pair).map_err(|_| {
                        Raised::type_error(format!(
                            "cannot convert dictionary update sequence element #{at} to a sequence"
                        ))
                    })?;
                    let count = pair.len();
                    let Ok([key, value]) = <[Object; 2]>::try_from(pair) else {
                        return Err(Raised::value_error(format!(
                            "dictionary update sequence element #{at} has length {count}; 2 is required"
                        )));
                    };
                    entries.push((key, value));
                }
                entries
            }
        };
        for (key, value) in entries {
            self.set_item(dict, &key, value)?;
        }
        Ok(())
    }

    fn int(&mut self, arguments: Arguments) -> Outcome<Object> {
        let [x, base] = arguments.bind("int", ["x", "base"], 0)?;
        let Some(x) = x else { return Ok(Object::Int(0)) };
        if let Object::Str(text) = &x {
            let base = match base {
                Some(base) => self.index(&base)?,
                None => 10,
            };
            return parse_int(text, base);
        }
        if let Object::Tensor(_) = x {
            let item = self.tensor_item(&x)?;
            if let Object::Tensor(_) = item {
                return Err(Raised::unsupported("int() of a tensor that is computed from the input"));
            }
            return self.int(Arguments::of(vec![item]));
        }
        match Self::as_number(&x) {
            Some(Number::Int(i)) => Ok(Object::Int(i)),
            Some(Number::Float(f)) => truncate(f).map(Object::Int),
            None => {
                for name in ["__int__", "__index__", "__trunc__"] {
                    if let Object::Instance(_) = x
                        && let Some(method) = self.find_attribute(&x, name)?
                    {
                        return self.call_object(&method, Arguments::default());
                    }
                }
                let name = self.type_name(&x);
                Err(Raised::type_error(format!(
                    "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
                )))
            }
        }
    }

    /// `float(x)`.
    pub fn float(&mut self, x: &Object) -> Outcome<f64> {
        match x {
            Object::Str(text) => parse_float(text),
            Object::Tensor(_) => {
                let item = self.tensor_item(x)?;
                match item {
                    Object::Tensor(_) => {
                        Err(Raised::unsupported("float() of a tensor that is computed from the input"))
                    }
                    item => self.float(&item),
                }
            }
            Object::Missing(why) => Err(Raised::missing(why)),
            Object::Instance(instance) if instance.class.lookup("__float__").is_some() => {
                let method = self.attribute(x, "__float__")?;
                let value = self.call_object(&method, Arguments::default())?;
                self.float(&value)
            }
            _ => match Self::as_number(x) {
                Some(number) => Ok(number.float()),
                None => {
                    let name = self.type_name(x);
                    Err(Raised::type_error(format!("float() argument must be a string or a real number, not '{name}'")))
                }
            },
        }
    }
}

fn parse_float(text: &str) -> Outcome<f64> {
    let trimmed = text.trim();
    let bad = || Raised::value_error(format!("could not convert string to float: {}", crate::literal::quoted(text)));
    let plain: String = trimmed.chars().filter(|c| *c != '_').collect();
    let body = plain.trim_start_matches(['+', '-']).to_lowercase();
    let word = matches!(body.as_str(), "inf" | "infinity" | "nan");
    if !word && body.chars().any(|c| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-'))) {
        return Err(bad());
    }
    plain.parse().map_err(|_| bad())
}

fn parse_int(text: &str, base: i64) -> Outcome<Object> {
    let shown = crate::literal::quoted(text);
    let bad = || Raised::value_error(format!("invalid literal for int() with base {base}: {shown}"));
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let lower = digits.to_lowercase();
    let (radix, digits) = match (base, lower.get(..2)) {
        (16 | 0, Some("0x")) => (16, lower.get(2..)),
        (8 | 0, Some("0o")) => (8, lower.get(2..)),
        (2 | 0, Some("0b")) => (2, lower.get(2..)),
        (0, _) => (10, Some(lower.as_str())),
        (2..=36, _) => (u32::try_from(base).unwrap_or(10), Some(lower.as_str())),
        _ => return Err(Raised::value_error("int() base must be >= 2 and <= 36, or 0")),
    };
    let digits = digits.unwrap_or_default().replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(bad());
    }
    let text = if negative { format!("-{digits}") } else { digits };
    match i64::from_str_radix(&text, radix) {
        Ok(int) => Ok(Object::Int(int)),
        Err(_) => Err(Raised::overflow(format!("{text} does not fit in 64 bits"))),
    }
}
