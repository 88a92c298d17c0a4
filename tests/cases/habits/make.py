"""Writes the cases of Python as people write it around networks, with PyTorch 2.15: `python tests/cases/habits/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand; this writes the weights and `case.json`: inputs, and the outputs
that PyTorch computes in eval mode.
"""

import copy
import importlib.util
import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
torch.set_num_threads(1)


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def mask(*shape):
    return lambda g: torch.rand(shape, generator=g) > 0.4


# name: construct, inputs by name; how they are passed where not one after the other
CASES = {
    "computed_weights": ("Net()", {"x": floats(2, 3, 11)}),
    "containers": ("Net()", {"x": floats(3, 4)}),
    "dtypes": ("Precise()", {"x": floats(4, 3)}),
    "lazy": ("Net(3)", {"x": floats(2, 3, 10, 12)}),
    "namedtuples": ("Net('max', scale=2.0)", {"x": floats(2, 3, 4)}),
    "optional": ("Net()", {"x": floats(2, 3, 4), "h": floats(2, 3, 4), "c": floats(2, 3, 4), "m": mask(2, 3)}, ["x", None, ["h", "c"], "m"]),
    "own_dict": ("Net(slope=0.3)", {"x": floats(2, 6)}),
    "pyramid": ("FPN()", {"x": floats(2, 3, 21, 18), "cond": floats(2, 2)}),
    "registry": ("nn.Sequential(build('small', d=4, act='gelu', _x=1), Smaller(3))", {"x": floats(2, 4)}),
}


def load_source(folder):
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def tensor(t):
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [x if not isinstance(x, float) else float(f"{x:.9g}") if abs(x) < float("inf") else repr(x) for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def settle(model, arguments, generator):
    """Leaves running averages, u and v as training would: not at their first values."""
    with torch.no_grad():
        if any(torch.nn.parameter.is_lazy(p) for p in model.parameters()):
            # Lazy layers see their input.
            model(*arguments)
        for p in model.parameters():
            if p.dim() < 2:
                p.add_(torch.randn(p.shape, generator=generator).to(p.dtype) * 0.2)
        model.train()
        for _ in range(3):
            model(*arguments)
    return model.eval()


def make(name, construct, inputs, call=None):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    named = {k: v(generator) for k, v in inputs.items()}
    call = call or list(named)

    def argument(item):
        return tuple(map(argument, item)) if isinstance(item, list) else None if item is None else named[item].clone()

    model = settle(eval(construct, vars(load_source(folder))), list(map(argument, call)), generator)
    torch.save(model.state_dict(), folder / "model.pth")
    with torch.no_grad():
        outputs = leaves(copy.deepcopy(model)(*map(argument, call)))
    described = {
        "name": name,
        "source": "model.py",
        "construct": construct,
        "file": "model.pth",
        "format": "zip",
        "content": "state_dict",
        "state_key": None,
        "key_prefix": None,
        "variants": [],
        "inputs": [{"name": n, **tensor(t)} for n, t in named.items()],
        "call": call,
        "outputs": outputs,
        "atol": 1e-5,
        "rtol": 1e-4,
        "more": [],
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {len(outputs)} outputs")


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, *case)
