//! Training as a user meets it: seeds, aborts, losses that are no numbers, the loop over epochs, what changed and the way back, memory.

use crate::allocation::live;
use serde_json::json;
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::error::{Error, Result};
use torchtab::session::input::{Input, Inputs};
use torchtab::session::model::Model;
use torchtab::session::save::{SaveAs, SaveFormat};
use torchtab::session::train::batch::Dataset;
use torchtab::session::train::change::Difference;
use torchtab::session::train::fit::{End, FitEvent, FitOptions};
use torchtab::session::train::options::TrainOptions;
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{FileSource, Parts, Phase, Progress, Quiet};

fn open(case: &str, file: &str, construct: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
    let source = std::fs::read_to_string(folder.join("model.py")).unwrap();
    let file = Rc::new(FileSource::open(&folder.join(file)).unwrap());
    let options =
        BuildOptions { source: Some(source), construct: Some(construct.into()), strict: true, ..Default::default() };
    pollster::block_on(async { Session::open(file, &Quiet).await.unwrap().build(&options, &Quiet).await.unwrap() })
}

fn classifier() -> Model {
    open("train/freeze", "model.pth", "Net()")
}

fn options(value: serde_json::Value) -> TrainOptions {
    serde_json::from_value(value).unwrap()
}

fn adam() -> TrainOptions {
    options(json!({ "loss": "CrossEntropyLoss", "optimizer": { "class": "Adam", "hyper": { "lr": 0.02 } } }))
}

fn floats(shape: &[usize], values: impl Iterator<Item = f32>) -> TensorData {
    TensorData::new(DType::Float32, shape.to_vec(), values.flat_map(f32::to_le_bytes).collect()).unwrap()
}

fn labels(values: impl Iterator<Item = i64>) -> TensorData {
    let bytes: Vec<u8> = values.flat_map(i64::to_le_bytes).collect();
    TensorData::new(DType::Int64, vec![bytes.len() / 8], bytes).unwrap()
}

/// Images of three classes: bright rows, bright columns, a bright corner; with some noise.
fn images(count: usize) -> Dataset {
    let noise = |i: usize| ((i * 7919 + 13) % 101) as f32 / 101.0 - 0.5;
    let pixel = move |i: usize| {
        let (n, row, column) = (i / 64, i / 8 % 8, i % 8);
        let bright = match n % 3 {
            0 => row % 4 == n / 3 % 4,
            1 => column % 4 == n / 3 % 4,
            _ => row < 4 && column < 4,
        };
        f32::from(u8::from(bright)) + noise(i)
    };
    let x = floats(&[count, 1, 8, 8], (0..count * 64).map(pixel));
    let positional = vec![Input::Tensor(x)];
    Dataset {
        inputs: Inputs { positional, keyword: Vec::new() },
        targets: vec![labels((0..count as i64).map(|n| n % 3))],
    }
}

fn state(model: &Model) -> Vec<(String, TensorData)> {
    pollster::block_on(model.state_dict()).unwrap()
}

async fn steps(model: &mut Model, data: &Dataset, count: usize) -> Result<Vec<f64>> {
    let mut losses = Vec::new();
    for _ in 0..count {
        losses.extend(model.step(&data.inputs, &data.targets, &Quiet).await?.losses);
    }
    Ok(losses)
}

#[test]
fn dropout_repeats_with_its_seed_and_differs_in_each_step() {
    let losses = |seed: u64| {
        let mut model = open("networks/mlp_bn_dropout", "model.pth", "Tabular(7, 4, hidden=(20, 12, 8), p=0.5)");
        let x = floats(&[16, 7], (0..112).map(|i| (i as f32 * 0.37).sin()));
        let positional = vec![Input::Tensor(x)];
        let data = Dataset {
            inputs: Inputs { positional, keyword: Vec::new() },
            targets: vec![labels((0..16).map(|i| i % 4))],
        };
        let still = options(json!({
            "loss": "CrossEntropyLoss", "seed": seed, "optimizer": { "class": "SGD", "hyper": { "lr": 0.0 } },
        }));
        pollster::block_on(async {
            model.prepare(&still).await.unwrap();
            steps(&mut model, &data, 3).await.unwrap()
        })
    };
    let first = losses(5);
    assert_eq!(first, losses(5));
    assert_ne!(first, losses(6));
    assert!(first[0] != first[1] && first[1] != first[2], "{first:?}: the same units were dropped");
}

/// Says no at the nth report.
struct Abort(Cell<u32>);

impl Progress for Abort {
    fn report(&self, _: Phase) -> Result<()> {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        if left == 0 { Err(Error::aborted()) } else { Ok(()) }
    }
}

