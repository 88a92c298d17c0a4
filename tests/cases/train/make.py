"""Writes the cases of fine-tuning with PyTorch 2.15: `python tests/cases/train/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand; this writes the weights (and, to resume, a checkpoint after some
steps), and `case.json` with what PyTorch makes of the steps. Beside the fields of other people's cases, `accumulate` batches make one step
of the optimizer, `clip_grad_value` limits each element, and `freeze_batch_norm` keeps frozen batch norms in eval mode;
`optimizer_after` has what the optimizer keeps of each parameter after the steps.
"""

import importlib.util
import json
import pathlib
import sys

import torch
from torch import nn
from torch.optim import lr_scheduler

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
torch.set_num_threads(1)


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e3).round().div(1e3)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def signs(*shape):
    return lambda g: torch.randint(0, 2, shape, generator=g) * 2 - 1


OUT = [{"path": []}]
# name: construct, inputs, targets, training
CASES = {
    "freeze": ("Net()", {"x": floats(4, 1, 8, 8)}, [ints(3, 4)], dict(optimizer="SGD", hyper=dict(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01), freeze=["features."], loss="CrossEntropyLoss", loss_kwargs=dict(label_smoothing=0.1))),
    "freeze_batch_norm": ("Net()", {"x": floats(4, 1, 8, 8)}, [ints(3, 4)], dict(optimizer="SGD", hyper=dict(lr=0.05), freeze=["features.1", "features.0"], freeze_batch_norm=True, loss="CrossEntropyLoss", loss_kwargs=dict(weight=[0.5, 1.0, 2.0]))),
    "clip_norm": ("Net(5)", {"x": floats(6, 5)}, [floats(6, 2)], dict(optimizer="AdamW", hyper=dict(lr=0.01), clip_grad_norm=0.5, loss="MSELoss", scheduler=dict(name="CosineAnnealingLR", T_max=4, eta_min=1e-4))),
    "clip_value": ("Net(5)", {"x": floats(6, 5)}, [floats(6, 2)], dict(optimizer="RMSprop", hyper=dict(lr=0.005, centered=True, momentum=0.5), clip_grad_value=0.05, loss="HuberLoss", loss_kwargs=dict(delta=0.5, reduction="sum"), scheduler=dict(name="StepLR", step_size=2, gamma=0.3))),
    "accumulate": ("Net(5)", {"x": floats(6, 5)}, [floats(6, 2)], dict(optimizer="Adam", hyper=dict(lr=0.01, amsgrad=True), accumulate=2, loss="L1Loss", steps=6)),
    "source_loss": ("Net()", {"x": floats(6, 4)}, [ints(3, 6), floats(6)], dict(optimizer="NAdam", hyper=dict(lr=0.01), loss="source:two", loss_kwargs=dict(gamma=1.5), loss_on=[{"path": ["logits"]}, {"path": ["value"], "reshape": [-1]}])),
    "source_loss_class": ("Net()", {"x": floats(6, 4)}, [ints(3, 6), floats(6)], dict(optimizer="Adamax", hyper=dict(lr=0.02), loss="source:Both", loss_kwargs=dict(share=0.3), loss_on=[{"path": ["logits"]}, {"path": ["value"]}])),
    "tied": ("Net(11, 6)", {"ids": ints(11, 3, 5)}, [ints(11, 15)], dict(optimizer="AdamW", hyper=dict(lr=0.01), param_groups=[dict(params=["*norm*"], weight_decay=0.0, lr=0.03), dict(params=["*"])], loss="CrossEntropyLoss", loss_on=[{"path": [], "reshape": [-1, 11]}], scheduler=dict(name="warmup", warmup_steps=3))),
    "average": ("Net()", {"x": floats(8, 5)}, [floats(8, 1)], dict(optimizer="Adagrad", hyper=dict(lr=0.05), loss="SmoothL1Loss")),
    "tagger": ("Net(9)", {"ids": ints(9, 2, 6)}, [ints(4, 2, 6)], dict(optimizer="RAdam", hyper=dict(lr=0.02), loss="NLLLoss", loss_kwargs=dict(ignore_index=2))),
    "attention": ("Net()", {"x": floats(2, 5, 8)}, [ints(3, 2)], dict(optimizer="AdamW", hyper=dict(lr=0.005, betas=[0.9, 0.98]), loss="CrossEntropyLoss", scheduler=dict(name="OneCycleLR", max_lr=0.02, total_steps=8))),
    "triplet": ("Net()", {"a": floats(4, 6), "b": floats(4, 6), "c": floats(4, 6)}, [], dict(optimizer="Adadelta", hyper=dict(lr=0.5), loss="TripletMarginLoss", loss_kwargs=dict(margin=0.7, swap=True), loss_on=[{"path": [0]}, {"path": [1]}, {"path": [2]}])),
    "resume_complex": ("Net(2, 3)", {"x": floats(2, 2, 8)}, [floats(2, 2, 8)], dict(before=2, optimizer="Adam", hyper=dict(lr=0.05), loss="MSELoss")),
    "resume_adam": ("Net(5)", {"x": floats(6, 5)}, [floats(6, 2)], dict(before=4, optimizer="Adam", hyper=dict(lr=0.02, weight_decay=0.01), loss="MSELoss", scheduler=dict(name="StepLR", step_size=3, gamma=0.5))),
    "resume_sgd": ("Net()", {"x": floats(4, 1, 8, 8)}, [ints(3, 4)], dict(before=3, optimizer="SGD", hyper=dict(lr=0.05, momentum=0.9), param_groups=[dict(params=["head.weight", "head.bias"], lr=0.1), dict(params=["features.*"])], loss="CrossEntropyLoss")),
}

