"""Writes the TorchScript cases with PyTorch 2.15: `python tests/cases/script/make.py [NAME…]`.

Each case is the folder of its name, with an archive that torch.jit.save wrote and `case.json`: inputs, the outputs of the network as
torch.jit.load gives it back, in eval mode, and for some what training makes of it. The archives hold no `.debug_pkl` records, which tell paths.
"""

import io
import json
import pathlib
import re
import shutil
import struct
import sys
import warnings
import zipfile

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

import networks  # noqa: E402


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e3).round().div(1e3)


def ints(high, *shape, low=0):
    return lambda g: torch.randint(low, high, shape, generator=g)


def given(rows):
    return lambda g: torch.tensor(rows)


CROSS = dict(loss="CrossEntropyLoss", optimizer="SGD", hyper=dict(lr=0.05, momentum=0.9))
IMAGE = {"x": floats(3, 1, 9, 9)}
IDS = {"ids": ints(12, 2, 5, low=1)}
PADDED = {"ids": ints(13, 2, 6), "mask": given([[False] * 6, [False] * 4 + [True] * 2])}
PACKED = {"ids": ints(12, 3, 5), "lengths": given([3, 5, 2])}
# name: network, how it is written, inputs, further fields
CASES = {
    "mlp_scripted": ("Mlp", "script", {"x": floats(3, 6)}, {}),
    "mlp_traced": ("Mlp", "trace", {"x": floats(3, 6)}, dict(targets=[ints(3, 3)], train=CROSS, more=2)),
    "cnn_scripted": ("Cnn", "script", IMAGE, dict(targets=[ints(3, 3)], train=CROSS)),
    "cnn_traced": ("Cnn", "trace", IMAGE, dict(more=2)),
    "cnn_frozen": ("Cnn", "freeze", IMAGE, {}),
    "mlp_inference": ("Mlp", "optimize", {"x": floats(3, 6)}, {}),
    "cnn_variant": ("Cnn", "variant", IMAGE, {}),
    "resnet_scripted": ("ResNet", "script", {"x": floats(2, 3, 32, 32)}, {}),
    "resnet_traced": ("ResNet", "trace", {"x": floats(2, 3, 32, 32)}, {}),
    "lstm_scripted": ("Lstm", "script", IDS, {}),
    "lstm_traced": ("Lstm", "trace", IDS, dict(more=1)),
    "gru_packed": ("GruPacked", "script", PACKED, {}),
    "cells": ("Cells", "script", {"x": floats(4, 2, 4)}, {}),
    "transformer_scripted": ("Transformer", "script", PADDED, {}),
    "transformer_traced": ("Transformer", "trace", {"ids": ints(13, 2, 6)}, {}),
    "attention_traced": ("Attention", "trace", {"x": floats(2, 5, 6)}, {}),
    "attention_scripted": ("Attention", "script", {"x": floats(2, 5, 6)}, dict(more=1)),
    "unet_scripted": ("Unet", "script", {"x": floats(1, 2, 9, 8)}, {}),
    "unet_traced": ("Unet", "trace", {"x": floats(1, 2, 9, 8)}, {}),
    "mixture": ("Mixture", "script", {"x": floats(3, 4)}, {}),
    "named": ("Named", "script", {"x": floats(3, 5), "target": ints(3, 3)}, {}),
    "several": ("Several", "script", {"users": ints(7, 3), "items": ints(9, 3), "history": ints(9, 3, 4)}, {}),
    "shapes": ("Shapes", "script", {"x": floats(6, 4)}, dict(more=4)),
    "constants": ("Constants", "script", {"x": floats(2, 3)}, {}),
    "constants_frozen": ("Constants", "freeze", {"x": floats(2, 3)}, {}),
    "counter": ("Counter", "script", {"x": floats(4, 5)}, dict(targets=[floats(4, 5)], train=dict(loss="MSELoss", optimizer="AdamW", hyper=dict(lr=0.01)))),
    "detached": ("Detached", "script", {"x": floats(4, 4)}, dict(targets=[ints(2, 4)], train=CROSS)),
    "boxed": ("Boxed", "script", {"x": floats(4, 3)}, {}),
    "signal_scripted": ("Signal", "script", {"x": floats(2, 2, 10)}, {}),
    "signal_traced": ("Signal", "trace", {"x": floats(2, 2, 10)}, {}),
    "old_code": ("Old", "code", {"x": floats(2, 2, 5, 6), "ids": ints(5, 3)}, {}),
    "version_3": ("Halves", "old", {"n": ints(9, 5, low=-9), "x": floats(5)}, {}),
}


