"""Loads with real torch what torchtab wrote. Run by tests/suite/torch.rs: python round_trip.py FOLDER, where FOLDER/manifest.json lists
files with what each must be."""

import json
import pathlib
import sys
import warnings

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cases" / "save"))
import make  # noqa: E402

warnings.simplefilter("ignore")
# Its classes were pickled from the script that is __main__ here.
Colour = make.Colour


def same(a, b, path="root", seen=None):
    """a, read from our file, holds what b holds; what was compared already, or is being compared, is passed over."""
    seen = set() if seen is None else seen
    if isinstance(b, (dict, list, tuple)):
        if (id(a), id(b)) in seen:
            return
        seen.add((id(a), id(b)))
    if isinstance(b, torch.Tensor):
        assert isinstance(a, torch.Tensor), f"{path}: {type(a)}"
        assert a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad, f"{path}: {a.dtype} {a.shape}"
        assert type(a) is type(b) and a.layout == b.layout, path
        if b.layout == torch.strided and not b.is_meta:
            assert a.stride() == b.stride(), f"{path}: {a.stride()} {b.stride()}"
        if b.is_meta:
            return
        if b.layout != torch.strided:
            a, b = a.to_dense(), b.to_dense()
        if b.is_quantized:
            assert a.qscheme() == b.qscheme(), path
            a, b = a.int_repr(), b.int_repr()
        a, b = (
            x.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format).reshape(-1) for x in (a, b)
        )
        assert bool((a.view(torch.uint8) == b.view(torch.uint8)).all()), f"{path}: other values"
    elif isinstance(b, dict):
        assert type(a) is type(b), f"{path}: {type(a)}, not {type(b)}"
        assert len(a) == len(b), f"{path}: {len(a)} items"
        for (ka, va), (kb, vb) in zip(a.items(), b.items()):
            same(ka, kb, path + " key", seen)
            same(va, vb, f"{path}[{kb!r}]", seen)
        if hasattr(b, "_metadata"):
            same(a._metadata, b._metadata, path + "._metadata", seen)
    elif isinstance(b, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b), f"{path}: {type(a)} of {len(a)}"
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{path}[{i}]", seen)
    elif isinstance(b, np.ndarray):
        assert type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b), f"{path}: {a!r}, not {b!r}"
    else:
        assert type(a) is type(b) and (a == b or a != a and b != b), f"{path}: {a!r}, not {b!r}"


def tensors(x, path="root", seen=None):
    """Every tensor with values, and where it is; each container once."""
    seen = set() if seen is None else seen
    if isinstance(x, torch.Tensor):
        if x.layout == torch.strided and not x.is_meta:
            yield path, x
    elif isinstance(x, (dict, list, tuple)) and id(x) not in seen:
        seen.add(id(x))
        for key, value in x.items() if isinstance(x, dict) else enumerate(x):
            yield from tensors(value, f"{path}[{key!r}]", seen)


def storages(x):
    """Which tensors share a storage: the place of the first that has it."""
    addresses = [t.untyped_storage().data_ptr() for _, t in tensors(x)]
    return [addresses.index(a) if a else -1 for a in addresses]


def ones(x):
    """Every tensor was set to ones."""
    for path, t in tensors(x):
        t = t.detach().resolve_conj().resolve_neg()
        if not t.is_quantized and not t.is_complex():
            assert bool((t.to(torch.float64) == 1).all()), f"{path}: {t}"


def plain(x):
    """What a value of make.converted() becomes."""
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(x).astype(x.dtype.newbyteorder("="))) if x.dtype.kind in "iufcb" else x.tolist()
    return x


def converted(loaded):
    for key, value in make.converted().items():
        got = loaded[key]
        want = {
            "namespace": {"lr": 0.1, "layers": [1, 2]}, "defaultdict": {"a": [1]}, "deque": [1, 2], "frozen": {1}, "keys": {(1,): 1},
            "date": "2020-01-02", "path": "a/b", "decimal": "1.5", "enum": "red", "function": "torch.nn.functional.relu",
        }.get(key, plain(value))
        if key == "range":
            continue
        same(got, want, key)


def main(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for case in manifest:
        file, original, kind = folder / case["file"], pathlib.Path(case["original"]), case["kind"]
        try:
            if file.suffix == ".safetensors":
                from safetensors.torch import load_file

                loaded = load_file(file)
                want = load_file(original) if original.suffix == ".safetensors" else torch.load(original, weights_only=False)
                assert loaded.keys() == want.keys()
                for k in loaded:
                    same(loaded[k], want[k].detach().clone(memory_format=torch.contiguous_format), k)
                continue
            loaded = torch.load(file, weights_only=case["weights_only"], map_location="cpu")
            if file.read_bytes()[:2] == b"PK" and case["weights_only"] and kind != "ones":
                torch.load(file, weights_only=True, map_location="cpu", mmap=True)
            if kind == "edited":
                number, tensor = loaded.pop("added")
                assert number == 7 and tensor.tolist() == [2.0], f"added {number} {tensor}"
            if kind == "ones":
                ones(loaded)
            elif kind == "converted":
                converted(loaded)
            else:
                want = torch.load(original, weights_only=False, map_location="cpu") if original.suffix != ".safetensors" else None
                if want is not None:
                    same(loaded, want)
                    assert storages(loaded) == storages(want), "other tensors share memory"
            weights = case.get("state_dict")
            if weights is not None:
                state = loaded
                for key in filter(None, weights.split(".")):
                    state = state[key]
                net = make.Net()
                net.load_state_dict(state, strict=True)
                if kind == "ones":
                    assert all(bool((p == 1).all()) for p in net.state_dict().values())
        except Exception as error:
            sys.exit(f"{case['file']} ({kind} of {original.name}): {type(error).__name__}: {error}")
    print(f"{len(manifest)} files")


main(pathlib.Path(sys.argv[1]))
