//! TorchScript archives (`torch.jit.save`): `data.pkl` is the module's object, `code/` its classes in TorchScript's own Python, `constants.pkl` the
//! tensors that the code names `CONSTANTS.c0`.
//!
//! A module of TorchScript keeps parameters, buffers, children and attributes in one table, and its class says which is which. Here they are put
//! into the tables of an ordinary pickled module, so that all that reads modules reads these. The classes' code is text to whoever rebuilds the
//! network; here only its declarations are looked at. Archives of torch 1.0 to 1.2 (`model.json`) are refused by name.

use super::rebuild::{self, Tensors};
use super::storage::Storages;
use super::tensor::TensorId;
use super::zipped::{self, MAX_PICKLE, enter};
use super::{Format, Loaded};
use crate::data::TensorData;
use crate::error::{Error, Result, Warning};
use crate::pickle::decode::{Pickle, decode};
use crate::pickle::object::{NodeId, Object};
use crate::source::ByteSource;
use crate::zip::directory::{Directory, Entry};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// All code of an archive; a large network's has a few megabytes.
const MAX_CODE: u64 = 64 << 20;
/// Constants of so few elements are read with the archive: sizes and scales, on which control flow may depend.
const SMALL: u64 = 16;
/// Small constants that are read with the archive.
const MAX_SMALL: usize = 256;

/// What a TorchScript archive holds beside its object.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// the archive's version: 3 is torch 1.6, 10 is 1.12 and newer
    pub version: u64,
    /// the text of each file below `code/`, by the name of the module that it is: `__torch__.torch.nn.functional`
    pub sources: IndexMap<String, String>,
    /// `CONSTANTS.c0`, `CONSTANTS.c1`, ...
    pub constants: Vec<Constant>,
}

/// A constant of the code.
#[derive(Clone, Debug)]
pub enum Constant {
    /// a tensor of the archive; of a small one the values too
    Tensor(TensorId, Option<TensorData>),
    /// anything else, by its class
    Other(String),
}

/// What a class declares about its objects.
#[derive(Debug, Default)]
struct Declared {
    parameters: IndexSet<String>,
    /// `None` before torch 1.6: every tensor that is no parameter
    buffers: Option<IndexSet<String>>,
}

/// Opens an archive that torch.jit.save wrote.
pub(super) async fn open(
    source: &dyn ByteSource,
    directory: &Directory,
    root: &str,
    mut warnings: Vec<Warning>,
) -> Result<Loaded> {
    let record = |name: &str| directory.entries.get(&format!("{root}/{name}"));
    let object = record("data.pkl").ok_or_else(|| {
        Error::unsupported("a TorchScript archive of torch 1.0 to 1.2 (model.json)")
            .code("torchscript")
            .at("model.json")
            .hint("load it with a torch of that time, and save it again with torch.jit.save")
    })?;
    let version = zipped::version(source, record(".data/version").or(record("version"))).await?;
    let swapped = zipped::byteorder(source, record("byteorder")).await?;
    let (bytes, crc) = object.read(source, MAX_PICKLE).await?;
    warnings.extend(crc);
    let mut pickle = decode(&bytes, 0, "data.pkl")?;
    let mut storages = Storages::new();
    let mut tensors =
        rebuild::tensors(&pickle.arena, "data.pkl", &mut |name| enter(&mut storages, name, "data", &record, swapped))?;
    let mut script = Script { version, sources: code(source, directory, root).await?, constants: Vec::new() };
    if let Some(entry) = record("constants.pkl") {
        let (bytes, crc) = entry.read(source, MAX_PICKLE).await?;
        warnings.extend(crc);
        let pickle = decode(&bytes, 0, "constants.pkl")?;
        let found = rebuild::tensors(&pickle.arena, "constants.pkl", &mut |name| {
            enter(&mut storages, name, "constants", &record, swapped)
        })?;
        script.constants = constants(&pickle, found, &mut tensors);
    }
    warnings.extend(baked_in(&script.sources));
    unify(&mut tensors);
    divide(&mut pickle, &tensors, &declarations(&script.sources));
    let script = Some(Box::new(script));
    Ok(Loaded { format: Format::TorchScript, pickle, record: "data.pkl", storages, tensors, warnings, script })
}

/// Code that was traced or frozen does what its modules did in the mode in which they were then.
fn baked_in(sources: &IndexMap<String, String>) -> Option<Warning> {
    let any = |words: &[&str]| sources.values().any(|text| words.iter().any(|word| text.contains(word)));
    let differs = any(&[
        "torch.batch_norm(",
        "torch.dropout(",
        "torch.dropout_(",
        "torch.feature_dropout(",
        "torch.alpha_dropout(",
    ]);
    (differs && !any(&[".training\n"])).then(|| {
        let text = "the network was traced or frozen: it keeps the mode, train or eval, that it was in then, and train() changes neither its dropout nor its batch norm";
        Warning::new("mode_baked_in", text)
    })
}

/// Two tensors that show the same elements of a storage are one: TorchScript writes an object's tensor again where a list holds it too.
fn unify(tensors: &mut Tensors) {
    let mut first = HashMap::new();
    let mut places: Vec<_> = tensors.by_node.iter().map(|(node, id)| (*node, *id)).collect();
    places.sort_unstable();
    for (node, id) in places {
        let Some(tensor) = tensors.list.get(id.0 as usize) else { continue };
        let Some(storage) = tensor.storage else { continue };
        let shown = (storage, tensor.storage_offset, tensor.shape.clone(), tensor.stride.clone(), tensor.dtype);
        let known = *first.entry(shown).or_insert(id);
        tensors.by_node.insert(node, known);
    }
}

