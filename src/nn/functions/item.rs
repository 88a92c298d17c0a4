//! Tensors as Python values: `item`, `tolist`, `bool`, `int`, `float`, and what is asked about a tensor without its values.

use crate::error::{Error, Result};
use crate::nn::fold::{self, Folded};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn single(host: &mut dyn Host, b: &Bound<'_>, what: &str) -> Result<Value> {
    let x = b.id("input")?;
    let count: usize = node::shape(host, x).iter().product();
    if count != 1 {
        return Err(match what {
            "bool()" if count > 1 => Error::mismatch("Boolean value of Tensor with more than one value is ambiguous"),
            "bool()" => Error::mismatch("Boolean value of Tensor with no values is ambiguous"),
            _ => Error::mismatch(format!("a Tensor with {count} elements cannot be converted to Scalar")),
        });
    }
    let folded = fold::need(host, x, what)?;
    Ok(folded.values.first().map_or(Value::None, |v| folded.number(*v)))
}

fn item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    single(host, b, "Tensor.item()")
}

fn truth(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Ok(Value::Bool(match single(host, b, "bool()")? {
        Value::Bool(flag) => flag,
        Value::Int(int) => int != 0,
        Value::Float(float) => float != 0.0,
        _ => false,
    }))
}

#[expect(clippy::cast_possible_truncation, reason = "Python's int(float) truncates; larger floats saturate")]
fn integer(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Ok(Value::Int(match single(host, b, "int()")? {
        Value::Bool(flag) => i64::from(flag),
        Value::Float(float) => float as i64,
        Value::Int(int) => int,
        _ => 0,
    }))
}

fn float(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let number = single(host, b, "float()")?;
    Ok(crate::nn::bound::scalar(&number).map_or(Value::None, |s| Value::Float(s.as_f64())))
}

fn tolist(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let folded = fold::need(host, x, "Tensor.tolist()")?;
    Ok(nested(&folded, &folded.shape, &folded.values))
}

fn nested(folded: &Folded, shape: &[usize], values: &[f64]) -> Value {
    match shape {
        [] => values.first().map_or(Value::None, |v| folded.number(*v)),
        [size, rest @ ..] => {
            let inner: usize = rest.iter().product();
            let row = |i: usize| values.get(i * inner..(i + 1) * inner).unwrap_or_default();
            Value::List((0..*size).map(|i| nested(folded, rest, row(i))).collect())
        }
    }
}

fn is_tensor(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Ok(Value::Bool(matches!(b.value("obj"), Value::Tensor(_))))
}

fn is_floating_point(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    Ok(Value::Bool(node::dtype(host, x).is_float()))
}

fn backward(_: &mut dyn Host, _: &Bound<'_>) -> Result<Value> {
    Err(Error::unsupported("Tensor.backward() inside of a network"))
}

functions! {
    m "item": "(input)" => item;
    m "__bool__": "(input)" => truth;
    m "__int__ __index__": "(input)" => integer;
    m "__float__": "(input)" => float;
    m "tolist": "(input)" => tolist;
    t "is_tensor": "(obj)" => is_tensor;
    tm "is_floating_point": "(input)" => is_floating_point;
    tm "is_complex": "(input)" => |h, b| { let x = b.id("input")?; Ok(Value::Bool(node::dtype(h, x).category() == crate::dtype::Category::Complex)) };
    m "backward": "(input, *args, **kwargs)" => backward;
}
