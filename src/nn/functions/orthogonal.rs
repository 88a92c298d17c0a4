//! `init.orthogonal_` and `init.sparse_`, drawn without a QR factorisation or a permutation.

use super::creation::random;
use super::init::{normal, uniform};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Compare, Op, Reduce, Scalar};
use crate::nn::bound::size;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

/// Odd polynomials a·x + b·x³ + c·x⁵ of the singular values: this one lifts small ones by 3.44 each time and keeps the rest within
/// 0.68..1.14, from where the other goes to 1.
const LIFT: [f64; 3] = [3.4445, -4.7750, 2.0315];
const SETTLE: [f64; 3] = [1.875, -1.25, 0.375];
/// Enough for a singular value of 1e-9 of the norm, far below those of matrices that fit into memory.
const LIFTS: usize = 18;
const SETTLES: usize = 6;

/// The polar factor of a normal matrix, which is distributed as torch's Q with its signs fixed: uniformly over orthogonal matrices.
fn orthogonal(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let info = node::info(host, b.id("tensor")?);
    let [rows, rest @ ..] = info.shape.as_slice() else { return Err(too_few(b)) };
    if rest.is_empty() {
        return Err(too_few(b));
    }
    let columns = rest.iter().product::<usize>();
    if *rows == 0 || columns == 0 {
        return Ok(b.value("tensor").clone());
    }
    let drawn = random(host, normal(0.0, 1.0), vec![*rows, columns], info.dtype)?;
    let norm = node::reduce(host, Reduce::Norm { p: 2.0 }, drawn, vec![0, 1], true)?;
    let mut x = node::binary(host, Binary::Div, drawn, norm)?;
    let wide = *rows <= columns;
    for polynomial in std::iter::repeat_n(LIFT, LIFTS).chain(std::iter::repeat_n(SETTLE, SETTLES)) {
        x = powers(host, x, wide, polynomial)?;
    }
    let gain = b.float("gain")?;
    let scaled = node::binary(host, Binary::Mul, x, gain)?;
    node::reshape(host, scaled, info.shape).map(Value::tensor)
}

fn too_few(b: &Bound<'_>) -> Error {
    let text = match b.name() {
        "sparse_" => "Only tensors with 2 dimensions are supported",
        _ => "Only tensors with 2 or more dimensions are supported",
    };
    Error::mismatch(text).code("value_error")
}

/// a·X + (b·G + c·G²)·X with G = X·Xᵀ, or the same from the right where that is smaller.
fn powers(host: &mut dyn Host, x: ValueId, wide: bool, [a, b, c]: [f64; 3]) -> Result<ValueId> {
    let turned = node::op(host, Op::Permute { dims: vec![1, 0] }, &[x])?;
    let pair = if wide { [x, turned] } else { [turned, x] };
    let gram = node::op(host, Op::Matmul, &pair)?;
    let square = node::op(host, Op::Matmul, &[gram, gram])?;
    let first = node::binary(host, Binary::Mul, gram, b)?;
    let second = node::binary(host, Binary::Mul, square, c)?;
    let both = node::binary(host, Binary::Add, first, second)?;
    let moved = node::op(host, Op::Matmul, &if wide { [both, x] } else { [x, both] })?;
    let kept = node::binary(host, Binary::Mul, x, a)?;
    node::binary(host, Binary::Add, kept, moved)
}

/// In each column the given share of elements is zero.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a share of a matrix's rows")]
fn sparse(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let info = node::info(host, b.id("tensor")?);
    let [rows, _] = info.shape.as_slice() else { return Err(too_few(b)) };
    let zeros = size((b.float("sparsity")? * *rows as f64).ceil() as i64)?.min(*rows);
    let drawn = random(host, normal(0.0, b.float("std")?), info.shape.clone(), info.dtype)?;
    if zeros == 0 {
        return Ok(Value::tensor(drawn));
    }
    let order = random(host, uniform(0.0, 1.0), info.shape, info.dtype)?;
    let least = host.trace().graph.push(Op::TopK { dim: 0, k: zeros, largest: false }, &[order])?;
    let least = least.first().copied().ok_or_else(|| Error::mismatch("torch.topk gave nothing"))?;
    let last = node::reduce(host, Reduce::Amax, least, vec![0], true)?;
    let dropped = node::compare(host, Compare::Le, order, last)?;
    node::op(host, Op::MaskedFill { value: Scalar::Float(0.0) }, &[drawn, dropped]).map(Value::tensor)
}

functions! {
    n "orthogonal_": "(tensor, gain=1, generator=None)" => orthogonal;
    n "orthogonal": "(tensor, gain=1)" => orthogonal;
    n "sparse_": "(tensor, sparsity, std=0.01, generator=None)" => sparse;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_take_every_singular_value_to_one() {
        for start in [1.0, 0.7, 0.1, 1e-3, 1e-6, 1e-9f64] {
            let mut x = start;
            for [a, b, c] in std::iter::repeat_n(LIFT, LIFTS).chain(std::iter::repeat_n(SETTLE, SETTLES)) {
                x *= a + b * x.powi(2) + c * x.powi(4);
            }
            assert!((x - 1.0).abs() < 1e-6, "{start} becomes {x}");
        }
    }
}
