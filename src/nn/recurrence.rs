//! Recurrent layers unrolled over time as graph nodes: what RNN, LSTM, GRU and their cells share.
//!
//! The input's projection is one product for all steps; a step then multiplies the state only. Steps of a batch whose sequences have
//! different lengths keep the state of those that have ended, which is what packed sequences compute.

use super::host::Host;
use super::node;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Unary};

/// Steps of all layers and directions together; a step is up to twenty nodes.
const MOST_STEPS: usize = 1 << 15;

/// `RNNBase.mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `RNN_TANH`
    Tanh,
    /// `RNN_RELU`
    Relu,
    /// `LSTM`
    Lstm,
    /// `GRU`
    Gru,
}

impl Mode {
    /// The mode of a name that `RNNBase.mode` has.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "RNN_TANH" => Ok(Self::Tanh),
            "RNN_RELU" => Ok(Self::Relu),
            "LSTM" => Ok(Self::Lstm),
            "GRU" => Ok(Self::Gru),
            _ => Err(Error::mismatch(format!("Unrecognized RNN mode: {name}")).code("value_error")),
        }
    }

    /// Gates: rows of the weights over `hidden_size`.
    pub fn chunks(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }
}

/// The weights of one layer in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    /// `weight_ih` (gates, input)
    pub input: ValueId,
    /// `weight_hh` (gates, hidden)
    pub hidden: ValueId,
    /// `bias_ih` and `bias_hh` (gates)
    pub bias: Option<(ValueId, ValueId)>,
    /// `weight_hr` (projection, hidden)
    pub projection: Option<ValueId>,
}

/// What goes from step to step, each (batch, hidden).
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// h
    pub hidden: ValueId,
    /// c of an LSTM
    pub cell: Option<ValueId>,
}

/// `F.linear`
pub fn linear(host: &mut dyn Host, x: ValueId, weight: ValueId, bias: Option<ValueId>) -> Result<ValueId> {
    match bias {
        Some(bias) => node::op(host, Op::Linear, &[x, weight, bias]),
        None => node::op(host, Op::Linear, &[x, weight]),
    }
}

/// `x[..., start:end]` along one dim.
pub fn slice(host: &mut dyn Host, x: ValueId, dim: usize, start: usize, end: usize) -> Result<ValueId> {
    if start == 0 && end == node::extent(host, x, dim) {
        return Ok(x);
    }
    node::op(host, Op::Slice { dim, start, end, step: 1 }, &[x])
}

/// `x[at]` along the first dim.
pub fn select(host: &mut dyn Host, x: ValueId, at: usize) -> Result<ValueId> {
    let shape = node::shape(host, x).into_iter().skip(1).collect();
    let part = slice(host, x, 0, at, at + 1)?;
    node::reshape(host, part, shape)
}

/// The input's share of the gates, for any number of leading dims. Both biases are in it, but for GRU, whose reset gate stands between
/// the second bias and the sum.
pub fn project(host: &mut dyn Host, mode: Mode, weights: &Weights, x: ValueId) -> Result<ValueId> {
    let bias = match weights.bias {
        Some((input, _)) if mode == Mode::Gru => Some(input),
        Some((input, hidden)) => Some(node::binary(host, Binary::Add, input, hidden)?),
        None => None,
    };
    linear(host, x, weights.input, bias)
}

/// One step: what [`project`] gave for it, (batch, gates), and the state before.
pub fn step(host: &mut dyn Host, mode: Mode, weights: &Weights, input: ValueId, state: State) -> Result<State> {
    match mode {
        Mode::Tanh => elman(host, Unary::Tanh, weights, input, state),
        Mode::Relu => elman(host, Unary::Relu, weights, input, state),
        Mode::Lstm => lstm(host, weights, input, state),
        Mode::Gru => gru(host, weights, input, state),
    }
}

fn elman(host: &mut dyn Host, activation: Unary, weights: &Weights, input: ValueId, state: State) -> Result<State> {
    let hidden = linear(host, state.hidden, weights.hidden, None)?;
    let sum = node::binary(host, Binary::Add, input, hidden)?;
    Ok(State { hidden: node::op(host, Op::Unary(activation), &[sum])?, cell: None })
}

