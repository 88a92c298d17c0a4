//! torch.export's archives: damage ends in an error that says what, and real torch loads what is given back.

use crate::forge::{record, zip};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use torchtab::data::TensorData;
use torchtab::engine::device::Choice;
use torchtab::error::{Error, Kind};
use torchtab::session::input::{Input, Inputs, Output};
use torchtab::session::model::Model;
use torchtab::session::save::{SaveAs, SaveFormat};
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{MemorySource, Parts, Quiet};
use torchtab::zip::directory::Directory;

const PROGRAM: &str = "model/models/model.json";
const WEIGHTS: &str = "model/data/weights/model_weights_config.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/export")
}

fn archive(case: &str) -> Vec<u8> {
    std::fs::read(folder().join(case).join("model.pt2")).unwrap()
}

/// A case's archive with one of its JSON records changed.
fn changed(case: &str, name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let source = MemorySource::new(archive(case), None);
    let directory = pollster::block_on(Directory::read(&source)).unwrap();
    let mut change = Some(change);
    let records = directory.entries.values().map(|entry| {
        let (mut bytes, _) = pollster::block_on(entry.read(&source, 1 << 24)).unwrap();
        if entry.name == name {
            let mut json: Value = serde_json::from_slice(&bytes).unwrap();
            change.take().unwrap()(&mut json);
            bytes = serde_json::to_vec(&json).unwrap();
        }
        record(&entry.name, bytes)
    });
    zip(&records.collect::<Vec<_>>())
}

fn build(bytes: Vec<u8>) -> Result<(Rc<MemorySource>, Model), Error> {
    let source = Rc::new(MemorySource::new(bytes, Some("model.pt2".into())));
    pollster::block_on(async {
        let session = Session::open(source.clone(), &Quiet).await?;
        let options = BuildOptions { device: Choice::Cpu, strict: true, ..BuildOptions::default() };
        Ok((source, session.build(&options, &Quiet).await?))
    })
}

fn inputs(case: &str) -> Vec<TensorData> {
    let text = std::fs::read(folder().join(case).join("case.json")).unwrap();
    let json: Value = serde_json::from_slice(&text).unwrap();
    let all = json["inputs"].as_array().unwrap().iter();
    all.map(|input| crate::network::tensor(&folder().join(case), input).unwrap()).collect()
}

fn run(model: &mut Model, inputs: &[TensorData]) -> Result<Output, Error> {
    let inputs = Inputs { positional: inputs.iter().cloned().map(Input::Tensor).collect(), keyword: Vec::new() };
    pollster::block_on(model.run(&inputs, &Quiet)).map(|ran| ran.output)
}

