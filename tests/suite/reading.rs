//! Descriptions, names, module trees, statistics and windows, on files that torch wrote and on files made here.

use crate::allocation::peak;
use crate::forge::*;
use indexmap::IndexMap;
use pollster::block_on;
use std::cell::Cell;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use torchtab::checkpoint::Checkpoint;
use torchtab::checkpoint::compare::Status;
use torchtab::checkpoint::listing::Role;
use torchtab::checkpoint::module::Value;
use torchtab::checkpoint::tensor::{Index, TensorId};
use torchtab::data::TensorData;
use torchtab::error::{Error, Kind, Result};
use torchtab::source::{ByteSource, FileSource, LocalFuture, MemorySource, Parts, Phase, Progress, Quiet};

fn open(bytes: Vec<u8>) -> Checkpoint {
    block_on(Checkpoint::open(Rc::new(MemorySource::new(bytes, None)), &Quiet)).unwrap()
}

fn fixture(name: &str) -> Checkpoint {
    open(std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)).unwrap())
}

#[test]
fn names_as_users_know_them() {
    let checkpoint = fixture("formats/checkpoint.pth");
    let names: Vec<_> = checkpoint.entries().iter().map(|e| (e.name.as_str(), e.role)).collect();
    assert_eq!(names[0], ("0.weight", Role::Parameter));
    assert!(names.contains(&("1.running_mean", Role::Buffer)));
    assert!(names.contains(&("optimizer_state_dict.state.0.exp_avg", Role::Optimizer)));
    for entry in checkpoint.entries() {
        assert_eq!(checkpoint.named(&entry.name).unwrap(), entry.tensor);
    }
    assert_eq!(checkpoint.named("nothing").unwrap_err().code, "no_such_tensor");
    let value = |path: &str| checkpoint.values().iter().find(|v| v.path == path).unwrap().clone();
    assert_eq!(value("epoch").value, Some(3.into()));
    assert_eq!(value("loss").text, "0.25");
    assert_eq!(value("optimizer_state_dict.param_groups.0.betas").text, "(0.9, 0.999)");
    let description = checkpoint.describe();
    assert_eq!(description.optimizer.as_deref(), Some("Adam"));
    assert_eq!(description.optimizer_path.as_deref(), Some("optimizer_state_dict"));
    assert_eq!(description.state_dicts[0].path, "model_state_dict");
    let json = serde_json::to_value(&description).unwrap();
    assert_eq!(json["format"], "zip");
    assert_eq!(json["kind"], "checkpoint");
    assert_eq!(json["entries"][0]["requiresGrad"], false);
    assert_eq!(json["entries"][0]["dtype"], "float32");
}

#[test]
fn every_optimizer_by_its_keys() {
    for (file, class) in [("sgd", "SGD"), ("adamw", "AdamW"), ("rmsprop", "RMSprop")] {
        let checkpoint = fixture(&format!("objects/optimizer_{file}.pth"));
        assert_eq!(checkpoint.describe().optimizer.as_deref(), Some(class));
    }
}

