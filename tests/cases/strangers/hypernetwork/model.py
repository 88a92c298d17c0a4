"""A network whose weights another one makes, ensembles by vmap."""
import torch
import torch.nn as nn
from torch.func import functional_call, vmap


class Inner(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.fc = nn.Linear(i, o)
        self.register_buffer("shift", torch.zeros(o))

    def forward(self, x):
        return torch.tanh(self.fc(x)) + self.shift


class Hyper(nn.Module):
    def __init__(self, z=3, i=4, o=2):
        super().__init__()
        self.inner = Inner(i, o)
        self.shapes = {name: p.shape for name, p in self.inner.named_parameters()}
        self.make = nn.Linear(z, sum(p.numel() for p in self.inner.parameters()))

    def weights(self, z):
        parts = self.make(z).split([shape.numel() for shape in self.shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts)}

    def forward(self, x, z):
        given = functional_call(self.inner, {**self.weights(z[0]), "shift": torch.ones(2)}, (x,))
        each = vmap(lambda code, row: functional_call(self.inner, self.weights(code), row))(z, x)
        inner = vmap(torch.dot, in_dims=(0, None))(x, x[0])
        return given, self.inner(x), each, inner
