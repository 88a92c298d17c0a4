//! Recurrent layers as graph nodes: what RNN, LSTM, GRU and their cells share.
//!
//! The input's projection is one product for all steps; one operator then goes over them. Sequences of a batch that have ended keep their
//! state, which is what packed sequences compute.

use super::host::Host;
use super::node;
use crate::error::{Error, Result};
use crate::graph::ValueId;
pub use crate::graph::op::RecurrentMode as Mode;
use crate::graph::op::{Binary, Op, Recurrence};

/// Steps of all layers and directions together; where gradients are kept, a step is up to twenty tensors.
const MOST_STEPS: usize = 1 << 15;

/// The mode of a name that `RNNBase.mode` has.
pub fn mode(name: &str) -> Result<Mode> {
    match name {
        "RNN_TANH" => Ok(Mode::Tanh),
        "RNN_RELU" => Ok(Mode::Relu),
        "LSTM" => Ok(Mode::Lstm),
        "GRU" => Ok(Mode::Gru),
        _ => Err(Error::mismatch(format!("Unrecognized RNN mode: {name}")).code("value_error")),
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
    let shape = [1].into_iter().chain(node::shape(host, input)).collect();
    let gates = node::reshape(host, input, shape)?;
    run(host, mode, weights, gates, state, false, None).map(|(_, state)| state)
}

/// A layer in one direction over a sequence (time, batch, input): every step's hidden state (time, batch, hidden) and the last state.
/// `running` says for each step which sequences of the batch still run, as (time, batch, 1) of bool.
pub fn unroll(
    host: &mut dyn Host,
    mode: Mode,
    weights: &Weights,
    x: ValueId,
    start: State,
    reverse: bool,
    running: Option<ValueId>,
) -> Result<(ValueId, State)> {
    let gates = project(host, mode, weights, x)?;
    run(host, mode, weights, gates, start, reverse, running)
}

fn run(
    host: &mut dyn Host,
    mode: Mode,
    weights: &Weights,
    gates: ValueId,
    state: State,
    reverse: bool,
    running: Option<ValueId>,
) -> Result<(ValueId, State)> {
    let bias = weights.bias.filter(|_| mode == Mode::Gru).map(|(_, hidden)| hidden);
    if mode == Mode::Lstm && state.cell.is_none() {
        return Err(Error::mismatch("LSTM: the state needs a cell"));
    }
    let cell = state.cell.filter(|_| mode == Mode::Lstm);
    let (projection, masked) = (weights.projection.is_some(), running.is_some());
    let recurrence = Recurrence { mode, reverse, bias: bias.is_some(), projection, masked };
    let inputs: Vec<_> =
        [Some(gates), Some(weights.hidden), Some(state.hidden), cell, bias, weights.projection, running]
            .into_iter()
            .flatten()
            .collect();
    let results = host.trace().graph.push(Op::Recurrent(recurrence), &inputs)?;
    match results.as_slice() {
        [all, hidden] => Ok((*all, State { hidden: *hidden, cell: None })),
        [all, hidden, cell] => Ok((*all, State { hidden: *hidden, cell: Some(*cell) })),
        _ => Err(Error::mismatch("a recurrent layer without results")),
    }
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
