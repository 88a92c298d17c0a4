//! Source proposed for a state_dict whose network is not known: plain stacks of layers, as text to edit.
//!
//! Keys and shapes tell the layers and their sizes, `_metadata` where modules without parameters stand. Activations, pools, strides and the order
//! of calls are told by nothing: such lines say `guess`. A proposal has the file's keys and shapes, and is never run unasked. Networks
//! with modules in modules, other than Sequentials, are not proposed.

mod forward;
mod layer;
mod tree;

use super::Network;
use super::state::Offered;
use serde::Serialize;
use tree::{Content, Node};

/// Editable source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Python that defines `Net`
    pub source: String,
    /// the expression that constructs it
    pub construct: String,
    /// what is a guess, in sentences
    pub notes: Vec<String>,
}

const HEAD: &str = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n";
const DOC: &str = "    \"\"\"Proposed from a state_dict's keys and shapes. What says \"guess\" is told by nothing in the file.\"\"\"\n\n";

/// A network for these keys, or `None` where they are no plain stack. `modules` are the paths of `_metadata`.
pub fn propose(offered: &[Offered], modules: Option<&[String]>) -> Option<Proposal> {
    let root = tree::build(offered, modules)?;
    let mut notes = vec!["activations, pools, dropout and the end of the network are guesses".to_owned()];
    if root.iter().any(|node| node.any(&|layer| layer.is_convolution())) {
        notes.push("strides, paddings and dilations of convolutions are guesses".to_owned());
    }
    if modules.is_none() {
        notes.push("the file has no _metadata, which would name the modules without parameters".to_owned());
    }
    let source = if root.iter().all(Node::is_numbered) { stack(&root) } else { class(&root, modules.is_some()) };
    let source = format!("{HEAD}{source}");
    let (network, _) = Network::from_source(&source, Some("Net()"), &[], None, true).ok()?;
    let matching = network.match_state_dict(offered, |_| None);
    let fits = matching.missing.is_empty() && matching.unexpected.is_empty() && matching.mismatched.is_empty();
    fits.then(|| Proposal { source, construct: "Net()".to_owned(), notes })
}

/// An nn.Sequential that stands where a known network has its last layer, on one line. Keys and `modules` are those below it.
pub fn head(offered: &[Offered], modules: Option<&[String]>) -> Option<String> {
    let nodes = tree::build(offered, modules)?;
    if !nodes.iter().all(Node::is_numbered) {
        return None;
    }
    let lines = sequential(&nodes, &mut forward::Flow::of_features(), "", false);
    let items: Vec<&str> = lines.lines().map(|line| line.split("  #").next().unwrap_or(line)).collect();
    Some(format!("nn.Sequential({})", items.join(" ").trim_end_matches(',')))
}

/// `class Net(nn.Sequential)`: the children are numbers.
fn stack(root: &[Node]) -> String {
    let mut flow = forward::Flow::default();
    let items = sequential(root, &mut flow, "            ", false);
    format!("class Net(nn.Sequential):\n{DOC}    def __init__(self):\n        super().__init__(\n{items}        )\n")
}

/// `class Net(nn.Module)`: the children have names.
fn class(root: &[Node], named: bool) -> String {
    let mut flow = forward::Flow::default();
    let mut lines = String::new();
    for (at, node) in root.iter().enumerate() {
        let name = &node.name;
        match &node.content {
            Content::Layer(layer) => {
                let layer = flow.layer(layer);
                lines.push_str(&format!("        self.{name} = {}{}\n", layer.text, layer.comment()));
            }
            Content::Bare => {
                let guess = forward::by_name(name);
                lines.push_str(&format!("        self.{name} = {guess}  # guess: a module without parameters\n"));
            }
            Content::Inside(children) => {
                let more = root.iter().skip(at + 1).any(|later| later.any(&|_| true));
                let items = sequential(children, &mut flow, "            ", more);
                lines.push_str(&format!("        self.{name} = nn.Sequential(\n{items}        )\n"));
            }
        }
    }
    let body = forward::body(root, named);
    format!(
        "class Net(nn.Module):\n{DOC}    def __init__(self):\n        super().__init__()\n{lines}\n    def forward(self, x):\n{body}"
    )
}

/// The arguments of an nn.Sequential, one a line; `more` layers may follow after it.
fn sequential(nodes: &[Node], flow: &mut forward::Flow, indent: &str, more: bool) -> String {
    let mut lines = String::new();
    for (at, node) in nodes.iter().enumerate() {
        match &node.content {
            Content::Layer(layer) => {
                let layer = flow.layer(layer);
                lines.push_str(&format!("{indent}{},{}\n", layer.text, layer.comment()));
            }
            Content::Bare => {
                let rest = nodes.get(at + 1..).unwrap_or_default();
                let guess = flow.bare(rest, more);
                lines.push_str(&format!("{indent}{guess},  # guess: a module without parameters\n"));
            }
            Content::Inside(children) => {
                let later = nodes.get(at + 1..).unwrap_or_default().iter().any(|node| node.any(&|_| true));
                let items = sequential(children, flow, &format!("{indent}    "), more || later);
                lines.push_str(&format!("{indent}nn.Sequential(\n{items}{indent}),\n"));
            }
        }
    }
    lines
}