#[test]
fn an_abort_at_any_point_leaves_the_model_as_it_was() {
    let data = images(6);
    let (mut aborted, mut model, mut twin) = (0, classifier(), classifier());
    pollster::block_on(async {
        model.prepare(&adam()).await.unwrap();
        twin.prepare(&adam()).await.unwrap();
        for at in 0.. {
            let before = state(&model);
            let result = model.step(&data.inputs, &data.targets, &Abort(Cell::new(at))).await;
            match result {
                Err(error) => assert_eq!(error.code, Error::aborted().code),
                Ok(_) => break,
            }
            assert_eq!(state(&model), before, "aborted at report {at}");
            aborted += 1;
        }
        // The step that went through is the first one.
        twin.step(&data.inputs, &data.targets, &Quiet).await.unwrap();
    });
    assert!(aborted > 5);
    assert_eq!(state(&model), state(&twin));
}

#[test]
fn a_loss_that_is_no_number_brings_the_last_good_weights_back() {
    let data = images(6);
    let mut model = classifier();
    let wild = options(json!({ "loss": "CrossEntropyLoss", "optimizer": { "class": "SGD", "hyper": { "lr": 1e38 } } }));
    let before = state(&model);
    pollster::block_on(async {
        model.prepare(&wild).await.unwrap();
        let mut reports = Vec::new();
        for _ in 0..5 {
            reports.push(model.step(&data.inputs, &data.targets, &Quiet).await.unwrap());
            if reports.last().unwrap().undone.is_some() {
                break;
            }
        }
        let last = reports.last().unwrap();
        assert!(last.undone.is_some() && !last.losses[0].is_finite(), "{reports:?}");
    });
    assert_eq!(state(&model), before, "the first step's weights were the last good ones");
    let mut model = classifier();
    let (fit, mut end) = (FitOptions { epochs: 3, batch_size: 3, ..FitOptions::default() }, None);
    pollster::block_on(async {
        model.fit_begin(images(9), None, &fit, &wild).await.unwrap();
        while end.is_none() {
            if let FitEvent::End { reason, undone, .. } = model.fit_next(&Quiet).await.unwrap() {
                end = Some((reason, undone > 0));
            }
        }
    });
    assert_eq!(end, Some((End::NotANumber, true)));
    assert!(state(&model).iter().all(|(_, t)| t.to_f64().unwrap().iter().all(|v| v.is_finite())));
}

#[test]
fn fitting_learns_measures_and_tells() {
    let mut model = classifier();
    let fit = FitOptions { epochs: 12, batch_size: 16, validation_split: 0.25, seed: 4, ..FitOptions::default() };
    let schedule = options(json!({
        "loss": "CrossEntropyLoss",
        "optimizer": { "class": "AdamW", "hyper": { "lr": 0.02 } },
        "scheduler": { "class": "StepLR", "arguments": { "step_size": 6, "gamma": 0.1 } },
    }));
    let (mut seen, mut accuracy, mut rates) = (0, Vec::new(), Vec::new());
    pollster::block_on(async {
        let start = model.fit_begin(images(120), None, &fit, &schedule).await.unwrap();
        assert_eq!((start.training_samples, start.validation_samples, start.steps_per_epoch), (90, 30, 6));
        assert!(start.memory.activations > 0 && start.memory.optimizer == 2 * start.memory.gradients, "{start:?}");
        loop {
            match model.fit_next(&Quiet).await.unwrap() {
                FitEvent::Step { report, samples, epoch, .. } => {
                    seen += samples;
                    assert_eq!(report.losses.len(), 1);
                    assert_eq!(report.step, (u64::from(epoch) * 6) + (report.step - 1) % 6 + 1);
                }
                FitEvent::Epoch { validation, lrs, loss, .. } => {
                    let validation = validation.unwrap();
                    assert!(loss.unwrap().is_finite());
                    let table: u64 = validation.confusion.iter().flatten().sum();
                    assert_eq!((validation.samples, table), (30, 30));
                    assert_eq!(validation.classes.iter().map(|c| c.targets).collect::<Vec<_>>(), [10, 10, 10]);
                    accuracy.push(validation.accuracy.unwrap());
                    rates.push(lrs[0]);
                }
                FitEvent::End { reason, best_epoch, .. } => {
                    assert_eq!(reason, End::Finished);
                    assert!(best_epoch.is_some());
                    break;
                }
            }
        }
        assert!(model.fit_next(&Quiet).await.is_err(), "the loop is over");
    });
    assert_eq!(seen, 12 * 90);
    assert!((rates[0] - 0.02).abs() < 1e-12 && (rates[5] - 0.002).abs() < 1e-12, "{rates:?}");
    assert!(*accuracy.last().unwrap() > 0.95, "{accuracy:?}");
    assert_eq!(model.training_state().unwrap().epoch, Some(12));
}

