//! Graph nodes under torch's rules: dtype promotion, numbers beside tensors, dims from either end.

use super::bound::{int, scalar};
use super::host::Host;
use super::signature::type_error;
use super::value::Value;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::op::{Binary, Compare, Op, Reduce, Scalar};
use crate::graph::{Info, ValueId};

/// Adds a node with one result.
pub fn op(host: &mut dyn Host, op: Op, inputs: &[ValueId]) -> Result<ValueId> {
    host.trace().graph.push1(op, inputs)
}

/// Shape and dtype.
pub fn info(host: &mut dyn Host, id: ValueId) -> Info {
    host.trace().graph.info(id).clone()
}

/// Sizes.
pub fn shape(host: &mut dyn Host, id: ValueId) -> Vec<usize> {
    info(host, id).shape
}

/// Element type.
pub fn dtype(host: &mut dyn Host, id: ValueId) -> DType {
    host.trace().graph.info(id).dtype
}

/// Number of dims.
pub fn rank(host: &mut dyn Host, id: ValueId) -> usize {
    host.trace().graph.info(id).shape.len()
}

/// One dim's size; 1 beyond the rank.
pub fn extent(host: &mut dyn Host, id: ValueId, dim: usize) -> usize {
    host.trace().graph.info(id).shape.get(dim).copied().unwrap_or(1)
}

/// `x.to(dtype)`, nothing where it has that dtype.
pub fn cast(host: &mut dyn Host, id: ValueId, to: DType) -> Result<ValueId> {
    if dtype(host, id) == to { Ok(id) } else { op(host, Op::Cast { dtype: to }, &[id]) }
}

/// `x.reshape(shape)`, nothing where it has that shape.
pub fn reshape(host: &mut dyn Host, id: ValueId, to: Vec<usize>) -> Result<ValueId> {
    if host.trace().graph.info(id).shape == to { Ok(id) } else { op(host, Op::Reshape { shape: to }, &[id]) }
}

/// `x.expand(shape)`, nothing where it has that shape.
pub fn expand(host: &mut dyn Host, id: ValueId, to: Vec<usize>) -> Result<ValueId> {
    if host.trace().graph.info(id).shape == to { Ok(id) } else { op(host, Op::Expand { shape: to }, &[id]) }
}

/// `torch.full`.
pub fn full(host: &mut dyn Host, shape: Vec<usize>, value: Scalar, dtype: DType) -> Result<ValueId> {
    op(host, Op::Full { shape, value: to_dtype(value, dtype), dtype }, &[])
}

/// The dtype of a tensor made of a Python number.
pub fn scalar_dtype(host: &mut dyn Host, scalar: Scalar) -> DType {
    match scalar {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(_) => DType::Int64,
        Scalar::Float(_) => host.trace().default_dtype,
    }
}

/// The number as the dtype's kind of number.
#[expect(clippy::cast_possible_truncation, reason = "torch's cast from float to int truncates too")]
pub fn to_dtype(scalar: Scalar, dtype: DType) -> Scalar {
    match (dtype.category(), scalar) {
        (Category::Float | Category::Complex, s) => Scalar::Float(s.as_f64()),
        (Category::Int, Scalar::Float(f)) => Scalar::Int(f as i64),
        (Category::Int, Scalar::Bool(b)) => Scalar::Int(i64::from(b)),
        (Category::Bool, s) => Scalar::Bool(s.as_f64() != 0.0),
        (_, s) => s,
    }
}

/// A dim from either end, as torch counts.
pub fn dim(dim: i64, rank: usize) -> Result<usize> {
    let rank = int(rank.max(1));
    let at = if dim < 0 { dim + rank } else { dim };
    match usize::try_from(at) {
        Ok(found) if at < rank => Ok(found),
        _ => Err(Error::mismatch(format!(
            "Dimension out of range (expected to be in range of [{}, {}], but got {dim})",
            -rank,
            rank - 1
        ))
        .code("index_error")),
    }
}

