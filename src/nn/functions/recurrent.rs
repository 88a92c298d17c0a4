//! `torch.nn.utils.rnn`, and methods of recurrent layers and transformers.

use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Op, PadMode, Scalar};
use crate::nn::bound::{int, size};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::modules::attribute;
use crate::nn::node;
use crate::nn::packed::{Packed, known_lengths};
use crate::nn::recurrence::{slice, stack};
use crate::nn::value::{Tensor, Value};

fn value_error(message: impl Into<String>) -> Error {
    Error::mismatch(message).code("value_error")
}

/// (batch, time, ...) and (time, batch, ...), one to the other.
fn swapped(host: &mut dyn Host, x: ValueId) -> Result<ValueId> {
    let rank = node::rank(host, x);
    if rank < 2 {
        return Err(Error::mismatch(format!("Dimension out of range: a padded batch has 2 or more dims, got {rank}")));
    }
    let dims = [1, 0].into_iter().chain(2..rank).collect();
    node::op(host, Op::Permute { dims }, &[x])
}

/// Lengths given as a tensor, a list of ints or of tensors: (batch) of int64.
fn lengths(host: &mut dyn Host, b: &Bound<'_>) -> Result<ValueId> {
    if let Value::Tensor(tensor) = b.value("lengths") {
        let flat = node::shape(host, tensor.value());
        if flat.len() != 1 {
            return Err(Error::mismatch(format!(
                "'lengths' argument should be a 1D CPU int64 tensor, but got {}D tensor",
                flat.len()
            )));
        }
        return node::cast(host, tensor.value(), DType::Int64);
    }
    let items = b.value("lengths").items().ok_or_else(|| b.wrong("lengths", "Tensor"))?;
    let mut ints = Vec::new();
    for item in &items {
        match item {
            Value::Int(n) => ints.push(*n),
            _ => {
                let tensors: Vec<_> = b.tensors("lengths")?.iter().map(Tensor::value).collect();
                let joined = stack(host, &tensors)?;
                let flat = node::reshape(host, joined, vec![items.len()])?;
                return node::cast(host, flat, DType::Int64);
            }
        }
    }
    literal(host, &ints)
}

fn literal(host: &mut dyn Host, ints: &[i64]) -> Result<ValueId> {
    let bytes = ints.iter().flat_map(|n| n.to_le_bytes()).collect();
    let data = TensorData::new(DType::Int64, vec![ints.len()], bytes)?;
    Ok(host.trace().graph.constant(data))
}

fn pack_padded(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut padded = b.id("input")?;
    if b.bool("batch_first")? {
        padded = swapped(host, padded)?;
    }
    let lengths = lengths(host, b)?;
    pack(host, padded, lengths, b.bool("enforce_sorted")?)
}

fn pack(host: &mut dyn Host, padded: ValueId, lengths: ValueId, sorted: bool) -> Result<Value> {
    let (steps, batch) = (node::extent(host, padded, 0), node::extent(host, padded, 1));
    let count = node::extent(host, lengths, 0);
    if count != batch {
        let text = format!("Expected `len(lengths)` to be equal to batch_size, but got {count} (batch_size={batch})");
        return Err(Error::mismatch(text));
    }
    let Some(known) = known_lengths(host, lengths) else { return Ok(Packed { padded, lengths }.value()) };
    if known.iter().any(|n| *n <= 0) {
        return Err(Error::mismatch(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
        ));
    }
    if sorted && known.windows(2).any(|pair| pair.first() < pair.last()) {
        return Err(Error::mismatch(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.",
        ));
    }
    let longest = size(known.iter().copied().max().unwrap_or(0))?;
    if longest > steps {
        return Err(Error::mismatch(format!("a length of {longest} exceeds the batch's {steps} steps")));
    }
    Ok(Packed { padded: slice(host, padded, 0, 0, longest)?, lengths }.value())
}

