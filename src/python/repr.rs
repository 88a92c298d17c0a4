//! `repr` and `str`.

use super::Interpreter;
use super::class::ClassKind;
use super::object::{DictKind, Object, TupleKind};
use super::raised::{Outcome, Raised, is_named};
use super::{Arguments, format};
use crate::literal::quoted;

impl Interpreter {
    /// `str(object)`.
    pub fn text(&mut self, object: &Object) -> Outcome<String> {
        match object {
            Object::Str(text) => Ok(text.to_string()),
            Object::Device(device) => Ok(device.to_string()),
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__str__") {
                    return self.text_by(&method, object);
                }
                if is_named(&instance.class, "BaseException") {
                    return self.exception_text(instance);
                }
                if instance.class.lookup("__repr__").is_none()
                    && let Some(payload @ Object::Str(_)) = super::operator::payload(object)
                {
                    return self.text(&payload);
                }
                if self.is_enum(&instance.class) {
                    let name = instance.attributes.0.borrow().get("name").cloned().unwrap_or_default();
                    return Ok(format!("{}.{}", instance.class.name, self.text(&name)?));
                }
                self.repr(object)
            }
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => self.repr(object),
        }
    }

    fn text_by(&mut self, method: &Object, object: &Object) -> Outcome<String> {
        match self.call_object(method, Arguments::of(vec![object.clone()]))? {
            Object::Str(text) => Ok(text.to_string()),
            other => {
                let name = self.type_name(&other);
                Err(Raised::type_error(format!("__str__ returned non-string (type {name})")))
            }
        }
    }

    /// `repr(object)`.
    pub fn repr(&mut self, object: &Object) -> Outcome<String> {
        self.step(1)?;
        self.deeper(|me| me.repr_inner(object))
    }

    fn repr_inner(&mut self, object: &Object) -> Outcome<String> {
        Ok(match object {
            Object::None => "None".to_owned(),
            Object::Ellipsis => "Ellipsis".to_owned(),
            Object::NotImplemented => "NotImplemented".to_owned(),
            Object::Bool(true) => "True".to_owned(),
            Object::Bool(false) => "False".to_owned(),
            Object::Int(i) => i.to_string(),
            Object::Float(f) => format::float_repr(*f),
            Object::Str(text) => quoted(text),
            Object::Bytes(bytes) => {
                let text: String = bytes
                    .iter()
                    .map(|b| match b {
                        b'\\' => "\\\\".to_owned(),
                        b'\'' => "\\'".to_owned(),
                        b'\n' => "\\n".to_owned(),
                        b'\r' => "\\r".to_owned(),
                        b'\t' => "\\t".to_owned(),
                        32..127 => char::from(*b).to_string(),
                        b => format!("\\x{b:02x}"),
                    })
                    .collect();
                format!("b'{text}'")
            }
            Object::Tuple(tuple) => {
                let items = self.reprs(&tuple.items.0)?;
                match &tuple.kind {
                    TupleKind::Plain if items.len() == 1 => format!("({},)", items.concat()),
                    TupleKind::Plain => format!("({})", items.join(", ")),
                    TupleKind::Size => format!("torch.Size([{}])", items.join(", ")),
                    TupleKind::Named(class) => {
                        let class = class.clone();
                        if let Some(method) = class.lookup("__repr__") {
                            return self.text_by(&method, object);
                        }
                        let names = self.field_names(&class)?;
                        let parts: Vec<_> = names.iter().zip(&items).map(|(n, v)| format!("{n}={v}")).collect();
                        format!("{}({})", class.name, parts.join(", "))
                    }
                    TupleKind::Torch(name, fields) => {
                        let parts: Vec<_> = fields.iter().zip(&items).map(|(n, v)| format!("{n}={v}")).collect();
                        format!("{name}({})", parts.join(",\n"))
                    }
                }
            }
            Object::List(list) => {
                let items = list.0.0.borrow().clone();
                if self.showing.contains(&object.address().unwrap_or_default()) {
                    return Ok("[...]".to_owned());
                }
                self.showing.push(object.address().unwrap_or_default());
                let items = self.reprs(&items);
                self.showing.pop();
                format!("[{}]", items?.join(", "))
            }
            Object::Dict(dict) => {
                if self.showing.contains(&object.address().unwrap_or_default()) {
                    return Ok("{...}".to_owned());
                }
                let entries: Vec<_> = dict.entries.0.borrow().values().cloned().collect();
                self.showing.push(object.address().unwrap_or_default());
                let parts = self.entry_reprs(&entries);
                self.showing.pop();
                let body = format!("{{{}}}", parts?.join(", "));
                match &dict.kind {
                    DictKind::Plain => body,
                    DictKind::Ordered if entries.is_empty() => "OrderedDict()".to_owned(),
                    DictKind::Ordered => {
                        let pairs: Vec<_> = entries.into_iter().map(|(k, v)| Object::tuple(vec![k, v])).collect();
                        format!("OrderedDict([{}])", self.reprs(&pairs)?.join(", "))
                    }
                    DictKind::Default(factory) => {
                        let factory = factory.clone();
                        format!("defaultdict({}, {body})", self.repr(&factory)?)
                    }
                    DictKind::Counter if entries.is_empty() => "Counter()".to_owned(),
                    DictKind::Counter => format!("Counter({body})"),
                }
            }
            Object::View(..) => {
                let name = self.type_name(object);
                let items = self.collect(object)?;
                format!("{name}([{}])", self.reprs(&items)?.join(", "))
            }
            Object::Set(set) => {
                let items: Vec<_> = set.items.0.borrow().values().cloned().collect();
                let parts = self.reprs(&items)?;
                match (set.frozen, parts.is_empty()) {
                    (false, true) => "set()".to_owned(),
                    (false, false) => format!("{{{}}}", parts.join(", ")),
                    (true, true) => "frozenset()".to_owned(),
                    (true, false) => format!("frozenset({{{}}})", parts.join(", ")),
                }
            }
            Object::Range(range) => match range.step {
                1 => format!("range({}, {})", range.start, range.stop),
                step => format!("range({}, {}, {step})", range.start, range.stop),
            },
            Object::Slice(slice) => format!("slice({})", self.reprs(&slice[..])?.join(", ")),
            Object::Class(class) => match class.kind {
                ClassKind::User => format!("<class '__main__.{}'>", class.qualname),
                ClassKind::Builtin if matches!(&*class.name, "Tensor" | "Size" | "dtype" | "device") => {
                    format!("<class 'torch.{}'>", class.name)
                }
                _ => format!("<class '{}'>", class.qualname),
            },
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__repr__") {
                    return self.text_by(&method, object);
                }
                if is_named(&instance.class, "BaseException") {
                    let arguments = instance.attributes.0.borrow().get("args").cloned();
                    let items = match arguments {
                        Some(Object::Tuple(items)) => self.reprs(&items.items.0)?.join(", "),
                        _ => String::new(),
                    };
                    return Ok(format!("{}({items})", instance.class.name));
                }
                if self.is_enum(&instance.class) {
                    let attributes = instance.attributes.0.borrow().clone();
                    let name = attributes.get("name").cloned().unwrap_or_default();
                    let value = attributes.get("value").cloned().unwrap_or_default();
                    return Ok(format!("<{}.{}: {}>", instance.class.name, self.text(&name)?, self.repr(&value)?));
                }
                match super::operator::payload(object) {
                    Some(payload) => self.repr(&payload)?,
                    None => format!("<__main__.{} object>", instance.class.qualname),
                }
            }
            Object::Module(_) => match self.module_method(object, "__repr__", Arguments::default())? {
                Some(Object::Str(text)) => text.to_string(),
                _ => format!("{}()", self.type_name(object)),
            },
            Object::Tensor(tensor) => {
                let info = self.trace.graph.info(tensor.value());
                format!("tensor(shape={:?}, dtype=torch.{})", info.shape, info.dtype.name())
            }
            Object::Dtype(dtype) => format!("torch.{}", dtype.name()),
            Object::Device(device) => format!("device(type='{device}')"),
            Object::Function(function) => format!("<function {}>", function.qualname),
            Object::Native(native) => format!("<built-in function {}>", native.name),
            Object::Torch(function) => format!("<built-in function {}>", function.name),
            Object::Package(name) => format!("<module '{name}'>"),
            Object::Inert(name) => name.to_string(),
            Object::Missing(why) => return Err(Raised::missing(why)),
            Object::Partial(partial) => {
                let mut parts = self.reprs(&partial.parts.0)?;
                for (key, value) in &partial.keywords.0 {
                    parts.push(format!("{key}={}", self.repr(value)?));
                }
                format!("functools.partial({})", parts.join(", "))
            }
            other => format!("<{} object>", self.type_name(other)),
        })
    }

    fn reprs(&mut self, items: &[Object]) -> Outcome<Vec<String>> {
        items.iter().map(|item| self.repr(item)).collect()
    }

    fn entry_reprs(&mut self, entries: &[(Object, Object)]) -> Outcome<Vec<String>> {
        entries.iter().map(|(k, v)| Ok(format!("{}: {}", self.repr(k)?, self.repr(v)?))).collect()
    }
}