/// A program whose only node holds lists in lists.
fn deep_program() -> String {
    let (open, close) = ("[".repeat(50_000), "]".repeat(50_000));
    let node = format!(
        r#"{{"target": "a", "inputs": [{{"name": "", "arg": {{"as_graph": {open}{close}}}}}], "outputs": []}}"#
    );
    let graph = format!(r#"{{"inputs": [], "outputs": [], "nodes": [{node}]}}"#);
    format!(r#"{{"graph_module": {{"graph": {graph}, "signature": {{"input_specs": [], "output_specs": []}}}}}}"#)
}

#[test]
fn damaged_programs_are_refused() {
    let node = |change: fn(&mut Value)| move |json: &mut Value| change(&mut json["graph_module"]["graph"]["nodes"][0]);
    let bad: Vec<(&str, Vec<u8>, Kind, &str)> = vec![
        (
            "a major version of the future",
            changed("mlp", PROGRAM, |json| json["schema_version"]["major"] = json!(99)),
            Kind::Unsupported,
            "version 99 of torch.export's schema",
        ),
        (
            "an undefined name",
            changed("mlp", PROGRAM, node(|n| n["inputs"][0]["arg"] = json!({"as_tensor": {"name": "nothing"}}))),
            Kind::Malformed,
            "the value \"nothing\" is used and nothing gives it",
        ),
        (
            "code for a target",
            changed("mlp", PROGRAM, node(|n| n["target"] = json!("torch.ops.aten.relu(__import__('os'))"))),
            Kind::Malformed,
            "is no operator",
        ),
        (
            "code for a name",
            changed("mlp", PROGRAM, node(|n| n["outputs"][0] = json!({"as_tensor": {"name": "x = 1\nimport os"}}))),
            Kind::Malformed,
            "is no name of a value",
        ),
        (
            "two alternatives",
            changed("mlp", PROGRAM, node(|n| n["inputs"][0]["arg"] = json!({"as_int": 1, "as_bool": true}))),
            Kind::Malformed,
            "without exactly one alternative",
        ),
        (
            "a graph that calls itself",
            changed("mlp", PROGRAM, |json| {
                let graph = json["graph_module"]["graph"].clone();
                json["graph_module"]["graph"]["nodes"][0] = json!({
                    "target": "torch.ops.higher_order.wrap_with_set_grad_enabled",
                    "inputs": [{"name": "", "arg": {"as_bool": false}}, {"name": "", "arg": {"as_graph": {"name": "f", "graph": graph}}}],
                    "outputs": [], "metadata": {},
                });
                json["graph_module"]["graph"]["nodes"][0]["inputs"][1]["arg"]["as_graph"]["graph"]["nodes"][0]["inputs"]
                    [0]["arg"] = json!({"as_tensor": {"name": "f"}});
            }),
            Kind::Malformed,
            "used and nothing gives it",
        ),
        (
            "sizes that overflow",
            changed("mlp", WEIGHTS, |json| {
                let meta = &mut json["config"]["layers.0.weight"]["tensor_meta"];
                meta["sizes"] = json!([{"as_int": i64::MAX}, {"as_int": i64::MAX}]);
            }),
            Kind::Malformed,
            "",
        ),
        (
            "negative strides",
            changed("mlp", WEIGHTS, |json| {
                json["config"]["layers.0.weight"]["tensor_meta"]["strides"] = json!([{"as_int": -1}, {"as_int": 1}]);
            }),
            Kind::Malformed,
            "must be non-negative ints",
        ),
        (
            "a weight beyond its record",
            changed("mlp", WEIGHTS, |json| {
                json["config"]["layers.0.weight"]["tensor_meta"]["storage_offset"] = json!({"as_int": 1});
            }),
            Kind::Malformed,
            "",
        ),
        (
            "a weight that is missing",
            changed("mlp", WEIGHTS, |json| {
                json["config"].as_object_mut().unwrap().remove("layers.0.weight");
            }),
            Kind::Malformed,
            "the archive has no values for it",
        ),
        (
            "graphs in graphs without end",
            zip(&[record("model/archive_format", "pt2"), record(PROGRAM, deep_program())]),
            Kind::Malformed,
            "recursion limit",
        ),
        ("no program", zip(&[record("model/archive_format", "pt2")]), Kind::Unsupported, "without a program"),
    ];
    for (what, bytes, kind, text) in bad {
        let error = build(bytes).err().unwrap_or_else(|| panic!("{what} was accepted"));
        assert_eq!(error.kind, kind, "{what}: {error}");
        assert!(error.message.contains(text), "{what}: {error}");
        assert!(error.location.is_some(), "{what}: {error} is nowhere");
    }
}

#[test]
fn operators_that_are_unknown_are_named_when_they_run() {
    let bytes = changed("mlp", PROGRAM, |json| {
        json["graph_module"]["graph"]["nodes"][0]["target"] = json!("torch.ops.aten.no_such_thing.default");
    });
    let (_, mut model) = build(bytes).unwrap();
    let error = run(&mut model, &inputs("mlp")).unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported);
    assert!(error.message.contains("torch.ops.aten.no_such_thing.default"), "{error}");
}

#[test]
fn expressions_of_sizes_are_not_evaluated() {
    let deep = format!("{}s0{}", "(".repeat(100_000), ")".repeat(100_000));
    let bytes = changed("mlp", PROGRAM, |json| {
        let sizes = &mut json["graph_module"]["graph"]["tensor_values"]["x"]["sizes"];
        sizes[0] = json!({"as_expr": {"expr_str": deep, "hint": {"as_int": 3}}});
    });
    let (_, mut model) = build(bytes).unwrap();
    run(&mut model, &inputs("mlp")).unwrap();
}

#[test]
fn sizes_outside_the_constraints_are_told_in_torchs_words() {
    let (_, mut model) = build(archive("convnet")).unwrap();
    let hints = model.inputs();
    assert_eq!((&*hints[0].name, hints[0].shape.as_deref()), ("image", Some(&[-1, 1, 12, 12][..])));
    let batch = |shape: Vec<usize>| {
        let count: usize = shape.iter().product();
        TensorData::new(torchtab::dtype::DType::Float32, shape, vec![0; 4 * count]).unwrap()
    };
    let refused = |model: &mut Model, shape| run(model, &[batch(shape)]).unwrap_err().message;
    assert!(refused(&mut model, vec![65, 1, 12, 12]).contains("Guard failed: image.size()[0] <= 64"));
    assert!(refused(&mut model, vec![2, 1, 12, 13]).contains("Guard failed: image.size()[3] == 12"));
    run(&mut model, &[batch(vec![9, 1, 12, 12])]).unwrap();
}

/// The numbers of an output's tensors, one after the other.
fn numbers(output: &Output, found: &mut Vec<f64>) {
    match output {
        Output::Tensor(data) => {
            found.extend(data.bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))));
        }
        Output::Tuple(items) | Output::List(items) => items.iter().for_each(|item| numbers(item, found)),
        Output::Dict(items) => items.iter().for_each(|(_, item)| numbers(item, found)),
        _ => {}
    }
}

