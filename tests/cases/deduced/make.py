"""Writes the cases of networks whose constructor arguments nobody gives, with PyTorch 2.15: `python tests/cases/deduced/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand, in as many hands as there are folders; this constructs the network
with the arguments that are to be found again, and writes its weights and `case.json`: `construct` is null, `constructed` says for people what
was constructed here, and the outputs are those that PyTorch computes in eval mode. `ASKS` are those where nothing tells some argument.
"""

import importlib.util
import json
import pathlib
import sys
import types

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
torch.set_num_threads(1)


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


# name: the expression, inputs
CASES = {
    "word_avg": ("WordAVGModel(250, 12, 1, 1)", {"text": ints(250, 2, 7)}),
    "mlp_list": ("MLP(20, [16, 12, 8], 5, batch_norm=True)", {"x": floats(3, 4, 5)}),
    "resnet_blocks": ("ResNet(Bottleneck, [2, 1, 2], 4, 7)", {"x": floats(2, 3, 12, 12)}),
    "vgg_names": ("VGG('VGG_small', 6)", {"x": floats(2, 3, 16, 16)}),
    "lstm_tagger": ("BiLSTMTagger(50, 7, 12, 20, 2, True, 0.3)", {"tokens": ints(50, 3, 6)}),
    "encoder_heads": ("SentenceClassifier(60, 16, 24, 3, 4, max_len=30)", {"src": ints(60, 2, 9)}),
    "dataclass_config": ("TabularNet(ModelConfig(9, 3, widths=[24, 16, 8], use_layer_norm=True))", {"x": floats(4, 9)}),
    "keyword_only": ("WaveNetLite(in_channels=2, base_channels=6, kernel_size=5, n_stages=3, n_classes=4)", {"x": floats(2, 2, 33)}),
    "two_classes": ("Discriminator(36, 20)", {"x": floats(3, 36)}),
    "latent_autoencoder": ("VAE(30, 20, 6)", {"x": floats(3, 30)}),
    "flatten_size": ("ConvNet(1, 28, 5, 10)", {"x": floats(2, 1, 28, 28)}),
    "seq2seq_parts": ("Seq2Seq(Encoder(30, 8, 12, 2, 0.5), Decoder(40, 10, 12, 2, 0.5), 'cpu')", {"src": ints(30, 6, 2), "trg": ints(40, 5, 2)}),
    "own_call": ("GatedMixer(12, 3, 0.05)", {"x": floats(2, 5, 12)}),
    "star_sizes": ("Dense(12, 10, 8, 3, bias=False)", {"x": floats(4, 12)}),
    "gpt_config": ("GPT(GPTConfig(block_size=16, vocab_size=40, n_layer=2, n_embd=32, bias=False))", {"idx": ints(40, 2, 11)}),
    "unet_channels": ("UNET(1, 2, [4, 8, 16])", {"x": floats(1, 1, 17, 16)}),
    "text_cnn_sizes": ("TextCNN(50, 12, 6, [2, 3, 4, 5], 3, 0.5)", {"x": ints(50, 2, 9)}),
    "rnn_model": ("RNNModel('GRU', 30, 10, 14, 2)", {"input": ints(30, 5, 2)}),
    "dcgan": ("Generator(1, 12, 6, 3)", {"input": floats(2, 12, 1, 1)}),
    "factories": ("resnet8()", {"x": floats(2, 3, 12, 12)}),
    "tcn": ("TCN(2, 5, [8, 6, 6], 3, 0.1)", {"inputs": floats(2, 2, 20)}),
    "attn_decoder": ("AttnDecoderRNN(12, 25)", {"input": ints(25, 1, 1), "hidden": floats(1, 1, 12), "encoder_outputs": floats(10, 12)}),
    "dqn": ("DQN(40, 40, 2)", {"x": floats(2, 3, 40, 40)}),
    "namespace_config": (
        "GraphNet(types.SimpleNamespace(num_features=7, hidden=10, num_layers=3, num_classes=4, dropout=0.5, bias=True))",
        {"x": floats(5, 7), "edge_index": ints(5, 2, 9)},
    ),
    "dict_config": (
        "SensorNet({'n_sensors': 5, 'hidden_size': 12, 'num_layers': 2, 'dropout': 0.1, 'attention_size': 7, 'n_targets': 3})",
        {"x": floats(2, 9, 5)},
    ),
    "hidden_dims_none": ("ConvEncoder(3, 10)", {"input": floats(2, 3, 16, 16)}),
    "lazy_blocks": ("VGG(arch=((1, 4), (2, 6)))", {"x": floats(2, 1, 12, 12)}),
    "partly_written": ("Reader(40, 12, 3, 5)", {"tokens": ints(40, 2, 6)}),
}

# name: the expression
ASKS = {
    "vit": "ViT(image_size=16, patch_size=4, num_classes=5, dim=24, depth=2, heads=3, mlp_dim=32, dim_head=8)",
    "encoder_asks": "Encoder(50, 24, 3, 4, 32)",
    "widths_and_words": "Net([4, 'M', 6, 6, 'M'], 3)",
    "wrong_class": "nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))",
}


def load_source(folder):
    """The source as the user pastes it: what is not installed here is not reached."""
    for absent in ("torchvision", "torchtext", "torchtext.vocab", "gym"):
        stub = types.SimpleNamespace(datasets=None, transforms=None, build_vocab_from_iterator=None)
        sys.modules.setdefault(absent, stub)
    text = (folder / "model.py").read_text().split("\n# Hyperparameters\n")[0]
    spec = importlib.util.spec_from_loader(f"case_{folder.name}", loader=None)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    exec(compile(text, "model.py", "exec"), vars(module))
    return {"nn": nn, "types": types, **vars(module)}


def tensor(t):
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [x if not isinstance(x, float) else float(f"{x:.7g}") for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]


def make(name, expression, inputs):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    model = eval(expression, load_source(folder))
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        # Lazy layers see their input.
        model.eval()(*(v(torch.Generator().manual_seed(seed)) for v in inputs.values()))
    with torch.no_grad():
        for tensor_ in model.buffers():
            if tensor_.is_floating_point() and tensor_.dim() == 1:
                tensor_.add_(torch.rand(tensor_.shape, generator=generator))
    model.eval()
    torch.save(model.state_dict(), folder / "model.pth")
    named = {k: v(generator) for k, v in inputs.items()}
    described = {
        "name": name,
        "source": "model.py",
        "construct": None,
        "constructed": expression,
        "file": "model.pth",
        "format": "zip",
        "content": "state_dict",
        "state_key": None,
        "key_prefix": None,
        "variants": [],
        "inputs": [{"name": n, **tensor(t)} for n, t in named.items()],
        "call": list(named),
    }
    if inputs:
        with torch.no_grad():
            described["outputs"] = leaves(model(*(t.clone() for t in named.values())))
        described |= {"atol": 1e-5, "rtol": 1e-4, "more": []}
    else:
        described["expect"] = "ask_for_construct" if name != "wrong_class" else "nothing_fits"
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters")


for name, case in (CASES | {name: (expression, {}) for name, expression in ASKS.items()}).items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, *case)
