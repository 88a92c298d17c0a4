"""Writes the files of this folder and expected.json: what torch 2.15 reads from each. Run: python make.py"""

import collections
import hashlib
import io
import json
import pathlib
import zipfile

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
torch.manual_seed(0)


def number(x):
    if x != x:
        return "nan"
    return x if abs(x) != float("inf") else ("inf" if x > 0 else "-inf")


def walk(root):
    entries, seen, storages = [], {}, {}

    def key(k):
        if isinstance(k, (str, int)) and not isinstance(k, bool):
            return k
        return {"key": f"{type(k).__name__}:{k!r}"}

    def visit(x, path):
        entry = {"path": path}
        entries.append(entry)
        if isinstance(x, (dict, list, tuple, collections.deque)) and not isinstance(x, torch.Size):
            if id(x) in seen:
                entry.update(kind="ref", to=seen[id(x)])
                return
            seen[id(x)] = path
        if isinstance(x, torch.Tensor):
            entry.update(kind="tensor", **{"class": type(x).__name__}, dtype=str(x.dtype)[6:], shape=list(x.shape))
            storage = x.untyped_storage()
            plain = x.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
            raw = bytes(plain.reshape(-1).view(torch.uint8).tolist()) if plain.numel() else b""
            entry.update(
                stride=list(x.stride()), offset=x.storage_offset(),
                storage=storages.setdefault(storage._cdata, len(storages)), storage_bytes=storage.nbytes(),
                requires_grad=x.requires_grad, sha256=hashlib.sha256(raw).hexdigest(),
            )
            if x.is_conj():
                entry["conj"] = True
            if x.is_neg():
                entry["neg"] = True
        elif isinstance(x, torch.Size):
            entry.update(kind="torch.Size", value=list(x))
        elif isinstance(x, torch.dtype):
            entry.update(kind="torch.dtype", value=str(x))
        elif isinstance(x, np.generic):
            entry.update(kind="numpy.scalar", dtype=x.dtype.name, value=x.item())
        elif isinstance(x, np.ndarray):
            entry.update(kind="numpy.ndarray", dtype=x.dtype.str, shape=list(x.shape), sha256=hashlib.sha256(x.tobytes()).hexdigest())
        elif isinstance(x, dict):
            entry.update(kind=type(x).__name__, len=len(x))
            if hasattr(x, "_metadata"):
                entry["metadata"] = x._metadata
            for k, v in x.items():
                visit(v, path + [key(k)])
        elif isinstance(x, (list, tuple, collections.deque)):
            entry.update(kind=type(x).__name__, len=len(x))
            for i, v in enumerate(x):
                visit(v, path + [i])
        elif isinstance(x, (set, frozenset)):
            entry.update(kind=type(x).__name__, values=sorted(x))
        elif x is None:
            entry.update(kind="None")
        elif isinstance(x, bool):
            entry.update(kind="bool", value=x)
        elif isinstance(x, int):
            entry.update(kind="int", value=x if abs(x) <= 2**53 else str(x))
        elif isinstance(x, float):
            entry.update(kind="float", value=number(x))
        elif isinstance(x, str):
            entry.update(kind="str", value=x)
        elif isinstance(x, (bytes, bytearray)):
            entry.update(kind=type(x).__name__, hex=x.hex())
        else:
            raise TypeError(type(x))

    visit(root, [])
    return entries


files = []


def accept(name, about):
    data = (HERE / name).read_bytes()
    loaded = torch.load(HERE / name, weights_only=False, map_location="cpu") if not name.endswith(".safetensors") else load_safe(name)
    files.append({"file": name, "about": about, "must": "accept", "bytes": len(data), "entries": walk(loaded)})


def load_safe(name):
    from safetensors.torch import load_file

    order = json.loads((HERE / name).read_bytes()[8:].split(b"}}")[0] + b"}}")
    loaded = load_file(HERE / name)
    return {k: loaded[k] for k in order if k != "__metadata__"}


def refuse(name, about, data, kind="malformed"):
    (HERE / name).write_bytes(data)
    files.append({"file": name, "about": about, "must": "refuse", "kind": kind, "bytes": len(data)})


