//! What a training is beside the network: optimizer, scheduler, epoch and loss; how it begins where a checkpoint stopped.

use super::Parameter;
use super::optimizer::resume::number;
use super::optimizer::{Optimizer, OptimizerSpec};
use super::scheduler::{Scheduler, SchedulerSpec, saved};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::view::View;
use crate::engine::device::Device;
use crate::error::{Result, Warning};

/// A training's state. What is `None` is neither resumed nor saved.
#[derive(Clone, Debug, Default)]
pub struct TrainingState {
    /// the optimizer
    pub optimizer: Option<Optimizer>,
    /// the learning rate's scheduler
    pub scheduler: Option<Scheduler>,
    /// epochs done, as the file counts them
    pub epoch: Option<i64>,
    /// the last loss
    pub loss: Option<f64>,
}

impl TrainingState {
    /// What the checkpoint says of a training; specs say what it does not: another optimizer's class or groups, LambdaLR's functions.
    ///
    /// A scheduler that cannot go on (its function is in no file) is left out, with a warning.
    ///
    /// # Errors
    /// Those of [`Optimizer::resume`], and of [`Scheduler::resume`] where a spec is given.
    pub async fn resume(
        checkpoint: &Checkpoint,
        optimizer: Option<&OptimizerSpec>,
        scheduler: Option<&SchedulerSpec>,
        parameters: &[Parameter],
        device: &Device,
    ) -> Result<(Self, Vec<Warning>)> {
        let loss = match checkpoint.root_item("loss") {
            Some(item) => number(checkpoint, item.value).await?,
            None => None,
        };
        let mut state = Self { epoch: epoch(checkpoint), loss, ..Self::default() };
        let mut warnings = Vec::new();
        if let Some(saved) = checkpoint.saved_optimizer()? {
            let (resumed, found) = Optimizer::resume(optimizer, &saved, checkpoint, parameters, device).await?;
            warnings.extend(found);
            state.optimizer = Some(resumed);
        }
        if let (Some((item, node)), Some(optimizer)) = (checkpoint.saved_scheduler(), &state.optimizer) {
            let attributes = saved::attributes(checkpoint, node)?;
            match Scheduler::resume(scheduler, &attributes, optimizer) {
                Ok(resumed) => state.scheduler = Some(resumed),
                Err(error) if scheduler.is_none() => {
                    warnings.push(Warning::new("scheduler_not_resumed", error.to_string()).at(item.key));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((state, warnings))
    }

    /// The same state for parameters on another device.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        let optimizer = match &self.optimizer {
            Some(optimizer) => Some(optimizer.to(device).await?),
            None => None,
        };
        Ok(Self { optimizer, scheduler: self.scheduler.clone(), epoch: self.epoch, loss: self.loss })
    }
}

/// The root's `epoch`.
fn epoch(checkpoint: &Checkpoint) -> Option<i64> {
    match checkpoint.view(checkpoint.root_item("epoch")?.value) {
        View::Int(n) => Some(n),
        _ => None,
    }
}
