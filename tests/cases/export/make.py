"""Writes the cases of torch.export, with PyTorch 2.15: `python tests/cases/export/make.py [NAME…]`.

The networks are in networks.py. A case is the archive that torch.export.save wrote and `case.json`: inputs, the outputs that the network
itself gives in eval mode, and where the case trains, what torch's own training of the network gives. `old_` cases hold the program of
another case in the layout that torch wrote before 2.8, put together here: the records at the root of a plain zip, every alternative of a
union with null but one, and weights in files of torch.save.
"""

import copy
import inspect
import io
import json
import pathlib
import sys
import zipfile

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import networks  # noqa: E402

torch.set_num_threads(1)


def tensor(t):
    t = t.detach()
    data = [float(f"{x:.7g}") if isinstance(x, float) else x for x in t.flatten().tolist()]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    items = result.items() if isinstance(result, dict) else enumerate(result)
    return [leaf for key, value in items for leaf in leaves(value, (*path, key))]


def built(network, seed):
    torch.manual_seed(seed)
    model = network()
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=g) * 0.1)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.add_(torch.randn(module.running_mean.shape, generator=g) * 0.3)
                module.running_var.mul_(0.5 + torch.rand(module.running_var.shape, generator=g))
    return model


def train(model, arguments, spec, g):
    """Three steps as the case's `train` says."""
    model = copy.deepcopy(model).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    steps, losses = 3, []
    optimizer = getattr(torch.optim, spec["optimizer"])(model.parameters(), **spec["hyper"])
    loss = getattr(nn, spec["loss"])()
    first = model.eval()(*arguments)
    if spec["loss"] == "CrossEntropyLoss":
        first = first.reshape(spec["shape"]) if "shape" in spec else first
        targets = torch.randint(0, first.shape[-1], first.shape[:1], generator=g)
    else:
        targets = torch.randn(first.shape, generator=g)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        y = model(*arguments)
        value = loss(y.reshape(spec["shape"]) if "shape" in spec else y, targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    on = {"path": [], **({"reshape": spec["shape"]} if "shape" in spec else {})}
    buffers = {name: tensor(b) for name, b in model.named_buffers() if name in model.state_dict()}
    return {
        "steps": steps,
        "optimizer": spec["optimizer"],
        "hyper": spec["hyper"],
        "loss": spec["loss"],
        "loss_on": [on],
        "targets": [{"name": "target", **tensor(targets)}],
        "losses": losses,
        "params_after": {name: tensor(p) for name, p in model.named_parameters()},
        "buffers_after": buffers,
        "eval_after": leaves(model.eval()(*arguments)),
        "atol": {"losses": 1e-5, "params": 1e-4, "buffers": 1e-4, "eval": 1e-3},
        "rtol": 1e-3,
    }


def make(name, network, inputs, rest):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    seed = sum(name.encode())
    g = torch.Generator().manual_seed(seed)
    model = built(network, seed)
    if "train" in rest:
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
    given = {key: value(g) for key, value in inputs.items()}
    call = rest.get("call", list(given))
    pick = lambda given: tuple(tuple(given[n] for n in item) if isinstance(item, list) else given[item] for item in call)
    kwargs = rest.get("kwargs", {})
    before = copy.deepcopy(model.state_dict())
    model.train(rest.get("mode") == "train")
    program = torch.export.export(model, pick(given), kwargs or None, dynamic_shapes=rest.get("dynamic"))
    if rest.get("decomposed"):
        program = program.run_decompositions()
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            # lines of this machine's files
            for key in ("stack_trace", "torch_fn"):
                node.meta.pop(key, None)
    torch.export.save(program, folder / "model.pt2")
    model.load_state_dict(before)
    model.eval()
    with torch.no_grad():
        outputs = leaves(copy.deepcopy(model)(*pick(given), **kwargs))
        more = []
        for slices in rest.get("more", []):
            cut = {n: given[n].narrow(dim, start, stop - start) for n, (dim, start, stop) in slices.items()}
            said = {n: dict(zip(("dim", "start", "stop"), place)) for n, place in slices.items()}
            more.append({"slice": said, "outputs": leaves(copy.deepcopy(model)(*pick({**given, **cut}), **kwargs))})
    case = {
        "name": name,
        "file": "model.pt2",
        "format": "pt2",
        "content": "exported_program",
        "source": None,
        "construct": None,
        "inputs": [{"name": n, **tensor(t)} for n, t in given.items()],
        "call": call,
        "outputs": outputs,
        "atol": 1e-5,
        "rtol": 1e-4,
        "more": more,
    }
    if rest.get("mode") == "train":
        case["expect"] = "train_mode_graph"
    if rest.get("dynamic"):
        case["dynamic"] = {n: [int(d) for d in dims] for n, dims in rest["dynamic"].items()}
    if rest.get("beside"):
        torch.save(before, folder / "weights.pth")
        imports = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
        (folder / "model.py").write_text(imports + inspect.getsource(network))
        own = {key: case[key] for key in ("file", "format", "content")}
        case.update(file="weights.pth", format="zip", content="state_dict", source="model.py", construct=f"{network.__name__}()")
        case["variants"] = [own]
    if "train" in rest:
        case["train"] = train(model, pick(given), rest["train"], g)
    return case, program


def old(name, of, version):
    """The archive of another case as torch 2.1 to 2.7 laid it out."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    source = zipfile.ZipFile(HERE / of / "model.pt2")
    program = json.loads(source.read("model/models/model.json"))
    program["schema_version"] = version
    kinds = set()

    def unions(value, change):
        if isinstance(value, list):
            return [unions(item, change) for item in value]
        if isinstance(value, dict):
            value = {key: unions(item, change) for key, item in value.items()}
            if len(value) == 1 and next(iter(value)).startswith("as_"):
                return change(value)
        return value

    unions(program, lambda union: kinds.update(union) or union)
    program = unions(program, lambda union: {kind: union.get(kind) for kind in sorted(kinds)})
    for node in program["graph_module"]["graph"]["nodes"]:
        for argument in node["inputs"]:
            del argument["kind"]
    exported = torch.export.load(HERE / of / "model.pt2")

    def saved(values):
        buffer = io.BytesIO()
        torch.save(values, buffer)
        return buffer.getvalue()

    with zipfile.ZipFile(folder / "model.pt2", "w") as archive:
        put = lambda record, data: archive.writestr(zipfile.ZipInfo(record), data)
        put("version", f"{version['major']}.{version['minor']}")
        put("serialized_exported_program.json", json.dumps(program))
        put("serialized_state_dict.pt", saved(dict(exported.state_dict)))
        put("serialized_constants.pt", saved(dict(exported.constants)))
        put("serialized_example_inputs.pt", b"")
    case = json.loads((HERE / of / "case.json").read_text())
    for key in ("train", "variants"):
        case.pop(key, None)
    (folder / "case.json").write_text(json.dumps({**case, "name": name}) + "\n")


if __name__ == "__main__":
    for name, (network, inputs, rest) in networks.CASES.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            case, _ = make(name, network, inputs, rest)
            (HERE / name / "case.json").write_text(json.dumps(case) + "\n")
            print(name, (HERE / name / "model.pt2").stat().st_size)
    for name, of, version in (("old_convnet", "convnet", {"major": 5, "minor": 1}), ("old_causal", "causal", {"major": 8, "minor": 8})):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            old(name, of, version)