def main():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    net(torch.randn(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    general = {"epoch": 3, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": 0.25}
    for name, kwargs in {"checkpoint.pth": {}, "checkpoint_legacy.pth": {"_use_new_zipfile_serialization": False}}.items():
        torch.save(general, HERE / name, **kwargs)
        accept(name, "a general checkpoint with Adam's state")
    for protocol in (2, 3, 4, 5):
        torch.save({"a": torch.arange(3), "n": [1, -2, 2**40, 2**80], "b": b"\0\xff"}, HERE / f"protocol{protocol}.pth", pickle_protocol=protocol)
        accept(f"protocol{protocol}.pth", f"pickle protocol {protocol}")
    floats = torch.tensor([0.0, -0.0, 1.5, -2.25, float("inf"), float("nan")])
    names = "float64 float32 float16 bfloat16 float8_e5m2 float8_e4m3fn int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool complex64 complex128"
    dtypes = {n: (torch.arange(6) if "int" in n else floats).to(getattr(torch, n)) for n in names.split()}
    torch.save(dtypes, HERE / "dtypes.pth")
    accept("dtypes.pth", "every dtype that is neither quantised nor packed")
    base = torch.arange(24.0)
    views = {
        "t": base.view(4, 6).t(), "shared": base[3:9], "expanded": torch.ones(3).expand(4, 3), "0d": base[5],
        "empty": torch.zeros(0, 3), "parameter": nn.Parameter(torch.ones(2)), "conj": torch.tensor([1 + 2j]).conj(),
        "neg": torch.tensor([1 + 2j]).conj().imag, "every": base[::5],
    }
    for name, kwargs in {"views.pth": {}, "views_legacy.pth": {"_use_new_zipfile_serialization": False}}.items():
        torch.save({k: v for k, v in views.items() if kwargs == {} or k not in ("conj", "neg")}, HERE / name, **kwargs)
        accept(name, "strides, offsets, shared storages, zero-size, 0-d, expanded, conj and neg")
    shared = [1, 2]
    cycle = {"one": shared, "two": shared}
    cycle["self"] = cycle
    cycle["mix"] = [float("nan"), {1, 2}, collections.deque([1]), np.float32(0.5), np.arange(6).reshape(2, 3).T, np.bool_(True)]
    torch.save(cycle, HERE / "cycle.pth")
    accept("cycle.pth", "an object met twice, a dict in itself, NumPy")
    plain = (HERE / "checkpoint.pth").read_bytes()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(HERE / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, old.read(item))
    accept("deflated.pth", "repacked with compression")
    from safetensors.torch import save_file

    save_file({"a": torch.arange(6.0).view(2, 3), "b": torch.tensor([True])}, HERE / "weights.safetensors")
    accept("weights.safetensors", "safetensors")

    refuse("empty.pth", "no bytes", b"")
    refuse("cut.pth", "the last third is missing", plain[: len(plain) * 2 // 3])
    refuse("page.pth", "a web page", b"<!DOCTYPE html><html></html>")
    refuse("lfs.pth", "a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    refuse("image.pth", "a picture", b"\x89PNG\r\n\x1a\n" + bytes(40))
    refuse("no_stop.pkl", "a pickle without STOP", b"\x80\x02}")
    refuse("underflow.pkl", "REDUCE on an empty stack", b"\x80\x02R.")
    refuse("unset_memo.pkl", "BINGET of nothing", b"\x80\x02h\x05.")
    refuse("odd_items.pkl", "SETITEMS of three", b"\x80\x02}(K\x01K\x02K\x03u.")
    refuse("item_on_tuple.pkl", "SETITEM on a tuple", b"\x80\x02)K\x01K\x02s.")
    refuse("long_string.pkl", "a string longer than the file", b"\x80\x02X\xff\xff\xff\xff.")
    refuse("extension.pkl", "an extension code", b"\x80\x02\x82\x01.", "unsupported")
    (HERE / "expected.json").write_text(json.dumps({"torch_version": torch.__version__.split("+")[0], "files": files}, separators=(",", ":")))


main()
