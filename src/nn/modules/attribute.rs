//! What the classes of torch.nn are made of: arguments kept as attributes, parameters with their initial values, calls of functions.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Distribution, Op, Scalar};
use crate::graph::{Info, LeafKind, ValueId};
use crate::nn::function::{self, Args, Bound};
use crate::nn::host::Host;
use crate::nn::module::Module;
use crate::nn::value::{ModuleId, Tensor, Value};

/// How a constructor fills a parameter or buffer.
#[derive(Clone, Copy, Debug)]
pub enum Init {
    /// `init.zeros_`
    Zeros,
    /// `init.ones_`
    Ones,
    /// `init.constant_`
    Constant(f64),
    /// `init.normal_`, standard
    Normal,
    /// `init.uniform_(-bound, bound)`
    Uniform(f64),
    /// `init.xavier_uniform_` of a matrix
    XavierUniform,
}

/// The module; an error for an id of another network.
pub fn module(host: &mut dyn Host, id: ModuleId) -> Result<&mut Module> {
    host.trace().modules.get_mut(id).ok_or_else(|| Error::mismatch("a module of another network"))
}

/// Sets an attribute.
pub fn set(host: &mut dyn Host, id: ModuleId, name: &str, value: Value) -> Result<()> {
    module(host, id)?.attributes.insert(name.to_owned(), value);
    Ok(())
}

/// An attribute; None where there is none.
pub fn get(host: &mut dyn Host, id: ModuleId, name: &str) -> Value {
    let module = host.trace().modules.get(id);
    module.and_then(|m| m.attributes.get(name)).cloned().unwrap_or_default()
}

