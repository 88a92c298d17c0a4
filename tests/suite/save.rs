//! Saving: files with changed tensors, fresh files, converted ones, read back and compared byte by byte.

use crate::robustness::fixtures;
use indexmap::IndexMap;
use std::rc::Rc;
use torchtab::checkpoint::globals::Verdict;
use torchtab::checkpoint::storage::{Place, StorageId};
use torchtab::checkpoint::tensor::TensorId;
use torchtab::checkpoint::write::adopt::Adoption;
use torchtab::checkpoint::write::draft::{Draft, DraftStorage, Strided, contiguous_stride};
use torchtab::checkpoint::write::fresh::Origin;
use torchtab::checkpoint::write::plain::Plain;
use torchtab::checkpoint::write::revise::{Edit, Key};
use torchtab::checkpoint::{Checkpoint, Format};
use torchtab::data::TensorData;
use torchtab::dtype::{Category, DType};
use torchtab::error::Warning;
use torchtab::pickle::object::{NodeId, Object};
use torchtab::source::{ByteSource, MemorySource, Part, Parts, Quiet};
use torchtab::zip::directory::Directory;

pub fn open(bytes: &[u8]) -> (Rc<dyn ByteSource>, Checkpoint) {
    let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(bytes.to_vec(), None));
    let checkpoint = pollster::block_on(Checkpoint::open(source.clone(), &Quiet)).unwrap();
    (source, checkpoint)
}

/// The files of the format cases, and those made for saving, that open.
pub fn readable() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/save");
    let mut made: Vec<_> = folder.read_dir().unwrap().map(|e| e.unwrap().path()).collect();
    made.retain(|f| f.extension().is_some_and(|e| e == "pth" || e == "safetensors"));
    made.sort();
    let all = fixtures().into_iter().chain(made).filter_map(|file| {
        let bytes = std::fs::read(&file).unwrap();
        let source = Rc::new(MemorySource::new(bytes.clone(), None));
        pollster::block_on(Checkpoint::open(source, &Quiet)).ok()?;
        Some((file.file_name().unwrap().to_string_lossy().into_owned(), bytes))
    });
    all.collect()
}

fn save(
    source: &dyn ByteSource,
    checkpoint: &Checkpoint,
    changes: &IndexMap<TensorId, TensorData>,
) -> (Parts, Vec<u8>) {
    let mut parts = Parts::default();
    pollster::block_on(checkpoint.save_changed(changes, &mut parts)).unwrap();
    let bytes = pollster::block_on(parts.collect(source)).unwrap();
    (parts, bytes)
}

fn ids(checkpoint: &Checkpoint) -> Vec<TensorId> {
    let all = (0..checkpoint.tensors().len()).map(|i| TensorId(u32::try_from(i).unwrap()));
    // Bytes that the pickle holds have no place of their own in the file.
    let placed = |id: &TensorId| {
        let tensor = checkpoint.tensor(*id).unwrap();
        let place = tensor.storage.map(|s| &checkpoint.storage(s).unwrap().place);
        tensor.unloadable.is_none() && !matches!(place, Some(Place::Memory(_)))
    };
    all.filter(placed).collect()
}

fn read(checkpoint: &Checkpoint, id: TensorId) -> TensorData {
    pollster::block_on(checkpoint.read(id)).unwrap()
}

/// A tensor of the same shape full of ones: in float32, which the file's dtype is not as a rule.
fn ones(like: &TensorData) -> TensorData {
    if like.dtype.category() == Category::Complex {
        let mut element = vec![0; like.dtype.size()];
        element[like.dtype.size() / 2 - 1] = 0x3f;
        return TensorData::new(like.dtype, like.shape.clone(), element.repeat(like.numel())).unwrap();
    }
    if like.dtype == DType::Float8E8M0FNU {
        // Nothing converts to it: it holds powers of two alone, 127 is 2^0.
        return TensorData::new(like.dtype, like.shape.clone(), vec![127; like.numel()]).unwrap();
    }
    let bytes = 1f32.to_le_bytes().repeat(like.numel());
    TensorData::new(DType::Float32, like.shape.clone(), bytes).unwrap()
}

