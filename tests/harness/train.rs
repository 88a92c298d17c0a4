//! The `train` part of a network case: fine-tune as the case says, and compare losses, learning rates, parameters, buffers and outputs.

use crate::network::Setting;
use crate::report::Outcome;
use serde_json::{Map, Value, json};
use torchtab::data::TensorData;
use torchtab::engine::device::Choice;
use torchtab::graph::op::Scalar;
use torchtab::session::input::Output;
use torchtab::session::model::Model;
use torchtab::session::train::options::TrainOptions;
use torchtab::source::Quiet;
use torchtab::train::optimizer::state::Entry;

/// What was compared, and how far off it was.
struct Trained<'a> {
    setting: &'a Setting<'a>,
    train: &'a Value,
    worst: Vec<(&'static str, f64)>,
}

/// Trains and compares.
pub fn run(setting: &Setting<'_>) -> Outcome {
    let mut trained = Trained { setting, train: &setting.case["train"], worst: Vec::new() };
    match trained.all() {
        Ok(()) => {
            let parts: Vec<_> = trained.worst.iter().map(|(name, error)| format!("{name} {error:.2e}")).collect();
            Outcome::Passed(format!("largest errors: {}", parts.join(", ")))
        }
        Err(text) => Outcome::Failed(text),
    }
}

