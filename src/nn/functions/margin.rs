//! Losses of pairs, triplets and margins, written out as ATen's Loss.cpp and torch.nn.functional define them.

use super::elementwise::choose;
use super::loss::reduced;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Activation, Binary, Compare, Cumulate, Op, Reduce, Scalar, ScatterReduce, Unary};
use crate::nn::function::{self, Args, Bound};
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

functions! {
    ft "cosine_embedding_loss": "(input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean')" => cosine_embedding_loss;
    ft "margin_ranking_loss": "(input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean')" => margin_ranking_loss;
    ft "triplet_margin_loss": "(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, size_average=None, reduce=None, reduction='mean')" => triplet_margin_loss;
    ft "hinge_embedding_loss": "(input, target, margin=1.0, size_average=None, reduce=None, reduction='mean')" => hinge_embedding_loss;
    f "multilabel_soft_margin_loss": "(input, target, weight=None, size_average=None, reduce=None, reduction='mean')" => multilabel_soft_margin_loss;
    f "soft_margin_loss": "(input, target, size_average=None, reduce=None, reduction='mean')" => soft_margin_loss;
    f "multi_margin_loss": "(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean')" => multi_margin_loss;
    f "multilabel_margin_loss": "(input, target, size_average=None, reduce=None, reduction='mean')" => multilabel_margin_loss;
    f "poisson_nll_loss": "(input, target, log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean')" => poisson_nll_loss;
    f "gaussian_nll_loss": "(input, target, var, full=False, eps=1e-06, reduction='mean')" => gaussian_nll_loss;
}

/// max (x, 0)
fn positive(host: &mut dyn Host, x: ValueId) -> Result<ValueId> {
    node::op(host, Op::Clamp { min: Some(Scalar::Float(0.0)), max: None }, &[x])
}

fn size(shape: &[usize]) -> String {
    format!("{shape:?}")
}

/// `x` where the target is `label`, else 0.
fn where_label(host: &mut dyn Host, target: ValueId, label: f64, x: ValueId) -> Result<ValueId> {
    let is = node::compare(host, Compare::Eq, target, label)?;
    choose(host, is, x.into(), 0.0.into())
}

fn cosine_embedding_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    const EPS: f64 = 1e-12;
    let (x, y, target) = (b.id("input1")?, b.id("input2")?, b.id("target")?);
    let (targets, rank) = (node::rank(host, target), node::rank(host, x));
    if targets > 1 {
        return Err(Error::mismatch("0D or 1D target tensor expected, multi-target not supported"));
    }
    if rank != targets + 1 || node::rank(host, y) != targets + 1 {
        let (a, b) = (size(&node::shape(host, x)), size(&node::shape(host, y)));
        return Err(Error::mismatch(format!(
            "{targets}D target tensor expects {}D input tensors, but found inputs with sizes {a} and {b}.",
            targets + 1
        )));
    }
    let inner = |host: &mut dyn Host, x: ValueId, y: ValueId| {
        let product = node::binary(host, Binary::Mul, x, y)?;
        node::reduce(host, Reduce::Sum, product, vec![rank - 1], false)
    };
    let product = inner(host, x, y)?;
    let lengths = [x, y].map(|v| inner(host, v, v).and_then(|sum| node::binary(host, Binary::Add, sum, EPS)));
    let [first, second] = lengths;
    let denominator = node::binary(host, Binary::Mul, first?, second?)?;
    let denominator = node::op(host, Op::Unary(Unary::Sqrt), &[denominator])?;
    let cosine = node::binary(host, Binary::Div, product, denominator)?;
    let near = node::binary(host, Binary::Sub, 1.0, cosine)?;
    let far = node::binary(host, Binary::Sub, cosine, b.float("margin")?)?;
    let far = positive(host, far)?;
    let near = where_label(host, target, 1.0, near)?;
    let far = where_label(host, target, -1.0, far)?;
    let loss = node::binary(host, Binary::Add, near, far)?;
    reduced(host, b, loss)
}

