//! Expressions.

use super::environment::{Env, EnvKind};
use super::function::Function;
use super::object::{Dict, DictKind, Object, Set, Shallow};
use super::program::place;
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use indexmap::IndexMap;
use ruff_python_ast::{
    BoolOp, ConversionFlag, Expr, ExprCall, ExprDict, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements, Number,
};
use ruff_text_size::Ranged;
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// The value of an expression; what it raises gets its place.
    pub fn eval(&mut self, env: &Rc<Env>, expression: &Expr) -> Outcome<Object> {
        let result = match expression {
            Expr::Name(name) => self.load(env, &name.id),
            Expr::NoneLiteral(_) => return Ok(Object::None),
            Expr::BooleanLiteral(literal) => return Ok(Object::Bool(literal.value)),
            Expr::EllipsisLiteral(_) => return Ok(Object::Ellipsis),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Complex { real, imag } => self.complex_number(*real, *imag),
                value => number(value),
            },
            Expr::StringLiteral(literal) => return Ok(Object::str(literal.value.to_str())),
            _ => self.deeper(|me| me.eval_compound(env, expression)),
        };
        result.map_err(|mut raised| {
            if raised.place.is_none() {
                raised.place = Some(place(&env.unit, expression));
            }
            raised
        })
    }

    fn eval_compound(&mut self, env: &Rc<Env>, expression: &Expr) -> Outcome<Object> {
        self.step(1)?;
        match expression {
            Expr::Call(call) => self.eval_call(env, call),
            Expr::Attribute(attribute) => {
                let value = self.eval(env, &attribute.value)?;
                self.here(env, expression);
                self.attribute(&value, &attribute.attr)
            }
            Expr::BinOp(operation) => {
                let left = self.eval(env, &operation.left)?;
                let right = self.eval(env, &operation.right)?;
                self.here(env, expression);
                self.binary(operation.op, &left, &right)
            }
            Expr::UnaryOp(operation) => {
                let value = self.eval(env, &operation.operand)?;
                self.here(env, expression);
                self.unary(operation.op, &value)
            }
            Expr::Subscript(subscript) => {
                let value = self.eval(env, &subscript.value)?;
                let index = self.eval(env, &subscript.slice)?;
                self.here(env, expression);
                self.get_item(&value, &index)
            }
            Expr::Compare(compare) => {
                let mut left = self.eval(env, &compare.left)?;
                let last = compare.ops.len().saturating_sub(1);
                for (at, (op, right)) in compare.ops.iter().zip(&compare.comparators).enumerate() {
                    let right = self.eval(env, right)?;
                    self.here(env, expression);
                    let result = self.compare(*op, &left, &right)?;
                    if at == last || !self.truth(&result)? {
                        return Ok(result);
                    }
                    left = right;
                }
                Ok(Object::Bool(true))
            }
            Expr::BoolOp(operation) => {
                let mut value = Object::None;
                for operand in &operation.values {
                    value = self.eval(env, operand)?;
                    self.here(env, operand);
                    if self.truth(&value)? == (operation.op == BoolOp::Or) {
                        break;
                    }
                }
                Ok(value)
            }
            Expr::If(choice) => {
                let test = self.eval(env, &choice.test)?;
                self.here(env, &*choice.test);
                if self.truth(&test)? { self.eval(env, &choice.body) } else { self.eval(env, &choice.orelse) }
            }
            Expr::Named(named) => {
                let value = self.eval(env, &named.value)?;
                if let Expr::Name(name) = &*named.target {
                    self.store(env, &name.id, value.clone())?;
                }
                Ok(value)
            }
            Expr::Lambda(lambda) => {
                let code = env.unit.lambda(lambda);
                Function::make(self, env, code).map(|f| Object::Function(Rc::new(f)))
            }
            Expr::Tuple(tuple) => self.eval_items(env, &tuple.elts).map(Object::tuple),
            Expr::List(list) => self.eval_items(env, &list.elts).map(Object::list),
            Expr::Set(set) => {
                let items = self.eval_items(env, &set.elts)?;
                self.set_of(items, false)
            }
            Expr::Dict(dict) => self.eval_dict(env, dict),
            Expr::Slice(slice) => {
                let mut part = |bound: &Option<Box<Expr>>| match bound {
                    Some(bound) => self.eval(env, bound),
                    None => Ok(Object::None),
                };
                let parts = [part(&slice.lower)?, part(&slice.upper)?, part(&slice.step)?];
                Ok(Object::Slice(Rc::new(parts)))
            }
            Expr::FString(text) => self.eval_fstring(env, text.value.as_slice()).map(Object::str),
            Expr::BytesLiteral(bytes) => {
                Ok(Object::Bytes(bytes.value.iter().flat_map(|part| part.value.iter().copied()).collect()))
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(env, expression)
            }
            Expr::Yield(y) => {
                let value = match &y.value {
                    Some(value) => self.eval(env, value)?,
                    None => Object::None,
                };
                self.yield_value(env, value)?;
                Ok(Object::None)
            }
            Expr::YieldFrom(y) => {
                let values = self.eval(env, &y.value)?;
                for value in self.collect(&values)? {
                    self.yield_value(env, value)?;
                }
                Ok(Object::None)
            }
            Expr::Starred(_) => Err(Raised::syntax_error("can't use starred expression here")),
            Expr::Await(_) => Err(Raised::unsupported("await")),
            Expr::TString(_) => Err(Raised::unsupported("template strings")),
            Expr::IpyEscapeCommand(_) => Err(Raised::syntax_error("invalid syntax")),
            // done by `eval`
            _ => Ok(Object::None),
        }
    }

    /// Generators run to their end at once; what they yield is kept in order.
    fn yield_value(&mut self, env: &Rc<Env>, value: Object) -> Outcome<()> {
        self.step(1)?;
        let mut frame = env.clone();
        while frame.kind == EnvKind::Comprehension {
            let Some(parent) = frame.parent.clone() else { break };
            frame = parent;
        }
        if frame.kind != EnvKind::Function {
            return Err(Raised::syntax_error("'yield' outside function"));
        }
        if !self.yields_to_body(&value)? {
            frame.yields.borrow_mut().push(value);
        }
        Ok(())
    }

    /// Elements, with `*iterable` spread.
    pub fn eval_items(&mut self, env: &Rc<Env>, elements: &[Expr]) -> Outcome<Vec<Object>> {
        let mut items = Vec::new();
        for element in elements {
            match element {
                Expr::Starred(starred) => {
                    let value = self.eval(env, &starred.value)?;
                    items.extend(self.collect(&value)?);
                }
                _ => items.push(self.eval(env, element)?),
            }
        }
        self.step(items.len() as u64)?;
        Ok(items)
    }

    fn eval_dict(&mut self, env: &Rc<Env>, dict: &ExprDict) -> Outcome<Object> {
        let mut entries = IndexMap::new();
        for item in &dict.items {
            match &item.key {
                Some(key) => {
                    let key = self.eval(env, key)?;
                    let value = self.eval(env, &item.value)?;
                    put(&mut entries, self.key(&key)?, key, value);
                }
                None => {
                    let other = self.eval(env, &item.value)?;
                    for (key, value) in self.mapping(&other)? {
                        put(&mut entries, self.key(&key)?, key, value);
                    }
                }
            }
        }
        self.step(entries.len() as u64)?;
        Ok(Object::Dict(Rc::new(Dict { kind: DictKind::Plain, entries: Shallow(RefCell::new(entries)) })))
    }

    /// A set of hashable objects.
    pub fn set_of(&mut self, items: Vec<Object>, frozen: bool) -> Outcome<Object> {
        let mut set = IndexMap::new();
        self.step(items.len() as u64)?;
        for item in items {
            let key = self.key(&item)?;
            set.entry(key).or_insert(item);
        }
        Ok(Object::Set(Rc::new(Set { frozen, items: Shallow(RefCell::new(set)) })))
    }

    fn eval_call(&mut self, env: &Rc<Env>, call: &ExprCall) -> Outcome<Object> {
        // `super()` without arguments means the class around and the first argument
        if let Expr::Name(name) = &*call.func
            && name.id == "super"
            && call.arguments.is_empty()
        {
            return self.bare_super(env);
        }
        if let Some(done) = self.update_attributes(env, call)? {
            return Ok(done);
        }
        let function = self.eval(env, &call.func)?;
        let arguments = self.eval_arguments(env, &call.arguments, &function)?;
        self.here(env, call);
        if let Some(result) = self.call_here(env, &function, &arguments)? {
            return Ok(result);
        }
        self.call_object(&function, arguments)
    }

    /// The arguments of a call, `*` and `**` spread.
    pub fn eval_arguments(
        &mut self,
        env: &Rc<Env>,
        arguments: &ruff_python_ast::Arguments,
        function: &Object,
    ) -> Outcome<Arguments> {
        let positional = self.eval_items(env, &arguments.args)?;
        let mut keyword: Vec<(Rc<str>, Object)> = Vec::new();
        for argument in &arguments.keywords {
            let value = self.eval(env, &argument.value)?;
            let found = match &argument.arg {
                Some(name) => vec![(Rc::from(name.as_str()), value)],
                None => {
                    let mut found = Vec::new();
                    for (key, value) in self.mapping(&value)? {
                        let Object::Str(key) = key else { return Err(Raised::type_error("keywords must be strings")) };
                        found.push((key, value));
                    }
                    found
                }
            };
            for (key, value) in found {
                if keyword.iter().any(|(known, _)| *known == key) {
                    let name = match function {
                        Object::Function(function) => format!("__main__.{}", function.qualname),
                        other => self.type_name(other),
                    };
                    return Err(Raised::type_error(format!(
                        "{name}() got multiple values for keyword argument '{key}'"
                    )));
                }
                keyword.push((key, value));
            }
        }
        Ok(Arguments { positional, keyword })
    }

    /// Remembers the line, for the nodes that torch functions add.
    pub fn here(&mut self, env: &Rc<Env>, node: &impl Ranged) {
        self.place = Some((env.unit.clone(), node.range().start()));
    }

    fn eval_fstring(&mut self, env: &Rc<Env>, parts: &[FStringPart]) -> Outcome<String> {
        let mut text = String::new();
        for part in parts {
            match part {
                FStringPart::Literal(literal) => text.push_str(&literal.value),
                FStringPart::FString(inner) => text.push_str(&self.eval_interpolated(env, &inner.elements)?),
            }
        }
        Ok(text)
    }

    fn eval_interpolated(&mut self, env: &Rc<Env>, elements: &InterpolatedStringElements) -> Outcome<String> {
        let mut text = String::new();
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                InterpolatedStringElement::Interpolation(inner) => text.push_str(&self.eval_field(env, inner)?),
            }
        }
        self.step(text.len() as u64 / 16)?;
        Ok(text)
    }

    fn eval_field(&mut self, env: &Rc<Env>, field: &InterpolatedElement) -> Outcome<String> {
        let value = self.eval(env, &field.expression)?;
        let mut text = String::new();
        if let Some(debug) = &field.debug_text {
            text.push_str(debug.as_str());
        }
        let value = match field.conversion {
            ConversionFlag::Repr => Object::str(self.repr(&value)?),
            ConversionFlag::Ascii => Object::str(crate::literal::ascii(&self.repr(&value)?)),
            ConversionFlag::Str => Object::str(self.text(&value)?),
            ConversionFlag::None if field.debug_text.is_some() && field.format_spec.is_none() => {
                Object::str(self.repr(&value)?)
            }
            ConversionFlag::None => value,
        };
        let spec = match &field.format_spec {
            Some(spec) => self.eval_interpolated(env, &spec.elements)?,
            None => String::new(),
        };
        text.push_str(&self.format(&value, &spec)?);
        Ok(text)
    }
}

/// `dict[key] = value`: an equal key that is there already stays as it was written first.
pub fn put(
    entries: &mut IndexMap<super::key::Key, (Object, Object)>,
    key: super::key::Key,
    original: Object,
    value: Object,
) {
    match entries.get_mut(&key) {
        Some(entry) => entry.1 = value,
        None => drop(entries.insert(key, (original, value))),
    }
}

fn number(number: &Number) -> Outcome<Object> {
    match number {
        Number::Int(int) => match int.as_i64() {
            Some(int) => Ok(Object::Int(int)),
            None => Err(Raised::overflow(format!("{int} does not fit in 64 bits"))),
        },
        Number::Float(float) => Ok(Object::Float(*float)),
        Number::Complex { .. } => Err(Raised::unsupported("complex numbers")),
    }
}
