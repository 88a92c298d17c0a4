//! Optimizers, schedulers and clipping against torch 2.15: every case that `tests/oracle/optim.py` wrote.

use super::clip::{clip_grad_norm, clip_grad_value};
use super::groups::matches;
use super::hyper::Hyper;
use super::optimizer::state::Entry;
use super::optimizer::{Optimizer, OptimizerSpec};
use super::scheduler::attribute::{Attribute, Attributes};
use super::scheduler::{Scheduler, SchedulerSpec};
use super::{Gradients, Parameter};
use crate::data::TensorData;
use crate::dtype::DType;
use crate::engine::device::{Choice, Device};
use crate::engine::program::Weights;
use crate::engine::value::Value;
use crate::graph::{Info, ValueId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The parameters of every case, as `optim.py` has them.
pub(super) const SHAPES: &[(&str, &[usize])] = &[("scale", &[]), ("a.weight", &[2, 3]), ("a.bias", &[2])];

type Numbers = BTreeMap<String, Vec<f64>>;

#[derive(Deserialize)]
struct Oracle {
    optimizers: Vec<Trace>,
    refusals: Vec<(String, Hyper, String)>,
    schedulers: Vec<Schedule>,
    clips: Vec<Clip>,
}

#[derive(Deserialize)]
struct Trace {
    spec: OptimizerSpec,
    dtype: String,
    after: BTreeMap<usize, After>,
    keys: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct After {
    parameters: Numbers,
    state: BTreeMap<String, indexmap::IndexMap<String, Option<Vec<f64>>>>,
}

#[derive(Deserialize)]
struct Schedule {
    spec: SchedulerSpec,
    optimizer: OptimizerSpec,
    lrs: Vec<Vec<f64>>,
    momenta: Vec<Vec<f64>>,
    first_state: Attributes,
    state: Attributes,
    groups: Vec<Hyper>,
}

#[derive(Deserialize)]
struct Clip {
    kind: String,
    limit: f64,
    norm: Attribute,
    total: Option<f64>,
    gradients: Numbers,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("../../tests/oracle/optim.json")).unwrap()
}

#[expect(clippy::cast_possible_truncation, reason = "small and exact")]
fn tensor(shape: &[usize], dtype: DType, element: impl Fn(usize) -> f64) -> TensorData {
    let count: usize = shape.iter().product();
    let bytes = (0..count).flat_map(|i| (element(i) as f32).to_le_bytes()).collect();
    TensorData::new(DType::Float32, shape.to_vec(), bytes).unwrap().to(dtype).unwrap()
}

pub(super) fn parameters(dtype: DType) -> Vec<Parameter> {
    let one = |(k, (name, shape)): (u32, &(&str, &[usize]))| Parameter {
        leaf: ValueId(k),
        name: (*name).to_owned(),
        info: Info { shape: shape.to_vec(), dtype },
        requires_grad: true,
    };
    (0..).zip(SHAPES).map(one).collect()
}

#[expect(clippy::cast_precision_loss, reason = "small")]
pub(super) fn weights(device: &Device, parameters: &[Parameter]) -> Weights {
    let mut weights = Weights::default();
    for (k, p) in parameters.iter().enumerate() {
        let data = tensor(&p.info.shape, p.info.dtype, |i| ((i * 7 + k * 5) % 13) as f64 / 8.0 - 0.75);
        weights.insert(p.leaf, Value::upload(device, &data).unwrap());
    }
    weights
}

/// `scale` has no gradient at odd steps.
#[expect(clippy::cast_precision_loss, reason = "small")]
pub(super) fn gradients(device: &Device, parameters: &[Parameter], step: usize) -> Gradients {
    let mut gradients = Gradients::default();
    for (k, p) in parameters.iter().enumerate() {
        if p.name == "scale" && step % 2 == 1 {
            continue;
        }
        let data =
            tensor(&p.info.shape, p.info.dtype, |i| ((i * 5 + k * 3 + step * 7) % 11) as f64 / 16.0 - 5.0 / 16.0);
        gradients.insert(p.leaf, Value::upload(device, &data).unwrap());
    }
    gradients
}

pub(super) fn read(value: &Value) -> Vec<f64> {
    let data = pollster::block_on(value.read()).unwrap().to(DType::Float64).unwrap();
    data.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

/// Relative `tolerance`, with as much in the absolute for numbers that are differences of larger ones.
pub(super) fn assert_close(got: &[f64], want: &[f64], tolerance: f64, place: &str) {
    assert_eq!(got.len(), want.len(), "{place}");
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * w.abs().max(0.01), "{place}: {got:?} is not torch's {want:?}");
    }
}

