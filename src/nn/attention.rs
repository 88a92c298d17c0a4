//! `F.multi_head_attention_forward` as graph nodes: projections, heads, masks, softmax.
//!
//! Batch and time may come in either order; heads are split off without moving the input first.

use super::fold;
use super::host::Host;
use super::node;
use super::recurrence::{linear, slice};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Compare, DropoutKind, Op, PadMode, Reduce, Scalar, Unary};

/// The weights of the three projections.
#[derive(Clone, Copy, Debug)]
pub enum Projection {
    /// `in_proj_weight` (3 · embed_dim, embed_dim)
    Packed(ValueId),
    /// `q_proj_weight`, `k_proj_weight`, `v_proj_weight`
    Separate(ValueId, ValueId, ValueId),
}

/// One attention, as `F.multi_head_attention_forward` is given it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names of F.multi_head_attention_forward")]
pub struct Attention {
    pub query: ValueId,
    pub key: ValueId,
    pub value: ValueId,
    /// (batch, time, features), else (time, batch, features); without a batch it says nothing
    pub batch_first: bool,
    pub embed_dim: usize,
    pub num_heads: usize,
    pub projection: Projection,
    pub in_proj_bias: Option<ValueId>,
    /// `bias_k` and `bias_v`
    pub bias_kv: Option<(ValueId, ValueId)>,
    pub add_zero_attn: bool,
    /// 0 in eval mode
    pub dropout: f64,
    pub out_proj_weight: ValueId,
    pub out_proj_bias: Option<ValueId>,
    pub key_padding_mask: Option<ValueId>,
    pub attn_mask: Option<ValueId>,
    pub is_causal: bool,
    /// a query that may attend to nothing gives zeros, as `scaled_dot_product_attention` does, and not NaN
    pub safe: bool,
}

/// Sizes of a batched attention.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    batch: usize,
    target: usize,
    source: usize,
    heads: usize,
    width: usize,
}

/// The output in the query's layout, and the weights of every head (batch, heads, target, source).
pub fn attend(host: &mut dyn Host, given: &Attention) -> Result<(ValueId, ValueId)> {
    let mut given = given.clone();
    let batched = node::rank(host, given.query) == 3;
    check(host, &given, batched)?;
    if !batched {
        for x in [&mut given.query, &mut given.key, &mut given.value] {
            *x = lead(host, *x)?;
        }
        if let Some(mask) = given.key_padding_mask {
            given.key_padding_mask = Some(lead(host, mask)?);
        }
        given.batch_first = true;
    }
    let sizes = sizes(host, &given)?;
    let (q, mut k, mut v) = project(host, &given)?;
    let mut extra = 0;
    if let Some((bias_k, bias_v)) = given.bias_kv {
        k = append(host, k, bias_k, &given, sizes)?;
        v = append(host, v, bias_v, &given, sizes)?;
        extra += 1;
    }
    let q = split(host, q, sizes, given.batch_first, [0, 1, 2, 3])?;
    let mut k = split(host, k, sizes, given.batch_first, [0, 1, 3, 2])?;
    let mut v = split(host, v, sizes, given.batch_first, [0, 1, 2, 3])?;
    if given.add_zero_attn {
        let dtype = node::dtype(host, k);
        let zeros = node::full(host, vec![sizes.batch, sizes.heads, sizes.width, 1], Scalar::Float(0.0), dtype)?;
        k = node::op(host, Op::Cat { dim: 3 }, &[k, zeros])?;
        let zeros = node::reshape(host, zeros, vec![sizes.batch, sizes.heads, 1, sizes.width])?;
        v = node::op(host, Op::Cat { dim: 2 }, &[v, zeros])?;
        extra += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "a head's width is far below 2^53")]
    let scale = 1.0 / (sizes.width as f64).sqrt();
    let q = node::binary(host, Binary::Mul, q, scale)?;
    let scores = node::op(host, Op::Matmul, &[q, k])?;
    let weights = match mask(host, &given, sizes, extra)? {
        Some(mask) => masked_softmax(host, scores, mask, given.safe)?,
        None => node::op(host, Op::Softmax { dim: 3 }, &[scores])?,
    };
    let weights = match given.dropout {
        p if p >= 1.0 => node::binary(host, Binary::Mul, weights, 0.0)?,
        p if p > 0.0 => node::op(host, Op::Dropout { p, kind: DropoutKind::Element }, &[weights])?,
        _ => weights,
    };
    let heads = node::op(host, Op::Matmul, &[weights, v])?;
    let (dims, mut shape) = match given.batch_first {
        true => ([0, 2, 1, 3], vec![sizes.batch, sizes.target, given.embed_dim]),
        false => ([2, 0, 1, 3], vec![sizes.target, sizes.batch, given.embed_dim]),
    };
    if !batched {
        shape.remove(0);
    }
    let joined = node::op(host, Op::Permute { dims: dims.to_vec() }, &[heads])?;
    let joined = node::reshape(host, joined, shape)?;
    let output = linear(host, joined, given.out_proj_weight, given.out_proj_bias)?;
    Ok((output, weights))
}

