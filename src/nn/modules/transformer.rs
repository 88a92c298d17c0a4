//! `torch.nn.modules.transformer`: the layers, the stacks and Transformer itself.
//!
//! In eval mode an encoder gives what torch gives under `no_grad`: zeros where `src_key_padding_mask` hides the end of a sequence.

use super::attention::{child, child_of};
use super::attribute;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Scalar};
use crate::nn::function::{self, Args, Bound};
use crate::nn::host::Host;
use crate::nn::module::{Class, ClassRef, Module};
use crate::nn::value::{ModuleId, Value};
use crate::nn::{attention, module, node, walk};

/// Real stacks stay far below.
const MOST_LAYERS: usize = 1024;

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.transformer.TransformerEncoderLayer",
        aliases: &[],
        signature: "(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None)",
        init: |host, id, bound| init_layer(host, id, bound, false),
        forward_signature: "(src, src_mask=None, src_key_padding_mask=None, is_causal=False)",
        forward: encoder_layer,
        setstate: set_activation,
    },
    Class {
        name: "torch.nn.modules.transformer.TransformerDecoderLayer",
        aliases: &[],
        signature: "(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None)",
        init: |host, id, bound| init_layer(host, id, bound, true),
        forward_signature: "(tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False)",
        forward: decoder_layer,
        setstate: set_activation,
    },
    Class {
        name: "torch.nn.modules.transformer.TransformerEncoder",
        aliases: &[],
        signature: "(encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True)",
        init: |host, id, bound| {
            let layer = bound.module("encoder_layer")?;
            init_stack(host, id, bound, layer)?;
            for name in ["enable_nested_tensor", "mask_check"] {
                attribute::set(host, id, name, bound.value(name).clone())?;
            }
            let nested = bound.bool("enable_nested_tensor")? && nests(host, layer);
            attribute::set(host, id, "use_nested_tensor", Value::Bool(nested))
        },
        forward_signature: "(src, mask=None, src_key_padding_mask=None, is_causal=None)",
        forward: encoder,
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.transformer.TransformerDecoder",
        aliases: &[],
        signature: "(decoder_layer, num_layers, norm=None)",
        init: |host, id, bound| {
            let layer = bound.module("decoder_layer")?;
            init_stack(host, id, bound, layer)
        },
        forward_signature: "(tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=None, memory_is_causal=False)",
        forward: decoder,
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.transformer.Transformer",
        aliases: &[],
        signature: "(d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None)",
        init: init_transformer,
        forward_signature: "(src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, memory_is_causal=False)",
        forward: transformer,
        setstate: |_| {},
    },
];

/// The parts of both layers, in torch's order.
fn init_layer(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, decoder: bool) -> Result<()> {
    let dtype = attribute::dtype(host, bound)?;
    let given = |name: &str| bound.value(name).clone();
    let names: &[&str] = if decoder { &["self_attn", "multihead_attn"] } else { &["self_attn"] };
    for name in names {
        let keyword = ["dropout", "bias", "batch_first"].map(|name| (name, given(name))).to_vec();
        let sizes = vec![given("d_model"), given("nhead")];
        child(host, id, name, "torch.nn.MultiheadAttention", sizes, keyword, dtype)?;
    }
    let bias = || vec![("bias", given("bias"))];
    let (narrow, wide) = (given("d_model"), given("dim_feedforward"));
    child(host, id, "linear1", "torch.nn.Linear", vec![narrow.clone(), wide.clone()], bias(), dtype)?;
    child(host, id, "dropout", "torch.nn.Dropout", vec![given("dropout")], Vec::new(), dtype)?;
    child(host, id, "linear2", "torch.nn.Linear", vec![wide, narrow.clone()], bias(), dtype)?;
    attribute::set(host, id, "norm_first", given("norm_first"))?;
    let count = if decoder { 3 } else { 2 };
    for at in 1..=count {
        let keyword = vec![("eps", given("layer_norm_eps")), ("bias", given("bias"))];
        child(host, id, &format!("norm{at}"), "torch.nn.LayerNorm", vec![narrow.clone()], keyword, dtype)?;
    }
    for at in 1..=count {
        child(host, id, &format!("dropout{at}"), "torch.nn.Dropout", vec![given("dropout")], Vec::new(), dtype)?;
    }
    match bound.value("activation") {
        Value::Module(activation) => {
            let known = usual(host, &Value::Module(*activation));
            attribute::module(host, id)?.children.insert("activation".to_owned(), Some(*activation));
            attribute::set(host, id, "activation_relu_or_gelu", Value::Int(known))
        }
        Value::Str(name) if !matches!(&**name, "relu" | "gelu") => {
            Err(Error::mismatch(format!("activation should be relu/gelu, not {name}")))
        }
        Value::Str(name) => activate(host, id, named(name)?),
        function => activate(host, id, function.clone()),
    }
}

