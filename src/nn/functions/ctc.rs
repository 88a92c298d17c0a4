//! `F.ctc_loss`: connectionist temporal classification (Graves et al., 2006), written out as sums over the paths through the blanks.
//!
//! Lengths may be known only when the network runs, so every sample goes through all steps and keeps its sums after its last one.

use super::elementwise::choose;
use super::loss::reduction;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Compare, Cumulate, Op, Reduce, Scalar, Unary};
use crate::nn::bound::int;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::recurrence::{check_steps, select, slice, stack};
use crate::nn::value::Value;

/// The logarithm of what no path reaches: finite, so that differences of two are.
const NEVER: f64 = -1e30;

functions! {
    f "ctc_loss": "(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)" => ctc_loss;
}

/// The labels of each sample with blanks around them, and which may be reached over a blank.
struct Paths {
    /// (batch, 2 labels + 1)
    labels: ValueId,
    /// (batch, 2 labels + 1) of bool
    skips: ValueId,
    width: usize,
}

fn ctc_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let given = b.id("log_probs")?;
    let shape = node::shape(host, given);
    let (steps, batch, classes) = match *shape.as_slice() {
        [steps, classes] => (steps, 1, classes),
        [steps, batch, classes] => (steps, batch, classes),
        _ => return Err(Error::mismatch("CTCLoss: log_probs must be 2-D or 3-D")),
    };
    let blank = b.int("blank")?;
    if usize::try_from(blank).ok().is_none_or(|blank| blank >= classes) {
        return Err(Error::mismatch("blank must be in label range"));
    }
    check_steps(steps, 1, 1)?;
    let scores = node::reshape(host, given, vec![steps, batch, classes])?;
    let input_lengths = lengths(host, b, "input_lengths", batch)?;
    let target_lengths = lengths(host, b, "target_lengths", batch)?;
    let paths = paths(host, b.id("targets")?, target_lengths, batch, blank)?;
    let index = node::reshape(host, paths.labels, vec![1, batch, paths.width])?;
    let index = node::expand(host, index, vec![steps, batch, paths.width])?;
    let on_paths = node::op(host, Op::Gather { dim: 2 }, &[scores, index])?;
    let last = forward(host, &paths, on_paths, input_lengths, steps)?;
    let loss = ends(host, &paths, last, target_lengths, batch)?;
    let loss = with_torchs_gradient(host, loss, scores, input_lengths)?;

    // What no path reaches costs infinitely much, or nothing.
    let unreachable = node::compare(host, Compare::Gt, loss, -NEVER / 2.0)?;
    let cost = if b.bool("zero_infinity")? { 0.0 } else { f64::INFINITY };
    let loss = choose(host, unreachable, cost.into(), loss.into())?;
    let loss = match reduction(b)? {
        "none" if shape.len() == 2 => node::reshape(host, loss, Vec::new())?,
        "none" => loss,
        "sum" => node::reduce(host, Reduce::Sum, loss, vec![0], false)?,
        "mean" => {
            let count = node::op(host, Op::Clamp { min: Some(Scalar::Int(1)), max: None }, &[target_lengths])?;
            let each = node::binary(host, Binary::Div, loss, count)?;
            node::reduce(host, Reduce::Mean, each, vec![0], false)?
        }
        other => return Err(Error::mismatch(format!("{other} is not a valid value for reduction")).code("value_error")),
    };
    Ok(Value::tensor(loss))
}

/// A tensor, or a tuple or list of ints, one for each sample: (batch) of int64.
fn lengths(host: &mut dyn Host, b: &Bound<'_>, name: &str, batch: usize) -> Result<ValueId> {
    let wrong = || Error::mismatch(format!("{name} must be of size batch_size"));
    let flat = match b.value(name) {
        Value::Tensor(tensor) => node::cast(host, tensor.value(), DType::Int64)?,
        other => {
            let items = other.items().unwrap_or_else(|| vec![other.clone()]);
            let mut each = Vec::with_capacity(items.len());
            for item in &items {
                each.push(match item {
                    Value::Int(n) => node::full(host, vec![1], Scalar::Int(*n), DType::Int64)?,
                    Value::Tensor(tensor) => {
                        let one = node::cast(host, tensor.value(), DType::Int64)?;
                        node::reshape(host, one, vec![1])?
                    }
                    _ => return Err(b.wrong(name, "tuple of ints")),
                });
            }
            if each.is_empty() {
                return Err(wrong());
            }
            node::op(host, Op::Cat { dim: 0 }, &each)?
        }
    };
    if node::shape(host, flat).iter().product::<usize>() != batch {
        return Err(wrong());
    }
    node::reshape(host, flat, vec![batch])
}

