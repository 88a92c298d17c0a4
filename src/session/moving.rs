//! A model that goes to another device, as `module.to(device)` does, with all that training keeps there.

use super::model::Model;
use crate::engine::device::{Choice, Device};
use crate::engine::program::Weights;
use crate::engine::value::Value;
use crate::error::Result;
use crate::source::{Phase, Progress};

impl Model {
    /// Moves weights, the optimizer's state, gathered gradients and what a running loop remembers; values stay as they are, as far as the
    /// device has their dtype. Graphs are traced and compiled anew. Where the device is none that was asked for, [`reason`](Self::reason)
    /// says why.
    ///
    /// # Errors
    /// Those of reading the weights back and of the device; the model is where it was then, and goes on there.
    pub async fn to(&mut self, choice: Choice, progress: &dyn Progress) -> Result<()> {
        let (device, reason) = Device::open(choice).await?;
        if device.kind() == self.device.kind() {
            self.reason = reason;
            return Ok(());
        }
        let mut weights = Weights::default();
        let leaves: Vec<_> = self.network.leaves().iter().filter(|l| self.weights.get(l.value).is_some()).collect();
        let total = leaves.iter().map(|leaf| leaf.info.nbytes()).fold(0, u64::saturating_add);
        let mut done = 0;
        for leaf in leaves {
            let detail = leaf.names.first().cloned();
            progress.report(Phase { phase: "upload", done, total, detail })?;
            weights.insert(leaf.value, Value::upload(&device, &self.values(leaf).await?)?);
            done = done.saturating_add(leaf.info.nbytes());
        }
        let training_state = match &self.training_state {
            Some(state) => Some(state.to(&device).await?),
            None => None,
        };
        let trainer = match &self.trainer {
            Some(trainer) => Some(trainer.to(&device).await?),
            None => None,
        };
        let best = match self.fitting.as_ref().and_then(|fitting| fitting.best.as_ref()) {
            Some(best) => Some(best.to(&device).await?),
            None => None,
        };
        progress.report(Phase { phase: "upload", done: total, total, detail: None })?;
        device.follow(&self.device);
        if let Some(fitting) = &mut self.fitting {
            fitting.best = best;
        }
        (self.device, self.reason) = (device, reason);
        (self.weights, self.training_state, self.trainer) = (weights, training_state, trainer);
        self.programs.clear();
        Ok(())
    }
}