fn activate(host: &mut dyn Host, id: ModuleId, function: Value) -> Result<()> {
    let known = usual(host, &function);
    attribute::set(host, id, "activation_relu_or_gelu", Value::Int(known))?;
    attribute::set(host, id, "activation", function)
}

fn named(name: &str) -> Result<Value> {
    let qualified = format!("torch.nn.functional.{name}");
    function::lookup(&qualified).map(Value::Function).ok_or_else(|| Error::unsupported(qualified))
}

/// 1 for ReLU, 2 for GELU, 0 for what torch's fast path does not know.
fn usual(host: &mut dyn Host, activation: &Value) -> i64 {
    let name = match activation {
        Value::Function(function) => function.name,
        Value::Module(id) => match host.trace().modules.get(*id).map(|m| &m.class) {
            Some(ClassRef::Torch(class) | ClassRef::User { base: Some(class), .. }) => class.short(),
            _ => "",
        },
        _ => "",
    };
    match name {
        "torch.nn.functional.relu" | "ReLU" => 1,
        "torch.nn.functional.gelu" | "GELU" => 2,
        _ => 0,
    }
}

/// Up to 1.3 the activation was not an attribute.
fn set_activation(module: &mut Module) {
    let absent = !module.attributes.contains_key("activation") && !module.children.contains_key("activation");
    if let (true, Ok(relu)) = (absent, named("relu")) {
        module.attributes.insert("activation".to_owned(), relu);
    }
}

/// `num_layers` copies of a layer, and the norm that follows them.
fn init_stack(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, layer: ModuleId) -> Result<()> {
    let count = bound.size("num_layers")?;
    if count > MOST_LAYERS {
        return Err(Error::too_large("num_layers", count, MOST_LAYERS));
    }
    let mut layers = Vec::new();
    for _ in 0..count {
        layers.push(Value::Module(host.copy_module(layer)?));
    }
    let class = module::class("torch.nn.ModuleList").ok_or_else(|| Error::unsupported("torch.nn.ModuleList"))?;
    let list = module::construct(host, class, Args::positional(vec![Value::List(layers)]))?;
    attribute::module(host, id)?.children.insert("layers".to_owned(), Some(list));
    attribute::set(host, id, "num_layers", bound.value("num_layers").clone())?;
    match bound.value("norm") {
        Value::Module(norm) => {
            attribute::module(host, id)?.children.insert("norm".to_owned(), Some(*norm));
            Ok(())
        }
        other => attribute::set(host, id, "norm", other.clone()),
    }
}

