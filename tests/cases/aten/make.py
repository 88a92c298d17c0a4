"""Writes the cases of `torch.ops.aten`, with PyTorch 2.15: `python tests/cases/aten/make.py`, and `core.json`, the operators that torch calls core.

`model.py` in each folder calls ATen's operators by overload, as exported programs do; real torch and we run the same text.
"""

import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)



def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def tensor(t):
    data = [float(f"{x:.7g}") if isinstance(x, float) else x for x in t.flatten().tolist()]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    items = result.items() if isinstance(result, dict) else enumerate(result)
    return [leaf for key, value in items for leaf in leaves(value, (*path, key))]


CASES = {
    "layers": {"x": floats(2, 2, 6, 6), "ids": ints(7, 2, 3)},
    "tensors": {"x": floats(4, 6), "ids": lambda g: torch.randperm(4, generator=g)},
    "losses": {"x": floats(4, 5), "target": floats(4, 5), "ids": ints(5, 4)},
}

for name, inputs in CASES.items():
    folder = HERE / name
    names = {}
    exec(compile((folder / "model.py").read_text(), "model.py", "exec"), names)
    g = torch.Generator().manual_seed(5)
    torch.manual_seed(4)
    model = names["Net"]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=g).mul(0.5))
        inputs = {key: make(g) for key, make in inputs.items()}
        outputs = leaves(model(*inputs.values()))
    torch.save(model.state_dict(), folder / "model.pth")
    case = {
        "file": "model.pth",
        "format": "zip",
        "content": "state_dict",
        "source": "model.py",
        "construct": "Net()",
        "inputs": [{"name": key, **tensor(value)} for key, value in inputs.items()],
        "call": list(inputs),
        "outputs": outputs,
        "atol": 1e-5,
        "rtol": 1e-5,
    }
    (folder / "case.json").write_text(json.dumps(case) + "\n")

core = {}
for schema in torch._C._jit_get_all_schemas():
    name, overload = schema.name.removeprefix("aten::"), schema.overload_name or "default"
    operator = getattr(getattr(torch.ops.aten, name, None), overload, None) if schema.name.startswith("aten::") else None
    if operator is not None and torch.Tag.core in operator.tags:
        core[f"{name}.{overload}"] = [[a.name, a.kwarg_only] for a in operator._schema.arguments]
(HERE / "core.json").write_text(json.dumps(dict(sorted(core.items())), separators=(",", ":")) + "\n")
print(len(core), "core operators")