/// The weights as `average_attn_weights` asks, without the batch where the input had none.
pub fn shown_weights(host: &mut dyn Host, weights: ValueId, average: bool, batched: bool) -> Result<ValueId> {
    let weights = if average { node::reduce(host, Reduce::Mean, weights, vec![1], false)? } else { weights };
    if batched {
        return Ok(weights);
    }
    let shape = node::shape(host, weights).into_iter().skip(1).collect();
    node::reshape(host, weights, shape)
}

fn check(host: &mut dyn Host, given: &Attention, batched: bool) -> Result<()> {
    let [query, key, value] = [given.query, given.key, given.value].map(|x| node::shape(host, x));
    let rank = query.len();
    if !matches!(rank, 2 | 3) {
        let text = format!("query should be unbatched 2D or batched 3D but received {rank}-D query tensor");
        return Err(Error::mismatch(text));
    }
    if key.len() != rank || value.len() != rank {
        let kind = if batched { "batched (3-D)" } else { "unbatched (2-D)" };
        return Err(Error::mismatch(format!(
            "For {kind} `query`, expected `key` and `value` to be {rank}-D but found {}-D and {}-D tensors respectively",
            key.len(),
            value.len()
        )));
    }
    if let Some(padding) = given.key_padding_mask {
        let got = node::rank(host, padding);
        if got != rank - 1 {
            let text =
                format!("expected `key_padding_mask` to be None or {}-D but found {got}-D tensor instead", rank - 1);
            return Err(Error::mismatch(text));
        }
    }
    let width = query.last().copied().unwrap_or(0);
    if width != given.embed_dim {
        let text = format!("was expecting embedding dimension of {}, but got {width}", given.embed_dim);
        return Err(Error::mismatch(text));
    }
    if given.num_heads == 0 || !width.is_multiple_of(given.num_heads) {
        return Err(Error::mismatch(format!("embed_dim {width} not divisible by num_heads {}", given.num_heads)));
    }
    let (keys, values) = (key.split_last(), value.split_last());
    if keys.map(|(_, lead)| lead) != values.map(|(_, lead)| lead) {
        let text = format!("key's sequence and batch dims {key:?} do not match value's {value:?}");
        return Err(Error::mismatch(text));
    }
    if given.is_causal && given.attn_mask.is_none() {
        return Err(Error::mismatch(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.",
        ));
    }
    Ok(())
}

fn sizes(host: &mut dyn Host, given: &Attention) -> Result<Sizes> {
    let (batch, time) = if given.batch_first { (0, 1) } else { (1, 0) };
    let sizes = Sizes {
        batch: node::extent(host, given.query, batch),
        target: node::extent(host, given.query, time),
        source: node::extent(host, given.key, time),
        heads: given.num_heads,
        width: given.embed_dim / given.num_heads.max(1),
    };
    let of_key = node::extent(host, given.key, batch);
    if of_key != sizes.batch {
        return Err(Error::mismatch(format!(
            "shape '[{}, {}, {}]' is invalid: key has a batch of {of_key}, query of {}",
            sizes.source,
            sizes.batch * sizes.heads,
            sizes.width,
            sizes.batch
        )));
    }
    Ok(sizes)
}

/// A first dim of one.
fn lead(host: &mut dyn Host, x: ValueId) -> Result<ValueId> {
    let shape = [1].into_iter().chain(node::shape(host, x)).collect();
    node::reshape(host, x, shape)
}

