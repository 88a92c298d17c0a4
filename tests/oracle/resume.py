"""Writes resume/*: files of trainings that torch began, and resume.json, how torch goes on; for tests/suite/resume.rs.

As `python tests/oracle/resume.py check FOLDER` it loads what torchtab saved after STEPS[0] steps of its own, with `weights_only=True`, goes
on as torch does, and compares with torch alone. The network, its start and its gradients are those of optim.py.
"""

import collections
import copy
import json
import pathlib
import sys
import warnings

import torch
from torch import nn

import optim

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "resume"
# What torch trains before the file is written, and how often it is looked at after.
TRAINED = 4
STEPS = (3, 5)


class Net(nn.Module):
    """tests/suite/resume.rs has its source."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.a = nn.Linear(3, 2)

    def forward(self, x):
        return self.a(x) * self.scale


def network(frozen=()):
    net = Net()
    with torch.no_grad():
        for k, (name, p) in enumerate(net.named_parameters()):
            p.copy_(optim.start(k, tuple(p.shape)))
            p.requires_grad_(name not in frozen)
    return net


class Training:
    """A network, its optimizer and its scheduler, one gradient after the other."""

    def __init__(self, case):
        self.case = case
        self.net = network(case.get("frozen", ()))
        params = dict(self.net.named_parameters())
        if case.get("filtered"):
            params = {n: p for n, p in params.items() if p.requires_grad}
        self.opt = optim.optimizer(case["optimizer"], params) if not case.get("named") else self.named(params)
        self.sched = optim.scheduler(case["scheduler"], self.opt) if "scheduler" in case else None
        self.done = 0

    def named(self, params):
        groups = [
            {"params": [(n, params[n]) for n in g["parameters"]], **{k: v for k, v in g.items() if k != "parameters"}}
            for g in self.case["optimizer"]["groups"]
        ]
        return getattr(torch.optim, self.case["optimizer"]["class"])(groups, **self.case["optimizer"]["hyper"])

    def step(self):
        self.done += 1
        optim.backward(dict(self.net.named_parameters()), self.done)
        for p in self.net.parameters():
            if not p.requires_grad:
                p.grad = None
        self.opt.step()
        if self.sched is not None:
            self.sched.step()

    def note(self):
        return {
            "parameters": {n: optim.numbers(p) for n, p in self.net.named_parameters()},
            "lrs": [float(g["lr"]) for g in self.opt.param_groups],
        }


def usual(t):
    out = {"epoch": 3, "model_state_dict": t.net.state_dict(), "optimizer_state_dict": t.opt.state_dict(), "loss": 0.25}
    return out if t.sched is None else out | {"scheduler_state_dict": t.sched.state_dict()}


def tensors(t):
    """People save the loss as it comes, and a learning rate as a tensor."""
    out = usual(t)
    out["loss"] = torch.tensor(0.25)
    return out


def lightning(t):
    return {
        "epoch": 3, "global_step": 40, "pytorch-lightning_version": "2.4.0", "state_dict": t.net.state_dict(),
        "loops": {}, "callbacks": {}, "optimizer_states": [t.opt.state_dict()], "lr_schedulers": [t.sched.state_dict()],
    }


def old_sgd(t):
    """torch of 2017: parameters by id(), five keys."""
    state = t.opt.state_dict()
    ids = [140_217_000_000_000 + 72 * i for i in range(3)]
    group = {k: state["param_groups"][0][k] for k in ("lr", "momentum", "dampening", "weight_decay", "nesterov")}
    group["params"] = ids
    state = {"state": {ids[i]: s for i, s in state["state"].items()}, "param_groups": [group]}
    return {"epoch": 3, "arch": "net", "state_dict": t.net.state_dict(), "best_prec1": 0.5, "optimizer": state}


def int_steps(t):
    """torch 2.0's RMSprop: steps are ints, some keys are not there."""
    state = copy.deepcopy(t.opt.state_dict())
    for s in state["state"].values():
        s["step"] = int(s["step"])
    for name in ("maximize", "differentiable", "capturable", "foreach"):
        del state["param_groups"][0][name]
    return {"model": t.net.state_dict(), "optim": state, "args": collections.OrderedDict(lr=0.02)}


def spec(cls, groups=None, **hyper):
    return {"class": cls, "hyper": hyper, **({"groups": groups} if groups else {})}


HALVES = [{"parameters": ["a.weight"], "lr": 0.05}, {"parameters": ["scale", "a.bias"], "weight_decay": 0.23}]
STEP_LR = {"class": "StepLR", "arguments": {"step_size": 3, "gamma": 0.5}}

