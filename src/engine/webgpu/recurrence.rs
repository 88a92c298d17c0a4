//! RNN, LSTM and GRU of float32 over a whole sequence in one kernel: a workgroup for each sequence of the batch, whose state stays in
//! its memory between steps. Step by step it would be a dozen kernels for each step, and a GPU waits longer for each than it computes.

use crate::engine::op::recurrent::Operands;
use crate::engine::tensor::{Host, Tensor};
use crate::graph::op::{Recurrence, RecurrentMode};
use burn::backend::{BackendTensor, DispatchTensorKind};
use burn::tensor::DType;
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

/// Threads of a workgroup: what WebGPU promises.
const THREADS: usize = 256;
/// Widest state: a workgroup reads every weight in each step, and wider ones are better spread over the GPU by products.
const WIDEST: usize = 512;
/// Most sequences: beyond, a product reads the weights once for all of them.
const MOST: usize = 64;

/// Every hidden state, the last one, the last cell of an LSTM. `None` for what is projected or masked, large, for gradients and for
/// other devices.
pub fn recurrence(recurrence: Recurrence, operands: &Operands) -> Option<Vec<Tensor>> {
    let Recurrence { mode, reverse, projection, masked, .. } = recurrence;
    let shape = operands.gates.shape();
    let [steps, batch, width] = *shape.as_slice() else { return None };
    let size = width / mode.gates();
    if projection || masked || size > WIDEST || batch > MOST || steps * batch * size == 0 {
        return None;
    }
    let place = operands.gates.place();
    let zeros = |shape: &[usize]| place.upload(Host::F32(vec![0.0; shape.iter().product()]), shape);
    let (gates, hidden) = (buffer(&operands.gates)?, buffer(&operands.hidden)?);
    let weight = buffer(&operands.weight.clone().swap_dims(0, 1))?;
    // What only some modes have; the others read nothing there.
    let extra = match (mode, &operands.cell, &operands.bias) {
        (RecurrentMode::Lstm, Some(cell), _) => buffer(cell)?,
        (RecurrentMode::Gru, _, Some(bias)) => buffer(bias)?,
        (RecurrentMode::Gru, _, None) => buffer(&zeros(&[width]))?,
        _ => hidden.clone(),
    };
    let (all, cell) = (zeros(&[steps, batch, size]), zeros(&[batch, size]));
    let threads = u32::try_from(size.min(THREADS)).ok()?;
    let kind = match mode {
        RecurrentMode::Tanh => kernel::TANH,
        RecurrentMode::Relu => kernel::RELU,
        RecurrentMode::Lstm => kernel::LSTM,
        RecurrentMode::Gru => kernel::GRU,
    };
    kernel::steps::launch(
        &gates.client.clone(),
        CubeCount::Static(u32::try_from(batch).ok()?, 1, 1),
        CubeDim::new_1d(threads),
        gates.into_tensor_arg(),
        weight.into_tensor_arg(),
        hidden.into_tensor_arg(),
        extra.into_tensor_arg(),
        buffer(&all)?.into_tensor_arg(),
        buffer(&cell)?.into_tensor_arg(),
        u32::try_from(steps).ok()?,
        u32::try_from(batch).ok()?,
        size,
        kind,
        reverse,
    );
    let end = if reverse { 0 } else { steps - 1 };
    let last = all.clone().slice(0, end, end + 1, 1).reshape(&[batch, size]);
    let mut results = vec![all, last];
    if mode == RecurrentMode::Lstm {
        results.push(cell);
    }
    Some(results)
}

/// A float32 tensor's buffer with its elements in order; `None` for other dtypes and devices, and tensors that record gradients.
fn buffer(tensor: &Tensor) -> Option<CubeTensor> {
    match &tensor.inner.kind {
        DispatchTensorKind::Cube(BackendTensor::Float(float)) if float.dtype == DType::F32 => {
            Some(into_contiguous(float.clone()))
        }
        _ => None,
    }
}

/// What runs on the GPU.
#[expect(clippy::indexing_slicing, reason = "WebGPU keeps every index inside its buffer")]
mod kernel {
    use burn_cubecl::cubecl;
    use cubecl::prelude::*;

