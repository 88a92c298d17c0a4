//! Packed sequences: a padded batch and how long each of its sequences is.
//!
//! torch stores them without padding, sorted by length; here they stay padded and in the caller's order, because lengths may be known only
//! when the network runs. Recurrent layers keep the state of sequences that have ended, so states and unpadded outputs are torch's.

use super::bound::int;
use super::fold;
use super::host::Host;
use super::node;
use super::value::{Tensor, Value};
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::ValueId;
use crate::graph::op::{Compare, Op, Scalar};

/// The class, as Python names it.
pub const CLASS: &str = "torch.nn.utils.rnn.PackedSequence";
/// Its fields here, which are not torch's.
pub const FIELDS: &[&str] = &["_padded", "_lengths"];

/// A packed sequence.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    /// (time, batch, ...)
    pub padded: ValueId,
    /// (batch) of int64
    pub lengths: ValueId,
}

impl Packed {
    /// The packed sequence that a value is.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Named { class, values, .. } if *class == CLASS => match values.as_slice() {
                [Value::Tensor(padded), Value::Tensor(lengths)] => {
                    Some(Self { padded: padded.value(), lengths: lengths.value() })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// As Python has it.
    pub fn value(self) -> Value {
        let values = vec![Value::Tensor(Tensor::new(self.padded)), Value::Tensor(Tensor::new(self.lengths))];
        Value::Named { class: CLASS, fields: FIELDS, values }
    }

    /// The lengths, where they are known.
    pub fn known(self, host: &mut dyn Host) -> Option<Vec<i64>> {
        known_lengths(host, self.lengths)
    }

    /// Which elements are no padding, (time, batch, 1, ...) of bool with as many dims as asked; `None` where all are.
    pub fn valid(self, host: &mut dyn Host, rank: usize) -> Result<Option<ValueId>> {
        let steps = node::extent(host, self.padded, 0);
        if self.known(host).is_some_and(|lengths| lengths.iter().all(|n| *n == int(steps))) {
            return Ok(None);
        }
        let zero = Op::Arange { start: Scalar::Int(0), step: Scalar::Int(1), len: steps, dtype: DType::Int64 };
        let times = node::op(host, zero, &[])?;
        let (mut column, mut row) = (vec![1; rank.max(2)], vec![1; rank.max(2)]);
        if let (Some(time), Some(batch)) = (column.first_mut(), row.get_mut(1)) {
            *time = steps;
            *batch = node::extent(host, self.lengths, 0);
        }
        let times = node::reshape(host, times, column)?;
        let lengths = node::reshape(host, self.lengths, row)?;
        node::compare(host, Compare::Lt, times, lengths).map(Some)
    }

    /// For each step which sequences still run, (time, batch, 1); `None` where all run to the end.
    pub fn running(self, host: &mut dyn Host) -> Result<Option<ValueId>> {
        self.valid(host, 3)
    }
}

/// Ints of a tensor whose elements are known.
#[expect(clippy::cast_possible_truncation, reason = "folded ints were exact")]
pub fn known_lengths(host: &mut dyn Host, lengths: ValueId) -> Option<Vec<i64>> {
    Some(fold::known(host, lengths)?.values.iter().map(|n| *n as i64).collect())
}