#[test]
fn whole_modules() {
    let checkpoint = fixture("objects/module.pth");
    let tree = checkpoint.module_tree(checkpoint.root()).unwrap();
    let root = tree.root().unwrap();
    assert_eq!(root.class, "__main__.Net");
    assert!(root.training);
    let children: Vec<_> = root.children.keys().map(String::as_str).collect();
    assert_eq!(children, ["conv", "norm", "first", "again", "rnn"]);
    assert_eq!(root.children["first"], root.children["again"]);
    assert!(root.non_persistent.contains("cache"));
    assert_eq!(root.buffers["nothing"], None);
    assert_eq!(root.attributes["sizes"], Value::Size(vec![1, 2]));
    assert_eq!(root.attributes["activation"], Value::Global("torch.nn.functional.relu".into()));
    let conv = tree.get(root.children["conv"].unwrap()).unwrap();
    assert_eq!(conv.class, "torch.nn.modules.conv.Conv2d");
    assert_eq!(conv.attributes["kernel_size"], Value::Tuple(vec![Value::Int(3), Value::Int(3)]));
    assert_eq!(conv.parameters["bias"], None);
    let rnn = tree.get(root.children["rnn"].unwrap()).unwrap();
    let Value::List(flat) = &rnn.attributes["_flat_weights"] else { panic!("{:?}", rnn.attributes) };
    assert_eq!(flat[0], Value::Tensor(rnn.parameters["weight_ih_l0"].unwrap()));
    assert_eq!(tree.named_modules().len(), 6);
    let names: Vec<_> = checkpoint.entries().iter().map(|e| e.name.as_str()).collect();
    assert!(names.contains(&"rnn.weight_ih_l0") && names.contains(&"again.weight"));
    assert!(!names.iter().any(|n| n.contains("_flat_weights")));
    let roles = |name: &str| checkpoint.entries().iter().find(|e| e.name == name).unwrap().role;
    assert_eq!((roles("mask"), roles("gate")), (Role::Buffer, Role::Parameter));
    assert_eq!(checkpoint.describe().module_class.as_deref(), Some("__main__.Net"));
}

#[test]
fn source_in_legacy_files() {
    let checkpoint = fixture("objects/module_legacy.pth");
    let sources = checkpoint.embedded_sources();
    let classes: Vec<_> = sources.iter().map(|s| s.class.as_str()).collect();
    assert_eq!(classes, ["__main__.Pair", "__main__.Scale"]);
    assert!(sources[0].source.contains("return self.left(x) + self.right(x)"));
    assert_eq!(sources[0].file, "make.py");
    let tree = checkpoint.module_tree(checkpoint.root()).unwrap();
    assert_eq!(tree.modules.len(), 3);
}

#[test]
fn a_module_in_itself_is_refused() {
    let state = "}(X\x0b\0\0\0_parameters}X\x08\0\0\0_modules}X\x01\0\0\0xh\0su";
    let checkpoint = open(pickle([b"c__main__\nNet\n)\x81q\0", state.as_bytes(), b"b"].concat()));
    let error = checkpoint.module_tree(checkpoint.root()).unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Malformed, "module_cycle"));
    assert!(error.location.is_some());
}

#[test]
fn two_hundred_thousand_tensors() {
    let count = 200_000;
    let mut body = b"ccollections\nOrderedDict\n)Rq\0(".to_vec();
    for index in 0..count {
        body.extend(text(&format!("layers.{index}.weight")));
        body.extend(tensor("4", "0", &["4"], &["1"]));
    }
    body.extend(b"u");
    let checkpoint = open(zip(&archive(pickle(body), 16)));
    let start = Instant::now();
    assert_eq!(checkpoint.entries().len(), count);
    let took = start.elapsed();
    let start = Instant::now();
    for entry in checkpoint.entries() {
        checkpoint.named(&entry.name).unwrap();
    }
    let named = start.elapsed();
    // Unoptimised tests are ten times slower than what users run; a quadratic loop would take hours.
    assert!(took + named < Duration::from_secs(60), "{took:?} and {named:?}");
    println!("listed in {took:?}, looked up in {named:?}");
}

fn floats(values: &[f32], shape: &[&str], stride: &[&str]) -> Checkpoint {
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let body = tensor(&values.len().to_string(), "0", shape, stride);
    let records = [record("a/data.pkl", pickle(body)), record("a/version", "3\n"), record("a/data/0", data)];
    open(zip(&records))
}

