//! What an optimizer keeps for one parameter: `optimizer.state[param]`, keys in the order in which torch puts them.

use crate::engine::device::Device;
use crate::engine::value::Value;
use crate::error::Result;
use indexmap::IndexMap;

/// One value of a parameter's state.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are tensors, three for a parameter")]
pub enum Entry {
    /// `None`: a momentum buffer that no step has filled
    None,
    /// a 0-d tensor that torch keeps on the host: `step`, `mu_product`
    Number(f64),
    /// a tensor like the parameter, on its device
    Tensor(Value),
}

/// How a state begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// a 0-d number
    Number(f64),
    /// like the parameter, every element this number
    Filled(f64),
    /// made by the first step
    Later,
}

/// A key and its beginning.
pub type Slot = (&'static str, Start);

/// The state of one parameter.
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: IndexMap<String, Entry>,
}

impl State {
    /// Before the first step.
    pub fn new(slots: &[Slot], parameter: &Value) -> Self {
        let entry = |start| match start {
            Start::Number(n) => Some(Entry::Number(n)),
            Start::Filled(value) => Some(Entry::Tensor(parameter.full_like(value))),
            Start::Later => None,
        };
        Self { entries: slots.iter().filter_map(|(name, start)| Some(((*name).to_owned(), entry(*start)?))).collect() }
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Sets a value; a new key goes to the end.
    pub fn set(&mut self, name: &str, entry: Entry) {
        self.entries.insert(name.to_owned(), entry);
    }

    /// The first key of `slots` that torch would ask for and not find, or find as another kind of value.
    pub fn lacks(&self, slots: &[Slot]) -> Option<&'static str> {
        let fits = |name: &str, start: Start| match (self.get(name), start) {
            (None | Some(Entry::None), start) => start == Start::Later,
            (Some(Entry::Number(_)), start) => matches!(start, Start::Number(_)),
            (Some(Entry::Tensor(_)), start) => !matches!(start, Start::Number(_)),
        };
        slots.iter().find(|(name, start)| !fits(name, *start)).map(|(name, _)| *name)
    }

    /// The same state on another device; its numbers are the host's.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        let mut entries = IndexMap::new();
        for (name, entry) in &self.entries {
            let entry = match entry {
                Entry::Tensor(value) => Entry::Tensor(value.to(device).await?),
                host => host.clone(),
            };
            entries.insert(name.clone(), entry);
        }
        Ok(Self { entries })
    }

    /// `step += 1`; the new one.
    pub(super) fn count(&mut self) -> f64 {
        let step = self.number("step", 0.0) + 1.0;
        self.set("step", Entry::Number(step));
        step
    }

    pub(super) fn number(&self, name: &str, otherwise: f64) -> f64 {
        if let Some(Entry::Number(n)) = self.get(name) { *n } else { otherwise }
    }

    /// Takes a tensor out to be written in place; what takes its place is set again by [`put`](Self::put).
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        match std::mem::replace(self.entries.get_mut(name)?, Entry::None) {
            Entry::Tensor(value) => Some(value),
            _ => None,
        }
    }

    /// The tensor, or zeros like the parameter.
    pub(super) fn moment(&mut self, name: &str, parameter: &Value) -> Value {
        self.take(name).unwrap_or_else(|| parameter.full_like(0.0))
    }

    pub(super) fn put(&mut self, name: &str, value: Value) {
        self.set(name, Entry::Tensor(value));
    }
}
