//! What training did to the weights, and the way back to the file's.

use crate::error::Result;
use crate::session::model::{Model, original};
use serde::Serialize;

/// How far a tensor is from the file's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// its first name
    pub name: String,
    /// the 2-norm of the file's values
    pub norm: f64,
    /// the 2-norm of the change
    pub change: f64,
    /// the largest change of an element
    pub largest: f64,
    /// the cosine of the angle between both; 1 for equal directions
    pub cosine: f64,
    /// the share of elements that changed
    pub changed: f64,
}

impl Model {
    /// Compares each tensor that is no longer the file's with the file's values, in `state_dict()`'s order. Tensors that the file has no
    /// values for are left out.
    pub async fn diff(&self) -> Result<Vec<Difference>> {
        let mut all = Vec::new();
        for leaf in self.network.leaves().iter().filter(|l| self.changed.contains(&l.value)) {
            let Some(id) = self.origin.get(&leaf.value) else { continue };
            let before = original(&self.checkpoint, *id, leaf).await?.to_f64()?;
            let now = self.values(leaf).await?.to_f64()?;
            let name = leaf.names.first().cloned().unwrap_or_default();
            all.push(compare(name, &before, &now));
        }
        Ok(all)
    }

    /// Puts the file's values back, and forgets what trained: optimizer, scheduler, counts.
    pub async fn revert(&mut self) -> Result<()> {
        let mut values = Vec::new();
        let leaves: Vec<_> = self.network.leaves().iter().filter(|l| self.changed.contains(&l.value)).collect();
        for leaf in leaves {
            if let Some(id) = self.origin.get(&leaf.value) {
                let data = original(&self.checkpoint, *id, leaf).await?;
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

#[expect(clippy::cast_precision_loss, reason = "a count of elements")]
fn compare(name: String, before: &[f64], now: &[f64]) -> Difference {
    let (mut norm, mut length, mut change, mut dot, mut largest, mut changed) = (0.0, 0.0, 0.0, 0.0, 0.0f64, 0u64);
    for (a, b) in before.iter().zip(now) {
        let step = b - a;
        norm += a * a;
        length += b * b;
        change += step * step;
        dot += a * b;
        largest = largest.max(step.abs());
        changed += u64::from(a != b);
    }
    let both = f64::sqrt(norm * length);
    Difference {
        name,
        norm: norm.sqrt(),
        change: change.sqrt(),
        largest,
        cosine: if both > 0.0 { dot / both } else { 1.0 },
        changed: changed as f64 / before.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn differences_are_measured() {
        let d = compare("w".to_owned(), &[3.0, 4.0, 0.0, 0.0], &[3.0, 4.0, 0.0, 5.0]);
        assert_eq!((d.norm, d.change, d.largest, d.changed), (5.0, 5.0, 5.0, 0.25));
        assert!((d.cosine - 0.5f64.sqrt()).abs() < 1e-12);
    }
}
