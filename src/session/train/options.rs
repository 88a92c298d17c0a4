//! What a caller asks for: loss, optimizer, scheduler, what trains and what is frozen.

use crate::network::NetworkLeaf;
use crate::network::loss::LossSpec;
use crate::train::groups::matches;
use crate::train::optimizer::OptimizerSpec;
use crate::train::scheduler::SchedulerSpec;
use serde::{Deserialize, Deserializer};

/// How to train. Names are JavaScript's; torch's own arguments keep torch's names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrainOptions {
    /// `"CrossEntropyLoss"`, `"source:criterion"`, a Python expression, or `{name, kwargs, on}`
    #[serde(deserialize_with = "loss")]
    pub loss: LossSpec,
    /// torch.optim's class and arguments: `{class, hyper, groups}`; the one in the file goes on when absent
    pub optimizer: Option<OptimizerSpec>,
    /// the optimizer's state comes from the file; `optimizer` says its groups, as the script did that saved it
    pub resume: bool,
    /// torch.optim.lr_scheduler's class and arguments; the one in the file goes on when both are absent
    pub scheduler: Option<SchedulerSpec>,
    /// when the scheduler is stepped
    pub scheduler_every: Option<Every>,
    /// names, prefixes up to a dot, or patterns of what does not train
    pub freeze: Vec<String>,
    /// names, prefixes or patterns of all that trains; everything when empty
    pub only: Vec<String>,
    /// only the last module that has parameters trains
    pub last_layer_only: bool,
    /// batch norm whose parameters are frozen uses and keeps its running statistics
    pub freeze_batch_norm: bool,
    /// `clip_grad_norm_`
    pub clip_grad_norm: Option<f64>,
    /// its `norm_type`; 2 when absent
    pub clip_norm_type: Option<f64>,
    /// `clip_grad_value_`
    pub clip_grad_value: Option<f64>,
    /// batches whose mean gradient makes one step of the optimizer; 1 when absent
    pub accumulate: Option<u32>,
    /// where dropout's random numbers start
    pub seed: Option<u64>,
    /// steps between reads of the loss: a GPU is not waited for in between. 1 on the CPU and 8 on WebGPU when absent
    pub loss_every: Option<u32>,
}

/// When a scheduler is stepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// after each step of the optimizer
    Step,
    /// after each epoch
    Epoch,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Loss {
    Text(String),
    Full(LossSpec),
}

fn loss<'de, D: Deserializer<'de>>(from: D) -> Result<LossSpec, D::Error> {
    Ok(match Loss::deserialize(from)? {
        Loss::Text(name) => LossSpec { name, ..LossSpec::default() },
        Loss::Full(spec) => spec,
    })
}

impl TrainOptions {
    /// Whether a parameter of this name is frozen; `last` is the path of the last module with parameters.
    pub fn freezes(&self, leaf: &NetworkLeaf, last: &str) -> bool {
        // A tied weight is frozen when any of its names is.
        let named = |patterns: &[String]| leaf.names.iter().any(|name| patterns.iter().any(|p| fits(p, name)));
        let only = !self.only.is_empty() && !named(&self.only);
        let last_only = self.last_layer_only && !leaf.names.iter().any(|name| module(name) == last);
        only || last_only || named(&self.freeze)
    }

    /// When the scheduler is stepped: those made for it every step, the others every epoch, unless the caller says so.
    pub fn cadence(&self) -> Every {
        let by_class = match self.scheduler.as_ref().map(|s| s.class.as_str()) {
            Some("OneCycleLR" | "CyclicLR") => Every::Step,
            _ => Every::Epoch,
        };
        self.scheduler_every.unwrap_or(by_class)
    }
}

/// `layer1.0.weight` to `layer1.0`.
pub fn module(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(path, _)| path)
}

/// Whether a name is meant: itself, a module above it, or by a pattern.
pub fn fits(pattern: &str, name: &str) -> bool {
    if pattern.contains(['*', '?', '[']) {
        return matches(pattern, name);
    }
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    name.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{TrainOptions, fits};

    #[test]
    fn names_prefixes_and_patterns() {
        for (pattern, name, is) in [
            ("fc1", "fc1.weight", true),
            ("fc1.", "fc1.weight", true),
            ("fc1", "fc10.weight", false),
            ("fc1.weight", "fc1.weight", true),
            ("fc*", "fc10.weight", true),
            ("*.bias", "fc1.weight", false),
        ] {
            assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        }
    }

    #[test]
    fn a_loss_is_a_name_or_more() {
        let read = |text: &str| serde_json::from_str::<TrainOptions>(text);
        assert_eq!(read(r#"{"loss": "MSELoss"}"#).map(|o| o.loss.name).ok().as_deref(), Some("MSELoss"));
        let more = read(
            r#"{"loss": {"name": "source:f", "on": [{"path": [0, "logits"], "reshape": [-1, 4]}]}, "lastLayerOnly": true}"#,
        );
        assert!(more.is_ok_and(|o| o.last_layer_only && o.loss.on.len() == 1));
        assert!(read(r#"{"optimiser": {}}"#).is_err(), "a misspelt option is an error");
    }
}
