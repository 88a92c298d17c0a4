//! `torch.lstm`, `torch.gru`, `torch.rnn_tanh`, `torch.rnn_relu` and their cells: recurrent layers whose weights are arguments.
//!
//! torch.nn's classes call them, so exported programs and TorchScript do. `running`, which torch does not have, says for
//! each step which sequences still run, as (time, batch, 1) of bool: the forms for packed sequences (`lstm.data`) are made of it.

use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{DropoutKind, Op};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::recurrence::{self, Mode, State, Weights};
use crate::nn::value::Value;

/// The tensors of a list argument.
fn tensors(b: &Bound<'_>, name: &str) -> Result<Vec<ValueId>> {
    let items = b.value(name).items().ok_or_else(|| b.wrong(name, "tuple of Tensors"))?;
    let ids = items.iter().map(|item| match item {
        Value::Tensor(tensor) => Ok(tensor.value()),
        _ => Err(b.wrong(name, "tuple of Tensors")),
    });
    ids.collect()
}

/// One layer's in one direction: `w_ih, w_hh[, b_ih, b_hh][, w_hr]`.
fn weights(of: &[ValueId]) -> Result<Weights> {
    let (input, hidden, bias, projection) = match *of {
        [input, hidden] => (input, hidden, None, None),
        [input, hidden, projection] => (input, hidden, None, Some(projection)),
        [input, hidden, first, second] => (input, hidden, Some((first, second)), None),
        [input, hidden, first, second, projection] => (input, hidden, Some((first, second)), Some(projection)),
        _ => return Err(Error::mismatch("got an incorrect number of RNN parameters")),
    };
    Ok(Weights { input, hidden, bias, projection })
}

fn layers(host: &mut dyn Host, b: &Bound<'_>, mode: Mode) -> Result<Value> {
    let swap = Op::Permute { dims: vec![1, 0, 2] };
    let mut x = b.id("input")?;
    if node::rank(host, x) != 3 {
        return Err(Error::mismatch(format!("{}: Expected a 3-D input, got {}-D", b.name(), node::rank(host, x))));
    }
    let batch_first = b.bool("batch_first")?;
    if batch_first {
        x = node::op(host, swap.clone(), &[x])?;
    }
    let (count, directions) = (b.size("num_layers")?, if b.bool("bidirectional")? { 2 } else { 1 });
    let params = tensors(b, "params")?;
    let running = b.id_or_none("running")?;
    let start = if mode == Mode::Lstm { tensors(b, "hx")? } else { vec![b.id("hx")?] };
    let runs = count.saturating_mul(directions);
    if runs == 0
        || params.is_empty()
        || params.len() % runs != 0
        || start.iter().any(|s| node::extent(host, *s, 0) != runs)
    {
        return Err(Error::mismatch("got an incorrect number of RNN parameters"));
    }
    recurrence::check_steps(node::extent(host, x, 0), count, directions)?;
    let dropout = if b.bool("train")? { b.float("dropout")? } else { 0.0 };
    let (mut hidden, mut cells, mut each) = (Vec::new(), Vec::new(), params.chunks(params.len() / runs).enumerate());
    for layer in 0..count {
        if layer > 0 && dropout > 0.0 {
            x = node::op(host, Op::Dropout { p: dropout, kind: DropoutKind::Element }, &[x])?;
        }
        let mut outputs = Vec::new();
        for (at, params) in each.by_ref().take(directions) {
            let parts = start.iter().map(|s| recurrence::select(host, *s, at)).collect::<Result<Vec<_>>>()?;
            let first = parts.first().copied().ok_or_else(|| b.wrong("hx", "tuple of Tensors"))?;
            let state = State { hidden: first, cell: parts.get(1).copied() };
            let (output, state) =
                recurrence::unroll(host, mode, &weights(params)?, x, state, outputs.len() == 1, running)?;
            outputs.push(output);
            hidden.push(state.hidden);
            cells.extend(state.cell);
        }
        x = match outputs.as_slice() {
            [only] => *only,
            both => node::op(host, Op::Cat { dim: 2 }, both)?,
        };
    }
    if batch_first {
        x = node::op(host, swap, &[x])?;
    }
    let mut results = vec![Value::tensor(x), Value::tensor(recurrence::stack(host, &hidden)?)];
    if mode == Mode::Lstm {
        results.push(Value::tensor(recurrence::stack(host, &cells)?));
    }
    Ok(Value::Tuple(results))
}

fn cell(host: &mut dyn Host, b: &Bound<'_>, mode: Mode) -> Result<Value> {
    let bias = match (b.id_or_none("b_ih")?, b.id_or_none("b_hh")?) {
        (Some(first), Some(second)) => Some((first, second)),
        _ => None,
    };
    let weights = Weights { input: b.id("w_ih")?, hidden: b.id("w_hh")?, bias, projection: None };
    let start = if mode == Mode::Lstm { tensors(b, "hx")? } else { vec![b.id("hx")?] };
    let hidden = start.first().copied().ok_or_else(|| b.wrong("hx", "tuple of Tensors"))?;
    let input = recurrence::project(host, mode, &weights, b.id("input")?)?;
    let state = recurrence::step(host, mode, &weights, input, State { hidden, cell: start.get(1).copied() })?;
    Ok(match state.cell {
        Some(cell) => Value::Tuple(vec![Value::tensor(state.hidden), Value::tensor(cell)]),
        None => Value::tensor(state.hidden),
    })
}

functions! {
    t "lstm": "(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, running=None)" => |h, b| layers(h, b, Mode::Lstm);
    t "gru": "(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, running=None)" => |h, b| layers(h, b, Mode::Gru);
    t "rnn_tanh": "(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, running=None)" => |h, b| layers(h, b, Mode::Tanh);
    t "rnn_relu": "(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, running=None)" => |h, b| layers(h, b, Mode::Relu);
    t "lstm_cell": "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)" => |h, b| cell(h, b, Mode::Lstm);
    t "gru_cell": "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)" => |h, b| cell(h, b, Mode::Gru);
    t "rnn_tanh_cell": "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)" => |h, b| cell(h, b, Mode::Tanh);
    t "rnn_relu_cell": "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)" => |h, b| cell(h, b, Mode::Relu);
}
