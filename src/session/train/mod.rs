//! Training a model: what is to be done, one step at a time, and what came of it.
//!
//! [`options`] is what the caller asks for, [`batch`] the data, [`fit`] the loop over epochs, [`evaluate`] the measures on held-out data,
//! [`change`] what training did to the weights, [`optimizer`] what the optimizer is. A step changes nothing before everything that can fail has been done, so that an
//! error or an abort leaves the model as it was before the step.

pub mod batch;
pub mod change;
mod check;
pub mod evaluate;
pub mod fit;
pub mod optimizer;
pub mod options;
mod report;
mod step;

pub use report::{Memory, Prepared, StepReport};
pub use step::Trainer;
