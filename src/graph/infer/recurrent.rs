//! Recurrent layers, one direction of one layer at a time.

use super::super::Info;
use super::super::op::{Recurrence, RecurrentMode};
use super::linalg;
use super::operand::{count, float, like};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Every state, the last hidden state, the last cell of an LSTM.
pub fn recurrent(recurrence: Recurrence, inputs: &[&Info]) -> Result<Vec<Info>> {
    let Recurrence { mode, bias, projection, masked, .. } = recurrence;
    let lstm = mode == RecurrentMode::Lstm;
    let wanted = 3 + [lstm, bias, projection, masked].into_iter().filter(|there| *there).count();
    let mut operands = inputs.iter().copied();
    let mut next = || operands.next().ok_or_else(|| count(inputs, wanted, wanted));
    let (gates, weight, hidden) = (next()?, next()?, next()?);
    let cell = if lstm { Some(next()?) } else { None };
    let bias = if bias { Some(next()?) } else { None };
    let projection = if projection { Some(next()?) } else { None };
    let running = if masked { Some(next()?) } else { None };
    if inputs.len() != wanted {
        return Err(count(inputs, wanted, wanted));
    }
    float("recurrent", gates)?;
    let wrong =
        |what: &str, info: &Info| Error::mismatch(format!("{what} of a recurrent layer with shape {:?}", info.shape));
    let &[steps, batch, width] = gates.shape.as_slice() else { return Err(wrong("gates", gates)) };
    let &[rows, features] = hidden.shape.as_slice() else { return Err(wrong("a state", hidden)) };
    // What torch says of states that do not fit is what their product says.
    let product = match bias {
        Some(bias) => linalg::linear(&[hidden, weight, bias])?,
        None => linalg::linear(&[hidden, weight])?,
    };
    if rows != batch || product.shape != [batch, width] || product.dtype != gates.dtype {
        return Err(wrong("a state", hidden));
    }
    let size = width / mode.gates();
    if size * mode.gates() != width || (projection.is_none() && features != size) {
        return Err(wrong("gates", gates));
    }
    if let Some(cell) = cell.filter(|c| c.shape != [batch, size] || c.dtype != gates.dtype) {
        return Err(wrong("a cell", cell));
    }
    if let Some(weight) = projection.filter(|w| w.shape != [features, size] || w.dtype != gates.dtype) {
        return Err(wrong("a projection", weight));
    }
    if let Some(running) = running.filter(|r| r.shape != [steps, batch, 1] || r.dtype != DType::Bool) {
        return Err(wrong("a mask", running));
    }
    let all = like(gates, vec![steps, batch, features]);
    Ok([all, hidden.clone()].into_iter().chain(cell.cloned()).collect())
}
