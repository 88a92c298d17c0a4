"""Context managers of one's own, partial methods, protocols, classes that register themselves."""
import ast
import contextlib
import functools
import itertools
from typing import ClassVar, Dict, Protocol, runtime_checkable

import torch
from torch import nn

from logs import LOGGER


@contextlib.contextmanager
def scaled(module, by):
    before = module.scale
    module.scale = by
    try:
        yield module
    except ValueError:
        module.scale = -1.0
    finally:
        module.scale = module.scale * before


@runtime_checkable
class Sized(Protocol):
    def width(self) -> int: ...


class Part(nn.Module):
    kinds: ClassVar[Dict[str, type]] = {}

    def __init_subclass__(cls, *, kind=None, **kwargs):
        super().__init_subclass__(**kwargs)
        if kind is not None:
            Part.kinds[kind] = cls


class Dense(Part, kind="dense"):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, d)

    def width(self):
        return self.fc.out_features

    def _run(self, x, act):
        return act(self.fc(x))

    forward = functools.partialmethod(_run, act=torch.tanh)


class Gate(Part, kind="gate"):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, d)

    def forward(self, x):
        return x * torch.sigmoid(self.fc(x))


class Net(nn.Module):
    scale = 1.0

    def __init__(self, d=4, parts="('dense', 'gate')"):
        super().__init__()
        self.parts = nn.ModuleList(Part.kinds[kind](d) for kind in ast.literal_eval(parts))
        LOGGER.info("built %d parts", len(self.parts))

    def forward(self, x):
        with scaled(self, 2.0) as me, contextlib.nullcontext(0.5) as half:
            for part in me.parts:
                x = part(x) * me.scale * half
        with scaled(self, 3.0):
            if not isinstance(self.parts[1], Sized):
                raise ValueError("no width")
        for _ in range(3):
            with scaled(self, 1.5):
                if self.scale > 1:
                    break
        sums = list(itertools.accumulate(x.unbind(1)))
        return x, self.scale, isinstance(self.parts[0], Sized), torch.stack(sums, 1)
