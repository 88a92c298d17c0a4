//! The use cases, one method each: open a checkpoint, look into it, build its network, run it, save it.
//!
//! Everything that comes out is plain data; the browser's rim and the test harness are thin around it.

mod answers;
pub mod compiled;
pub mod input;
pub mod model;
mod moving;
pub mod recognise;
pub mod resumption;
pub mod save;
pub mod train;

use crate::checkpoint::compare::Compared;
use crate::checkpoint::describe::Description;
use crate::checkpoint::module::ModuleTree;
use crate::checkpoint::state_dict::StateDict;
use crate::checkpoint::stats::Stats;
use crate::checkpoint::tensor::{Index, TensorId};
use crate::checkpoint::{Checkpoint, Format};
use crate::data::TensorData;
use crate::engine::device::{Choice, Device};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::network::Network;
use crate::network::carried::{self, Code};
use crate::network::deduce::report::Deduced;
use crate::network::state::Offered;
use crate::network::whole::{self, Whole};
use crate::network::zoo::Recognised;
use crate::source::{ByteSource, Progress};
use indexmap::IndexMap;
use model::Model;
use std::rc::Rc;

/// An open checkpoint.
pub struct Session {
    checkpoint: Rc<Checkpoint>,
}

/// How to build a network.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// PyTorch source; without it the file must hold a whole module, or a state_dict whose network is known
    pub source: Option<String>,
    /// a network of the zoo: `resnet18`, `resnet18(num_classes=10)`
    pub zoo: Option<String>,
    /// a network as data, the JSON of [`Model::graph`]
    pub graph: Option<String>,
    /// the Python expression that constructs the network; without it the arguments are deduced from the state_dict's shapes
    pub construct: Option<String>,
    /// where to run it
    pub device: Choice,
    /// which of the file's state_dicts, by path; the best one when absent
    pub state_dict: Option<String>,
    /// load_state_dict's `strict`
    pub strict: bool,
}

impl Session {
    /// Reads the directory and the pickle; no tensor's bytes.
    pub async fn open(source: Rc<dyn ByteSource>, progress: &dyn Progress) -> Result<Self> {
        Ok(Self { checkpoint: Rc::new(Checkpoint::open(source, progress).await?) })
    }

    /// The file as it was read.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// What is in the file.
    pub fn describe(&self) -> Description {
        self.checkpoint.describe()
    }

    /// The code that the file carries.
    pub fn code(&self) -> Option<Code> {
        carried::code(&self.checkpoint)
    }

    /// A tensor's values, by the name that [`describe`](Self::describe) gives it.
    pub async fn tensor(&self, name: &str) -> Result<TensorData> {
        self.checkpoint.read(self.checkpoint.named(name)?).await
    }

    /// A part of a tensor, as `tensor[indices]` gives it.
    pub async fn slice(&self, name: &str, indices: &[Index]) -> Result<TensorData> {
        self.checkpoint.read_slice(self.checkpoint.named(name)?, indices).await
    }

    /// Every tensor beside another file's of the same name.
    pub async fn compare(&self, other: &Self, progress: &dyn Progress) -> Result<Vec<Compared>> {
        self.checkpoint.compare(&other.checkpoint, progress).await
    }

    /// A tensor's statistics, streamed.
    pub async fn stats(&self, name: &str, bins: usize, progress: &dyn Progress) -> Result<Stats> {
        self.checkpoint.stats(self.checkpoint.named(name)?, bins, progress).await
    }

    /// Rebuilds the network, loads its weights onto a device, and puts it in eval mode.
    ///
    /// # Errors
    /// Unsupported `needs_source` when the file has no network, its keys are of no known one, and none is given; Mismatch `load_state_dict` when keys or shapes do not fit;
    /// Python's and torch's own errors from constructing it.
    pub async fn build(&self, options: &BuildOptions, progress: &dyn Progress) -> Result<Model> {
        let (mut network, weights) = self.network(options)?;
        network.train(false);
        let (device, reason) = Device::open(options.device).await?;
        Model::load(self.checkpoint.clone(), network, weights, device, reason, progress).await
    }

    fn network(&self, options: &BuildOptions) -> Result<(Network, Loaded)> {
        let source = options.source.as_deref();
        let path = options.state_dict.as_deref();
        if let Some(name) = options.zoo.as_deref() {
            return self.of_zoo(name, path, options.strict);
        }
        if let Some(graph) = options.graph.as_deref() {
            return self.of_graph(graph, path, options.strict);
        }
        // Pasted source is no TorchScript, and no exported program but where it calls ATen's operators, as the edited text of one does: a
        // network of it takes the archive's weights.
        let archive = match self.checkpoint.format() {
            Format::Pt2 => source.is_some_and(|text| !text.contains("torch.ops.")),
            _ => source.is_some() && self.checkpoint.script().is_some(),
        };
        let pasted = options.construct.is_some() || archive;
        if options.state_dict.is_none()
            && !pasted
            && let Some(tree) = whole::find(&self.checkpoint)?
        {
            let Whole { network, pairs, recognised } = Network::from_module(&tree, &self.checkpoint, source)?;
            return Ok((network, Loaded { pairs, recognised, ..Loaded::default() }));
        }
        let Some(source) = source else { return self.recognised(path) };
        let state = self.state_dict(path)?;
        let mut readings = vec![self.offered(&state, false)?];
        if let Some(prefix) = state.prefix.filter(|prefix| !prefix.is_empty()) {
            // no class declares DataParallel's or torch.compile's prefix; `model.` may be an attribute of a class in the source
            let wrapper = prefix.contains("module.") || prefix.contains("_orig_mod.");
            let at = if wrapper { 0 } else { readings.len() };
            readings.insert(at, self.offered(&state, true)?);
        }
        let saved = self.checkpoint.saved_arguments();
        let construct = options.construct.as_deref();
        let (mut network, construct) =
            Network::from_source(source, construct, &readings, saved.as_ref(), options.strict)?;
        let loaded = self.load_state_dict(&mut network, state, options.strict, false)?;
        Ok((network, Loaded { construct: Some(construct), ..loaded }))
    }

