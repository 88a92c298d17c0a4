//! Measures on held-out data: the loss, and where the targets are classes how many are right, class by class.

use super::batch::{Dataset, integers};
use super::step::{Trainer, unprepared};
use crate::data::TensorData;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::session::model::Model;
use crate::source::{Phase, Progress};
use serde::Serialize;

/// More classes than this have no table of confusions.
const MAX_CLASSES: usize = 200;

/// What evaluation found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// samples
    pub samples: u64,
    /// the mean of the batches' losses, by samples
    pub loss: f64,
    /// the share of targets that are right
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// by class; empty where targets are no classes
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// rows are the targets' classes, columns the predicted ones; empty beyond 200 classes
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u64>>,
}

/// One class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassReport {
    /// its index
    pub class: usize,
    /// targets of this class
    pub targets: u64,
    /// times it was predicted
    pub predicted: u64,
    /// times it was predicted rightly
    pub right: u64,
}

/// Counts predictions as batches come.
#[derive(Default)]
struct Counts {
    classes: Vec<ClassReport>,
    confusion: Vec<Vec<u64>>,
    seen: u64,
    right: u64,
}

impl Counts {
    fn add(&mut self, target: usize, predicted: usize, classes: usize) {
        while self.classes.len() < classes.max(target + 1).max(predicted + 1) {
            self.classes.push(ClassReport { class: self.classes.len(), ..ClassReport::default() });
        }
        self.seen += 1;
        let right = target == predicted;
        self.right += u64::from(right);
        if let Some(class) = self.classes.get_mut(target) {
            class.targets += 1;
            class.right += u64::from(right);
        }
        if let Some(class) = self.classes.get_mut(predicted) {
            class.predicted += 1;
        }
        if self.classes.len() > MAX_CLASSES {
            self.confusion.clear();
            return;
        }
        let size = self.classes.len();
        self.confusion.resize_with(size, Vec::new);
        self.confusion.iter_mut().for_each(|row| row.resize(size, 0));
        if let Some(cell) = self.confusion.get_mut(target).and_then(|row| row.get_mut(predicted)) {
            *cell += 1;
        }
    }
}

impl Model {
    /// Runs the data in eval mode, in batches, and measures. The criterion is the one that training was prepared with.
    ///
    /// # Errors
    /// Mismatch `unprepared` before [`prepare`](Self::prepare); forward's and the loss's own.
    pub async fn evaluate(&mut self, data: &Dataset, batch_size: usize, progress: &dyn Progress) -> Result<Evaluation> {
        let rows: Vec<usize> = (0..data.samples()?).collect();
        self.evaluate_rows(data, &rows, batch_size, progress).await
    }

    /// The same on some samples.
    pub(super) async fn evaluate_rows(
        &mut self,
        data: &Dataset,
        rows: &[usize],
        batch_size: usize,
        progress: &dyn Progress,
    ) -> Result<Evaluation> {
        let mut trainer = self.trainer.take().ok_or_else(unprepared)?;
        let result = self.measure(&mut trainer, data, rows, batch_size, progress).await;
        self.trainer = Some(trainer);
        result
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of samples")]
    async fn measure(
        &mut self,
        trainer: &mut Trainer,
        data: &Dataset,
        rows: &[usize],
        batch_size: usize,
        progress: &dyn Progress,
    ) -> Result<Evaluation> {
        let mut counts = Counts::default();
        let mut sum = 0.0;
        let total = rows.len() as u64;
        let mut done = 0;
        for chunk in rows.chunks(batch_size.max(1)) {
            progress.report(Phase { phase: "evaluate", done, total, detail: None })?;
            let batch = data.rows(chunk)?;
            let infos: Vec<Info> =
                batch.targets.iter().map(|t| Info { shape: t.shape.clone(), dtype: t.dtype }).collect();
            let uploaded = self.upload(&batch)?;
            let compiled = trainer.graph(self, false, &batch.inputs.call(), &infos, &uploaded).await?;
            let outputs = compiled.graph.run(&self.device, &self.weights, uploaded, progress).await?;
            let loss = outputs.get(compiled.loss).ok_or_else(|| Error::mismatch("the graph has no loss"))?;
            let loss = loss.read().await?.to_f64()?.first().copied().unwrap_or(f64::NAN);
            sum += loss * chunk.len() as f64;
            let prediction = compiled.prediction.and_then(|id| outputs.get(id));
            if let (Some(prediction), Some(target)) = (prediction, batch.targets.first())
                && is_classes(prediction.shape(), target)
            {
                count(&prediction.read().await?, target, trainer.criterion.name(), &mut counts)?;
            }
            done += chunk.len() as u64;
        }
        let accuracy = (counts.seen > 0).then(|| counts.right as f64 / counts.seen as f64);
        let (classes, confusion) = (counts.classes, counts.confusion);
        Ok(Evaluation { samples: total, loss: sum / total.max(1) as f64, accuracy, classes, confusion })
    }
}

/// Scores of classes on dim 1 (or one score for each target) beside class indices (or zeros and ones).
fn is_classes(prediction: &[usize], target: &TensorData) -> bool {
    let without: Vec<usize> = prediction.iter().enumerate().filter(|(d, _)| *d != 1).map(|(_, n)| *n).collect();
    if target.dtype.is_int() && prediction.len() == target.shape.len() + 1 {
        return without == target.shape;
    }
    let binary = |data: &TensorData| data.to_f64().is_ok_and(|all| all.iter().all(|v| *v == 0.0 || *v == 1.0));
    prediction == target.shape && prediction.iter().skip(1).all(|n| *n == 1) && binary(target)
}

fn count(prediction: &TensorData, target: &TensorData, loss: &str, counts: &mut Counts) -> Result<()> {
    let scores = prediction.to_f64()?;
    let labels = integers(target).unwrap_or_default();
    if prediction.shape == target.shape {
        // BCELoss takes probabilities, the others logits.
        let border = if matches!(loss, "BCELoss" | "binary_cross_entropy") { 0.5 } else { 0.0 };
        for (score, label) in scores.iter().zip(labels) {
            counts.add(usize::from(label == 1), usize::from(*score > border), 2);
        }
        return Ok(());
    }
    let classes = prediction.shape.get(1).copied().unwrap_or(1);
    let inner: usize = prediction.shape.iter().skip(2).product();
    for (place, label) in labels.into_iter().enumerate() {
        // A negative index is one that the loss ignores.
        let Ok(label) = usize::try_from(label) else { continue };
        let (row, column) = (place / inner.max(1), place % inner.max(1));
        let score = |class: usize| scores.get((row * classes + class) * inner + column).copied().unwrap_or(f64::NAN);
        let mut best = 0;
        for class in 1..classes {
            if score(class) > score(best) {
                best = class;
            }
        }
        counts.add(label, best, classes);
    }
    Ok(())
}
