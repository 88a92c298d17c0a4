//! Networks that come without source: asked for by a name of the zoo, or recognised from the state_dict itself.

use super::{Loaded, Session};
use crate::checkpoint::state_dict::StateDict;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::propose::{Proposal, propose};
use crate::network::state::Offered;
use crate::network::zoo::{self, Facts, Search};

/// A state_dict with or without the prefix that wrappers put before every key.
struct Keys {
    prefix: String,
    offered: Vec<Offered>,
    /// paths of `_metadata`, without the prefix; `None` where the file has none
    modules: Option<Vec<String>>,
}

impl Keys {
    fn new(session: &Session, state: &StateDict, prefix: &str) -> Result<Self> {
        let bare = |key: &str| key.strip_prefix(prefix).unwrap_or(key).to_owned();
        let entries =
            state.keys.iter().map(|(key, id)| Ok(Offered::of(modern(bare(key)), session.checkpoint.tensor(*id)?)));
        let offered = entries.collect::<Result<Vec<_>>>()?;
        // `module.` wraps the path `module`, and the wrapper's own path is the empty one.
        let wrapper = prefix.trim_end_matches('.');
        let inner = state.metadata.keys().filter(|path| prefix.is_empty() || !path.is_empty());
        let modules = inner.map(|path| if path == wrapper { String::new() } else { bare(path) }).collect();
        let modules = (!state.metadata.is_empty()).then_some(modules);
        Ok(Self { prefix: prefix.to_owned(), offered, modules })
    }
}

impl Session {
    /// The network of a bare state_dict, where its keys and shapes are a known one's.
    ///
    /// # Errors
    /// Unsupported `needs_source` when they are not; the hint tells the nearest.
    pub(super) fn recognised(&self, path: Option<&str>) -> Result<(Network, Loaded)> {
        let mut nearest = None;
        if !self.checkpoint.state_dicts().is_empty() {
            let state = self.state_dict(path)?;
            for keys in self.readings(&state)? {
                let version = |module: &str| state.metadata.get(&join(&keys.prefix, module)).copied();
                let facts = Facts { offered: &keys.offered, modules: keys.modules.as_deref(), version: &version };
                match zoo::recognise(&facts) {
                    Search::Found(found) => {
                        let tensors: Vec<_> = state.keys.values().copied().collect();
                        let pairs = found.matching.pairs.iter();
                        let pairs = pairs.filter_map(|(leaf, at)| Some((*leaf, *tensors.get(*at)?))).collect();
                        let loaded = Loaded {
                            pairs,
                            prefix: keys.prefix,
                            recognised: Some(found.recognised),
                            state: Some(state),
                            ..Loaded::default()
                        };
                        return Ok((found.network, loaded));
                    }
                    Search::Nothing(text) => nearest = nearest.or(text),
                }
            }
        }
        let mut hint = "paste the source of the nn.Module class that it was saved from".to_owned();
        if let Some(text) = nearest {
            hint.push_str(&format!("; the nearest known network is {text}"));
        }
        if matches!(self.propose(path), Ok(Some(_))) {
            hint.push_str("; its keys are a plain stack of layers, for which propose() gives source to edit");
        }
        Err(Error::unsupported("a state_dict has weights and no network")
            .code("needs_source")
            .at("state_dict")
            .hint(hint))
    }

    /// Source to edit for a bare state_dict whose network is not known; `None` where its keys are no plain stack of layers.
    pub fn propose(&self, path: Option<&str>) -> Result<Option<Proposal>> {
        let state = self.state_dict(path)?;
        let readings = self.readings(&state)?;
        Ok(readings.iter().rev().find_map(|keys| propose(&keys.offered, keys.modules.as_deref())))
    }

    /// A network of the zoo by its name, with or without constructor arguments, filled from the state_dict.
    pub(super) fn of_zoo(&self, name: &str, path: Option<&str>, strict: bool) -> Result<(Network, Loaded)> {
        let state = self.state_dict(path)?;
        let readings = self.readings(&state)?;
        let mut last = Err(Error::mismatch("the state_dict has no keys").at("state_dict"));
        for keys in readings {
            let facts = Facts { offered: &keys.offered, modules: keys.modules.as_deref(), version: &|_| None };
            last = zoo::by_name(name, &facts).and_then(|(mut network, recognised)| {
                let mut loaded = self.load_state_dict(&mut network, state.clone(), strict, true)?;
                loaded.recognised = Some(recognised);
                Ok((network, loaded))
            });
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// The keys as they are, and without a wrapper's prefix.
    fn readings(&self, state: &StateDict) -> Result<Vec<Keys>> {
        let mut readings = vec![Keys::new(self, state, "")?];
        if let Some(prefix) = state.prefix {
            readings.push(Keys::new(self, state, prefix)?);
        }
        Ok(readings)
    }
}

/// A module's path below a wrapper: the wrapper's own for the empty one.
fn join(prefix: &str, module: &str) -> String {
    if module.is_empty() { prefix.trim_end_matches('.').to_owned() } else { format!("{prefix}{module}") }
}

/// BERTs that came from TensorFlow have its names for a normalisation's parameters; transformers reads them as torch's.
fn modern(key: String) -> String {
    match key.rsplit_once("LayerNorm.") {
        Some((path, "gamma")) => format!("{path}LayerNorm.weight"),
        Some((path, "beta")) => format!("{path}LayerNorm.bias"),
        _ => key,
    }
}
