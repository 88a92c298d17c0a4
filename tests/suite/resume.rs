//! Trainings that torch began: resumed, continued and given back. Expected numbers are torch's (`tests/oracle/resume.py`); where
//! `TORCHTAB_PYTHON` names a Python with torch, torch loads what was saved and goes on, too.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::engine::device::Choice;
use torchtab::engine::value::Value;
use torchtab::error::Warning;
use torchtab::session::model::Model;
use torchtab::session::save::{SaveAs, SaveFormat};
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{ByteSource, MemorySource, Parts, Quiet};
use torchtab::train::Gradients;
use torchtab::train::optimizer::OptimizerSpec;

/// resume.py's network.
const SOURCE: &str = "
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, frozen=()):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.a = nn.Linear(3, 2)
        for name, p in self.named_parameters():
            p.requires_grad_(name not in frozen)

    def forward(self, x):
        return self.a(x) * self.scale
";

/// Steps after which resume.py looks; the same numbers stand there.
const STEPS: (usize, usize) = (3, 5);

#[derive(Deserialize)]
struct Case {
    class: String,
    done: usize,
    frozen: Vec<String>,
    after: BTreeMap<usize, After>,
}

#[derive(Deserialize)]
struct After {
    parameters: BTreeMap<String, Vec<f64>>,
    lrs: Vec<f64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/resume")
}

fn cases() -> BTreeMap<String, Case> {
    serde_json::from_slice(&std::fs::read(folder().join("resume.json")).unwrap()).unwrap()
}

fn build(bytes: Vec<u8>, case: &Case) -> (Rc<dyn ByteSource>, Model) {
    let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(bytes, None));
    let session = pollster::block_on(Session::open(source.clone(), &Quiet)).unwrap();
    let options = BuildOptions {
        source: Some(SOURCE.to_owned()),
        construct: Some(format!("Net({:?})", case.frozen)),
        device: Choice::Cpu,
        strict: true,
        ..BuildOptions::default()
    };
    (source, pollster::block_on(session.build(&options, &Quiet)).unwrap())
}

/// optim.py's `gradient`: `scale` has none at odd steps.
fn gradients(model: &Model, step: usize) -> Gradients {
    let mut gradients = Gradients::default();
    for (k, p) in model.parameters().iter().enumerate() {
        if p.name == "scale" && step % 2 == 1 || !p.requires_grad {
            continue;
        }
        let count: usize = p.info.shape.iter().product();
        let values = (0..count).map(|i| ((i * 5 + k * 3 + step * 7) % 11) as f32 / 16.0 - 5.0 / 16.0);
        let bytes = values.flat_map(f32::to_le_bytes).collect();
        let data = TensorData::new(DType::Float32, p.info.shape.clone(), bytes).unwrap();
        gradients.insert(p.leaf, Value::upload(model.device(), &data).unwrap());
    }
    gradients
}

fn step(model: &mut Model, number: usize) {
    model.apply_gradients(&gradients(model, number)).unwrap();
    let mut state = model.training_state().cloned().unwrap();
    if let (Some(scheduler), Some(optimizer)) = (&mut state.scheduler, &mut state.optimizer) {
        scheduler.step(optimizer, None).unwrap();
    }
    model.set_training_state(Some(state));
}

fn assert_as(model: &Model, want: &After, place: &str) {
    for (name, data) in pollster::block_on(model.state_dict()).unwrap() {
        let got: Vec<f64> = data.bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect();
        for (g, w) in got.iter().zip(&want.parameters[&name]) {
            assert!((g - w).abs() <= 1e-5 * w.abs().max(0.05), "{place}, {name}: {g} is not torch's {w}");
        }
    }
    let optimizer = model.training_state().unwrap().optimizer.as_ref().unwrap();
    let lrs: Vec<f64> = optimizer.groups().iter().map(|g| g.lr()).collect();
    assert_eq!(lrs.len(), want.lrs.len(), "{place}");
    for (g, w) in lrs.iter().zip(&want.lrs) {
        assert!((g - w).abs() <= 1e-12 * w.abs(), "{place}: lr {g} is not torch's {w}");
    }
}

