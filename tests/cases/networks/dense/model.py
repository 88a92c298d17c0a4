from collections import OrderedDict

import torch
from torch import nn


class DenseLayer(nn.Sequential):
    def __init__(self, inputs, growth):
        super().__init__(
            OrderedDict(
                [
                    ("norm", nn.BatchNorm2d(inputs)),
                    ("relu", nn.ReLU()),
                    ("conv", nn.Conv2d(inputs, growth, 3, padding=1)),
                ]
            )
        )

    def forward(self, x):
        return torch.cat([x, super().forward(x)], 1)


class Dense(nn.Module):
    def __init__(self, growth: int = 4, blocks: int = 3, *, classes: int = 6):
        super().__init__()
        self.features = nn.Sequential()
        width = 3
        for i in range(blocks):
            self.features.add_module(f"dense{i + 1}", DenseLayer(width, growth))
            width += growth
        self.features.add_module("pool", nn.AvgPool2d(2))
        self.classifier = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))
