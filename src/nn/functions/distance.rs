//! Norms and distances between tensors: normalize, cosine_similarity, pairwise_distance, cdist.

use crate::error::Result;
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Reduce, Scalar};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, Operand};
use crate::nn::value::Value;

functions! {
    f "normalize": "(input, p=2.0, dim=1, eps=1e-12, out=None)" => normalize;
    ft "cosine_similarity": "(x1, x2, dim=1, eps=1e-08)" => cosine_similarity;
    ft "pairwise_distance": "(x1, x2, p=2.0, eps=1e-06, keepdim=False)" => pairwise_distance;
    t "cdist": "(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary')" => cdist;
    tm "dist": "(input, other, p=2)" => |h, b| {
        let difference = node::binary(h, Binary::Sub, b.id("input")?, b.id("other")?)?;
        let dims = (0..node::rank(h, difference)).collect();
        norm(h, difference, b.float("p")?, dims, false).map(Value::tensor)
    };
}

fn norm(host: &mut dyn Host, x: ValueId, p: f64, dims: Vec<usize>, keepdim: bool) -> Result<ValueId> {
    node::reduce(host, Reduce::Norm { p }, x, dims, keepdim)
}

fn at_least(host: &mut dyn Host, x: ValueId, least: f64) -> Result<ValueId> {
    node::op(host, Op::Clamp { min: Some(Scalar::Float(least)), max: None }, &[x])
}

fn normalize(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let dims = node::dims(Some(&b.ints("dim")?), node::rank(host, x))?;
    let length = norm(host, x, b.float("p")?, dims, true)?;
    let length = at_least(host, length, b.float("eps")?)?;
    node::binary(host, Binary::Div, x, length).map(Value::tensor)
}

/// Each vector by its own length, which is at least eps.
fn cosine_similarity(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("x1")?, b.id("x2")?);
    let common = node::rank(host, x).max(node::rank(host, y));
    let dim = node::dim(b.int("dim")?, common)?;
    let eps = b.float("eps")?;
    let unit = |host: &mut dyn Host, x: ValueId| {
        let shape = node::shape(host, x);
        let full = [vec![1; common - shape.len()], shape].concat();
        let x = node::reshape(host, x, full)?;
        let length = norm(host, x, 2.0, vec![dim], true)?;
        let length = at_least(host, length, eps)?;
        node::binary(host, Binary::Div, x, length)
    };
    let (x, y) = (unit(host, x)?, unit(host, y)?);
    let product = node::binary(host, Binary::Mul, x, y)?;
    node::reduce(host, Reduce::Sum, product, vec![dim], false).map(Value::tensor)
}

fn pairwise_distance(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let difference = node::binary(host, Binary::Sub, b.id("x1")?, b.id("x2")?)?;
    let shifted = node::binary(host, Binary::Add, difference, Operand::Scalar(Scalar::Float(b.float("eps")?)))?;
    let last = node::dim(-1, node::rank(host, shifted))?;
    norm(host, shifted, b.float("p")?, vec![last], b.bool("keepdim")?).map(Value::tensor)
}

/// (..., P, M) and (..., R, M) give (..., P, R).
fn cdist(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("x1")?, b.id("x2")?);
    let between = |host: &mut dyn Host, x: ValueId, back: i64| {
        let mut shape = node::shape(host, x);
        let at = node::dim(back, shape.len() + 1)?;
        shape.insert(at, 1);
        node::reshape(host, x, shape)
    };
    let (x, y) = (between(host, x, -2)?, between(host, y, -3)?);
    let difference = node::binary(host, Binary::Sub, x, y)?;
    let last = node::dim(-1, node::rank(host, difference))?;
    norm(host, difference, b.float("p")?, vec![last], false).map(Value::tensor)
}
