"""One LSTM of width 256 and a classifier of its last step."""

import torch.nn as nn


class Lstm(nn.Module):
    def __init__(self, width=256, classes=10):
        super().__init__()
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        states, _ = self.lstm(x)
        return self.head(states[:, -1])