/// Several dims, sorted, each once. None and no dims mean all.
pub fn dims(given: Option<&[i64]>, rank: usize) -> Result<Vec<usize>> {
    let Some(given) = given.filter(|g| !g.is_empty()) else { return Ok((0..rank).collect()) };
    let mut found = Vec::with_capacity(given.len());
    for d in given {
        let d = dim(*d, rank)?;
        if found.contains(&d) {
            return Err(Error::mismatch(format!("dim {d} appears multiple times in the list of dims")));
        }
        found.push(d);
    }
    found.sort_unstable();
    found.retain(|d| *d < rank);
    Ok(found)
}

/// The dtype that both convert to, or torch's refusal.
pub fn promote(a: DType, b: DType) -> Result<DType> {
    a.promote(b).ok_or_else(|| {
        Error::unsupported(format!("Promotion for torch.{} and torch.{} is not supported", a.name(), b.name()))
    })
}

/// A tensor or number of an arithmetic function.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// a tensor's value
    Tensor(ValueId),
    /// a Python number
    Scalar(Scalar),
}

impl From<ValueId> for Operand {
    fn from(id: ValueId) -> Self {
        Self::Tensor(id)
    }
}

impl From<Scalar> for Operand {
    fn from(value: Scalar) -> Self {
        Self::Scalar(value)
    }
}

impl From<f64> for Operand {
    fn from(value: f64) -> Self {
        Self::Scalar(Scalar::Float(value))
    }
}

/// A value as an operand; the TypeError of Python's operators otherwise.
pub fn operand(function: &str, value: &Value) -> Result<Operand> {
    match (value, scalar(value)) {
        (Value::Tensor(tensor), _) => Ok(Operand::Tensor(tensor.value())),
        (_, Some(number)) => Ok(Operand::Scalar(number)),
        _ => Err(type_error(format!(
            "{function}(): argument 'other' (position 2) must be Tensor, not {}",
            value.type_name()
        ))),
    }
}

/// `torch.result_type`: tensors with dims count before tensors without, those before numbers; a higher category wins.
pub fn result_type(host: &mut dyn Host, operands: &[Operand]) -> Result<DType> {
    let mut found: [Option<DType>; 3] = [None; 3];
    for operand in operands {
        let (priority, dtype) = match operand {
            Operand::Tensor(id) => {
                let info = host.trace().graph.info(*id);
                (usize::from(info.shape.is_empty()), info.dtype)
            }
            Operand::Scalar(s) => (2, scalar_dtype(host, *s)),
        };
        if let Some(slot) = found.get_mut(priority) {
            *slot = Some(slot.map_or(Ok(dtype), |old| promote(old, dtype))?);
        }
    }
    let [dims, zero, wrapped] = found;
    Ok(combine(dims, combine(zero, wrapped)?)?.unwrap_or(host.trace().default_dtype))
}

/// c10's `combine_categories`.
fn combine(higher: Option<DType>, lower: Option<DType>) -> Result<Option<DType>> {
    let (Some(high), Some(low)) = (higher, lower) else { return Ok(higher.or(lower)) };
    match (high.category(), low.category()) {
        (Category::Complex | Category::Float, Category::Bool | Category::Int | Category::Float) => Ok(Some(high)),
        (Category::Bool, _) | (_, Category::Float | Category::Complex) => promote(high, low).map(Some),
        _ => Ok(Some(high)),
    }
}

/// The operand as a tensor's value.
pub fn tensor_of(host: &mut dyn Host, operand: Operand) -> Result<ValueId> {
    match operand {
        Operand::Tensor(id) => Ok(id),
        Operand::Scalar(s) => {
            let dtype = scalar_dtype(host, s);
            full(host, Vec::new(), s, dtype)
        }
    }
}