/// Lengths that only a run knows are taken to reach the padded batch's end, as the longest of a batch does.
fn pad_packed(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let packed = Packed::of(b.value("sequence")).ok_or_else(|| b.wrong("sequence", "PackedSequence"))?;
    let mut padded = packed.padded;
    let (steps, rank) = (node::extent(host, padded, 0), node::rank(host, padded));
    let fill = node::to_dtype(b.scalar("padding_value")?, node::dtype(host, padded));
    if let Some(valid) = packed.valid(host, rank)? {
        let hidden = node::op(host, Op::Unary(crate::graph::op::Unary::LogicalNot), &[valid])?;
        padded = node::op(host, Op::MaskedFill { value: fill }, &[padded, hidden])?;
    }
    if let Some(total) = b.int_or_none("total_length")? {
        let more = total.saturating_sub(int(steps));
        if more < 0 {
            return Err(value_error(format!(
                "Expected total_length to be at least the length of the longest sequence in input, but got total_length={total} and max sequence length being {steps}"
            )));
        }
        let pads = [(0, more)].into_iter().chain(std::iter::repeat_n((0, 0), rank.saturating_sub(1))).collect();
        padded = node::op(host, Op::Pad { pads, mode: PadMode::Constant(fill) }, &[padded])?;
    }
    if b.bool("batch_first")? {
        padded = swapped(host, padded)?;
    }
    Ok(Value::Tuple(vec![Value::tensor(padded), Value::tensor(packed.lengths)]))
}

/// Tensors of different lengths as (time, batch, ...), and their lengths.
fn padded(host: &mut dyn Host, sequences: &[Tensor], fill: Scalar, left: bool) -> Result<(ValueId, Vec<i64>)> {
    let lengths: Vec<_> = sequences.iter().map(|s| node::extent(host, s.value(), 0)).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut rows = Vec::new();
    for (sequence, length) in sequences.iter().zip(&lengths) {
        let id = sequence.value();
        let (rank, dtype, more) = (node::rank(host, id), node::dtype(host, id), int(longest - length));
        let ends = if left { (more, 0) } else { (0, more) };
        let pads = [ends].into_iter().chain(std::iter::repeat_n((0, 0), rank.saturating_sub(1))).collect();
        let mode = PadMode::Constant(node::to_dtype(fill, dtype));
        rows.push(if more == 0 { id } else { node::op(host, Op::Pad { pads, mode }, &[id])? });
    }
    let batch = stack(host, &rows)?;
    Ok((swapped(host, batch)?, lengths.into_iter().map(int).collect()))
}

fn pad_sequence(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let left = match b.str("padding_side")? {
        "left" => true,
        "right" => false,
        other => {
            return Err(Error::mismatch(format!("padding_side should be one of [\"left\", \"right\"], got {other}")));
        }
    };
    let sequences = b.tensors("sequences")?;
    let (batch, _) = padded(host, &sequences, b.scalar("padding_value")?, left)?;
    Ok(Value::tensor(if b.bool("batch_first")? { swapped(host, batch)? } else { batch }))
}

fn pack_sequence(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let sequences = b.tensors("sequences")?;
    let (batch, lengths) = padded(host, &sequences, Scalar::Int(0), false)?;
    let lengths = literal(host, &lengths)?;
    pack(host, batch, lengths, b.bool("enforce_sorted")?)
}

/// A static method: called on an instance it has the module in front.
fn square_subsequent_mask(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut given = b.value("args").items().unwrap_or_default();
    if matches!(given.first(), Some(Value::Module(_))) {
        given.remove(0);
    }
    let named = |name: &str| match b.value("kwargs") {
        Value::Dict(items) => {
            items.iter().find(|(key, _)| matches!(key, Value::Str(k) if &**k == name)).map(|(_, v)| v.clone())
        }
        _ => None,
    };
    let Some(Value::Int(side)) = given.first().cloned().or_else(|| named("sz")) else {
        return Err(Error::mismatch("generate_square_subsequent_mask(): argument 'sz' must be int").code("type_error"));
    };
    let dtype = given.get(2).cloned().or_else(|| named("dtype")).unwrap_or_default();
    let shape = Value::Tuple(vec![Value::Int(side), Value::Int(side)]);
    let full = attribute::call(host, "torch.full", vec![shape, Value::Float(f64::NEG_INFINITY)], &[("dtype", dtype)])?;
    attribute::call(host, "torch.triu", vec![full], &[("diagonal", Value::Int(1))])
}

functions! {
    r "pack_padded_sequence": "(input, lengths, batch_first=False, enforce_sorted=True)" => pack_padded;
    r "pad_packed_sequence": "(sequence, batch_first=False, padding_value=0.0, total_length=None)" => pad_packed;
    r "pad_sequence": "(sequences, batch_first=False, padding_value=0.0, padding_side='right')" => pad_sequence;
    r "pack_sequence": "(sequences, enforce_sorted=True)" => pack_sequence;
    u "RNNBase.flatten_parameters RNN.flatten_parameters LSTM.flatten_parameters GRU.flatten_parameters": "(self)" => |_, _| Ok(Value::None);
    u "Transformer.generate_square_subsequent_mask": "(*args, **kwargs)" => square_subsequent_mask;
}