# Code as torch 1.4 printed it: imports, no buffers declared, every argument given, sizes as tensors.
OLD = """op_version_set = 1
import __torch__.torch.nn.modules.conv
class Old(Module):
  __parameters__ = []
  training : bool
  conv : __torch__.torch.nn.modules.conv.Conv2d
  norm : __torch__.torch.nn.modules.batchnorm.BatchNorm2d
  fc : __torch__.torch.nn.modules.linear.Linear
  embedding : __torch__.torch.nn.modules.sparse.Embedding
  def forward(self: __torch__.networks.Old,
    x: Tensor,
    ids: Tensor) -> Tuple[Tensor, Tensor]:
    _0 = self.conv
    weight = _0.weight
    bias = _0.bias
    _1 = self.norm
    _2 = self.fc
    input = torch._convolution(x, weight, bias, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, False, False, True)
    input0 = torch.batch_norm(input, _1.weight, _1.bias, _1.running_mean, _1.running_var, False, 0.10000000000000001, 1.0000000000000001e-05, True)
    y = torch.mean(torch.relu_(input0), [2, 3], False, dtype=None)
    n = ops.prim.NumToTensor(torch.size(y, 0))
    m = torch.mul(n, CONSTANTS.c0)
    z = torch.cat([y, torch.rsub(y, 1., 1)], 1)
    z0 = torch.view(z, [int(n), -1])
    w = torch.addmm(_2.bias, z0, torch.t(_2.weight), beta=1, alpha=1)
    w0 = torch.slice(torch.slice(w, 0, 0, 9223372036854775807, 1), 1, 0, -1, 2)
    e = torch.embedding(self.embedding.weight, ids, -1, False, False)
    mask = torch.to(torch.gt(e, 0), 6, False, False, None)
    e0 = torch.masked_fill(e, torch.to(mask, dtype=11, layout=0, device=torch.device("cpu"), pin_memory=None, non_blocking=False, copy=False, memory_format=None), -2)
    p = torch.arange(int(m), dtype=6, layout=0, device=torch.device("cpu"), pin_memory=False)
    u = torch.upsample_bilinear2d(x, [6, 7], True, None, None)
    v = torch.upsample_nearest2d(torch.max_pool2d(u, [2, 2], [2, 2], [0, 0], [1, 1], False), [4, 4], None, None)
    s = torch.sum(torch.softmax(torch.flatten(v, 1, -1), 1, None), [1], True, dtype=None)
    t = torch.expand(torch.unsqueeze(torch.sum(p), 0), [int(n), 1], implicit=False)
    _3 = torch.add(torch.add(w0, s, alpha=1), t, alpha=2)
    return (torch.hardtanh_(_3, -3., 6.), torch.dropout(torch.layer_norm(e0, [4], None, None, 1.0000000000000001e-05, True), 0.5, False))
"""