fn save(model: &Model, source: &dyn ByteSource, what: SaveAs, name: &str) -> (Vec<u8>, Vec<Warning>) {
    let mut parts = Parts::default();
    let notes = pollster::block_on(model.save(what, SaveFormat::Pth, name, &mut parts)).unwrap();
    (pollster::block_on(parts.collect(source)).unwrap(), notes)
}

/// Goes on for the steps between `done` and `until`.
fn train(model: &mut Model, done: usize, until: usize) {
    (done + 1..=until).for_each(|number| step(model, number));
}

#[test]
fn trainings_go_on_as_torch_goes_on_and_are_given_back() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resume");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).unwrap();
    let mut saved = 0;
    for (file, case) in cases() {
        let bytes = std::fs::read(folder().join(&file)).unwrap();
        let (source, mut model) = build(bytes.clone(), &case);
        let warnings = pollster::block_on(model.resume_training(None, None)).unwrap();
        let codes: Vec<_> = warnings.iter().map(|w| w.code).collect();
        let expected: &[&str] = if file == "adamw_dims.pth" { &["groups_by_dims"] } else { &[] };
        assert_eq!(codes, expected, "{file}");
        let optimizer = model.training_state().unwrap().optimizer.as_ref().unwrap();
        assert_eq!(optimizer.class().name(), case.class, "{file}");
        let (untouched, _) = save(&model, &*source, SaveAs::Same, &file);
        assert_eq!(untouched, bytes, "{file}: resumed and saved, it is the same file");

        train(&mut model, case.done, case.done + STEPS.0);
        assert_as(&model, &case.after[&STEPS.0], &file);
        let mut state = model.training_state().cloned().unwrap();
        state.epoch = state.epoch.map(|epoch| epoch + 1);
        state.loss = state.loss.map(|loss| loss / 2.0);
        model.set_training_state(Some(state));
        for (what, mode) in [(SaveAs::Same, "same"), (SaveAs::Checkpoint, "checkpoint")] {
            let (bytes, notes) = save(&model, &*source, what, &file);
            assert!(notes.is_empty(), "{file} as {mode}: {notes:?}");
            std::fs::write(out.join(format!("{mode}-{file}")), &bytes).unwrap();
            saved += 1;
            let (_, mut again) = build(bytes, &case);
            let warnings = pollster::block_on(again.resume_training(None, None)).unwrap();
            // What a new checkpoint says of several groups, it says with names.
            let guesses = if mode == "same" { expected.len() } else { 0 };
            assert_eq!(warnings.len(), guesses, "{file} as {mode}: {warnings:?}");
            assert_as(&again, &case.after[&STEPS.0], &format!("{file} as {mode}, opened again"));
            train(&mut again, case.done + STEPS.0, case.done + STEPS.1);
            assert_as(&again, &case.after[&STEPS.1], &format!("{file} as {mode}, opened again and trained"));
        }
    }
    assert_eq!(saved, 34);
    let Some(python) = std::env::var_os("TORCHTAB_PYTHON") else {
        eprintln!("TORCHTAB_PYTHON is not set: torch's own look at the files is left to cargo xtask test");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/resume.py");
    let output = Command::new(python).arg("-B").arg(script).arg("check").arg(&out).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{saved} files"), "{text}");
}

fn spec(json: &str) -> OptimizerSpec {
    serde_json::from_str(json).unwrap()
}

