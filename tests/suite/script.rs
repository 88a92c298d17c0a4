//! TorchScript archives: what is trained goes back into the archive, torch loads that, and code that is wrong or hostile ends in an error that
//! says where.

use crate::allocation::peak;
use crate::forge::*;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};
use torchtab::checkpoint::{Checkpoint, Format};
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::error::{Error, Kind};
use torchtab::session::input::{Input, Inputs, Output};
use torchtab::session::model::Model;
use torchtab::session::save::{SaveAs, SaveFormat};
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{MemorySource, Parts, Quiet};

fn cases() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/script")
}

async fn build(bytes: Vec<u8>) -> Result<Model, Error> {
    let session = Session::open(Rc::new(MemorySource::new(bytes, None)), &Quiet).await?;
    session.build(&BuildOptions { strict: true, ..BuildOptions::default() }, &Quiet).await
}

fn saved(model: &Model, what: SaveAs, bytes: &[u8]) -> Vec<u8> {
    let mut parts = Parts::default();
    pollster::block_on(model.save(what, SaveFormat::Pth, "model.pt", &mut parts)).unwrap();
    pollster::block_on(parts.collect(&MemorySource::new(bytes.to_vec(), None))).unwrap()
}

fn floats(shape: &[usize]) -> TensorData {
    let count: usize = shape.iter().product();
    let bytes = (0..count).flat_map(|i| (((i * 37 + 11) % 101) as f32 / 50.0 - 1.0).to_le_bytes()).collect();
    TensorData::new(DType::Float32, shape.to_vec(), bytes).unwrap()
}

fn leaves(output: &Output) -> Vec<TensorData> {
    match output {
        Output::Tensor(data) => vec![data.clone()],
        Output::Tuple(items) | Output::List(items) => items.iter().flat_map(leaves).collect(),
        Output::Dict(items) => items.iter().flat_map(|(_, item)| leaves(item)).collect(),
        _ => Vec::new(),
    }
}

fn plain(data: &TensorData) -> serde_json::Value {
    let values: Vec<f32> = data.bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    json!({ "shape": data.shape, "data": values })
}

