//! Losses, written out as torch defines them.

use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Activation, Binary, Compare, Op, Reduce, Scalar, Unary};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, Operand};
use crate::nn::value::Value;

functions! {
    f "mse_loss": "(input, target, size_average=None, reduce=None, reduction='mean', weight=None)" => mse_loss;
    f "l1_loss": "(input, target, size_average=None, reduce=None, reduction='mean', weight=None)" => l1_loss;
    f "smooth_l1_loss": "(input, target, size_average=None, reduce=None, reduction='mean', beta=1.0)" => smooth_l1_loss;
    f "huber_loss": "(input, target, reduction='mean', delta=1.0, weight=None)" => huber_loss;
    f "binary_cross_entropy": "(input, target, weight=None, size_average=None, reduce=None, reduction='mean')" => binary_cross_entropy;
    f "binary_cross_entropy_with_logits": "(input, target, weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None)" => binary_cross_entropy_with_logits;
    f "kl_div": "(input, target, size_average=None, reduce=None, reduction='mean', log_target=False)" => kl_div;
    f "nll_loss": "(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')" => nll_loss;
    f "cross_entropy": "(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0)" => cross_entropy;
}

/// `reduction`, where the arguments of old torch versions do not say otherwise: `torch.nn._reduction.legacy_get_string`.
pub(super) fn reduction<'a>(b: &'a Bound<'_>) -> Result<&'a str> {
    if b.has("reduce") || b.has("size_average") {
        let on = |name| !matches!(b.value(name), Value::Bool(false));
        return Ok(match (on("reduce"), on("size_average")) {
            (true, true) => "mean",
            (true, false) => "sum",
            (false, _) => "none",
        });
    }
    b.str("reduction")
}

/// The loss as `reduction` says: of each element, the mean or the sum.
pub(super) fn reduced(host: &mut dyn Host, b: &Bound<'_>, loss: ValueId) -> Result<Value> {
    let kind = match reduction(b)? {
        "none" => return Ok(Value::tensor(loss)),
        "mean" => Reduce::Mean,
        "sum" => Reduce::Sum,
        other => {
            return Err(Error::mismatch(format!("{other} is not a valid value for reduction")).code("value_error"));
        }
    };
    total(host, kind, loss).map(Value::tensor)
}

/// A reduction over everything.
fn total(host: &mut dyn Host, kind: Reduce, x: ValueId) -> Result<ValueId> {
    let rank = node::rank(host, x);
    node::reduce(host, kind, x, (0..rank).collect(), false)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n.max(1)).unwrap_or(u32::MAX))
}

fn gap(host: &mut dyn Host, b: &Bound<'_>) -> Result<ValueId> {
    if b.has("weight") {
        return Err(Error::unsupported(format!("torch.nn.functional.{} with weight", b.name())));
    }
    let (x, y) = (b.id("input")?, b.id("target")?);
    node::binary(host, Binary::Sub, x, y)
}

fn mse_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let gap = gap(host, b)?;
    let squares = node::binary(host, Binary::Mul, gap, gap)?;
    reduced(host, b, squares)
}

fn l1_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let gap = gap(host, b)?;
    let sizes = node::op(host, Op::Unary(Unary::Abs), &[gap])?;
    reduced(host, b, sizes)
}

/// Quadratic below a border, linear beyond: `near` scales the square, `far` the rest.
fn bent(host: &mut dyn Host, b: &Bound<'_>, border: f64, near: f64, far: f64) -> Result<Value> {
    let gap = gap(host, b)?;
    let size = node::op(host, Op::Unary(Unary::Abs), &[gap])?;
    let square = node::binary(host, Binary::Mul, gap, gap)?;
    let inside = node::binary(host, Binary::Mul, square, near)?;
    let outside = node::binary(host, Binary::Sub, size, 0.5 * border)?;
    let outside = node::binary(host, Binary::Mul, outside, far)?;
    let close = node::compare(host, Compare::Lt, size, border)?;
    let loss = super::elementwise::choose(host, close, inside.into(), outside.into())?;
    reduced(host, b, loss)
}

fn smooth_l1_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let beta = b.float("beta")?;
    if beta == 0.0 { l1_loss(host, b) } else { bent(host, b, beta, 0.5 / beta, 1.0) }
}

fn huber_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let delta = b.float("delta")?;
    bent(host, b, delta, 0.5, delta)
}

/// torch keeps each logarithm above -100.
fn bounded_log(host: &mut dyn Host, x: ValueId) -> Result<ValueId> {
    let log = node::op(host, Op::Unary(Unary::Log), &[x])?;
    node::op(host, Op::Clamp { min: Some(Scalar::Float(-100.0)), max: None }, &[log])
}