#[test]
fn optimizers_that_do_not_fit_are_refused_in_torchs_words() {
    let cases = cases();
    let open = |file: &str| build(std::fs::read(folder().join(file)).unwrap(), &cases[file]).1;
    let refused = |file: &str, json: &str| {
        let error = pollster::block_on(open(file).resume_training(Some(&spec(json)), None)).unwrap_err();
        (error.message, error.location)
    };
    let groups = r#"{"class":"Adam","groups":[{"params":["a.*"]},{"params":["*"]}]}"#;
    assert_eq!(
        refused("adam.pth", groups),
        ("loaded state dict has a different number of parameter groups".into(), Some("optimizer_state_dict".into()))
    );
    let fewer = r#"{"class":"Adam","groups":[{"params":["a.*"]}]}"#;
    let text = "loaded state dict contains a parameter group that doesn't match the size of optimizer's group";
    assert_eq!(refused("adam.pth", fewer).0, text);
    assert_eq!(
        refused("adam.pth", r#"{"class":"SGD"}"#),
        ("KeyError: 'momentum'".into(), Some("optimizer_state_dict.param_groups.0".into()))
    );
    // As torch would: the state goes by position, and its shape shows that it is another's.
    let reordered = r#"{"class":"AdamW","groups":[{"params":["scale"]},{"params":["a.*"]}]}"#;
    let (message, location) = refused("adamw_dims.pth", reordered);
    assert_eq!(message, "exp_avg has shape [2, 3], and the parameter in its place, scale, has []");
    assert_eq!(location.as_deref(), Some("optimizer_state_dict.state.0"));
    // One parameter more than the file's optimizer knows.
    let session = Rc::new(MemorySource::new(std::fs::read(folder().join("filtered.pth")).unwrap(), None));
    let session = pollster::block_on(Session::open(session, &Quiet)).unwrap();
    let options = BuildOptions {
        source: Some(SOURCE.to_owned()),
        construct: Some("Net()".into()),
        device: Choice::Cpu,
        strict: true,
        ..BuildOptions::default()
    };
    let mut model = pollster::block_on(session.build(&options, &Quiet)).unwrap();
    assert_eq!(pollster::block_on(model.resume_training(None, None)).unwrap_err().message, text);
}

#[test]
fn a_new_optimizer_takes_the_old_ones_place() {
    let cases = cases();
    for file in ["adam.pth", "lightning.ckpt", "adam_legacy.pth"] {
        let case = &cases[file];
        let (source, mut model) = build(std::fs::read(folder().join(file)).unwrap(), case);
        let spec =
            spec(r#"{"class":"RMSprop","hyper":{"lr":0.05},"groups":[{"params":["a.*"]},{"params":["*"],"lr":1}]}"#);
        let optimizer = torchtab::train::optimizer::Optimizer::new(&spec, &model.parameters()).unwrap();
        let state = torchtab::train::training::TrainingState { optimizer: Some(optimizer), ..Default::default() };
        model.set_training_state(Some(state));
        train(&mut model, case.done, case.done + 2);
        let want = pollster::block_on(model.state_dict()).unwrap();
        let (bytes, _) = save(&model, &*source, SaveAs::Same, file);
        let (_, mut again) = build(bytes, case);
        let warnings = pollster::block_on(again.resume_training(None, None)).unwrap();
        // The schedulers of these files were for one group.
        let codes: Vec<_> = warnings.iter().map(|w| w.code).collect();
        let left: &[&str] = if file == "adam_legacy.pth" { &[] } else { &["scheduler_not_resumed"] };
        assert_eq!(codes, left, "{file}");
        assert_eq!(pollster::block_on(again.state_dict()).unwrap(), want, "{file}");
        let optimizer = again.training_state().unwrap().optimizer.as_ref().unwrap();
        assert_eq!(optimizer.class().name(), "RMSprop", "{file}");
        let lrs: Vec<f64> = optimizer.groups().iter().map(|g| g.lr()).collect();
        assert_eq!(lrs, [0.05, 1.0], "{file}");
        train(&mut model, case.done + 2, case.done + 4);
        train(&mut again, case.done + 2, case.done + 4);
        let [want, got] = [&model, &again].map(|m| pollster::block_on(m.state_dict()).unwrap());
        assert_eq!(got, want, "{file}");
    }
}
