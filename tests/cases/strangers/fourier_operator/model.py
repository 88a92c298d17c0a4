"""A Fourier neural operator for the heat equation: complex weights, a complex buffer, training beside the network."""
import operator
from functools import reduce

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from utilities3 import MatReader, UnitGaussianNormalizer


class SpectralConv1d(nn.Module):
    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        self.scale = 1 / (width * width)
        self.weights = nn.Parameter(self.scale * torch.rand(width, width, modes, dtype=torch.cfloat))
        self.register_buffer("shift", torch.exp(2j * np.pi * torch.arange(modes) / 16))

    def forward(self, x):
        x_ft = torch.fft.rfft(x)
        out_ft = torch.zeros(x.shape[0], x.shape[1], x.size(-1) // 2 + 1, device=x.device, dtype=torch.cfloat)
        out_ft[:, :, : self.modes] = torch.einsum("bix,iox->box", x_ft[:, :, : self.modes] * self.shift, self.weights)
        return torch.fft.irfft(out_ft, n=x.size(-1))


class FNO(nn.Module):
    def __init__(self, width, modes, depth=2):
        super().__init__()
        self.p = nn.Linear(2, width)
        self.spectral = nn.ModuleList(SpectralConv1d(width, modes) for _ in range(depth))
        self.local = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(depth))
        self.q = nn.Linear(width, 1)

    def forward(self, x):
        grid = torch.tensor(np.linspace(0, 1, x.shape[1]), dtype=torch.float).view(1, -1, 1).repeat(x.shape[0], 1, 1)
        x = self.p(torch.cat((x, grid), -1)).permute(0, 2, 1)
        for spectral, local in zip(self.spectral, self.local):
            x = F.gelu(spectral(x) + local(x))
        return self.q(x.permute(0, 2, 1))


def count_params(model):
    return sum(reduce(operator.mul, list(p.size() + (2,) if p.is_complex() else p.size())) for p in model.parameters())


if __name__ == "__main__":
    data = MatReader("heat.mat")
    model = FNO(16, 12).cuda()
    print(count_params(model))
