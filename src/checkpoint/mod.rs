//! torch.save files: containers, tensors, state_dicts, and the object tree around them.
//!
//! [`Checkpoint::open`] reads the directory and the pickle; a tensor's bytes are read when they are asked for.

pub mod arguments;
pub mod compare;
pub mod describe;
pub mod foreign;
pub mod globals;
mod growing;
pub mod legacy;
pub mod listing;
pub mod module;
pub mod nested;
pub mod numbers;
pub mod numpy;
pub mod optimizer;
pub mod pt2;
pub mod python;
pub mod read;
pub mod rebuild;
pub mod safetensors;
pub mod saved;
pub mod script;
pub mod state_dict;
pub mod stats;
pub mod storage;
pub mod tar;
pub mod tensor;
pub mod tree;
pub mod values;
pub mod view;
pub mod window;
pub mod write;
pub mod zipped;

use crate::error::{Error, Result, Warning};
use crate::pickle::decode::Pickle;
use crate::pickle::object::NodeId;
use crate::source::{ByteSource, Phase, Progress, Sink};
use globals::GlobalUse;
use rebuild::Tensors;
use serde::Serialize;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use storage::{Storage, StorageId, Storages};
use tensor::{Tensor, TensorId};

/// The container of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// torch 1.6 and newer
    Zip,
    /// torch 0.1.10 to 1.5, and `_use_new_zipfile_serialization=False`
    Legacy,
    /// before 0.1.10
    Tar,
    /// safetensors
    Safetensors,
    /// `pickle.dump`
    Pickle,
    /// `torch.jit.save`
    TorchScript,
    /// torch.export.save
    Pt2,
}

/// What a container's reader finds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// which container
    pub format: Format,
    /// the object pickle
    pub pickle: Pickle,
    /// what locations in it are called
    pub record: &'static str,
    /// every storage that a tensor uses
    pub storages: Storages,
    /// every tensor
    pub tensors: Tensors,
    /// what was odd but readable
    pub warnings: Vec<Warning>,
    /// what a TorchScript archive holds besides
    pub script: Option<Box<script::Script>>,
}

/// An open checkpoint.
pub struct Checkpoint {
    source: Rc<dyn ByteSource>,
    loaded: Loaded,
    globals: Vec<GlobalUse>,
    listing: OnceCell<listing::Listing>,
    read_warnings: RefCell<Vec<Warning>>,
}

impl Checkpoint {
    /// Finds out what the file is, and reads its directory and pickle.
    pub async fn open(source: Rc<dyn ByteSource>, progress: &dyn Progress) -> Result<Self> {
        let len = source.len();
        progress.report(Phase { phase: "directory", done: 0, total: len, detail: None })?;
        let head = source.read(0..len.min(1024)).await?;
        let loaded = if zipped::is_zip(&head) {
            zipped::open(&*source).await?
        } else if safetensors::is_safetensors(&head, len) {
            safetensors::open(&*source).await?
        } else if let Some(error) = foreign::recognise(&head, len) {
            return Err(error);
        } else if tar::is_tar(&head) {
            tar::open(&*source).await?
        } else {
            legacy::open(&*source).await.map_err(|e| unknown(e, &head))?
        };
        progress.report(Phase { phase: "pickle", done: len, total: len, detail: None })?;
        let globals = loaded.pickle.globals.keys();
        let globals = globals
            .map(|(module, name)| {
                let verdict = globals::verdict(module, name);
                GlobalUse { module: module.clone(), name: name.clone(), verdict }
            })
            .collect();
        let mut checkpoint =
            Self { source, loaded, globals, listing: OnceCell::new(), read_warnings: RefCell::default() };
        checkpoint.read_small_constants().await?;
        Ok(checkpoint)
    }

    /// The container.
    pub fn format(&self) -> Format {
        self.loaded.format
    }

    /// The object that torch.load would return.
    pub fn root(&self) -> NodeId {
        self.loaded.pickle.root
    }

    /// The object pickle and what it made.
    pub fn pickle(&self) -> &Pickle {
        &self.loaded.pickle
    }

    /// What was odd but readable.
    pub fn warnings(&self) -> &[Warning] {
        &self.loaded.warnings
    }

    /// Every class and function that the file names, in order of first appearance.
    pub fn globals(&self) -> &[GlobalUse] {
        &self.globals
    }

    /// Every tensor, by [`TensorId`].
    pub fn tensors(&self) -> &[Tensor] {
        &self.loaded.tensors.list
    }

    /// One tensor.
    pub fn tensor(&self, id: TensorId) -> Result<&Tensor> {
        self.tensors().get(id.0 as usize).ok_or_else(|| Error::mismatch(format!("there is no tensor {}", id.0)))
    }

    /// The tensor that a node is.
    pub fn tensor_at(&self, node: NodeId) -> Option<TensorId> {
        self.loaded.tensors.by_node.get(&node).copied()
    }

    /// One storage.
    pub fn storage(&self, id: StorageId) -> Result<&Storage> {
        let storage = self.loaded.storages.get_index(id.0 as usize);
        storage.map(|(_, s)| s).ok_or_else(|| Error::mismatch(format!("there is no storage {}", id.0)))
    }

    /// Writes the file as it was opened: the same bytes, none of which are read.
    pub fn save_untouched(&self, sink: &mut dyn Sink) -> Result<()> {
        sink.copy(0..self.source.len())
    }
}

/// A file that is nothing we know fails in the pickle machine; the first bytes tell the user more than an opcode.
fn unknown(error: Error, head: &[u8]) -> Error {
    let pickle = matches!(head.first(), Some(0x80 | b'(' | b']' | b'}' | b'c' | b'L' | b'I'));
    if pickle || error.kind != crate::error::Kind::Malformed {
        return error;
    }
    Error::malformed("this is no PyTorch checkpoint: neither a zip archive nor a pickle")
        .code("not_a_checkpoint")
        .at("0x0")
}
