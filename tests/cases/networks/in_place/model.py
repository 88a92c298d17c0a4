import math

import torch
import torch.nn.functional as F
from torch import nn


class InPlace(nn.Module):
    """Writes: into tensors, through views, into buffers, in constructors."""

    def __init__(self, width=6, rate=0.3):
        super().__init__()
        pe = torch.zeros(10, width)
        position = torch.arange(0, 10, dtype=torch.float).unsqueeze(1)
        div = torch.exp(torch.arange(0, width, 2).float() * (-math.log(100.0) / width))
        pe[:, 0::2] = torch.sin(position * div)
        pe[:, 1::2] = torch.cos(position * div)
        self.register_buffer("pe", pe.unsqueeze(0), persistent=False)
        self.rates = [r.item() for r in torch.linspace(0, rate, 4)]
        self.table = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).tolist()
        self.w = nn.Parameter(torch.ones(3, width))
        self.register_buffer("fixed", torch.zeros(4, 4), persistent=False)
        self.fixed[1:3, 1:3] = 5
        self.fixed[0].fill_(2)
        self.fixed.mul_(2).add_(1)
        mask = torch.full((4, 4), float("-inf"))
        self.mask = torch.triu(mask, diagonal=1)

    def forward(self, x):
        y = x.clone()
        y[:, 0] = 0
        y[:, 1] += 1
        y[..., -1] *= 2
        y[0, 1:3] = x[1, :2]
        y[y > 1.5] = 1.5
        z = x * 1
        row = z[:, 0]
        row.add_(10)
        flat = z.view(-1)
        flat[1] = -7
        moved = z.transpose(0, 1)
        moved[1].zero_()
        w = x.permute(0, 2, 1).reshape(-1).clone()
        w.relu_()
        v = F.relu(x * 2, inplace=True)
        v += 1
        v -= x
        v /= 2
        u = torch.zeros_like(x)
        u.copy_(x[0]).clamp_(-1, 1)
        u[torch.arange(2), torch.tensor([1, 0])] = 3
        u.index_fill_(1, torch.tensor([2]), -1)
        picked = x.clone()
        picked.masked_fill_(picked < 0, 0).unsqueeze_(1)
        s = x.softmax(-1).sub_(0.1)
        added = x + self.pe[:, : x.size(1)]
        square = x.permute(2, 0, 1).clone()
        square.diagonal(dim1=0, dim2=2).mul_(3)
        square.transpose(1, 2).diagonal(offset=-1, dim1=1, dim2=2).fill_(9)
        return y, z, row, flat, w, v, u, picked, s, added, square, self.fixed, self.mask.exp(), torch.tensor(self.rates), torch.tensor(self.table), x
