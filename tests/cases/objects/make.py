"""Writes the files of this folder and expected.json: Python's and torch's objects in every container. Run: python make.py"""

import argparse
import collections
import datetime
import decimal
import enum
import hashlib
import io
import json
import pathlib
import pickle
import struct
import tarfile

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
torch.manual_seed(0)


class Color(enum.Enum):
    RED = 1


class Config:
    """A user's class that is only data."""

    def __init__(self):
        self.lr = 0.1
        self.layers = [16, 32]


class Net(nn.Module):
    """A user's network: tied and shared modules, buffers of both kinds, a recurrent layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(2)
        self.first = nn.Linear(4, 4)
        self.again = self.first
        self.rnn = nn.LSTM(4, 3)
        self.gate = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("mask", torch.tensor([True, False]))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.register_buffer("nothing", None)
        self.sizes = torch.Size([1, 2])
        self.activation = torch.nn.functional.relu

    def forward(self, x):
        return self.first(x)


class Scale(nn.Module):
    """Multiplies by a learned number."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor([2.0]))

    def forward(self, x):
        return x * self.factor


class Pair(nn.Module):
    """Two modules of our own, so that a legacy file embeds our source and nobody else's."""

    def __init__(self):
        super().__init__()
        self.left = Scale()
        self.right = Scale()
        self.also_left = self.left

    def forward(self, x):
        return self.left(x) + self.right(x)


def number(x):
    if x != x:
        return "nan"
    return x if abs(x) != float("inf") else ("inf" if x > 0 else "-inf")


def qualified(x):
    return f"{type(x).__module__}.{type(x).__qualname__}"


def raw(x):
    plain = x.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    return bytes(plain.reshape(-1).view(torch.uint8).tolist()) if plain.numel() else b""


def walk(root):
    entries, seen, storages, alive = [], {}, {}, []

    def key(k):
        if isinstance(k, (str, int)) and not isinstance(k, bool):
            return k
        return {"key": f"{type(k).__name__}:{k!r}"}

    def visit(x, path):
        entry = {"path": path}
        entries.append(entry)
        alive.append(x)
        container = isinstance(x, (dict, list, tuple, collections.deque)) and not isinstance(x, torch.Size)
        plain = isinstance(x, (argparse.Namespace, enum.Enum, Config, nn.Module))
        if container or plain:
            if id(x) in seen:
                entry.update(kind="ref", to=seen[id(x)])
                return
            seen[id(x)] = path
        if isinstance(x, torch.Tensor):
            entry.update(kind="tensor", **{"class": type(x).__name__}, dtype=str(x.dtype)[6:], shape=list(x.shape))
            if x.layout is not torch.strided:
                entry["layout"] = str(x.layout)
                return
            entry.update(stride=list(x.stride()), offset=x.storage_offset(), requires_grad=x.requires_grad)
            if x.device.type == "meta":
                entry["device"] = "meta"
                return
            storage = x.untyped_storage()
            entry.update(
                storage=storages.setdefault(storage._cdata, len(storages)), storage_bytes=storage.nbytes(),
            )
            if x.is_quantized:
                return
            entry.update(
                sha256=hashlib.sha256(raw(x)).hexdigest(),
            )
        elif isinstance(x, torch.Size):
            entry.update(kind="torch.Size", value=list(x))
        elif isinstance(x, torch.dtype):
            entry.update(kind="torch.dtype", value=str(x))
        elif isinstance(x, torch.device):
            entry.update(kind="torch.device", value=str(x))
        elif isinstance(x, np.generic):
            entry.update(kind="numpy.scalar", dtype=x.dtype.name, value=x.item())
        elif isinstance(x, np.ndarray):
            entry.update(kind="numpy.ndarray", dtype=x.dtype.str, shape=list(x.shape), sha256=hashlib.sha256(x.tobytes()).hexdigest())
        elif isinstance(x, dict):
            entry.update(kind=type(x).__name__, len=len(x))
            if hasattr(x, "_metadata"):
                entry["metadata"] = x._metadata
            if isinstance(x, collections.defaultdict):
                entry["default_factory"] = x.default_factory.__name__
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
        elif isinstance(x, complex):
            entry.update(kind="complex", value=[x.real, x.imag])
        elif isinstance(x, str):
            entry.update(kind="str", value=x)
        elif isinstance(x, (bytes, bytearray)):
            entry.update(kind=type(x).__name__, hex=x.hex())
        elif isinstance(x, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal)):
            entry.update(kind=f"{type(x).__module__}.{type(x).__name__}", value=str(x))
        elif isinstance(x, pathlib.PurePath):
            entry.update(kind=f"pathlib.{type(x).__name__}", value=str(x))
        elif isinstance(x, enum.Enum):
            entry.update(kind="object", cls=qualified(x))
            visit(x.value, path + ["args[0]"])
        elif isinstance(x, nn.Module):
            entry.update(kind="object", cls=qualified(x))
            for k, v in x.__getstate__().items():
                visit(v, path + [k])
        elif isinstance(x, (argparse.Namespace, Config)):
            entry.update(kind="object", cls=qualified(x))
            for k, v in vars(x).items():
                visit(v, path + [k])
        elif callable(x):
            entry.update(kind="global", value=f"{x.__module__}.{x.__qualname__}")
        else:
            raise TypeError(type(x))

    visit(root, [])
    return entries


