//! Training: what torch.optim does between `backward()` and the next forward, and what it keeps for the next session.
//!
//! [`step`] runs a graph of forward and loss and goes back, [`optimizer`] has torch's update rules, [`groups`] the parameters they are
//! for, [`hyper`] their arguments, [`scheduler`] the learning rates over time, [`clip`] limits gradients, [`training`] begins where a
//! checkpoint stopped. Everything is computed on the device that the parameters are on, without reading back; what Python computes as
//! floats is float64 on the host. This layer does not know burn.

pub mod clip;
pub mod groups;
pub mod hyper;
#[cfg(test)]
mod loss_tests;
pub mod optimizer;
pub mod scheduler;
pub mod step;
pub mod training;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that fails says where")]
mod tests;

use crate::engine::device::Device;
use crate::engine::value::Value;
use crate::error::Result;
use crate::graph::{Info, ValueId};
use std::collections::HashMap;

/// A parameter as optimizers see it. Order is that of `model.parameters()`: an optimizer's state_dict knows parameters by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// the leaf of the network's graph
    pub leaf: ValueId,
    /// its first name: `layer1.0.weight`
    pub name: String,
    /// shape and dtype
    pub info: Info,
    /// `requires_grad`
    pub requires_grad: bool,
}

/// `param.grad` by leaf, of the parameter's shape and dtype; a parameter that has none is skipped, as torch skips `None`.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    values: HashMap<ValueId, Value>,
}

impl Gradients {
    /// Sets a leaf's gradient.
    pub fn insert(&mut self, leaf: ValueId, gradient: Value) {
        self.values.insert(leaf, gradient);
    }

    /// A leaf's gradient.
    pub fn get(&self, leaf: ValueId) -> Option<&Value> {
        self.values.get(&leaf)
    }

    /// Takes a leaf's gradient out.
    pub fn take(&mut self, leaf: ValueId) -> Option<Value> {
        self.values.remove(&leaf)
    }

    /// The same gradients on another device.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        Ok(Self { values: Value::all_to(&self.values, device).await? })
    }

    /// The leaves that have one, in the order in which they were made.
    pub fn leaves(&self) -> Vec<ValueId> {
        let mut leaves: Vec<_> = self.values.keys().copied().collect();
        leaves.sort_unstable();
        leaves
    }
}