fn margin_ranking_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y, target) = (b.id("input1")?, b.id("input2")?, b.id("target")?);
    let shapes = [x, y, target].map(|id| node::shape(host, id));
    if shapes.iter().any(|s| Some(s.len()) != shapes.first().map(Vec::len)) {
        let [x, y, target] = shapes.map(|s| size(&s));
        return Err(Error::mismatch(format!(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: torch.Size({x}), input2: torch.Size({y}), target: torch.Size({target}) "
        )));
    }
    let gap = node::binary(host, Binary::Sub, x, y)?;
    let turned = node::op(host, Op::Unary(Unary::Neg), &[target])?;
    let product = node::binary(host, Binary::Mul, turned, gap)?;
    let sum = node::binary(host, Binary::Add, product, b.float("margin")?)?;
    let loss = positive(host, sum)?;
    reduced(host, b, loss)
}

fn triplet_margin_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let margin = b.float("margin")?;
    if margin <= 0.0 {
        return Err(Error::mismatch("margin must be greater than 0").code("value_error"));
    }
    let distance = |host: &mut dyn Host, x: &str, y: &str| {
        let function = function::lookup("torch.nn.functional.pairwise_distance");
        let function = function.ok_or_else(|| Error::unsupported("torch.nn.functional.pairwise_distance"))?;
        let keyword = ["p", "eps"].map(|name| (name.to_owned(), b.value(name).clone())).to_vec();
        let positional = vec![b.value(x).clone(), b.value(y).clone()];
        match function::call(host, function, Args { positional, keyword })? {
            Value::Tensor(distance) => Ok(distance.value()),
            other => Err(Error::mismatch(format!("a distance is a '{}' object", other.type_name()))),
        }
    };
    let near = distance(host, "anchor", "positive")?;
    let mut far = distance(host, "anchor", "negative")?;
    if b.bool("swap")? {
        let other = distance(host, "positive", "negative")?;
        far = node::binary(host, Binary::Minimum, far, other)?;
    }
    let sum = node::binary(host, Binary::Add, near, margin)?;
    let gap = node::binary(host, Binary::Sub, sum, far)?;
    let loss = positive(host, gap)?;
    reduced(host, b, loss)
}

fn hinge_embedding_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let rest = node::binary(host, Binary::Sub, b.float("margin")?, x)?;
    let rest = positive(host, rest)?;
    let not = |host: &mut dyn Host, label: f64, value: ValueId| {
        let is = node::compare(host, Compare::Ne, target, label)?;
        choose(host, is, value.into(), 0.0.into())
    };
    let far = not(host, 1.0, rest)?;
    let near = not(host, -1.0, x)?;
    let loss = node::binary(host, Binary::Add, far, near)?;
    reduced(host, b, loss)
}

fn multilabel_soft_margin_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let log = |host: &mut dyn Host, x| node::op(host, Op::Activation(Activation::Logsigmoid), &[x]);
    let hit = log(host, x)?;
    let hit = node::binary(host, Binary::Mul, target, hit)?;
    let turned = node::op(host, Op::Unary(Unary::Neg), &[x])?;
    let miss = log(host, turned)?;
    let other = node::binary(host, Binary::Sub, 1.0, target)?;
    let miss = node::binary(host, Binary::Mul, other, miss)?;
    let sum = node::binary(host, Binary::Add, hit, miss)?;
    let mut loss = node::op(host, Op::Unary(Unary::Neg), &[sum])?;
    if let Some(weight) = b.id_or_none("weight")? {
        loss = node::binary(host, Binary::Mul, loss, weight)?;
    }
    let last = node::dim(-1, node::rank(host, loss))?;
    let loss = node::reduce(host, Reduce::Mean, loss, vec![last], false)?;
    reduced(host, b, loss)
}

fn soft_margin_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let turned = node::op(host, Op::Unary(Unary::Neg), &[target])?;
    let product = node::binary(host, Binary::Mul, turned, x)?;
    let exp = node::op(host, Op::Unary(Unary::Exp), &[product])?;
    let loss = node::op(host, Op::Unary(Unary::Log1p), &[exp])?;
    reduced(host, b, loss)
}