/// q, k and v. One product serves those that come from the same tensor.
fn project(host: &mut dyn Host, given: &Attention) -> Result<(ValueId, ValueId, ValueId)> {
    let (query, key, value, size) = (given.query, given.key, given.value, given.embed_dim);
    let bias = given.in_proj_bias;
    match given.projection {
        Projection::Packed(weight) if query == key && key == value => {
            let all = linear(host, query, weight, bias)?;
            let mut part = |at: usize| slice(host, all, 2, at * size, (at + 1) * size);
            Ok((part(0)?, part(1)?, part(2)?))
        }
        Projection::Packed(weight) if key == value => {
            let q = rows(host, query, weight, bias, 0, size)?;
            let both = rows(host, key, weight, bias, size, 3 * size)?;
            Ok((q, slice(host, both, 2, 0, size)?, slice(host, both, 2, size, 2 * size)?))
        }
        Projection::Packed(weight) => {
            let q = rows(host, query, weight, bias, 0, size)?;
            let k = rows(host, key, weight, bias, size, 2 * size)?;
            Ok((q, k, rows(host, value, weight, bias, 2 * size, 3 * size)?))
        }
        Projection::Separate(q, k, v) => {
            let mut part = |x: ValueId, weight: ValueId, at: usize| {
                let bias = bias.map(|b| slice(host, b, 0, at * size, (at + 1) * size)).transpose()?;
                linear(host, x, weight, bias)
            };
            Ok((part(query, q, 0)?, part(key, k, 1)?, part(value, v, 2)?))
        }
    }
}

/// `F.linear` with some rows of a weight.
fn rows(
    host: &mut dyn Host,
    x: ValueId,
    weight: ValueId,
    bias: Option<ValueId>,
    from: usize,
    to: usize,
) -> Result<ValueId> {
    let weight = slice(host, weight, 0, from, to)?;
    let bias = bias.map(|b| slice(host, b, 0, from, to)).transpose()?;
    linear(host, x, weight, bias)
}

/// `bias_k` and `bias_v` are one more step of every sequence.
fn append(host: &mut dyn Host, x: ValueId, bias: ValueId, given: &Attention, sizes: Sizes) -> Result<ValueId> {
    let (dim, shape) = match given.batch_first {
        true => (1, vec![sizes.batch, 1, given.embed_dim]),
        false => (0, vec![1, sizes.batch, given.embed_dim]),
    };
    let step = node::expand(host, bias, shape)?;
    node::op(host, Op::Cat { dim }, &[x, step])
}

/// (batch, heads, time, width), or its dims in another order.
fn split(host: &mut dyn Host, x: ValueId, sizes: Sizes, batch_first: bool, order: [usize; 4]) -> Result<ValueId> {
    let lead = node::shape(host, x).into_iter().take(2);
    let shape = lead.chain([sizes.heads, sizes.width]).collect();
    let apart = node::reshape(host, x, shape)?;
    let from = if batch_first { [0, 2, 1, 3] } else { [1, 2, 0, 3] };
    let dims = order.into_iter().filter_map(|d| from.get(d).copied()).collect();
    node::op(host, Op::Permute { dims }, &[apart])
}

/// Both masks as one that broadcasts to the scores: bool where both are, else added numbers.
fn mask(host: &mut dyn Host, given: &Attention, sizes: Sizes, extra: usize) -> Result<Option<ValueId>> {
    let Sizes { batch, target, source, heads, .. } = sizes;
    let mut masks = Vec::new();
    if let Some(mask) = given.attn_mask {
        let got = node::shape(host, mask);
        let (want, shape) = match got.len() {
            2 => (vec![target, source], vec![1, 1, target, source]),
            3 => (vec![batch.saturating_mul(heads), target, source], vec![batch, heads, target, source]),
            rank => return Err(Error::mismatch(format!("attn_mask's dimension {rank} is not supported"))),
        };
        if got != want {
            let rank = want.len();
            let text = format!("The shape of the {rank}D attn_mask is {got:?}, but should be {want:?}.");
            return Err(Error::mismatch(text));
        }
        masks.push(widened(host, "attn_mask", mask, shape, extra)?);
    }
    if let Some(mask) = given.key_padding_mask {
        let got = node::shape(host, mask);
        if got != [batch, source] {
            let text = format!("Expected key_padding_mask.shape to be ({batch}, {source}), but got {got:?}");
            return Err(Error::mismatch(text));
        }
        masks.push(widened(host, "key_padding_mask", mask, vec![batch, 1, 1, source], extra)?);
    }
    match masks.as_slice() {
        [a, b] if node::dtype(host, *a) == DType::Bool && node::dtype(host, *b) == DType::Bool => {
            node::op(host, Op::Binary(Binary::LogicalOr), &[*a, *b]).map(Some)
        }
        [a, b] => {
            let dtype = node::dtype(host, given.query);
            let (a, b) = (numbers(host, *a, dtype)?, numbers(host, *b, dtype)?);
            node::binary(host, Binary::Add, a, b).map(Some)
        }
        [one] => Ok(Some(*one)),
        _ => Ok(None),
    }
}

