//! Files with one item set in their root dict: everything else is as it was, in every file that opens; damaged ones are edited or refused.

use crate::save::{open, readable};
use indexmap::IndexMap;
use std::rc::Rc;
use torchtab::checkpoint::view::View;
use torchtab::checkpoint::write::plain::Plain;
use torchtab::checkpoint::write::revise::{Edit, Key};
use torchtab::checkpoint::{Checkpoint, Format};
use torchtab::data::TensorData;
use torchtab::dtype::DType;
use torchtab::error::{Kind, Result, Warning};
use torchtab::source::{ByteSource, MemorySource, Parts, Quiet};

/// The file with `added`, a list of 7 and a tensor of 2; `None` where the root is no dict.
pub async fn edited(checkpoint: &Checkpoint, source: &dyn ByteSource) -> Option<Result<(Vec<u8>, Vec<Warning>)>> {
    let View::Mapping(_) = checkpoint.view(checkpoint.root()) else { return None };
    let added = Edit {
        dict: checkpoint.root(),
        key: Key::Name("added".into()),
        value: Box::new(|draft| {
            let data = TensorData::new(DType::Float32, vec![1], 2f32.to_le_bytes().to_vec())?;
            Ok(Plain::List(vec![Plain::Int(7), Plain::Object(draft.tensor(data)?)]))
        }),
    };
    let mut parts = Parts::default();
    let notes = match checkpoint.save_edited(&[added], &IndexMap::new(), "archive", &mut parts).await {
        Ok(notes) => notes,
        Err(error) => return Some(Err(error)),
    };
    Some(parts.collect(source).await.map(|bytes| (bytes, notes)))
}

#[test]
fn an_added_item_leaves_the_rest_as_it_was() {
    let mut files = 0;
    for (name, bytes) in readable() {
        let (source, checkpoint) = open(&bytes);
        let Some(result) = pollster::block_on(edited(&checkpoint, &*source)) else { continue };
        let (bytes, notes) = match result {
            Ok(saved) => saved,
            Err(error) => {
                assert_eq!(error.kind, Kind::Unsupported, "{name}: {error}");
                continue;
            }
        };
        if checkpoint.format() != Format::Zip || !notes.is_empty() {
            continue;
        }
        let (_, again) = open(&bytes);
        let (old, new) = (checkpoint.tree(), again.tree());
        assert!(new.len() > old.len(), "{name}");
        for (a, b) in old.iter().zip(&new).skip(1) {
            assert_eq!(serde_json::to_value(a).unwrap(), serde_json::to_value(b).unwrap(), "{name}");
        }
        assert_eq!(again.tensors().len(), checkpoint.tensors().len() + 1, "{name}");
        for (id, tensor) in checkpoint.tensors().iter().enumerate() {
            let id = torchtab::checkpoint::tensor::TensorId(id as u32);
            if tensor.unloadable.is_none() {
                let [a, b] = [&checkpoint, &again].map(|c| pollster::block_on(c.read(id)).unwrap());
                assert_eq!(a, b, "{name}: tensor {}", id.0);
            }
        }
        // Once more: the key is there already.
        let (source, checkpoint) = open(&bytes);
        let twice = pollster::block_on(edited(&checkpoint, &*source)).unwrap().unwrap().0;
        assert_eq!(open(&twice).1.tree().len(), new.len(), "{name}");
        files += 1;
    }
    assert!(files > 20, "only {files} files");
}

#[test]
fn damaged_files_are_edited_or_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/resume/");
    for name in ["adam.pth", "adam_legacy.pth", "lightning.ckpt"] {
        let bytes = std::fs::read(format!("{folder}{name}")).unwrap();
        let step = (bytes.len() / 500).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            let source: Rc<dyn ByteSource> = Rc::new(MemorySource::new(damaged, None));
            let Ok(checkpoint) = pollster::block_on(Checkpoint::open(source.clone(), &Quiet)) else { continue };
            let _ = checkpoint.saved_optimizer();
            if let Some((_, node)) = checkpoint.saved_scheduler() {
                let _ = torchtab::train::scheduler::saved::attributes(&checkpoint, node);
            }
            let _ = pollster::block_on(edited(&checkpoint, &*source));
        }
    }
}
