//! Tensors of one integer where torch's signatures take Python ints: `torch.arange(lengths.max())`, `F.pad(x, [left, right])`.
//!
//! torch unpacks them as `int()` would, and so may a trace have to ask for the value. Which parameters take ints is told by their types
//! where a signature has overloads, and by their names elsewhere: names that no function of torch gives to a tensor of one element with
//! another meaning.

use super::fold;
use super::function::{Args, Bound};
use super::host::Host;
use super::node;
use super::value::Value;
use crate::dtype::Category;
use crate::error::Result;

/// Parameters that take an int or several.
const INTS: &[&str] = &[
    "chunks",
    "diagonal",
    "dilation",
    "dim",
    "dim0",
    "dim1",
    "dims",
    "indices_or_sections",
    "k",
    "kernel_size",
    "length",
    "minlength",
    "normalized_shape",
    "num_classes",
    "num_groups",
    "output_size",
    "pad",
    "padding",
    "repeats",
    "shape",
    "shifts",
    "size",
    "split_size",
    "split_size_or_sections",
    "split_sizes",
    "start",
    "steps",
    "stride",
];

/// The arguments with every tensor of one number and no dims as that number, for overloads that would not take tensors there; `None` where
/// there is none.
pub(super) fn arguments(host: &mut dyn Host, mut args: Args) -> Result<Option<Args>> {
    let mut any = false;
    for value in args.positional.iter_mut().chain(args.keyword.iter_mut().map(|(_, value)| value)) {
        if let Some(number) = number(host, value, 0, Category::Float)? {
            *value = number;
            any = true;
        }
    }
    Ok(any.then_some(args))
}

/// Bound arguments with ints where ints are meant.
pub(super) fn bound(host: &mut dyn Host, bound: &mut Bound<'_>) -> Result<()> {
    for (name, value) in bound.names.iter().zip(&mut bound.values) {
        if INTS.contains(name) {
            unpack(host, value, 0)?;
        }
    }
    Ok(())
}

/// One int, or those of a tuple or list, which may be the only argument of a variadic.
fn unpack(host: &mut dyn Host, value: &mut Value, depth: usize) -> Result<()> {
    match value {
        // within a sequence torch takes what `operator.index` takes: a tensor of one element, whatever its dims
        Value::Tensor(_) => {
            let dims = if depth == 0 { 0 } else { usize::MAX };
            if let Some(int) = number(host, value, dims, Category::Int)? {
                *value = int;
            }
        }
        Value::Tuple(items) | Value::List(items) if depth < 2 => {
            for item in items {
                unpack(host, item, depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The number that a tensor of one element holds, if it has no more dims and is of no higher category.
fn number(host: &mut dyn Host, value: &Value, dims: usize, category: Category) -> Result<Option<Value>> {
    let Value::Tensor(tensor) = value else { return Ok(None) };
    let (id, shape) = (tensor.value(), node::shape(host, tensor.value()));
    let fits = shape.len() <= dims && shape.iter().product::<usize>() == 1;
    if !fits || node::dtype(host, id).category() > category {
        return Ok(None);
    }
    let folded = fold::need(host, id, "int()")?;
    Ok(folded.values.first().map(|v| folded.number(*v)))
}
