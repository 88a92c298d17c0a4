"""Writes optim.json: what torch.optim and torch.optim.lr_scheduler do, for src/train/tests.rs. resume.py has trained files.

Parameters and gradients follow formulas that are exact in float32 (`start`, `gradient`; the Rust side has the same), so that the file holds
results only. Run with torch 2.15: `python tests/oracle/optim.py`.
"""

import collections
import json
import math
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent
SHAPES = {"scale": (), "a.weight": (2, 3), "a.bias": (2,)}
STEPS = (1, 2, 20)


def start(index, shape):
    count = math.prod(shape)
    return torch.tensor([((i * 7 + index * 5) % 13 - 6) / 8 for i in range(count)], dtype=torch.float32).reshape(shape)


def gradient(index, shape, step):
    count = math.prod(shape)
    values = [((i * 5 + index * 3 + step * 7) % 11 - 5) / 16 for i in range(count)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def parameters(dtype=torch.float32):
    return {n: torch.nn.Parameter(start(k, s).to(dtype)) for k, (n, s) in enumerate(SHAPES.items())}


def backward(params, step):
    """`scale` has no gradient at odd steps."""
    for k, (name, p) in enumerate(params.items()):
        p.grad = None if name == "scale" and step % 2 else gradient(k, tuple(p.shape), step).to(p.dtype)


def short(x):
    """float32 in nine digits."""
    return float(f"{x:.9g}")


def numbers(tensor):
    return [short(x) for x in tensor.detach().flatten().tolist()]


def optimizer(spec, params):
    cls = getattr(torch.optim, spec["class"])
    hyper = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.get("hyper", {}).items()}
    groups = [
        {"params": [params[n] for n in g["parameters"]], **{k: v for k, v in g.items() if k != "parameters"}}
        for g in spec.get("groups", [])
    ]
    return cls(groups or list(params.values()), **hyper)


def state_of(opt, params):
    state = {}
    for name, p in params.items():
        entries = opt.state.get(p)
        if entries:
            state[name] = {k: None if v is None else numbers(v) for k, v in entries.items()}
    return state


def trace(spec, dtype="float32"):
    params = parameters(getattr(torch, dtype))
    opt = optimizer(spec, params)
    case = {"spec": spec, "dtype": dtype, "after": {}}
    for step in range(1, 21):
        backward(params, step)
        opt.step()
        if step in STEPS:
            case["after"][str(step)] = {
                "parameters": {n: numbers(p) for n, p in params.items()},
                "state": state_of(opt, params),
            }
    packed = opt.state_dict()
    case["keys"] = [list(g) for g in packed["param_groups"]]
    return case


