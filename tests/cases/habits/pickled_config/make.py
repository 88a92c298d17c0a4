"""Writes this case with PyTorch 2.15: a whole module whose attributes are objects, a configuration and partial functions."""

import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import model as source  # noqa: E402

torch.manual_seed(11)
net = source.Net(source.Config(scale=0.25)).eval()
torch.save(net, HERE / "model.pth")
x = torch.randn(4, 6).mul(1e4).round().div(1e4)
with torch.no_grad():
    y = net(x)
numbers = lambda t: [float(f"{v:.9g}") for v in t.flatten().tolist()]  # noqa: E731
tensor = lambda t: {"dtype": "float32", "shape": list(t.shape), "data": numbers(t)}  # noqa: E731
described = {
    "name": HERE.name,
    "source": "model.py",
    "construct": None,
    "file": "model.pth",
    "format": "zip",
    "content": "module",
    "state_key": None,
    "key_prefix": None,
    "variants": [],
    "inputs": [{"name": "x", **tensor(x)}],
    "call": ["x"],
    "outputs": [{"path": [], **tensor(y)}],
    "atol": 1e-5,
    "rtol": 1e-4,
    "more": [],
}
(HERE / "case.json").write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items()) + "\n}\n")