files = []


def accept(name, about, loaded=None, must="accept"):
    if loaded is None:
        loaded = torch.load(HERE / name, weights_only=False, map_location=lambda storage, _: storage)
    files.append({"file": name, "about": about, "must": must, "bytes": (HERE / name).stat().st_size, "entries": walk(loaded)})


def tar(name):
    """torch before 0.1.10: storages, views of them, tensors and the pickle, each its own member."""
    base = torch.arange(12, dtype=torch.float64)
    storages, tensors, out = io.BytesIO(), io.BytesIO(), io.BytesIO()
    dump = lambda value, to: pickle.dump(value, to, protocol=2)
    dump(2, storages)
    for key, cls, values in ((101, torch.DoubleStorage, base), (102, torch.LongStorage, torch.tensor([7, -8]))):
        dump((key, "cpu", cls), storages)
        storages.write(struct.pack("<q", values.numel()) + raw(values))
    dump([(103, 101, 4, 6)], storages)
    shapes = [
        (11, 101, (3, 4), (4, 1), 0, torch.DoubleTensor), (12, 101, (4, 3), (1, 4), 0, torch.DoubleTensor),
        (13, 103, (2, 2), (2, 1), 1, torch.DoubleTensor), (14, 102, (2,), (1,), 0, torch.LongTensor),
    ]
    dump(len(shapes), tensors)
    for key, storage, size, stride, offset, cls in shapes:
        dump((key, storage, cls), tensors)
        tensors.write(struct.pack(f"<i4x{2 * len(size) + 1}q", len(size), *size, *stride, offset))

    class Key:
        def __init__(self, key):
            self.key = key

    class Pickler(pickle.Pickler):
        def persistent_id(self, x):
            return str(x.key) if isinstance(x, Key) else None

    content = collections.OrderedDict(fc=Key(11), transposed=Key(12), view=Key(13), steps=Key(14), tied=Key(11), epoch=3)
    Pickler(out, protocol=2).dump(content)
    with tarfile.open(HERE / name, "w:", format=tarfile.PAX_FORMAT) as archive:
        for member, data in {
            "sys_info": pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2),
            "storages": storages.getvalue(), "tensors": tensors.getvalue(), "pickle": out.getvalue(),
        }.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    accept(name, "the tar container of torch before 0.1.10: views of storages, strides, a tensor met twice")
    # torch makes a storage of its own over the same memory; here the view and its root are one storage.
    entry = next(e for e in files[-1]["entries"] if e["path"] == ["view"])
    later = next(e for e in files[-1]["entries"] if e["path"] == ["steps"])
    later["storage"] -= entry["storage"] != 0
    entry.update(storage=0, storage_bytes=96, offset=entry["offset"] + 4)


