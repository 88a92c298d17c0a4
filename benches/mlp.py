"""A perceptron for pictures of 28x28 pixels: 784-512-10."""

import torch.nn as nn


class Mlp(nn.Module):
    def __init__(self, pixels=784, hidden=512, classes=10):
        super().__init__()
        self.hidden = nn.Linear(pixels, hidden)
        self.relu = nn.ReLU()
        self.out = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out(self.relu(self.hidden(x)))
