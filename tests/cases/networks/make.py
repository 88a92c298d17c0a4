"""Writes the network cases with PyTorch 2.15: `python tests/cases/networks/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand; this writes the checkpoints and `case.json`: inputs, and the outputs
that PyTorch computes in eval mode. Buffers hold what training would leave there: every network first sees a few batches in train mode.
"""

import copy
import importlib.util
import json
import pathlib
import shutil
import sys
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
SAMPLES = HERE.parents[2] / "samples"
sys.dont_write_bytecode = True
torch.set_num_threads(1)


def load_source(folder):
    """The module that `model.py` is."""
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def pixels(*shape):
    return lambda g: torch.randint(0, 17, shape, generator=g).float().div(16)


def ints(high, *shape, low=0):
    return lambda g: torch.randint(low, high, shape, generator=g)


def given(*rows):
    return lambda g: torch.tensor(rows)


def value(number):
    """A float as JSON holds it; what JSON cannot say is a string, as in Python's repr."""
    number = float(number)
    return number if np.isfinite(number) else repr(number)


def tensor(t):
    t = t.detach().contiguous()
    dtype = str(t.dtype).removeprefix("torch.")
    data = t.flatten().tolist()
    if t.dtype.is_floating_point:
        data = [value(np.float32(x)) if t.dtype == torch.float32 else value(x) for x in data]
        data = [float(f"{x:.9g}") if isinstance(x, float) else x for x in data]
    return {"dtype": dtype, "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    """Every leaf of forward's result: `path` into tuples, lists and dicts, and the tensor or the value."""
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def run(model, inputs):
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        return leaves(model(*[i.clone() for i in inputs]))


def gap(model, inputs, want):
    """How far float32 is from float64 here: the scale of rounding."""
    doubles = [i.double() if i.dtype == torch.float32 else i for i in inputs]
    other = run(copy.deepcopy(model).double(), doubles)
    worst = 0.0
    for a, b in zip(want, other):
        if "data" in a and a["dtype"] == "float32":
            pairs = zip(a["data"], b["data"])
            worst = max([worst, *[abs(x - y) for x, y in pairs if isinstance(x, float) and isinstance(y, float)]])
    return float(f"{worst:.2g}")


def settle(model, inputs, generator):
    """Leaves running averages and untrained constants as training would: not at their first values."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() < 2:
                p.add_(torch.randn(p.shape, generator=generator) * 0.2)
        model.train()
        for _ in range(3):
            model(*[i + torch.randn(i.shape, generator=generator) * 0.3 if i.dtype.is_floating_point else i for i in inputs])
        model.eval()


def optimizer_state(model, inputs):
    """Adam's state after two steps whose changes are taken back."""
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
    for _ in range(2):
        optimizer.zero_grad()
        result = model(*inputs)
        sum(t.float().square().mean() for t in flat(result) if t.requires_grad).backward()
        optimizer.step()
    model.load_state_dict(before)
    return optimizer.state_dict()


def flat(result):
    if isinstance(result, torch.Tensor):
        return [result]
    items = result.values() if isinstance(result, dict) else result
    return [t for item in items for t in flat(item)]


def prefixed(state, prefix):
    return OrderedDict((prefix + k, v) for k, v in state.items())


def write(folder, model, inputs, how):
    """One file with the model's weights; its description as `case.json` has it."""
    how = {"file": "model.pth", "format": "zip", "content": "state_dict", "state_key": None, "key_prefix": None, **how}
    state = model.state_dict()
    rounded = how.pop("rounded", None)
    if rounded:
        kind = getattr(torch, rounded)
        state = OrderedDict((k, v.to(kind) if v.is_floating_point() else v) for k, v in state.items())
    if how["key_prefix"]:
        state = prefixed(state, how["key_prefix"])
    if how["content"] == "module":
        saved = model
    elif how["content"] == "checkpoint":
        saved = {"epoch": 7, how["state_key"]: state, "best_acc1": 0.8125, "arch": folder.name}
        if how["state_key"] == "model_state_dict":
            saved["optimizer_state_dict"] = optimizer_state(model, inputs)
    else:
        saved = state
    if how["format"] == "safetensors":
        from safetensors.torch import save_file

        save_file({k: v.contiguous().clone() for k, v in state.items()}, folder / how["file"])
    else:
        torch.save(saved, folder / how["file"], _use_new_zipfile_serialization=how["format"] == "zip")
    if rounded:
        other = copy.deepcopy(model)
        other.load_state_dict({k.removeprefix(how["key_prefix"] or ""): v for k, v in state.items()})
        how["rounded"] = rounded
        how["outputs"] = run(other, inputs)
    return how


LEGACY = {"file": "legacy.pth", "format": "legacy"}
HALF = {"file": "half.pth", "rounded": "float16"}
BRAIN = {"file": "bfloat16.pth", "rounded": "bfloat16"}
PARALLEL = {"file": "parallel.pth", "key_prefix": "module."}
COMPILED = {"file": "compiled.pth", "key_prefix": "_orig_mod."}
SAFE = {"file": "model.safetensors", "format": "safetensors"}
CHECKPOINT = {"file": "checkpoint.pth", "content": "checkpoint", "state_key": "model_state_dict"}
IMAGENET = {"file": "imagenet.pth.tar", "content": "checkpoint", "state_key": "state_dict", "key_prefix": "module."}


def sequential():
    """torch's own classes only, one inside the other: such a file runs without source."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.Sequential(OrderedDict(pool=nn.MaxPool2d(2), conv=nn.Conv2d(6, 8, 3, groups=2), act=nn.LeakyReLU(0.05))),
        nn.AdaptiveAvgPool2d((2, 2)),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32, 12),
        nn.LayerNorm(12),
        nn.GELU(),
        nn.Linear(12, 5),
        nn.Softmax(dim=1),
    )


# name: construct, inputs by name, files, slices of further runs. Without construct the file holds the whole module.
CASES = {
    "mlp": dict(
        construct="MLP([6, 16, 8, 3], activation=nn.GELU)",
        inputs={"x": floats(5, 6)},
        files=[{}, LEGACY, HALF, BRAIN, SAFE],
        more=[{"x": (0, 2, 3)}],
    ),
    "mlp_bn_dropout": dict(
        construct="Tabular(7, 4, hidden=(20, 12, 8), p=0.5)",
        inputs={"x": floats(9, 7)},
        files=[CHECKPOINT, {}, {**CHECKPOINT, "file": "checkpoint_legacy.tar", "format": "legacy"}],
        more=[{"x": (0, 0, 1)}],
    ),
    "lenet": dict(construct="Net()", inputs={"x": pixels(2, 1, 28, 28)}, files=[{}, PARALLEL], more=[{"x": (0, 1, 2)}]),
    "conv1d": dict(
        construct="Signal()", inputs={"x": floats(3, 4, 50)}, files=[{}, HALF], more=[{"x": (0, 0, 1)}, {"x": (2, 5, 42)}]
    ),
    "conv2d": dict(
        construct="Picture()", inputs={"x": floats(2, 3, 17, 14)}, files=[{}, BRAIN], more=[{"x": (3, 0, 11)}, {"x": (2, 0, 12)}]
    ),
    "resnet": dict(
        construct="TinyResNet(Block, [1, 2])",
        inputs={"x": floats(2, 3, 16, 16)},
        files=[IMAGENET, {}, COMPILED],
        more=[{"x": (0, 0, 1)}, {"x": (2, 0, 9)}],
    ),
    "dense": dict(construct="Dense(growth=5, classes=4)", inputs={"x": floats(2, 3, 8, 10)}, files=[{}], more=[{"x": (3, 0, 6)}]),
    "layer_norm_mixer": dict(construct="Mixer()", inputs={"x": floats(2, 3, 16, 16)}, files=[{}, HALF], more=[{"x": (0, 1, 2)}]),
    "bag_of_words": dict(
        construct="Bag(30, 8, 4)",
        inputs={"text": given([4, 7, 29, 1, 0, 0], [2, 2, 11, 5, 18, 3], [9, 0, 0, 0, 0, 0]), "lengths": given(4, 6, 1)},
        files=[{}],
        more=[{"text": (0, 0, 2), "lengths": (0, 0, 2)}],
    ),
    "text_cnn": dict(
        construct="TextCNN({'vocab': 50, 'dim': 12, 'filters': 5, 'kernels': [2, 3, 4], 'classes': 3})",
        inputs={"x": ints(50, 3, 11)},
        files=[{}, {**CHECKPOINT, "state_key": "net"}],
        more=[{"x": (1, 3, 9)}],
    ),
    "attention": dict(construct="TinyGPT()", inputs={"idx": ints(40, 2, 12)}, files=[{}, HALF], more=[{"idx": (1, 0, 5)}]),
    "recurrent": dict(construct="Recurrent()", inputs={"x": floats(3, 7, 5)}, files=[{}, LEGACY], more=[{"x": (1, 2, 5)}, {"x": (0, 0, 1)}]),
    "tagger": dict(construct="Tagger(30, 4)", inputs={"sentence": ints(30, 3, 8)}, files=[CHECKPOINT, {}], more=[{"sentence": (1, 0, 1)}]),
    "cells": dict(construct="Cells(4, 6)", inputs={"x": floats(3, 5, 4)}, files=[{}], more=[{"x": (1, 0, 2)}]),
    "multihead": dict(
        construct="Multihead(8, 2)",
        inputs={
            "x": floats(2, 5, 8),
            "key": floats(2, 6, 5),
            "value": floats(2, 6, 7),
            "pad": given([False, False, False, True, True], [False, True, False, False, False]),
        },
        files=[{}],
    ),
    "encoder": dict(
        construct="Encoder(20)",
        inputs={"tokens": given([3, 17, 2, 9, 0, 0], [5, 5, 19, 1, 8, 4], [7, 11, 13, 0, 0, 0])},
        files=[{}, HALF],
        more=[{"tokens": (0, 1, 2)}, {"tokens": (1, 0, 3)}],
    ),
    "transformer": dict(
        construct="Seq2Seq(12, 15)",
        inputs={"src": given([3, 7, 2, 9, 0], [5, 5, 1, 0, 0]), "tgt": ints(15, 2, 4)},
        files=[{}],
        more=[{"tgt": (1, 0, 1)}],
    ),
    "packed": dict(
        construct="Sentiment(25, 6, 5, 2, 2, True, 0.5)",
        inputs={"text": ints(25, 7, 3), "text_lengths": given(7, 3, 5)},
        files=[{}],
    ),
    "encoder_pair": dict(construct="VAE(latent=2)", inputs={"x": floats(4, 4, 5)}, files=[{}], more=[{"x": (0, 0, 1)}]),
    "two_heads": dict(
        construct="TwoHeads(classes=3)",
        inputs={"image": pixels(3, 1, 8, 8), "numbers": floats(3, 5)},
        files=[{}],
        more=[{"image": (0, 1, 3), "numbers": (0, 1, 3)}],
    ),
    "reductions": dict(construct="Statistics()", inputs={"x": floats(2, 5, 6)}, files=[{}], more=[{"x": (1, 0, 3)}]),
    "squeeze_excite": dict(
        construct="Mobile()", inputs={"x": floats(2, 3, 20, 20)}, files=[{}, LEGACY], more=[{"x": (2, 0, 13)}]
    ),
    "autoencoder": dict(
        construct="AutoEncoder(side=5, hidden=6)", inputs={"x": pixels(3, 1, 5, 5)}, files=[{}], more=[{"x": (0, 2, 3)}]
    ),
    "norms": dict(construct="Norms()", inputs={"x": floats(3, 2, 7, 6)}, files=[{}], more=[{"x": (2, 0, 5)}]),
    "module_sequential": dict(
        make=sequential,
        inputs={"input": floats(2, 3, 12, 12)},
        files=[{"content": "module"}, {**LEGACY, "content": "module"}],
        more=[{"input": (0, 0, 1)}, {"input": (3, 0, 9)}],
    ),
    "module_nested": dict(
        make=lambda: nn.Sequential(
            nn.Embedding(20, 6, padding_idx=0), nn.Flatten(), nn.Linear(24, 10), nn.Sequential(), nn.Sequential(nn.Tanh(), nn.Linear(10, 3))
        ),
        inputs={"input": ints(20, 4, 4)},
        files=[{"content": "module"}, {**LEGACY, "content": "module"}],
        more=[{"input": (0, 1, 3)}],
    ),
    "module_recurrent": dict(
        make=lambda: nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True, dropout=0.1),
        inputs={"input": floats(2, 6, 4)},
        files=[{"content": "module"}, {**LEGACY, "content": "module"}],
        more=[{"input": (1, 0, 1)}],
    ),
    "module_transformer": dict(
        make=lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", batch_first=True), 2, nn.LayerNorm(8)),
        inputs={"src": floats(2, 5, 8)},
        files=[{"content": "module"}, {**LEGACY, "content": "module"}],
        more=[{"src": (1, 1, 4)}],
    ),
    "attention_pool": dict(construct="AttentionPool(4, 8, 2, 6)", inputs={"x": floats(2, 3, 8, 12)}, files=[{}], more=[{"x": (0, 0, 1)}]),
    "recurrent": dict(construct="Recurrent()", inputs={"x": floats(3, 4, 5)}, files=[{}], more=[{"x": (1, 0, 2)}]),
    "transformer": dict(construct="Translator()", inputs={"x": floats(2, 5, 8)}, files=[{}], more=[{"x": (1, 0, 3)}]),
    "elementwise": dict(construct="Elementwise()", inputs={"x": floats(2, 4, 3), "n": ints(9, 2, 3, low=-6)}, files=[{}]),
    "composed": dict(construct="Composed()", inputs={"x": floats(3, 4, 3)}, files=[{}]),
    "shapes": dict(construct="Shapes()", inputs={"x": floats(2, 4, 4, 6)}, files=[{}]),
    "in_place": dict(construct="InPlace()", inputs={"x": floats(2, 4, 6)}, files=[{}]),
    "losses": dict(construct="Losses()", inputs={"x": floats(3, 4), "target": given(2, 0, 1)}, files=[{}]),
    "windows": dict(construct="Windows()", inputs={"x": floats(2, 4, 6, 8)}, files=[{}]),
    "digits": dict(sample="digits", construct="DigitsNet()", inputs={"x": pixels(3, 1, 8, 8)}, content=CHECKPOINT, more=[{"x": (0, 0, 1)}]),
    "wordavg": dict(
        sample="wordavg",
        construct="WordAVGModel(336, 50, 1, 1)",
        inputs={"text": ints(336, 3, 9)},
        content={},
        more=[{"text": (1, 0, 4)}, {"text": (0, 2, 3)}],
    ),
}


def make(name, case):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    seed = sum(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    named = {k: v(generator) for k, v in case["inputs"].items()}
    inputs = list(named.values())
    construct = case.get("construct")
    sample = case.get("sample")
    if sample:
        shutil.copy(SAMPLES / sample / "model.py", folder / "model.py")
        shutil.copy(SAMPLES / sample / f"{sample}.pth", folder / "model.pth")
    model = eval(construct, vars(load_source(folder))) if construct else case["make"]()
    if sample:
        state = torch.load(folder / "model.pth", weights_only=True)
        model.load_state_dict(state[case["content"]["state_key"]] if case["content"] else state)
        model.eval()
        files = [{"file": "model.pth", "format": "zip", "content": "state_dict", "state_key": None, "key_prefix": None, **case["content"]}]
        files[0]["file"] = "model.pth"
    else:
        settle(model, inputs, generator)
        files = [write(folder, model, inputs, how) for how in case["files"]]
    outputs = run(model, inputs)
    more = []
    for cut in case.get("more", []):
        parts = {n: t.narrow(cut[n][0], cut[n][1], cut[n][2] - cut[n][1]) if n in cut else t for n, t in named.items()}
        slices = {n: {"dim": d, "start": a, "stop": b} for n, (d, a, b) in cut.items()}
        more.append({"slice": slices, "outputs": run(model, list(parts.values()))})
    described = {
        "name": name,
        "source": "model.py" if construct else None,
        "construct": construct,
        **files[0],
        "variants": files[1:],
        "inputs": [{"name": n, **tensor(t)} for n, t in named.items()],
        "call": list(named),
        "outputs": outputs,
        "f64_gap": gap(model, inputs, outputs),
        "atol": 1e-5,
        "rtol": 1e-4,
        "more": more,
    }
    (folder / "case.json").write_text(lines(described))
    print(f"{name}: {len(outputs)} outputs, {len(files)} files, float64 differs by {described['f64_gap']}")


def lines(described):
    """JSON with a line a field: short, and a change shows."""
    return "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items()) + "\n}\n"


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, case)

# A state_dict alone does not say what it belongs to: the error asks for the network's source.
if len(sys.argv) < 2 or "no_source" in sys.argv[1:]:
    folder = HERE / "no_source"
    folder.mkdir(exist_ok=True)
    torch.manual_seed(5)
    torch.save({"tower.a": torch.randn(3, 5), "tower.b": torch.randn(3), "gate": torch.rand(1)}, folder / "model.pth")
    described = {
        "name": "no_source",
        "source": None,
        "construct": None,
        "file": "model.pth",
        "format": "zip",
        "content": "state_dict",
        "state_key": None,
        "key_prefix": None,
        "variants": [],
        "inputs": [],
        "call": [],
        "outputs": [],
        "atol": 1e-5,
        "rtol": 1e-4,
        "expect": "ask_for_source",
    }
    (folder / "case.json").write_text(lines(described))
    print("no_source")
