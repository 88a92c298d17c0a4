//! Mistakes in targets that torch tells in the middle of training, told before it: labels outside of the classes, shapes that broadcast.

use super::batch::{Dataset, integers};
use super::fit::infos;
use super::step::unprepared;
use crate::error::{Error, Result};
use crate::session::model::Model;

/// Losses whose integer targets are classes.
const CLASSES: &[&str] = &["CrossEntropyLoss", "NLLLoss", "cross_entropy", "nll_loss", "MultiMarginLoss"];
/// Losses whose operands broadcast, which is seldom meant.
const BROADCAST: &[&str] =
    &["MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"];

impl Model {
    /// Compares `batch`'s graph and all of `data`'s targets; what is odd and not wrong comes back.
    pub(super) async fn check_targets(&mut self, batch: &Dataset, data: &Dataset) -> Result<Vec<String>> {
        let uploaded = self.upload(batch)?;
        let (call, infos) = (batch.inputs.call(), infos(batch));
        let mut trainer = self.trainer.take().ok_or_else(unprepared)?;
        let traced = trainer.graph(self, true, &call, &infos, &uploaded).await;
        let shape = traced
            .map(|compiled| compiled.prediction.and_then(|id| compiled.graph.info(id)).map(|info| info.shape.clone()));
        self.trainer = Some(trainer);
        let shape = shape?;
        self.with_trainer(|_, trainer| {
            let name = trainer.criterion.name().to_owned();
            let ignored = trainer.options.loss.kwargs.get("ignore_index").and_then(serde_json::Value::as_i64);
            let (Some(shape), Some(target)) = (shape, data.targets.first()) else { return Ok(Vec::new()) };
            if CLASSES.contains(&name.as_str()) && target.dtype.is_int() {
                let classes = shape.get(usize::from(shape.len() > 1)).copied().unwrap_or(0);
                let fits = |label: &i64| usize::try_from(*label).is_ok_and(|l| l < classes);
                let wrong = |label: &i64| !fits(label) && *label != ignored.unwrap_or(-100);
                let labels = integers(target).unwrap_or_default();
                if let Some((at, label)) = labels.iter().enumerate().find(|(_, label)| wrong(label)) {
                    let rest: usize = target.shape.iter().skip(1).product();
                    return Err(Error::mismatch(format!("Target {label} is out of bounds."))
                        .code("target")
                        .at(format!("sample {}", at / rest.max(1)))
                        .hint(format!("the network gives scores of {classes} classes, 0 to {}", classes.saturating_sub(1))));
                }
            }
            let wanted = infos.first().map(|info| info.shape.clone()).unwrap_or_default();
            let mut warnings = Vec::new();
            if BROADCAST.contains(&name.as_str()) && wanted != shape {
                warnings.push(format!(
                    "Using a target size (torch.Size({wanted:?})) that is different to the input size (torch.Size({shape:?})). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
                ));
            }
            Ok(warnings)
        })
    }
}
