//! The loop over epochs, one call a step: whoever drives it may stop, pause or look at the model between any two.
//!
//! An epoch goes through the training samples in an order drawn for it, then measures the held-out ones. The weights of the best epoch
//! are kept. A loss that is no number ends the loop with the last good weights.

use super::batch::{Dataset, Shuffler, split};
use super::evaluate::Evaluation;
use super::options::{Every, TrainOptions};
use super::report::{Memory, Prepared, StepReport};
use super::step::Snapshot;
use crate::engine::device::Device;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::session::model::Model;
use crate::source::Progress;
use serde::{Deserialize, Serialize};

/// How the loop goes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FitOptions {
    /// times through the data
    pub epochs: u32,
    /// samples of a batch
    pub batch_size: usize,
    /// whether each epoch has an order of its own
    pub shuffle: bool,
    /// drop a last batch that is not full
    pub drop_last: bool,
    /// the share of samples that is held out, of each class
    pub validation_split: f64,
    /// where orders start
    pub seed: u64,
    /// end as the best epoch left weights and optimizer: the least loss on held-out samples, or on the training ones where none are held out
    pub restore_best: bool,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            epochs: 1,
            batch_size: 32,
            shuffle: true,
            drop_last: false,
            validation_split: 0.0,
            seed: 0,
            restore_best: false,
        }
    }
}

/// Before the first step of a loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FitStart {
    /// what trains and how
    pub prepared: Prepared,
    /// samples to train on
    pub training_samples: usize,
    /// samples held out
    pub validation_samples: usize,
    /// steps of an epoch
    pub steps_per_epoch: usize,
    /// what it takes on the device
    pub memory: Memory,
}

/// Why a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// all epochs are done
    Finished,
    /// the loss was no number; the weights are the last good ones
    NotANumber,
}

/// What came of one call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum FitEvent {
    /// a step was made
    #[serde(rename_all = "camelCase")]
    Step {
        /// the step's own report
        #[serde(flatten)]
        report: StepReport,
        /// the epoch, from 0
        epoch: u32,
        /// the step within its epoch, from 1
        step_of_epoch: usize,
        /// samples in the batch
        samples: usize,
    },
    /// an epoch is done
    #[serde(rename_all = "camelCase")]
    Epoch {
        /// which one, from 0
        epoch: u32,
        /// the mean of its losses that were read
        loss: Option<f64>,
        /// on the held-out samples
        validation: Option<Evaluation>,
        /// the learning rates from here on
        lrs: Vec<f64>,
        /// whether it is the best so far
        best: bool,
    },
    /// the loop is over
    #[serde(rename_all = "camelCase")]
    End {
        /// why
        reason: End,
        /// the best epoch
        best_epoch: Option<u32>,
        /// whether the weights are its
        restored: bool,
        /// steps that were undone
        undone: u64,
    },
}

/// A loop that goes on.
pub struct Fitting {
    data: Dataset,
    validation: Option<Dataset>,
    options: FitOptions,
    train: Vec<usize>,
    held: Vec<usize>,
    order: Vec<usize>,
    epoch: u32,
    /// samples of this epoch that are done
    at: usize,
    step_of_epoch: usize,
    losses: (f64, u64),
    pub(in crate::session) best: Option<Best>,
    undone: Option<u64>,
}

pub(in crate::session) struct Best {
    epoch: u32,
    loss: f64,
    state: Snapshot,
}

impl Best {
    /// The same on another device.
    pub(in crate::session) async fn to(&self, device: &Device) -> Result<Self> {
        Ok(Self { epoch: self.epoch, loss: self.loss, state: self.state.to(device).await? })
    }
}

impl Fitting {
    fn steps_per_epoch(&self) -> usize {
        let size = self.options.batch_size.max(1);
        if self.options.drop_last { self.train.len() / size } else { self.train.len().div_ceil(size) }
    }

