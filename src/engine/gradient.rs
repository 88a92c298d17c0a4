//! Gradients of a program: the same run with some leaves tracked, and the walk back from a loss.
//!
//! Only the leaves that are asked for are tracked, and what depends on them; everything else stays plain. Outputs and gradients are
//! plain tensors again, so that what was recorded is freed when this returns.

use super::device::Device;
use super::program::{Outputs, Program, Weights};
use super::value::Value;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::source::Progress;

/// What a run with gradients gave.
#[derive(Clone, Debug, Default)]
pub struct Backward {
    /// the run's outputs
    pub outputs: Outputs,
    /// the gradient of each leaf that has a part in the loss, in the order that the leaves were asked for
    pub gradients: Vec<(ValueId, Value)>,
}

impl Program {
    /// Runs forward, then walks back from `loss`, an output of one element, to `leaves`.
    ///
    /// # Errors
    /// Mismatch, in torch's words, where the loss has no gradient.
    pub async fn run_backward(
        &self,
        device: &Device,
        weights: &Weights,
        inputs: Vec<Value>,
        leaves: &[ValueId],
        loss: ValueId,
        progress: &dyn Progress,
    ) -> Result<Backward> {
        let mut tracked = weights.clone();
        let mut ends = Vec::with_capacity(leaves.len());
        for &leaf in leaves {
            let Some(value) = weights.get(leaf).filter(|v| v.dtype().is_float() && v.numel() > 0) else { continue };
            let value = value.clone().with_tensor(super::tensor::Tensor::leaf);
            ends.push((leaf, value.clone()));
            tracked.insert(leaf, value);
        }
        let outputs = self.run(device, &tracked, inputs, progress).await?;
        drop(tracked);
        let root = outputs.get(loss).ok_or_else(|| Error::mismatch("the loss is no output of the graph"))?.clone();
        let outputs = outputs.detached();
        if !root.shape().iter().all(|&size| size == 1) {
            return Err(Error::mismatch("grad can be implicitly created only for scalar outputs").code("loss_shape"));
        }
        if !root.tensor().tracked() {
            let text = "element 0 of tensors does not require grad and does not have a grad_fn";
            return Err(Error::mismatch(text)
                .code("no_gradient")
                .hint("the loss depends on no parameter that is trained: is everything frozen?"));
        }
        let mut walked = root.into_tensor().backward();
        let gradients = ends.into_iter().filter_map(|(leaf, value)| {
            let gradient = walked.take(value.tensor())?;
            Some((leaf, value.with_tensor(|_| gradient)))
        });
        Ok(Backward { outputs, gradients: gradients.collect() })
    }
}
