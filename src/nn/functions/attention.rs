//! `scaled_dot_product_attention`, written out: products, mask, softmax, dropout.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, DropoutKind, Op, Scalar, Unary};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

#[expect(clippy::cast_precision_loss, reason = "a head's width is far below 2^53")]
fn attention(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (query, mut key, mut value) = (b.id("query")?, b.id("key")?, b.id("value")?);
    let shape = node::shape(host, query);
    let [.., length, width] = shape.as_slice() else {
        return Err(Error::mismatch("query must be at least 2 dimensional"));
    };
    if b.bool("enable_gqa")? {
        key = grouped(host, key, &shape)?;
        value = grouped(host, value, &shape)?;
    }
    let scale = b.float_or_none("scale")?.unwrap_or(1.0 / (*width as f64).sqrt());
    let rank = node::rank(host, key);
    let mut dims: Vec<usize> = (0..rank).collect();
    dims.swap(rank.saturating_sub(1), rank.saturating_sub(2));
    let transposed = node::op(host, Op::Permute { dims }, &[key])?;
    let scaled = node::binary(host, Binary::Mul, query, scale)?;
    let mut scores = super::linalg::matmul(host, scaled, transposed)?;
    if b.bool("is_causal")? {
        if b.has("attn_mask") {
            return Err(Error::mismatch(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
            ));
        }
        let last = node::rank(host, scores).saturating_sub(1);
        let keys = node::extent(host, scores, last);
        let ones = node::full(host, vec![*length, keys], Scalar::Bool(true), DType::Bool)?;
        let allowed = node::op(host, Op::Tril { diagonal: 0 }, &[ones])?;
        scores = masked(host, scores, allowed)?;
    } else if let Some(mask) = b.id_or_none("attn_mask")? {
        scores = if node::dtype(host, mask) == DType::Bool {
            masked(host, scores, mask)?
        } else {
            node::binary(host, Binary::Add, scores, mask)?
        };
    }
    let last = node::rank(host, scores).saturating_sub(1);
    let mut weights = node::op(host, Op::Softmax { dim: last }, &[scores])?;
    let p = b.float("dropout_p")?;
    if p > 0.0 {
        weights = node::op(host, Op::Dropout { p, kind: DropoutKind::Element }, &[weights])?;
    }
    super::linalg::matmul(host, weights, value).map(Value::tensor)
}

/// Minus infinity where the mask is False.
fn masked(host: &mut dyn Host, scores: ValueId, allowed: ValueId) -> Result<ValueId> {
    let hidden = node::op(host, Op::Unary(Unary::LogicalNot), &[allowed])?;
    node::op(host, Op::MaskedFill { value: Scalar::Float(f64::NEG_INFINITY) }, &[scores, hidden])
}

/// Each head of keys serves several heads of queries.
fn grouped(host: &mut dyn Host, x: ValueId, query: &[usize]) -> Result<ValueId> {
    let shape = node::shape(host, x);
    let ([lead @ .., heads, length, width], [.., wanted, _, _]) = (shape.as_slice(), query) else {
        return Err(Error::mismatch("grouped attention needs heads: 3 or more dims"));
    };
    if *heads == 0 || !wanted.is_multiple_of(*heads) {
        return Err(Error::mismatch("Number of heads in key and value must divide the number of heads in query"));
    }
    let times = wanted / heads;
    let apart = lead.iter().copied().chain([*heads, 1, *length, *width]).collect();
    let wide = lead.iter().copied().chain([*heads, times, *length, *width]).collect();
    let joined = lead.iter().copied().chain([*wanted, *length, *width]).collect();
    let x = node::reshape(host, x, apart)?;
    let x = node::expand(host, x, wide)?;
    node::reshape(host, x, joined)
}

functions! {
    f "scaled_dot_product_attention": "(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False)" => attention;
}
