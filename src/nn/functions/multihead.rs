//! `F.multi_head_attention_forward`, as networks call it that keep the projections themselves.

use crate::error::{Error, Result};
use crate::nn::attention::{Attention, Projection, attend, shown_weights};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

fn forward(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    for name in ["static_k", "static_v"] {
        if b.has(name) {
            return Err(Error::unsupported(format!("torch.nn.functional.multi_head_attention_forward with {name}")));
        }
    }
    let query = b.id("query")?;
    let batched = node::rank(host, query) == 3;
    let projection = match b.bool("use_separate_proj_weight")? {
        true => Projection::Separate(b.id("q_proj_weight")?, b.id("k_proj_weight")?, b.id("v_proj_weight")?),
        false => Projection::Packed(b.id("in_proj_weight")?),
    };
    let bias_kv = match (b.id_or_none("bias_k")?, b.id_or_none("bias_v")?) {
        (Some(k), Some(v)) => Some((k, v)),
        (None, None) => None,
        (Some(_), None) => return Err(Error::mismatch("bias_k is set but bias_v is None")),
        (None, Some(_)) => return Err(Error::mismatch("bias_v is set but bias_k is None")),
    };
    let need_weights = b.bool("need_weights")?;
    let attention = Attention {
        query,
        key: b.id("key")?,
        value: b.id("value")?,
        batch_first: false,
        embed_dim: b.size("embed_dim_to_check")?,
        num_heads: b.size("num_heads")?,
        projection,
        in_proj_bias: b.id_or_none("in_proj_bias")?,
        bias_kv,
        add_zero_attn: b.bool("add_zero_attn")?,
        dropout: if b.bool("training")? { b.float("dropout_p")? } else { 0.0 },
        out_proj_weight: b.id("out_proj_weight")?,
        out_proj_bias: b.id_or_none("out_proj_bias")?,
        key_padding_mask: b.id_or_none("key_padding_mask")?,
        attn_mask: b.id_or_none("attn_mask")?,
        is_causal: b.bool("is_causal")?,
        safe: !need_weights,
    };
    let (output, weights) = attend(host, &attention)?;
    let weights = match need_weights {
        true => Value::tensor(shown_weights(host, weights, b.bool("average_attn_weights")?, batched)?),
        false => Value::None,
    };
    Ok(Value::Tuple(vec![Value::tensor(output), weights]))
}

functions! {
    f "multi_head_attention_forward": "(query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, is_causal=False)" => forward;
}
