//! The zoo's networks have the originals' keys and shapes; full-size files that torch writes run by themselves; what is no known network is
//! asked for, and proposed.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use torchtab::engine::device::Choice;
use torchtab::graph::LeafKind;
use torchtab::network::zoo::{self, Facts};

/// Number of keys, number of parameters, digest of the lines `key sizes`: as `tests/oracle/zoo_keys.py` wrote them of the originals.
fn facts(expression: &str) -> Value {
    let none = Facts { offered: &[], modules: None, version: &|_| None };
    let (network, _) = zoo::by_name(expression, &none).unwrap();
    let shapes: HashMap<&str, &[usize]> =
        network.leaves().iter().flat_map(|l| l.names.iter().map(|n| (n.as_str(), l.info.shape.as_slice()))).collect();
    let mut hash = Sha256::new();
    for key in network.state_dict_keys() {
        let sizes: Vec<_> = shapes[key.as_str()].iter().map(usize::to_string).collect();
        hash.update(format!("{key} {}\n", sizes.join(",")));
    }
    let mut digest = String::new();
    for byte in hash.finalize() {
        write!(digest, "{byte:02x}").unwrap();
    }
    let parameters = network.leaves().iter().filter(|l| l.kind == LeafKind::Parameter);
    let parameters: usize = parameters.map(|l| l.info.shape.iter().product::<usize>()).sum();
    serde_json::json!({"keys": network.state_dict_keys().len(), "parameters": parameters, "sha256": digest})
}

#[test]
fn every_variant_has_the_originals_keys_and_shapes() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/zoo_keys.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert!(expected.len() > 60, "only {} variants", expected.len());
    let wrong: Vec<_> = expected.iter().filter(|(expression, want)| facts(expression) != **want).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn full_size_files_of_torch_run_by_themselves() {
    let Some(python) = std::env::var_os("TORCHTAB_PYTHON") else {
        eprintln!("TORCHTAB_PYTHON is not set: full-size networks are left to cargo xtask test");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zoo");
    let _ = std::fs::remove_dir_all(&folder);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch/full_size.py");
    let output = Command::new(python).arg("-B").arg(script).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let passed = crate::visit::run(std::slice::from_ref(&folder), None, Choice::Cpu);
    let _ = std::fs::remove_dir_all(&folder);
    assert!(passed, "a case failed; its line is above");
}

#[test]
fn a_name_that_the_zoo_has_not_is_told_with_those_it_has() {
    let none = Facts { offered: &[], modules: None, version: &|_| None };
    let error = zoo::by_name("resnet19", &none).err().unwrap();
    assert_eq!(error.code, "unknown_network");
    assert!(error.hint.unwrap().contains("resnet"));
    let error = zoo::by_name("resnet18(classes=3)", &none).err().unwrap();
    assert!(error.message.contains("unexpected keyword argument 'classes'"), "{error}");
}