def main():
    tar("tar.pth")
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    for kind, options in {"SGD": {"momentum": 0.9, "nesterov": True}, "AdamW": {}, "RMSprop": {"momentum": 0.5, "centered": True}}.items():
        optimizer = getattr(torch.optim, kind)(net.parameters(), lr=0.01, **options)
        schedulers = [torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 2, 5]), torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)]
        net(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        content = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "schedulers": [s.state_dict() for s in schedulers],
                   "scaler": {"scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000, "_growth_tracker": 0}}
        torch.save(content, HERE / f"optimizer_{kind.lower()}.pth")
        accept(f"optimizer_{kind.lower()}.pth", f"{kind} and schedulers, milestones in a Counter")
    torch.save(Net(), HERE / "module.pth")
    accept("module.pth", "a whole module of the user's class; a shared child, buffers of both kinds")
    # The source's path is the machine's own; the file shall not depend on it.
    find = torch.serialization.get_source_lines_and_file
    torch.serialization.get_source_lines_and_file = lambda cls: (*find(cls)[:2], "make.py")
    torch.save(Pair(), HERE / "module_legacy.pth", _use_new_zipfile_serialization=False)
    accept("module_legacy.pth", "a whole module with the source of its classes")
    python = {
        "args": argparse.Namespace(lr=0.1, names=["a"], nested=argparse.Namespace(x=None)), "default": collections.defaultdict(list, a=[1]),
        "counter": collections.Counter("aab"), "when": datetime.datetime(2024, 2, 29, 23, 59, 59, 120), "day": datetime.date(1999, 12, 31),
        "clock": datetime.time(1, 2, 3), "took": datetime.timedelta(1, 3723, 5), "path": pathlib.PurePosixPath("/data/x.pt"), "color": Color.RED,
        "config": Config(), "decimal": decimal.Decimal("1.10"), "z": 1 + 2j, "bytes": b"\0\xff", "set": {1, 2}, "frozen": frozenset("ab"),
        "size": torch.Size([2, 3]), "dtype": torch.bfloat16, "device": torch.device("cuda", 1), ("a", 1): "tuple key", 5: "int key", "function": torch.nn.functional.relu,
    }
    for protocol in (2, 5):
        torch.save({**python, "t": torch.ones(2)}, HERE / f"python{protocol}.pth", pickle_protocol=protocol)
        accept(f"python{protocol}.pth", f"everyday Python objects beside a tensor, protocol {protocol}")
    arrays = {
        "f": np.arange(6, dtype=np.float32).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big": np.arange(3, dtype=">i4"),
        "bool": np.array([True, False]), "0d": np.array(2.5), "empty": np.zeros((0, 3)), "scalar": np.float64(0.5), "int": np.int8(-3), "half": np.float16(1.5),
    }
    torch.save(arrays, HERE / "numpy.pth")
    accept("numpy.pth", "NumPy arrays and scalars: column-major, big-endian, 0-d, empty")
    for protocol in range(6):
        content = {"t": torch.arange(3.0), "u": torch.tensor([[1, 2], [3, 4]]).t(), "n": [1, -2, 300, 70000, 2**40, -(2**80)], "s": "\u00e9\n\u2603", "b": b"\0\xff", "f": [0.5, float("inf")], "x": (True, None, {1})}
        (HERE / f"plain{protocol}.pkl").write_bytes(pickle.dumps(content, protocol))
        accept(f"plain{protocol}.pkl", f"pickle.dump of tensors, protocol {protocol}", pickle.loads(pickle.dumps(content, protocol)))
    floats = torch.tensor([0.0, 0.5, 1.5, 2.0])
    rare = {n: floats.to(getattr(torch, n)) for n in ("float8_e5m2fnuz", "float8_e4m3fnuz", "float8_e8m0fnu", "complex32")}
    torch.save(rare, HERE / "rare.pth")
    accept("rare.pth", "dtypes that few networks use")
    special = {
        "per_tensor": torch.quantize_per_tensor(torch.ones(3), 0.1, 2, torch.qint8),
        "per_channel": torch.quantize_per_channel(torch.ones(2, 2), torch.tensor([0.1, 0.2], dtype=torch.float64), torch.tensor([0, 1]), 0, torch.quint8),
        "coo": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(), "meta": torch.empty(2, 3, device="meta"), "dense": torch.ones(2),
    }
    torch.save(special, HERE / "special.pth")
    accept("special.pth", "quantised, sparse and meta tensors beside a dense one, which must load")
    (HERE / "expected.json").write_text(json.dumps({"torch_version": torch.__version__.split("+")[0], "files": files}, separators=(",", ":")))


main()
