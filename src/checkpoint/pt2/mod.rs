//! torch.export's archives (`.pt2`): a program as JSON, and its weights and constants.
//!
//! The layout since torch 2.8 has `models/NAME.json` and raw records with their JSON configuration, or a file of torch.save; the one before
//! it has four records at the root. The archive opens as the module that was exported ([`tree`]), with the program as its class's source
//! ([`source`]). Example inputs are pickles of anything, and are not read.

mod argument;
mod mode;
mod schema;
mod signature;
mod source;
mod spec;
mod tree;

pub use tree::INPUTS;

use super::rebuild::Tensors;
use super::storage::{Place, Storage, StorageId, Storages};
use super::tensor::{Layout, Tensor};
use super::zipped::{self, MAX_PICKLE};
use super::{Format, Loaded};
use crate::error::{Error, Kind, Result, Warning};
use crate::pickle::decode::Pickle;
use crate::pickle::object::{NodeId, Object};
use crate::source::{ByteSource, LocalFuture};
use crate::zip::directory::{Directory, Entry, Method};
use indexmap::IndexMap;
use schema::{Payload, Payloads, Program, TensorMeta, int};
use std::collections::HashMap;
use std::ops::Range;
use tree::{Class, Role, Tree};

/// The longest file of torch.save inside an archive that is read whole, where it is compressed.
const MAX_INNER: u64 = 256 << 20;

/// The program of the layout before torch 2.8.
const OLD_PROGRAM: &str = "serialized_exported_program.json";

/// Whether a zip archive is torch.export's; `root` is the folder that its records share.
pub fn is_pt2(directory: &Directory, root: &str) -> bool {
    directory.entries.contains_key(OLD_PROGRAM) || directory.entries.contains_key(&format!("{root}/archive_format"))
}

/// Opens an archive.
pub async fn open(source: &dyn ByteSource, directory: &Directory, root: &str) -> Result<Loaded> {
    let mut archive = Archive { source, directory, root, swapped: false, warnings: directory.warnings.clone() };
    archive.swapped = zipped::byteorder(source, archive.record("byteorder")).await?;
    let parts = archive.parts()?;
    let (bytes, crc) = parts.program.read(source, MAX_PICKLE).await?;
    archive.warnings.extend(crc);
    let program = Program::parse(&bytes, &parts.program.name)?;
    let classes = source::classes(&program);
    let name = classes.get("").cloned().unwrap_or_else(|| "ExportedProgram".to_owned());
    let text = match source::write(&program, &name) {
        // the weights can be had all the same
        Err(error) if error.kind == Kind::Unsupported => {
            archive.warnings.push(Warning::new("pt2", format!("{} is not done here", error.message)));
            source::refusal(&name, &error)
        }
        text => text.map_err(|e| inside(e, &parts.program.name))?,
    };
    if text.training {
        let note = "the program was exported in train mode: its dropouts drop and its batch norms use the batch; it runs in eval mode here until train() is asked for";
        archive.warnings.push(Warning::new("train_mode_graph", note));
    }
    let mut weights =
        Weights { tree: Tree::new(), storages: Storages::new(), known: HashMap::new(), roles: roles(&program) };
    for part in [parts.weights, parts.constants].into_iter().flatten() {
        archive.payloads(&part, &mut weights).await?;
    }
    if let Some(missing) = weights.roles.keys().next() {
        return Err(Error::malformed(format!("the program uses {missing:?}, and the archive has no values for it"))
            .at(missing.clone()));
    }
    let own = Class { name, source: text.source };
    let (arena, node, tensors) = weights.tree.finish(&own, &classes, &text.inputs, text.training);
    let pickle =
        Pickle { arena, root: node, len: bytes.len(), protocol: 0, globals: IndexMap::new(), warnings: Vec::new() };
    Ok(Loaded {
        format: Format::Pt2,
        pickle,
        record: "model.json",
        storages: weights.storages,
        tensors,
        warnings: archive.warnings,
        script: None,
    })
}

/// An error's place, inside a record.
fn inside(error: Error, record: &str) -> Error {
    let place = error.location.as_ref().map_or_else(|| record.to_owned(), |at| format!("{record}: {at}"));
    Error { location: Some(place), ..error }
}

/// What each parameter, buffer and constant that the program takes is, by its name.
fn roles(program: &Program) -> IndexMap<String, Role> {
    let specs = program.graph_module.signature.input_specs.iter().filter_map(schema::Union::only);
    let named = specs.filter_map(|(kind, value)| {
        let (key, role) = match kind {
            "parameter" => ("parameter_name", Role::Parameter),
            "buffer" if value["persistent"].as_bool() == Some(false) => ("buffer_name", Role::Constant),
            "buffer" => ("buffer_name", Role::Buffer),
            "tensor_constant" => ("tensor_constant_name", Role::Constant),
            _ => return None,
        };
        Some((value[key].as_str()?.to_owned(), role))
    });
    named.collect()
}