/// Python's and the `zip` crate's readers check what torch's does not: checksums, in both places.
fn checksums_fit(bytes: &[u8]) {
    let mut oracle = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    for index in 0..oracle.len() {
        std::io::copy(&mut oracle.by_index(index).unwrap(), &mut std::io::sink()).unwrap();
    }
}

#[test]
fn every_tensor_changed() {
    for (name, bytes) in readable() {
        let (source, checkpoint) = open(&bytes);
        let changes: IndexMap<_, _> =
            ids(&checkpoint).into_iter().map(|id| (id, ones(&read(&checkpoint, id)))).collect();
        if changes.is_empty() {
            continue;
        }
        let (_, saved) = save(&*source, &checkpoint, &changes);
        let (_, again) = open(&saved);
        assert!(again.warnings().len() <= checkpoint.warnings().len(), "{name}: {:?}", again.warnings());
        assert_eq!(checkpoint.tensors(), again.tensors(), "{name}");
        assert_eq!(checkpoint.tree().len(), again.tree().len(), "{name}");
        for (id, values) in &changes {
            let want = if read(&again, *id).dtype == values.dtype {
                values.clone()
            } else {
                values.to(read(&again, *id).dtype).unwrap()
            };
            assert_eq!(read(&again, *id), want, "{name}: tensor {}", id.0);
        }
        if checkpoint.format() == Format::Zip {
            checksums_fit(&saved);
        }
        if name != "deflated.pth" {
            only_storages_differ(&bytes, &saved, &checkpoint, &name);
        }
    }
}

/// The same length, and the same bytes outside the storages and the places of their checksums.
fn only_storages_differ(old: &[u8], new: &[u8], checkpoint: &Checkpoint, name: &str) {
    assert_eq!(old.len(), new.len(), "{name}");
    let source = MemorySource::new(old.to_vec(), None);
    let mut free = vec![false; old.len()];
    let at = |place: u64| usize::try_from(place).unwrap();
    let mut open = |start: u64, len: u64| free[at(start)..at(start + len)].fill(true);
    for index in 0.. {
        let Ok(storage) = checkpoint.storage(StorageId(index)) else { break };
        match &storage.place {
            Place::Range(range) => open(range.start, range.end - range.start),
            Place::Record(entry) => {
                let data = pollster::block_on(entry.data_offset(&source)).unwrap();
                open(data, entry.size + 16);
                open(entry.central_offset + 16, 4);
            }
            _ => {}
        }
    }
    for (at, (a, b)) in old.iter().zip(new).enumerate() {
        assert!(a == b || free[at], "{name}: byte {at:#x} changed");
    }
}

