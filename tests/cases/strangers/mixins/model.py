import abc
import torch
import torch.nn as nn
from typing import Dict, Type, Callable, Any

_REGISTRY: Dict[str, Type[nn.Module]] = {}
def register(name=None) -> Callable:
    def deco(cls):
        key = name or cls.__name__.lower()
        assert key not in _REGISTRY, key
        _REGISTRY[key] = cls
        return cls
    return deco

class InitMixin:
    init_std: float = 0.02
    def reset(self):
        for n, p in self.named_parameters():
            if 'weight' in n and p.ndim > 1:
                nn.init.normal_(p, std=self.init_std)
            elif 'bias' in n:
                nn.init.zeros_(p)

class Base(nn.Module, InitMixin, metaclass=abc.ABCMeta):
    def __init__(self, **kw):
        super().__init__()
        for k, v in kw.items():
            setattr(self, k, v)
    @abc.abstractmethod
    def features(self, x): ...
    def forward(self, *xs, **kw):
        out = self.features(*xs)
        for hook in getattr(self, 'post', ()):
            out = hook(out)
        return out

@register('linear_block')
class LinearBlock(Base):
    def __init__(self, i, o, norm='ln', **kw):
        super().__init__(**kw)
        self.lin = nn.Linear(i, o)
        self.norm = {'ln': nn.LayerNorm, 'bn': nn.BatchNorm1d, 'none': lambda d: nn.Identity()}[norm](o)
        self.reset()
    def features(self, x):
        return self.norm(self.lin(x))

@register()
class Stack(Base):
    def __init__(self, dims, block='linear_block', heads=None, **kw):
        super().__init__(**kw)
        cls = _REGISTRY[block]
        self.blocks = nn.ModuleList([cls(a, b, norm='bn' if i % 2 else 'ln', post=(torch.relu,)) for i, (a, b) in enumerate(zip(dims, dims[1:]))])
        self.heads = nn.ModuleDict({k: nn.Linear(dims[-1], n) for k, n in (heads or {}).items()})
    def features(self, x):
        for b in self.blocks:
            x = b(x)
        return {k: h(x) for k, h in self.heads.items()}
    @classmethod
    def from_config(cls, cfg: Dict[str, Any]):
        return cls(**cfg)

model = Stack.from_config({'dims': [5, 6, 4], 'heads': {'age': 1, 'sex': 2}})
