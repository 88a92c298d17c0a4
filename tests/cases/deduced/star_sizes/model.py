import torch.nn as nn


class Dense(nn.Module):
    """Dense(784, 100, 10) has one hidden layer."""

    def __init__(self, *sizes, bias=True):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=bias) for a, b in zip(sizes, sizes[1:]))
        self.act = nn.SiLU()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)
