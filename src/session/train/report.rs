//! What training says of itself: plain data.

use serde::Serialize;

/// Before the first step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prepared {
    /// torch.optim's class
    pub optimizer: String,
    /// true when its state comes from the file
    pub resumed: bool,
    /// torch.optim.lr_scheduler's class
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// the criterion's class or function
    pub loss: String,
    /// elements of the parameters that train
    pub trained: u64,
    /// elements of those that do not
    pub frozen: u64,
    /// names of the parameters that train
    pub names: Vec<String>,
    /// what is odd and not wrong
    pub warnings: Vec<String>,
}

/// Bytes that training takes on the device, about: activations are those of one batch, all kept at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// parameters and buffers, and the copy that is kept of the last good ones
    pub weights: u64,
    /// of the parameters that train
    pub gradients: u64,
    /// moments and the like
    pub optimizer: u64,
    /// results of operators, which the way back needs
    pub activations: u64,
    /// all
    pub total: u64,
}

/// After a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// steps so far, this one included
    pub step: u64,
    /// the losses that were read now: of the last steps, this one last; empty between reads
    pub losses: Vec<f64>,
    /// the learning rate of each param_group in this step
    pub lrs: Vec<f64>,
    /// whether the optimizer was stepped, which it is not while gradients accumulate
    pub updated: bool,
    /// the loss was not a number: the weights are the last good ones, of this many steps ago
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<u64>,
}
