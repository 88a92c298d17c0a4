import math
import torch
import torch.nn as nn
import torch.nn.functional as F


from collections import namedtuple, OrderedDict, defaultdict
from typing import NamedTuple
from enum import Enum

Out = namedtuple('Out', 'loss logits')


class Result(NamedTuple):
    a: torch.Tensor
    b: dict


class Mode(Enum):
    MEAN = 'mean'
    MAX = 'max'


class Net(nn.Module):
    MODES = tuple(m.value for m in Mode)

    def __init__(self, mode=Mode.MEAN, n=3, *args, width: int = 4, **kwargs):
        nn.Module.__init__(self)
        self.mode = Mode(mode) if isinstance(mode, str) else mode
        for i in range(n):
            setattr(self, f'fc{i}', nn.Linear(width, width))
        self.n = n
        self._cache = {}
        self.__dict__['hidden_thing'] = 5
        assert self.mode.value in self.MODES, f"{mode!r} not in {self.MODES}"
        self.scale = kwargs.pop('scale', 1.0)
        if kwargs:
            raise TypeError(f'unexpected {sorted(kwargs)}')

    @property
    def layers(self):
        return [getattr(self, f'fc{i}') for i in range(self.n)]

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.layers[i]

    def _reduce(self, x):
        return {Mode.MEAN: lambda t: t.mean(1), Mode.MAX: lambda t: t.max(1).values}[self.mode](x)

    def forward(self, x):
        acts = OrderedDict()
        for i, l in enumerate(self.layers):
            x = torch.tanh(l(x)) * self.scale
            acts[f'act{i}'] = x
        by = defaultdict(list)
        for k, v in acts.items():
            by[len(k)].append(v.sum())
        total = sum(by[4])
        first, *rest = acts.values()
        return Out(total, Result(self._reduce(x), {'rest': rest, 'first': first, 'n': len(self)}))