/// float32 on the CPU goes in one pass, other dtypes go as tensors do on every device: both by the same rule.
#[test]
fn optimizers_step_as_torch() {
    let mut cases = 0;
    for case in oracle().optimizers {
        let dtype = DType::from_name(&case.dtype).unwrap();
        // bfloat16 has 8 bits, of which one may be rounded the other way in what a small number is the difference of.
        let tolerance = if dtype == DType::BFloat16 { 0.1 } else { 1e-5 };
        assert_steps(&Device::cpu(), &case, dtype, tolerance);
        if dtype == DType::Float32 {
            assert_steps(&Device::cpu(), &case, DType::Float64, 5e-5);
        }
        cases += 1;
    }
    assert_eq!(cases, 46);
}

/// Natively WebGPU is a feature and wants a driver; without them there is nothing to compare.
#[test]
fn webgpu_steps_as_torch() {
    let (device, why_not) = pollster::block_on(Device::open(Choice::WebGpu)).unwrap();
    if device.kind() == "cpu" {
        assert!(why_not.is_some(), "a fallback says why");
        return;
    }
    for case in oracle().optimizers {
        if case.dtype == "float32" {
            assert_steps(&device, &case, DType::Float32, 1e-3);
        }
    }
}

fn assert_steps(device: &Device, case: &Trace, dtype: DType, tolerance: f64) {
    let parameters = parameters(dtype);
    let mut weights = weights(device, &parameters);
    let mut optimizer = Optimizer::new(&case.spec, &parameters).unwrap();
    for (group, keys) in optimizer.groups().iter().zip(&case.keys) {
        let mut own: Vec<_> = group.hyper.iter().map(|(name, _)| name).collect();
        own.push("params");
        assert_eq!(own, *keys, "{:?}", case.spec);
    }
    for step in 1..=20 {
        optimizer.step(&mut weights, &gradients(device, &parameters, step)).unwrap();
        let Some(after) = case.after.get(&step) else { continue };
        for p in &parameters {
            let place = format!("{:?} {dtype:?} {} after step {step}", case.spec, p.name);
            assert_close(&read(weights.get(p.leaf).unwrap()), &after.parameters[&p.name], tolerance, &place);
            let Some(want) = after.state.get(&p.name) else {
                assert!(optimizer.state(p.leaf).is_none(), "{place}: a state");
                continue;
            };
            let state = optimizer.state(p.leaf).unwrap();
            let keys: Vec<_> = state.iter().map(|(name, _)| name).collect();
            assert_eq!(keys, want.keys().collect::<Vec<_>>(), "{place}");
            for ((name, entry), want) in state.iter().zip(want.values()) {
                let got = match entry {
                    Entry::Number(n) => vec![*n],
                    Entry::Tensor(value) => read(value),
                    Entry::None => Vec::new(),
                };
                let want = want.clone().unwrap_or_default();
                assert_close(&got, &want, tolerance, &format!("{place}, {name}"));
            }
        }
    }
}

#[test]
fn arguments_are_refused_in_torchs_words() {
    for (class, hyper, want) in oracle().refusals {
        let spec = OptimizerSpec { class, hyper, groups: Vec::new() };
        let error = Optimizer::new(&spec, &parameters(DType::Float32)).unwrap_err();
        assert_eq!(error.message, want);
    }
}

#[test]
fn a_step_that_cannot_be_done_changes_nothing() {
    let device = Device::cpu();
    let parameters = parameters(DType::Float32);
    let mut weights = weights(&device, &parameters);
    let spec = OptimizerSpec { class: "Adam".into(), hyper: Hyper::default(), groups: Vec::new() };
    let mut optimizer = Optimizer::new(&spec, &parameters).unwrap();
    let mut gradients = gradients(&device, &parameters, 2);
    let wrong = tensor(&[4], DType::Float32, |_| 1.0);
    gradients.insert(ValueId(2), Value::upload(&device, &wrong).unwrap());
    let before = read(weights.get(ValueId(1)).unwrap());
    let error = optimizer.step(&mut weights, &gradients).unwrap_err();
    assert_eq!(error.location.as_deref(), Some("a.bias"));
    assert_eq!(read(weights.get(ValueId(1)).unwrap()), before);
    assert!(optimizer.state(ValueId(1)).is_none());
}

