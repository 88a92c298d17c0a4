//! Python's operators on tensors: `torch.Tensor.__add__` and its relatives.

use crate::error::{Error, Result};
use crate::graph::op::{Binary, Compare, Unary};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, operand};
use crate::nn::value::Value;

fn forward(host: &mut dyn Host, b: &Bound<'_>, kind: Binary) -> Result<Value> {
    let (x, y) = (b.id("input")?, operand(b.name(), b.value("other"))?);
    node::binary(host, kind, x, y).map(Value::tensor)
}

fn reflected(host: &mut dyn Host, b: &Bound<'_>, kind: Binary) -> Result<Value> {
    let (x, y) = (b.id("input")?, operand(b.name(), b.value("other"))?);
    node::binary(host, kind, y, x).map(Value::tensor)
}

fn compare(host: &mut dyn Host, b: &Bound<'_>, kind: Compare) -> Result<Value> {
    // Python compares anything for equality
    if matches!(b.value("other"), Value::None | Value::Str(_)) {
        return match kind {
            Compare::Eq => Ok(Value::Bool(false)),
            Compare::Ne => Ok(Value::Bool(true)),
            _ => Err(b.wrong("other", "Tensor")),
        };
    }
    let (x, y) = (b.id("input")?, operand(b.name(), b.value("other"))?);
    node::compare(host, kind, x, y).map(Value::tensor)
}

fn unary(host: &mut dyn Host, b: &Bound<'_>, kind: Unary) -> Result<Value> {
    let x = b.id("input")?;
    super::elementwise::unary(host, kind, x).map(Value::tensor)
}

fn length(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    match node::shape(host, x).first() {
        Some(size) => Ok(Value::Int(crate::nn::bound::int(*size))),
        None => Err(Error::mismatch("len() of a 0-d tensor").code("type_error")),
    }
}

functions! {
    m "__add__": "(input, other)" => |h, b| forward(h, b, Binary::Add);
    m "__radd__": "(input, other)" => |h, b| reflected(h, b, Binary::Add);
    m "__sub__": "(input, other)" => |h, b| forward(h, b, Binary::Sub);
    m "__rsub__": "(input, other)" => |h, b| reflected(h, b, Binary::Sub);
    m "__mul__": "(input, other)" => |h, b| forward(h, b, Binary::Mul);
    m "__rmul__": "(input, other)" => |h, b| reflected(h, b, Binary::Mul);
    m "__truediv__ __div__": "(input, other)" => |h, b| forward(h, b, Binary::Div);
    m "__rtruediv__ __rdiv__": "(input, other)" => |h, b| reflected(h, b, Binary::Div);
    m "__floordiv__": "(input, other)" => |h, b| forward(h, b, Binary::FloorDivide);
    m "__rfloordiv__": "(input, other)" => |h, b| reflected(h, b, Binary::FloorDivide);
    m "__mod__": "(input, other)" => |h, b| forward(h, b, Binary::Remainder);
    m "__rmod__": "(input, other)" => |h, b| reflected(h, b, Binary::Remainder);
    m "__pow__": "(input, other)" => |h, b| forward(h, b, Binary::Pow);
    m "__rpow__": "(input, other)" => |h, b| reflected(h, b, Binary::Pow);
    m "__and__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseAnd);
    m "__rand__": "(input, other)" => |h, b| reflected(h, b, Binary::BitwiseAnd);
    m "__or__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseOr);
    m "__ror__": "(input, other)" => |h, b| reflected(h, b, Binary::BitwiseOr);
    m "__xor__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseXor);
    m "__rxor__": "(input, other)" => |h, b| reflected(h, b, Binary::BitwiseXor);
    m "__lshift__": "(input, other)" => |h, b| forward(h, b, Binary::ShiftLeft);
    m "__rshift__": "(input, other)" => |h, b| forward(h, b, Binary::ShiftRight);
    d "__iadd__": "(input, other)" => |h, b| forward(h, b, Binary::Add);
    d "__isub__": "(input, other)" => |h, b| forward(h, b, Binary::Sub);
    d "__imul__": "(input, other)" => |h, b| forward(h, b, Binary::Mul);
    d "__itruediv__ __idiv__": "(input, other)" => |h, b| forward(h, b, Binary::Div);
    d "__ifloordiv__": "(input, other)" => |h, b| forward(h, b, Binary::FloorDivide);
    d "__imod__": "(input, other)" => |h, b| forward(h, b, Binary::Remainder);
    d "__ipow__": "(input, other)" => |h, b| forward(h, b, Binary::Pow);
    d "__iand__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseAnd);
    d "__ior__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseOr);
    d "__ixor__": "(input, other)" => |h, b| forward(h, b, Binary::BitwiseXor);
    d "__ilshift__": "(input, other)" => |h, b| forward(h, b, Binary::ShiftLeft);
    d "__irshift__": "(input, other)" => |h, b| forward(h, b, Binary::ShiftRight);
    m "__eq__": "(input, other)" => |h, b| compare(h, b, Compare::Eq);
    m "__ne__": "(input, other)" => |h, b| compare(h, b, Compare::Ne);
    m "__lt__": "(input, other)" => |h, b| compare(h, b, Compare::Lt);
    m "__le__": "(input, other)" => |h, b| compare(h, b, Compare::Le);
    m "__gt__": "(input, other)" => |h, b| compare(h, b, Compare::Gt);
    m "__ge__": "(input, other)" => |h, b| compare(h, b, Compare::Ge);
    m "__neg__": "(input)" => |h, b| unary(h, b, Unary::Neg);
    m "__abs__": "(input)" => |h, b| unary(h, b, Unary::Abs);
    m "__invert__": "(input)" => |h, b| unary(h, b, Unary::BitwiseNot);
    m "__pos__": "(input)" => |_, b| b.tensor("input").cloned().map(Value::Tensor);
    m "__len__": "(input)" => length;
}
