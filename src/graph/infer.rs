//! Shape and dtype of every operator's results, and torch's errors where operands do not fit.

use super::Info;
use super::op::Op;
use crate::error::{Error, Result};

/// Shapes and dtypes of the results, in the operator's order.
pub fn infer(op: &Op, _inputs: &[&Info]) -> Result<Vec<Info>> {
    Err(Error::unsupported(format!("{op:?}")))
}