fn init_transformer(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    let dtype = attribute::dtype(host, bound)?;
    let given = |name: &str| bound.value(name).clone();
    for (side, custom, layer, stack, count) in [
        ("encoder", "custom_encoder", "TransformerEncoderLayer", "TransformerEncoder", "num_encoder_layers"),
        ("decoder", "custom_decoder", "TransformerDecoderLayer", "TransformerDecoder", "num_decoder_layers"),
    ] {
        if let Value::Module(custom) = bound.value(custom) {
            attribute::module(host, id)?.children.insert(side.to_owned(), Some(*custom));
            continue;
        }
        let names = [
            "d_model",
            "nhead",
            "dim_feedforward",
            "dropout",
            "activation",
            "layer_norm_eps",
            "batch_first",
            "norm_first",
            "bias",
        ];
        let find = |name: &str| {
            let name = format!("torch.nn.{name}");
            module::class(&name).ok_or_else(|| Error::unsupported(name))
        };
        let dtype = || vec![("dtype".to_owned(), Value::Dtype(dtype))];
        let args = Args { positional: names.map(given).to_vec(), keyword: dtype() };
        let layer = module::construct(host, find(layer)?, args)?;
        let mut keyword = dtype();
        keyword.extend([("eps".to_owned(), given("layer_norm_eps")), ("bias".to_owned(), given("bias"))]);
        let norm = module::construct(host, find("LayerNorm")?, Args { positional: vec![given("d_model")], keyword })?;
        let parts = vec![Value::Module(layer), given(count), Value::Module(norm)];
        let made = module::construct(host, find(stack)?, Args::positional(parts))?;
        attribute::module(host, id)?.children.insert(side.to_owned(), Some(made));
    }
    for tensor in walk::tensors(&host.trace().modules, id) {
        if node::rank(host, tensor.value()) > 1 {
            attribute::call(host, "torch.nn.init.xavier_uniform_", vec![Value::Tensor(tensor)], &[])?;
        }
    }
    for name in ["d_model", "nhead", "batch_first"] {
        attribute::set(host, id, name, given(name))?;
    }
    Ok(())
}

/// Calls a child with one tensor.
fn call(host: &mut dyn Host, id: ModuleId, name: &str, x: ValueId) -> Result<ValueId> {
    let child = child_of(host, id, name)?;
    let result = host.call_module(child, Args::positional(vec![Value::tensor(x)]))?;
    tensor(name, &result)
}

fn tensor(name: &str, value: &Value) -> Result<ValueId> {
    match value {
        Value::Tensor(tensor) => Ok(tensor.value()),
        other => Err(Error::mismatch(format!("{name} gave {}, and a Tensor is needed", other.type_name()))),
    }
}

fn add(host: &mut dyn Host, x: ValueId, y: ValueId) -> Result<ValueId> {
    node::binary(host, Binary::Add, x, y)
}

/// An attention child and the dropout behind it; the masks' arguments carry a prefix.
fn attend(
    host: &mut dyn Host,
    id: ModuleId,
    bound: &Bound<'_>,
    x: ValueId,
    memory: Option<ValueId>,
    prefix: &str,
) -> Result<ValueId> {
    let (name, dropout) = if memory.is_some() { ("multihead_attn", "dropout2") } else { ("self_attn", "dropout1") };
    let child = child_of(host, id, name)?;
    let causal = if prefix == "src" { "is_causal".to_owned() } else { format!("{prefix}_is_causal") };
    let query = Value::tensor(x);
    let memory = memory.map_or_else(|| query.clone(), Value::tensor);
    let keyword = [
        ("attn_mask", bound.value(&format!("{prefix}_mask")).clone()),
        ("key_padding_mask", bound.value(&format!("{prefix}_key_padding_mask")).clone()),
        ("need_weights", Value::Bool(false)),
        ("is_causal", Value::Bool(matches!(bound.value(&causal), Value::Bool(true)))),
    ];
    let keyword = keyword.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let result = host.call_module(child, Args { positional: vec![query, memory.clone(), memory], keyword })?;
    let output = match result.items() {
        Some(items) => tensor(name, items.first().unwrap_or(&Value::None))?,
        None => tensor(name, &result)?,
    };
    call(host, id, dropout, output)
}

/// The two linear layers with what lies between and behind them.
fn feed_forward(host: &mut dyn Host, id: ModuleId, x: ValueId, last: &str) -> Result<ValueId> {
    let wide = call(host, id, "linear1", x)?;
    let activation = attribute::module(host, id)?.children.get("activation").copied().flatten();
    let args = Args::positional(vec![Value::tensor(wide)]);
    let active = match (activation, attribute::get(host, id, "activation")) {
        (Some(child), _) => host.call_module(child, args)?,
        (None, Value::None) => host.call(&named("relu")?, args)?,
        (None, Value::Str(name)) => host.call(&named(&name)?, args)?,
        (None, function) => host.call(&function, args)?,
    };
    let active = tensor("activation", &active)?;
    let dropped = call(host, id, "dropout", active)?;
    let narrow = call(host, id, "linear2", dropped)?;
    call(host, id, last, narrow)
}