#[test]
fn statistics() {
    let values = [1.0, -2.0, 0.0, 4.5, f32::NAN, f32::INFINITY];
    let stats = block_on(floats(&values, &["6"], &["1"]).stats(TensorId(0), 13, &Quiet)).unwrap();
    assert_eq!((stats.count, stats.zeros, stats.nan, stats.inf), (6, 1, 1, 1));
    assert_eq!((stats.min, stats.max, stats.mean), (-2.0, 4.5, 0.875));
    // torch.tensor([1, -2, 0, 4.5]).std()
    assert!((stats.std - 2.719_528_145_346_786_6).abs() < 1e-12, "{}", stats.std);
    assert_eq!(stats.histogram.counts, [1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
    // The same elements through a transposed, an overlapping and a repeating view.
    let ramp: Vec<f32> = (0..12u8).map(f32::from).collect();
    let plain = block_on(floats(&ramp, &["12"], &["1"]).stats(TensorId(0), 4, &Quiet)).unwrap();
    let turned = block_on(floats(&ramp, &["4", "3"], &["1", "4"]).stats(TensorId(0), 4, &Quiet)).unwrap();
    assert_eq!(plain, turned);
    let windows = block_on(floats(&ramp, &["11", "2"], &["1", "1"]).stats(TensorId(0), 4, &Quiet)).unwrap();
    assert_eq!((windows.count, windows.mean), (22, 5.5));
    let repeated = block_on(floats(&[3.0], &["1000000000000"], &["0"]).stats(TensorId(0), 4, &Quiet)).unwrap();
    assert_eq!((repeated.count, repeated.mean, repeated.std), (1_000_000_000_000, 3.0, 0.0));
    // A large mean does not hide a small deviation.
    let large =
        block_on(floats(&[16_777_214.0, 16_777_215.0, 16_777_216.0], &["3"], &["1"]).stats(TensorId(0), 4, &Quiet));
    assert_eq!(large.unwrap().std, 1.0);
    let every = fixture("formats/dtypes.pth");
    for entry in every.entries() {
        let stats = block_on(every.stats(entry.tensor, 8, &Quiet)).unwrap();
        assert_eq!(stats.count, 6, "{}", entry.name);
        let want = if entry.name.starts_with("int") || entry.name.starts_with("uint") {
            (0.0, 5.0)
        } else {
            (f64::NAN, f64::NAN)
        };
        assert!(want.0.is_nan() || (stats.min, stats.max) == want, "{}: {stats:?}", entry.name);
    }
}

/// Stops after some reports.
struct Stop(Cell<u32>);

impl Progress for Stop {
    fn report(&self, _: Phase) -> Result<()> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > 2 { Err(Error::aborted()) } else { Ok(()) }
    }
}

/// A file of zeros behind a head: 3 GB that nobody has in memory.
struct Zeros {
    head: Vec<u8>,
    len: u64,
}

impl ByteSource for Zeros {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            let at = |i: u64| self.head.get(usize::try_from(i).unwrap()).copied().unwrap_or(0);
            Ok(range.map(at).collect())
        })
    }
}