impl Trained<'_> {
    fn all(&mut self) -> Result<(), String> {
        let case = self.setting.case;
        let resume = &self.train["resume"];
        let mut file = if resume.is_object() { resume.clone() } else { case.clone() };
        if resume.is_object() && file["content"].is_null() {
            file["content"] = "checkpoint".into();
        }
        let source = self.setting.source()?;
        let mut model = self.setting.build(&file, source).map_err(|e| e.to_string())?;
        let options = self.options()?;
        let inputs = crate::network::arguments(&case["call"], &self.setting.inputs()?)?;
        let targets = self.train["targets"].as_array().into_iter().flatten();
        let targets = targets.map(|t| crate::network::tensor(self.setting.folder, t));
        let targets = targets.collect::<Result<Vec<TensorData>, String>>()?;
        let steps = self.train["steps"].as_u64().ok_or("no steps")?;
        let (mut losses, mut lrs, mut after) = (Vec::new(), Vec::new(), Vec::new());
        pollster::block_on(async {
            model.prepare(&options).await?;
            for _ in 0..steps {
                let report = model.step(&inputs, &targets, &Quiet).await?;
                losses.extend(report.losses);
                lrs.push(report.lrs);
                after.push(model.learning_rates()?);
            }
            Ok(())
        })
        .map_err(|e: torchtab::error::Error| e.to_string())?;
        self.numbers("losses", &losses, &self.train["losses"])?;
        // Cases list the rates of each step, or those that the scheduler left.
        let wanted = &self.train["lrs"];
        if wanted.is_array() && self.rates(&lrs, wanted).is_err() {
            self.rates(&after, wanted).map_err(|_| format!("lrs {lrs:?}, and {wanted} was expected"))?;
        }
        self.state(&model)?;
        self.optimizer(&model)?;
        let eval = &self.train["eval_after"];
        if eval.is_array() {
            model.train(false);
            let ran = pollster::block_on(model.run(&inputs, &Quiet)).map_err(|e| e.to_string())?;
            let (atol, rtol) = self.tolerance("eval_after");
            for want in eval.as_array().into_iter().flatten() {
                let leaf = crate::network::at(&ran.output, &want["path"])
                    .ok_or_else(|| format!("forward returned nothing at {}", want["path"]))?;
                let error = crate::compare::leaf(leaf, want, atol, rtol);
                self.record("eval_after", error.map_err(|e| format!("eval_after {}: {e}", want["path"]))?);
            }
        }
        Ok(())
    }

    /// What the optimizer keeps of each parameter.
    fn optimizer(&mut self, model: &Model) -> Result<(), String> {
        let wanted = self.train["optimizer_after"].as_object().cloned().unwrap_or_default();
        let optimizer = model.training_state().and_then(|state| state.optimizer.as_ref());
        let noisy: Vec<&str> =
            self.train["noise_params"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (_, rtol) = self.tolerance("optimizer");
        for (name, wanted) in &wanted {
            let optimizer = optimizer.ok_or("there is no optimizer")?;
            let members = optimizer.groups().iter().flat_map(|group| &group.parameters);
            let parameter = members.into_iter().find(|p| p.name == *name).ok_or(format!("no group has {name}"))?;
            let state = optimizer.state(parameter.leaf).ok_or(format!("the optimizer keeps nothing of {name}"))?;
            for (field, want) in wanted.as_object().into_iter().flatten() {
                if noisy.contains(&name.as_str()) && want["index"].is_null() && !want.is_number() {
                    continue;
                }
                let got = match state.get(field) {
                    Some(Entry::Number(number)) => Output::Scalar(Scalar::Float(*number)),
                    Some(Entry::Tensor(value)) => {
                        Output::Tensor(pollster::block_on(value.read()).map_err(|e| e.to_string())?)
                    }
                    Some(Entry::None) | None => return Err(format!("the optimizer has no {field} of {name}")),
                };
                let gap = crate::compare::moment(&got, want, rtol);
                self.record(
                    "optimizer (relative)",
                    gap.map_err(|e| format!("the optimizer's {field} of {name}: {e}"))?,
                );
            }
        }
        Ok(())
    }

    fn options(&self) -> Result<TrainOptions, String> {
        let train = self.train;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        // Prefixes without regard to dots, as str.startswith has them.
        let freeze: Vec<String> =
            list(&train["freeze"]).iter().map(|p| format!("{}*", p.as_str().unwrap_or_default())).collect();
        let mut optimizer = json!({ "class": train["optimizer"], "hyper": train["hyper"] });
        let groups: Vec<Value> = list(&train["param_groups"]).iter().map(group).collect();
        if !groups.is_empty() {
            optimizer["groups"] = groups.into();
        }
        let mut options = json!({
            "loss": { "name": train["loss"], "kwargs": object(&train["loss_kwargs"]), "on": list(&train["loss_on"]) },
            "freeze": freeze,
            "schedulerEvery": "step",
            "lossEvery": 1,
        });
        for (ours, theirs) in [
            ("clipGradNorm", "clip_grad_norm"),
            ("clipGradValue", "clip_grad_value"),
            ("accumulate", "accumulate"),
            ("freezeBatchNorm", "freeze_batch_norm"),
        ] {
            if !train[theirs].is_null() {
                options[ours] = train[theirs].clone();
            }
        }
        options["optimizer"] = optimizer;
        options["resume"] = train["resume"]["optimizer_key"].is_string().into();
        // The functions of a LambdaLR are in no file.
        let saved = !train["resume"]["scheduler_key"].is_null() && train["scheduler"]["name"] != "warmup";
        if train["scheduler"].is_object() && !saved {
            options["scheduler"] = scheduler(&train["scheduler"]);
        }
        serde_json::from_value(options).map_err(|e| format!("the case's train part: {e}"))
    }

    fn tolerance(&self, kind: &str) -> (f64, f64) {
        let slack = if self.setting.device == Choice::Cpu { 1.0 } else { 10.0 };
        let atol = &self.train["atol"];
        let atol = atol[kind].as_f64().or_else(|| atol.as_f64()).unwrap_or(1e-5);
        (atol * slack, self.train["rtol"].as_f64().unwrap_or(1e-4) * slack)
    }

    fn record(&mut self, kind: &'static str, error: f64) {
        match self.worst.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, worst)) => *worst = worst.max(error),
            None => self.worst.push((kind, error)),
        }
    }

    fn numbers(&mut self, kind: &'static str, got: &[f64], want: &Value) -> Result<(), String> {
        let Some(wanted) = want.as_array() else { return Ok(()) };
        if wanted.len() != got.len() {
            return Err(format!("{} {kind}, and {} were expected", got.len(), wanted.len()));
        }
        let (atol, rtol) = self.tolerance(kind);
        for (step, (got, want)) in got.iter().zip(wanted).enumerate() {
            let want = want.as_f64().unwrap_or(f64::NAN);
            let error = (got - want).abs();
            if error.is_nan() || error > atol + rtol * want.abs() {
                return Err(format!("{kind} of step {step}: {got}, and {want} was expected"));
            }
            self.record(kind, error);
        }
        Ok(())
    }

    fn rates(&self, got: &[Vec<f64>], want: &Value) -> Result<(), ()> {
        let wanted: Vec<Vec<f64>> = serde_json::from_value(want.clone())
            .or_else(|_| {
                serde_json::from_value::<Vec<f64>>(want.clone()).map(|v| v.into_iter().map(|x| vec![x]).collect())
            })
            .map_err(drop)?;
        let close = |(g, w): (&Vec<f64>, &Vec<f64>)| {
            g.len() == w.len() && g.iter().zip(w).all(|(g, w)| (g - w).abs() <= 1e-9 + 1e-7 * w.abs())
        };
        (got.len() == wanted.len() && got.iter().zip(&wanted).all(close)).then_some(()).ok_or(())
    }

    fn state(&mut self, model: &Model) -> Result<(), String> {
        let state = pollster::block_on(model.state_dict()).map_err(|e| e.to_string())?;
        for (kind, noise, tolerance) in
            [("params_after", "noise_params", "params"), ("buffers_after", "noise_buffers", "buffers")]
        {
            let noisy: Vec<&str> =
                self.train[noise].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let (atol, rtol) = self.tolerance(tolerance);
            let wanted = self.train[kind].as_object().cloned().unwrap_or_default();
            for (name, want) in &wanted {
                if noisy.contains(&name.as_str()) && want["index"].is_null() {
                    continue;
                }
                let got = state.iter().find(|(n, _)| n == name).ok_or_else(|| format!("there is no {name}"))?;
                let error = crate::compare::leaf(&Output::Tensor(got.1.clone()), want, atol, rtol);
                self.record(tolerance, error.map_err(|e| format!("{name} after: {e}"))?);
            }
        }
        Ok(())
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// `{"params": [...], "lr": ...}`, whatever the list is called.
fn group(group: &Value) -> Value {
    let mut made = Map::new();
    for (key, value) in object(group) {
        let names = value.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(Value::is_string));
        match value {
            Value::Array(list) if names => made.insert("params".into(), list.into()),
            Value::Object(hyper) => {
                made.extend(hyper);
                None
            }
            other => made.insert(key, other),
        };
    }
    made.into()
}

/// `{"name": "StepLR", "step_size": 2}` as `{class, arguments}`.
fn scheduler(spec: &Value) -> Value {
    let mut arguments = object(spec);
    let name = arguments.remove("name").unwrap_or_default();
    if name == "warmup" {
        let steps = arguments.get("warmup_steps").and_then(Value::as_f64).unwrap_or(1.0);
        let lambda = format!("lambda s: min((s + 1) ** -0.5, (s + 1) * {steps} ** -1.5)");
        return json!({ "class": "LambdaLR", "arguments": { "lr_lambda": lambda } });
    }
    let inner = arguments.remove("schedulers");
    let mut made = json!({ "class": name, "arguments": arguments });
    if let Some(Value::Array(inner)) = inner {
        made["schedulers"] = inner.iter().map(scheduler).collect::<Vec<_>>().into();
    }
    made
}