fn encoder_layer(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let x = bound.id("src")?;
    if attribute::flag(host, id, "norm_first") {
        let normed = call(host, id, "norm1", x)?;
        let attended = attend(host, id, bound, normed, None, "src")?;
        let x = add(host, x, attended)?;
        let normed = call(host, id, "norm2", x)?;
        let fed = feed_forward(host, id, normed, "dropout2")?;
        return add(host, x, fed).map(Value::tensor);
    }
    let attended = attend(host, id, bound, x, None, "src")?;
    let sum = add(host, x, attended)?;
    let x = call(host, id, "norm1", sum)?;
    let fed = feed_forward(host, id, x, "dropout2")?;
    let sum = add(host, x, fed)?;
    call(host, id, "norm2", sum).map(Value::tensor)
}

fn decoder_layer(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let (x, memory) = (bound.id("tgt")?, bound.id("memory")?);
    if attribute::flag(host, id, "norm_first") {
        let normed = call(host, id, "norm1", x)?;
        let attended = attend(host, id, bound, normed, None, "tgt")?;
        let x = add(host, x, attended)?;
        let normed = call(host, id, "norm2", x)?;
        let attended = attend(host, id, bound, normed, Some(memory), "memory")?;
        let x = add(host, x, attended)?;
        let normed = call(host, id, "norm3", x)?;
        let fed = feed_forward(host, id, normed, "dropout3")?;
        return add(host, x, fed).map(Value::tensor);
    }
    let attended = attend(host, id, bound, x, None, "tgt")?;
    let sum = add(host, x, attended)?;
    let x = call(host, id, "norm1", sum)?;
    let attended = attend(host, id, bound, x, Some(memory), "memory")?;
    let sum = add(host, x, attended)?;
    let x = call(host, id, "norm2", sum)?;
    let fed = feed_forward(host, id, x, "dropout3")?;
    let sum = add(host, x, fed)?;
    call(host, id, "norm3", sum).map(Value::tensor)
}

fn layers(host: &mut dyn Host, id: ModuleId) -> Result<Vec<ModuleId>> {
    let list = child_of(host, id, "layers")?;
    Ok(attribute::module(host, list)?.children.values().copied().flatten().collect())
}

fn norm(host: &mut dyn Host, id: ModuleId, x: Value) -> Result<Value> {
    match attribute::module(host, id)?.children.get("norm").copied().flatten() {
        Some(norm) => host.call_module(norm, Args::positional(vec![x])),
        None => Ok(x),
    }
}

fn keywords(pairs: Vec<(&str, Value)>) -> Vec<(String, Value)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A hint that was not given is none: the mask itself says all.
fn hint(value: &Value) -> Value {
    Value::Bool(matches!(value, Value::Bool(true)))
}

fn encoder(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let layers = layers(host, id)?;
    let padding = padding(host, id, bound, layers.first().copied())?;
    let mut x = bound.value("src").clone();
    for layer in layers {
        let keyword = keywords(vec![
            ("src_mask", bound.value("mask").clone()),
            ("is_causal", hint(bound.value("is_causal"))),
            ("src_key_padding_mask", bound.value("src_key_padding_mask").clone()),
        ]);
        x = host.call_module(layer, Args { positional: vec![x], keyword })?;
    }
    if let Some(padding) = padding {
        let inner = tensor("layers", &x)?;
        let zeroed = node::op(host, Op::MaskedFill { value: Scalar::Float(0.0) }, &[inner, padding])?;
        x = Value::tensor(zeroed);
    }
    norm(host, id, x)
}

