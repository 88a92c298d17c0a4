//! Sources of `tests/cases/deduced`, and small ones: the network that an expression constructs is found from its keys and shapes alone.

use super::deduce;
use super::report::Deduced;
use crate::error::Result;
use crate::network::Network;
use crate::network::source::FILENAME;
use crate::network::state::Offered;
use crate::python::program::Program;

/// What the file that `truth` was saved to offers.
fn offered(program: &Program, truth: &str) -> Vec<Offered> {
    let network = Network::construct(program, truth, &[]).unwrap();
    let named = |leaf: &crate::network::NetworkLeaf| {
        let shape: Vec<u64> = leaf.info.shape.iter().map(|&d| d as u64).collect();
        leaf.names.iter().map(move |key| Offered { key: key.clone(), shape: shape.clone() }).collect::<Vec<_>>()
    };
    network.leaves().iter().filter(|l| l.persistent).flat_map(named).collect()
}

fn found(source: &str, truth: &str) -> Result<Deduced> {
    let program = Program::parse(source, FILENAME).unwrap();
    let offered = offered(&program, truth);
    deduce(&program, &[offered], None, true).map(|(_, deduced)| deduced)
}

fn case(name: &str) -> String {
    let path = format!("{}/tests/cases/deduced/{name}/model.py", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn expressions_of_cases() {
    let cases = [
        ("word_avg", "WordAVGModel(250, 100, 1, 1)", "WordAVGModel(250, 100, 1, 0)"),
        ("mlp_list", "MLP(20, [16, 12, 8], 5, batch_norm=True)", "MLP(20, [16, 12, 8], 5, batch_norm=True)"),
        ("resnet_blocks", "ResNet(Bottleneck, [2, 1, 3], 8, 7)", "ResNet(Bottleneck, [2, 1, 3], 8, 7)"),
        ("resnet_blocks", "ResNet(BasicBlock, [1, 2, 1], 12)", "ResNet(BasicBlock, [1, 2, 1], 12)"),
        ("vgg_names", "VGG('VGG_small', 6)", "VGG('VGG_small', 6)"),
        ("lstm_tagger", "BiLSTMTagger(50, 7, 12, 20, 2, True, 0.3)", "BiLSTMTagger(50, 7, 12, 20, 2, True, 0.0)"),
        ("lstm_tagger", "BiLSTMTagger(50, 7, 12, 20, 1, False, 0.3)", "BiLSTMTagger(50, 7, 12, 20, 1, False, 0.0)"),
        (
            "encoder_heads",
            "SentenceClassifier(60, 16, 24, 3, 4, max_len=30)",
            "SentenceClassifier(60, 16, 24, 3, 4, max_len=30)",
        ),
        (
            "dataclass_config",
            "TabularNet(ModelConfig(9, 3, widths=[24, 16, 8], use_layer_norm=True))",
            "TabularNet(ModelConfig(9, 3, [24, 16, 8], use_layer_norm=True))",
        ),
        (
            "keyword_only",
            "WaveNetLite(in_channels=2, base_channels=6, kernel_size=5, n_stages=3, n_classes=4)",
            "WaveNetLite(in_channels=2, base_channels=6, kernel_size=5, n_stages=3, n_classes=4)",
        ),
        ("two_classes", "Generator(10, 36, 20)", "Generator(10, 36, 20)"),
        ("two_classes", "Discriminator(36, 20)", "Discriminator(36, 20)"),
        ("latent_autoencoder", "VAE(30, 20, 6)", "VAE(30, 20, 6)"),
        ("flatten_size", "ConvNet(1, 28, 5, 10)", "ConvNet(1, 28, 5, 10)"),
        (
            "seq2seq_parts",
            "Seq2Seq(Encoder(30, 8, 12, 2, 0.5), Decoder(40, 10, 12, 2, 0.5), 'cpu')",
            "Seq2Seq(Encoder(30, 8, 12, 2, 0.0), Decoder(40, 10, 12, 2, 0.0), 'cpu')",
        ),
        ("own_call", "GatedMixer(12, 3, 0.05)", "GatedMixer(12, 3, 0.05)"),
        ("star_sizes", "Dense(12, 10, 8, 3, bias=False)", "Dense(12, 10, 8, 3, bias=False)"),
        (
            "gpt_config",
            "GPT(GPTConfig(block_size=16, vocab_size=40, n_layer=2, n_embd=32, bias=False))",
            "GPT(GPTConfig(16, 40, 2, n_embd=32, bias=False))",
        ),
        ("unet_channels", "UNET(1, 2, [4, 8, 16])", "UNET(1, 2, [4, 8, 16])"),
        ("rnn_model", "RNNModel('GRU', 30, 10, 14, 2)", "RNNModel('GRU', 30, 10, 14, 2)"),
        ("rnn_model", "RNNModel('LSTM', 30, 14, 14, 2, tie_weights=True)", "RNNModel('LSTM', 30, 14, 14, 2)"),
        ("dcgan", "Generator(1, 12, 6, 3)", "Generator(1, 12, 6, 3)"),
        ("dcgan", "Discriminator(1, 3, 6)", "Discriminator(1, 3, 6)"),
        ("factories", "resnet8()", "resnet8()"),
        ("factories", "resnet10()", "resnet10()"),
        ("tcn", "TCN(2, 5, [8, 6, 6], 3, 0.1)", "TCN(2, 5, [8, 6, 6], 3, 0.0)"),
        ("attn_decoder", "AttnDecoderRNN(12, 25)", "AttnDecoderRNN(12, 25, 0.1)"),
        ("attn_decoder", "EncoderRNN(25, 12)", "EncoderRNN(25, 12)"),
        ("dqn", "DQN(40, 40, 2)", "DQN(37, 37, 2)"),
        (
            "namespace_config",
            "GraphNet(SimpleNamespace(num_features=7, hidden=10, num_layers=3, num_classes=4, dropout=0.5, bias=True))",
            "GraphNet(SimpleNamespace(num_features=7, hidden=10, num_layers=3, num_classes=4, bias=True, dropout=0.0))",
        ),
        (
            "dict_config",
            "SensorNet({'n_sensors': 5, 'hidden_size': 12, 'num_layers': 2, 'dropout': 0.1, 'attention_size': 7, 'n_targets': 3})",
            "SensorNet({'n_sensors': 5, 'hidden_size': 12, 'num_layers': 2, 'dropout': 0.0, 'attention_size': 7, 'n_targets': 3})",
        ),
        ("hidden_dims_none", "ConvEncoder(1, 6, [4, 12])", "ConvEncoder(1, 6, [4, 12])"),
        ("../networks/autoencoder", "AutoEncoder(side=5, hidden=6)", "AutoEncoder(5, hidden=6)"),
        ("../habits/namedtuples", "Net(n=2, width=6)", "Net(n=2, width=6)"),
        ("hidden_dims_none", "ConvEncoder(3, 10)", "ConvEncoder(3, 10)"),
        ("partly_written", "Reader(40, 12, 3, 5)", "Reader(40, 12, 3, 5)"),
        ("../hands/gat", "GAT([6, 4, 3], [3, 2])", "GAT([6, 4, 3], [3, 2])"),
        ("text_cnn_sizes", "TextCNN(50, 12, 6, [2, 3, 4, 5], 3, 0.5)", "TextCNN(50, 12, 6, [2, 3, 4, 5], 3, 0.0)"),
    ];
    let mut wrong = Vec::new();
    for (name, truth, expected) in cases {
        let start = std::time::Instant::now();
        match found(&case(name), truth) {
            Ok(deduced) if deduced.expression == expected => eprintln!("{name} {:?}: {deduced:#?}", start.elapsed()),
            Ok(deduced) => wrong.push(format!("{name} {:?}: {} for {truth}", start.elapsed(), deduced.expression)),
            Err(error) => wrong.push(format!("{name} {:?}: {error}", start.elapsed())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The error's code, text and hint.
fn refused(source: &str, truth: &str) -> (String, String) {
    let error = found(source, truth).unwrap_err();
    (error.code.to_owned(), error.to_string())
}

#[test]
fn what_no_shape_tells_is_asked_for() {
    for (name, truth, open) in [
        (
            "../hands/mixer",
            "MLPMixer(image_size=8, channels=3, patch_size=4, dim=12, depth=2, num_classes=5)",
            "MLPMixer(image_size=?, channels=?, patch_size=?, dim=12, depth=2, num_classes=5)",
        ),
        ("../hands/cgan", "Generator(10, 4, (1, 6, 6))", "Generator(10, 4, ?)"),
        ("encoder_asks", "Encoder(50, 24, 3, 4, 32)", "Encoder(50, 24, 3, ?, 32)"),
        ("widths_and_words", "Net([4, 'M', 6, 6, 'M'], 3)", "Net([4, 'M', 6, 6, ?], 3)"),
        (
            "vit",
            "ViT(image_size=16, patch_size=4, num_classes=5, dim=24, depth=2, heads=3, mlp_dim=32, dim_head=8)",
            "ViT(image_size=16, patch_size=4, num_classes=5, dim=24, depth=2, heads=?, mlp_dim=32, dim_head=?)",
        ),
    ] {
        let (code, text) = refused(&case(name), truth);
        assert_eq!(code, "needs_construct", "{text}");
        assert!(text.contains(open), "{text}");
    }
}

#[test]
fn wrong_class_names_the_nearest() {
    let (code, text) = refused(&case("wrong_class"), "nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))");
    assert_eq!(code, "load_state_dict");
    assert!(text.contains("the nearest is Classifier(") && text.contains("Missing key(s) in state_dict"), "{text}");
}

const TWINS: &str = "
class A(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, 3)
    def forward(self, x):
        return self.fc(x)

class B(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, 3)
    def forward(self, x):
        return self.fc(x).relu()
";

#[test]
fn several_that_fit_are_listed() {
    let (code, text) = refused(&format!("import torch.nn as nn\n{TWINS}"), "A(5)");
    assert_eq!(code, "needs_construct");
    assert!(text.contains("A(5), B(5)") || text.contains("B(5), A(5)"), "{text}");
}

#[test]
fn endless_constructors_end() {
    let source = "import torch.nn as nn
class Net(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        while n != 5:
            n = n + 0
        self.fc = nn.Linear(n, m)
";
    let start = std::time::Instant::now();
    let error = found(source, "Net(5, 2)").unwrap_err();
    assert!(error.to_string().contains("number of steps"), "{error}");
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn arguments_are_reported_with_what_told_them() {
    let deduced = found(&case("encoder_heads"), "SentenceClassifier(60, 16, 24, 3, 4)").unwrap();
    let told: Vec<_> = deduced.arguments.iter().map(|a| (a.name.as_str(), a.from.as_str(), a.told)).collect();
    assert_eq!(
        told,
        [
            ("ntoken", "embedding.weight dim 0", true),
            ("d_model", "embedding.weight dim 1", true),
            ("d_hid", "encoder.layers.0.linear1.weight dim 0", true),
            ("nlayers", "encoder.layers.0 to encoder.layers.2", true),
            ("num_classes", "decoder.weight dim 0", true),
            ("nhead", "default; the shapes do not tell", false),
            ("dropout", "default; the shapes do not tell", false),
            ("max_len", "default, as pos_encoder.pe dim 1", true),
        ]
    );
}

#[test]
fn an_index_that_forward_reads_is_asked_for() {
    let source = "import torch.nn as nn
class Net(nn.Module):
    def __init__(self, n, d, pad):
        super().__init__()
        self.pad = pad
        self.emb = nn.Embedding(n, d, padding_idx=pad)
    def forward(self, x):
        return self.emb(x) * (x != self.pad).unsqueeze(-1)
";
    let (code, text) = refused(source, "Net(9, 4, 1)");
    assert_eq!(code, "needs_construct");
    assert!(text.contains("Net(9, 4, ?)"), "{text}");
    let unread = source.replace(" * (x != self.pad).unsqueeze(-1)", "");
    assert_eq!(found(&unread, "Net(9, 4, 1)").unwrap().expression, "Net(9, 4, 1)");
}

#[test]
fn a_constructor_that_fails_says_why() {
    let source = "import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, width)
class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
";
    let (code, text) = refused(source, "nn.Linear(3, 5)");
    assert_eq!(code, "load_state_dict", "{text}");
    let program = Program::parse(source.split("class Wide").next().unwrap(), FILENAME).unwrap();
    let error = deduce(&program, &[Vec::new()], None, true).err().unwrap();
    assert!(error.message.contains("name 'width' is not defined"), "{error}");
}

#[test]
fn without_strict_the_nearest_will_do() {
    let program = Program::parse(&case("latent_autoencoder"), FILENAME).unwrap();
    let mut entries = offered(&program, "VAE(30, 20, 6)");
    entries.push(Offered { key: "ema.decay".to_owned(), shape: vec![1] });
    let error = deduce(&program, &[entries.clone()], None, true).err().unwrap();
    assert!(error.message.contains("the nearest is VAE(30, 20, 6)") && error.message.contains("ema.decay"), "{error}");
    let (_, deduced) = deduce(&program, &[entries], None, false).unwrap();
    assert_eq!(deduced.expression, "VAE(30, 20, 6)");
}
