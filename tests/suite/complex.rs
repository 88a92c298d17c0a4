//! Complex parameters: what is trained of them, and kept of them by an optimizer, goes back into a file as complex tensors.

use std::path::Path;
use std::rc::Rc;
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::engine::device::Choice;
use torchtab::engine::value::Value;
use torchtab::session::model::Model;
use torchtab::session::save::{SaveAs, SaveFormat};
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{ByteSource, MemorySource, Parts, Quiet};
use torchtab::train::Gradients;

fn build(bytes: Vec<u8>) -> (Rc<dyn ByteSource>, Model) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/train/resume_complex");
    let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(bytes, None));
    let session = pollster::block_on(Session::open(source.clone(), &Quiet)).unwrap();
    let options = BuildOptions {
        source: Some(std::fs::read_to_string(folder.join("model.py")).unwrap()),
        construct: Some("Net(2, 3)".to_owned()),
        device: Choice::Cpu,
        strict: true,
        ..BuildOptions::default()
    };
    (source, pollster::block_on(session.build(&options, &Quiet)).unwrap())
}

fn weights(model: &Model) -> TensorData {
    let state = pollster::block_on(model.state_dict()).unwrap();
    state.into_iter().find(|(name, _)| name == "weights").unwrap().1
}

#[test]
fn trained_complex_weights_are_saved_as_complex_tensors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/train/resume_complex/checkpoint.pth");
    let (source, mut model) = build(std::fs::read(path).unwrap());
    let before = weights(&model);
    assert_eq!((before.dtype, before.shape.as_slice()), (DType::Complex64, [2, 2, 3].as_slice()));
    pollster::block_on(model.resume_training(None, None)).unwrap();
    let mut gradients = Gradients::default();
    for parameter in model.parameters() {
        let count: usize = parameter.info.shape.iter().product();
        let bytes = (0..count).flat_map(|i| (i as f32 / 8.0 - 0.5).to_le_bytes()).collect();
        let data = TensorData::new(DType::Float32, parameter.info.shape.clone(), bytes).unwrap();
        gradients.insert(parameter.leaf, Value::upload(model.device(), &data).unwrap());
    }
    model.apply_gradients(&gradients).unwrap();
    let trained = weights(&model);
    assert_ne!(trained.bytes, before.bytes);
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("complex");
    std::fs::create_dir_all(&out).unwrap();
    for (what, name) in [(SaveAs::Same, "same"), (SaveAs::Checkpoint, "checkpoint"), (SaveAs::StateDict, "state_dict")]
    {
        let mut parts = Parts::default();
        pollster::block_on(model.save(what, SaveFormat::Pth, name, &mut parts)).unwrap();
        let saved = pollster::block_on(parts.collect(&*source)).unwrap();
        std::fs::write(out.join(format!("{name}.pth")), &saved).unwrap();
        let (_, mut again) = build(saved);
        assert_eq!(weights(&again), trained, "{name}");
        if what != SaveAs::StateDict {
            pollster::block_on(again.resume_training(None, None)).unwrap();
        }
    }
}
