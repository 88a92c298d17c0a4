import torch
import torch.nn as nn


class CausalConv1d(nn.Conv1d):
    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, **kw):
        self.left = (kernel_size - 1) * dilation
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, **kw)

    def forward(self, x):
        return super().forward(nn.functional.pad(x, (self.left, 0)))


class ResidualLayer(nn.Module):
    def __init__(self, residual, skip, kernel, dilation):
        super().__init__()
        self.filter, self.gate = (CausalConv1d(residual, residual, kernel, dilation=dilation) for _ in 'fg')
        self.res = nn.Conv1d(residual, residual, 1)
        self.skip = nn.Conv1d(residual, skip, 1)

    def forward(self, x):
        z = self.filter(x).tanh() * self.gate(x).sigmoid()
        return x + self.res(z), self.skip(z)


class WaveNet(nn.Module):
    def __init__(self, classes=32, residual=8, skip=12, kernel=2, layers_per_stack=3, stacks=2):
        super().__init__()
        self.embed = nn.Embedding(classes, residual)
        dilations = [2 ** i for _ in range(stacks) for i in range(layers_per_stack)]
        self.layers = nn.ModuleList(ResidualLayer(residual, skip, kernel, d) for d in dilations)
        self.receptive_field = 1 + sum(dilations) * (kernel - 1)
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, classes, 1))

    def forward(self, wave):
        x = self.embed(wave).mT
        total = 0
        for layer in self.layers:
            x, s = layer(x)
            total = total + s
        return self.head(total)[..., self.receptive_field - 1:]
