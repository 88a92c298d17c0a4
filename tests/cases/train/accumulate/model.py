"""Regression of two values."""

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, features, hidden=7):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.act = nn.Tanh()
        self.fc2 = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))