fn binary_cross_entropy(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (p, target) = (b.id("input")?, b.id("target")?);
    if node::shape(host, p) != node::shape(host, target) {
        return Err(Error::mismatch(format!(
            "Using a target size (torch.Size({:?})) that is different to the input size (torch.Size({:?})) is deprecated. Please ensure they have the same size.",
            node::shape(host, target),
            node::shape(host, p)
        ))
        .code("value_error"));
    }
    // The gradient of p is ATen's, bounded where a logarithm is: (p - target) / max(p (1 - p), 1e-12).
    let x = p;
    let p = node::op(host, Op::Detach, &[x])?;
    let log = bounded_log(host, p)?;
    let rest = node::binary(host, Binary::Sub, 1.0, p)?;
    let log_rest = bounded_log(host, rest)?;
    let hit = node::binary(host, Binary::Mul, target, log)?;
    let other = node::binary(host, Binary::Sub, 1.0, target)?;
    let miss = node::binary(host, Binary::Mul, other, log_rest)?;
    let sum = node::binary(host, Binary::Add, hit, miss)?;
    let loss = node::op(host, Op::Unary(Unary::Neg), &[sum])?;
    let spread = node::binary(host, Binary::Mul, p, rest)?;
    let spread = node::op(host, Op::Clamp { min: Some(Scalar::Float(1e-12)), max: None }, &[spread])?;
    let gap = node::binary(host, Binary::Sub, p, target)?;
    let slope = node::binary(host, Binary::Div, gap, spread)?;
    let slope = node::op(host, Op::Detach, &[slope])?;
    // Nothing, but for the gradient.
    let nothing = node::binary(host, Binary::Sub, x, p)?;
    let nothing = node::binary(host, Binary::Mul, nothing, slope)?;
    let loss = node::binary(host, Binary::Add, loss, nothing)?;
    weighted(host, b, loss)
}

fn weighted(host: &mut dyn Host, b: &Bound<'_>, loss: ValueId) -> Result<Value> {
    let loss = match b.id_or_none("weight")? {
        Some(weight) => node::binary(host, Binary::Mul, loss, weight)?,
        None => loss,
    };
    reduced(host, b, loss)
}

/// `(1 - y) x + (1 + (w - 1) y) softplus(-x)`
fn binary_cross_entropy_with_logits(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    if node::shape(host, x) != node::shape(host, target) {
        return Err(Error::mismatch(format!(
            "Target size (torch.Size({:?})) must be the same as input size (torch.Size({:?}))",
            node::shape(host, target),
            node::shape(host, x)
        ))
        .code("value_error"));
    }
    let log = node::op(host, Op::Activation(Activation::Logsigmoid), &[x])?;
    let mut softplus = node::op(host, Op::Unary(Unary::Neg), &[log])?;
    if let Some(weight) = b.id_or_none("pos_weight")? {
        let extra = node::binary(host, Binary::Sub, weight, 1.0)?;
        let extra = node::binary(host, Binary::Mul, extra, target)?;
        let factor = node::binary(host, Binary::Add, extra, 1.0)?;
        softplus = node::binary(host, Binary::Mul, factor, softplus)?;
    }
    let other = node::binary(host, Binary::Sub, 1.0, target)?;
    let linear = node::binary(host, Binary::Mul, other, x)?;
    let loss = node::binary(host, Binary::Add, linear, softplus)?;
    weighted(host, b, loss)
}

/// `target (log target - input)`
fn kl_div(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let loss = if b.bool("log_target")? {
        let p = node::op(host, Op::Unary(Unary::Exp), &[target])?;
        let gap = node::binary(host, Binary::Sub, target, x)?;
        node::binary(host, Binary::Mul, p, gap)?
    } else {
        let log = node::op(host, Op::Unary(Unary::Log), &[target])?;
        let own = node::binary(host, Binary::Mul, target, log)?;
        let zero = node::compare(host, Compare::Eq, target, 0.0)?;
        let own = super::elementwise::choose(host, zero, 0.0.into(), own.into())?;
        let cross = node::binary(host, Binary::Mul, target, x)?;
        node::binary(host, Binary::Sub, own, cross)?
    };
    if reduction(b)? == "batchmean" {
        let batch = count(node::extent(host, x, 0));
        let sum = total(host, Reduce::Sum, loss)?;
        return node::binary(host, Binary::Div, sum, batch).map(Value::tensor);
    }
    reduced(host, b, loss)
}

/// A weight for each class, laid along the dim of classes.
fn along_classes(host: &mut dyn Host, weight: ValueId, rank: usize, dim: usize) -> Result<ValueId> {
    let classes = node::extent(host, weight, 0);
    node::reshape(host, weight, (0..rank).map(|d| if d == dim { classes } else { 1 }).collect())
}

