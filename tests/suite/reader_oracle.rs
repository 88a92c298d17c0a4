//! The crate `pytorch-reader` and we agree on every fixture that it can read: names, shapes and bytes of the tensors.

use crate::robustness::fixtures;
use pytorch_reader::PytorchReader;
use std::rc::Rc;
use torchtab::checkpoint::Checkpoint;
use torchtab::source::{FileSource, Quiet};

/// Fixtures that it refuses or reads otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("formats/cycle.pth", "a dict in itself"),
    ("formats/dtypes.pth", "float8 and complex tensors"),
    ("formats/protocol", "no state_dict at the root: it wants a dict of tensors"),
    ("formats/views", "complex tensors, a conjugate"),
    ("formats/weights.safetensors", "no pickle"),
    ("objects/module.pth", "it leaves out what is no state: non-persistent buffers"),
    ("objects/module_legacy.pth", "it does not know the classes in legacy files"),
    ("objects/numpy.pth", "no tensors"),
    ("objects/plain", "tensors inside plain pickles"),
    ("objects/python", "it wants names for keys"),
    ("objects/rare.pth", "float8 and complex tensors"),
    ("objects/special.pth", "quantised and sparse tensors"),
];

#[test]
fn same_tensors() {
    let mut compared = 0;
    for file in fixtures() {
        let name = file.components().rev().take(2).map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>();
        let name = format!("{}/{}", name[1], name[0]);
        let source = Rc::new(FileSource::open(&file).unwrap());
        let Ok(ours) = pollster::block_on(Checkpoint::open(source, &Quiet)) else {
            assert!(PytorchReader::new(&file).is_err(), "{name}: we refuse what pytorch-reader reads");
            continue;
        };
        if OTHERWISE.iter().any(|(start, _)| name.starts_with(start)) {
            continue;
        }
        let prefix = ours.state_dicts().into_iter().next().map_or(String::new(), |s| s.path);
        let theirs = PytorchReader::new(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (key, tensor) in theirs.tensors() {
            let own = key.strip_prefix(&format!("{prefix}.")).unwrap_or(key);
            let id = ours.named(own).unwrap_or_else(|e| panic!("{name}: {e}"));
            let values = pollster::block_on(ours.read(id)).unwrap();
            assert_eq!(values.shape, tensor.shape(), "{name} {key}");
            assert_eq!(values.bytes, tensor.read().unwrap(), "{name} {key}");
            compared += 1;
        }
        assert_eq!(theirs.tensors().len(), ours.entries().len(), "{name}");
    }
    assert!(compared > 60, "only {compared} tensors were compared");
}