/// Integers become the default float, as for torch's true division and transcendental functions.
pub fn float(host: &mut dyn Host, id: ValueId) -> Result<ValueId> {
    let category = dtype(host, id).category();
    if !matches!(category, Category::Bool | Category::Int) {
        return Ok(id);
    }
    let to = host.trace().default_dtype;
    cast(host, id, to)
}

/// An arithmetic function of two operands, promoted and broadcast.
pub fn binary(host: &mut dyn Host, kind: Binary, x: impl Into<Operand>, y: impl Into<Operand>) -> Result<ValueId> {
    let (x, y) = (x.into(), y.into());
    let mut to = result_type(host, &[x, y])?;
    let logical = matches!(kind, Binary::LogicalAnd | Binary::LogicalOr | Binary::LogicalXor);
    let kind = match (kind, to.category()) {
        (Binary::Add, Category::Bool) => Binary::LogicalOr,
        (Binary::Mul, Category::Bool) => Binary::LogicalAnd,
        (Binary::Sub, Category::Bool) => {
            return Err(Error::mismatch(
                "Subtraction, the `-` operator, with two bool tensors is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
            ));
        }
        (Binary::Div | Binary::Atan2, Category::Bool | Category::Int) => {
            to = host.trace().default_dtype;
            kind
        }
        (Binary::BitwiseAnd | Binary::BitwiseOr | Binary::BitwiseXor, Category::Float | Category::Complex) => {
            return Err(Error::mismatch(format!(
                "\"bitwise\" functions are not implemented for '{}'",
                to.scalar_type()
            )));
        }
        _ => kind,
    };
    match (x, y) {
        _ if logical => {
            let (x, y) = (tensor_of(host, x)?, tensor_of(host, y)?);
            let (x, y) = (cast(host, x, DType::Bool)?, cast(host, y, DType::Bool)?);
            op(host, Op::Binary(kind), &[x, y])
        }
        (Operand::Tensor(x), Operand::Tensor(y)) => {
            let (x, y) = (cast(host, x, to)?, cast(host, y, to)?);
            op(host, Op::Binary(kind), &[x, y])
        }
        (Operand::Tensor(x), Operand::Scalar(s)) => {
            if kind == Binary::Pow && to.is_int() && s.as_f64() < 0.0 {
                return Err(Error::mismatch("Integers to negative integer powers are not allowed."));
            }
            let x = cast(host, x, to)?;
            op(host, Op::BinaryScalar { op: kind, scalar: to_dtype(s, to), reverse: false }, &[x])
        }
        (Operand::Scalar(s), Operand::Tensor(y)) => {
            let y = cast(host, y, to)?;
            op(host, Op::BinaryScalar { op: kind, scalar: to_dtype(s, to), reverse: true }, &[y])
        }
        (Operand::Scalar(_), Operand::Scalar(_)) => {
            let (x, y) = (tensor_of(host, x)?, tensor_of(host, y)?);
            binary(host, kind, x, y)
        }
    }
}

/// A comparison, promoted and broadcast.
pub fn compare(host: &mut dyn Host, kind: Compare, x: impl Into<Operand>, y: impl Into<Operand>) -> Result<ValueId> {
    let (x, y) = (x.into(), y.into());
    let to = result_type(host, &[x, y])?;
    match (x, y) {
        (Operand::Tensor(x), Operand::Scalar(s)) => {
            let x = cast(host, x, to)?;
            op(host, Op::CompareScalar { op: kind, scalar: to_dtype(s, to) }, &[x])
        }
        _ => {
            let (x, y) = (tensor_of(host, x)?, tensor_of(host, y)?);
            let (x, y) = (cast(host, x, to)?, cast(host, y, to)?);
            op(host, Op::Compare(kind), &[x, y])
        }
    }
}

/// A reduction over dims that are resolved.
pub fn reduce(host: &mut dyn Host, kind: Reduce, x: ValueId, dims: Vec<usize>, keepdim: bool) -> Result<ValueId> {
    op(host, Op::Reduce { op: kind, dims, keepdim }, &[x])
}