/// Every parameter of an archive gets other values; torch must load the archive, and its outputs must be ours.
#[test]
fn torch_runs_what_we_save() {
    let Some(python) = std::env::var_os("TORCHTAB_PYTHON") else {
        eprintln!("TORCHTAB_PYTHON is not set: the round trip through torch is left to cargo xtask test");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("script-round-trip");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut manifest = Vec::new();
    for (name, network, shape) in [
        ("mlp_traced", "Mlp", vec![3, 6]),
        ("cnn_scripted", "Cnn", vec![3, 1, 9, 9]),
        ("resnet_scripted", "ResNet", vec![2, 3, 32, 32]),
        ("counter", "Counter", vec![4, 5]),
        ("cells", "Cells", vec![4, 2, 4]),
    ] {
        let bytes = std::fs::read(cases().join(name).join("model.pt")).unwrap();
        let mut model = pollster::block_on(build(bytes.clone())).unwrap();
        assert_eq!(saved(&model, SaveAs::Same, &bytes), bytes, "{name}: an untouched archive is the same bytes");
        let state = pollster::block_on(model.state_dict()).unwrap();
        for (key, data) in state.iter().filter(|(_, data)| data.dtype == DType::Float32 && data.shape.len() > 1) {
            model.set(key, &floats(&data.shape)).unwrap();
        }
        let input = floats(&shape);
        let inputs = Inputs { positional: vec![Input::Tensor(input.clone())], ..Inputs::default() };
        let ran = pollster::block_on(model.run(&inputs, &Quiet)).unwrap();
        let outputs: Vec<_> = leaves(&ran.output).iter().map(plain).collect();
        for (what, kind) in [(SaveAs::Same, "script"), (SaveAs::StateDict, "state_dict")] {
            let file = format!("{name}-{kind}.pt");
            std::fs::write(folder.join(&file), saved(&model, what, &bytes)).unwrap();
            manifest.push(json!({
                "file": file, "kind": kind, "network": network, "input": plain(&input), "outputs": outputs,
            }));
        }
    }
    std::fs::write(folder.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch/script.py");
    let output = Command::new(python).arg("-B").arg(script).arg(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} files", manifest.len()), "{text}");
}

/// An archive of one module `Net` with this code.
fn script(files: &[(&str, &str)]) -> Vec<u8> {
    let object = pickle(b"c__torch__\nNet\n)\x81}(X\x08\x00\x00\x00training\x89ub".as_slice());
    let mut records = archive(object, 0);
    records.push(record("a/constants.pkl", pickle(b")".as_slice())));
    records.extend(files.iter().map(|(name, text)| record(&format!("a/code/{name}.py"), *text)));
    zip(&records)
}

/// The same with `forward`'s body.
fn forward(body: &str) -> Vec<u8> {
    let head = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n";
    script(&[("__torch__", &format!("{head}  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n{body}"))])
}

fn run(bytes: Vec<u8>) -> Result<Vec<TensorData>, Error> {
    pollster::block_on(async {
        let mut model = build(bytes).await?;
        let inputs = Inputs { positional: vec![Input::Tensor(floats(&[2]))], ..Inputs::default() };
        Ok(leaves(&model.run(&inputs, &Quiet).await?.output))
    })
}

#[test]
fn forged_archives_are_read() {
    let y = run(forward("    return torch.add(torch.mul(x, 2), x, alpha=3)\n")).unwrap();
    let y: Vec<f32> = y[0].bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    assert!((y[0] + 3.9).abs() < 1e-5 && (y[1] + 0.2).abs() < 1e-5, "{y:?}");
    let checkpoint =
        pollster::block_on(Checkpoint::open(Rc::new(MemorySource::new(forward("    return x\n"), None)), &Quiet))
            .unwrap();
    assert_eq!(checkpoint.format(), Format::TorchScript);
    assert_eq!(checkpoint.script().unwrap().version, 3);
}

#[test]
fn inputs_are_told_by_the_first_layer() {
    let hint = |case: &str| {
        let bytes = std::fs::read(cases().join(case).join("model.pt")).unwrap();
        let mut hints = pollster::block_on(build(bytes)).unwrap().inputs();
        let hint = hints.remove(0);
        (hint.name, hint.shape.unwrap_or_default())
    };
    assert_eq!(hint("mlp_traced"), ("x".to_owned(), vec![-1, 6]));
    assert_eq!(hint("cnn_scripted"), ("x".to_owned(), vec![-1, 1, -1, -1]));
    assert_eq!(hint("lstm_scripted"), ("ids".to_owned(), vec![-1, -1]));
}

#[test]
fn bad_code_says_where() {
    let cyclic = script(&[
        (
            "__torch__",
            "class Net(__torch__.a.Base):\n  def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n    return x\n",
        ),
        ("__torch__/a", "class Base(__torch__.Net):\n  pass\n"),
    ]);
    let huge = format!("class Net(Module):\n  a = {}1{}\n", "(".repeat(4000), ")".repeat(4000));
    let cases = [
        ("recursion", forward("    return (self).forward(x, )\n"), Kind::TooLarge, "depth of"),
        (
            "a loop without end",
            forward("    while True:\n      x = torch.neg(x)\n    return x\n"),
            Kind::TooLarge,
            "number of",
        ),
        (
            "a list without end",
            forward("    y = [1]\n    while True:\n      y = torch.add(y, y)\n    return x\n"),
            Kind::TooLarge,
            "number of",
        ),
        (
            "a class that is not there",
            forward("    return __torch__.foo.bar(x, )\n"),
            Kind::Mismatch,
            "has no attribute 'foo'",
        ),
        ("no code", script(&[]), Kind::Malformed, "no module class __torch__.Net"),
        (
            "no class",
            script(&[("__torch__", "def Net(x):\n  return x\n")]),
            Kind::Malformed,
            "no module class __torch__.Net",
        ),
        ("no Python", forward("    return (x\n"), Kind::Malformed, "SyntaxError"),
        ("classes that inherit from each other", cyclic, Kind::Malformed, "no module class"),
        ("deep nesting", script(&[("__torch__", &huge)]), Kind::TooLarge, "nesting"),
        ("an operator that is none", forward("    return torch.frobnicate(x)\n"), Kind::Unsupported, "frobnicate"),
        ("an extension", forward("    return ops.torchvision.nms(x, x, 0.5)\n"), Kind::Unsupported, "torchvision::nms"),
        ("C++", forward("    return __torch__.torch.classes.quantized.Params(x)\n"), Kind::Unsupported, "quantized"),
        ("fork", forward("    return wait(fork(self, x))\n"), Kind::Unsupported, "torch.jit.fork"),
        ("a huge tensor", forward("    return torch.zeros([1000000, 1000000, 1000000])\n"), Kind::TooLarge, ""),
        ("a constant that is not there", forward("    return torch.add(x, CONSTANTS.c99)\n"), Kind::Mismatch, "c99"),
        ("an import", forward("    import os\n    return os.listdir(x)\n"), Kind::Unsupported, "os.listdir"),
        (
            "raised",
            forward("    ops.prim.RaiseException(\"no\", \"builtins.ValueError\")\n    return x\n"),
            Kind::Mismatch,
            "ValueError: no",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, kind, words) in cases {
        let start = Instant::now();
        let (result, memory) = peak(|| run(bytes));
        let right = matches!(&result, Err(e) if e.kind == kind && e.message.contains(words) && e.location.is_some());
        if !right || memory > 1 << 30 || start.elapsed() > Duration::from_secs(20) {
            wrong.push(format!("{name}: {:?} with {memory} bytes: {result:?}", start.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
