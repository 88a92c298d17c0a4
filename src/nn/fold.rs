//! What small constant expressions come to: `.item()`, `tolist()`, control flow over literals, and nested lists as tensors.
//!
//! Values that depend on inputs, parameters or random numbers are unknown while a network is traced: they are asked for where somebody has
//! the inputs ([`super::asking`]), and refused by name elsewhere.

use super::asking::Asking;
use super::bound::scalar;
use super::host::Host;
use super::node;
use super::rearranged;
use super::value::Value;
use crate::convert::{Number, encode};
use crate::data::{TensorData, numel};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::op::{Binary, Compare, Op, Reduce, Scalar, Unary};
use crate::graph::{Graph, ValueId};
use std::collections::HashMap;

/// Larger tensors are not worked out while tracing.
const MOST: usize = 1 << 16;
/// Longer chains of nodes neither.
const DEEPEST: usize = 200;

/// Elements of a constant expression, as float64, which holds every int of a size or index exactly.
#[derive(Clone, Debug)]
pub struct Folded {
    /// sizes
    pub shape: Vec<usize>,
    /// element type
    pub dtype: DType,
    /// row-major
    pub values: Vec<f64>,
}

impl Folded {
    /// An element as Python's number.
    #[expect(clippy::cast_possible_truncation, reason = "folded ints were exact")]
    pub fn number(&self, value: f64) -> Value {
        match self.dtype.category() {
            Category::Bool => Value::Bool(value != 0.0),
            Category::Int => Value::Int(value as i64),
            _ => Value::Float(value),
        }
    }
}

/// The elements, where they are known.
pub fn known(host: &mut dyn Host, id: ValueId) -> Option<Folded> {
    let trace = host.trace();
    Folding { graph: trace.graph.graph(), asking: &trace.asking, met: HashMap::new() }.fold(id, DEEPEST)
}

/// The elements, or the refusal that names what asked.
pub fn need(host: &mut dyn Host, id: ValueId, what: &str) -> Result<Folded> {
    known(host, id).ok_or_else(|| {
        host.trace().asking.ask(id);
        Error::unsupported(format!("{what}: the value of this tensor is only known when the network runs"))
            .code("data_dependent")
            .hint("here only shapes are known; a run with inputs knows the value")
    })
}

/// Each value is worked out once: expressions share their parts.
struct Folding<'a> {
    graph: &'a Graph,
    asking: &'a Asking,
    met: HashMap<ValueId, Option<Folded>>,
}