/// A mask of rank four; steps that were added to the keys are never masked.
fn widened(host: &mut dyn Host, name: &str, mask: ValueId, shape: Vec<usize>, extra: usize) -> Result<ValueId> {
    let dtype = node::dtype(host, mask);
    if dtype != DType::Bool && !dtype.is_float() {
        return Err(Error::mismatch(format!("only bool and floating types of {name} are supported")));
    }
    let mask = node::reshape(host, mask, shape)?;
    if extra == 0 {
        return Ok(mask);
    }
    let value = node::to_dtype(Scalar::Int(0), dtype);
    let pads = vec![(0, 0), (0, 0), (0, 0), (0, super::bound::int(extra))];
    node::op(host, Op::Pad { pads, mode: PadMode::Constant(value) }, &[mask])
}

/// A mask as numbers to add: minus infinity where a bool mask is True.
pub fn numbers(host: &mut dyn Host, mask: ValueId, dtype: DType) -> Result<ValueId> {
    if node::dtype(host, mask) != DType::Bool {
        return Ok(mask);
    }
    let shape = node::shape(host, mask);
    let zeros = node::full(host, shape, Scalar::Float(0.0), dtype)?;
    node::op(host, Op::MaskedFill { value: Scalar::Float(f64::NEG_INFINITY) }, &[zeros, mask])
}

fn masked_softmax(host: &mut dyn Host, scores: ValueId, mask: ValueId, safe: bool) -> Result<ValueId> {
    let bool = node::dtype(host, mask) == DType::Bool;
    let scores = match bool {
        true => node::op(host, Op::MaskedFill { value: Scalar::Float(f64::NEG_INFINITY) }, &[scores, mask])?,
        false => node::binary(host, Binary::Add, scores, mask)?,
    };
    let weights = node::op(host, Op::Softmax { dim: 3 }, &[scores])?;
    if !safe {
        return Ok(weights);
    }
    let shut = match bool {
        true => mask,
        false => node::compare(host, Compare::Eq, mask, f64::NEG_INFINITY)?,
    };
    let nowhere = node::reduce(host, Reduce::All, shut, vec![3], true)?;
    if fold::known(host, nowhere).is_some_and(|known| known.values.iter().all(|shut| *shut == 0.0)) {
        return Ok(weights);
    }
    node::op(host, Op::MaskedFill { value: Scalar::Float(0.0) }, &[weights, nowhere])
}

/// Elements of a padding mask that are padding, as bool: True, or any number but zero.
pub fn padding(host: &mut dyn Host, mask: ValueId) -> Result<ValueId> {
    match node::dtype(host, mask) {
        DType::Bool => Ok(mask),
        _ => node::compare(host, Compare::Ne, mask, 0.0),
    }
}

/// The padding, but nothing at all where some sequence has padding before its end: (batch, source) of bool.
pub fn aligned_padding(host: &mut dyn Host, padding: ValueId) -> Result<ValueId> {
    let size = node::extent(host, padding, 1);
    if size < 2 {
        return Ok(padding);
    }
    let before = slice(host, padding, 1, 0, size - 1)?;
    let after = slice(host, padding, 1, 1, size)?;
    let open = node::op(host, Op::Unary(Unary::LogicalNot), &[before])?;
    let stays = node::op(host, Op::Binary(Binary::LogicalOr), &[open, after])?;
    let aligned = node::reduce(host, Reduce::All, stays, vec![0, 1], true)?;
    node::op(host, Op::Binary(Binary::LogicalAnd), &[padding, aligned])
}
