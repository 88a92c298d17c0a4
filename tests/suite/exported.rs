//! Networks as data: what `graph()` gives builds again without source, runs and trains to the same numbers, and is refused when it lies.

use crate::network::{self, Setting, answer, arguments};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use torchtab::engine::device::Choice;
use torchtab::error::Kind;
use torchtab::session::BuildOptions;
use torchtab::session::input::Inputs;
use torchtab::source::Quiet;

/// Folders of cases whose networks are built from what `graph()` gave.
const FOLDERS: &[&str] = &["networks", "habits", "hands", "zoo", "deduced"];

fn cases() -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let inside = FOLDERS.iter().flat_map(|name| root.join(name).read_dir().unwrap().flatten().map(|e| e.path()));
    let mut found: Vec<_> = inside
        .filter_map(|folder| {
            let text = std::fs::read_to_string(folder.join("case.json")).ok()?;
            Some((folder, serde_json::from_str(&text).unwrap()))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// JSON as it comes back from JavaScript, which has one kind of number: a float without a fraction is written as an int.
fn through_javascript(text: &str) -> String {
    fn pass(value: &mut Value) {
        match value {
            Value::Number(number) => {
                if let Some(whole) = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e15) {
                    *value = json!(whole as i64);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(pass),
            Value::Object(items) => items.values_mut().for_each(pass),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap();
    pass(&mut value);
    value.to_string()
}

fn graph_only(options: &BuildOptions, graph: String) -> BuildOptions {
    let state_dict = options.state_dict.clone();
    BuildOptions { graph: Some(graph), state_dict, strict: true, ..BuildOptions::default() }
}

#[test]
fn every_network_builds_again_from_its_graph() {
    let mut built = 0;
    for (folder, case) in cases() {
        let setting = Setting { folder: &folder, case: &case, device: Choice::Cpu };
        let options = setting.options(&case, setting.source().unwrap());
        // Cases that ask for something build no network.
        let Ok(mut model) = setting.built(&case, &options) else { continue };
        let tensors = setting.inputs().unwrap();
        if tensors.is_empty() {
            continue;
        }
        let inputs: Inputs = arguments(&case["call"], &tensors).unwrap();
        let Ok(wanted) = answer(&mut model, &inputs) else { continue };
        let graph = through_javascript(&model.graph(None).unwrap());
        let mut again = match setting.built(&case, &graph_only(&options, graph)) {
            Ok(again) => again,
            Err(error) => panic!("{}: {error}", folder.display()),
        };
        let got = answer(&mut again, &inputs).unwrap_or_else(|text| panic!("{}: {text}", folder.display()));
        assert_eq!(got, wanted, "{}", folder.display());
        let names = |m: &torchtab::session::model::Model| {
            let state = pollster::block_on(m.state_dict()).unwrap();
            state.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&again), names(&model), "{}", folder.display());
        built += 1;
    }
    assert!(built > 100, "only {built} networks were tried");
}

fn digits() -> (PathBuf, Value) {
    cases().into_iter().find(|(folder, _)| folder.ends_with("networks/digits")).unwrap()
}

#[test]
fn training_goes_the_same_way_from_source_and_from_the_graph() {
    let (folder, case) = digits();
    let setting = Setting { folder: &folder, case: &case, device: Choice::Cpu };
    let options = setting.options(&case, setting.source().unwrap());
    let mut model = setting.built(&case, &options).unwrap();
    let inputs = arguments(&case["call"], &setting.inputs().unwrap()).unwrap();
    answer(&mut model, &inputs).unwrap();
    let graph = through_javascript(&model.graph(None).unwrap());
    let mut again = setting.built(&case, &graph_only(&options, graph)).unwrap();
    let batch = inputs.tensors()[0].shape[0];
    let targets = json!({ "dtype": "int64", "shape": [batch], "data": (0..batch).map(|i| i % 10).collect::<Vec<_>>() });
    let targets = [network::tensor(&folder, &targets).unwrap()];
    let train = json!({ "loss": "CrossEntropyLoss", "optimizer": { "class": "SGD", "hyper": { "lr": 0.1 } } });
    let train = serde_json::from_value(train).unwrap();
    let mut losses = Vec::new();
    for model in [&mut model, &mut again] {
        pollster::block_on(async {
            model.prepare(&train).await.unwrap();
            for _ in 0..3 {
                losses.push(model.step(&inputs, &targets, &Quiet).await.unwrap().losses);
            }
        });
    }
    assert_eq!(losses[..3], losses[3..]);
    assert!(losses[0] != losses[1], "nothing was trained: {losses:?}");
}

#[test]
fn a_graph_is_refused_for_what_it_was_not_traced_for() {
    let (folder, case) = digits();
    let setting = Setting { folder: &folder, case: &case, device: Choice::Cpu };
    let options = setting.options(&case, setting.source().unwrap());
    let mut model = setting.built(&case, &options).unwrap();
    let graph = model.graph(None).unwrap();
    let mut again = setting.built(&case, &graph_only(&options, graph)).unwrap();
    let inputs = arguments(&case["call"], &setting.inputs().unwrap()).unwrap();
    assert!(inputs.tensors()[0].shape[0] > 1, "the case's batch is the one that graph() takes by itself");
    let error = pollster::block_on(again.run(&inputs, &Quiet)).unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Mismatch, "graph_shape"), "{error}");
}

#[test]
fn a_graph_that_lies_is_refused() {
    let (folder, case) = digits();
    let setting = Setting { folder: &folder, case: &case, device: Choice::Cpu };
    let options = setting.options(&case, setting.source().unwrap());
    let honest: Value = serde_json::from_str(&setting.built(&case, &options).unwrap().graph(None).unwrap()).unwrap();
    type Lie = fn(&mut Value);
    let lies: &[Lie] = &[
        |g| g["format"] = json!("onnx"),
        |g| g["version"] = json!(2),
        |g| g["traces"] = json!([]),
        |g| g["modules"] = json!([]),
        |g| g["modules"][1]["path"] = json!("nobody.knows"),
        |g| g["traces"][0]["graph"]["leaves"][0]["names"][0] = json!("nobody.weight"),
        |g| {
            let graph = &mut g["traces"][0]["graph"];
            let made = graph["nodes"][0]["outputs"][0].as_u64().unwrap() as usize;
            graph["values"][made]["shape"] = json!([1, 1, 9, 9]);
        },
        |g| g["traces"][0]["graph"]["nodes"][0]["inputs"][0] = json!(99_999),
        |g| g["traces"][1]["graph"]["leaves"].as_array_mut().unwrap().truncate(1),
        |g| *g = json!([1, 2, 3]),
    ];
    for (at, lie) in lies.iter().enumerate() {
        let mut graph = honest.clone();
        lie(&mut graph);
        let error = setting.built(&case, &graph_only(&options, graph.to_string())).err();
        let error = error.unwrap_or_else(|| panic!("lie {at} was believed"));
        assert!(matches!(error.kind, Kind::Malformed | Kind::Unsupported | Kind::Mismatch), "lie {at}: {error}");
    }
}