fn multi_margin_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let p = b.int("p")?;
    if p != 1 && p != 2 {
        return Err(Error::mismatch("only p == 1 and p == 2 supported").code("value_error"));
    }
    let (x, target) = (b.id("input")?, b.id("target")?);
    let shape = node::shape(host, x);
    let (rows, classes) = match shape.as_slice() {
        [classes] => (1, *classes),
        [rows, classes] => (*rows, *classes),
        _ => {
            return Err(Error::mismatch(format!(
                "Expected non-empty vector or matrix with optional 0-dim batch size, but got: {shape:?}"
            )));
        }
    };
    if node::shape(host, target).iter().product::<usize>() != rows {
        let got = node::shape(host, target);
        return Err(Error::mismatch(format!("inconsistent target size, expected {rows} but got {got:?}")));
    }
    let x = node::reshape(host, x, vec![rows, classes])?;
    let target = node::cast(host, target, DType::Int64)?;
    let column = node::reshape(host, target, vec![rows, 1])?;
    let own = node::op(host, Op::Gather { dim: 1 }, &[x, column])?;
    let gap = node::binary(host, Binary::Sub, b.float("margin")?, own)?;
    let gap = node::binary(host, Binary::Add, gap, x)?;
    let mut each = positive(host, gap)?;
    if p == 2 {
        each = node::binary(host, Binary::Mul, each, each)?;
    }
    if let Some(weight) = b.id_or_none("weight")? {
        let flat = node::reshape(host, target, vec![rows])?;
        let of_target = node::op(host, Op::IndexSelect { dim: 0 }, &[weight, flat])?;
        let of_target = node::reshape(host, of_target, vec![rows, 1])?;
        each = node::binary(host, Binary::Mul, each, of_target)?;
    }
    // The target's own class counts for nothing.
    let numbers = node::op(
        host,
        Op::Arange { start: Scalar::Int(0), step: Scalar::Int(1), len: classes, dtype: DType::Int64 },
        &[],
    )?;
    let is = node::compare(host, Compare::Eq, column, numbers)?;
    let each = choose(host, is, 0.0.into(), each.into())?;
    let loss = node::reduce(host, Reduce::Mean, each, vec![1], false)?;
    let loss = if shape.len() == 1 { node::reshape(host, loss, Vec::new())? } else { loss };
    reduced(host, b, loss)
}

/// Targets are class numbers up to the first that is negative.
fn multilabel_margin_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let shape = node::shape(host, x);
    let (rows, classes) = match shape.as_slice() {
        [] => (1, 1),
        [classes] => (1, *classes),
        [rows, classes] => (*rows, *classes),
        _ => {
            return Err(Error::mismatch(format!(
                "Expected non-empty vector or matrix with optional 0-dim batch size, but got: {shape:?}"
            )));
        }
    };
    if node::shape(host, target) != shape {
        let got = node::shape(host, target);
        return Err(Error::mismatch(format!("inconsistent target size: {got:?} for input of size: {shape:?}")));
    }
    let x = node::reshape(host, x, vec![rows, classes])?;
    let target = node::cast(host, target, DType::Int64)?;
    let target = node::reshape(host, target, vec![rows, classes])?;
    let there = node::compare(host, Compare::Ge, target, Scalar::Int(0))?;
    let there = node::cast(host, there, DType::Int64)?;
    let there = node::op(host, Op::Cumulate { op: Cumulate::Prod, dim: 1 }, &[there])?;
    let index = node::op(host, Op::Clamp { min: Some(Scalar::Int(0)), max: None }, &[target])?;
    let none = node::full(host, vec![rows, classes], Scalar::Int(0), DType::Int64)?;
    let named = node::op(host, Op::Scatter { dim: 1, reduce: ScatterReduce::Add }, &[none, index, there])?;
    let other = node::compare(host, Compare::Eq, named, Scalar::Int(0))?;
    // Each named class beside each other one.
    let own = node::op(host, Op::Gather { dim: 1 }, &[x, index])?;
    let mut tall = |id| node::reshape(host, id, vec![rows, classes, 1]);
    let (own, there) = (tall(own)?, tall(there)?);
    let mut wide = |id| node::reshape(host, id, vec![rows, 1, classes]);
    let (all, other) = (wide(x)?, wide(other)?);
    let gap = node::binary(host, Binary::Sub, 1.0, own)?;
    let gap = node::binary(host, Binary::Add, gap, all)?;
    let gap = positive(host, gap)?;
    let counts = node::binary(host, Binary::LogicalAnd, there, other)?;
    let gap = choose(host, counts, gap.into(), 0.0.into())?;
    let loss = node::reduce(host, Reduce::Sum, gap, vec![1, 2], false)?;
    let loss = node::binary(host, Binary::Div, loss, f64::from(u32::try_from(classes).unwrap_or(u32::MAX)))?;
    let loss = if shape.len() < 2 { node::reshape(host, loss, Vec::new())? } else { loss };
    reduced(host, b, loss)
}

