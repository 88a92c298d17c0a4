//! What stands between the layers: guesses, from what usually does.

use super::layer::{Kind, Layer};
use super::tree::{Content, Node};

/// What has flowed so far.
#[derive(Default)]
pub struct Flow {
    /// dims of the image that a convolution left; 0 for features
    image: usize,
    /// what the last layer gave
    outputs: Option<u64>,
    /// modules without parameters since the last layer
    since: usize,
}

impl Flow {
    /// What a network's features are before its head: activated, so that dropout is what follows.
    pub fn of_features() -> Self {
        Self { image: 0, outputs: Some(0), since: 2 }
    }

    /// A layer's text here: batch normalisation has as many dims as what it normalises, a grouped convolution more inputs than its weight tells.
    pub fn layer(&mut self, layer: &Layer) -> Layer {
        self.since = 0;
        let mut layer = layer.clone();
        match layer.kind {
            Kind::BatchNorm => {
                let dims = self.image.max(1);
                layer.text = format!("nn.BatchNorm{dims}d{}", layer.text);
            }
            Kind::Convolution(rank) => {
                self.image = rank;
                let before = self.outputs.filter(|before| *before != layer.inputs && layer.inputs > 0);
                if let Some(before) =
                    before.filter(|before| before % layer.inputs == 0 && layer.text.starts_with("nn.Conv"))
                {
                    let groups = before / layer.inputs;
                    let (own, all) = (format!("({}, ", layer.inputs), format!("({before}, "));
                    layer.text = layer.text.replacen(&own, &all, 1);
                    layer.text.insert_str(layer.text.len() - 1, &format!(", groups={groups}"));
                }
                self.outputs = Some(layer.outputs);
            }
            Kind::Linear | Kind::Recurrent | Kind::Embedding => {
                self.image = 0;
                self.outputs = Some(layer.outputs);
            }
            Kind::LayerNorm | Kind::Activation => {}
        }
        layer
    }

    /// A module without parameters in a Sequential, before the `rest`; `more` layers may follow after it.
    pub fn bare(&mut self, rest: &[Node], more: bool) -> &'static str {
        let place = self.since;
        self.since += 1;
        let next = rest.iter().find_map(|node| match &node.content {
            Content::Layer(layer) => Some(layer.kind),
            Content::Bare => None,
            Content::Inside(_) => Some(Kind::Activation),
        });
        let last = rest.first().is_none_or(|node| !matches!(node.content, Content::Bare));
        let flattens = self.image > 0 || self.outputs.is_none();
        match (next, place) {
            (Some(Kind::Linear), _) if last && flattens => {
                self.image = 0;
                "nn.Flatten()"
            }
            (None, _) if !more => "nn.Identity()",
            (_, 0) if self.outputs.is_some() => "nn.ReLU()",
            (_, 1) => match self.image {
                1 => "nn.MaxPool1d(2)",
                2 => "nn.MaxPool2d(2)",
                3 => "nn.MaxPool3d(2)",
                _ => "nn.Dropout()",
            },
            (_, 2) => "nn.Dropout()",
            _ => "nn.Identity()",
        }
    }
}

/// What a module without parameters is by its name.
pub fn by_name(name: &str) -> &'static str {
    const NAMES: &[(&str, &str)] = &[
        ("leaky", "nn.LeakyReLU()"),
        ("gelu", "nn.GELU()"),
        ("selu", "nn.SELU()"),
        ("silu", "nn.SiLU()"),
        ("relu", "nn.ReLU()"),
        ("elu", "nn.ELU()"),
        ("act", "nn.ReLU()"),
        ("tanh", "nn.Tanh()"),
        ("sigm", "nn.Sigmoid()"),
        ("log_softmax", "nn.LogSoftmax(dim=1)"),
        ("logsoftmax", "nn.LogSoftmax(dim=1)"),
        ("softmax", "nn.Softmax(dim=1)"),
        ("drop", "nn.Dropout()"),
        ("flat", "nn.Flatten()"),
        ("avgpool", "nn.AvgPool2d(2)"),
        ("pool", "nn.MaxPool2d(2)"),
    ];
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|(part, _)| name.contains(part)).map_or("nn.Identity()", |(_, guess)| guess)
}

