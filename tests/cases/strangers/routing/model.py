import torch
import torch.nn as nn
import torch.nn.functional as F
from dataclasses import dataclass, field


@dataclass
class Settings:
    words: int = 13
    width: int = 8
    inner: int = 10
    experts: int = 4
    chosen: int = 2
    notes: dict = field(default_factory=dict)


class Routed(nn.Module):
    """ each word goes to its best experts alone """

    def __init__(self, s):
        super().__init__()
        self.chosen = s.chosen
        self.gate = nn.Linear(s.width, s.experts, bias=False)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(s.width, s.inner), nn.SiLU(), nn.Linear(s.inner, s.width)) for _ in range(s.experts))

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        share, who = self.gate(flat).softmax(-1).topk(self.chosen, dim=-1)
        share = share / share.sum(-1, keepdim=True)
        out = torch.zeros_like(flat)
        for number, expert in enumerate(self.experts):
            rows, rank = torch.where(who == number)
            if len(rows) == 0:
                continue
            out.index_add_(0, rows, expert(flat[rows]) * share[rows, rank, None])
        load = torch.bincount(who.flatten(), minlength=len(self.experts))
        return out.view_as(x), load


class Sparse(nn.Module):
    def __init__(self, s: Settings):
        super().__init__()
        self.table = nn.Embedding(s.words, s.width)
        self.layers = nn.ModuleList([Routed(s) for _ in range(2)])
        self.head = nn.Linear(s.width, s.words, bias=False)

    def forward(self, ids, labels=None):
        x, loads = self.table(ids), []
        for layer in self.layers:
            y, load = layer(F.layer_norm(x, x.shape[-1:]))
            x = x + y
            loads.append(load)
        return {'logits': self.head(x), 'loads': tuple(loads), 'words': torch.unique(ids)}