/// Log probabilities of classes on dim 1 (dim 0 without a batch), and class indices.
fn nll(host: &mut dyn Host, b: &Bound<'_>, log: ValueId, smoothing: f64) -> Result<Value> {
    let target = b.id("target")?;
    let shape = node::shape(host, log);
    let dim = usize::from(shape.len() > 1);
    let classes = shape.get(dim).copied().unwrap_or(0);
    let want: Vec<usize> = shape.iter().enumerate().filter(|(d, _)| *d != dim).map(|(_, s)| *s).collect();
    let got = node::shape(host, target);
    if want != got {
        let (batch, targets) = (want.first(), got.first());
        return Err(Error::mismatch(match (batch, targets) {
            (Some(batch), Some(targets)) if batch != targets => {
                format!("Expected input batch_size ({batch}) to match target batch_size ({targets}).")
            }
            _ if want.len() == 1 && got.len() > 1 => {
                "0D or 1D target tensor expected, multi-target not supported".to_owned()
            }
            _ => format!("Expected target size {want:?}, got {got:?}"),
        }));
    }
    let dtype = node::dtype(host, log);
    let target = node::cast(host, target, DType::Int64)?;
    let ignore = Operand::Scalar(Scalar::Int(b.int("ignore_index")?));
    let ignored = node::compare(host, Compare::Eq, target, ignore)?;
    // an ignored index may be outside of the classes
    let safe = node::op(host, Op::MaskedFill { value: Scalar::Int(0) }, &[target, ignored])?;
    let kept = node::op(host, Op::Unary(Unary::LogicalNot), &[ignored])?;
    let kept = node::cast(host, kept, dtype)?;
    let (mut share, mut smooth_log) = (kept, log);
    if let Some(weight) = b.id_or_none("weight")? {
        let rows = node::reshape(host, safe, vec![got.iter().product()])?;
        let of_target = node::op(host, Op::IndexSelect { dim: 0 }, &[weight, rows])?;
        let of_target = node::reshape(host, of_target, got.clone())?;
        share = node::binary(host, Binary::Mul, share, of_target)?;
        let weight = along_classes(host, weight, shape.len(), dim)?;
        smooth_log = node::binary(host, Binary::Mul, log, weight)?;
    }
    let mut column = got.clone();
    column.insert(dim, 1);
    let index = node::reshape(host, safe, column)?;
    let picked = node::op(host, Op::Gather { dim }, &[log, index])?;
    let picked = node::reshape(host, picked, got)?;
    let loss = node::binary(host, Binary::Mul, picked, share)?;
    let mut loss = node::op(host, Op::Unary(Unary::Neg), &[loss])?;
    if smoothing > 0.0 {
        let sum = node::reduce(host, Reduce::Sum, smooth_log, vec![dim], false)?;
        let sum = node::binary(host, Binary::Mul, sum, kept)?;
        let spread = node::binary(host, Binary::Mul, sum, -smoothing / count(classes))?;
        let own = node::binary(host, Binary::Mul, loss, 1.0 - smoothing)?;
        loss = node::binary(host, Binary::Add, own, spread)?;
    }
    if reduction(b)? != "mean" {
        return reduced(host, b, loss);
    }
    // the mean is over the weights of the targets
    let sum = total(host, Reduce::Sum, loss)?;
    let weight = total(host, Reduce::Sum, share)?;
    node::binary(host, Binary::Div, sum, weight).map(Value::tensor)
}

fn nll_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let log = b.id("input")?;
    nll(host, b, log, 0.0)
}

fn cross_entropy(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let rank = node::rank(host, x);
    let dim = usize::from(rank > 1);
    let log = node::op(host, Op::LogSoftmax { dim }, &[x])?;
    let smoothing = b.float("label_smoothing")?;
    if node::dtype(host, target).category() < Category::Float {
        return nll(host, b, log, smoothing);
    }
    // probabilities of classes as the target
    let classes = count(node::extent(host, x, dim));
    let target = node::binary(host, Binary::Mul, target, 1.0 - smoothing)?;
    let target = node::binary(host, Binary::Add, target, smoothing / classes)?;
    let mut product = node::binary(host, Binary::Mul, log, target)?;
    if let Some(weight) = b.id_or_none("weight")? {
        let weight = along_classes(host, weight, rank, dim)?;
        product = node::binary(host, Binary::Mul, product, weight)?;
    }
    let sum = node::reduce(host, Reduce::Sum, product, vec![dim], false)?;
    let loss = node::op(host, Op::Unary(Unary::Neg), &[sum])?;
    if reduction(b)? != "mean" {
        return reduced(host, b, loss);
    }
    let sum = total(host, Reduce::Sum, loss)?;
    let rows = node::shape(host, loss).iter().product();
    node::binary(host, Binary::Div, sum, count(rows)).map(Value::tensor)
}