/// Positions that torch's nested tensors leave out, and give back as zeros: (batch, time, 1) of bool.
fn padding(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, first: Option<ModuleId>) -> Result<Option<ValueId>> {
    let (Some(mask), Some(first)) = (bound.id_or_none("src_key_padding_mask")?, first) else { return Ok(None) };
    let batched = node::rank(host, bound.id("src")?) == 3 && node::rank(host, mask) == 2;
    let uses = attribute::flag(host, id, "use_nested_tensor");
    if !batched || !uses || bound.has("mask") || attribute::training(host, first) {
        return Ok(None);
    }
    let mut padding = attention::padding(host, mask)?;
    if !matches!(attribute::get(host, id, "mask_check"), Value::Bool(false)) {
        padding = attention::aligned_padding(host, padding)?;
    }
    let shape = node::shape(host, padding).into_iter().chain([1]).collect();
    node::reshape(host, padding, shape).map(Some)
}

/// Whether torch's encoder makes nested tensors of batches of such a layer.
fn nests(host: &mut dyn Host, layer: ModuleId) -> bool {
    let torch = host.trace().modules.get(layer).is_some_and(|m| match m.class {
        ClassRef::Torch(class) | ClassRef::User { base: Some(class), .. } => class.short() == "TransformerEncoderLayer",
        ClassRef::User { .. } => false,
    });
    let mut child = |name| child_of(host, layer, name).ok();
    let (Some(attention), Some(norm1), Some(norm2)) = (child("self_attn"), child("norm1"), child("norm2")) else {
        return false;
    };
    let eps = |host: &mut dyn Host, norm| match attribute::get(host, norm, "eps") {
        Value::Float(eps) => eps,
        _ => 1e-5,
    };
    torch
        && !attribute::flag(host, layer, "norm_first")
        && attribute::flag(host, attention, "batch_first")
        && attribute::flag(host, attention, "_qkv_same_embed_dim")
        && matches!(attribute::tensor(host, attention, "in_proj_bias"), Value::Tensor(_))
        && attribute::flag(host, layer, "activation_relu_or_gelu")
        && eps(host, norm1) == eps(host, norm2)
        && attribute::int(host, attention, "num_heads").is_ok_and(|heads| heads % 2 == 0)
}

fn decoder(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let mut x = bound.value("tgt").clone();
    let names = ["tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask"];
    for layer in layers(host, id)? {
        let mut pairs = names.map(|name| (name, bound.value(name).clone())).to_vec();
        pairs.extend(["tgt_is_causal", "memory_is_causal"].map(|name| (name, hint(bound.value(name)))));
        let positional = vec![x, bound.value("memory").clone()];
        x = host.call_module(layer, Args { positional, keyword: keywords(pairs) })?;
    }
    norm(host, id, x)
}

fn transformer(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let (src, tgt) = (bound.id("src")?, bound.id("tgt")?);
    let (src, tgt) = (node::shape(host, src), node::shape(host, tgt));
    let axis = usize::from(!attribute::flag(host, id, "batch_first"));
    if src.len() == 3 && src.get(axis) != tgt.get(axis) {
        return Err(Error::mismatch("the batch number of src and tgt must be equal"));
    }
    let width = crate::nn::bound::size(attribute::int(host, id, "d_model")?)?;
    if src.last() != Some(&width) || tgt.last() != Some(&width) {
        return Err(Error::mismatch("the feature number of src and tgt must be equal to d_model"));
    }
    let given = |name: &str| bound.value(name).clone();
    let keyword = keywords(vec![
        ("mask", given("src_mask")),
        ("src_key_padding_mask", given("src_key_padding_mask")),
        ("is_causal", given("src_is_causal")),
    ]);
    let encoder = child_of(host, id, "encoder")?;
    let memory = host.call_module(encoder, Args { positional: vec![given("src")], keyword })?;
    let names = [
        "tgt_mask",
        "memory_mask",
        "tgt_key_padding_mask",
        "memory_key_padding_mask",
        "tgt_is_causal",
        "memory_is_causal",
    ];
    let keyword = keywords(names.map(|name| (name, given(name))).to_vec());
    let decoder = child_of(host, id, "decoder")?;
    host.call_module(decoder, Args { positional: vec![given("tgt"), memory], keyword })
}