def optimizers():
    def spec(cls, groups=None, **hyper):
        return {"class": cls, "hyper": hyper, **({"groups": groups} if groups else {})}

    two = [{"parameters": ["a.weight"], "lr": 0.05}, {"parameters": ["a.bias", "scale"], "weight_decay": 0.23}]
    specs = [
        spec("SGD", lr=0.1),
        spec("SGD"),
        spec("SGD", lr=0.1, momentum=0.9),
        spec("SGD", lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
        spec("SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        spec("SGD", lr=0.1, momentum=0.8, maximize=True),
        spec("SGD", groups=two, lr=0.1, momentum=0.9),
        spec("Adam"),
        spec("Adam", lr=0.01, betas=[0.8, 0.9], eps=1e-3),
        spec("Adam", lr=0.01, betas=[0.4, 0.99]),
        spec("Adam", lr=0.01, weight_decay=0.13),
        spec("Adam", lr=0.01, amsgrad=True, maximize=True),
        spec("Adam", lr=0.01, weight_decay=0.13, decoupled_weight_decay=True),
        spec("Adam", groups=two, lr=0.01),
        spec("AdamW", lr=0.01),
        spec("AdamW", lr=0.01, weight_decay=0.37, amsgrad=True),
        spec("AdamW", lr=0.01, maximize=True),
        spec("AdamW", groups=two, lr=0.01),
        spec("RMSprop"),
        spec("RMSprop", lr=0.02, alpha=0.9, eps=1e-4, weight_decay=0.13),
        spec("RMSprop", lr=0.02, momentum=0.9),
        spec("RMSprop", lr=0.02, momentum=0.5, centered=True, alpha=0.7),
        spec("RMSprop", lr=0.02, centered=True, maximize=True),
        spec("Adagrad"),
        spec("Adagrad", lr=0.1, lr_decay=0.05, weight_decay=0.13),
        spec("Adagrad", lr=0.1, initial_accumulator_value=0.5, eps=1e-5, maximize=True),
        spec("Adadelta"),
        spec("Adadelta", lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.13),
        spec("Adadelta", lr=0.5, maximize=True),
        spec("Adamax"),
        spec("Adamax", lr=0.02, betas=[0.7, 0.95], eps=1e-4, weight_decay=0.13),
        spec("Adamax", lr=0.02, maximize=True),
        spec("NAdam"),
        spec("NAdam", lr=0.02, betas=[0.7, 0.95], momentum_decay=0.01, weight_decay=0.13),
        spec("NAdam", lr=0.02, weight_decay=0.13, decoupled_weight_decay=True, maximize=True),
        spec("RAdam"),
        spec("RAdam", lr=0.02, betas=[0.7, 0.9], eps=1e-4, weight_decay=0.13),
        spec("RAdam", lr=0.02, weight_decay=0.13, decoupled_weight_decay=True, maximize=True),
        spec("ASGD"),
        spec("ASGD", lr=0.1, lambd=0.02, alpha=0.5, t0=2.0, weight_decay=0.13),
        spec("ASGD", lr=0.1, t0=0.0, maximize=True),
        spec("Rprop"),
        spec("Rprop", lr=0.05, etas=[0.4, 1.7], step_sizes=[0.01, 0.1]),
        spec("Rprop", lr=0.05, maximize=True),
    ]
    cases = [trace(s) for s in specs]
    cases += [trace(spec("Adam", lr=0.01), "float64"), trace(spec("SGD", lr=0.1, momentum=0.9), "bfloat16")]
    return cases


def refusals():
    """Arguments that torch refuses, with its words."""
    wrong = [
        ("SGD", {"lr": -1.0}),
        ("SGD", {"lr": 0.1, "momentum": -0.5}),
        ("SGD", {"lr": 0.1, "weight_decay": -1}),
        ("SGD", {"lr": 0.1, "nesterov": True}),
        ("Adam", {"lr": -1e-3}),
        ("Adam", {"eps": -1.0}),
        ("Adam", {"betas": [1.0, 0.9]}),
        ("Adam", {"betas": [0.9, -0.5]}),
        ("AdamW", {"weight_decay": -0.1}),
        ("RMSprop", {"alpha": -1.0}),
        ("RMSprop", {"momentum": -1.0}),
        ("Adagrad", {"lr_decay": -1.0}),
        ("Adagrad", {"initial_accumulator_value": -1.0}),
        ("Adadelta", {"rho": 1.5}),
        ("Adadelta", {"eps": -1e-7}),
        ("Adamax", {"betas": [0.9, 1.0]}),
        ("NAdam", {"momentum_decay": -0.25}),
        ("RAdam", {"lr": -2.0}),
        ("ASGD", {"lambd": -0.5}),
        ("Rprop", {"lr": -0.5}),
        ("Rprop", {"etas": [0.5, 0.9]}),
        ("Adam", {"momentum": 0.9}),
        ("AdamW", {"decoupled_weight_decay": True}),
    ]
    out = []
    for cls, hyper in wrong:
        try:
            optimizer({"class": cls, "hyper": hyper}, parameters())
        except (ValueError, TypeError) as error:
            out.append([cls, hyper, str(error)])
        else:
            raise AssertionError((cls, hyper))
    return out


def plain(value):
    """As Attribute shows it: Counters apart, infinities as text."""
    if isinstance(value, collections.Counter):
        return {"Counter": [list(pair) for pair in value.items()]}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def scheduler(spec, opt):
    cls = getattr(lr_scheduler, spec["class"])
    arguments = dict(spec.get("arguments", {}))
    for name in ("lr_lambda", "scale_fn"):
        if name in arguments:
            source = arguments[name]
            arguments[name] = [eval(s) for s in source] if isinstance(source, list) else eval(source)
    if spec["class"] == "SequentialLR":
        return cls(opt, [scheduler(s, opt) for s in spec["schedulers"]], **arguments)
    if spec["class"] == "ChainedScheduler":
        return cls([scheduler(s, opt) for s in spec["schedulers"]])
    return cls(opt, **arguments)


def metric(step):
    """Falls for a while, then stays: what a validation loss does."""
    return 1.0 / (1 + min(step, 12)) + (step * 5 % 7) / 1000


def schedule(spec, optimizer_spec):
    opt = optimizer(optimizer_spec, parameters())
    sched = scheduler(spec, opt)
    hot = "momentum" if "momentum" in opt.defaults else "betas"
    cycles = "cycle_momentum" in json.dumps(spec) or spec["class"] in ("OneCycleLR", "CyclicLR")
    case = {"spec": spec, "optimizer": optimizer_spec, "lrs": [], "momenta": []}

    def note():
        case["lrs"].append([g["lr"] for g in opt.param_groups])
        if cycles:
            case["momenta"].append([g[hot] if hot == "momentum" else g[hot][0] for g in opt.param_groups])

    note()
    case["first_state"] = plain(sched.state_dict())
    for step in range(1, 51):
        opt.step()
        sched.step(metric(step)) if spec["class"] == "ReduceLROnPlateau" else sched.step()
        note()
        if step == 20:
            case["state"] = plain(sched.state_dict())
            case["groups"] = [{k: v for k, v in g.items() if k != "params"} for g in opt.state_dict()["param_groups"]]
    return case


def schedulers():
    sgd = {"class": "SGD", "hyper": {"lr": 0.1, "momentum": 0.9}}
    two = [{"parameters": ["a.weight"], "lr": 0.05}, {"parameters": ["a.bias", "scale"]}]
    both = {"class": "Adam", "hyper": {"lr": 0.01}, "groups": two}

    def spec(cls, schedulers=None, **arguments):
        return {"class": cls, "arguments": arguments, **({"schedulers": schedulers} if schedulers else {})}

    warm = spec("LinearLR", start_factor=0.1, total_iters=10)
    specs = [
        spec("StepLR", step_size=7, gamma=0.5),
        spec("MultiStepLR", milestones=[5, 12, 12, 40]),
        spec("ExponentialLR", gamma=0.95),
        spec("LinearLR"),
        spec("LinearLR", start_factor=0.25, end_factor=0.5, total_iters=30),
        spec("ConstantLR", factor=0.5, total_iters=8),
        spec("PolynomialLR", total_iters=40, power=2.0),
        spec("CosineAnnealingLR", T_max=15, eta_min=0.001),
        spec("CosineAnnealingLR", T_max=60),
        spec("CosineAnnealingWarmRestarts", T_0=6, T_mult=2, eta_min=0.002),
        spec("CosineAnnealingWarmRestarts", T_0=7),
        spec("OneCycleLR", max_lr=0.5, total_steps=50),
        spec("OneCycleLR", max_lr=[0.5, 0.1], epochs=5, steps_per_epoch=12, three_phase=True, anneal_strategy="linear"),
        spec("OneCycleLR", max_lr=0.5, total_steps=60, pct_start=0.4, cycle_momentum=False),
        spec("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=7),
        spec("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=5, step_size_down=9, mode="triangular2"),
        spec("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=6, mode="exp_range", gamma=0.97),
        spec("LambdaLR", lr_lambda="lambda epoch: 0.95 ** epoch"),
        spec("LambdaLR", lr_lambda=["lambda e: 1 / (1 + e)", "lambda e: min(1.0, (e + 1) / 10) * 0.5 * (1 + math.cos(math.pi * e / 50))"]),
        spec("ReduceLROnPlateau", patience=3, factor=0.5),
        spec("ReduceLROnPlateau", mode="max", patience=2, cooldown=4, min_lr=0.001, threshold_mode="abs"),
        spec("SequentialLR", [warm, spec("CosineAnnealingLR", T_max=40)], milestones=[10]),
        spec("SequentialLR", [warm, spec("ExponentialLR", gamma=0.9), spec("StepLR", step_size=3)], milestones=[10, 25]),
        spec("SequentialLR", [warm, spec("CosineAnnealingWarmRestarts", T_0=8)], milestones=[10]),
        spec("ChainedScheduler", [spec("ConstantLR", factor=0.1, total_iters=4), spec("ExponentialLR", gamma=0.9)]),
    ]
    cases = []
    for s in specs:
        grouped = any(isinstance(v, list) and k in ("max_lr", "lr_lambda") for k, v in s["arguments"].items())
        cases.append(schedule(s, both if grouped else sgd))
    cases.append(schedule(spec("StepLR", step_size=10), both))
    cases.append(schedule(spec("OneCycleLR", max_lr=0.5, total_steps=50), both))
    return cases


def clips():
    out = []
    for kind, limit, norm in [("norm", 0.5, 2.0), ("norm", 100.0, 2.0), ("norm", 1.0, 1.0), ("norm", 0.1, math.inf),
                              ("norm", 0.5, 3.0), ("value", 0.2, None)]:
        params = parameters()
        backward(params, 2)
        if kind == "norm":
            total = torch.nn.utils.clip_grad_norm_(params.values(), limit, norm)
        else:
            total = torch.nn.utils.clip_grad_value_(params.values(), limit)
        out.append({
            "kind": kind, "limit": limit, "norm": "inf" if norm == math.inf else norm,
            "total": None if total is None else short(total.item()),
            "gradients": {n: numbers(p.grad) for n, p in params.items()},
        })
    return out


def write(name, cases):
    body = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    return f"{json.dumps(name)}:[\n{body}\n]"


if __name__ == "__main__":
    parts = [write("optimizers", optimizers()), write("refusals", refusals()), write("schedulers", schedulers()),
             write("clips", clips())]
    (HERE / "optim.json").write_text("{" + ",\n".join(parts) + "}\n")
