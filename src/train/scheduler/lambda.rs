//! A function that the user writes in Python: `lambda epoch: 0.95 ** epoch`. It is an expression, evaluated in the closed world of
//! `python/` with `math` and the builtins at hand.

use crate::error::{Error, Result};
use crate::python::interpreter::Interpreter;
use crate::python::object::Object;
use crate::python::program::Program;

/// What locations in the expression are called.
const FILENAME: &str = "lr_lambda";

/// `(function)(argument)` as a float; an int is passed where the number is whole.
///
/// # Errors
/// Python's own; Mismatch when the result is no number.
pub(super) fn call(function: &str, argument: f64) -> Result<f64> {
    let program = Program::parse("import math\nimport numpy as np\nimport torch\n", FILENAME)?;
    let mut interpreter = Interpreter::new(Some(program));
    match interpreter.evaluate(&format!("({function})({argument})"))? {
        Object::Float(x) => Ok(x),
        Object::Bool(b) => Ok(f64::from(u8::from(b))),
        #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
        Object::Int(n) => Ok(n as f64),
        _ => Err(Error::mismatch("the function of the epoch does not return a number").at(FILENAME)),
    }
}
