"""Two heads in a dict, and the losses that train them together."""

import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.GELU())
        self.classify = nn.Linear(8, 3)
        self.estimate = nn.Linear(8, 1)

    def forward(self, x):
        h = self.body(x)
        return {"logits": self.classify(h), "value": self.estimate(h)}


def focal(logits, target, gamma):
    log_p = F.log_softmax(logits, dim=-1)
    log_pt = log_p.gather(1, target.unsqueeze(1)).squeeze(1)
    return -((1 - log_pt.exp()) ** gamma * log_pt).mean()


def two(logits, value, target, number, gamma=2.0):
    return focal(logits, target, gamma) + 0.5 * F.mse_loss(value, number)


class Both(nn.Module):
    def __init__(self, share=0.5):
        super().__init__()
        self.share = share
        self.classes = nn.CrossEntropyLoss()
        self.numbers = nn.L1Loss()

    def forward(self, logits, value, target, number):
        return (1 - self.share) * self.classes(logits, target) + self.share * self.numbers(value.squeeze(-1), number)
