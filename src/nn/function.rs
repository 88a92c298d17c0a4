//! torch's functions by qualified name, with their Python signatures.
//!
//! `torch.relu`, `torch.nn.functional.relu` and `torch.Tensor.relu` are entries of one table. A signature is written as torch's documentation
//! writes it, `"(input, dim=None, *, keepdim=False)"`, and binds arguments as Python does, with Python's TypeErrors. An entry may have several
//! signatures (overloads): the first that binds and whose types fit is taken. Methods take the tensor as their first argument.

use super::fold;
use super::host::Host;
use super::signature::{Kind, Signature, parse, type_error};
use super::value::{Tensor, Value};
use super::{alias, functions};
use crate::data::numel;
use crate::error::Result;
use std::cell::Cell;

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// by position
    pub positional: Vec<Value>,
    /// by keyword, in call order
    pub keyword: Vec<(String, Value)>,
}

impl Args {
    /// Arguments by position only.
    pub fn positional(positional: Vec<Value>) -> Self {
        Self { positional, keyword: Vec::new() }
    }
}

/// A function of torch.
#[derive(Debug)]
pub struct Function {
    /// `torch.nn.functional.relu`
    pub name: &'static str,
    /// overloads, in the order in which they are tried
    pub overloads: &'static [Overload],
    /// the result is written into the first argument: `add_`, `F.relu_`, `init.normal_`
    pub in_place: bool,
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
    pub(super) function: &'a str,
    pub(super) names: Vec<&'a str>,
    pub(super) values: Vec<Value>,
    /// the argument that was found to be no number, where the function wanted one
    pub(super) wanted: Cell<Option<usize>>,
}

/// Finds a function: `torch.relu`, `torch.nn.functional.relu`, `torch.Tensor.relu`, `torch.nn.init.zeros_`.
pub fn lookup(name: &str) -> Option<&'static Function> {
    functions::table().get(name)
}

/// Every function's qualified name.
pub fn names() -> impl Iterator<Item = &'static str> {
    functions::table().keys().copied()
}

/// Binds arguments to a signature; `function` is the name that messages print.
pub fn bind<'a>(function: &'a str, signature: &Signature, args: Args) -> Result<Bound<'a>> {
    let values = signature.bind(function, args)?;
    let names = signature.parameters.iter().map(|p| p.name).collect();
    Ok(Bound { function, names, values, wanted: Cell::new(None) })
}

/// Binds and runs.
pub fn call(host: &mut dyn Host, function: &'static Function, mut args: Args) -> Result<Value> {
    let short = function.name.rsplit('.').next().unwrap_or(function.name);
    let out = take_out(function, &mut args);
    let (overload, mut bound) = match choose(function, short, args.clone()) {
        Err(error) => match numbers_of(host, &args)? {
            Some(args) => choose(function, short, args).map_err(|_| error)?,
            None => return Err(error),
        },
        chosen => chosen?,
    };
    let in_place = bound.names.iter().position(|n| *n == "inplace").and_then(|at| bound.values.get(at));
    let target = if function.in_place || matches!(in_place, Some(Value::Bool(true))) {
        bound.values.first()
    } else {
        out.as_ref()
    };
    match target {
        Some(Value::Tensor(target)) => {
            let target = target.clone();
            alias::in_place(host, &target, |host| run(host, overload, &mut bound))?;
            Ok(Value::Tensor(target))
        }
        _ => {
            let result = run(host, overload, &mut bound)?;
            if host.trace().grad_enabled || !host.trace().in_forward() {
                Ok(result)
            } else {
                alias::no_grad(host, result)
            }
        }
    }
}

/// Runs an overload; a tensor of one element in the place of a number is taken for it, as Python's `__index__` and `__float__` do.
fn run(host: &mut dyn Host, overload: &Overload, bound: &mut Bound<'_>) -> Result<Value> {
    for _ in 0..=bound.values.len() {
        bound.wanted.set(None);
        let result = (overload.run)(host, bound);
        let (Err(_), Some(wanted)) = (&result, bound.wanted.get().and_then(|at| bound.values.get_mut(at))) else {
            return result;
        };
        match number_of(host, wanted)? {
            Some(number) => *wanted = number,
            None => return result,
        }
    }
    (overload.run)(host, bound)
}

