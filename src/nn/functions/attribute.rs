//! A tensor's attributes, and the methods that change its dtype, device or place in autograd.

use super::shape::{permute, transpose};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::op::Op;
use crate::nn::alias;
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::{Tensor, Value};

/// There is one device while a network is traced.
fn device() -> Value {
    Value::Device("cpu".into())
}

/// [`tensor_attribute`](crate::nn::function::tensor_attribute).
pub fn get(host: &mut dyn Host, tensor: &Tensor, name: &str) -> Result<Option<Value>> {
    let info = node::info(host, tensor.value());
    let rank = info.shape.len();
    let count: usize = info.shape.iter().product();
    Ok(Some(match name {
        "shape" => Value::Size(info.shape.into_iter().map(int).collect()),
        "dtype" => Value::Dtype(info.dtype),
        "device" => device(),
        "ndim" => Value::Int(int(rank)),
        "itemsize" => Value::Int(int(info.dtype.size())),
        "nbytes" => Value::Int(int(info.dtype.size().saturating_mul(count))),
        "T" if rank == 2 => Value::Tensor(transpose(host, tensor, 0, 1)?),
        "T" => {
            let dims: Vec<i64> = (0..rank).rev().map(int).collect();
            Value::Tensor(permute(host, tensor, &dims)?)
        }
        "mT" | "mH" | "H" if rank >= 2 => Value::Tensor(transpose(host, tensor, -2, -1)?),
        "mT" | "mH" | "H" => {
            return Err(Error::mismatch(format!(
                "tensor.{name} is only supported on matrices or batches of matrices. Got {rank}-D tensor."
            )));
        }
        // a view of the same memory that autograd does not see; a leaf's own object, so that writes reach the leaf
        "data" => Value::Tensor(tensor.clone()),
        "real" if info.dtype.category() != Category::Complex => Value::Tensor(tensor.clone()),
        "requires_grad" => Value::Bool(requires_grad(host, tensor)),
        "is_leaf" => Value::Bool(host.trace().graph.leaf_mut(tensor.value()).is_some() || !requires_grad(host, tensor)),
        "grad" | "grad_fn" | "_base" | "names" => Value::None,
        "is_cpu" => Value::Bool(true),
        "is_cuda" | "is_mps" | "is_quantized" | "is_sparse" | "is_meta" | "is_nested" | "is_mkldnn" | "is_xla" => {
            Value::Bool(false)
        }
        "layout" => Value::Str("torch.strided".into()),
        _ => return Ok(None),
    }))
}

/// A leaf's flag; another value requires a gradient when a leaf that it depends on does.
fn requires_grad(host: &mut dyn Host, tensor: &Tensor) -> bool {
    let graph = host.trace().graph.graph();
    let mut pending = vec![tensor.value()];
    let mut met = std::collections::HashSet::new();
    while let Some(id) = pending.pop() {
        if !met.insert(id) {
            continue;
        }
        if graph.leaves.iter().any(|l| l.value == id && l.requires_grad) {
            return true;
        }
        if let Some(node) = graph.nodes.iter().rev().find(|n| n.outputs.contains(&id))
            && !matches!(node.op, Op::Detach)
        {
            pending.extend(&node.inputs);
        }
    }
    false
}

/// `t.requires_grad = flag`, `t.requires_grad_(flag)`.
pub fn set_requires_grad(host: &mut dyn Host, tensor: &Tensor, flag: bool) -> Result<()> {
    let dtype = node::dtype(host, tensor.value());
    if flag && dtype.category() < Category::Float {
        return Err(Error::mismatch("only Tensors of floating point and complex dtype can require gradients"));
    }
    if let Some(leaf) = host.trace().graph.leaf_mut(tensor.value()) {
        leaf.requires_grad = flag;
    }
    Ok(())
}

fn requires_grad_call(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    set_requires_grad(host, x, b.bool("requires_grad")?)?;
    Ok(Value::Tensor(x.clone()))
}

fn cast(host: &mut dyn Host, b: &Bound<'_>, to: DType) -> Result<Value> {
    let x = b.tensor("input")?;
    if node::dtype(host, x.value()) == to {
        return Ok(Value::Tensor(x.clone()));
    }
    node::cast(host, x.value(), to).map(Value::tensor)
}

/// `x.to(dtype)`, `x.to(device)`, `x.to(other)` in any order; devices are the session's business.
fn to(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut wanted = None;
    for argument in b.value("args").items().unwrap_or_default().iter().chain([b.value("dtype"), b.value("other")]) {
        match argument {
            Value::Dtype(dtype) => wanted = Some(*dtype),
            Value::Tensor(other) => wanted = Some(node::dtype(host, other.value())),
            _ => {}
        }
    }
    match wanted {
        Some(dtype) => cast(host, b, dtype),
        None => b.tensor("input").cloned().map(Value::Tensor),
    }
}

