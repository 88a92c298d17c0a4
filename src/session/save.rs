//! Giving the checkpoint back: the file with what changed in it, or its weights alone.

use super::model::Model;
use super::resumption::{optimizer_dict, scheduler_dict};
use crate::checkpoint::view::View;
use crate::checkpoint::write::adopt::Adoption;
use crate::checkpoint::write::draft::{Content, Draft, Later};
use crate::checkpoint::write::fresh::Origin;
use crate::checkpoint::write::plain::Plain;
use crate::checkpoint::write::safetensors::{self, Named, Values};
use crate::error::{Error, Result, Warning};
use crate::graph::ValueId;
use crate::network::NetworkLeaf;
use crate::pickle::object::NodeId;
use crate::source::Sink;
use std::collections::HashMap;

/// Which container a saved file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveFormat {
    /// torch.save's
    #[default]
    Pth,
    /// safetensors
    Safetensors,
}

/// What a saved file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveAs {
    /// everything that the opened file holds, where it held it
    #[default]
    Same,
    /// the weights alone
    StateDict,
    /// a dict with `model_state_dict`
    Checkpoint,
}

impl Model {
    /// Writes a file; what was done that the user should know comes back. `name` is the new file's: torch names the records of a zip
    /// after it.
    ///
    /// [`SaveAs::Same`] writes the opened file again with the values that are no longer the file's: the same bytes while nothing changed.
    pub async fn save(
        &self,
        what: SaveAs,
        format: SaveFormat,
        name: &str,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Warning>> {
        match (what, format) {
            (SaveAs::Same, SaveFormat::Pth) => {
                let plan = self.plan()?;
                if plan.is_empty() {
                    self.checkpoint.save_untouched(sink)?;
                    return Ok(Vec::new());
                }
                self.checkpoint.save_edited(&plan.edits, &plan, &Draft::root_of(name), sink).await
            }
            (SaveAs::StateDict, SaveFormat::Pth) => {
                let mut draft = Draft::default();
                let root = self.draft_state_dict(&mut draft)?;
                self.write(draft, root, name, sink).await?;
                Ok(Vec::new())
            }
            (SaveAs::Checkpoint, SaveFormat::Pth) => {
                let mut draft = Draft::default();
                let (root, notes) = self.draft_checkpoint(&mut draft)?;
                self.write(draft, root, name, sink).await?;
                Ok(notes)
            }
            (_, SaveFormat::Safetensors) => {
                let mut tensors = Vec::new();
                for key in self.network.state_dict_keys() {
                    let leaf = self.leaf(key)?;
                    let stored = leaf.stored();
                    let shape = stored.shape.iter().map(|&d| d as u64).collect();
                    let later: Later<'_> = Box::new(move || Box::pin(self.stored(leaf)));
                    let values = Values::Later(later);
                    tensors.push(Named { name: key.clone(), dtype: stored.dtype, shape, values });
                }
                // transformers wants to know who wrote it.
                safetensors::write(&tensors, &[("format", "pt")], None, None, sink).await?;
                Ok(Vec::new())
            }
        }
    }

    fn leaf(&self, key: &str) -> Result<&NetworkLeaf> {
        let leaf = self.network.leaves().iter().find(|leaf| leaf.names.iter().any(|n| n == key));
        leaf.ok_or_else(|| Error::mismatch(format!("the network has no parameter or buffer '{key}'")))
    }

    /// `state_dict()`: tied weights are one tensor under several keys.
    fn draft_state_dict<'a>(&'a self, draft: &mut Draft<'a>) -> Result<NodeId> {
        let mut drafted: HashMap<ValueId, NodeId> = HashMap::new();
        let mut tensors = Vec::new();
        for key in self.network.state_dict_keys() {
            let leaf = self.leaf(key)?;
            let node = match drafted.get(&leaf.value) {
                Some(node) => *node,
                None => {
                    let later: Later<'a> = Box::new(move || Box::pin(self.stored(leaf)));
                    let stored = leaf.stored();
                    draft.tensor_of(stored.dtype, &stored.shape, Content::Later(later))?
                }
            };
            drafted.insert(leaf.value, node);
            tensors.push((key.as_str(), node));
        }
        let versions: Vec<_> =
            self.network.versions().iter().map(|(path, version)| (path.as_str(), *version)).collect();
        Ok(draft.state_dict(&tensors, &versions))
    }

    /// The tutorial's general checkpoint: the weights, and what the opened file says of the training.
    fn draft_checkpoint<'a>(&'a self, draft: &mut Draft<'a>) -> Result<(NodeId, Vec<Warning>)> {
        let mut adoption = Adoption::new(&self.checkpoint);
        let mut items = Vec::new();
        let weights = self.draft_state_dict(draft)?;
        for (name, usual) in PARTS {
            if *name == "model_state_dict" {
                items.push((*name, weights));
                continue;
            }
            if let Some(value) = self.trained_part(name, draft)? {
                items.push((*name, draft.plain(&value)));
                continue;
            }
            if let Some(node) = usual.iter().find_map(|key| self.root_item(key)) {
                items.push((*name, adoption.take(node, draft)?));
            }
        }
        Ok((draft.objects.named_dict(&items), adoption.notes()))
    }

    /// A part of the checkpoint that the training has; the file's own serves for an optimizer that has not stepped since.
    fn trained_part<'a>(&'a self, name: &str, draft: &mut Draft<'a>) -> Result<Option<Plain>> {
        let Some(training) = &self.training_state else { return Ok(None) };
        Ok(match name {
            "epoch" => training.epoch.map(Plain::Int),
            "loss" => training.loss.map(Plain::Float),
            "optimizer_state_dict" => match &training.optimizer {
                Some(optimizer) if optimizer.resumed().is_none() || optimizer.touched().next().is_some() => {
                    Some(optimizer_dict(optimizer, draft)?)
                }
                _ => None,
            },
            "scheduler_state_dict" => training.scheduler.as_ref().map(|s| scheduler_dict(s, draft)),
            _ => None,
        })
    }

    /// A value of the dict at the file's root.
    fn root_item(&self, key: &str) -> Option<NodeId> {
        let View::Mapping(root) = self.checkpoint.view(self.checkpoint.root()) else { return None };
        let named = |node: NodeId| matches!(self.checkpoint.view(node), View::Str(text) if text == key);
        root.items.iter().find(|(k, _)| named(*k)).map(|(_, value)| *value)
    }

    async fn write(&self, draft: Draft<'_>, root: NodeId, name: &str, sink: &mut dyn Sink) -> Result<()> {
        let plan = self.plan()?;
        let origin = Origin { file: Some(&self.checkpoint), changes: Some(&plan) };
        draft.write_zip(root, &Draft::root_of(name), origin, sink).await
    }
}

/// Keys of the tutorial's checkpoint, in its order, and under which names files hold them; a scheduler's is there when the training has one.
const PARTS: &[(&str, &[&str])] = &[
    ("epoch", &["epoch"]),
    ("model_state_dict", &[]),
    ("optimizer_state_dict", &["optimizer_state_dict", "optimizer", "optim"]),
    ("loss", &["loss"]),
    ("scheduler_state_dict", &[]),
];