#[test]
fn torch_loads_programs_with_new_weights() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exported");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).unwrap();
    let mut manifest = Vec::new();
    for case in ["mlp", "convnet", "residual", "tagger", "causal", "residual_core"] {
        let bytes = archive(case);
        let (source, mut model) = build(bytes.clone()).unwrap();
        let save = |model: &Model, what| {
            let mut parts = Parts::default();
            let notes = pollster::block_on(model.save(what, SaveFormat::Pth, "model.pt2", &mut parts)).unwrap();
            assert!(notes.is_empty(), "{case}: {notes:?}");
            pollster::block_on(parts.collect(&*source)).unwrap()
        };
        assert_eq!(save(&model, SaveAs::Same), bytes, "{case}: untouched, it is the same file");
        let (name, mut data) = pollster::block_on(model.state_dict()).unwrap().remove(0);
        for value in data.bytes.chunks_exact_mut(4) {
            let new = f32::from_le_bytes([value[0], value[1], value[2], value[3]]) * 1.5 + 0.1;
            value.copy_from_slice(&new.to_le_bytes());
        }
        model.set(&name, &data).unwrap();
        let mut outputs = Vec::new();
        numbers(&run(&mut model, &inputs(case)).unwrap(), &mut outputs);
        for (what, file) in [(SaveAs::Same, format!("{case}.pt2")), (SaveAs::StateDict, format!("{case}.pth"))] {
            std::fs::write(out.join(file), save(&model, what)).unwrap();
        }
        manifest.push(json!({"case": case, "outputs": outputs}));
    }
    std::fs::write(out.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let Some(python) = std::env::var_os("TORCHTAB_PYTHON") else {
        eprintln!("TORCHTAB_PYTHON is not set: the round trip through torch is left to cargo xtask test");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch/exported.py");
    let output = Command::new(python).arg("-B").arg(script).arg(&out).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} programs", manifest.len()), "{text}");
}