/// The same arguments with a number for each tensor without dims, for overloads that take no tensor there; `None` without such.
fn numbers_of(host: &mut dyn Host, args: &Args) -> Result<Option<Args>> {
    let mut changed = args.clone();
    let mut any = false;
    for value in changed.positional.iter_mut().chain(changed.keyword.iter_mut().map(|(_, value)| value)) {
        let scalar = matches!(value, Value::Tensor(tensor) if host.trace().graph.info(tensor.value()).shape.is_empty());
        if scalar && let Some(number) = number_of(host, value)? {
            *value = number;
            any = true;
        }
    }
    Ok(any.then_some(changed))
}

/// The number that a tensor of one element holds; a list's or tuple's tensors as numbers. `None` for what is no such thing.
fn number_of(host: &mut dyn Host, value: &Value) -> Result<Option<Value>> {
    match value {
        Value::Tensor(tensor) => {
            let shape = &host.trace().graph.info(tensor.value()).shape;
            if numel(shape) != Some(1) {
                return Ok(None);
            }
            let folded = fold::need(host, tensor.value(), "a number")?;
            Ok(folded.values.first().map(|number| folded.number(*number)))
        }
        Value::Tuple(items) | Value::List(items) => {
            let mut numbers = items.clone();
            let mut any = false;
            for item in &mut numbers {
                match number_of(host, item)? {
                    Some(number) => (*item, any) = (number, true),
                    None if matches!(item, Value::Tensor(_)) => return Ok(None),
                    None => {}
                }
            }
            Ok(any.then_some(Value::Tuple(numbers)))
        }
        _ => Ok(None),
    }
}

/// `out=`: the tensor that the result is written into.
fn take_out(function: &'static Function, args: &mut Args) -> Option<Value> {
    let at = args.keyword.iter().position(|(name, _)| name == "out")?;
    let known = function.overloads.iter().any(|o| parse(o.signature).parameters.iter().any(|p| p.name == "out"));
    let tensor = args.keyword.get(at).is_some_and(|(_, v)| matches!(v, Value::Tensor(_) | Value::None));
    (!known && tensor).then(|| args.keyword.remove(at).1)
}

fn choose<'a>(function: &'static Function, short: &'a str, args: Args) -> Result<(&'static Overload, Bound<'a>)> {
    if let [only] = function.overloads {
        return Ok((only, bind(short, &parse(only.signature), args)?));
    }
    let mut unfit = None;
    let mut error = None;
    for overload in function.overloads {
        let signature = parse(overload.signature);
        match bind(short, &signature, args.clone()) {
            Ok(bound) if signature.fits(&bound.values) => return Ok((overload, bound)),
            Ok(_) => unfit = Some(()),
            Err(e) => error = Some(e),
        }
    }
    match (unfit, error) {
        (None, Some(error)) => Err(error),
        _ => Err(invalid_combination(function, short, &args)),
    }
}

/// torch's words when no overload fits.
fn invalid_combination(function: &'static Function, short: &str, args: &Args) -> crate::error::Error {
    let positional = args.positional.iter().map(|v| v.type_name().to_owned());
    let keyword = args.keyword.iter().map(|(name, v)| format!("{name}={}", v.type_name()));
    let got: Vec<_> = positional.chain(keyword).collect();
    let expected: Vec<_> = function.overloads.iter().map(|o| format!("\n * {}", o.signature)).collect();
    type_error(format!(
        "{short}() received an invalid combination of arguments - got ({}), but expected one of:{}",
        got.join(", "),
        expected.concat()
    ))
}

/// Names that a signature takes, for whoever shows or checks them.
pub fn parameter_names(overload: &Overload) -> Vec<(&'static str, Kind)> {
    parse(overload.signature).parameters.iter().map(|p| (p.name, p.kind)).collect()
}

/// A tensor's attribute: `shape`, `dtype`, `device`, `T`, `ndim`, `requires_grad`, `data`, ...; `None` where torch has none (methods are functions).
pub fn tensor_attribute(host: &mut dyn Host, tensor: &Tensor, name: &str) -> Result<Option<Value>> {
    functions::attribute::get(host, tensor, name)
}
