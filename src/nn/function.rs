//! torch's functions by qualified name, with their Python signatures.
//!
//! `torch.relu`, `torch.nn.functional.relu` and `torch.Tensor.relu` are entries of one table. A signature is written as torch's documentation
//! writes it, `"(input, dim=None, *, keepdim=False)"`, and binds arguments as Python does, with Python's TypeErrors. An entry may have several
//! signatures (overloads): the first that binds and whose types fit is taken.

use super::host::Host;
use super::value::{Tensor, Value};
use crate::error::{Error, Result};

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// by position
    pub positional: Vec<Value>,
    /// by keyword, in call order
    pub keyword: Vec<(String, Value)>,
}

/// A function of torch.
#[derive(Debug)]
pub struct Function {
    /// `torch.nn.functional.relu`
    pub name: &'static str,
    /// overloads, in the order in which they are tried
    pub overloads: &'static [Overload],
}

/// One signature and what it does.
#[derive(Debug)]
pub struct Overload {
    /// as in torch's documentation: `(input, p=0.5, training=True, inplace=False)`
    pub signature: &'static str,
    /// receives the arguments in the signature's order, defaults filled in
    pub run: fn(&mut dyn Host, &Bound<'_>) -> Result<Value>,
}

/// Arguments bound to a signature; typed access by name, with torch's TypeErrors.
#[derive(Clone, Debug)]
pub struct Bound<'a> {
    function: &'a str,
    names: Vec<&'a str>,
    values: Vec<Value>,
}

/// Finds a function: `torch.relu`, `torch.nn.functional.relu`, `torch.Tensor.relu`, `torch.nn.init.zeros_`.
pub fn lookup(_name: &str) -> Option<&'static Function> {
    None
}

/// Binds and runs.
pub fn call(_host: &mut dyn Host, function: &'static Function, _args: Args) -> Result<Value> {
    Err(Error::unsupported(function.name))
}

/// A tensor's attribute: `shape`, `dtype`, `device`, `T`, `ndim`, `requires_grad`, `data`, ...; `None` where torch has none (methods are functions).
pub fn tensor_attribute(_host: &mut dyn Host, _tensor: &Tensor, name: &str) -> Result<Option<Value>> {
    Err(Error::unsupported(name))
}
