//! Which layer has such parameters, by their names and shapes.

/// What a layer does to what flows through the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// (N, features)
    Linear,
    /// a convolution over so many dims
    Convolution(usize),
    /// batch normalisation
    BatchNorm,
    /// layer normalisation
    LayerNorm,
    /// tokens to vectors
    Embedding,
    /// LSTM, GRU, RNN
    Recurrent,
    /// PReLU
    Activation,
}

/// A layer with parameters.
#[derive(Clone, Debug)]
pub struct Layer {
    /// what it does
    pub kind: Kind,
    /// what it takes: features or channels
    pub inputs: u64,
    /// what it gives
    pub outputs: u64,
    /// `nn.Linear(4, 2)`
    pub text: String,
    /// what is not known about it
    pub guess: Option<&'static str>,
}

impl Layer {
    /// The layer of these tensors; `None` for parameters of no common layer.
    pub fn of(name: &str, tensors: &[(&str, &[u64])]) -> Option<Self> {
        let shape = |wanted: &str| tensors.iter().find(|(n, _)| *n == wanted).map(|(_, shape)| *shape);
        if let Some(weight) = shape("weight_hh_l0") {
            return recurrent(weight, &shape);
        }
        let known = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
        if tensors.iter().any(|(n, _)| !known.contains(n)) {
            return None;
        }
        let weight = shape("weight")?;
        let bias = shape("bias");
        if let (Some([n]), [m]) = (shape("running_mean"), weight)
            && n == m
        {
            return Some(Self::new(Kind::BatchNorm, *n, *n, format!("({n})")));
        }
        let no_bias = if bias.is_none() { ", bias=False" } else { "" };
        match *weight {
            [1] if bias.is_none() => Some(Self::new(Kind::Activation, 0, 0, "nn.PReLU()".into())),
            [n] if bias.is_some() => {
                Some(Self::new(Kind::LayerNorm, n, n, format!("nn.LayerNorm({n})")).guessed("layer normalisation"))
            }
            [rows, columns] if bias.is_none() && is_embedding(name) => {
                Some(Self::new(Kind::Embedding, rows, columns, format!("nn.Embedding({rows}, {columns})")))
            }
            [outputs, inputs] => {
                Some(Self::new(Kind::Linear, inputs, outputs, format!("nn.Linear({inputs}, {outputs}{no_bias})")))
            }
            [first, second, ref kernel @ ..] if kernel.len() <= 3 => {
                // The bias has a number for each output; the weight's first size is that, but for transposed ones.
                let transposed = matches!(bias, Some([n]) if *n == second && *n != first);
                Some(convolution(first, second, kernel, transposed, no_bias))
            }
            _ => None,
        }
    }

    fn new(kind: Kind, inputs: u64, outputs: u64, text: String) -> Self {
        Self { kind, inputs, outputs, text, guess: None }
    }

    fn guessed(self, guess: &'static str) -> Self {
        Self { guess: Some(guess), ..self }
    }

    /// Whether it convolves.
    pub fn is_convolution(&self) -> bool {
        matches!(self.kind, Kind::Convolution(_))
    }

    /// Whether it normalises.
    pub fn is_norm(&self) -> bool {
        matches!(self.kind, Kind::BatchNorm | Kind::LayerNorm)
    }

    /// What a comment after it says.
    pub fn comment(&self) -> String {
        self.guess.map_or_else(String::new, |guess| format!("  # guess: {guess}"))
    }
}

fn is_embedding(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["emb", "wte", "wpe", "lookup", "tok"].iter().any(|part| name.contains(part))
}

fn convolution(first: u64, second: u64, kernel: &[u64], transposed: bool, no_bias: &str) -> Layer {
    let rank = kernel.len();
    let square = kernel.windows(2).all(|pair| pair.first() == pair.last());
    let size = match (square, kernel.first()) {
        (true, Some(side)) => side.to_string(),
        _ => format!("({})", kernel.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    };
    let (name, inputs, outputs) = if transposed { ("ConvTranspose", first, second) } else { ("Conv", second, first) };
    let padding = if !transposed && square && kernel.first() == Some(&3) { ", padding=1" } else { "" };
    let text = format!("nn.{name}{rank}d({inputs}, {outputs}, {size}{padding}{no_bias})");
    Layer::new(Kind::Convolution(rank), inputs, outputs, text).guessed("stride and padding")
}

fn recurrent<'a>(weight: &[u64], shape: &dyn Fn(&str) -> Option<&'a [u64]>) -> Option<Layer> {
    let &[rows, hidden] = weight else { return None };
    let &[_, inputs] = shape("weight_ih_l0")? else { return None };
    let class = match rows.checked_div(hidden)? {
        4 => "LSTM",
        3 => "GRU",
        1 => "RNN",
        _ => return None,
    };
    let layers = (0..64).take_while(|at| shape(&format!("weight_hh_l{at}")).is_some()).count();
    let both = shape("weight_hh_l0_reverse").is_some();
    let mut options = String::new();
    if layers > 1 {
        options.push_str(&format!(", num_layers={layers}"));
    }
    if shape("bias_ih_l0").is_none() {
        options.push_str(", bias=False");
    }
    if both {
        options.push_str(", bidirectional=True");
    }
    let text = format!("nn.{class}({inputs}, {hidden}{options}, batch_first=True)");
    let outputs = if both { hidden.checked_mul(2)? } else { hidden };
    Some(Layer::new(Kind::Recurrent, inputs, outputs, text).guessed("batch_first"))
}
