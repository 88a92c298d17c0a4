import math
import torch
import torch.nn as nn
import torch.nn.functional as F


import abc
import copy
import functools
import itertools
from abc import ABC, abstractmethod
from contextlib import contextmanager
import logging

logger = logging.getLogger(__name__)
REGISTRY = {}


def register(name):
    def deco(cls):
        REGISTRY[name] = cls
        cls.registered_name = name
        return cls
    return deco


def timed(fn):
    @functools.wraps(fn)
    def inner(self, *args, **kwargs):
        out = fn(self, *args, **kwargs)
        return out
    return inner


class Base(nn.Module, ABC):
    n_out = 3

    @abstractmethod
    def features(self, x):
        ...

    @timed
    def forward(self, x):
        return self.head(self.features(x))

    @classmethod
    def from_config(cls, cfg):
        cfg = dict(cfg)
        return cls(**{k: v for k, v in cfg.items() if not k.startswith('_')})


class HeadMixin:
    def build_head(self, d):
        self.head = nn.Linear(d, self.n_out)
        logger.info('head %s', d)


@register('small')
class Small(HeadMixin, Base):
    def __init__(self, d=4, act='relu', depth=2):
        super().__init__()
        self.act = getattr(F, act)
        self.body = nn.ModuleList(itertools.chain([nn.Linear(d, d)], (nn.Linear(d, d) for _ in range(depth - 1))))
        self.build_head(d)
        self.fn = functools.partial(F.leaky_relu, negative_slope=0.3)

    def features(self, x):
        for i, layer in enumerate(self.body, start=1):
            x = self.act(layer(x)) if i % 2 else self.fn(layer(x))
        return functools.reduce(lambda a, b: a + b, [x, x * 2, x * 3])


class Smaller(Small):
    n_out = 2

    def features(self, x):
        return super(Smaller, self).features(x) - 1


def build(name, **kw):
    try:
        cls = REGISTRY[name]
    except KeyError as e:
        raise ValueError(f'unknown model {name}; have {list(REGISTRY)}') from e
    return cls.from_config(kw)
