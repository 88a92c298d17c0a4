"""Writes the files of this folder with torch 2.15: what saving afresh must give back byte for byte (weights.safetensors and everything that
torch wrote with protocol 2), and what it must convert. Run: python make.py"""

import argparse
import collections
import datetime
import decimal
import enum
import json
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


class Net(nn.Module):
    """A small network with tied weights, buffers and a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Sequential(nn.Linear(4, 4, bias=False)))
        self.scale = nn.Parameter(torch.ones(4))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x):
        return self.head(self.layers(self.embedding(x)) * self.scale)


class Colour(enum.Enum):
    RED = "red"


def trained(steps, make):
    torch.manual_seed(1)
    net = Net()
    optimizer = make(net.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.tensor([1, 2, 3, 4])).square().mean().backward()
        optimizer.step()
    return net, optimizer


def contents():
    net, adam = trained(2, lambda p: torch.optim.Adam(p, lr=1e-3))
    yield "state_dict", "an nn.Module's state_dict", net.state_dict()
    yield "adam", "a general checkpoint with Adam's state", {
        "epoch": 2, "model_state_dict": net.state_dict(), "optimizer_state_dict": adam.state_dict(), "loss": 0.125,
    }
    net, sgd = trained(1, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
    scheduler = torch.optim.lr_scheduler.MultiStepLR(sgd, [3, 5])
    yield "scheduler", "SGD and a scheduler, whose milestones are a Counter", {
        "state_dict": net.state_dict(), "optimizer": sgd.state_dict(), "scheduler": scheduler.state_dict(),
        "ema": {k: v.clone() for k, v in net.state_dict().items()},
    }
    yield "batches", "dicts and lists around the pickler's batches of a thousand", {
        n: [{i: i for i in range(n)}, list(range(n)), collections.OrderedDict((i, i) for i in range(n))]
        for n in (0, 1, 2, 999, 1000, 1001, 2000, 2001)
    }
    t = ([],)
    t[0].append(t)
    four = ([], 1, 2, 3)
    four[0].append(four)
    yield "values", "ints at every width, text, bytes, tuples of every length", {
        "ints": [s * (2**b + d) for b in (0, 7, 8, 15, 16, 31, 32, 62, 63, 64, 127, 255, 2000) for d in (-1, 0, 1) for s in (1, -1)],
        "floats": [0.0, -0.0, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"), 0.1],
        "text": ["", "a", "ab", "é", "日本", "\U0001f600", "x" * 300, "line\nbreak"],
        "bytes": [b"a", bytes(range(256)), bytearray(b"xy")],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),))],
        "others": [None, True, False, {1, 2}, complex(1, -2), torch.Size([2, 3]), torch.float16, torch.device("cuda", 1), torch.device("cpu")],
        (1, "x"): {None: 1, True: 2, 2.5: 3},
        "counter": collections.Counter("abca"), "long": 2**2000,
    }
    yield "recursive", "tuples in themselves", [t, t, four]
    base = torch.arange(24.0)
    yield "tensors", "Parameters, views, every kind of storage", [
        nn.Parameter(torch.ones(2, 3)), nn.Parameter(base[:2], requires_grad=False), base.requires_grad_(False), base[3:7], base.view(2, 3, 4).permute(2, 0, 1),
        torch.zeros(3, requires_grad=True), torch.tensor(1.5), torch.zeros(0), torch.zeros(2, 0, 3), torch.ones(1).expand(4, 5),
        torch.arange(4).to(torch.uint32), torch.arange(4).to(torch.float8_e4m3fn), torch.zeros(2, dtype=torch.complex32),
    ]
    yield "unloadable", "quantised, sparse and meta tensors", {
        "q": torch.quantize_per_tensor(torch.arange(4.0), 0.5, 1, torch.quint8),
        "channel": torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([0.5, 0.25], dtype=torch.float64), torch.tensor([0, 1]), 0, torch.qint8),
        "sparse": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(), "meta": torch.zeros(2, 3, device="meta"),
    }


def converted():
    """What weights_only=True refuses, and the value that it becomes."""
    shared = np.float64(0.25)
    return {
        "f64": shared, "again": shared, "f32": np.float32(0.5), "i64": np.int64(2**62), "u8": np.uint8(7), "bool": np.bool_(True),
        "array": np.arange(6.0).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)), "big": np.arange(3, dtype=">i4"),
        "text": np.array(["a", "bc"]), "namespace": argparse.Namespace(lr=0.1, layers=[1, 2]), "defaultdict": collections.defaultdict(list, a=[1]),
        "deque": collections.deque([1, 2]), "frozen": frozenset([1]), "keys": {frozenset([1]): 1}, "date": datetime.date(2020, 1, 2), "path": pathlib.PurePosixPath("a/b"),
        "decimal": decimal.Decimal("1.5"), "enum": Colour.RED, "empty": b"", "range": range(3), "function": torch.nn.functional.relu,
        "weight": torch.ones(2),
    }


def main():
    files = []
    for name, about, content in contents():
        torch.save(content, HERE / f"{name}.pth")
        files.append({"file": f"{name}.pth", "about": about, "must": "accept"})
        # Its writer knows no meta tensors.
        if name != "unloadable":
            # Nor can torch.load read dtypes without a storage class from what it writes.
            content = content[:-3] if name == "tensors" else content
            torch.save(content, HERE / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
            files.append({"file": f"{name}_legacy.pth", "about": about + ", legacy", "must": "accept"})
    torch.save(converted(), HERE / "converted.pth")
    files.append({"file": "converted.pth", "about": "what weights_only refuses", "must": "accept"})
    from safetensors.torch import save_file

    tensors = {f"b.{d}": torch.arange(3).to(getattr(torch, d)) for d in "float64 float32 float16 bfloat16 int64 int32 int8 uint8 bool".split()}
    tensors |= {'a"é': torch.ones(2, 2), "zero": torch.zeros(0, 3), "scalar": torch.tensor(1.0)}
    save_file(tensors, HERE / "weights.safetensors", {"format": "pt"})
    files.append({"file": "weights.safetensors", "about": "safetensors with metadata", "must": "accept"})
    for file in files:
        file["bytes"] = (HERE / file["file"]).stat().st_size
    (HERE / "expected.json").write_text(json.dumps({"torch_version": torch.__version__.split("+")[0], "files": files}, indent=1))


if __name__ == "__main__":
    main()
