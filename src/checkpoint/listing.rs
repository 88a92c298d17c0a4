//! What a checkpoint holds, for people: every tensor under the name that users know it by, and every value that is no tensor.
//!
//! Keys inside the first state_dict (or, where there is none, the first module) stand alone, `fc.weight`; everything else has its path
//! from the root, `optimizer_state_dict.state.0.exp_avg`. Inside a module the tables `_parameters`, `_buffers` and `_modules` are
//! passed through, so that names are those of `state_dict()`. An object under two keys is listed under both, a cycle once.

use super::Checkpoint;
use super::module::tables;
use super::python::{items, text};
use super::script::Constant;
use super::state_dict::is_optimizer;
use super::tensor::{Tensor, TensorId};
use super::values::{PlainValue, Shown};
use super::view::View;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::pickle::object::{NodeId, Object};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Objects nested deeper are not listed; their names would grow with the square of the depth.
const MAX_DEPTH: usize = 400;
/// Nodes listed once more because their container has a second name.
const MAX_AGAIN: usize = 200_000;
/// Values listed; the rest is counted.
const MAX_VALUES: usize = 100_000;
/// Text of names and values beyond what the pickle itself holds.
const SPARE_TEXT: usize = 16 << 20;

/// What a tensor is to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// trained
    Parameter,
    /// part of the state, not trained: running statistics, masks
    Buffer,
    /// an optimizer's own state
    Optimizer,
    /// anything else
    Other,
}

/// One tensor of the file under one of its names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// unique in the file
    pub name: String,
    /// sizes, outermost first
    pub shape: Vec<u64>,
    /// element type
    pub dtype: DType,
    /// elements from one index to the next
    pub stride: Vec<u64>,
    /// which storage: equal numbers share their bytes; none for sparse and meta tensors
    pub storage: Option<u32>,
    /// the first element's place in the storage, in elements
    pub offset: u64,
    /// numel × itemsize
    pub bytes: u64,
    /// a bare state_dict does not say what is a buffer: BatchNorm's names and dtypes that have no gradient tell
    pub role: Role,
    /// as saved; a state_dict's tensors are detached
    pub requires_grad: bool,
    /// why its values cannot be had
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unloadable: Option<String>,
    /// the tensor
    #[serde(skip)]
    pub tensor: TensorId,
}

/// Tensors and values, in file order.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// every tensor
    pub entries: Vec<Entry>,
    /// everything else
    pub values: Vec<PlainValue>,
    by_name: HashMap<String, usize>,
}

impl Checkpoint {
    /// Tensors and values, found at the first call.
    pub fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| Walk::new(self).run())
    }

    /// Every tensor, in file order, under its name.
    pub fn entries(&self) -> &[Entry] {
        &self.listing().entries
    }

    /// Everything that is no tensor, in file order.
    pub fn values(&self) -> &[PlainValue] {
        &self.listing().values
    }

    /// The tensor of a name as [`Checkpoint::entries`] gives it.
    pub fn named(&self, name: &str) -> Result<TensorId> {
        let entry = self.listing().by_name.get(name).and_then(|at| self.entries().get(*at));
        entry.map(|e| e.tensor).ok_or_else(|| {
            Error::mismatch(format!("there is no tensor {name:?} in the checkpoint")).code("no_such_tensor").at(name)
        })
    }
}

/// Where a node stands, as far as a tensor's role goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Somewhere,
    StateDict,
    Optimizer,
    Parameters,
    Buffers,
    /// a plain attribute of a module: aliases of its parameters (`_flat_weights`) are not listed again
    Attribute,
}

struct Frame {
    node: NodeId,
    name: String,
    place: Place,
    depth: usize,
    /// inside a container that was listed before
    again: bool,
    /// inside the container whose keys stand alone
    plain: bool,
}

enum Step {
    Enter(Frame),
    Leave(NodeId),
}

struct Walk<'a> {
    checkpoint: &'a Checkpoint,
    /// path of the state_dict whose keys stand alone; `None` when the first module's do
    first: Option<String>,
    /// the path of the container whose keys stand alone, once it was met
    plain_path: Option<String>,
    listed: HashSet<NodeId>,
    tensors: HashSet<TensorId>,
    above: HashSet<NodeId>,
    again_left: usize,
    text_left: usize,
    values_more: usize,
    pending: Vec<Step>,
    listing: Listing,
}

