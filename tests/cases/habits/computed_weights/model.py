import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm
from torch.nn.utils.parametrize import register_parametrization


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)


class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        return x * self.factor


def normed(layer, kind):
    return {"weight": weight_norm, "spectral": spectral_norm, None: lambda l: l}[kind](layer)


class Net(nn.Module):
    def __init__(self, width=5):
        super().__init__()
        self.first = normed(nn.Conv1d(3, width, 3, padding=2, dilation=2), "weight")
        self.second = normed(nn.Conv1d(width, width, 1), "spectral")
        self.up = spectral_norm(nn.ConvTranspose1d(width, 4, 2, stride=2), n_power_iterations=2)
        self.third = parametrizations.weight_norm(nn.Linear(4, 4, bias=False), dim=1)
        self.fourth = parametrizations.spectral_norm(nn.Linear(4, 4))
        self.fifth = register_parametrization(nn.Linear(4, 4), "weight", Symmetric())
        register_parametrization(self.fifth, "weight", Scaled(0.5))
        self.whole = weight_norm(nn.Linear(4, 2), dim=None)

    def forward(self, x):
        x = F.leaky_relu(self.first(x), 0.1)
        x = self.up(torch.tanh(self.second(x))).mean(-1)
        x = self.fourth(self.third(x))
        return self.whole(x + self.fifth(x)), self.third.weight