# Parameters with elements whose gradient is rounding noise, and the elements that are compared: softmax does not feel the keys' bias.
NOISE = {("attention", "attention.in_proj_bias"): [*range(8), *range(16, 24)]}


def load_source(folder):
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def tensor(t, index=None):
    if index:
        return {**tensor(t.flatten()[index]), "shape": list(t.shape), "index": index}
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [float(f"{x:.9g}") if isinstance(x, float) else x for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]


def at(result, on):
    for step in on["path"]:
        result = result[step]
    return result.reshape(on["reshape"]) if on.get("reshape") else result


def matching(pattern, names):
    import fnmatch
    return [n for n in names if n == pattern or fnmatch.fnmatchcase(n, pattern)]


def groups_of(model, t):
    if not t.get("param_groups"):
        return list(model.parameters())
    named, left, groups = dict(model.named_parameters()), list(dict(model.named_parameters())), []
    for g in t["param_groups"]:
        mine = [n for n in left if any(n in matching(p, left) for p in g["params"])]
        left = [n for n in left if n not in mine]
        groups.append({**g, "params": [named[n] for n in mine]})
    return groups


def scheduler_of(optimizer, spec):
    if not spec:
        return None
    if spec["name"] == "warmup":
        w = spec["warmup_steps"]
        return lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) ** -0.5, (s + 1) * w**-1.5))
    return getattr(lr_scheduler, spec["name"])(optimizer, **{k: v for k, v in spec.items() if k != "name"})


def kept(case, model, optimizer):
    """What the optimizer keeps of each parameter; steps as numbers, whether or not they are tensors."""
    after = {}
    for name, p in model.named_parameters():
        state = optimizer.state.get(p, {})
        if p.is_complex():
            continue  # cases have no complex numbers: the outputs afterwards tell
        # A buffer of None is as good as none; a number of its own (NAdam's mu_product) is a number wherever it stands.
        kept = {k: v for k, v in state.items() if v is not None}
        index = NOISE.get((case, name))
        after[name] = {k: tensor(v, index) if isinstance(v, torch.Tensor) and v.dim() > 0 else float(v) for k, v in kept.items()}
    return {name: state for name, state in after.items() if state}


