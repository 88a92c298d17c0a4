"""Writes the checkpoints that `look.spec.ts` and `compare.spec.ts` open, with PyTorch 2.15: `python tests/browser/look/make.py`."""

import copy
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn as nn

HERE = Path(__file__).parent


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(40, 12)
        self.body = nn.Sequential(nn.Linear(12, 24), nn.LayerNorm(24), nn.Linear(24, 12))
        self.head = nn.Linear(12, 40, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.body(self.embed(x)).mean(1))


def train(model, optimizer, steps):
    for _ in range(steps):
        x = torch.randint(0, 40, (8, 5))
        loss = nn.functional.cross_entropy(model(x), x[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main():
    torch.manual_seed(5)
    model = Net()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0.0}], lr=0.01)
    train(model, optimizer, 3)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, HERE / "before.pth")
    before = copy.deepcopy(model.state_dict())

    # Trained on: the embedding stays, one layer is new, one is cut, one is half as precise.
    state = OrderedDict((name, value.clone()) for name, value in before.items())
    state["body.0.weight"] += 0.01 * torch.randn(24, 12)
    state["body.2.weight"] *= -1
    state["body.2.bias"] = state["body.2.bias"][:6].clone()
    state["body.1.weight"] = state["body.1.weight"].half()
    del state["body.1.bias"]
    state["extra.scale"] = torch.ones(3)
    torch.save(state, HERE / "after.pth")

    # What training gone wrong leaves.
    sick = OrderedDict((name, value.clone()) for name, value in before.items())
    sick["body.0.weight"][2, 3] = float("nan")
    sick["body.0.weight"][4, 5] = float("nan")
    sick["body.2.bias"][0] = float("inf")
    sick["body.1.bias"].zero_()
    sick["picture"] = (torch.arange(280 * 24).reshape(280, 24) / 6720 - 0.5).to(torch.bfloat16)
    torch.save(sick, HERE / "sick.pth")


main()
