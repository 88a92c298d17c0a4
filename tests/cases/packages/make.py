"""Writes the cases of packages that networks import, with PyTorch 2.15 and the packages themselves: `python tests/cases/packages/make.py [NAME…]`.

Needs einops, lightning, torchmetrics, huggingface_hub, transformers and timm beside torch. Each case is the folder of its name: `model.py` in it
is written by hand, as users of the package write; this writes the weights and `case.json`, with the outputs that the real packages give.
"""

import json
import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
torch.set_num_threads(1)
SHOWN = 64


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape, low=0):
    return lambda g: torch.randint(low, high, shape, generator=g)


def ones(*lengths):
    return lambda g: torch.tensor([[1] * n + [0] * (max(lengths) - n) for n in lengths])


# name: construct, inputs; None where the file's own hyper_parameters construct it
CASES = {
    "einops": ("Net()", {"x": floats(2, 4, 6, 8), "tokens": floats(2, 6, 4)}),
    "einops_layers": ("ViT(image_size=8, patch_size=4, num_classes=3, dim=8, depth=1, heads=2, mlp_dim=12)", {"img": floats(2, 3, 8, 8)}),
    "lightning": ("LitClassifier(in_dim=5, hidden_dim=7, n_classes=3)", {"x": floats(4, 5)}),
    "lightning_checkpoint": (None, {"x": floats(2, 1, 8, 8)}),
    "hub": ("Net(config={'in_dim': 5, 'hidden': 6})", {"x": floats(3, 5)}),
    "bert_classifier": (
        "SentimentClassifier(3)",
        {"input_ids": ints(40, 2, 7, low=2), "attention_mask": ones(7, 5)},
    ),
    "timm_blocks": ("tiny_net(num_classes=3)", {"x": floats(2, 3, 8, 8)}),
    "rotary_complex": ("Attention(dim=8, n_heads=2, n_kv_heads=1)", {"x": floats(2, 5, 8)}),
    "fourier": ("Net(8)", {"x": floats(2, 8, 6, 6), "tokens": floats(2, 5, 8)}),
    "numbers": ("Net()", {"x": floats(3, 4), "matrix": floats(2, 3, 3), "positive": lambda g: torch.rand(3, 4, generator=g) * 6 + 0.1}),
    "outputs": ("TinyForSequenceClassification(TinyConfig(hidden_size=6, vocab_size=11, num_labels=3))", {"input_ids": ints(11, 2, 5), "attention_mask": ones(5, 3)}),
}
# what the checkpoint holds beside the state_dict, where the constructor's arguments come from there
HYPER = {"lightning_checkpoint": {"channels": [1, 4, 6], "kernel": 3, "act": "relu", "lr": 0.01, "n_classes": 4}}


def load_source(folder):
    names = {"__name__": f"case_{folder.name}"}
    sys.modules[names["__name__"]] = type(sys)(names["__name__"])
    exec(compile((folder / "model.py").read_text(), str(folder / "model.py"), "exec"), names)
    return names


def tensor(t, all=False):
    t = t.detach().contiguous()
    told = {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape)}
    flat = t.flatten()
    if t.numel() > SHOWN and not all:
        told["index"] = torch.linspace(0, t.numel() - 1, SHOWN).long().unique().tolist()
        whole = flat.double()
        told |= {"mean": float(whole.mean()), "min": float(whole.min()), "max": float(whole.max())}
        flat = flat[told["index"]]
    data = flat.double().tolist() if t.is_floating_point() else flat.tolist()
    return {**told, "data": [x if not isinstance(x, float) else float(f"{x:.7g}") for x in data]}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def shake(model, generator):
    """What starts at zero or one would hide what reads it."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.add_(torch.randn(module.running_mean.shape, generator=generator) * 0.3)
                module.running_var.mul_(0.5 + torch.rand(module.running_var.shape, generator=generator))
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


def make(name, construct, inputs):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    names = load_source(folder)
    model = names["Net"](**HYPER[name]) if construct is None else eval(construct, names)
    shake(model, generator)
    state = model.state_dict()
    content = "state_dict"
    if name in HYPER:
        content = "checkpoint"
        state = {"epoch": 3, "global_step": 40, "pytorch-lightning_version": "2.6.6", "state_dict": state, "hyper_parameters": HYPER[name]}
    torch.save(state, folder / "model.pth")
    named = {k: v(generator) for k, v in inputs.items()}
    with torch.no_grad():
        outputs = leaves(model(*(t.clone() for t in named.values())))
    described = {
        "name": name,
        "source": "model.py",
        "construct": construct,
        "file": "model.pth",
        "format": "zip",
        "content": content,
        "state_key": "state_dict" if content == "checkpoint" else None,
        "key_prefix": None,
        "variants": [],
        "inputs": [{"name": n, **tensor(t, all=True)} for n, t in named.items()],
        "call": list(named),
        "outputs": outputs,
        "atol": 1e-5,
        "rtol": 1e-4,
        "more": [],
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {len(outputs)} outputs, {sum(p.numel() for p in model.parameters())} parameters")


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, *case)
