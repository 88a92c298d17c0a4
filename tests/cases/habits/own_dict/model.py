import types

import torch
import torch.nn as nn
import torch.nn.functional as F


class Options:
    def __init__(self, **kwargs):
        self.__dict__.update(kwargs)

    def __repr__(self):
        return ", ".join(f"{k}={v!r}" for k, v in sorted(vars(self).items()))


class AttrDict(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.__dict__ = self


class Dotted(dict):
    __getattr__ = dict.get
    __setattr__ = dict.__setitem__


def default_options():
    opt = Options(width=6, act="tanh")
    vars(opt)["depth"] = 2
    opt.slope = 0.2
    assert opt.__dict__["slope"] == 0.2 and "depth=2" in repr(opt)
    return opt


class Net(nn.Module):
    def __init__(self, opt=None, **overrides):
        super().__init__()
        opt = opt or default_options()
        for name, value in overrides.items():
            setattr(opt, name, value)
        cfg = AttrDict(vars(opt), out=3)
        cfg.bias = False
        more = Dotted(gain=2.0)
        more.missing_is_none = more.nothing
        self.opt, self.more = types.SimpleNamespace(**vars(opt)), more
        self.layers = nn.ModuleList([nn.Linear(cfg["width"], cfg.width, bias=cfg["bias"]) for _ in range(opt.depth)])
        self.out = nn.Linear(opt.width, cfg.out)
        # where the weights are
        self.device = next(self.parameters()).device
        first, *_ = self.named_parameters()
        assert first[0] == "layers.0.weight" and next(iter(self.children())) is self.layers

    def forward(self, x):
        x = x.to(self.device)
        for layer in self.layers:
            x = getattr(torch, self.opt.act)(layer(x)) * self.more.gain
        return self.out(F.leaky_relu(x, self.opt.slope)).clamp(max=torch.finfo(x.dtype).max)