#[test]
fn a_strided_view_changes_only_its_elements() {
    for name in ["views.pth", "views_legacy.pth"] {
        let bytes = std::fs::read(format!("{}/tests/cases/formats/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (source, checkpoint) = open(&bytes);
        let every = checkpoint.state_dicts()[0].keys["every"];
        let values: Vec<u8> = [-1f32, -2.0, -3.0, -4.0, -5.0].iter().flat_map(|f| f.to_le_bytes()).collect();
        let changes = IndexMap::from([(every, TensorData::new(DType::Float32, vec![5], values).unwrap())]);
        let (parts, saved) = save(&*source, &checkpoint, &changes);
        let (_, again) = open(&saved);
        let transposed = read(&again, again.state_dicts()[0].keys["t"]).to_f64().unwrap();
        // t[i][j] is base[6 j + i], and every fifth of base changed.
        let base = |n: u32| if n.is_multiple_of(5) { -1.0 - f64::from(n / 5) } else { f64::from(n) };
        let want: Vec<f64> = (0..6).flat_map(|i| (0..4).map(move |j| base(6 * j + i))).collect();
        assert_eq!(transposed, want, "{name}");
        let new: usize = parts.0.iter().map(|p| if let Part::Bytes(b) = p { b.len() } else { 0 }).sum();
        assert!(new < 128, "{new} new bytes for five elements");
    }
}

#[test]
fn one_place_takes_one_value() {
    let bytes = std::fs::read(format!("{}/tests/cases/formats/views.pth", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (_, checkpoint) = open(&bytes);
    let expanded = checkpoint.state_dicts()[0].keys["expanded"];
    let values: Vec<u8> = (0..12u8).flat_map(|n| f32::from(n).to_le_bytes()).collect();
    let changes = IndexMap::from([(expanded, TensorData::new(DType::Float32, vec![4, 3], values).unwrap())]);
    let error = pollster::block_on(checkpoint.save_changed(&changes, &mut Parts::default())).unwrap_err();
    assert_eq!(error.code, "shared_memory");
    let changes = IndexMap::from([(expanded, TensorData::new(DType::Float32, vec![2], vec![0; 8]).unwrap())]);
    let error = pollster::block_on(checkpoint.save_changed(&changes, &mut Parts::default())).unwrap_err();
    assert_eq!(error.kind, torchtab::error::Kind::Mismatch);
}

#[test]
fn a_deflated_record_is_stored_and_aligned() {
    let bytes = std::fs::read(format!("{}/tests/cases/formats/deflated.pth", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (source, checkpoint) = open(&bytes);
    let id = checkpoint.state_dicts()[0].keys["0.weight"];
    let changes = IndexMap::from([(id, ones(&read(&checkpoint, id)))]);
    let (_, saved) = save(&*source, &checkpoint, &changes);
    let source = MemorySource::new(saved, None);
    let directory = pollster::block_on(Directory::read(&source)).unwrap();
    let stored: Vec<_> = directory.entries.values().filter(|e| e.compressed_size == e.size && e.size == 144).collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(pollster::block_on(stored[0].data_offset(&source)).unwrap() % 64, 0);
}

/// What CPython's pickler wrote comes out of ours again: protocol 2, from the objects that we read.
#[test]
fn pickles_are_encoded_as_cpython_does() {
    let mut seen = 0;
    for (name, bytes) in readable() {
        let (source, checkpoint) = open(&bytes);
        if checkpoint.pickle().protocol != 2 || matches!(checkpoint.format(), Format::Safetensors | Format::Tar) {
            continue;
        }
        let directory = pollster::block_on(Directory::read(&*source));
        let original = match &directory {
            Ok(directory) => {
                let entry = directory.entries.values().find(|e| e.name.ends_with("data.pkl")).unwrap();
                pollster::block_on(entry.read(&*source, 1 << 30)).unwrap().0
            }
            Err(_) => {
                // Three pickles stand before a legacy file's object.
                let decode = |at: usize| torchtab::pickle::decode::decode(&bytes[at..], 0, "file").unwrap().len;
                let before = if checkpoint.format() == Format::Legacy { 3 } else { 0 };
                let start = (0..before).fold(0, |at, _| at + decode(at));
                bytes[start..start + decode(start)].to_vec()
            }
        };
        let mut pickle = checkpoint.pickle().clone();
        let ours = torchtab::pickle::encode::encode_as_read(&mut pickle.arena, pickle.root).unwrap();
        let differ = original.iter().zip(&ours).position(|(a, b)| a != b);
        assert!(
            original == ours,
            "{name}: {} bytes, ours {}, first other one at {differ:?}",
            original.len(),
            ours.len()
        );
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} pickles were compared");
}

/// The whole file made again: its objects taken over into a draft, and that written.
pub fn fresh(
    checkpoint: &Checkpoint,
    source: &dyn ByteSource,
    folder: &str,
    format: Format,
) -> (Vec<u8>, Vec<Warning>) {
    let mut draft = Draft::default();
    let mut adoption = Adoption::new(checkpoint);
    let root = adoption.take(checkpoint.root(), &mut draft).unwrap();
    let mut parts = Parts::default();
    let origin = Origin { file: Some(checkpoint), changes: None };
    if format == Format::Legacy {
        let keys = legacy_keys(checkpoint);
        let key = |i: usize| keys.get(i).cloned().unwrap_or_else(|| format!("new{i}"));
        pollster::block_on(draft.write_legacy(root, &key, origin, &mut parts)).unwrap();
    } else {
        pollster::block_on(draft.write_zip(root, folder, origin, &mut parts)).unwrap();
    }
    (pollster::block_on(parts.collect(source)).unwrap(), adoption.notes())
}

/// The file with every tensor's values replaced by ones.
pub fn changed_to_ones(checkpoint: &Checkpoint, source: &dyn ByteSource) -> Vec<u8> {
    let changes = ids(checkpoint).into_iter().map(|id| (id, ones(&read(checkpoint, id)))).collect();
    save(source, checkpoint, &changes).1
}

/// The addresses that torch named the storages by, in the order of the pickle.
fn legacy_keys(checkpoint: &Checkpoint) -> Vec<String> {
    let all = (0..).map(|i| checkpoint.storage(StorageId(i)).map(|s| s.key.clone()));
    all.take_while(Result::is_ok).map(Result::unwrap).collect()
}

/// For the same content our bytes are torch.save's, the identification included.
#[test]
fn what_torch_saved_is_saved_afresh_with_the_same_bytes() {
    let mut seen = 0;
    for (name, bytes) in readable() {
        let (source, checkpoint) = open(&bytes);
        let (ours, notes) = fresh(&checkpoint, &*source, &Draft::root_of(&name), checkpoint.format());
        let torchs = checkpoint.pickle().protocol == 2
            && matches!(checkpoint.format(), Format::Zip | Format::Legacy)
            && checkpoint.globals().iter().all(|g| g.verdict == Verdict::Allowed)
            && !matches!(name.as_str(), "deflated.pth" | "python2.pth" | "python5.pth");
        if torchs {
            let differ = bytes.iter().zip(&ours).position(|(a, b)| a != b);
            assert!(
                ours == bytes,
                "{name}: {} bytes, ours {}, first other one at {differ:x?}",
                bytes.len(),
                ours.len()
            );
            assert!(notes.is_empty(), "{name}: {notes:?}");
            seen += 1;
        }
        let (_, again) = open(&ours);
        assert!(again.globals().iter().all(|g| g.verdict == Verdict::Allowed), "{name}: {:?}", again.globals());
        // Numpy arrays became tensors too.
        assert!(again.tensors().len() >= checkpoint.tensors().len(), "{name}");
    }
    assert!(seen >= 6, "only {seen} files were compared");
}

/// From names and numbers alone, without any object of the file: what a program that trained the network has.
#[test]
fn a_checkpoint_from_a_description_is_torch_saves() {
    let bytes = std::fs::read(format!("{}/tests/cases/save/adam.pth", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (_, checkpoint) = open(&bytes);
    let weights = checkpoint.state_dicts().remove(0);
    let mut draft = Draft::default();
    let mut tensors: IndexMap<&str, NodeId> = IndexMap::new();
    for (name, id) in &weights.keys {
        // The head's weight is the embedding's: one storage, two tensors.
        let node = match (name.as_str(), tensors.get("embedding.weight")) {
            ("head.weight", Some(tied)) => tied_to(&mut draft, *tied),
            _ => draft.tensor(read(&checkpoint, *id)).unwrap(),
        };
        tensors.insert(name, node);
    }
    let tensors: Vec<(&str, NodeId)> = tensors.into_iter().collect();
    let versions: Vec<(&str, i64)> = weights.metadata.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let model = draft.state_dict(&tensors, &versions);
    // After the weights come Adam's step, exp_avg and exp_avg_sq of each parameter.
    let mut rest = ids(&checkpoint).into_iter().skip(weights.keys.len());
    let mut state = Vec::new();
    let parameters = rest.len() / 3;
    for index in 0..parameters {
        let mut next = || Plain::Object(draft.tensor(read(&checkpoint, rest.next().unwrap())).unwrap());
        let entry = Plain::dict([("step", next()), ("exp_avg", next()), ("exp_avg_sq", next())]);
        state.push((Plain::Int(index.try_into().unwrap()), entry));
    }
    let group = Plain::dict([
        ("lr", Plain::Float(1e-3)),
        ("betas", Plain::Tuple(vec![Plain::Float(0.9), Plain::Float(0.999)])),
        ("eps", Plain::Float(1e-8)),
        ("weight_decay", Plain::Int(0)),
        ("amsgrad", Plain::Bool(false)),
        ("maximize", Plain::Bool(false)),
        ("foreach", Plain::None),
        ("capturable", Plain::Bool(false)),
        ("differentiable", Plain::Bool(false)),
        ("fused", Plain::None),
        ("decoupled_weight_decay", Plain::Bool(false)),
        ("params", Plain::List((0..parameters).map(|i| Plain::Int(i.try_into().unwrap())).collect())),
    ]);
    let optimizer = Plain::dict([("state", Plain::Dict(state)), ("param_groups", Plain::List(vec![group]))]);
    let root = draft.plain(&Plain::dict([
        ("epoch", Plain::Int(2)),
        ("model_state_dict", Plain::Object(model)),
        ("optimizer_state_dict", optimizer),
        ("loss", Plain::Float(0.125)),
    ]));
    let mut parts = Parts::default();
    pollster::block_on(draft.write_zip(root, "adam", Origin::default(), &mut parts)).unwrap();
    let ours = pollster::block_on(parts.collect(&MemorySource::default())).unwrap();
    assert_eq!(ours.len(), bytes.len());
    assert!(ours == bytes, "first other byte at {:?}", bytes.iter().zip(&ours).position(|(a, b)| a != b));
}

/// Another tensor over the storage of one.
fn tied_to(draft: &mut Draft<'_>, tensor: NodeId) -> NodeId {
    let Object::Instance(call) = draft.objects.arena.get(tensor).clone() else { panic!("no call") };
    let Object::Tuple(args) = draft.objects.arena.get(call.args).clone() else { panic!("no arguments") };
    let Object::Persistent(number) = draft.objects.arena.get(args[0]).clone() else { panic!("no storage") };
    let Object::Int(number) = draft.objects.arena.get(number).clone() else { panic!("no number") };
    let shape = vec![7, 4];
    let view = Strided {
        dtype: DType::Float32,
        offset: 0,
        stride: contiguous_stride(&shape),
        shape,
        requires_grad: false,
        conj: false,
        neg: false,
    };
    draft.strided(DraftStorage::numbered(number.try_into().unwrap()), &view)
}

#[test]
fn safetensors_are_written_as_its_own_library_does() {
    let bytes = std::fs::read(format!("{}/tests/cases/save/weights.safetensors", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (source, checkpoint) = open(&bytes);
    let keys = checkpoint.state_dicts().remove(0).keys;
    let mut named: Vec<(&str, TensorId)> = keys.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    named.reverse();
    let mut parts = Parts::default();
    pollster::block_on(checkpoint.save_safetensors(&named, &[("format", "pt")], None, &mut parts)).unwrap();
    assert!(parts.0.iter().any(|p| matches!(p, Part::Copy(_))));
    assert!(pollster::block_on(parts.collect(&*source)).unwrap() == bytes);
}

#[test]
fn a_fresh_file_takes_changed_tensors_too() {
    for name in ["formats/views.pth", "formats/deflated.pth", "formats/checkpoint_legacy.pth"] {
        let bytes = std::fs::read(format!("{}/tests/cases/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (source, checkpoint) = open(&bytes);
        let all: IndexMap<_, _> = ids(&checkpoint).into_iter().map(|id| (id, ones(&read(&checkpoint, id)))).collect();
        let mut draft = Draft::default();
        let root = Adoption::new(&checkpoint).take(checkpoint.root(), &mut draft).unwrap();
        let mut parts = Parts::default();
        let origin = Origin { file: Some(&checkpoint), changes: Some(&all) };
        pollster::block_on(draft.write_zip(root, "archive", origin, &mut parts)).unwrap();
        let saved = pollster::block_on(parts.collect(&*source)).unwrap();
        checksums_fit(&saved);
        let (_, again) = open(&saved);
        assert_eq!(again.tensors().len(), checkpoint.tensors().len());
        for id in ids(&again) {
            let got = read(&again, id);
            assert_eq!(got, ones(&got).to(got.dtype).unwrap_or_else(|_| ones(&got)), "{name}");
        }
    }
}

/// What weights_only refuses becomes a plain value, and each kind of conversion is said once, with its place.
#[test]
fn conversions_are_said() {
    let bytes = std::fs::read(format!("{}/tests/cases/save/converted.pth", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (source, checkpoint) = open(&bytes);
    let (ours, notes) = fresh(&checkpoint, &*source, "converted", Format::Zip);
    let (_, again) = open(&ours);
    let said: Vec<String> = notes.iter().map(|n| format!("{} {}", n.location.as_deref().unwrap(), n.message)).collect();
    assert!(said.contains(&r#"root["f64"] numpy.float64 is saved as a plain value"#.to_owned()), "{said:?}");
    assert!(
        said.contains(
            &r#"root["enum"] an object of __main__.Colour is saved as the value it was made from"#.to_owned()
        ),
        "{said:?}"
    );
    let tree = again.tree();
    let entry = |key: &str| tree.iter().find(|e| serde_json::json!(e.path) == serde_json::json!([key])).unwrap();
    let value = |key: &str| serde_json::to_value(entry(key)).unwrap()["value"].clone();
    assert_eq!(value("f64"), serde_json::json!(0.25));
    assert_eq!(value("i64"), serde_json::json!((1i64 << 62).to_string()));
    assert_eq!(value("enum"), serde_json::json!("red"));
    assert_eq!(value("date"), serde_json::json!("2020-01-02"));
    assert!(entry("fortran").tensor.is_some() && entry("big").tensor.is_some());
}

#[test]
fn other_values_under_some_keys() {
    for name in ["adam.pth", "adam_legacy.pth"] {
        let bytes = std::fs::read(format!("{}/tests/cases/save/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (source, checkpoint) = open(&bytes);
        let set = |key: &str, value| Edit { dict: checkpoint.root(), key: Key::Name(key.to_owned()), value };
        let extra = |draft: &mut Draft<'_>| {
            let data = TensorData::new(DType::Float32, vec![1], 2f32.to_le_bytes().to_vec())?;
            Ok(Plain::List(vec![Plain::Object(draft.tensor(data)?)]))
        };
        let edits = [set("loss", Box::new(|_| Ok(Plain::Float(0.0625)))), set("extra", Box::new(extra))];
        let (mut parts, unchanged) = (Parts::default(), IndexMap::new());
        let saving = checkpoint.save_edited(&edits, &unchanged, "adam", &mut parts);
        assert!(pollster::block_on(saving).unwrap().is_empty());
        let saved = pollster::block_on(parts.collect(&*source)).unwrap();
        let (_, again) = open(&saved);
        let (old, new) = (checkpoint.tree(), again.tree());
        assert_eq!(new.len(), old.len() + 2, "{name}");
        for (a, b) in old.iter().zip(&new).skip(1) {
            let same = serde_json::to_value(a).unwrap() == serde_json::to_value(b).unwrap();
            assert!(same || serde_json::json!(a.path) == serde_json::json!(["loss"]), "{name}: {:?}", a.path);
        }
        assert_eq!(again.tensors().len(), checkpoint.tensors().len() + 1);
        assert!(parts.0.iter().any(|p| matches!(p, Part::Copy(_))), "the weights are copied");
    }
}

#[test]
fn a_state_dict_alone_is_what_torch_saves_of_it() {
    let read_file =
        |name: &str| std::fs::read(format!("{}/tests/cases/save/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (source, checkpoint) = open(&read_file("adam.pth"));
    let weights = checkpoint.state_dicts().remove(0);
    let tensors: Vec<(&str, TensorId)> = weights.keys.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let versions: Vec<(&str, i64)> = weights.metadata.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let mut parts = Parts::default();
    pollster::block_on(checkpoint.save_state_dict(&tensors, &versions, None, "state_dict", &mut parts)).unwrap();
    assert!(pollster::block_on(parts.collect(&*source)).unwrap() == read_file("state_dict.pth"));
}

/// What opens in a damaged file can be saved, or is refused; nothing panics.
#[test]
fn damaged_files_are_saved_or_refused() {
    for name in ["deflated.pth", "views.pth", "views_legacy.pth", "cycle.pth", "weights.safetensors"] {
        let bytes = std::fs::read(format!("{}/tests/cases/formats/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let step = (bytes.len() / 500).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            pollster::block_on(async {
                let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(damaged, None));
                let Ok(checkpoint) = Checkpoint::open(source.clone(), &Quiet).await else { return };
                let mut changes = IndexMap::new();
                for id in ids(&checkpoint) {
                    if let Ok(values) = checkpoint.read(id).await {
                        changes.insert(id, ones(&values));
                    }
                }
                let mut parts = Parts::default();
                if checkpoint.save_changed(&changes, &mut parts).await.is_ok() {
                    parts.collect(&*source).await.unwrap();
                }
            });
        }
    }
}
