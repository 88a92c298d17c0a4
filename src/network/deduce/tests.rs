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
    let network = Network::construct(program, truth).unwrap();
    let named = |leaf: &crate::network::NetworkLeaf| {
        let shape: Vec<u64> = leaf.info.shape.iter().map(|&d| d as u64).collect();
        leaf.names.iter().map(move |key| Offered { key: key.clone(), shape: shape.clone() }).collect::<Vec<_>>()
    };
    network.leaves().iter().filter(|l| l.persistent).flat_map(named).collect()
}

fn found(source: &str, truth: &str) -> Result<Deduced> {
    let program = Program::parse(source, FILENAME).unwrap();
    let offered = offered(&program, truth);
    deduce(&program, &[offered]).map(|(_, deduced)| deduced)
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
