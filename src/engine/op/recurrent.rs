//! RNN, LSTM and GRU: a kernel of our own for the whole sequence where the device has one, else step by step by tensors, which record
//! gradients.

use super::cast;
use super::linear::linear;
use crate::engine::cpu;
use crate::engine::tensor::Tensor;
#[cfg(feature = "webgpu")]
use crate::engine::webgpu;
use crate::error::{Error, Result};
use crate::graph::op::{Recurrence, RecurrentMode};
use burn::tensor::FloatDType;

/// The operands that every mode has, and those that may be there.
pub struct Operands {
    /// (time, batch, gates)
    pub gates: Tensor,
    /// `weight_hh`
    pub weight: Tensor,
    /// (batch, features)
    pub hidden: Tensor,
    /// (batch, size) of an LSTM
    pub cell: Option<Tensor>,
    /// `bias_hh` of a GRU
    pub bias: Option<Tensor>,
    /// `weight_hr`
    pub projection: Option<Tensor>,
    /// (time, batch, 1) of bool
    pub running: Option<Tensor>,
}

/// Every hidden state, the last one, the last cell of an LSTM. States are rounded to `narrow` after each step.
pub fn run(recurrence: Recurrence, operands: Operands, narrow: Option<FloatDType>) -> Result<Vec<Tensor>> {
    let Recurrence { mode, reverse, .. } = recurrence;
    if narrow.is_none()
        && let Some(results) = whole(recurrence, &operands)
    {
        return Ok(results);
    }
    let Operands { gates, weight, mut hidden, mut cell, bias, projection, running } = operands;
    let (steps, batch, width) = (gates.size(0), gates.size(1), gates.size(2));
    let rounded = |t: Tensor| match narrow {
        Some(narrow) => cast::round(t, narrow),
        None => t,
    };
    let mut all = Vec::with_capacity(steps);
    for nth in 0..steps {
        let at = if reverse { steps - 1 - nth } else { nth };
        let input = gates.clone().slice(0, at, at + 1, 1).reshape(&[batch, width]);
        let product = linear(hidden.clone(), weight.clone(), bias.clone());
        let (mut next, mut next_cell) = match (mode, &cell) {
            (RecurrentMode::Tanh, _) => (input.add(product).tanh(), None),
            (RecurrentMode::Relu, _) => (input.add(product).relu(), None),
            (RecurrentMode::Gru, _) => (gru(input, product, hidden.clone()), None),
            (RecurrentMode::Lstm, Some(cell)) => lstm(input.add(product), cell.clone()),
            (RecurrentMode::Lstm, None) => return Err(Error::mismatch("LSTM: the state needs a cell")),
        };
        if let Some(projection) = &projection {
            next = linear(next, projection.clone(), None);
        }
        if let Some(running) = &running {
            let running = running.clone().slice(0, at, at + 1, 1).reshape(&[batch, 1]);
            next = kept(&running, next, hidden);
            next_cell = next_cell.zip(cell).map(|(new, old)| kept(&running, new, old));
        }
        (hidden, cell) = (rounded(next), next_cell.map(rounded));
        let features = hidden.size(1);
        all.push(hidden.clone().reshape(&[1, batch, features]));
    }
    if reverse {
        all.reverse();
    }
    let all = Tensor::cat(all, 0).ok_or_else(|| Error::mismatch("a sequence without steps"))?;
    Ok([all, hidden].into_iter().chain(cell).collect())
}

/// By a device's own kernel for the whole sequence, where it has one.
fn whole(recurrence: Recurrence, operands: &Operands) -> Option<Vec<Tensor>> {
    #[cfg(feature = "webgpu")]
    if let Some(results) = webgpu::recurrence(recurrence, operands) {
        return Some(results);
    }
    cpu::recurrence(recurrence, operands)
}

/// `new` where the sequence still runs, else `old`.
fn kept(running: &Tensor, new: Tensor, old: Tensor) -> Tensor {
    let shape = new.shape();
    old.mask_where(running.clone().expand(&shape), new)
}

/// Gates i, f, g, o: the hidden state and the cell. One sigmoid serves the three that need it.
fn lstm(gates: Tensor, before: Tensor) -> (Tensor, Option<Tensor>) {
    let size = before.size(1);
    let open = gates.clone().sigmoid();
    let gate = |nth: usize| open.clone().slice(1, nth * size, (nth + 1) * size, 1);
    let new = gates.slice(1, 2 * size, 3 * size, 1).tanh();
    let cell = gate(1).mul(before).add(gate(0).mul(new));
    (gate(3).mul(cell.clone().tanh()), Some(cell))
}

/// Gates r, z, n.
fn gru(of_input: Tensor, of_hidden: Tensor, before: Tensor) -> Tensor {
    let size = before.size(1);
    let part = |t: &Tensor, start: usize, end: usize| t.clone().slice(1, start * size, end * size, 1);
    let open = part(&of_input, 0, 2).add(part(&of_hidden, 0, 2)).sigmoid();
    let (reset, update) = (part(&open, 0, 1), part(&open, 1, 2));
    let new = part(&of_input, 2, 3).add(reset.mul(part(&of_hidden, 2, 3))).tanh();
    update.mul(before.sub(new.clone())).add(new)
}