#[test]
fn three_gigabytes() {
    let elements = 3u64 << 28;
    let header = format!(r#"{{"w":{{"dtype":"F32","shape":[{elements}],"data_offsets":[0,{}]}}}}"#, elements * 4);
    let head = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    let len = head.len() as u64 + elements * 4;
    let (_, memory) = peak(|| {
        let checkpoint = block_on(Checkpoint::open(Rc::new(Zeros { head, len }), &Quiet)).unwrap();
        assert_eq!(checkpoint.entries()[0].bytes, elements * 4);
        let window = block_on(checkpoint.read_window(TensorId(0), elements - 3..elements)).unwrap();
        assert_eq!(window.bytes, [0; 12]);
        assert_eq!(block_on(checkpoint.read(TensorId(0))).unwrap_err().kind, Kind::TooLarge);
        let stopped = block_on(checkpoint.stats(TensorId(0), 8, &Stop(Cell::new(0)))).unwrap_err();
        assert_eq!(stopped.kind, Kind::Aborted);
    });
    assert!(memory < 32 << 20, "{memory} bytes");
}

#[test]
fn windows_are_parts_of_the_whole() {
    for file in [
        "formats/views.pth",
        "formats/views_legacy.pth",
        "formats/dtypes.pth",
        "formats/deflated.pth",
        "objects/tar.pth",
    ] {
        let checkpoint = fixture(file);
        for entry in checkpoint.entries() {
            let whole = block_on(checkpoint.read(entry.tensor)).unwrap();
            let (count, size) = (whole.numel() as u64, whole.dtype.size());
            for range in [0..count, 0..count / 2, count / 3..count, count..count] {
                let part = block_on(checkpoint.read_window(entry.tensor, range.clone())).unwrap();
                let bytes = usize::try_from(range.start).unwrap() * size..usize::try_from(range.end).unwrap() * size;
                assert_eq!(part.bytes, whole.bytes[bytes], "{file} {} {range:?}", entry.name);
            }
            assert!(block_on(checkpoint.read_window(entry.tensor, 0..count + 1)).is_err());
        }
    }
}

/// The pickle stands first and says how many bytes its tensors have.
#[test]
fn a_zip_without_its_end_tells_how_much_is_missing() {
    let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/digits/digits.pth")).unwrap();
    let refused = |len: usize| {
        let source = MemorySource::new(whole[..len].to_vec(), None);
        let error = block_on(Checkpoint::open(Rc::new(source), &Quiet)).map(drop).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Malformed, "truncated"));
        error.message
    };
    let missing = |len: usize| {
        let message = refused(len);
        let told = message.strip_prefix(&format!("the file is cut off: behind its {len} bytes at least ")).unwrap();
        told.strip_suffix(" are missing").unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(missing(60_000), missing(90_000) + 30_000);
    let least = 90_000 + missing(90_000);
    assert!((whole.len() * 9 / 10..=whole.len()).contains(&least), "{least} of {}", whole.len());
    // Neither a pickle without its end nor a directory without its end tells more.
    for len in [500, whole.len() - 1] {
        assert_eq!(refused(len), "the zip archive has no directory at its end: the file is cut off");
    }
}

#[test]
fn a_damaged_storage_is_read_and_said() {
    let mut records = archive(pickle(tensor("4", "0", &["4"], &["1"])), 16);
    records[2].crc = Some(1);
    let checkpoint = open(zip(&records));
    assert!(checkpoint.warnings().is_empty());
    block_on(checkpoint.read(TensorId(0))).unwrap();
    let warnings = checkpoint.read_warnings();
    assert_eq!((warnings.len(), warnings[0].code), (1, "crc_mismatch"));
    assert_eq!(checkpoint.describe().warnings, warnings);
}