fn group_names(groups: &str) -> Result<Vec<Vec<String>>, String> {
    let spec =
        OptimizerSpec { class: "SGD".into(), hyper: Hyper::default(), groups: serde_json::from_str(groups).unwrap() };
    let optimizer = Optimizer::new(&spec, &parameters(DType::Float32)).map_err(|e| e.message)?;
    let names = |g: &super::groups::ParamGroup| g.parameters.iter().map(|p| p.name.clone()).collect();
    Ok(optimizer.groups().iter().map(names).collect())
}

#[test]
fn groups_take_names_and_patterns() {
    let rest = group_names(r#"[{"parameters":["scale"],"lr":1},{"params":["*"]}]"#).unwrap();
    assert_eq!(rest, [vec!["scale"], vec!["a.weight", "a.bias"]]);
    let twice = group_names(r#"[{"parameters":["a.*"]},{"parameters":["a.bias"]}]"#);
    assert_eq!(twice.unwrap_err(), "some parameters appear in more than one parameter group");
    assert_eq!(group_names(r#"[{"parameters":["b.*"]}]"#).unwrap_err(), "the network has no parameter 'b.*'");
    assert_eq!(group_names(r#"[{"parameters":[]}]"#).unwrap_err(), "optimizer got an empty parameter list");
    assert!(matches("*", "") && matches("a*b?", "axxbc") && matches("[!a-c]x", "dx") && matches("l[0-2].*", "l1.w"));
    assert!(!matches("a*b?", "axxb") && !matches("[!a-c]x", "bx") && !matches("", "a") && matches("[", "["));
}

/// What `optim.py` spells for JSON: infinities and Counters.
fn spelled(value: &Attribute) -> Attribute {
    match value {
        Attribute::Str(text) if text == "inf" => Attribute::Float(f64::INFINITY),
        Attribute::Str(text) if text == "-inf" => Attribute::Float(f64::NEG_INFINITY),
        Attribute::List(items) => Attribute::List(items.iter().map(spelled).collect()),
        Attribute::Dict(items) => match items.get("Counter") {
            Some(Attribute::List(pairs)) => {
                let pair = |pair: &Attribute| match pair {
                    Attribute::List(pair) => (pair[0].int().unwrap(), pair[1].int().unwrap()),
                    other => panic!("{other:?}"),
                };
                Attribute::Counter(pairs.iter().map(pair).collect())
            }
            _ => Attribute::Dict(spelled_all(items)),
        },
        other => other.clone(),
    }
}

fn spelled_all(items: &Attributes) -> Attributes {
    Attributes::new(items.iter().map(|(name, value)| (name, spelled(value))))
}

/// Names and order are torch's; numbers differ in their last digits at most, and an int is an int.
fn assert_state(got: &Attribute, want: &Attribute, place: &str) {
    match (got, want) {
        (Attribute::Float(g), Attribute::Float(w)) => {
            assert!(g == w || (g - w).abs() <= 1e-12 * w.abs(), "{place}: {g} is not torch's {w}");
        }
        (Attribute::List(g), Attribute::List(w)) => {
            assert_eq!(g.len(), w.len(), "{place}");
            g.iter().zip(w).for_each(|(g, w)| assert_state(g, w, place));
        }
        (Attribute::Dict(g), Attribute::Dict(w)) => {
            let names = |a: &Attributes| a.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
            assert_eq!(names(g), names(w), "{place}");
            g.iter().zip(w.iter()).for_each(|((name, g), (_, w))| assert_state(g, w, &format!("{place}, {name}")));
        }
        _ => assert_eq!(got, want, "{place}"),
    }
}

/// As `optim.py` has it.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn metric(step: usize) -> f64 {
    1.0 / (1 + step.min(12)) as f64 + (step * 5 % 7) as f64 / 1000.0
}

fn assert_rates(optimizer: &Optimizer, case: &Schedule, step: usize) {
    let place = format!("{:?} at {step}", case.spec);
    let groups = optimizer.groups();
    let lrs: Vec<f64> = groups.iter().map(|g| g.lr()).collect();
    for (got, want) in lrs.iter().zip(&case.lrs[step]) {
        assert!((got - want).abs() <= 1e-12 * want.abs(), "{place}: {lrs:?} is not torch's {:?}", case.lrs[step]);
    }
    for (group, want) in groups.iter().zip(case.momenta.get(step).into_iter().flatten()) {
        let momentum = group.hyper.number("momentum").or_else(|_| group.hyper.pair("betas").map(|b| b.0)).unwrap();
        assert!((momentum - want).abs() <= 1e-12 * want.abs(), "{place}: momentum {momentum} is not {want}");
    }
}

#[test]
fn schedulers_give_torchs_rates_and_go_on_from_their_state() {
    let mut cases = 0;
    for case in oracle().schedulers {
        let mut optimizer = Optimizer::new(&case.optimizer, &parameters(DType::Float32)).unwrap();
        let mut scheduler = Scheduler::new(&case.spec, &mut optimizer).unwrap();
        let place = format!("{:?}", case.spec);
        assert_rates(&optimizer, &case, 0);
        assert_state(
            &Attribute::Dict(scheduler.state()),
            &Attribute::Dict(spelled_all(&case.first_state)),
            &format!("{place} at first"),
        );
        let mut resumed = None;
        for step in 1..=50 {
            scheduler.step(&mut optimizer, Some(metric(step))).unwrap();
            assert_rates(&optimizer, &case, step);
            if let Some((optimizer, scheduler)) = &mut resumed {
                let scheduler: &mut Scheduler = scheduler;
                scheduler.step(optimizer, Some(metric(step))).unwrap();
                assert_rates(optimizer, &case, step);
                assert_eq!(scheduler.lrs(), optimizer.groups().iter().map(|g| g.lr()).collect::<Vec<_>>());
            }
            if step == 20 {
                let state = spelled_all(&case.state);
                assert_state(&Attribute::Dict(scheduler.state()), &Attribute::Dict(state.clone()), &place);
                // From what torch saved, in a new optimizer whose groups torch saved too.
                let mut other = Optimizer::new(&case.optimizer, &parameters(DType::Float32)).unwrap();
                for (group, hyper) in other.groups_mut().iter_mut().zip(&case.groups) {
                    group.hyper = hyper.clone();
                }
                let spec = (case.spec.class == "LambdaLR").then_some(&case.spec);
                if spec.is_some() {
                    assert_eq!(Scheduler::resume(None, &state, &other).unwrap_err().code, "needs_lambda");
                }
                let again = Scheduler::resume(spec, &state, &other).unwrap();
                assert_eq!(again.class(), scheduler.class(), "{place}");
                resumed = Some((other, again));
            }
        }
        cases += 1;
    }
    assert_eq!(cases, 27);
}

#[test]
fn schedulers_refuse_in_torchs_words() {
    let wrong = [
        ("StepLR", "{}", "StepLR.__init__() missing 1 required positional argument: 'step_size'"),
        ("StepLR", r#"{"size":3}"#, "StepLR.__init__() got an unexpected keyword argument 'size'"),
        ("StepLR", r#"{"step_size":0}"#, "integer division or modulo by zero"),
        (
            "LinearLR",
            r#"{"start_factor":0}"#,
            "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
        ),
        ("OneCycleLR", r#"{"max_lr":1}"#, "You must define either total_steps OR (epochs AND steps_per_epoch)"),
        ("ReduceLROnPlateau", r#"{"factor":1.5}"#, "Factor should be < 1.0."),
        ("LambdaLR", r#"{"lr_lambda":["lambda e: 1","lambda e: 1"]}"#, "Expected 1 lr_lambdas, but got 2"),
        ("Nope", "{}", "module 'torch.optim.lr_scheduler' has no attribute 'Nope'"),
    ];
    for (class, arguments, want) in wrong {
        let hyper = Hyper::default();
        let optimizer = OptimizerSpec { class: "SGD".into(), hyper, groups: Vec::new() };
        let mut optimizer = Optimizer::new(&optimizer, &parameters(DType::Float32)).unwrap();
        let arguments = serde_json::from_str(arguments).unwrap();
        let spec = SchedulerSpec { class: class.into(), arguments, schedulers: Vec::new() };
        let made = Scheduler::new(&spec, &mut optimizer).and_then(|mut s| s.step(&mut optimizer, None));
        assert_eq!(made.unwrap_err().message, want);
    }
}

#[test]
fn gradients_are_clipped_as_torch_clips_them() {
    let device = Device::cpu();
    let parameters = parameters(DType::Float32);
    for case in oracle().clips {
        let mut gradients = gradients(&device, &parameters, 2);
        if case.kind == "norm" {
            let norm = spelled(&case.norm).number().unwrap();
            let total = clip_grad_norm(&mut gradients, case.limit, norm).unwrap().unwrap();
            assert_close(&read(&total), &[case.total.unwrap()], 1e-6, "total norm");
        } else {
            clip_grad_value(&mut gradients, case.limit);
        }
        for p in &parameters {
            let place = format!("{} {} {:?}, {}", case.kind, case.limit, case.norm, p.name);
            assert_close(&read(gradients.get(p.leaf).unwrap()), &case.gradients[&p.name], 1e-5, &place);
        }
    }
    assert!(clip_grad_norm(&mut Gradients::default(), 1.0, 2.0).unwrap().is_none());
}