/// The statements of `forward` for children with names, in the order of registration. `told`: modules without parameters are among them.
pub fn body(root: &[Node], told: bool) -> String {
    let named =
        |part: &str| root.iter().find(|n| matches!(n.content, Content::Bare) && by_name(&n.name).contains(part));
    let own = |node: Option<&Node>, otherwise: &str| match node {
        Some(node) => format!("self.{}(x)", node.name),
        None => otherwise.to_owned(),
    };
    let activation = own(named("LU()").or_else(|| named("Tanh")), "F.relu(x)");
    let pool = named("Pool");
    let dropout = named("Dropout");
    let steps: Vec<&Node> = root.iter().filter(|node| !matches!(node.content, Content::Bare)).collect();
    let mut lines = String::new();
    let mut say = |text: &str| lines.push_str(&format!("        {text}\n"));
    let mut image = 0;
    let mut recurrent = false;
    let mut tokens = false;
    for (at, node) in steps.iter().enumerate() {
        let next = steps.get(at + 1);
        let (first, last) = ends(node);
        if first.is_some_and(|layer| layer.kind == Kind::Linear) && !begins_bare(node) {
            if recurrent {
                say("x = x[:, -1]  # guess: the last step");
            } else if tokens {
                say("x = x.mean(dim=1)  # guess: the mean of the tokens");
            } else if at == 0 || image > 0 {
                say("x = torch.flatten(x, 1)  # guess");
            }
        }
        let Some(last) = last else {
            say(&format!("x = self.{}(x)", node.name));
            continue;
        };
        match last.kind {
            Kind::Recurrent => say(&format!("x, _ = self.{}(x)", node.name)),
            _ => say(&format!("x = self.{}(x)", node.name)),
        }
        recurrent = last.kind == Kind::Recurrent;
        tokens = last.kind == Kind::Embedding || tokens && last.is_norm();
        match last.kind {
            Kind::Convolution(rank) => image = rank,
            Kind::Linear | Kind::Recurrent | Kind::Embedding => image = 0,
            _ => {}
        }
        let normalised = next.and_then(|next| ends(next).0).is_some_and(Layer::is_norm);
        // A Sequential has its own activations, those at its end where they can be seen.
        let alone = matches!(node.content, Content::Layer(_)) || !told;
        let ready = matches!(last.kind, Kind::Linear | Kind::Convolution(_)) || last.is_norm() && (image > 0 || at > 0);
        if next.is_none() || normalised || !alone || !ready {
            continue;
        }
        say(&format!("x = {activation}  # guess"));
        match (image, pool) {
            (0, _) => {
                if let Some(dropout) = dropout {
                    say(&format!("x = self.{}(x)  # guess", dropout.name));
                }
            }
            (_, Some(pool)) => say(&format!("x = self.{}(x)  # guess", pool.name)),
            (dims, None) => say(&format!("x = F.max_pool{dims}d(x, 2)  # guess")),
        }
    }
    say("return x  # guess: a softmax or sigmoid may follow");
    lines
}

/// Whether a Sequential begins with a module without parameters: a Flatten, if a linear layer follows.
fn begins_bare(node: &Node) -> bool {
    match &node.content {
        Content::Inside(children) => children.first().is_some_and(|child| matches!(child.content, Content::Bare)),
        _ => false,
    }
}

/// The first and last layer in a module.
fn ends(node: &Node) -> (Option<&Layer>, Option<&Layer>) {
    match &node.content {
        Content::Layer(layer) => (Some(layer), Some(layer)),
        Content::Bare => (None, None),
        Content::Inside(children) => {
            (children.iter().find_map(|child| ends(child).0), children.iter().rev().find_map(|child| ends(child).1))
        }
    }
}