/// Gates i, f, g, o. One sigmoid serves the three that need it.
fn lstm(host: &mut dyn Host, weights: &Weights, input: ValueId, state: State) -> Result<State> {
    let before = state.cell.ok_or_else(|| Error::mismatch("LSTM: the state needs a cell"))?;
    let size = node::extent(host, before, 1);
    let hidden = linear(host, state.hidden, weights.hidden, None)?;
    let gates = node::binary(host, Binary::Add, input, hidden)?;
    let open = node::op(host, Op::Unary(Unary::Sigmoid), &[gates])?;
    let ingate = slice(host, open, 1, 0, size)?;
    let forget = slice(host, open, 1, size, 2 * size)?;
    let outgate = slice(host, open, 1, 3 * size, 4 * size)?;
    let new = slice(host, gates, 1, 2 * size, 3 * size)?;
    let new = node::op(host, Op::Unary(Unary::Tanh), &[new])?;
    let kept = node::binary(host, Binary::Mul, forget, before)?;
    let added = node::binary(host, Binary::Mul, ingate, new)?;
    let cell = node::binary(host, Binary::Add, kept, added)?;
    let shown = node::op(host, Op::Unary(Unary::Tanh), &[cell])?;
    let mut hidden = node::binary(host, Binary::Mul, outgate, shown)?;
    if let Some(projection) = weights.projection {
        hidden = linear(host, hidden, projection, None)?;
    }
    Ok(State { hidden, cell: Some(cell) })
}

/// Gates r, z, n.
fn gru(host: &mut dyn Host, weights: &Weights, input: ValueId, state: State) -> Result<State> {
    let size = node::extent(host, state.hidden, 1);
    let hidden = linear(host, state.hidden, weights.hidden, weights.bias.map(|(_, hidden)| hidden))?;
    let (of_input, of_hidden) = (slice(host, input, 1, 0, 2 * size)?, slice(host, hidden, 1, 0, 2 * size)?);
    let sum = node::binary(host, Binary::Add, of_input, of_hidden)?;
    let open = node::op(host, Op::Unary(Unary::Sigmoid), &[sum])?;
    let (reset, update) = (slice(host, open, 1, 0, size)?, slice(host, open, 1, size, 2 * size)?);
    let (of_input, of_hidden) =
        (slice(host, input, 1, 2 * size, 3 * size)?, slice(host, hidden, 1, 2 * size, 3 * size)?);
    let of_hidden = node::binary(host, Binary::Mul, reset, of_hidden)?;
    let sum = node::binary(host, Binary::Add, of_input, of_hidden)?;
    let new = node::op(host, Op::Unary(Unary::Tanh), &[sum])?;
    let gap = node::binary(host, Binary::Sub, state.hidden, new)?;
    let kept = node::binary(host, Binary::Mul, update, gap)?;
    Ok(State { hidden: node::binary(host, Binary::Add, kept, new)?, cell: None })
}

/// A layer in one direction over a sequence (time, batch, input): every step's hidden state (time, batch, hidden) and the last state.
/// `valid` says for each step which sequences of the batch still run, as (batch, 1) of bool.
pub fn unroll(
    host: &mut dyn Host,
    mode: Mode,
    weights: &Weights,
    x: ValueId,
    start: State,
    reverse: bool,
    valid: Option<&[ValueId]>,
) -> Result<(ValueId, State)> {
    let steps = node::extent(host, x, 0);
    let inputs = project(host, mode, weights, x)?;
    let mut state = start;
    let mut shown = Vec::with_capacity(steps);
    for nth in 0..steps {
        let at = if reverse { steps - 1 - nth } else { nth };
        let input = select(host, inputs, at)?;
        let mut next = step(host, mode, weights, input, state)?;
        if let Some(valid) = valid.and_then(|v| v.get(at)).copied() {
            next.hidden = node::op(host, Op::Where, &[valid, next.hidden, state.hidden])?;
            if let (Some(new), Some(old)) = (next.cell, state.cell) {
                next.cell = Some(node::op(host, Op::Where, &[valid, new, old])?);
            }
        }
        state = next;
        shown.push(state.hidden);
    }
    if reverse {
        shown.reverse();
    }
    let output = stack(host, &shown)?;
    Ok((output, state))
}

/// Same shapes, stacked along a new first dim.
pub fn stack(host: &mut dyn Host, parts: &[ValueId]) -> Result<ValueId> {
    let first = parts.first().copied().ok_or_else(|| Error::mismatch("stack expects a non-empty TensorList"))?;
    let shape: Vec<_> = [parts.len()].into_iter().chain(node::shape(host, first)).collect();
    let joined = if parts.len() == 1 { first } else { node::op(host, Op::Cat { dim: 0 }, parts)? };
    node::reshape(host, joined, shape)
}

/// Refuses what would make a graph too large to build.
pub fn check_steps(steps: usize, layers: usize, directions: usize) -> Result<()> {
    let all = steps.saturating_mul(layers).saturating_mul(directions);
    if all > MOST_STEPS {
        return Err(Error::too_large("the number of steps of a recurrent layer", all, MOST_STEPS)
            .hint("run the network on shorter sequences"));
    }
    Ok(())
}