    fn begin_epoch(&mut self) {
        self.order = self.train.clone();
        if self.options.shuffle {
            Shuffler::new(self.options.seed ^ (u64::from(self.epoch) + 1).wrapping_mul(0x9E37_79B9))
                .shuffle(&mut self.order);
        }
        (self.at, self.step_of_epoch, self.losses) = (0, 0, (0.0, 0));
    }
}

impl Model {
    /// Checks the data and the options, traces the batches' graphs and makes ready; a loop before it is forgotten. `validation` are
    /// samples of their own to measure with, instead of a share of `data`.
    ///
    /// # Errors
    /// Mismatch for data whose shapes, dtypes or labels do not fit; all that [`prepare`](Self::prepare) and tracing refuse.
    pub async fn fit_begin(
        &mut self,
        data: Dataset,
        validation: Option<Dataset>,
        options: &FitOptions,
        train: &TrainOptions,
    ) -> Result<FitStart> {
        let count = data.samples()?;
        if let Some(validation) = &validation {
            validation.samples()?;
        }
        let (rows, held) = if validation.is_none() && options.validation_split > 0.0 {
            split(count, data.labels().as_deref(), options.validation_split, options.seed)
        } else {
            ((0..count).collect(), Vec::new())
        };
        if rows.is_empty() || options.batch_size == 0 || options.drop_last && rows.len() < options.batch_size {
            let text = format!("{} samples make no batch of {}", rows.len(), options.batch_size);
            return Err(Error::mismatch(text).code("data").at("data"));
        }
        let seeded = TrainOptions { seed: train.seed.or(Some(options.seed)), ..train.clone() };
        let mut prepared = self.prepare(&seeded).await?;
        let mut fitting = Fitting {
            data,
            validation,
            options: options.clone(),
            train: rows,
            held,
            order: Vec::new(),
            epoch: 0,
            at: 0,
            step_of_epoch: 0,
            losses: (0.0, 0),
            best: None,
            undone: None,
        };
        let memory = self.trace_batches(&fitting, &mut prepared).await?;
        fitting.begin_epoch();
        let start = FitStart {
            prepared,
            training_samples: fitting.train.len(),
            validation_samples: fitting.validation.as_ref().map_or(Ok(fitting.held.len()), Dataset::samples)?,
            steps_per_epoch: fitting.steps_per_epoch(),
            memory,
        };
        self.fitting = Some(fitting);
        Ok(start)
    }

    /// Mistakes are told before the first step: the graphs of all batches are traced, and labels are looked at.
    async fn trace_batches(&mut self, fitting: &Fitting, prepared: &mut Prepared) -> Result<Memory> {
        let size = fitting.options.batch_size.min(fitting.train.len());
        let tail = fitting.train.len() % fitting.options.batch_size.max(1);
        let sizes = [size, if fitting.options.drop_last { 0 } else { tail }];
        let mut memory = Memory::default();
        for size in sizes.into_iter().filter(|s| *s > 0) {
            let rows: Vec<usize> = fitting.train.iter().take(size).copied().collect();
            let batch = fitting.data.rows(&rows)?;
            let found = self.training_memory(&batch).await?;
            memory = if found.total > memory.total { found } else { memory };
        }
        let rows: Vec<usize> = fitting.train.iter().take(size).copied().collect();
        let batch = fitting.data.rows(&rows)?;
        prepared.warnings.extend(self.check_targets(&batch, &fitting.data).await?);
        Ok(memory)
    }

    /// The next step, epoch's end or loop's end.
    ///
    /// # Errors
    /// Mismatch `unprepared` where no loop goes on; the step's own, after which the same call can be made again.
    pub async fn fit_next(&mut self, progress: &dyn Progress) -> Result<FitEvent> {
        let no_loop = || Error::mismatch("no training loop goes on").code("unprepared");
        let mut fitting = self.fitting.take().ok_or_else(no_loop)?;
        let event = self.advance(&mut fitting, progress).await;
        if !matches!(event, Ok(FitEvent::End { .. })) {
            self.fitting = Some(fitting);
        }
        event
    }