/// `x.type(dtype)`, or the name of its type.
fn type_of(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    match b.value("dtype") {
        Value::None => {
            let x = b.id("input")?;
            Ok(Value::Str(format!("torch.{}Tensor", node::dtype(host, x).scalar_type()).into()))
        }
        Value::Dtype(dtype) => cast(host, b, *dtype),
        Value::Str(name) => match DType::of_tensor_type(name) {
            Some(dtype) => cast(host, b, dtype),
            None => Err(Error::mismatch(format!("invalid type: '{name}'")).code("value_error")),
        },
        // x.type(torch.FloatTensor)
        Value::Function(function) => match DType::of_tensor_type(function.name) {
            Some(dtype) => cast(host, b, dtype),
            None => Err(b.wrong("dtype", "torch.dtype")),
        },
        _ => Err(b.wrong("dtype", "torch.dtype")),
    }
}

fn type_as(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let other = b.id("other")?;
    let to = node::dtype(host, other);
    cast(host, b, to)
}

fn same(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    b.tensor("input").cloned().map(Value::Tensor)
}

/// `contiguous` copies where the memory is in another order.
fn contiguous(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    Ok(Value::Tensor(if alias::is_contiguous(host, x) { x.clone() } else { Tensor::new(x.value()) }))
}

fn detach(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    alias::view(host, b.tensor("input")?, Op::Detach).map(Value::Tensor)
}

fn data_ptr(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Err(Error::unsupported(format!("Tensor.{}(): a value of a graph has no memory", b.name())))
}

fn stride(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let strides = alias::stride(host, x);
    match b.int_or_none("dim")? {
        None => Ok(Value::Tuple(strides.into_iter().map(Value::Int).collect())),
        Some(d) => {
            let at = node::dim(d, strides.len())?;
            Ok(Value::Int(strides.get(at).copied().unwrap_or(1)))
        }
    }
}

fn copy(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, source) = (b.id("input")?, b.id("src")?);
    let to = node::dtype(host, x);
    node::cast(host, source, to).map(Value::tensor)
}

fn result_type(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let operands = [node::operand(b.name(), b.value("tensor1"))?, node::operand(b.name(), b.value("tensor2"))?];
    node::result_type(host, &operands).map(Value::Dtype)
}

fn promote_types(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    match (b.dtype("type1")?, b.dtype("type2")?) {
        (Some(a), Some(c)) => node::promote(a, c).map(Value::Dtype),
        _ => Err(b.wrong("type1", "torch.dtype")),
    }
}

functions! {
    m "to": "(input, *args, dtype=None, device=None, other=None, non_blocking=False, copy=False, memory_format=None)" => to;
    m "type": "(input, dtype=None, non_blocking=False)" => type_of;
    m "type_as": "(input, other)" => type_as;
    m "float": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Float32);
    m "double": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Float64);
    m "half": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Float16);
    m "bfloat16": "(input, memory_format=None)" => |h, b| cast(h, b, DType::BFloat16);
    m "long": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Int64);
    m "int": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Int32);
    m "short": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Int16);
    m "char": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Int8);
    m "byte": "(input, memory_format=None)" => |h, b| cast(h, b, DType::UInt8);
    m "bool": "(input, memory_format=None)" => |h, b| cast(h, b, DType::Bool);
    m "cpu cuda mps share_memory_ pin_memory": "(input, *args, **kwargs)" => same;
    m "retain_grad": "(input)" => |_, _| Ok(Value::None);
    m "contiguous": "(input, memory_format=None)" => contiguous;
    m "is_contiguous": "(input, memory_format=None)" => |h, b| Ok(Value::Bool(alias::is_contiguous(h, b.tensor("input")?)));
    tm "detach": "(input)" => detach;
    m "detach_": "(input)" => same;
    m "requires_grad_": "(input, requires_grad=True)" => requires_grad_call;
    m "dim ndimension": "(input)" => |h, b| { let x = b.id("input")?; Ok(Value::Int(int(node::rank(h, x)))) };
    m "element_size": "(input)" => |h, b| { let x = b.id("input")?; Ok(Value::Int(int(node::dtype(h, x).size()))) };
    m "get_device": "(input)" => |_, _| Ok(Value::Int(-1));
    m "data_ptr storage untyped_storage storage_offset": "(input)" => data_ptr;
    m "stride": "(input, dim=None)" => stride;
    d "copy_": "(input, src, non_blocking=False)" => copy;
    t "result_type": "(tensor1, tensor2)" => result_type;
    t "promote_types": "(type1, type2)" => promote_types;
}
