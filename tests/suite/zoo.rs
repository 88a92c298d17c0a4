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
use torchtab::network::state::Offered;
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

/// What is proposed for a file; the network of every proposal takes the file's weights.
fn proposed(path: &Path) -> String {
    let source = std::rc::Rc::new(torchtab::source::FileSource::open(path).unwrap());
    let session = pollster::block_on(torchtab::session::Session::open(source, &torchtab::source::Quiet)).unwrap();
    let Some(proposal) = session.propose(None).unwrap() else { return "nothing".into() };
    let options = torchtab::session::BuildOptions {
        source: Some(proposal.source.clone()),
        construct: Some(proposal.construct),
        strict: true,
        device: Choice::Cpu,
        ..Default::default()
    };
    pollster::block_on(session.build(&options, &torchtab::source::Quiet)).unwrap();
    proposal.source
}

#[test]
fn stacks_are_proposed_as_source() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/zoo");
    let mut compared = 0;
    for folder in cases.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.file_name().unwrap().to_string_lossy().starts_with("stack_") {
            continue;
        }
        for (file, expected) in [("state_dict.pth", "proposal.py"), ("plain.pth", "proposal_plain.py")] {
            let got = proposed(&folder.join(file));
            if std::env::var_os("TORCHTAB_BLESS").is_some() {
                std::fs::write(folder.join(expected), &got).unwrap();
            }
            let want = std::fs::read_to_string(folder.join(expected)).unwrap();
            assert_eq!(got, want, "{}", folder.join(expected).display());
            compared += 1;
        }
    }
    assert_eq!(compared, 8);
    assert_eq!(proposed(&cases.join("../networks/no_source/model.pth")), "nothing");
}

/// A file may claim any sizes: a family's function and constructor end in an error or a network, in bounded time.
#[test]
fn absurd_sizes_end() {
    let none = Facts { offered: &[], modules: None, version: &|_| None };
    let expressions = [
        "resnet18()",
        "mobilenet_v2()",
        "mobilenet_v3_small()",
        "vgg11()",
        "alexnet()",
        "densenet121()",
        "efficientnet_b0()",
        "shufflenet_v2_x0_5()",
        "googlenet()",
        "squeezenet1_0()",
        "convnext_tiny()",
        "vit_b_32()",
        "swin_t()",
        "BertModel(BertConfig(num_hidden_layers=1))",
        "DistilBertModel(DistilBertConfig(n_layers=1))",
        "GPT2LMHeadModel(GPT2Config(n_layer=1, saved_masks=('bias',)))",
        "UNet(1, 2)",
        "Generator()",
        "LeNet()",
    ];
    for expression in expressions {
        let (network, _) = zoo::by_name(expression, &none).unwrap();
        let modules: Vec<String> = network.versions().iter().map(|(path, _)| path.clone()).collect();
        for size in [0, 1, 1 << 20, 1 << 33, u64::MAX >> 1, u64::MAX] {
            let leaves = network.leaves().iter().filter(|leaf| leaf.persistent);
            let offered: Vec<_> = leaves
                .flat_map(|leaf| {
                    leaf.names
                        .iter()
                        .map(|name| Offered { key: name.clone(), shape: vec![size; leaf.info.shape.len()] })
                })
                .collect();
            let facts = Facts { offered: &offered, modules: Some(&modules), version: &|_| None };
            let start = std::time::Instant::now();
            assert!(
                matches!(zoo::recognise(&facts), zoo::Search::Nothing(_)) || size < 2,
                "{expression} of size {size}"
            );
            let _ = torchtab::network::propose::propose(&offered, None);
            let spent = start.elapsed().as_secs();
            assert!(spent < 20, "{expression} of size {size} took {spent} s");
        }
    }
}
