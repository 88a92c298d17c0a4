import torch
from torch import nn


class Precise(nn.Module):
    """Weights of another precision than the inputs."""

    def __init__(self, width=4):
        super().__init__()
        self.enter = nn.Linear(3, width).double()
        self.norm = nn.BatchNorm1d(width).to(torch.float64)
        self.leave = nn.Linear(width, 2, dtype=torch.float64)
        self.shift = nn.Parameter(torch.zeros(2, dtype=torch.double))
        self.register_buffer("count", torch.tensor(3, dtype=torch.int32))

    def forward(self, x):
        lowest = torch.finfo(x.dtype).min
        y = self.norm(self.enter(x.double()))
        y = self.leave(torch.tanh(y)) / self.count + self.shift
        masked = x.masked_fill(x > 0, lowest).softmax(-1)
        return y.float(), y, masked, torch.iinfo(torch.int8).max - self.count
