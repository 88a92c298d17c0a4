//! RNN, LSTM and GRU of float32 over a whole sequence: each step is one product with the state, and its gates in place.

use super::functions::{each, logistic};
use super::gemm::{Bias, Matrix, Scratch};
use super::{Floats, Host, product};
use crate::engine::op::recurrent::Operands;
use crate::engine::tensor::Tensor;
use crate::graph::op::{Recurrence, RecurrentMode};
use wide::f32x4;

/// Every hidden state, the last one, the last cell of an LSTM. `None` for what is projected or masked, for gradients and other devices.
pub fn recurrence(recurrence: Recurrence, operands: &Operands) -> Option<Vec<Tensor>> {
    let Recurrence { mode, reverse, projection, masked, .. } = recurrence;
    if projection || masked {
        return None;
    }
    let gates = Floats::of(&operands.gates)?;
    let (steps, batch, width) = (gates.size(0), gates.size(1), gates.size(2));
    let size = width / mode.gates();
    let inputs = gates.in_order();
    let weight = Floats::of(&operands.weight)?;
    let weight = weight.matrix(0)?.transposed();
    let mut hidden = Floats::of(&operands.hidden)?.in_order().into_owned();
    let mut cell = match &operands.cell {
        Some(cell) => Floats::of(cell)?.in_order().into_owned(),
        None => Vec::new(),
    };
    let bias = match &operands.bias {
        Some(bias) => Some(Floats::of(bias)?.in_order()),
        None => None,
    };
    let bias = bias.as_deref().map_or(Bias::None, Bias::Columns);
    let mut all = vec![0.0; steps * batch * size];
    let (mut sums, mut shown) = (vec![0.0; batch * width], vec![0.0; size]);
    let mut scratch = Scratch::default();
    for nth in 0..steps {
        let at = if reverse { steps - 1 - nth } else { nth };
        let input = inputs.get(at * batch * width..(at + 1) * batch * width)?;
        let state = Matrix { data: &hidden, rows: batch, columns: size, row: size, column: 1 };
        if mode == RecurrentMode::Gru {
            product(&state, &weight, bias, &mut sums, &mut scratch);
        } else {
            sums.copy_from_slice(input);
            product(&state, &weight, Bias::Sum, &mut sums, &mut scratch);
        }
        for (row, sums) in sums.chunks_exact_mut(width.max(1)).enumerate() {
            let hidden = hidden.get_mut(row * size..(row + 1) * size)?;
            match mode {
                RecurrentMode::Tanh => {
                    each(sums, f32x4::tanh);
                    hidden.copy_from_slice(sums);
                }
                RecurrentMode::Relu => {
                    let positive = |x: f32| if x < 0.0 { 0.0 } else { x };
                    hidden.iter_mut().zip(sums).for_each(|(h, x)| *h = positive(*x));
                }
                RecurrentMode::Gru => gru(input.get(row * width..(row + 1) * width)?, sums, hidden),
                RecurrentMode::Lstm => lstm(sums, hidden, cell.get_mut(row * size..(row + 1) * size)?, &mut shown),
            }
        }
        all.get_mut(at * batch * size..(at + 1) * batch * size)?.copy_from_slice(&hidden);
    }
    let place = operands.gates.place();
    let mut results = vec![place.upload(Host::F32(all), &[steps, batch, size])];
    results.push(place.upload(Host::F32(hidden), &[batch, size]));
    if mode == RecurrentMode::Lstm {
        results.push(place.upload(Host::F32(cell), &[batch, size]));
    }
    Some(results)
}

/// Gates i, f, g, o.
fn lstm(gates: &mut [f32], hidden: &mut [f32], cell: &mut [f32], shown: &mut [f32]) {
    let size = cell.len();
    let (input_forget, rest) = gates.split_at_mut(2 * size);
    let (new, output) = rest.split_at_mut(size);
    each(input_forget, logistic);
    each(new, f32x4::tanh);
    each(output, logistic);
    let (input, forget) = input_forget.split_at(size);
    for (((cell, input), forget), new) in cell.iter_mut().zip(input).zip(forget).zip(new) {
        *cell = forget * *cell + input * *new;
    }
    shown.copy_from_slice(cell);
    each(shown, f32x4::tanh);
    for ((hidden, output), shown) in hidden.iter_mut().zip(output).zip(shown) {
        *hidden = *output * *shown;
    }
}

/// Gates r, z, n; `sums` is what the state gives to them.
fn gru(input: &[f32], sums: &mut [f32], hidden: &mut [f32]) {
    let size = hidden.len();
    let (open, new) = sums.split_at_mut(2 * size);
    let (of_open, of_new) = input.split_at(2 * size);
    open.iter_mut().zip(of_open).for_each(|(sum, x)| *sum += x);
    each(open, logistic);
    let (reset, update) = open.split_at(size);
    for ((new, reset), x) in new.iter_mut().zip(reset).zip(of_new) {
        *new = x + reset * *new;
    }
    each(new, f32x4::tanh);
    for ((hidden, update), new) in hidden.iter_mut().zip(update).zip(new) {
        *hidden = update * (*hidden - *new) + *new;
    }
}
