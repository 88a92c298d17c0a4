//! What an optimizer is, told before and during training: its class, its groups, and where the file has it.

use crate::checkpoint::Checkpoint;
use crate::checkpoint::saved::SavedOptimizer;
use crate::checkpoint::view::View;
use crate::error::Result;
use crate::pickle::object::NodeId;
use crate::session::model::Model;
use crate::train::hyper::{Hyper, HyperValue};
use serde::Serialize;

/// An optimizer in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptimizerReport {
    /// torch.optim's class
    pub class: String,
    /// whether its state comes from the file
    pub resumed: bool,
    /// where the file has an optimizer: `optimizer_state_dict`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `param_groups`
    pub groups: Vec<GroupReport>,
}

/// One of `param_groups`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupReport {
    /// names of its parameters; the file's own numbers where these cannot be told from positions
    pub params: Vec<String>,
    /// `lr` and the rest; of the file's those that are plain numbers
    #[serde(flatten)]
    pub hyper: Hyper,
}

impl Model {
    /// The optimizer at work; before training the one that the file holds, `None` where it holds none of torch.optim's classes.
    ///
    /// # Errors
    /// Malformed where the file's groups are no groups.
    pub fn optimizer(&self) -> Result<Option<OptimizerReport>> {
        let saved = self.checkpoint.saved_optimizer()?;
        let path = saved.as_ref().map(|saved| saved.found.path.clone());
        if let Some(optimizer) = self.training_state().and_then(|state| state.optimizer.as_ref()) {
            let groups = optimizer.groups().iter().map(|group| GroupReport {
                params: group.parameters.iter().map(|p| p.name.clone()).collect(),
                hyper: group.hyper.clone(),
            });
            return Ok(Some(OptimizerReport {
                class: optimizer.class().name().to_owned(),
                resumed: optimizer.resumed().is_some(),
                path,
                groups: groups.collect(),
            }));
        }
        let Some((saved, class)) = saved.and_then(|saved| saved.found.class.map(|class| (saved, class))) else {
            return Ok(None);
        };
        let groups = self.saved_groups(&saved);
        Ok(Some(OptimizerReport { class: class.to_owned(), resumed: true, path, groups }))
    }

    fn saved_groups(&self, saved: &SavedOptimizer) -> Vec<GroupReport> {
        let mut names = self.parameters().into_iter().map(|p| p.name);
        let all: usize = saved.groups.iter().map(|group| group.params.len()).sum();
        // One group in the network's own order is the rule; several are named by their file or not at all.
        let by_position = saved.groups.len() == 1 && all == names.len();
        let group = |group: &crate::checkpoint::saved::SavedGroup| {
            let mut hyper = Hyper::default();
            for (name, node) in &group.items {
                if let Some(value) = plain(&self.checkpoint, *node) {
                    hyper.set(name, value);
                }
            }
            let params = match &group.names {
                Some(names) => names.clone(),
                None if by_position => names.by_ref().take(group.params.len()).collect(),
                None => group.params.clone(),
            };
            GroupReport { params, hyper }
        };
        saved.groups.iter().map(group).collect()
    }
}

/// A hyper-parameter that needs no tensor to be read.
fn plain(checkpoint: &Checkpoint, node: NodeId) -> Option<HyperValue> {
    Some(match checkpoint.view(node) {
        View::None => HyperValue::None,
        View::Bool(b) => HyperValue::Bool(b),
        View::Int(n) => HyperValue::Int(n),
        View::Sequence("tuple" | "list", items) => match items.as_slice() {
            [a, b] => HyperValue::Pair(checkpoint.number(*a)?, checkpoint.number(*b)?),
            _ => return None,
        },
        _ => HyperValue::Float(checkpoint.number(node)?),
    })
}
