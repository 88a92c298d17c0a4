//! `torch.nn.modules.rnn`: RNNCell, LSTMCell, GRUCell, one step each.

use super::attribute::{self, Init, fan_bound};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::Scalar;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::node;
use crate::nn::recurrence::{self, Mode, State, Weights};
use crate::nn::value::{ModuleId, Value};

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.rnn.RNNCell",
        aliases: &[],
        signature: "(input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None)",
        init: |host, id, bound| {
            init(host, id, bound, 1)?;
            attribute::set(host, id, "nonlinearity", bound.value("nonlinearity").clone())
        },
        forward_signature: "(input, hx=None)",
        forward: |host, id, bound| match attribute::get(host, id, "nonlinearity") {
            Value::Str(name) if &*name == "relu" => forward(host, id, bound, Mode::Relu),
            Value::Str(name) if &*name == "tanh" => forward(host, id, bound, Mode::Tanh),
            Value::Str(name) => Err(Error::mismatch(format!("Unknown nonlinearity: {name}"))),
            _ => forward(host, id, bound, Mode::Tanh),
        },
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.rnn.LSTMCell",
        aliases: &[],
        signature: "(input_size, hidden_size, bias=True, device=None, dtype=None)",
        init: |host, id, bound| init(host, id, bound, 4),
        forward_signature: "(input, hx=None)",
        forward: |host, id, bound| forward(host, id, bound, Mode::Lstm),
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.rnn.GRUCell",
        aliases: &[],
        signature: "(input_size, hidden_size, bias=True, device=None, dtype=None)",
        init: |host, id, bound| init(host, id, bound, 3),
        forward_signature: "(input, hx=None)",
        forward: |host, id, bound| forward(host, id, bound, Mode::Gru),
        setstate: |_| {},
    },
];

/// `RNNCellBase.__init__`
fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, chunks: usize) -> Result<()> {
    for name in ["input_size", "hidden_size", "bias"] {
        attribute::set(host, id, name, bound.value(name).clone())?;
    }
    let (inputs, hidden, dtype) =
        (bound.size("input_size")?, bound.size("hidden_size")?, attribute::dtype(host, bound)?);
    let (rows, init) = (chunks.saturating_mul(hidden), Init::Uniform(fan_bound(hidden)));
    attribute::parameter(host, id, "weight_ih", &[rows, inputs], dtype, init)?;
    attribute::parameter(host, id, "weight_hh", &[rows, hidden], dtype, init)?;
    for name in ["bias_ih", "bias_hh"] {
        if bound.bool("bias")? {
            attribute::parameter(host, id, name, &[rows], dtype, init)?;
        } else {
            attribute::no_parameter(host, id, name)?;
        }
    }
    Ok(())
}

fn forward(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, mode: Mode) -> Result<Value> {
    let class = match mode {
        Mode::Tanh | Mode::Relu => "RNNCell",
        Mode::Lstm => "LSTMCell",
        Mode::Gru => "GRUCell",
    };
    let x = bound.id("input")?;
    let rank = node::rank(host, x);
    let batched = rank == 2;
    if !matches!(rank, 1 | 2) {
        let text = format!("{class}: Expected input to be 1D or 2D, got {rank}D instead");
        return Err(Error::mismatch(text).code("value_error"));
    }
    let x = row(host, x, batched)?;
    let given = match (mode, bound.value("hx")) {
        (_, Value::None) => None,
        (Mode::Lstm, pair) => match pair.items().as_deref() {
            Some([Value::Tensor(h), Value::Tensor(c)]) => Some((h.value(), Some(c.value()))),
            _ => return Err(bound.wrong("hx", "tuple of two Tensors")),
        },
        _ => Some((bound.id("hx")?, None)),
    };
    let state = match given {
        Some((hidden, cell)) => {
            for part in [Some(hidden), cell].into_iter().flatten() {
                let rank = node::rank(host, part);
                if !matches!(rank, 1 | 2) {
                    let text = format!("{class}: Expected hidden to be 1D or 2D, got {rank}D instead");
                    return Err(Error::mismatch(text).code("value_error"));
                }
            }
            let cell = cell.map(|c| row(host, c, batched)).transpose()?;
            State { hidden: row(host, hidden, batched)?, cell }
        }
        None => {
            let size = crate::nn::bound::size(attribute::int(host, id, "hidden_size")?)?;
            let (batch, dtype) = (node::extent(host, x, 0), node::dtype(host, x));
            let zeros = node::full(host, vec![batch, size], Scalar::Float(0.0), dtype)?;
            State { hidden: zeros, cell: (mode == Mode::Lstm).then_some(zeros) }
        }
    };
    let weights = Weights {
        input: weight(host, id, "weight_ih")?,
        hidden: weight(host, id, "weight_hh")?,
        bias: match (attribute::tensor(host, id, "bias_ih"), attribute::tensor(host, id, "bias_hh")) {
            (Value::Tensor(input), Value::Tensor(hidden)) => Some((input.value(), hidden.value())),
            _ => None,
        },
        projection: None,
    };
    let input = recurrence::project(host, mode, &weights, x)?;
    let next = recurrence::step(host, mode, &weights, input, state)?;
    let hidden = unrow(host, next.hidden, batched)?;
    match next.cell {
        Some(cell) => Ok(Value::Tuple(vec![hidden, unrow(host, cell, batched)?])),
        None => Ok(hidden),
    }
}

/// A weight that must be there.
pub(super) fn weight(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<ValueId> {
    match attribute::tensor(host, id, name) {
        Value::Tensor(tensor) => Ok(tensor.value()),
        _ => Err(Error::mismatch(format!("the module has no parameter '{name}'")).code("attribute_error")),
    }
}

/// A sample becomes a batch of one.
fn row(host: &mut dyn Host, x: ValueId, batched: bool) -> Result<ValueId> {
    if batched || node::rank(host, x) != 1 {
        return Ok(x);
    }
    let shape = [1].into_iter().chain(node::shape(host, x)).collect();
    node::reshape(host, x, shape)
}

fn unrow(host: &mut dyn Host, x: ValueId, batched: bool) -> Result<Value> {
    if batched { Ok(Value::tensor(x)) } else { recurrence::select(host, x, 0).map(Value::tensor) }
}