/// An attribute that must be an int.
pub fn int(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<i64> {
    match get(host, id, name) {
        Value::Int(n) => Ok(n),
        other => Err(Error::mismatch(format!("attribute '{name}' is {}, and an int is needed", other.type_name()))),
    }
}

/// An attribute as a truth value.
pub fn flag(host: &mut dyn Host, id: ModuleId, name: &str) -> bool {
    matches!(get(host, id, name), Value::Bool(true) | Value::Int(1..))
}

/// Keeps every argument as the attribute of its name, but for those that torch does not keep.
pub fn keep(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    for name in bound.names().filter(|n| !matches!(*n, "device" | "dtype" | "self" | "bias")) {
        set(host, id, name, bound.value(name).clone())?;
    }
    Ok(())
}

/// One number for each of `dims` spatial dims, as `torch.nn.modules.utils._ntuple` makes them.
pub fn ntuple(value: &Value, dims: usize) -> Value {
    match value {
        Value::Int(n) => Value::Tuple(vec![Value::Int(*n); dims]),
        Value::List(items) => Value::Tuple(items.clone()),
        Value::Size(sizes) => Value::Tuple(sizes.iter().map(|s| Value::Int(*s)).collect()),
        other => other.clone(),
    }
}

/// The dtype of new parameters: the `dtype` argument, else torch's default.
pub fn dtype(host: &mut dyn Host, bound: &Bound<'_>) -> Result<DType> {
    Ok(bound.dtype("dtype")?.unwrap_or(host.trace().default_dtype))
}

/// `self.name = nn.Parameter(...)`
pub fn parameter(
    host: &mut dyn Host,
    id: ModuleId,
    name: &str,
    shape: &[usize],
    dtype: DType,
    init: Init,
) -> Result<()> {
    let value = initial(host, shape, dtype, init)?;
    let info = Info { shape: shape.to_vec(), dtype };
    let leaf = host.trace().graph.leaf(info, LeafKind::Parameter, true, Some(value));
    module(host, id)?.parameters.insert(name.to_owned(), Some(Tensor::new(leaf)));
    Ok(())
}

/// `self.register_parameter(name, None)`
pub fn no_parameter(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<()> {
    module(host, id)?.parameters.insert(name.to_owned(), None);
    Ok(())
}

/// `self.register_buffer(name, ...)`
pub fn buffer(host: &mut dyn Host, id: ModuleId, name: &str, shape: &[usize], dtype: DType, init: Init) -> Result<()> {
    let value = initial(host, shape, dtype, init)?;
    let info = Info { shape: shape.to_vec(), dtype };
    let leaf = host.trace().graph.leaf(info, LeafKind::Buffer, false, Some(value));
    module(host, id)?.buffers.insert(name.to_owned(), Some(Tensor::new(leaf)));
    Ok(())
}

/// `self.register_buffer(name, None)`
pub fn no_buffer(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<()> {
    module(host, id)?.buffers.insert(name.to_owned(), None);
    Ok(())
}

fn initial(host: &mut dyn Host, shape: &[usize], dtype: DType, init: Init) -> Result<ValueId> {
    let shape = shape.to_vec();
    let uniform = |bound: f64| Distribution::Uniform { low: -bound, high: bound };
    let random = |distribution| Op::Random { distribution, shape: shape.clone(), dtype };
    let full = |value| Op::Full { shape: shape.clone(), value, dtype };
    let op = match init {
        Init::Zeros => full(Scalar::Int(0)),
        Init::Ones => full(Scalar::Int(1)),
        Init::Constant(value) => full(Scalar::Float(value)),
        Init::Normal => random(Distribution::Normal { mean: 0.0, std: 1.0 }),
        Init::Uniform(bound) => random(uniform(bound)),
        Init::XavierUniform => {
            #[expect(clippy::cast_precision_loss, reason = "a dim is far below 2^53")]
            let fans: f64 = shape.iter().take(2).map(|d| *d as f64).sum();
            random(uniform((6.0 / fans.max(1.0)).sqrt()))
        }
    };
    host.trace().graph.push1(op, &[])
}

/// `1 / sqrt(fan_in)`: the bound of `kaiming_uniform_(a=sqrt(5))`, which Linear and ConvNd use.
#[expect(clippy::cast_precision_loss, reason = "a fan is far below 2^53")]
pub fn fan_bound(fan_in: usize) -> f64 {
    if fan_in == 0 { 0.0 } else { 1.0 / (fan_in as f64).sqrt() }
}

/// A parameter or buffer as an argument; None where it is absent.
pub fn tensor(host: &mut dyn Host, id: ModuleId, name: &str) -> Value {
    let Some(module) = host.trace().modules.get(id) else { return Value::None };
    let found = module.parameters.get(name).or_else(|| module.buffers.get(name));
    match found {
        Some(Some(tensor)) => Value::Tensor(tensor.clone()),
        Some(None) => Value::None,
        // A plain tensor attribute: old modules kept some so.
        None => module.attributes.get(name).cloned().unwrap_or_default(),
    }
}

/// `module.training`
pub fn training(host: &mut dyn Host, id: ModuleId) -> bool {
    host.trace().modules.get(id).is_some_and(|m| m.training)
}

/// Calls a function of torch by its qualified name.
pub fn call(host: &mut dyn Host, name: &str, positional: Vec<Value>, keyword: &[(&str, Value)]) -> Result<Value> {
    let function = function::lookup(name).ok_or_else(|| Error::unsupported(name))?;
    let keyword = keyword.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    function::call(host, function, Args { positional, keyword })
}

/// `F.name(input, attribute=self.attribute, ...)`: what most forwards are. An attribute that an older pickle lacks keeps the default.
pub fn apply(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, name: &str, attributes: &[&str]) -> Result<Value> {
    let input = bound.value("input").clone();
    let keyword = kept(host, id, attributes);
    call(host, name, vec![input], &keyword)
}

/// The attributes that the module has, as keyword arguments.
pub fn kept<'a>(host: &mut dyn Host, id: ModuleId, attributes: &[&'a str]) -> Vec<(&'a str, Value)> {
    let Some(module) = host.trace().modules.get(id) else { return Vec::new() };
    attributes.iter().filter_map(|name| Some((*name, module.attributes.get(*name)?.clone()))).collect()
}

/// A class that keeps its arguments and calls one function on its input.
macro_rules! function_class {
    ($name:literal, $signature:literal, $function:literal, [$($attribute:literal),*]) => {
        $crate::nn::module::Class {
            name: $name,
            aliases: &[],
            signature: $signature,
            init: |host, id, bound| $crate::nn::modules::attribute::keep(host, id, bound),
            forward_signature: "(input)",
            forward: |host, id, bound| {
                $crate::nn::modules::attribute::apply(host, id, bound, $function, &[$($attribute),*])
            },
            setstate: |_| {},
        }
    };
}
pub(super) use function_class;
