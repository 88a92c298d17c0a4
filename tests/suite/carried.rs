//! The code that files carry is told as text; Python among it builds the same network when it is pasted.

use std::path::Path;
use std::rc::Rc;
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::engine::device::Choice;
use torchtab::network::carried::Dialect;
use torchtab::session::input::{Input, Inputs, Output};
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{MemorySource, Quiet};

fn open(path: &str) -> Session {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    pollster::block_on(Session::open(Rc::new(MemorySource::new(bytes, None)), &Quiet)).unwrap()
}

/// What the file's network gives for ones, built by the file alone or from pasted source.
fn output(session: &Session, source: Option<String>, shape: &[usize]) -> TensorData {
    let ones = 1.0f32.to_le_bytes().repeat(shape.iter().product());
    let input = Input::Tensor(TensorData::new(DType::Float32, shape.to_vec(), ones).unwrap());
    let options = BuildOptions { source, device: Choice::Cpu, strict: true, ..BuildOptions::default() };
    let output = pollster::block_on(async {
        let mut model = session.build(&options, &Quiet).await?;
        model.run(&Inputs { positional: vec![input], keyword: Vec::new() }, &Quiet).await
    });
    match output.unwrap().output {
        Output::Tensor(data) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn carried_python_builds_when_it_is_pasted() {
    let files = [
        ("samples/denoise/denoise.pt", "class Denoiser(nn.Module):", &[1, 1, 16, 16][..]),
        ("tests/cases/export/mlp/model.pt2", "torch.ops.aten.linear.default(", &[4, 6]),
    ];
    for (path, part, shape) in files {
        let session = open(path);
        let code = session.code().unwrap();
        assert_eq!(code.dialect, Dialect::Python, "{path}");
        assert!(code.text.contains(part), "{path}: {}", code.text);
        assert_eq!(output(&session, Some(code.text), shape), output(&session, None, shape), "{path}");
    }
}

#[test]
fn an_archives_code_is_told_with_its_paths() {
    let code = open("tests/cases/script/cells/model.pt").code().unwrap();
    assert_eq!(code.dialect, Dialect::TorchScript);
    assert!(code.text.starts_with("# code/__torch__"), "{}", code.text);
    assert!(code.text.contains("def forward(self: "), "{}", code.text);
}

#[test]
fn files_without_code_tell_none() {
    assert_eq!(open("samples/digits/digits.pth").code(), None);
}