impl Folding<'_> {
    fn fold(&mut self, id: ValueId, depth: usize) -> Option<Folded> {
        if let Some(met) = self.met.get(&id) {
            return met.clone();
        }
        let found = self.work_out(id, depth);
        self.met.insert(id, found.clone());
        found
    }

    fn work_out(&mut self, id: ValueId, depth: usize) -> Option<Folded> {
        let graph = self.graph;
        let info = graph.values.get(id.0 as usize)?;
        let literal = graph.constants.iter().find(|c| c.value == id).map(|c| &c.data);
        let answer = self.asking.answer(id);
        let count = numel(&info.shape).filter(|n| *n <= MOST || answer.is_some())?;
        if let Some(data) = answer.or(literal) {
            let values = data.to_f64().ok()?;
            return Some(Folded { shape: info.shape.clone(), dtype: info.dtype, values });
        }
        let node = graph.nodes.iter().rev().find(|n| n.outputs.contains(&id))?;
        if node.outputs.len() != 1 || depth == 0 {
            return None;
        }
        let mut input = |at: usize| node.inputs.get(at).and_then(|id| self.fold(*id, depth - 1));
        let values = match &node.op {
            Op::Full { value, .. } => vec![value.as_f64(); count],
            Op::Arange { start, step, .. } => counting(count).map(|i| start.as_f64() + i * step.as_f64()).collect(),
            Op::Linspace { start, end, steps, .. } => linspace(*start, *end, *steps),
            Op::Reshape { .. } | Op::Detach | Op::Cast { .. } => input(0)?.values,
            Op::Slice { dim, start, step, .. } => {
                let x = input(0)?;
                let mut strides = rearranged::strides(&x.shape);
                let stride = strides.get_mut(*dim)?;
                let offset = stride.checked_mul(isize::try_from(*start).ok()?)?;
                *stride = stride.saturating_mul(isize::try_from(*step).ok()?);
                rearranged::strided(&x.values, &info.shape, &strides, offset)?
            }
            Op::Permute { dims } => {
                let x = input(0)?;
                let own = rearranged::strides(&x.shape);
                let strides: Vec<isize> = dims.iter().filter_map(|dim| own.get(*dim).copied()).collect();
                rearranged::strided(&x.values, &info.shape, &strides, 0)?
            }
            Op::Cat { dim } => {
                let (outer, inner) = (numel(info.shape.get(..*dim)?)?, numel(info.shape.get(dim + 1..)?)?);
                let part = |at| input(at).and_then(|x| Some((x.values, *x.shape.get(*dim)?)));
                let parts: Vec<_> = (0..node.inputs.len()).map(part).collect::<Option<_>>()?;
                rearranged::joined(&parts, outer, inner)?
            }
            Op::Expand { shape } => {
                let x = input(0)?;
                rearranged::expanded(&x.values, &x.shape, shape)?
            }
            Op::Tril { diagonal } | Op::Triu { diagonal } => {
                let mut x = input(0)?;
                let upper = matches!(node.op, Op::Triu { .. });
                rearranged::triangle(&mut x.values, &x.shape, *diagonal, upper)?;
                x.values
            }
            Op::Where => {
                let wide = |x: Folded| rearranged::expanded(&x.values, &x.shape, &info.shape);
                let (condition, x, y) = (wide(input(0)?)?, wide(input(1)?)?, wide(input(2)?)?);
                let choose = |(c, (x, y)): (&f64, (&f64, &f64))| if *c == 0.0 { *y } else { *x };
                condition.iter().zip(x.iter().zip(&y)).map(choose).collect()
            }
            Op::Unary(kind) => {
                let kind = *kind;
                input(0)?.values.into_iter().map(|x| unary(kind, x)).collect::<Option<_>>()?
            }
            Op::BinaryScalar { op, scalar, reverse } => {
                let s = scalar.as_f64();
                let apply = |x| if *reverse { binary(*op, s, x) } else { binary(*op, x, s) };
                input(0)?.values.into_iter().map(apply).collect::<Option<_>>()?
            }
            Op::Binary(op) => pairwise(&input(0)?, &input(1)?, &info.shape, |x, y| binary(*op, x, y))?,
            Op::Compare(op) => pairwise(&input(0)?, &input(1)?, &info.shape, |x, y| Some(flag(compare(*op, x, y))))?,
            Op::CompareScalar { op, scalar } => {
                input(0)?.values.into_iter().map(|x| flag(compare(*op, x, scalar.as_f64()))).collect()
            }
            Op::Reduce { op, dims, .. } => {
                let x = input(0)?;
                let groups = rearranged::groups(&x.values, &x.shape, dims)?;
                groups.iter().map(|group| reduce(*op, group)).collect::<Option<_>>()?
            }
            Op::Cumulate { op: crate::graph::op::Cumulate::Sum, .. } => {
                let x = input(0)?;
                if x.shape.len() != 1 {
                    return None;
                }
                let mut total = 0.0;
                x.values
                    .iter()
                    .map(|v| {
                        total += v;
                        total
                    })
                    .collect()
            }
            _ => return None,
        };
        (values.len() == count).then(|| Folded {
            shape: info.shape.clone(),
            dtype: info.dtype,
            values: values.into_iter().map(|v| rounded(v, info.dtype)).collect(),
        })
    }
}

