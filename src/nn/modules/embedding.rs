//! `torch.nn.modules.sparse`: Embedding and EmbeddingBag.

use super::attribute::{self, Init};
use crate::error::{Error, Result};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::{Class, as_parameter};
use crate::nn::value::{ModuleId, Value};

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.sparse.Embedding",
        aliases: &[],
        signature: "(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None)",
        init,
        forward_signature: "(input)",
        forward: |host, id, bound| {
            let keyword =
                attribute::kept(host, id, &["padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"]);
            let arguments = vec![bound.value("input").clone(), attribute::tensor(host, id, "weight")];
            attribute::call(host, "torch.nn.functional.embedding", arguments, &keyword)
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.sparse.EmbeddingBag",
        aliases: &[],
        signature: "(num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None)",
        init,
        forward_signature: "(input, offsets=None, per_sample_weights=None)",
        forward: |host, id, bound| {
            let mut keyword = attribute::kept(
                host,
                id,
                &[
                    "max_norm",
                    "norm_type",
                    "scale_grad_by_freq",
                    "mode",
                    "sparse",
                    "include_last_offset",
                    "padding_idx",
                ],
            );
            keyword.push(("per_sample_weights", bound.value("per_sample_weights").clone()));
            let weight = attribute::tensor(host, id, "weight");
            let arguments = vec![bound.value("input").clone(), weight, bound.value("offsets").clone()];
            attribute::call(host, "torch.nn.functional.embedding_bag", arguments, &keyword)
        },
        setstate: |_| {},
    },
];

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    for name in bound.names().filter(|n| !matches!(*n, "device" | "dtype" | "_weight" | "_freeze")) {
        attribute::set(host, id, name, bound.value(name).clone())?;
    }
    let (count, width) = (bound.size("num_embeddings")?, bound.size("embedding_dim")?);
    if let Some(index) = bound.int_or_none("padding_idx")? {
        let total = bound.int("num_embeddings")?;
        if index >= total || index < -total {
            return Err(Error::mismatch("AssertionError: Padding_idx must be within num_embeddings"));
        }
        attribute::set(host, id, "padding_idx", Value::Int(if index < 0 { index + total } else { index }))?;
    }
    if bound.has("_weight") {
        let weight = as_parameter(host, bound.tensor("_weight")?, !matches!(bound.value("_freeze"), Value::Bool(true)));
        attribute::module(host, id)?.parameters.insert("weight".into(), Some(weight));
        return Ok(());
    }
    let dtype = attribute::dtype(host, bound)?;
    attribute::parameter(host, id, "weight", &[count, width], dtype, Init::Normal)
}