CASES = {
    "adam.pth": {"optimizer": spec("Adam", lr=0.01), "scheduler": STEP_LR, "layout": usual},
    "adam_legacy.pth": {"optimizer": spec("Adam", lr=0.01, amsgrad=True), "layout": usual, "legacy": True},
    "sgd_2017.pth.tar": {"optimizer": spec("SGD", lr=0.1, momentum=0.9, weight_decay=0.01), "layout": old_sgd, "legacy": True},
    "rmsprop_2_0.pth": {"optimizer": spec("RMSprop", lr=0.02, momentum=0.5), "layout": int_steps},
    "adamw_groups.pth": {"optimizer": spec("AdamW", HALVES, lr=0.01), "frozen": ["a.bias"], "named": True, "layout": usual},
    "adamw_dims.pth": {"optimizer": spec("AdamW", HALVES, lr=0.01), "layout": usual},
    "filtered.pth": {"optimizer": spec("NAdam", lr=0.02), "frozen": ["a.weight"], "filtered": True, "layout": usual},
    "lightning.ckpt": {
        "optimizer": spec("SGD", lr=0.1, momentum=0.9),
        "scheduler": {"class": "MultiStepLR", "arguments": {"milestones": [2, 6]}},
        "layout": lightning,
    },
    "never.pth": {"optimizer": spec("Adam", lr=0.01), "trained": 0, "layout": usual},
    "sgd_plain.pth": {"optimizer": spec("SGD", lr=0.1), "layout": usual},
    "tensors.pth": {"optimizer": spec("Adam", lr=0.01), "layout": tensors},
    "adagrad.pth": {"optimizer": spec("Adagrad", lr=0.1), "frozen": ["a.bias"], "layout": usual},
    "adadelta.pth": {"optimizer": spec("Adadelta"), "layout": usual},
    "adamax.pth": {"optimizer": spec("Adamax"), "layout": usual},
    "radam.pth": {
        "optimizer": spec("RAdam", lr=0.05),
        "scheduler": {"class": "SequentialLR", "arguments": {"milestones": [5]}, "schedulers": [
            {"class": "LinearLR", "arguments": {"start_factor": 0.1, "total_iters": 5}},
            {"class": "CosineAnnealingLR", "arguments": {"T_max": 20}},
        ]},
        "layout": usual,
    },
    "one_cycle.pth": {
        "optimizer": spec("Adam", lr=0.01),
        "scheduler": {"class": "OneCycleLR", "arguments": {"max_lr": 0.1, "total_steps": 20}},
        "layout": usual,
    },
    "plateau.pth": {"optimizer": spec("Adam", lr=0.01), "layout": lambda t: usual(t) | {"note": "untouched", "history": [1.5, 0.5]}},
}


def begin(case):
    training = Training(case)
    for _ in range(case.get("trained", TRAINED)):
        training.step()
    return training


def write():
    FOLDER.mkdir(exist_ok=True)
    out = {}
    for file, case in CASES.items():
        training = begin(case)
        options = {"_use_new_zipfile_serialization": False} if case.get("legacy") else {}
        torch.save(case["layout"](training), FOLDER / file, **options)
        entry = {"class": case["optimizer"]["class"], "done": training.done, "frozen": case.get("frozen", []), "after": {}}
        for step in range(1, max(STEPS) + 1):
            training.step()
            if step in STEPS:
                entry["after"][step] = training.note()
        out[file] = entry
    text = ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in out.items())
    (FOLDER / "resume.json").write_text("{" + text + "}\n")


def close(got, want, place):
    assert torch.allclose(got, want, rtol=2e-5, atol=1e-6), f"{place}: {got.tolist()}, not {want.tolist()}"


def find(loaded, names):
    return next((loaded[n] for n in names if n in loaded), None)


def check(folder):
    files = sorted(folder.glob("*"))
    for path in files:
        mode, _, file = path.name.partition("-")
        case = CASES[file]
        loaded = torch.load(path, weights_only=True)
        training = Training(case)
        training.net.load_state_dict(find(loaded, ("model_state_dict", "state_dict", "model")))
        state = find(loaded, ("optimizer_state_dict", "optimizer", "optim", "optimizer_states"))
        training.opt.load_state_dict(state[0] if isinstance(state, list) else state)
        if training.sched is not None:
            state = find(loaded, ("scheduler_state_dict", "lr_schedulers"))
            training.sched.load_state_dict(state[0] if isinstance(state, list) else state)
        alone = begin(case)
        for _ in range(STEPS[0]):
            alone.step()
        training.done = alone.done
        for late in range(3):
            place = f"{path.name}, {late} steps later"
            for (name, got), want in zip(training.net.state_dict().items(), alone.net.state_dict().values()):
                close(got, want, f"{place}, {name}")
            for p, q in zip(training.net.parameters(), alone.net.parameters()):
                mine, theirs = training.opt.state.get(p, {}), alone.opt.state.get(q, {})
                assert mine.keys() == theirs.keys(), f"{place}: {list(mine)}, not {list(theirs)}"
                for key, want in theirs.items():
                    assert mine[key].dtype == want.dtype and mine[key].shape == want.shape, f"{place}, {key}"
                    close(mine[key], want, f"{place}, {key}")
            for got, want in zip(training.opt.param_groups, alone.opt.param_groups):
                close(torch.as_tensor(got["lr"]), torch.as_tensor(want["lr"]), f"{place}, lr")
            training.step()
            alone.step()
        original = torch.load(FOLDER / file, weights_only=False)
        if mode == "same":
            assert list(loaded) == list(original), f"{path.name}: keys {list(loaded)}"
            kept = {"arch", "best_prec1", "args", "note", "history", "global_step", "pytorch-lightning_version", "loops", "callbacks"}
            for key in kept & original.keys():
                assert loaded[key] == original[key], f"{path.name}: {key}"
        else:
            names = ["epoch", "model_state_dict", "optimizer_state_dict", "loss", "scheduler_state_dict"]
            assert [n for n in names if n in loaded] == list(loaded), f"{path.name}: keys {list(loaded)}"
        if "epoch" in original:
            assert loaded["epoch"] == 4, path.name
        if "loss" in original:
            assert float(loaded["loss"]) == 0.125 and (mode != "same" or type(loaded["loss"]) is type(original["loss"])), path.name
    print(f"{len(files)} files")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(pathlib.Path(sys.argv[2]))
    else:
        write()