struct Archive<'a> {
    source: &'a dyn ByteSource,
    directory: &'a Directory,
    root: &'a str,
    swapped: bool,
    warnings: Vec<Warning>,
}

/// The records of one model.
struct Parts<'a> {
    program: &'a Entry,
    weights: Option<Values<'a>>,
    constants: Option<Values<'a>>,
}

/// How values are kept.
enum Values<'a> {
    /// each in a record of the folder, described in JSON
    Raw(&'a Entry, &'static str),
    /// a file of torch.save
    Saved(&'a Entry),
}

/// The values that were found.
struct Weights {
    tree: Tree,
    storages: Storages,
    /// tensors by what they are a view of, and how: tied weights are one
    known: HashMap<String, NodeId>,
    /// what the program takes and nothing gave yet
    roles: IndexMap<String, Role>,
}

impl Weights {
    fn put(&mut self, name: &str, tensor: Tensor, is_param: bool, storage: &str) -> Result<()> {
        let role = match self.roles.shift_remove(name) {
            Some(role) => role,
            None if is_param => Role::Parameter,
            None => Role::Buffer,
        };
        let tensor = Tensor { parameter: role == Role::Parameter, ..tensor };
        let key = format!("{storage} {tensor:?}");
        let node = match self.known.get(&key) {
            Some(node) => *node,
            None => self.tree.tensor(tensor),
        };
        self.known.insert(key, node);
        self.tree.put(name, node, role)
    }
}

impl<'a> Archive<'a> {
    fn record(&self, name: &str) -> Option<&'a Entry> {
        self.directory.entries.get(&format!("{}/{name}", self.root))
    }

    /// The model's records; of several models the first.
    fn parts(&mut self) -> Result<Parts<'a>> {
        if let Some(program) = self.directory.entries.get(OLD_PROGRAM) {
            let saved = |name: &str| {
                let ends = [".pt", ".json"].map(|end| format!("serialized_{name}{end}"));
                ends.iter().find_map(|name| self.directory.entries.get(name)).filter(|entry| entry.size > 0)
            };
            let (weights, constants) = (saved("state_dict").map(Values::Saved), saved("constants").map(Values::Saved));
            return Ok(Parts { program, weights, constants });
        }
        let folder = format!("{}/models/", self.root);
        let names: Vec<&str> = self
            .directory
            .entries
            .keys()
            .filter_map(|name| name.strip_prefix(&folder)?.strip_suffix(".json"))
            .collect();
        let Some(name) = names.iter().find(|name| **name == "model").or(names.first()) else {
            return Err(Error::unsupported("a torch.export archive without a program (models/NAME.json)")
                .code("pt2")
                .at("zip directory")
                .hint("a compiled model (AOTInductor, ExecuTorch) holds machine code; export the network with torch.export.save"));
        };
        if names.len() > 1 {
            let note = format!("the archive holds the programs {}; {name} is opened", names.join(", "));
            self.warnings.push(Warning::new("several_models", note));
        }
        let program = self.record(&format!("models/{name}.json")).ok_or_else(|| Error::malformed("no program"))?;
        let values = |folder: &'static str, kind: &str| {
            let raw = self.record(&format!("{folder}{name}_{kind}_config.json")).map(|e| Values::Raw(e, folder));
            raw.or_else(|| self.record(&format!("{folder}{name}.pt")).map(Values::Saved))
        };
        Ok(Parts {
            program,
            weights: values("data/weights/", "weights"),
            constants: values("data/constants/", "constants"),
        })
    }

    async fn payloads(&mut self, values: &Values<'_>, weights: &mut Weights) -> Result<()> {
        match values {
            Values::Raw(config, folder) => {
                let (bytes, crc) = config.read(self.source, MAX_PICKLE).await?;
                self.warnings.extend(crc);
                let broken = |e: serde_json::Error| Error::malformed(e.to_string()).at(config.name.clone());
                for (name, payload) in serde_json::from_slice::<Payloads>(&bytes).map_err(broken)?.config {
                    self.raw(&name, &payload, folder, weights).map_err(|e| e.at(name))?;
                }
                Ok(())
            }
            Values::Saved(entry) => self.saved(entry, weights).await,
        }
    }

    /// A record that is one storage.
    fn raw(&mut self, name: &str, payload: &Payload, folder: &str, weights: &mut Weights) -> Result<()> {
        let path = format!("{folder}{}", payload.path_name);
        let meta = payload.tensor_meta.as_ref().filter(|_| !payload.use_pickle);
        let Some(meta) = meta else {
            let note = format!("{name} is no plain tensor and is not read");
            self.warnings.push(Warning::new("unread_constant", note).at(path));
            return Ok(());
        };
        let entry = self.record(&path).ok_or_else(|| Error::malformed("PytorchStreamReader failed locating file"))?;
        let dtype = schema::dtype(meta.dtype)
            .ok_or_else(|| Error::unsupported(format!("dtype {} of torch.export", meta.dtype)))?;
        let storage = Storage {
            key: path.clone(),
            dtype: Some(dtype),
            location: "cpu".into(),
            nbytes: entry.size,
            swapped: self.swapped,
            place: Place::Record(entry.clone()),
        };
        let index = match weights.storages.get_index_of(&path) {
            Some(index) => index,
            None => weights.storages.insert_full(path.clone(), storage).0,
        };
        let tensor = view(meta, StorageId(u32::try_from(index).unwrap_or(u32::MAX)))?;
        tensor.check(entry.size)?;
        weights.put(name, tensor, payload.is_param, &path)
    }

    /// A state_dict that torch.save wrote into the record.
    async fn saved(&mut self, entry: &Entry, weights: &mut Weights) -> Result<()> {
        let start = entry.data_offset(self.source).await?;
        let whole = entry.method != Method::Stored;
        let memory;
        let part;
        let inner: &dyn ByteSource = if whole {
            memory = crate::source::MemorySource::new(entry.read(self.source, MAX_INNER).await?.0, None);
            &memory
        } else {
            part = Part { source: self.source, range: start..start.saturating_add(entry.size) };
            &part
        };
        let loaded = zipped::archive(inner).await.map_err(|e| inside(e, &entry.name))?;
        self.warnings.extend(loaded.warnings);
        let mut places = Vec::new();
        for storage in loaded.storages.values() {
            places.push(match &storage.place {
                Place::Record(record) if whole || record.method != Method::Stored => {
                    Place::Memory(record.read(inner, MAX_INNER).await?.0.into())
                }
                Place::Record(record) => {
                    let at = start.saturating_add(record.data_offset(inner).await?);
                    Place::Range(at..at.saturating_add(record.size))
                }
                other => other.clone(),
            });
        }
        let first = weights.storages.len();
        for (storage, place) in loaded.storages.values().zip(places) {
            let key = format!("{}/{}", entry.name, storage.key);
            weights.storages.insert(key.clone(), Storage { key, place, ..storage.clone() });
        }
        for (name, tensor) in entries(&loaded.pickle, &loaded.tensors) {
            let storage =
                tensor.storage.map(|id| StorageId(id.0.saturating_add(u32::try_from(first).unwrap_or(u32::MAX))));
            let is_param = tensor.parameter;
            weights.put(name, Tensor { storage, ..tensor.clone() }, is_param, &entry.name)?;
        }
        Ok(())
    }
}

