import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, blocks={'a': 3, 'b': 5}):
        super().__init__()
        self.branches = nn.ModuleDict({k: nn.Linear(4, v) for k, v in blocks.items()})
        self.weights = nn.ParameterDict({k: nn.Parameter(torch.full((v,), 0.5)) for k, v in blocks.items()})
        self.list = nn.ParameterList([nn.Parameter(torch.rand(3, 2) * i) for i in range(1, 3)])
        self.order = list(blocks)
        self.activations = {}
        self.register_buffer('mean', torch.tensor([0.485, 0.456, 0.406, 0.1]).view(1, -1))
        self.register_buffer('std', torch.tensor([0.229, 0.224, 0.225, 0.3]).view(1, -1))
        self.register_buffer('step', torch.tensor(0))
        self.register_buffer('ids', torch.arange(4).expand((1, -1)), persistent=False)

    def forward(self, x, *, flag=True):
        x = (x - self.mean) / self.std
        out = {}
        for name in self.order:
            out[name] = self.branches[name](x) * self.weights[name]
        y = out['a'] @ self.list[0] + self.list[1].sum(0)
        if 'b' in self.branches and flag:
            y = y + out['b'][:, :2].clamp(min=0)
        out.update(y=y, ids=self.ids)
        return {k: v for k, v in out.items() if k != 'a'}
