//! Train and eval mode of an exported program.
//!
//! Export bakes the mode in: `dropout(x, 0.5, True)`. Where such a flag is what `module.training` was, the text asks `self.training` again,
//! so that both modes run. A flag that stood against the rest (a frozen batch norm in a program exported in train mode, a dropout that
//! always drops in one exported in eval mode) was the author's, and stays.

use super::schema::Node;
use serde_json::Value;

/// Operators with a flag for train mode, and its place.
const FLAGS: &[(&str, usize)] = &[
    ("batch_norm", 5),
    ("native_batch_norm", 5),
    ("_native_batch_norm_legit", 5),
    ("_native_batch_norm_legit_functional", 5),
    ("instance_norm", 5),
    ("dropout", 2),
    ("dropout_", 2),
    ("native_dropout", 2),
    ("feature_dropout", 2),
    ("feature_dropout_", 2),
    ("alpha_dropout", 2),
    ("alpha_dropout_", 2),
    ("feature_alpha_dropout", 2),
    ("feature_alpha_dropout_", 2),
    ("rrelu", 3),
    ("rrelu_", 3),
    ("lstm", 6),
    ("gru", 6),
    ("rnn_tanh", 6),
    ("rnn_relu", 6),
];

/// Where a batch norm takes its running mean.
pub const RUNNING_MEAN: usize = 3;

/// `dropout` of `torch.ops.aten.dropout.default`.
pub fn operator(target: &str) -> Option<&str> {
    target.strip_prefix("torch.ops.aten.")?.split('.').next()
}

/// A batch norm or an instance norm that has running statistics: the name of their mean.
pub fn running_mean(node: &Node) -> Option<&str> {
    operator(&node.target).filter(|name| name.contains("batch_norm") || *name == "instance_norm")?;
    let (_, value) = node.inputs.get(RUNNING_MEAN)?.arg.only()?;
    value.get("name").or_else(|| value.get("as_tensor")?.get("name"))?.as_str()
}

/// The place of a node's flag, and the flag; `None` where the flag does nothing or there is none.
fn flag(node: &Node) -> Option<(usize, bool)> {
    let name = operator(&node.target)?;
    let (_, at) = FLAGS.iter().find(|(known, _)| *known == name)?;
    let value = |at: usize| node.inputs.get(at).and_then(|input| input.arg.only()).map(|(_, value)| value);
    if name.contains("_norm") && running_mean(node).is_none() {
        return None;
    }
    let p = match name {
        _ if name.contains("dropout") => value(1),
        "lstm" | "gru" | "rnn_tanh" | "rnn_relu" => value(5),
        _ => None,
    };
    if p.and_then(Value::as_f64) == Some(0.0) {
        return None;
    }
    Some((*at, value(*at)?.as_bool()?))
}

/// The mode in which a program was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// batch norms and dropouts train
    pub training: bool,
}

impl Mode {
    /// Batch norms tell; where there is none, dropouts that agree.
    pub fn of(nodes: &[Node]) -> Self {
        let flags: Vec<(bool, bool)> =
            nodes.iter().filter_map(|node| Some((running_mean(node).is_some(), flag(node)?.1))).collect();
        let norms = || flags.iter().filter(|(norm, _)| *norm);
        let training = match norms().next() {
            Some(_) => norms().any(|(_, flag)| *flag),
            None => !flags.is_empty() && flags.iter().all(|(_, flag)| *flag),
        };
        Self { training }
    }

    /// Which argument of a node is `self.training`.
    pub fn place(self, node: &Node) -> Option<usize> {
        flag(node).filter(|(_, flag)| *flag == self.training).map(|(at, _)| at)
    }
}