def tensor(t):
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [float(f"{x:.7g}") if isinstance(x, float) else x for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def without_paths(file, version=None, code=None):
    """The archive as torch lays it out, without what debuggers read: stored records begin at multiples of 64, code is deflated."""
    old = zipfile.ZipFile(file)
    records = [(i.filename, i.compress_type, old.read(i)) for i in old.infolist() if not i.filename.endswith(".debug_pkl")]
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for name, method, data in records:
            if version and name.endswith("/version"):
                data = version
            if code and "/code/" in name:
                # The classes of the children, without buffers.
                data = code.encode() if name.endswith("networks.py") else re.sub(rb"  __buffers__ = .*\n", b"", data)
            if code and name.endswith("constants.pkl"):
                data = constant()
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            if method == zipfile.ZIP_STORED:
                start = new.tell() + 30 + len(name) + 4
                info.extra = b"FB" + struct.pack("<H", -start % 64) + b"Z" * (-start % 64)
            archive.writestr(info, data)
        if code:
            archive.writestr(f"{name.split('/')[0]}/constants/0", (3).to_bytes(8, "little"))
    file.write_bytes(new.getvalue())


def constant():
    """A `constants.pkl` with one tensor, whose record is that of an embedding's index."""
    return b"\x80\x02(ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nLongStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00))\x89ccollections\nOrderedDict\n)RtRt."


def written(model, how, inputs, folder):
    model.eval()
    if how in ("trace", "variant"):
        script = torch.jit.trace(model, inputs, check_trace=False)
    else:
        script = torch.jit.script(model)
    if how == "freeze":
        script = torch.jit.freeze(script)
    if how == "optimize":
        script = torch.jit.optimize_for_inference(script)
    file = folder / "model.pt"
    torch.jit.save(script, file)
    without_paths(file, b"3\n" if how in ("old", "code") else None, OLD if how == "code" else None)
    return torch.jit.load(file)


def trained(model, inputs, targets, t):
    t = {"steps": 4, "freeze": [], "loss_kwargs": {}, "loss_on": [{"path": []}], "param_groups": None, "clip_grad_norm": None, "scheduler": None, "resume": None, **t}
    optimizer = getattr(torch.optim, t["optimizer"])(model.parameters(), **t["hyper"])
    criterion = getattr(nn, t["loss"])(**t["loss_kwargs"])
    model.train()
    losses = []
    for _ in range(t["steps"]):
        optimizer.zero_grad()
        loss = criterion(model(*inputs), *targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    state, buffers = model.state_dict(), {n for n, _ in model.named_buffers()}
    with torch.no_grad():
        after = leaves(model(*inputs))
    return {
        **t,
        "targets": [{"name": f"target{i}", **tensor(v)} for i, v in enumerate(targets)],
        "lrs": [[t["hyper"]["lr"]]] * t["steps"],
        "losses": losses,
        "params_after": {n: tensor(v) for n, v in state.items() if n not in buffers},
        "buffers_after": {n: tensor(v) for n, v in state.items() if n in buffers},
        "eval_after": after,
        "atol": {"losses": 1e-5, "params_after": 1e-5, "buffers_after": 1e-5, "eval_after": 1e-5},
        "rtol": 1e-4,
    }


def make(name, network, how, inputs, extra):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    seed = sum(name.encode())
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(seed + 1)
    model = getattr(networks, network)()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.add_(torch.randn(module.running_mean.shape, generator=g) * 0.3)
                module.running_var.mul_(0.5 + torch.rand(module.running_var.shape, generator=g))
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=g) * 0.1)
    x = {k: v(g) for k, v in inputs.items()}
    loaded = written(model, how, tuple(x.values()), folder)
    run = lambda m: leaves(m(*(t.clone() for t in x.values())))
    with torch.no_grad():
        outputs = run(loaded)
    case = {"name": name, "source": None, "construct": None, "file": "model.pt", "format": "torchscript", "content": "script_module", "state_key": None, "key_prefix": None, "variants": []}
    if how == "variant":
        torch.save(model.state_dict(), folder / "model.pth")
        text = pathlib.Path(networks.__file__).read_text()
        start = text.index("class Cnn")
        (folder / "model.py").write_text("import torch\nfrom torch import nn\n\n\n" + text[start : text.index("\n\n\nclass Block")] + "\n")
        case |= {"source": "model.py", "construct": "Cnn()", "file": "model.pth", "format": "zip", "content": "state_dict"}
        case["variants"] = [{"file": "model.pt", "format": "torchscript", "content": "script_module"}]
    case |= {"inputs": [{"name": n, **tensor(t)} for n, t in x.items()], "call": list(x), "outputs": outputs, "atol": 1e-5, "rtol": 1e-4, "more": []}
    if "expect" in extra:
        case["expect"] = extra["expect"]
    if "more" in extra:
        rows = extra["more"]
        with torch.no_grad():
            more = leaves(loaded(*(t[:rows] for t in x.values())))
        case["more"] = [{"slice": {n: {"dim": 0, "start": 0, "stop": rows} for n in x}, "outputs": more}]
    if "train" in extra:
        case["train"] = trained(loaded, list(x.values()), [v(g) for v in extra["targets"]], extra["train"])
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in case.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {len(outputs)} outputs, {sum(f.stat().st_size for f in folder.iterdir())} bytes")


if __name__ == "__main__":
    for name, case in CASES.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, *case)