fn poisson_nll_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target) = (b.id("input")?, b.id("target")?);
    let (rate, log) = if b.bool("log_input")? {
        (node::op(host, Op::Unary(Unary::Exp), &[x])?, x)
    } else {
        let shifted = node::binary(host, Binary::Add, x, b.float("eps")?)?;
        (x, node::op(host, Op::Unary(Unary::Log), &[shifted])?)
    };
    let product = node::binary(host, Binary::Mul, target, log)?;
    let mut loss = node::binary(host, Binary::Sub, rate, product)?;
    if b.bool("full")? {
        // Stirling's approximation of ln target!
        let log = node::op(host, Op::Unary(Unary::Log), &[target])?;
        let own = node::binary(host, Binary::Mul, target, log)?;
        let own = node::binary(host, Binary::Sub, own, target)?;
        let circle = node::binary(host, Binary::Mul, target, 2.0 * std::f64::consts::PI)?;
        let circle = node::op(host, Op::Unary(Unary::Log), &[circle])?;
        let circle = node::binary(host, Binary::Mul, circle, 0.5)?;
        let term = node::binary(host, Binary::Add, own, circle)?;
        let large = node::compare(host, Compare::Gt, target, 1.0)?;
        let term = choose(host, large, term.into(), 0.0.into())?;
        loss = node::binary(host, Binary::Add, loss, term)?;
    }
    reduced(host, b, loss)
}

fn gaussian_nll_loss(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, target, mut var) = (b.id("input")?, b.id("target")?, b.id("var")?);
    let (shape, vars) = (node::shape(host, x), node::shape(host, var));
    if shape != vars {
        let without = shape.split_last().map_or(&[][..], |(_, rest)| rest);
        let with_one: Vec<usize> = without.iter().copied().chain([1]).collect();
        if without == vars {
            var = node::reshape(host, var, with_one)?;
        } else if with_one != vars {
            return Err(Error::mismatch("var is of incorrect size").code("value_error"));
        }
    }
    // torch bounds the variance without a gradient: what is below eps gets one as if it were eps.
    let least = node::op(host, Op::Clamp { min: Some(Scalar::Float(b.float("eps")?)), max: None }, &[var])?;
    let gap = node::binary(host, Binary::Sub, least, var)?;
    let gap = node::op(host, Op::Detach, &[gap])?;
    let var = node::binary(host, Binary::Add, var, gap)?;
    let log = node::op(host, Op::Unary(Unary::Log), &[var])?;
    let difference = node::binary(host, Binary::Sub, x, target)?;
    let square = node::binary(host, Binary::Mul, difference, difference)?;
    let quotient = node::binary(host, Binary::Div, square, var)?;
    let sum = node::binary(host, Binary::Add, log, quotient)?;
    let mut loss = node::binary(host, Binary::Mul, sum, 0.5)?;
    if b.bool("full")? {
        loss = node::binary(host, Binary::Add, loss, 0.5 * (2.0 * std::f64::consts::PI).ln())?;
    }
    reduced(host, b, loss)
}