fn arange(host: &mut dyn Host, len: usize) -> Result<ValueId> {
    node::op(host, Op::Arange { start: Scalar::Int(0), step: Scalar::Int(1), len, dtype: DType::Int64 }, &[])
}

/// (batch) as a column.
fn column(host: &mut dyn Host, x: ValueId, batch: usize) -> Result<ValueId> {
    node::reshape(host, x, vec![batch, 1])
}

fn paths(host: &mut dyn Host, targets: ValueId, lengths: ValueId, batch: usize, blank: i64) -> Result<Paths> {
    let shape = node::shape(host, targets);
    let targets = node::cast(host, targets, DType::Int64)?;
    let count = *shape.last().unwrap_or(&0);
    let lengths = column(host, lengths, batch)?;
    let places = arange(host, count)?;
    let labels = match shape.as_slice() {
        [rows, _] if *rows == batch => targets,
        [_] if batch == 1 => node::reshape(host, targets, vec![1, count])?,
        // One after the other: each sample's start where those before it end.
        [_] => {
            let ends = node::op(host, Op::Cumulate { op: Cumulate::Sum, dim: 0 }, &[lengths])?;
            let starts = node::binary(host, Binary::Sub, ends, lengths)?;
            let index = node::binary(host, Binary::Add, starts, places)?;
            let most = Scalar::Int(int(count).saturating_sub(1).max(0));
            let index = node::op(host, Op::Clamp { min: Some(Scalar::Int(0)), max: Some(most) }, &[index])?;
            let flat = node::reshape(host, index, vec![batch * count])?;
            let picked = node::op(host, Op::IndexSelect { dim: 0 }, &[targets, flat])?;
            node::reshape(host, picked, vec![batch, count])?
        }
        _ => return Err(Error::mismatch(format!("CTCLoss: targets of shape {shape:?} for a batch of {batch}"))),
    };
    // What stands behind a sample's labels is padding, and may be anything.
    let within = node::compare(host, Compare::Lt, places, lengths)?;
    let blanks = node::full(host, vec![batch, count], Scalar::Int(blank), DType::Int64)?;
    let labels = node::op(host, Op::Where, &[within, labels, blanks])?;
    let pair = [blanks, labels].map(|x| node::reshape(host, x, vec![batch, count, 1]));
    let [first, second] = pair;
    let woven = node::op(host, Op::Cat { dim: 2 }, &[first?, second?])?;
    let woven = node::reshape(host, woven, vec![batch, 2 * count])?;
    let end = node::full(host, vec![batch, 1], Scalar::Int(blank), DType::Int64)?;
    let labels = node::op(host, Op::Cat { dim: 1 }, &[woven, end])?;
    let width = 2 * count + 1;
    let none = node::full(host, vec![batch, width.min(2)], Scalar::Bool(false), DType::Bool)?;
    let skips = if width > 2 {
        let (later, earlier) = (slice(host, labels, 1, 2, width)?, slice(host, labels, 1, 0, width - 2)?);
        let other = node::compare(host, Compare::Ne, later, earlier)?;
        node::op(host, Op::Cat { dim: 1 }, &[none, other])?
    } else {
        none
    };
    Ok(Paths { labels, skips, width })
}

