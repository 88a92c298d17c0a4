//! What training did to the weights, and the way back to the file's.

use crate::checkpoint::compare::{Change, Changes};
use crate::error::Result;
use crate::session::model::{Model, original};
use serde::Serialize;

/// How far a tensor is from the file's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// its first name
    pub name: String,
    /// how far
    #[serde(flatten)]
    pub measured: Change,
}

impl Model {
    /// Compares each tensor that is no longer the file's with the file's values, in `state_dict()`'s order. Tensors that the file has no
    /// values for are left out.
    pub async fn diff(&self) -> Result<Vec<Difference>> {
        let mut all = Vec::new();
        for leaf in self.network.leaves().iter().filter(|l| self.changed.contains(&l.value)) {
            let Some(id) = self.origin.get(&leaf.value) else { continue };
            let before = original(&self.checkpoint, *id, leaf, &mut |_| Ok(())).await?.to_f64()?;
            let now = self.values(leaf).await?.to_f64()?;
            let name = leaf.names.first().cloned().unwrap_or_default();
            let mut changes = Changes::default();
            changes.add(&before, &now);
            all.push(Difference { name, measured: changes.finish() });
        }
        Ok(all)
    }

    /// Puts the file's values back, and forgets what trained: optimizer, scheduler, counts.
    pub async fn revert(&mut self) -> Result<()> {
        let mut values = Vec::new();
        let leaves: Vec<_> = self.network.leaves().iter().filter(|l| self.changed.contains(&l.value)).collect();
        for leaf in leaves {
            if let Some(id) = self.origin.get(&leaf.value) {
                let data = original(&self.checkpoint, *id, leaf, &mut |_| Ok(())).await?;
                values.push((leaf.value, crate::engine::value::Value::upload(&self.device, &data)?));
            }
        }
        for (leaf, value) in values {
            self.weights.insert(leaf, value);
            self.changed.remove(&leaf);
        }
        self.trainer = None;
        self.training_state = None;
        self.fitting = None;
        self.forget();
        Ok(())
    }
}
