//! Bound arguments by name, as the type that a function needs, with torch's TypeErrors.

use super::function::Bound;
use super::signature::type_error;
use super::value::{ModuleId, Tensor, Value};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::Scalar;

/// An int as a size or count.
pub fn size(value: i64) -> Result<usize> {
    usize::try_from(value)
        .map_err(|_| Error::mismatch(format!("Trying to create tensor with negative dimension {value}")))
}

/// A size as Python's int.
pub fn int(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Bound<'_> {
    /// The function's short name, for messages.
    pub fn name(&self) -> &str {
        self.function
    }

    /// The signature's names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().copied()
    }

    /// The argument as it is; None for a name that the signature lacks.
    pub fn value(&self, name: &str) -> &Value {
        self.names.iter().position(|n| *n == name).and_then(|at| self.values.get(at)).unwrap_or(&Value::None)
    }

    /// Whether an argument other than None was given, or is the default.
    pub fn has(&self, name: &str) -> bool {
        !matches!(self.value(name), Value::None)
    }

    /// `linear(): argument 'input' (position 1) must be Tensor, not int`
    pub fn wrong(&self, name: &str, expected: &str) -> Error {
        let place = self.names.iter().position(|n| *n == name);
        let got = self.value(name).type_name();
        if !expected.contains("Tensor") {
            self.wanted.set(place);
        }
        let position = place.map_or(1, |at| at + 1);
        type_error(format!(
            "{}(): argument '{name}' (position {position}) must be {expected}, not {got}",
            self.function
        ))
    }

    /// A tensor object.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        match self.value(name) {
            Value::Tensor(tensor) => Ok(tensor),
            _ => Err(self.wrong(name, "Tensor")),
        }
    }

    /// The value that a tensor holds.
    pub fn id(&self, name: &str) -> Result<ValueId> {
        self.tensor(name).map(Tensor::value)
    }

    /// The same, or None.
    pub fn id_or_none(&self, name: &str) -> Result<Option<ValueId>> {
        if self.has(name) { self.id(name).map(Some) } else { Ok(None) }
    }

    /// A tuple or list of tensors, or a variadic of them.
    pub fn tensors(&self, name: &str) -> Result<Vec<Tensor>> {
        let items = match self.value(name).items() {
            // torch.broadcast_tensors(*tensors), torch.einsum(equation, [tensors])
            Some(items) => match items.as_slice() {
                [only] if only.items().is_some() => only.items().unwrap_or_default(),
                _ => items,
            },
            None => return Err(self.wrong(name, "tuple of Tensors")),
        };
        let tensor = |(at, item): (usize, Value)| match item {
            Value::Tensor(tensor) => Ok(tensor),
            other => {
                Err(type_error(format!("expected Tensor as element {at} in argument 0, but got {}", other.type_name())))
            }
        };
        items.into_iter().enumerate().map(tensor).collect()
    }

    /// An int.
    pub fn int(&self, name: &str) -> Result<i64> {
        match self.value(name) {
            Value::Int(int) => Ok(*int),
            Value::Bool(flag) => Ok(i64::from(*flag)),
            _ => Err(self.wrong(name, "int")),
        }
    }

    /// An int or None.
    pub fn int_or_none(&self, name: &str) -> Result<Option<i64>> {
        if self.has(name) { self.int(name).map(Some) } else { Ok(None) }
    }

    /// An int that is not negative.
    pub fn size(&self, name: &str) -> Result<usize> {
        size(self.int(name)?)
    }

    /// A float, from any number.
    pub fn float(&self, name: &str) -> Result<f64> {
        self.scalar(name).map(Scalar::as_f64)
    }

    /// A float or None.
    pub fn float_or_none(&self, name: &str) -> Result<Option<f64>> {
        if self.has(name) { self.float(name).map(Some) } else { Ok(None) }
    }

    /// A truth value; numbers count as in Python.
    pub fn bool(&self, name: &str) -> Result<bool> {
        match self.value(name) {
            Value::Bool(flag) => Ok(*flag),
            Value::Int(int) => Ok(*int != 0),
            Value::None => Ok(false),
            _ => Err(self.wrong(name, "bool")),
        }
    }

    /// A string.
    pub fn str(&self, name: &str) -> Result<&str> {
        match self.value(name) {
            Value::Str(text) => Ok(text),
            _ => Err(self.wrong(name, "str")),
        }
    }

    /// A Python number.
    pub fn scalar(&self, name: &str) -> Result<Scalar> {
        scalar(self.value(name)).ok_or_else(|| self.wrong(name, "Number"))
    }

    /// A Python number or None.
    pub fn scalar_or_none(&self, name: &str) -> Result<Option<Scalar>> {
        if self.has(name) { self.scalar(name).map(Some) } else { Ok(None) }
    }

    /// Ints: one, a tuple, list or `torch.Size`; a variadic that holds one of those.
    pub fn ints(&self, name: &str) -> Result<Vec<i64>> {
        let wrong = || self.wrong(name, "tuple of ints");
        let items = match self.value(name) {
            Value::Int(int) => return Ok(vec![*int]),
            Value::Bool(flag) => return Ok(vec![i64::from(*flag)]),
            other => other.items().ok_or_else(wrong)?,
        };
        let items = match items.as_slice() {
            [only] => only.items().unwrap_or(items),
            _ => items,
        };
        let int = |item: &Value| match item {
            Value::Int(int) => Ok(*int),
            Value::Bool(flag) => Ok(i64::from(*flag)),
            other => {
                self.wanted.set(self.names.iter().position(|n| *n == name));
                Err(type_error(format!(
                    "{}(): argument '{name}' must be tuple of ints, but found element of type {}",
                    self.function,
                    other.type_name()
                )))
            }
        };
        items.iter().map(int).collect()
    }

    /// The same, or None.
    pub fn ints_or_none(&self, name: &str) -> Result<Option<Vec<i64>>> {
        if self.has(name) { self.ints(name).map(Some) } else { Ok(None) }
    }

    /// Sizes: ints that are not negative.
    pub fn sizes(&self, name: &str) -> Result<Vec<usize>> {
        self.ints(name)?.into_iter().map(size).collect()
    }

    /// As many sizes as there are spatial dims; one stands for all.
    pub fn sizes_for(&self, name: &str, dims: usize) -> Result<Vec<usize>> {
        let sizes = self.sizes(name)?;
        match sizes.as_slice() {
            [one] => Ok(vec![*one; dims]),
            many if many.len() == dims => Ok(sizes),
            many => Err(Error::mismatch(format!(
                "expected {name} to be a single integer value or a list of {dims} values to match the convolution dimensions, but got {name}={many:?}"
            ))),
        }
    }

    /// A dtype or None.
    pub fn dtype(&self, name: &str) -> Result<Option<DType>> {
        match self.value(name) {
            Value::None => Ok(None),
            Value::Dtype(dtype) => Ok(Some(*dtype)),
            _ => Err(self.wrong(name, "torch.dtype")),
        }
    }

    /// A module.
    pub fn module(&self, name: &str) -> Result<ModuleId> {
        match self.value(name) {
            Value::Module(id) => Ok(*id),
            _ => Err(self.wrong(name, "Module")),
        }
    }
}

/// A Python number, if it is one.
pub fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(flag) => Some(Scalar::Bool(*flag)),
        Value::Int(int) => Some(Scalar::Int(*int)),
        Value::Float(float) => Some(Scalar::Float(*float)),
        _ => None,
    }
}

/// A number as a Python value.
pub fn number(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Bool(flag) => Value::Bool(flag),
        Scalar::Int(int) => Value::Int(int),
        Scalar::Float(float) => Value::Float(float),
    }
}
