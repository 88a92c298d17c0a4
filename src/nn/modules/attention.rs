//! `torch.nn.modules.activation.MultiheadAttention`.

use super::attribute::{self, Init};
use super::cell::weight;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::nn::attention::{self, Attention, Projection};
use crate::nn::bound;
use crate::nn::function::{Args, Bound};
use crate::nn::host::Host;
use crate::nn::module::{self, Class, Module};
use crate::nn::node;
use crate::nn::value::{ModuleId, Value};

/// The classes.
pub const CLASSES: &[Class] = &[Class {
    name: "torch.nn.modules.activation.MultiheadAttention",
    aliases: &[],
    signature: "(embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None, batch_first=False, device=None, dtype=None)",
    init,
    forward_signature: "(query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, is_causal=False)",
    forward,
    setstate,
}];

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    let (embed_dim, num_heads) = (bound.int("embed_dim")?, bound.int("num_heads")?);
    if embed_dim <= 0 || num_heads <= 0 {
        return Err(Error::mismatch(format!(
            "embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead"
        ))
        .code("value_error"));
    }
    if embed_dim % num_heads != 0 {
        return Err(Error::mismatch("embed_dim must be divisible by num_heads"));
    }
    let size = bound.size("embed_dim")?;
    let kdim = if bound.has("kdim") { bound.size("kdim")? } else { size };
    let vdim = if bound.has("vdim") { bound.size("vdim")? } else { size };
    let same = kdim == size && vdim == size;
    for (name, value) in [
        ("embed_dim", Value::Int(embed_dim)),
        ("kdim", Value::Int(bound::int(kdim))),
        ("vdim", Value::Int(bound::int(vdim))),
        ("_qkv_same_embed_dim", Value::Bool(same)),
        ("num_heads", Value::Int(num_heads)),
        ("dropout", bound.value("dropout").clone()),
        ("batch_first", bound.value("batch_first").clone()),
        ("head_dim", Value::Int(embed_dim / num_heads)),
    ] {
        attribute::set(host, id, name, value)?;
    }
    let dtype = attribute::dtype(host, bound)?;
    let separate = [("q_proj_weight", [size, size]), ("k_proj_weight", [size, kdim]), ("v_proj_weight", [size, vdim])];
    if same {
        attribute::parameter(host, id, "in_proj_weight", &[size.saturating_mul(3), size], dtype, Init::XavierUniform)?;
        for (name, _) in separate {
            attribute::no_parameter(host, id, name)?;
        }
    } else {
        for (name, shape) in separate {
            attribute::parameter(host, id, name, &shape, dtype, Init::XavierUniform)?;
        }
        attribute::no_parameter(host, id, "in_proj_weight")?;
    }
    let bias = bound.bool("bias")?;
    if bias {
        attribute::parameter(host, id, "in_proj_bias", &[size.saturating_mul(3)], dtype, Init::Zeros)?;
    } else {
        attribute::no_parameter(host, id, "in_proj_bias")?;
    }
    let sizes = vec![Value::Int(embed_dim), Value::Int(embed_dim)];
    let out = child(host, id, "out_proj", "torch.nn.Linear", sizes, vec![("bias", Value::Bool(bias))], dtype)?;
    if bias {
        let bias = attribute::tensor(host, out, "bias");
        attribute::call(host, "torch.nn.init.zeros_", vec![bias], &[])?;
    }
    for name in ["bias_k", "bias_v"] {
        if bound.bool("add_bias_kv")? {
            attribute::parameter(host, id, name, &[1, 1, size], dtype, Init::Zeros)?;
            let bias = attribute::tensor(host, id, name);
            attribute::call(host, "torch.nn.init.xavier_normal_", vec![bias], &[])?;
        } else {
            attribute::set(host, id, name, Value::None)?;
        }
    }
    attribute::set(host, id, "add_zero_attn", bound.value("add_zero_attn").clone())
}