/// A value as the dtype holds it.
#[expect(clippy::cast_possible_truncation, reason = "torch's own rounding")]
fn rounded(value: f64, dtype: DType) -> f64 {
    match dtype.category() {
        Category::Bool => flag(value != 0.0),
        Category::Int => value.trunc(),
        Category::Float if dtype != DType::Float64 => f64::from(value as f32),
        _ => value,
    }
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

fn counting(count: usize) -> impl Iterator<Item = f64> {
    (0..u32::try_from(count).unwrap_or(0)).map(f64::from)
}

/// torch counts the second half back from the end.
fn linspace(start: f64, end: f64, steps: usize) -> Vec<f64> {
    let last = u32::try_from(steps.saturating_sub(1)).map_or(0.0, f64::from);
    let step = if steps > 1 { (end - start) / last } else { 0.0 };
    let half = u32::try_from(steps / 2).map_or(0.0, f64::from);
    counting(steps).map(|i| if i < half || steps == 1 { start + step * i } else { end - step * (last - i) }).collect()
}

fn pairwise(x: &Folded, y: &Folded, to: &[usize], apply: impl Fn(f64, f64) -> Option<f64>) -> Option<Vec<f64>> {
    let wide = |x: &Folded| rearranged::expanded(&x.values, &x.shape, to);
    wide(x)?.into_iter().zip(wide(y)?).map(|(a, b)| apply(a, b)).collect()
}

fn unary(kind: Unary, x: f64) -> Option<f64> {
    Some(match kind {
        Unary::Abs => x.abs(),
        Unary::Neg => -x,
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Log2 => x.log2(),
        Unary::Log10 => x.log10(),
        Unary::Log1p => x.ln_1p(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Exp2 => x.exp2(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Relu => x.max(0.0),
        Unary::Isinf => flag(x.is_infinite()),
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => 1.0 / x.sqrt(),
        Unary::Square => x * x,
        Unary::Reciprocal => 1.0 / x,
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
        Unary::Trunc => x.trunc(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::LogicalNot => flag(x == 0.0),
        Unary::Isnan => flag(x.is_nan()),
        Unary::Isfinite => flag(x.is_finite()),
        _ => return None,
    })
}

fn binary(kind: Binary, x: f64, y: f64) -> Option<f64> {
    Some(match kind {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::FloorDivide => (x / y).floor(),
        Binary::TruncDivide => (x / y).trunc(),
        Binary::Remainder => x - y * (x / y).floor(),
        Binary::Pow => x.powf(y),
        Binary::Maximum => x.max(y),
        Binary::Minimum => x.min(y),
        Binary::LogicalAnd => flag(x != 0.0 && y != 0.0),
        Binary::LogicalOr => flag(x != 0.0 || y != 0.0),
        _ => return None,
    })
}

fn compare(kind: Compare, x: f64, y: f64) -> bool {
    match kind {
        Compare::Eq => x == y,
        Compare::Ne => x != y,
        Compare::Lt => x < y,
        Compare::Le => x <= y,
        Compare::Gt => x > y,
        Compare::Ge => x >= y,
    }
}

fn reduce(kind: Reduce, values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().map(f64::from)?;
    Some(match kind {
        Reduce::Sum => values.iter().sum(),
        Reduce::Mean => values.iter().sum::<f64>() / count,
        Reduce::Prod => values.iter().product(),
        Reduce::Amax => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reduce::Amin => values.iter().copied().fold(f64::INFINITY, f64::min),
        Reduce::Any => flag(values.iter().any(|v| *v != 0.0)),
        Reduce::All => flag(values.iter().all(|v| *v != 0.0)),
        _ => return None,
    })
}

/// A nested list of numbers as a tensor's data, of a dtype or of the one that torch infers.
pub fn from_nested(host: &mut dyn Host, value: &Value, to: Option<DType>) -> Result<TensorData> {
    let mut shape = Vec::new();
    let mut numbers = Vec::new();
    gather(value, 0, &mut shape, &mut numbers)?;
    let inferred = numbers.iter().fold(None, |found: Option<DType>, s| {
        let dtype = node::scalar_dtype(host, *s);
        Some(found.map_or(dtype, |f| f.promote(dtype).unwrap_or(f)))
    });
    let dtype = to.or(inferred).unwrap_or(host.trace().default_dtype);
    let mut bytes = Vec::with_capacity(numbers.len().saturating_mul(dtype.size()));
    for number in numbers {
        let number = match number {
            Scalar::Bool(flag) => Number::Int(i128::from(flag)),
            Scalar::Int(int) => Number::Int(int.into()),
            Scalar::Float(float) => Number::Float(float),
        };
        if !encode(dtype, number, &mut bytes) {
            return Err(Error::unsupported(format!("a literal tensor of torch.{}", dtype.name())));
        }
    }
    TensorData::new(dtype, shape, bytes)
}

fn gather(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<Scalar>) -> Result<()> {
    if let Some(number) = scalar(value) {
        if shape.len() > depth {
            return Err(Error::mismatch(format!("expected sequence of length {:?} at dim {depth}", shape.get(depth)))
                .code("value_error"));
        }
        numbers.push(number);
        return Ok(());
    }
    let Some(items) = value.items() else {
        return Err(super::signature::type_error(format!("new(): invalid data type '{}'", value.type_name())));
    };
    match shape.get(depth) {
        Some(want) if *want != items.len() => {
            return Err(Error::mismatch(format!(
                "expected sequence of length {want} at dim {depth} (got {})",
                items.len()
            ))
            .code("value_error"));
        }
        Some(_) => {}
        None if numbers.is_empty() && depth < 64 => shape.push(items.len()),
        None => return Err(super::signature::type_error("not a sequence")),
    }
    items.iter().try_for_each(|item| gather(item, depth + 1, shape, numbers))
}