    pub const TANH: u32 = 0;
    pub const RELU: u32 = 1;
    pub const LSTM: u32 = 2;
    pub const GRU: u32 = 3;

    /// `gates` (time, batch, gates) is what the input gives to them, `weight` (size, gates) what the state gives, `extra` an LSTM's cells
    /// (batch, size) or a GRU's bias (gates). `all` (time, batch, size) and `cell` (batch, size) are written.
    #[cube(launch)]
    #[expect(clippy::too_many_arguments, reason = "buffers of a kernel")]
    pub fn steps(
        gates: &Tensor<f32>,
        weight: &Tensor<f32>,
        hidden: &Tensor<f32>,
        extra: &Tensor<f32>,
        all: &mut Tensor<f32>,
        cell: &mut Tensor<f32>,
        times: u32,
        batch: u32,
        #[comptime] size: usize,
        #[comptime] kind: u32,
        #[comptime] reverse: bool,
    ) {
        let width = comptime!(if kind == LSTM {
            4 * size
        } else if kind == GRU {
            3 * size
        } else {
            size
        });
        let row = CUBE_POS_X as usize;
        let threads = CUBE_DIM_X as usize;
        // The state and, behind it, the next one; then an LSTM's cells.
        let mut state = Shared::<[f32]>::new_slice(3 * size);
        let mut unit = UNIT_POS_X as usize;
        while unit < size {
            state[unit] = hidden[row * size + unit];
            if comptime!(kind == LSTM) {
                state[2 * size + unit] = extra[row * size + unit];
            }
            unit += threads;
        }
        sync_cube();
        for nth in 0..times {
            let at = if comptime!(reverse) { times - 1 - nth } else { nth };
            let step = (at * batch) as usize + row;
            let input = step * width;
            let mut unit = UNIT_POS_X as usize;
            while unit < size {
                let mut first = 0.0f32;
                let mut second = 0.0f32;
                let mut third = 0.0f32;
                let mut fourth = 0.0f32;
                for k in 0..size {
                    let value = state[k];
                    let column = k * width + unit;
                    first += value * weight[column];
                    if comptime!(kind == LSTM || kind == GRU) {
                        second += value * weight[column + size];
                        third += value * weight[column + 2 * size];
                    }
                    if comptime!(kind == LSTM) {
                        fourth += value * weight[column + 3 * size];
                    }
                }
                let given = gates[input + unit];
                let mut next = given + first;
                if comptime!(kind == TANH) {
                    next = f32::tanh(next);
                }
                if comptime!(kind == RELU) {
                    next = f32::max(next, 0.0);
                }
                if comptime!(kind == LSTM) {
                    let forget = logistic(gates[input + size + unit] + second);
                    let new = f32::tanh(gates[input + 2 * size + unit] + third);
                    let kept = forget * state[2 * size + unit] + logistic(next) * new;
                    state[2 * size + unit] = kept;
                    next = logistic(gates[input + 3 * size + unit] + fourth) * f32::tanh(kept);
                }
                if comptime!(kind == GRU) {
                    let reset = logistic(next + extra[unit]);
                    let update = logistic(gates[input + size + unit] + second + extra[size + unit]);
                    let new = f32::tanh(gates[input + 2 * size + unit] + reset * (third + extra[2 * size + unit]));
                    next = update * (state[unit] - new) + new;
                }
                state[size + unit] = next;
                all[step * size + unit] = next;
                unit += threads;
            }
            sync_cube();
            let mut unit = UNIT_POS_X as usize;
            while unit < size {
                state[unit] = state[size + unit];
                unit += threads;
            }
            sync_cube();
        }
        if comptime!(kind == LSTM) {
            let mut unit = UNIT_POS_X as usize;
            while unit < size {
                cell[row * size + unit] = state[2 * size + unit];
                unit += threads;
            }
        }
    }

    #[cube]
    fn logistic(x: f32) -> f32 {
        1.0 / (1.0 + f32::exp(-x))
    }
}