    async fn advance(&mut self, fitting: &mut Fitting, progress: &dyn Progress) -> Result<FitEvent> {
        if let Some(undone) = fitting.undone {
            let best_epoch = fitting.best.as_ref().map(|b| b.epoch);
            return Ok(FitEvent::End { reason: End::NotANumber, best_epoch, restored: false, undone });
        }
        if fitting.epoch >= fitting.options.epochs {
            return Ok(self.finish(fitting));
        }
        let size = fitting.options.batch_size.max(1);
        let left = fitting.order.get(fitting.at..).unwrap_or_default();
        if left.is_empty() || fitting.options.drop_last && left.len() < size {
            return self.end_epoch(fitting, progress).await;
        }
        let rows: Vec<usize> = left.iter().take(size).copied().collect();
        let batch = fitting.data.rows(&rows)?;
        let report = self.step(&batch.inputs, &batch.targets, progress).await?;
        fitting.at += rows.len();
        fitting.step_of_epoch += 1;
        for loss in report.losses.iter().filter(|l| l.is_finite()) {
            fitting.losses.0 += loss;
            fitting.losses.1 += 1;
        }
        fitting.undone = report.undone;
        let (epoch, step_of_epoch) = (fitting.epoch, fitting.step_of_epoch);
        Ok(FitEvent::Step { report, epoch, step_of_epoch, samples: rows.len() })
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of steps")]
    async fn end_epoch(&mut self, fitting: &mut Fitting, progress: &dyn Progress) -> Result<FitEvent> {
        let size = fitting.options.batch_size;
        let validation = match &fitting.validation {
            Some(data) => Some(self.evaluate(data, size, progress).await?),
            None if fitting.held.is_empty() => None,
            None => Some(self.evaluate_rows(&fitting.data, &fitting.held, size, progress).await?),
        };
        let (sum, count) = fitting.losses;
        let loss = (count > 0).then(|| sum / count as f64);
        let measure = validation.as_ref().map(|v| v.loss).or(loss).filter(|l| l.is_finite());
        let best = match (measure, &fitting.best) {
            (Some(now), Some(best)) => now < best.loss,
            (found, None) => found.is_some(),
            (None, _) => false,
        };
        let cadence = self.trainer.as_ref().map(|trainer| trainer.options.cadence());
        let lrs = if cadence == Some(Every::Epoch) { self.scheduler_step(measure)? } else { self.learning_rates()? };
        if let Some(state) = &mut self.training_state {
            state.epoch = Some(state.epoch.unwrap_or(0).saturating_add(1));
            state.loss = loss.or(state.loss);
        }
        let epoch = fitting.epoch;
        if let Some(loss) = measure.filter(|_| best) {
            fitting.best = Some(Best { epoch, loss, state: self.snapshot() });
        }
        fitting.epoch += 1;
        fitting.begin_epoch();
        Ok(FitEvent::Epoch { epoch, loss, validation, lrs, best })
    }

    fn finish(&mut self, fitting: &mut Fitting) -> FitEvent {
        let best_epoch = fitting.best.as_ref().map(|b| b.epoch);
        let restored = self.restore_best(fitting);
        FitEvent::End { reason: End::Finished, best_epoch, restored, undone: 0 }
    }

    fn restore_best(&mut self, fitting: &mut Fitting) -> bool {
        let last = fitting.options.epochs.saturating_sub(1);
        match fitting.best.take() {
            Some(best) if fitting.options.restore_best && best.epoch != last => {
                self.go_back(best.state);
                true
            }
            _ => false,
        }
    }

    /// Ends the loop; true when there was one. The model stays as the last step left it, or with `best` as the best epoch left it.
    pub fn fit_stop(&mut self, best: bool) -> bool {
        let Some(mut fitting) = self.fitting.take() else { return false };
        if best && let Some(best) = fitting.best.take() {
            self.go_back(best.state);
        }
        true
    }
}

/// Shapes and dtypes of a batch's targets.
pub(super) fn infos(batch: &Dataset) -> Vec<Info> {
    batch.targets.iter().map(|t| Info { shape: t.shape.clone(), dtype: t.dtype }).collect()
}