/// The tensors of a dict at a pickle's root.
fn entries<'a>(pickle: &'a Pickle, tensors: &'a Tensors) -> Vec<(&'a str, &'a Tensor)> {
    let items = match pickle.arena.get(pickle.root) {
        Object::Dict(items) => items.as_slice(),
        Object::Instance(made) => made.dict_items.as_slice(),
        _ => &[],
    };
    let named = items.iter().filter_map(|(key, value)| {
        let Object::Str(key) = pickle.arena.get(*key) else { return None };
        let id = tensors.by_node.get(value)?;
        Some((key.as_str(), tensors.list.get(id.0 as usize)?))
    });
    named.collect()
}

/// A tensor as its description says.
fn view(meta: &TensorMeta, storage: StorageId) -> Result<Tensor> {
    let broken = || Error::malformed("sizes, strides and offset of a weight must be non-negative ints");
    let number = |value: &serde_json::Value| int(value).and_then(|n| u64::try_from(n).ok()).ok_or_else(broken);
    let shape = meta.sizes.iter().map(number).collect::<Result<Vec<_>>>()?;
    let stride = meta.strides.iter().map(number).collect::<Result<Vec<_>>>()?;
    if shape.len() != stride.len() {
        return Err(Error::malformed("a weight with as many strides as sizes is needed"));
    }
    Ok(Tensor {
        parameter: false,
        dtype: schema::dtype(meta.dtype).ok_or_else(broken)?,
        shape,
        stride,
        storage_offset: if meta.storage_offset.is_null() { 0 } else { number(&meta.storage_offset)? },
        storage: Some(storage),
        requires_grad: meta.requires_grad,
        layout: Layout::Strided,
        device: "cpu".into(),
        conj: false,
        neg: false,
        unloadable: None,
    })
}

/// A range of a source, as a source.
struct Part<'a> {
    source: &'a dyn ByteSource,
    range: Range<u64>,
}

impl ByteSource for Part<'_> {
    fn len(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    fn read(&self, range: Range<u64>) -> LocalFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            (self as &dyn ByteSource).check(&range)?;
            let start = self.range.start.saturating_add(range.start);
            self.source.read(start..self.range.start.saturating_add(range.end)).await
        })
    }
}