#[test]
fn a_slice_is_what_indexing_the_whole_tensor_gives() {
    let checkpoint = fixture("formats/checkpoint.pth");
    let slices: &[&[Index]] = &[
        &[],
        &[Index::At(-1)],
        &[Index::Slice(1, 3)],
        &[Index::Slice(-2, 100), Index::Slice(1, 2)],
        &[Index::At(0), Index::Slice(0, 2)],
        &[Index::Slice(3, 1)],
    ];
    let mut compared = 0;
    // Contiguous, transposed, expanded and 0-d tensors are among the fixtures.
    for (_, bytes) in crate::save::readable() {
        let checkpoint = open(bytes);
        for entry in checkpoint.entries().iter().filter(|e| e.unloadable.is_none() && e.bytes < 1 << 16) {
            let whole = block_on(checkpoint.read(entry.tensor)).unwrap();
            for slice in slices.iter().filter(|s| s.len() <= whole.shape.len()) {
                let size = |dim: usize| i64::try_from(whole.shape[dim]).unwrap();
                if slice.iter().enumerate().any(|(dim, index)| matches!(index, Index::At(_)) && size(dim) == 0) {
                    continue;
                }
                let part = block_on(checkpoint.read_slice(entry.tensor, slice)).unwrap();
                let (shape, bytes) = sliced(&whole, slice);
                assert_eq!((part.shape, part.bytes), (shape, bytes), "{} {slice:?}", entry.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "only {compared} slices were compared");
    let weight = checkpoint.named("0.weight").unwrap();
    let error = block_on(checkpoint.read_slice(weight, &[Index::At(99)])).unwrap_err();
    assert!(error.message.starts_with("index 99 is out of bounds for dimension 0 with size"), "{error}");
    assert_eq!((error.kind, error.code), (Kind::Mismatch, "index"));
    let error = block_on(checkpoint.read_slice(weight, &[Index::At(0); 9])).unwrap_err();
    assert!(error.message.starts_with("too many indices for tensor of dimension"), "{error}");
}

/// Indexing element by element.
fn sliced(whole: &TensorData, slice: &[Index]) -> (Vec<usize>, Vec<u8>) {
    let place = |at: i64, size: usize| {
        let size = i64::try_from(size).unwrap();
        usize::try_from(if at < 0 { at + size } else { at }.clamp(0, size)).unwrap()
    };
    let ranges: Vec<(Range<usize>, bool)> = whole
        .shape
        .iter()
        .enumerate()
        .map(|(dim, &size)| match slice.get(dim) {
            None => (0..size, true),
            Some(Index::At(at)) => (place(*at, size)..place(*at, size) + 1, false),
            Some(Index::Slice(a, b)) => (place(*a, size)..place(*b, size).max(place(*a, size)), true),
        })
        .collect();
    let mut places = vec![0];
    for ((range, _), &size) in ranges.iter().zip(&whole.shape) {
        places = places.iter().flat_map(|at| range.clone().map(move |i| at * size + i)).collect();
    }
    let size = whole.dtype.size();
    let bytes = places.iter().flat_map(|at| whole.bytes[at * size..(at + 1) * size].to_vec()).collect();
    (ranges.iter().filter(|(_, kept)| *kept).map(|(range, _)| range.len()).collect(), bytes)
}

#[test]
fn two_checkpoints_are_compared_tensor_by_tensor() {
    let compare = |a: &Checkpoint, b: &Checkpoint| block_on(a.compare(b, &Quiet)).unwrap();
    let before = fixture("formats/checkpoint.pth");
    let same = compare(&before, &before);
    assert!(same.iter().all(|row| row.status == Status::Same && row.measured.unwrap().change == 0.0), "{same:?}");
    assert_eq!(same.len(), before.entries().len());

    // One weight is another number, as a training step would leave it.
    let id = before.named("0.weight").unwrap();
    let mut data = block_on(before.read(id)).unwrap();
    let first = f32::from_le_bytes(data.bytes[..4].try_into().unwrap()) + 0.5;
    data.bytes[..4].copy_from_slice(&first.to_le_bytes());
    let mut parts = Parts::default();
    let changed: IndexMap<_, _> = [(id, data)].into_iter().collect();
    block_on(before.save_edited(&[], &changed, "archive", &mut parts)).unwrap();
    let source = FileSource::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/formats/checkpoint.pth"));
    let after = open(block_on(parts.collect(&source.unwrap())).unwrap());
    let rows = compare(&before, &after);
    let moved: Vec<_> = rows.iter().filter(|row| row.status != Status::Same).collect();
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert_eq!((moved[0].name.as_str(), moved[0].status), ("0.weight", Status::Changed));
    let found = moved[0].measured.unwrap();
    assert!((found.change - 0.5).abs() < 1e-6 && (found.largest - 0.5).abs() < 1e-6, "{found:?}");

    // Another file: names of one side only, and shapes.
    let other = fixture("objects/module.pth");
    let rows = compare(&before, &other);
    assert!(rows.iter().any(|r| r.status == Status::OnlyHere && r.there.is_none()));
    assert!(rows.iter().any(|r| r.status == Status::OnlyThere && r.here.is_none()));
    let json = serde_json::to_value(&rows[0]).unwrap();
    assert_eq!(json["here"]["dtype"], "float32");
}