#[test]
fn mistakes_in_data_are_told_before_the_first_step() {
    let refused = |data: Dataset, loss: &str| {
        let mut model = classifier();
        let options = TrainOptions { loss: options(json!({ "loss": loss })).loss, ..adam() };
        pollster::block_on(model.fit_begin(data, None, &FitOptions::default(), &options)).unwrap_err()
    };
    let wrong = Dataset { targets: vec![labels([0, 1, 2, 3, 0, 1].into_iter())], ..images(6) };
    let error = refused(wrong, "CrossEntropyLoss");
    assert_eq!((error.message.as_str(), error.location.as_deref()), ("Target 3 is out of bounds.", Some("sample 3")));
    let fewer = Dataset { targets: vec![labels(0..2)], ..images(6) };
    assert_eq!(refused(fewer, "CrossEntropyLoss").code, "data");
    let error = refused(images(6), "BCEWithLogitsLoss");
    assert!(error.message.starts_with("Target size (torch.Size([6])) must be the same"), "{error}");
    let error = refused(images(6), "CrossEntropyLos");
    assert!(error.message.contains("CrossEntropyLos"), "{error}");
}

#[test]
fn what_changed_is_told_and_reverted() {
    let mut model = classifier();
    let (data, original) = (images(6), state(&model));
    let last = TrainOptions { last_layer_only: true, ..adam() };
    pollster::block_on(async {
        assert!(model.diff().await.unwrap().is_empty());
        let prepared = model.prepare(&last).await.unwrap();
        assert_eq!(prepared.names, ["head.weight", "head.bias"]);
        assert_eq!((prepared.trained, prepared.frozen), (64 * 3 + 3, 36 + 8));
        steps(&mut model, &data, 2).await.unwrap();
        let diff = model.diff().await.unwrap();
        let names: Vec<_> = diff.iter().map(|d| d.name.as_str()).collect();
        // Batch norm goes on following the batches.
        let running = ["running_mean", "running_var", "num_batches_tracked"].map(|n| format!("features.1.{n}"));
        assert_eq!(names, [running[0].as_str(), &running[1], &running[2], "head.weight", "head.bias"]);
        let moved = |d: &Difference| d.measured.change > 0.0 && d.measured.largest > 0.0 && d.measured.changed > 0.0;
        assert!(diff.iter().all(moved), "{diff:?}");
        model.revert().await.unwrap();
        assert!(model.diff().await.unwrap().is_empty());
        assert_eq!(state(&model), original);
        let mut saved = Parts::default();
        model.save(SaveAs::Same, SaveFormat::Pth, "model", &mut saved).await.unwrap();
        let still = TrainOptions { freeze_batch_norm: true, ..last };
        model.prepare(&still).await.unwrap();
        steps(&mut model, &data, 1).await.unwrap();
        assert_eq!(model.diff().await.unwrap().len(), 2, "frozen batch norms keep their statistics");
    });
}

#[test]
fn nothing_to_train_is_an_error() {
    let mut model = classifier();
    let frozen = TrainOptions { freeze: vec!["*".into()], ..adam() };
    assert_eq!(pollster::block_on(model.prepare(&frozen)).unwrap_err().code, "nothing_to_train");
    let none = TrainOptions { optimizer: None, ..adam() };
    assert_eq!(pollster::block_on(model.prepare(&none)).unwrap_err().code, "needs_optimizer");
    let data = images(3);
    let step = pollster::block_on(model.step(&data.inputs, &data.targets, &Quiet));
    assert_eq!(step.unwrap_err().code, "unprepared");
}

#[test]
fn memory_is_flat_over_many_steps() {
    let mut model = classifier();
    let data = images(6);
    pollster::block_on(async {
        model.prepare(&adam()).await.unwrap();
        steps(&mut model, &data, 40).await.unwrap();
        let before = live();
        steps(&mut model, &data, 400).await.unwrap();
        let grown = live() - before;
        assert!(grown < 4_000, "{grown} bytes more after 400 steps");
    });
}

const NETWORKS: &str = "
import torch
from torch import nn

class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))

    def forward(self, x):
        return self.net(x)

class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.head = nn.Linear(64 * 49, 10)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))

class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 128)
        self.layers = nn.Sequential(*[nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True) for _ in range(4)])
        self.head = nn.Linear(128, 256)

    def forward(self, ids):
        return self.head(self.layers(self.embed(ids))).flatten(0, 1)
";