/// The logarithm of all paths to each place at a sample's last step.
fn forward(host: &mut dyn Host, paths: &Paths, scores: ValueId, lengths: ValueId, steps: usize) -> Result<ValueId> {
    let batch = node::extent(host, scores, 1);
    let lengths = column(host, lengths, batch)?;
    let places = arange(host, paths.width)?;
    let starts = node::compare(host, Compare::Lt, places, 2.0)?;
    let first = select(host, scores, 0)?;
    let mut sums = choose(host, starts, first.into(), NEVER.into())?;
    for step in 1..steps {
        let one = moved(host, sums, 1)?;
        let two = moved(host, sums, 2)?;
        let two = choose(host, paths.skips, two.into(), NEVER.into())?;
        let all = stack(host, &[sums, one, two])?;
        let all = node::reduce(host, Reduce::LogSumExp, all, vec![0], false)?;
        let now = select(host, scores, step)?;
        let next = node::binary(host, Binary::Add, all, now)?;
        let runs = node::compare(host, Compare::Gt, lengths, f64::from(u32::try_from(step).unwrap_or(u32::MAX)))?;
        sums = node::op(host, Op::Where, &[runs, next, sums])?;
    }
    Ok(sums)
}

/// The sums some places before each.
fn moved(host: &mut dyn Host, sums: ValueId, by: usize) -> Result<ValueId> {
    let (batch, width) = (node::extent(host, sums, 0), node::extent(host, sums, 1));
    let by = by.min(width);
    let dtype = node::dtype(host, sums);
    let nothing = node::full(host, vec![batch, by], Scalar::Float(NEVER), dtype)?;
    if by == width {
        return Ok(nothing);
    }
    let rest = slice(host, sums, 1, 0, width - by)?;
    node::op(host, Op::Cat { dim: 1 }, &[nothing, rest])
}

/// Minus the logarithm of the paths that end in the last label or the blank behind it: (batch).
fn ends(host: &mut dyn Host, paths: &Paths, sums: ValueId, lengths: ValueId, batch: usize) -> Result<ValueId> {
    let lengths = column(host, lengths, batch)?;
    let most = Some(Scalar::Int(int(paths.width) - 1));
    let blank = node::binary(host, Binary::Mul, lengths, Scalar::Int(2))?;
    let blank = node::op(host, Op::Clamp { min: Some(Scalar::Int(0)), max: most }, &[blank])?;
    let label = node::binary(host, Binary::Sub, blank, Scalar::Int(1))?;
    let label = node::op(host, Op::Clamp { min: Some(Scalar::Int(0)), max: None }, &[label])?;
    let on_blank = node::op(host, Op::Gather { dim: 1 }, &[sums, blank])?;
    let on_label = node::op(host, Op::Gather { dim: 1 }, &[sums, label])?;
    let labelled = node::compare(host, Compare::Gt, lengths, Scalar::Int(0))?;
    let on_label = choose(host, labelled, on_label.into(), NEVER.into())?;
    let both = node::op(host, Op::Cat { dim: 1 }, &[on_blank, on_label])?;
    let all = node::reduce(host, Reduce::LogSumExp, both, vec![1], false)?;
    node::op(host, Op::Unary(Unary::Neg), &[all])
}

/// torch's backward takes log_probs for the result of a log_softmax and gives its gradient e^log_probs more than the sum over paths has;
/// behind a log_softmax both are the same.
fn with_torchs_gradient(host: &mut dyn Host, loss: ValueId, scores: ValueId, lengths: ValueId) -> Result<ValueId> {
    let (steps, batch) = (node::extent(host, scores, 0), node::extent(host, scores, 1));
    let powers = node::op(host, Op::Unary(Unary::Exp), &[scores])?;
    let each = node::reduce(host, Reduce::Sum, powers, vec![2], false)?;
    let times = arange(host, steps)?;
    let times = node::reshape(host, times, vec![steps, 1])?;
    let lengths = node::reshape(host, lengths, vec![1, batch])?;
    let runs = node::compare(host, Compare::Lt, times, lengths)?;
    let each = choose(host, runs, each.into(), 0.0.into())?;
    let sum = node::reduce(host, Reduce::Sum, each, vec![0], false)?;
    let fixed = node::op(host, Op::Detach, &[sum])?;
    let nothing = node::binary(host, Binary::Sub, sum, fixed)?;
    node::binary(host, Binary::Add, loss, nothing)
}
