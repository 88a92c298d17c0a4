"""Writes the zoo's cases with PyTorch 2.15: `python tests/cases/zoo/make.py [NAME…]`.

The networks are those of `src/network/zoo`, run by real PyTorch, with random weights and running statistics that are not the first ones. They are
small, so constructors of few blocks stand for the big variants; `tests/torch/zoo.py` makes those.
"""

import copy
import json
import pathlib
import sys
from collections import OrderedDict

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "src/network"))
sys.dont_write_bytecode = True
torch.set_num_threads(1)
SHOWN = 64


def zoo(module):
    return __import__(f"zoo.{module}", fromlist=["recognise"])


def shake(model, generator):
    """Parameters and statistics as training would leave them: none at its first value."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5, generator=generator)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.1, generator=generator)
            elif name.endswith("num_batches_tracked"):
                value.fill_(7)
            elif value.is_floating_point() and value.dim() < 2:
                value.add_(torch.randn(value.shape, generator=generator) * 0.1)
            elif value.is_floating_point() and value.abs().max() < 1e-3:
                value.normal_(0, 0.2, generator=generator)
    return model.eval()


def floats(t):
    return [float(f"{x:.9g}") for x in t.double().flatten().tolist()]


def leaf(path, t):
    """All of a small tensor; of a large one some positions, and what the rest comes to."""
    t = t.detach().contiguous()
    want = {"path": path, "dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape)}
    if t.numel() <= SHOWN:
        return {**want, "data": floats(t)}
    index = torch.linspace(0, t.numel() - 1, SHOWN).long().unique()
    flat = t.flatten().double()
    rest = {"mean": flat.mean(), "min": flat.min(), "max": flat.max(), "std": flat.std()}
    return {**want, "index": index.tolist(), "data": floats(flat[index]), **{k: float(v) for k, v in rest.items()}}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [leaf(list(path), result)]
    items = result.items() if isinstance(result, dict) else enumerate(result)
    return [one for key, value in items for one in leaves(value, (*path, key))]


def tensor(name, t):
    data = t.flatten().tolist() if t.dtype == torch.int64 else floats(t)
    return {"name": name, "dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def image(*shape):
    return lambda g: torch.randint(0, 256, shape, generator=g).float().sub(128).div(64)


def tokens(high, *shape):
    return lambda g: torch.randint(1, high, shape, generator=g)


def half(model):
    """float16 halves the file; the network computes with the rounded weights in float32."""
    rounded = OrderedDict((k, v.half() if v.is_floating_point() else v) for k, v in model.state_dict().items())
    rounded._metadata = model.state_dict()._metadata
    model.load_state_dict(rounded)
    return rounded


def certain(name, construct):
    return {"name": name, "construct": construct, "confidence": "certain", "notes": []}


VISION = "torchvision."


# name: module of the zoo, expression that makes the network, inputs, what it is recognised as, kinds of files
CASES = {
    "resnet": dict(
        module=VISION + "resnet",
        make="ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)",
        shrink=True,
        inputs={"x": image(1, 3, 32, 32)},
        ask="ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)",
    ),
    "mobilenet_v2": dict(
        module=VISION + "mobilenetv2",
        make="mobilenet_v2(num_classes=10, width_mult=0.1)",
        inputs={"x": image(2, 3, 32, 32)},
    ),
}