/// The files of `code/`, without those for debuggers.
async fn code(source: &dyn ByteSource, directory: &Directory, root: &str) -> Result<IndexMap<String, String>> {
    let mut sources = IndexMap::new();
    let mut left = MAX_CODE;
    for (name, entry) in &directory.entries {
        let Some(path) = name.strip_prefix(&format!("{root}/code/")).and_then(|n| n.strip_suffix(".py")) else {
            continue;
        };
        let text = text(source, entry, left).await?;
        left = left.saturating_sub(text.len() as u64);
        sources.insert(path.replace('/', "."), text);
    }
    Ok(sources)
}

async fn text(source: &dyn ByteSource, entry: &Entry, most: u64) -> Result<String> {
    let (bytes, _) = entry.read(source, most).await?;
    String::from_utf8(bytes).map_err(|_| Error::malformed("code that is not UTF-8").at(&*entry.name))
}

/// The items of `constants.pkl`; its tensors join those of the object.
fn constants(pickle: &Pickle, found: Tensors, tensors: &mut Tensors) -> Vec<Constant> {
    let before = u32::try_from(tensors.list.len()).unwrap_or(u32::MAX);
    tensors.list.extend(found.list);
    let items = super::python::items(&pickle.arena, pickle.root);
    let constant = |item: &NodeId| match found.by_node.get(item) {
        Some(id) => Constant::Tensor(TensorId(id.0.saturating_add(before)), None),
        None => Constant::Other(match pickle.arena.get(*item) {
            Object::Instance(made) => {
                let class = rebuild::global(&pickle.arena, made.callable);
                class.map_or_else(|| "object".to_owned(), |(module, name)| format!("{module}.{name}"))
            }
            _ => "no tensor".to_owned(),
        }),
    };
    items.iter().map(constant).collect()
}

impl super::Checkpoint {
    /// What a TorchScript archive holds beside its object; `None` in other files.
    pub fn script(&self) -> Option<&Script> {
        self.loaded.script.as_deref()
    }

    /// Reads the small constants of a TorchScript archive.
    pub(super) async fn read_small_constants(&mut self) -> Result<()> {
        let Some(mut script) = self.loaded.script.take() else { return Ok(()) };
        let mut left = MAX_SMALL;
        for constant in &mut script.constants {
            let Constant::Tensor(id, values) = constant else { continue };
            let tensor = self.tensor(*id)?;
            if left > 0 && tensor.unloadable.is_none() && tensor.numel().is_some_and(|count| count <= SMALL) {
                left -= 1;
                *values = Some(self.read(*id).await?);
            }
        }
        self.loaded.script = Some(script);
        Ok(())
    }
}

/// Finds what each module class declares: the lines that torch prints first in a class. Whatever else the code holds is for who evaluates it.
fn declarations(sources: &IndexMap<String, String>) -> HashMap<String, Declared> {
    let mut classes: HashMap<String, Declared> = HashMap::new();
    for (module, text) in sources {
        let mut class = None;
        for line in text.lines() {
            if let Some(head) = line.strip_prefix("class ") {
                let name = head.strip_suffix("(Module):").map(|name| format!("{module}.{name}"));
                class = name.map(|name| classes.entry(name).or_default());
            } else if let Some(class) = &mut class {
                if let Some(list) = line.strip_prefix("  __parameters__ = ") {
                    class.parameters = names(list);
                } else if let Some(list) = line.strip_prefix("  __buffers__ = ") {
                    class.buffers = Some(names(list));
                }
            }
        }
    }
    classes
}

/// `["weight", "bias", ]`
fn names(list: &str) -> IndexSet<String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Puts what each module holds into the tables of an nn.Module.
fn divide(pickle: &mut Pickle, tensors: &Tensors, classes: &HashMap<String, Declared>) {
    let declared = |pickle: &Pickle, id: NodeId| {
        let Object::Instance(made) = pickle.arena.get(id) else { return None };
        let (module, name) = rebuild::global(&pickle.arena, made.callable)?;
        Some((classes.get(&format!("{module}.{name}"))?, made.states.first().copied()))
    };
    for id in pickle.arena.ids() {
        let Some((class, Some(state))) = declared(pickle, id) else { continue };
        let Object::Dict(items) = pickle.arena.get(state) else { continue };
        let mut tables = [("_parameters", Vec::new()), ("_buffers", Vec::new()), ("_modules", Vec::new())];
        let mut rest = Vec::new();
        let [(_, parameters), (_, buffers), (_, modules)] = &mut tables;
        for &(key, value) in items {
            let name = super::python::text(&pickle.arena, key).unwrap_or_default();
            let table = if declared(pickle, value).is_some() {
                &mut *modules
            } else if class.parameters.contains(name) {
                &mut *parameters
            } else if class.buffers.as_ref().map_or(tensors.by_node.contains_key(&value), |names| names.contains(name))
            {
                &mut *buffers
            } else {
                &mut rest
            };
            table.push((key, value));
        }
        let at = pickle.arena.offset(id);
        let mut items = Vec::new();
        for (name, table) in tables {
            let name = pickle.arena.add(Object::Str(name.to_owned()), at);
            items.push((name, pickle.arena.add(Object::Dict(table), at)));
        }
        items.extend(rest);
        let state = pickle.arena.add(Object::Dict(items), at);
        if let Some(Object::Instance(made)) = pickle.arena.get_mut(id) {
            made.states = vec![state];
        }
    }
}