/// `cargo test -p torchtab --test suite training::times -- --ignored --nocapture`
#[test]
#[ignore = "prints how long steps take"]
fn times() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/train/triplet/model.pth");
    let wave = |i: usize| (i as f32 * 0.37).sin();
    let ids = |count: usize, most: i64| {
        let bytes: Vec<u8> = (0..count as i64).flat_map(|i| (i * 7 % most).to_le_bytes()).collect();
        TensorData::new(DType::Int64, vec![count], bytes).unwrap()
    };
    let mut tokens = ids(8 * 128, 256);
    tokens.shape = vec![8, 128];
    let cases = [
        ("MLP()", floats(&[128, 784], (0..128 * 784).map(wave)), ids(128, 10)),
        ("CNN()", floats(&[64, 1, 28, 28], (0..64 * 784).map(wave)), ids(64, 10)),
        ("Transformer()", tokens, ids(8 * 128, 256)),
    ];
    for (construct, x, y) in cases {
        let options = BuildOptions {
            source: Some(NETWORKS.into()),
            construct: Some(construct.into()),
            strict: false,
            ..Default::default()
        };
        let file = Rc::new(FileSource::open(&folder).unwrap());
        let inputs = Inputs { positional: vec![Input::Tensor(x)], keyword: Vec::new() };
        let best = pollster::block_on(async {
            let session = Session::open(file, &Quiet).await.unwrap();
            let mut model = session.build(&options, &Quiet).await.unwrap();
            model.prepare(&adam()).await.unwrap();
            let mut best = f64::INFINITY;
            for _ in 0..8 {
                let start = std::time::Instant::now();
                model.step(&inputs, std::slice::from_ref(&y), &Quiet).await.unwrap();
                best = best.min(start.elapsed().as_secs_f64() * 1e3);
            }
            best
        });
        println!("{construct}: {best:.1} ms a step");
    }
}

#[test]
fn the_best_epoch_is_gone_back_to_with_its_optimizer() {
    let mut model = classifier();
    // A rate that doubles with every epoch soon undoes what was learned.
    let train = options(json!({
        "loss": "CrossEntropyLoss",
        "optimizer": { "class": "SGD", "hyper": { "lr": 0.05 } },
        "scheduler": { "class": "ExponentialLR", "arguments": { "gamma": 4.0 } },
    }));
    let fit = FitOptions { epochs: 8, batch_size: 8, restore_best: true, ..FitOptions::default() };
    let (best, restored) = pollster::block_on(async {
        model.fit_begin(images(24), None, &fit, &train).await.unwrap();
        loop {
            if let FitEvent::End { best_epoch, restored, .. } = model.fit_next(&Quiet).await.unwrap() {
                break (best_epoch.unwrap(), restored);
            }
        }
    });
    assert!(restored && best < 7, "the last epoch was the best: {best}");
    let lr = serde_json::to_value(model.optimizer().unwrap()).unwrap()["groups"][0]["lr"].as_f64().unwrap();
    assert!((lr / (0.05 * 4f64.powi(best as i32 + 1)) - 1.0).abs() < 1e-12, "{lr} after epoch {best}");
}

#[test]
fn the_optimizer_is_told_before_and_while_it_works() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/digits");
    let source = std::fs::read_to_string(folder.join("model.py")).unwrap();
    let file = Rc::new(FileSource::open(&folder.join("digits.pth")).unwrap());
    let build = BuildOptions {
        source: Some(source),
        construct: Some("DigitsNet()".into()),
        strict: true,
        ..Default::default()
    };
    let mut model =
        pollster::block_on(async { Session::open(file, &Quiet).await.unwrap().build(&build, &Quiet).await.unwrap() });
    let told = model.optimizer().unwrap().unwrap();
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(json["class"], "Adam");
    assert_eq!(json["resumed"], true);
    assert_eq!(json["path"], "optimizer_state_dict");
    assert_eq!(json["groups"][0]["lr"], 5e-4);
    assert_eq!(json["groups"][0]["betas"], json!([0.9, 0.999]));
    assert_eq!(json["groups"][0]["params"][0], "conv1.weight");
    assert_eq!(json["groups"][0]["params"].as_array().map(Vec::len), Some(10));
    pollster::block_on(model.prepare(&options(json!({ "loss": "CrossEntropyLoss" })))).unwrap();
    assert_eq!(serde_json::to_value(model.optimizer().unwrap()).unwrap(), json, "resumed, it is the same");
    let sgd = json!({ "loss": "CrossEntropyLoss", "optimizer": { "class": "SGD", "hyper": { "lr": 0.1 } } });
    pollster::block_on(model.prepare(&options(sgd))).unwrap();
    let told = model.optimizer().unwrap().unwrap();
    assert_eq!((told.class.as_str(), told.resumed, told.path.as_deref()), ("SGD", false, Some("optimizer_state_dict")));
    pollster::block_on(model.revert()).unwrap();
    assert_eq!(serde_json::to_value(model.optimizer().unwrap()).unwrap(), json, "reverted, it is the file's again");
}
