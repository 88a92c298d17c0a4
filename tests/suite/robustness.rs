//! Damaged files: every fixture cut off at every 64th, and with a flipped byte at many places. An error or a read, never a panic.

use crate::allocation::peak;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use torchtab::checkpoint::Checkpoint;
use torchtab::checkpoint::tensor::TensorId;
use torchtab::error::{Kind, Result};
use torchtab::source::{MemorySource, Quiet};

/// Every fixture of the format cases.
pub fn fixtures() -> Vec<PathBuf> {
    let folders = ["formats", "objects"].map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(f));
    let mut files: Vec<_> = folders.iter().flat_map(|f| f.read_dir().unwrap()).map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "pth" || e == "pkl" || e == "safetensors"));
    files.sort();
    files
}

/// Those, and TorchScript archives.
fn whole() -> Vec<PathBuf> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/script");
    let scripts = ["constants", "mlp_traced", "mixture"].map(|case| scripts.join(case).join("model.pt"));
    fixtures().into_iter().chain(scripts).collect()
}

/// Elements of a tensor that are read whole; of larger ones (a stride of 0 makes them at no cost) the first are.
const MAX_ELEMENTS: u64 = 1 << 20;

/// Opens the bytes, lists and describes everything, reads every tensor and its statistics.
pub fn read_all(bytes: Vec<u8>) -> Result<usize> {
    pollster::block_on(async {
        let checkpoint = Checkpoint::open(Rc::new(MemorySource::new(bytes, None)), &Quiet).await?;
        for index in 0..checkpoint.tensors().len() {
            let id = TensorId(u32::try_from(index).unwrap());
            let numel = checkpoint.tensor(id)?.numel().unwrap_or(u64::MAX);
            let read = if numel <= MAX_ELEMENTS {
                checkpoint.read(id).await
            } else {
                checkpoint.read_window(id, 0..MAX_ELEMENTS).await
            };
            let result = match read {
                Ok(_) => checkpoint.stats(id, 16, &Quiet).await.map(drop),
                Err(error) => Err(error),
            };
            match result {
                Err(error) if !matches!(error.kind, Kind::Unsupported | Kind::TooLarge) => return Err(error),
                _ => {}
            }
        }
        if let Some((_, module)) = checkpoint.module_at() {
            // A broken module is an error of the module alone; the rest of the file stays readable.
            let _ = checkpoint.module_tree(module).map(|tree| tree.named_modules());
        }
        let description = checkpoint.describe();
        Ok(checkpoint.tree().len() + checkpoint.state_dicts().len() + description.values.len())
    })
}

/// Mistakes in a file are its own: they are malformed, unsupported or too large, and they have a place.
fn check(result: Result<usize>, what: &str) {
    if let Err(error) = result {
        assert!(matches!(error.kind, Kind::Malformed | Kind::Unsupported | Kind::TooLarge), "{what}: {error:?}");
        assert!(error.location.is_some(), "{what}: {error:?}");
    }
}

/// A file of some kilobytes stays below 64 MiB, whatever is wrong with it.
fn bounded(bytes: Vec<u8>, what: &str) -> Result<usize> {
    let (result, memory) = peak(|| read_all(bytes));
    assert!(memory < 64 << 20, "{what}: {memory} bytes were allocated");
    check(result.clone(), what);
    result
}

#[test]
fn cut_off_at_every_64th() {
    for file in whole() {
        let bytes = std::fs::read(&file).unwrap();
        for part in 0..64 {
            let cut = bytes[..bytes.len() * part / 64].to_vec();
            let result = bounded(cut, &format!("{} cut at {part}/64", file.display()));
            if bytes.starts_with(b"PK") {
                assert!(result.is_err(), "{} cut at {part}/64 opened", file.display());
            }
        }
    }
}

#[test]
fn flipped_bytes() {
    for file in whole() {
        let bytes = std::fs::read(&file).unwrap();
        let step = (bytes.len() / 120).max(1);
        for at in (0..bytes.len()).step_by(step) {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let _ = bounded(damaged, &format!("{} with byte {at} ^ {flip:#x}", file.display()));
            }
        }
    }
}

#[test]
fn a_hundred_thousand_lists_in_each_other() {
    let mut bytes = b"\x80\x02".to_vec();
    bytes.extend(std::iter::repeat_n(b']', 100_000));
    bytes.extend(std::iter::repeat_n(b'a', 99_999));
    bytes.push(b'.');
    read_all(bytes).unwrap();
}

#[test]
fn a_laugh_by_memo_stays_small() {
    // [x, x] thirty times over: 2^30 leaves as a tree, 30 lists as objects.
    let mut bytes = b"\x80\x02]q\0".to_vec();
    for level in 0..30u8 {
        bytes.extend([b']', b'q', level + 1, b'(', b'h', level, b'h', level, b'e']);
    }
    bytes.push(b'.');
    assert!(read_all(bytes).unwrap() < 2000);
}

#[test]
fn one_long_string_a_hundred_thousand_times() {
    let mut bytes = b"\x80\x02X\x00\x00\x10\x00".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 1 << 20));
    bytes.extend(b"q\0]q\x01(");
    bytes.extend(b"h\0".repeat(100_000));
    bytes.extend(b"e.");
    let checkpoint = pollster::block_on(Checkpoint::open(Rc::new(MemorySource::new(bytes, None)), &Quiet)).unwrap();
    let shown: usize = checkpoint.tree().iter().map(|e| e.fields.get("value").map_or(0, |v| v.to_string().len())).sum();
    assert!(shown < 64 << 20, "{shown} bytes of text");
}

#[test]
fn sizes_of_sizes_of_sizes() {
    // torch.Size((torch.Size((...),),)) a hundred thousand deep, as a tensor's root: shown as an object, never followed down.
    let mut bytes = b"\x80\x02".to_vec();
    bytes.extend(b"ctorch\nSize\n".repeat(100_000));
    bytes.push(b')');
    bytes.extend(b"\x85R".repeat(100_000));
    bytes.push(b'.');
    read_all(bytes).unwrap();
}
