//! `torch.nn.modules.loss`: networks keep their criterion as a child, so each can be constructed.

use super::attribute;
use crate::error::{Error, Result};
use crate::graph::{Info, LeafKind};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::{ModuleId, Tensor, Value};

macro_rules! loss {
    ($name:literal, $signature:literal, $function:literal, [$($attribute:literal),*]) => {
        loss!($name, $signature, $function, [$($attribute),*], "(input, target)", ["input", "target"])
    };
    ($name:literal, $signature:literal, $function:literal, [$($attribute:literal),*], $inputs:literal, [$($input:literal),*]) => {
        Class {
            name: $name,
            aliases: &[],
            signature: $signature,
            init,
            forward_signature: $inputs,
            forward: |host, id, bound| {
                let mut keyword = attribute::kept(host, id, &["reduction" $(, $attribute)*]);
                for name in ["weight", "pos_weight"] {
                    let tensor = attribute::tensor(host, id, name);
                    if !matches!(tensor, Value::None) {
                        keyword.push((name, tensor));
                    }
                }
                let arguments = vec![$(bound.value($input).clone()),*];
                attribute::call(host, $function, arguments, &keyword)
            },
            setstate: |_| {},
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    loss!(
        "torch.nn.modules.loss.CrossEntropyLoss",
        "(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0)",
        "torch.nn.functional.cross_entropy",
        ["ignore_index", "label_smoothing"]
    ),
    loss!(
        "torch.nn.modules.loss.NLLLoss",
        "(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')",
        "torch.nn.functional.nll_loss",
        ["ignore_index"]
    ),
    loss!(
        "torch.nn.modules.loss.BCELoss",
        "(weight=None, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.binary_cross_entropy",
        []
    ),
    loss!(
        "torch.nn.modules.loss.BCEWithLogitsLoss",
        "(weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None)",
        "torch.nn.functional.binary_cross_entropy_with_logits",
        []
    ),
    loss!(
        "torch.nn.modules.loss.MSELoss",
        "(size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.mse_loss",
        []
    ),
    loss!(
        "torch.nn.modules.loss.L1Loss",
        "(size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.l1_loss",
        []
    ),
    loss!(
        "torch.nn.modules.loss.SmoothL1Loss",
        "(size_average=None, reduce=None, reduction='mean', beta=1.0)",
        "torch.nn.functional.smooth_l1_loss",
        ["beta"]
    ),
    loss!(
        "torch.nn.modules.loss.HuberLoss",
        "(reduction='mean', delta=1.0)",
        "torch.nn.functional.huber_loss",
        ["delta"]
    ),
    loss!(
        "torch.nn.modules.loss.KLDivLoss",
        "(size_average=None, reduce=None, reduction='mean', log_target=False)",
        "torch.nn.functional.kl_div",
        ["log_target"]
    ),
    loss!(
        "torch.nn.modules.loss.CosineEmbeddingLoss",
        "(margin=0.0, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.cosine_embedding_loss",
        ["margin"],
        "(input1, input2, target)",
        ["input1", "input2", "target"]
    ),
    loss!(
        "torch.nn.modules.loss.MarginRankingLoss",
        "(margin=0.0, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.margin_ranking_loss",
        ["margin"],
        "(input1, input2, target)",
        ["input1", "input2", "target"]
    ),
    loss!(
        "torch.nn.modules.loss.TripletMarginLoss",
        "(margin=1.0, p=2.0, eps=1e-06, swap=False, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.triplet_margin_loss",
        ["margin", "p", "eps", "swap"],
        "(anchor, positive, negative)",
        ["anchor", "positive", "negative"]
    ),
    loss!(
        "torch.nn.modules.loss.HingeEmbeddingLoss",
        "(margin=1.0, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.hinge_embedding_loss",
        ["margin"]
    ),
    loss!(
        "torch.nn.modules.loss.MultiLabelSoftMarginLoss",
        "(weight=None, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.multilabel_soft_margin_loss",
        []
    ),
    loss!(
        "torch.nn.modules.loss.SoftMarginLoss",
        "(size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.soft_margin_loss",
        []
    ),
    loss!(
        "torch.nn.modules.loss.MultiMarginLoss",
        "(p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.multi_margin_loss",
        ["p", "margin"]
    ),
    loss!(
        "torch.nn.modules.loss.MultiLabelMarginLoss",
        "(size_average=None, reduce=None, reduction='mean')",
        "torch.nn.functional.multilabel_margin_loss",
        []
    ),
    loss!(
        "torch.nn.modules.loss.CTCLoss",
        "(blank=0, reduction='mean', zero_infinity=False)",
        "torch.nn.functional.ctc_loss",
        ["blank", "zero_infinity"],
        "(log_probs, targets, input_lengths, target_lengths)",
        ["log_probs", "targets", "input_lengths", "target_lengths"]
    ),
    loss!(
        "torch.nn.modules.loss.PoissonNLLLoss",
        "(log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean')",
        "torch.nn.functional.poisson_nll_loss",
        ["log_input", "full", "eps"]
    ),
    loss!(
        "torch.nn.modules.loss.GaussianNLLLoss",
        "(*, full=False, eps=1e-06, reduction='mean')",
        "torch.nn.functional.gaussian_nll_loss",
        ["full", "eps"],
        "(input, target, var)",
        ["input", "target", "var"]
    ),
];

/// `_Loss.__init__`: the two old flags become `reduction`; weights become buffers.
fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    let old = |name: &str| match bound.value(name) {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    };
    let (average, reduce) = (old("size_average"), old("reduce"));
    if average.is_some() || reduce.is_some() {
        let reduction = match (average.unwrap_or(true), reduce.unwrap_or(true)) {
            (_, false) => "none",
            (true, true) => "mean",
            (false, true) => "sum",
        };
        attribute::set(host, id, "reduction", Value::Str(reduction.into()))?;
    }
    for name in ["weight", "pos_weight"] {
        if bound.names().all(|n| n != name) {
            continue;
        }
        let module = attribute::module(host, id)?;
        module.attributes.shift_remove(name);
        match bound.value(name) {
            Value::None => attribute::no_buffer(host, id, name)?,
            Value::Tensor(tensor) => {
                let value = tensor.value();
                let graph = &mut host.trace().graph;
                let info: Info = graph.info(value).clone();
                let leaf = graph.leaf(info, LeafKind::Buffer, false, Some(value));
                attribute::module(host, id)?.buffers.insert(name.to_owned(), Some(Tensor::new(leaf)));
            }
            other => {
                let text = format!("cannot assign '{}' object to buffer '{name}'", other.type_name());
                return Err(Error::mismatch(text));
            }
        }
    }
    Ok(())
}