impl<'a> Walk<'a> {
    fn new(checkpoint: &'a Checkpoint) -> Self {
        let arena = &checkpoint.pickle().arena;
        let text = arena.ids().map(|id| if let Object::Str(s) = arena.get(id) { s.len() } else { 0 });
        let text_left = text.fold(arena.len().saturating_mul(32), usize::saturating_add).saturating_add(SPARE_TEXT);
        Self {
            checkpoint,
            first: checkpoint.state_dicts().into_iter().next().map(|s| s.path),
            plain_path: None,
            listed: HashSet::new(),
            tensors: HashSet::new(),
            above: HashSet::new(),
            again_left: arena.len().saturating_mul(4).saturating_add(1000).min(MAX_AGAIN),
            text_left,
            values_more: 0,
            pending: Vec::new(),
            listing: Listing::default(),
        }
    }

    fn run(mut self) -> Listing {
        let (node, place) = (self.checkpoint.root(), Place::Somewhere);
        let root = Frame { node, name: String::new(), place, depth: 0, again: false, plain: false };
        self.pending.push(Step::Enter(root));
        while let Some(step) = self.pending.pop() {
            match step {
                Step::Leave(node) => {
                    self.above.remove(&node);
                }
                Step::Enter(frame) => self.enter(frame),
            }
        }
        for (number, constant) in
            self.checkpoint.script().map_or(&[][..], |script| &script.constants).iter().enumerate()
        {
            if let Constant::Tensor(id, _) = constant {
                let name = format!("CONSTANTS.c{number}");
                let place = Place::Somewhere;
                self.tensor(*id, Frame { node, name, place, depth: 0, again: false, plain: false });
            }
        }
        if self.values_more > 0 {
            let text = format!("and {} more", self.values_more);
            self.listing.values.push(PlainValue { path: String::new(), kind: "more".into(), text, value: None });
        }
        self.listing
    }

    /// Takes from the budgets; false when one is used up.
    fn afford(&mut self, frame: &Frame) -> bool {
        let Some(text_left) = self.text_left.checked_sub(frame.name.len()) else { return false };
        self.text_left = text_left;
        if frame.again {
            let Some(left) = self.again_left.checked_sub(1) else { return false };
            self.again_left = left;
        }
        frame.depth < MAX_DEPTH
    }

    fn enter(&mut self, mut frame: Frame) {
        if !self.afford(&frame) {
            return;
        }
        let view = self.checkpoint.view(frame.node);
        if let View::Tensor(id) = view {
            return self.tensor(id, frame);
        }
        if let Some(shown) = self.checkpoint.shown(&view, frame.node, self.text_left) {
            return self.value(&frame, shown);
        }
        if !self.above.insert(frame.node) {
            return;
        }
        frame.again |= !self.listed.insert(frame.node);
        self.pending.push(Step::Leave(frame.node));
        let from = self.pending.len();
        match view {
            View::Mapping(mapping) => {
                if is_optimizer(self.checkpoint, &mapping) {
                    frame.place = Place::Optimizer;
                } else if frame.place != Place::Optimizer && self.checkpoint.state_dict_of(&mapping).is_some() {
                    frame.place = Place::StateDict;
                    if self.first.as_deref() == Some(&*frame.name) {
                        self.stand_alone(&mut frame);
                    }
                }
                for (key, value) in &mapping.items {
                    self.child(&frame, &self.checkpoint.key_text(*key), *value);
                }
            }
            View::Sequence(_, all) => {
                for (index, item) in all.iter().enumerate() {
                    self.child(&frame, &index.to_string(), *item);
                }
            }
            View::Object { class, instance } => {
                if let Some(dict) = tables(self.checkpoint, instance) {
                    if self.first.is_none() {
                        self.stand_alone(&mut frame);
                    }
                    self.module(&frame, class, &dict.items);
                } else {
                    self.value(&frame, Shown::object(class));
                    for (index, arg) in items(&self.checkpoint.pickle().arena, instance.args).iter().enumerate() {
                        self.child(&frame, &format!("args[{index}]"), *arg);
                    }
                    for (index, item) in instance.list_items.iter().chain(&instance.set_items).enumerate() {
                        self.child(&frame, &index.to_string(), *item);
                    }
                    for (key, value) in &instance.dict_items {
                        self.child(&frame, &self.checkpoint.key_text(*key), *value);
                    }
                    for state in &instance.states {
                        self.state(&frame, *state);
                    }
                }
            }
            _ => {}
        }
        // The stack gives the last first.
        if let Some(children) = self.pending.get_mut(from..) {
            children.reverse();
        }
    }

    /// Names restart inside this container.
    fn stand_alone(&mut self, frame: &mut Frame) {
        if self.plain_path.is_none() {
            self.plain_path = Some(std::mem::take(&mut frame.name));
            frame.plain = true;
        }
    }