def make(name, construct, inputs, targets, t):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(seed + 1)
    x = {k: v(g) for k, v in inputs.items()}
    y = [v(g) for v in targets]
    source = load_source(folder)
    model = eval(construct, vars(source))
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() < 2:
                p.add_(torch.randn(p.shape, generator=g) * 0.1)
    t = {"steps": 5, "freeze": [], "loss_kwargs": {}, "loss_on": OUT, "param_groups": None, "clip_grad_norm": None, "scheduler": None, **t}
    frozen = [n for n, _ in model.named_parameters() if any(n.startswith(p) for p in t["freeze"])]
    for n, p in model.named_parameters():
        p.requires_grad_(n not in frozen)
    optimizer = getattr(torch.optim, t["optimizer"])(groups_of(model, t), **t["hyper"])
    scheduler = scheduler_of(optimizer, t["scheduler"])
    kwargs = {k: torch.tensor(v) if isinstance(v, list) else v for k, v in t["loss_kwargs"].items()}
    own = t["loss"].removeprefix("source:")
    made = getattr(source if own != t["loss"] else nn, own)
    criterion = made(**kwargs) if isinstance(made, type) else lambda *a: made(*a, **kwargs)

    def step(number):
        model.train()
        if t.get("freeze_batch_norm"):
            for path, m in model.named_modules():
                if isinstance(m, nn.BatchNorm2d) and all(f"{path}.{n}" in frozen for n, _ in m.named_parameters()):
                    m.eval()
        rates = [group["lr"] for group in optimizer.param_groups]
        result = model(*x.values())
        loss = criterion(*(at(result, on) for on in t["loss_on"]), *y)
        every = t.get("accumulate", 1)
        (loss / every).backward()
        if (number + 1) % every == 0:
            if t.get("clip_grad_value"):
                nn.utils.clip_grad_value_(model.parameters(), t["clip_grad_value"])
            if t["clip_grad_norm"]:
                nn.utils.clip_grad_norm_(model.parameters(), t["clip_grad_norm"])
            optimizer.step()
            optimizer.zero_grad()
            if scheduler:
                scheduler.step()
        return loss.item(), rates

    before = t.pop("before", 0)
    t["resume"] = None
    for n in range(before):
        step(n)
    content = {"file": "model.pth", "content": "state_dict", "state_key": None}
    if before:
        saved = {"epoch": before, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
        if scheduler:
            saved["scheduler_state_dict"] = scheduler.state_dict()
        torch.save(saved, folder / "checkpoint.pth")
        content = {"file": "checkpoint.pth", "content": "checkpoint", "state_key": "model_state_dict"}
        t["resume"] = {"file": "checkpoint.pth", "state_key": "model_state_dict", "optimizer_key": "optimizer_state_dict", "scheduler_key": "scheduler_state_dict" if scheduler else None}
    else:
        torch.save(model.state_dict(), folder / "model.pth")
    model.eval()
    with torch.no_grad():
        outputs = leaves(model(*x.values()))
    told = [step(n) for n in range(t["steps"])]
    state = model.state_dict()
    kinds = {n for n, _ in model.named_buffers()}
    model.eval()
    with torch.no_grad():
        after = leaves(model(*x.values()))
    t |= {
        "targets": [{"name": f"target{i}", **tensor(v)} for i, v in enumerate(y)],
        "lrs": [r for _, r in told],
        "losses": [float(f"{v:.9g}") for v, _ in told],
        "params_after": {n: tensor(v, NOISE.get((name, n))) for n, v in state.items() if n not in kinds and not v.is_complex()},
        "buffers_after": {n: tensor(v) for n, v in state.items() if n in kinds},
        "optimizer_after": kept(name, model, optimizer),
        "noise_params": [n for of, n in NOISE if of == name],
        "noise_buffers": [],
        "eval_after": after,
        "atol": {"losses": 1e-5, "params": 5e-6, "buffers": 1e-5, "eval_after": 2e-5},
        "rtol": 1e-4,
    }
    described = {
        "name": name, "source": "model.py", "construct": construct, "format": "zip", "key_prefix": None, "variants": [], **content,
        "inputs": [{"name": n, **tensor(v)} for n, v in x.items()], "call": list(x), "outputs": outputs, "atol": 1e-5, "rtol": 1e-4, "more": [], "train": t,
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: losses {t['losses']}")


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, *case)