    /// A network as data, with the values of a state_dict or of the whole module in the file.
    fn of_graph(&self, graph: &str, path: Option<&str>, strict: bool) -> Result<(Network, Loaded)> {
        let mut network = Network::from_export(graph)?;
        let whole = if path.is_none() { whole::find(&self.checkpoint)? } else { None };
        let Some(tree) = whole else {
            let loaded = self.load_state_dict(&mut network, self.state_dict(path)?, strict, true)?;
            return Ok((network, loaded));
        };
        let loaded = self.load_state_dict(&mut network, of_module(&tree), strict, true)?;
        Ok((network, Loaded { state: None, ..loaded }))
    }

    /// A state_dict's keys and shapes, with or without the prefix that a wrapper left.
    fn offered(&self, state: &StateDict, strip: bool) -> Result<Vec<Offered>> {
        let prefix = state.prefix.filter(|_| strip).unwrap_or("");
        let entries = state.keys.iter().map(|(key, id)| {
            let key = key.strip_prefix(prefix).unwrap_or(key).to_owned();
            Ok(Offered::of(key, self.checkpoint.tensor(*id)?))
        });
        entries.collect()
    }

    /// `tied`: a weight that has a value under one of its names lacks none, as in transformers.
    fn load_state_dict(&self, network: &mut Network, state: StateDict, strict: bool, tied: bool) -> Result<Loaded> {
        let prefix = state.prefix.unwrap_or("");
        // A network may really have a child called `module` or `model`: the keys as they are go first.
        let version = |module: &str| state.metadata.get(module).copied();
        let mut matching = network.match_state_dict(&self.offered(&state, false)?, version);
        let mut stripped = false;
        if !prefix.is_empty() && (!matching.missing.is_empty() || !matching.unexpected.is_empty()) {
            let wrapped = |module: &str| state.metadata.get(&format!("{prefix}{module}")).copied();
            let other = network.match_state_dict(&self.offered(&state, true)?, wrapped);
            if other.missing.len() + other.unexpected.len() < matching.missing.len() + matching.unexpected.len() {
                (matching, stripped) = (other, true);
            }
        }
        if tied {
            matching = matching.without_tied(network);
        }
        matching.check(&network.class(), strict)?;
        let tensors: Vec<TensorId> = state.keys.values().copied().collect();
        let pairs = matching.pairs.iter().filter_map(|(leaf, at)| Some((*leaf, *tensors.get(*at)?))).collect();
        let prefix = if stripped { prefix.to_owned() } else { String::new() };
        let (missing, unexpected) = (matching.missing, matching.unexpected);
        // A whole module's weights are in no dict that could be written to.
        let state = Some(state).filter(|_| !self.checkpoint.state_dicts().is_empty());
        Ok(Loaded { pairs, missing, unexpected, prefix, recognised: None, state, construct: None })
    }

    fn state_dict(&self, path: Option<&str>) -> Result<StateDict> {
        let all = self.checkpoint.state_dicts();
        let paths: Vec<_> = all.iter().map(|s| format!("'{}'", s.path)).collect();
        let chosen = match path {
            None if all.is_empty() => whole::find(&self.checkpoint)?.as_ref().map(of_module),
            None => all.into_iter().next(),
            Some(path) => all.into_iter().find(|s| s.path == path),
        };
        chosen.ok_or_else(|| {
            let text = match path {
                Some(path) => format!("the checkpoint has no state_dict at '{path}'"),
                None => "the checkpoint holds no state_dict".to_owned(),
            };
            let error = Error::mismatch(text).code("no_state_dict").at("root");
            if paths.is_empty() { error } else { error.hint(format!("it has {}", paths.join(", "))) }
        })
    }
}

/// `state_dict()` of a whole module.
fn of_module(tree: &ModuleTree) -> StateDict {
    StateDict { path: String::new(), prefix: None, keys: whole::state_dict(tree), metadata: IndexMap::new() }
}

/// Where a network's values come from.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// each leaf that the file has values for
    pub pairs: Vec<(ValueId, TensorId)>,
    /// `missing_keys`
    pub missing: Vec<String>,
    /// `unexpected_keys`
    pub unexpected: Vec<String>,
    /// what every key has before the network's own name
    pub prefix: String,
    /// what the network is, where it came from the zoo
    pub recognised: Option<Recognised>,
    /// the state_dict; `None` for a whole module
    pub state: Option<StateDict>,
    /// how the network was constructed; `None` for a whole module
    pub construct: Option<Deduced>,
}