    /// BUILD's state: an object's attributes.
    fn state(&mut self, frame: &Frame, state: NodeId) {
        match self.checkpoint.view(state) {
            View::Mapping(attributes) => {
                for (key, value) in &attributes.items {
                    self.child(frame, &self.checkpoint.key_text(*key), *value);
                }
            }
            _ => self.child(frame, "state", state),
        }
    }

    /// A module's `__dict__`: its tables are passed through, empty private ones (hooks) left out.
    fn module(&mut self, frame: &Frame, class: String, attributes: &[(NodeId, NodeId)]) {
        self.value(frame, Shown::module(class));
        let arena = &self.checkpoint.pickle().arena;
        for &(key, value) in attributes {
            let key = text(arena, key).unwrap_or_default();
            let place = match key {
                "_parameters" => Place::Parameters,
                "_buffers" => Place::Buffers,
                "_modules" => Place::Somewhere,
                _ if key.starts_with('_') && self.checkpoint.is_empty_container(value) => continue,
                _ => {
                    self.add(frame, key, value, Place::Attribute);
                    continue;
                }
            };
            let View::Mapping(table) = self.checkpoint.view(value) else { continue };
            for (name, member) in &table.items {
                if *arena.get(*member) != Object::None {
                    self.add(frame, &self.checkpoint.key_text(*name), *member, place);
                }
            }
        }
    }

    fn child(&mut self, frame: &Frame, key: &str, node: NodeId) {
        self.add(frame, key, node, frame.place);
    }

    fn add(&mut self, frame: &Frame, key: &str, node: NodeId, place: Place) {
        let name = join(&frame.name, key);
        let (again, plain) = (frame.again, frame.plain);
        self.pending.push(Step::Enter(Frame { node, name, place, depth: frame.depth + 1, again, plain }));
    }

    fn tensor(&mut self, id: TensorId, frame: Frame) {
        self.listed.insert(frame.node);
        let known = !self.tensors.insert(id);
        if known && frame.place == Place::Attribute {
            return;
        }
        let Ok(tensor) = self.checkpoint.tensor(id) else { return };
        let name = if frame.name.is_empty() { "tensor".to_owned() } else { frame.name };
        let name = self.unique(name);
        self.listing.entries.push(Entry {
            role: role(frame.place, &name, tensor),
            name,
            shape: tensor.shape.clone(),
            dtype: tensor.dtype,
            stride: tensor.stride.clone(),
            storage: tensor.storage.map(|s| s.0),
            offset: tensor.storage_offset,
            bytes: tensor.numel().unwrap_or(u64::MAX).saturating_mul(tensor.dtype.size() as u64),
            requires_grad: tensor.requires_grad,
            unloadable: tensor.unloadable.clone(),
            tensor: id,
        });
    }

    /// Two paths can spell the same name: `{"a.b": x, "a": {"b": y}}`. The later ones are numbered.
    fn unique(&mut self, name: String) -> String {
        let at = self.listing.entries.len();
        let mut candidate = name.clone();
        let mut number = 1;
        while self.listing.by_name.contains_key(&candidate) {
            number += 1;
            // A number of its own for every entry ends a search that a crafted file would make long.
            let number = if number > 16 { at + number } else { number };
            candidate = format!("{name}#{number}");
        }
        self.listing.by_name.insert(candidate.clone(), at);
        candidate
    }

    fn value(&mut self, frame: &Frame, shown: Shown) {
        if self.listing.values.len() >= MAX_VALUES {
            self.values_more += 1;
            return;
        }
        let path = match &self.plain_path {
            Some(prefix) if frame.plain => join(prefix, &frame.name),
            _ => frame.name.clone(),
        };
        self.text_left = self.text_left.saturating_sub(shown.weight);
        self.listing.values.push(PlainValue { path, kind: shown.kind, text: shown.text, value: shown.value });
    }
}

fn join(prefix: &str, key: &str) -> String {
    match (prefix, key) {
        ("", key) => key.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, key) => format!("{prefix}.{key}"),
    }
}

fn role(place: Place, name: &str, tensor: &Tensor) -> Role {
    let differentiable = matches!(tensor.dtype.category(), Category::Float | Category::Complex | Category::Quantized);
    let last = name.rsplit('.').next().unwrap_or(name);
    match place {
        Place::Parameters => Role::Parameter,
        Place::Buffers => Role::Buffer,
        Place::Optimizer => Role::Optimizer,
        _ if tensor.parameter => Role::Parameter,
        Place::StateDict if !differentiable => Role::Buffer,
        Place::StateDict if matches!(last, "running_mean" | "running_var" | "num_batches_tracked") => Role::Buffer,
        Place::StateDict => Role::Parameter,
        Place::Somewhere | Place::Attribute => Role::Other,
    }
}
