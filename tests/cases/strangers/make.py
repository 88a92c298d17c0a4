"""Writes the cases of whole scripts by strangers, with PyTorch 2.15: `python tests/cases/strangers/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand, with the training code, constants and imports that people leave in
the same file; this writes the weights and `case.json`: inputs, and the outputs that PyTorch computes in eval mode. Where `give` is absent,
the case has no `construct`: class and arguments are to be found.
"""

import copy
import json
import pathlib
import random
import sys
import types
from unittest.mock import MagicMock

import torch
import torch._dynamo  # optimizers import it, and it looks for packages before any is replaced
from torch import nn

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)
for absent in ("matplotlib", "matplotlib.pyplot", "tqdm", "utilities3", "logs"):
    sys.modules.setdefault(absent, MagicMock())


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e3).round().div(1e3)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def const(data):
    return lambda g: torch.tensor(data)


# name: construct, inputs; give: whether the case says how it is constructed
CASES = {
    "alignment": dict(build="Align()", inputs={"a": floats(2, 3, 6), "b": floats(2, 3, 6)}),
    "beam_search": dict(build="BeamLM(10, 6)", inputs={"h0": floats(6)}, give=True),
    "built_by_script": dict(build="model", inputs={"x": floats(2, 1, 8, 8)}),
    "captions": dict(build="Captioner()", inputs={"features": floats(3, 6)}),
    "detections": dict(build="TinyDetector()", inputs={"x": floats(2, 1, 6, 6)}),
    "flow": dict(build="flow", inputs={"x": floats(5, 2)}, give=True),
    "forecaster": dict(build="Forecaster()", inputs={"x": floats(1, 3, 1, 4, 5)}),
    "fourier_operator": dict(build="FNO(3, 4)", inputs={"x": floats(2, 10, 1)}),
    "hooked": dict(build="probe", inputs={"x": floats(1, 3, 8, 8)}),
    "default_double": dict(build="Integrator()", inputs={"x": lambda g: floats(3, 2)(g).double()}),
    "hypernetwork": dict(build="Hyper()", inputs={"x": floats(3, 4), "z": floats(3, 3)}),
    "lengths": dict(build="Reader(12, 4, 5, 3)", inputs={"ids": const([[3, 4, 5, 0, 0], [1, 2, 3, 9, 0], [7, 0, 0, 0, 0]]), "lengths": const([3, 4, 1])}),
    "lengths_as_sizes": dict(build="Batcher(4, 3)", inputs={"x": floats(2, 4, 5), "lengths": const([3, 1])}),
    "managed": dict(build="Net()", inputs={"x": floats(2, 4)}),
    "messages": dict(build="Net()", inputs={"x": floats(4, 3), "edge_index": const([[0, 1, 2, 0, 3], [1, 0, 1, 2, 2]])}),
    "mixins": dict(build="model", inputs={"x": floats(3, 5)}),
    "named_activation": dict(build="MLP(12, [16, 8], 3, activation='ELU')", inputs={"x": floats(4, 3, 4)}),
    "numpy_tables": dict(build="Located(6)", inputs={"ids": ints(9, 2, 5), "image": floats(1, 2, 6, 8)}),
    "padded_bags": dict(build="Bags()", inputs={"ids": const([[1, 2, 0, 8], [0, 0, 0, 0], [4, 4, 8, 3]])}),
    "quantised": dict(build="Net()", inputs={"x": floats(3, 6)}),
    "rare_densities": dict(build="Heads()", inputs={"x": floats(3, 4), "y": floats(3)}),
    "rarer_functions": dict(build="Rarer()", inputs={"x": floats(3, 4)}),
    "routing": dict(build="Sparse(Settings())", inputs={"ids": ints(13, 2, 5)}),
    "same_names": dict(build="Tagger(11, tag_index, 6, HEADS)", inputs={"words": ints(11, 2, 4)}),
    "settings_text": dict(build="FromText(LAYERS)", inputs={"x": floats(2, 3, 8, 8)}),
    "spectrogram": dict(build="model", inputs={"wav": floats(2, 40)}),
    "spread": dict(build="Tabular(n_num=3, cards=[4, 5], **config['model'])", inputs={"x": floats(3, 3), "c": ints(4, 3, 2)}),
    "straight_through": dict(build="Binary(5, 6, 3)", inputs={"x": floats(4, 5)}),
    "teacher": dict(build="model", inputs={"src": ints(12, 6, 3), "trg": ints(11, 5, 3)}),
    "transducer": dict(build="Transducer(4, 3, 6, 5, 7)", inputs={"xs": floats(2, 4, 4), "ys": ints(5, 2, 3)}),
    "tree": dict(build="SoftTree(3, 4, 2)", inputs={"x": floats(5, 4)}),
    "variational": dict(build="VAE(5, 7, 3)", inputs={"x": floats(4, 5)}),
}


def load_source(folder):
    name = f"case_{folder.name}"
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile((folder / "model.py").read_text(), str(folder / "model.py"), "exec"), vars(module))
    return vars(module)


def tensor(t):
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [x if not isinstance(x, float) else float(f"{x:.8g}") if abs(x) < float("inf") else repr(x) for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def make(name, build, inputs, give=False):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    random.seed(seed)
    g = torch.Generator().manual_seed(seed + 1)
    model = eval(build, load_source(folder)).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() < 2:
                p.add_(torch.randn(p.shape, generator=g) * 0.1)
        for m in model.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm):
                m.running_mean.add_(torch.randn(m.running_mean.shape, generator=g) * 0.3)
                m.running_var.mul_(0.5 + torch.rand(m.running_var.shape, generator=g))
    torch.save(model.state_dict(), folder / "model.pth")
    named = {k: v(g) for k, v in inputs.items()}
    with torch.no_grad():
        outputs = leaves(copy.deepcopy(model)(*(t.clone() for t in named.values())))
    described = {
        "name": name, "source": "model.py", "construct": build if give else None, "file": "model.pth", "format": "zip", "content": "state_dict",
        "state_key": None, "key_prefix": None, "variants": [], "inputs": [{"name": n, **tensor(t)} for n, t in named.items()], "call": list(named),
        "outputs": outputs, "atol": 1e-5, "rtol": 1e-4, "more": [],
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {len(outputs)} outputs")


# a source that reads its command line is given none
wanted, sys.argv = sys.argv[1:], sys.argv[:1]
for name, case in CASES.items():
    torch.set_default_dtype(torch.float32)  # a source may set another
    if not wanted or name in wanted:
        make(name, **case)
