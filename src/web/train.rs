//! Training across the rim: methods of `Model`. Options and reports are plain objects with the names of
//! [`session::train`](crate::session::train); data is `{inputs: Tensor[] | {[name]: Tensor}, targets: Tensor[]}`.

use super::error::to_js;
use super::model::Model;
use super::object::{get, options, plain, promise};
use super::progress::JsProgress;
use super::{argument, tensor};
use crate::data::TensorData;
use crate::error::{Error, Result};
use crate::session::train::batch::Dataset;
use crate::session::train::fit::FitOptions;
use crate::session::train::options::TrainOptions;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

#[wasm_bindgen]
impl Model {
    /// `prepare(options: TrainOptions): Promise<Prepared>`: constructs loss, optimizer and scheduler; nothing when the options are those
    /// of before.
    pub fn prepare(&self, train: JsValue) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let train: TrainOptions = options(train, "options")?;
            let prepared = slot.with_async(async |network| network.prepare(&train).await).await?;
            plain(&prepared)
        })
    }

    /// `step(data: {inputs, targets}, signal?): Promise<StepReport>`: one training step on one batch, after `prepare`.
    pub fn step(&self, data: JsValue, signal: Option<AbortSignal>) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let progress = JsProgress::new(&JsValue::UNDEFINED, signal);
            let batch = dataset(&data)?;
            let step = async |network: &mut crate::session::model::Model| {
                network.step(&batch.inputs, &batch.targets, &progress).await
            };
            plain(&slot.with_async(step).await?)
        })
    }

    /// `fitBegin(data, validation: data | undefined, loop: FitOptions, options: TrainOptions): Promise<FitStart>`: checks, traces and
    /// makes ready; `fitNext` goes on from there.
    #[wasm_bindgen(js_name = fitBegin)]
    pub fn fit_begin(&self, data: JsValue, validation: JsValue, fit: JsValue, train: JsValue) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let (fit, train): (FitOptions, TrainOptions) = (options(fit, "options")?, options(train, "options")?);
            let data = dataset(&data)?;
            let held = if validation.is_object() { Some(dataset(&validation)?) } else { None };
            let begin =
                async |network: &mut crate::session::model::Model| network.fit_begin(data, held, &fit, &train).await;
            plain(&slot.with_async(begin).await?)
        })
    }

    /// `fitNext(signal?): Promise<FitEvent>`: the next step, end of an epoch or end of all, told by `event`: `"Step"`, `"Epoch"`, `"End"`.
    /// After an error or an abort the model is as it was, and the same call goes on.
    #[wasm_bindgen(js_name = fitNext)]
    pub fn fit_next(&self, signal: Option<AbortSignal>) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let progress = JsProgress::new(&JsValue::UNDEFINED, signal);
            let event = slot.with_async(async |network| network.fit_next(&progress).await).await?;
            plain(&event)
        })
    }

    /// `fitStop(best: boolean): Promise<boolean>`: ends the loop; with `best` the weights are the best epoch's. False when there was none.
    #[wasm_bindgen(js_name = fitStop)]
    pub fn fit_stop(&self, best: bool) -> Promise {
        let slot = self.slot.clone();
        promise(async move { Ok(slot.with(|network| Ok(network.fit_stop(best)))?.into()) })
    }

    /// `evaluate(data, batchSize: number, signal?): Promise<Evaluation>`, with the loss of `prepare`.
    pub fn evaluate(&self, data: JsValue, batch_size: u32, signal: Option<AbortSignal>) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let progress = JsProgress::new(&JsValue::UNDEFINED, signal);
            let data = dataset(&data)?;
            let size = usize::try_from(batch_size).unwrap_or(1);
            let evaluate =
                async |network: &mut crate::session::model::Model| network.evaluate(&data, size, &progress).await;
            plain(&slot.with_async(evaluate).await?)
        })
    }

    /// `trainingMemory(batch: {inputs, targets}): Promise<Memory>`: bytes that a step on such a batch takes, after `prepare`.
    #[wasm_bindgen(js_name = trainingMemory)]
    pub fn training_memory(&self, batch: JsValue) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let batch = dataset(&batch)?;
            let estimate = async |network: &mut crate::session::model::Model| network.training_memory(&batch).await;
            plain(&slot.with_async(estimate).await?)
        })
    }

    /// `optimizer(): {class, resumed, path?, groups: {params, lr, ...}[]} | undefined`: the one at work, or that of the file.
    pub fn optimizer(&self) -> std::result::Result<JsValue, JsValue> {
        let report = self.slot.with(|network| match network.optimizer()? {
            Some(report) => plain(&report),
            None => Ok(JsValue::UNDEFINED),
        });
        report.map_err(|e| to_js(&e))
    }

    /// `learningRates(): Promise<number[]>`: each param_group's, now.
    #[wasm_bindgen(js_name = learningRates)]
    pub fn learning_rates(&self) -> Promise {
        let slot = self.slot.clone();
        promise(async move { plain(&slot.with(|network| network.learning_rates())?) })
    }

    /// `schedulerStep(metric?: number): Promise<number[]>`: `scheduler.step()` for people who own their loop; the new learning rates.
    #[wasm_bindgen(js_name = schedulerStep)]
    pub fn scheduler_step(&self, metric: Option<f64>) -> Promise {
        let slot = self.slot.clone();
        promise(async move { plain(&slot.with(|network| network.scheduler_step(metric))?) })
    }

    /// `diff(): Promise<Difference[]>`: what changed since the file, tensor by tensor.
    pub fn diff(&self) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            let all = slot.with_async(async |network| network.diff().await).await?;
            plain(&all)
        })
    }

    /// `revert(): Promise<void>`: the file's weights again; what trained is forgotten.
    pub fn revert(&self) -> Promise {
        let slot = self.slot.clone();
        promise(async move {
            slot.with_async(async |network| network.revert().await).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// `{inputs, targets}`; targets may be missing where forward returns the loss.
fn dataset(value: &JsValue) -> Result<Dataset> {
    let wrong = || Error::mismatch("data is {inputs: tensors, targets: tensors}").code("argument");
    let inputs = argument::inputs(&get(value, "inputs").ok_or_else(wrong)?)?;
    let targets = match get(value, "targets") {
        None => Vec::new(),
        Some(list) => {
            let list = list.dyn_into::<Array>().map_err(|_| wrong())?;
            list.iter().map(|t| tensor::from_js(&t)).collect::<Result<Vec<TensorData>>>()?
        }
    };
    Ok(Dataset { inputs, targets })
}
