//! What `forward` wants, told without an example, where it takes several inputs; and what it costs to say so of values that only a run knows.

use serde_json::{Value, json};
use std::path::Path;
use torchtab::engine::device::Choice;

fn inputs(case: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    let case: Value = serde_json::from_str(&text).unwrap();
    let setting = crate::network::Setting { folder: &folder, case: &case, device: Choice::Cpu };
    let mut model = setting.build(&case, setting.source().unwrap()).unwrap();
    serde_json::to_value(model.inputs()).unwrap()
}

#[test]
fn several_inputs_have_shapes_that_pass() {
    let tokens = |name: &str, shape: &[i64]| json!({"name": name, "optional": false, "shape": shape, "dtype": "int64", "kind": "tokens"});
    let found = inputs("strangers/teacher");
    assert_eq!(found[0], tokens("src", &[-1, -1]), "{found}");
    assert_eq!(found[1], tokens("trg", &[-1, -1]), "{found}");
    assert_eq!(found[2]["optional"], true);
    let found = inputs("hands/recommender");
    assert!(found.as_array().unwrap().iter().all(|hint| hint["kind"] == "tokens"), "{found}");
    let found = inputs("hands/cgan");
    assert_eq!(found[0]["shape"], json!([-1, 10]), "{found}");
    assert_eq!(found[1], tokens("labels", &[-1]), "{found}");
}