/// Makes a child of a torch class.
pub(super) fn child(
    host: &mut dyn Host,
    id: ModuleId,
    name: &str,
    class: &str,
    positional: Vec<Value>,
    keyword: Vec<(&str, Value)>,
    dtype: DType,
) -> Result<ModuleId> {
    let class = module::class(class).ok_or_else(|| Error::unsupported(class))?;
    let mut keyword: Vec<_> = keyword.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if class.signature.contains("dtype") {
        keyword.push(("dtype".to_owned(), Value::Dtype(dtype)));
    }
    let made = module::construct(host, class, Args { positional, keyword })?;
    attribute::module(host, id)?.children.insert(name.to_owned(), Some(made));
    Ok(made)
}

/// A child module that must be there.
pub(super) fn child_of(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<ModuleId> {
    let found = attribute::module(host, id)?.children.get(name).copied().flatten();
    found.ok_or_else(|| Error::mismatch(format!("the module has no child '{name}'")).code("attribute_error"))
}

fn optional(host: &mut dyn Host, id: ModuleId, name: &str) -> Option<ValueId> {
    match attribute::tensor(host, id, name) {
        Value::Tensor(tensor) => Some(tensor.value()),
        _ => None,
    }
}

fn forward(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let (query, key, value) = (bound.id("query")?, bound.id("key")?, bound.id("value")?);
    let out = child_of(host, id, "out_proj")?;
    let training = attribute::training(host, id);
    let need_weights = bound.bool("need_weights")?;
    let batched = node::rank(host, query) == 3;
    let same = !matches!(attribute::get(host, id, "_qkv_same_embed_dim"), Value::Bool(false));
    let projection = if same {
        Projection::Packed(weight(host, id, "in_proj_weight")?)
    } else {
        let mut part = |name| weight(host, id, name);
        Projection::Separate(part("q_proj_weight")?, part("k_proj_weight")?, part("v_proj_weight")?)
    };
    let bias_kv = match (optional(host, id, "bias_k"), optional(host, id, "bias_v")) {
        (Some(k), Some(v)) => Some((k, v)),
        (None, None) => None,
        _ => return Err(Error::mismatch("bias_k and bias_v must both be set or both be None")),
    };
    let mut attention = Attention {
        query,
        key,
        value,
        batch_first: attribute::flag(host, id, "batch_first"),
        embed_dim: bound::size(attribute::int(host, id, "embed_dim")?)?,
        num_heads: bound::size(attribute::int(host, id, "num_heads")?)?,
        projection,
        in_proj_bias: optional(host, id, "in_proj_bias"),
        bias_kv,
        add_zero_attn: attribute::flag(host, id, "add_zero_attn"),
        dropout: match attribute::get(host, id, "dropout") {
            Value::Float(p) if training => p,
            Value::Int(1..) if training => 1.0,
            _ => 0.0,
        },
        out_proj_weight: weight(host, out, "weight")?,
        out_proj_bias: optional(host, out, "bias"),
        key_padding_mask: bound.id_or_none("key_padding_mask")?,
        attn_mask: bound.id_or_none("attn_mask")?,
        is_causal: bound.bool("is_causal")?,
        safe: false,
    };
    let fast = !training && batched && fast(host, &attention);
    attention.safe = !need_weights && !fast;
    // the hint alone means nothing to the fast path
    attention.is_causal &= !fast;
    let (output, weights) = attention::attend(host, &attention)?;
    let weights = if need_weights {
        let average = bound.bool("average_attn_weights")?;
        Value::tensor(attention::shown_weights(host, weights, average, batched)?)
    } else {
        Value::None
    };
    Ok(Value::Tuple(vec![Value::tensor(output), weights]))
}

/// Whether torch would take `_native_multi_head_attention` in eval mode, whose softmax of nothing is NaN.
fn fast(host: &mut dyn Host, given: &Attention) -> bool {
    let bool_masks =
        [given.key_padding_mask, given.attn_mask].into_iter().flatten().all(|m| !node::dtype(host, m).is_float());
    given.query == given.key
        && given.key == given.value
        && given.batch_first
        && matches!(given.projection, Projection::Packed(_))
        && given.in_proj_bias.is_some()
        && given.bias_kv.is_none()
        && !given.add_zero_attn
        && given.num_heads.is_multiple_of(2)
        && bool_masks
}

/// Up to 1.1 keys and values had the queries' width.
fn setstate(module: &mut Module) {
    module.attributes.entry("_qkv_same_embed_dim".into()).or_insert(Value::Bool(true));
}
