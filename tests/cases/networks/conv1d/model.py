import torch
import torch.nn as nn


class Signal(nn.Module):
    """Strides, dilation, groups and 'same' padding in one dimension."""

    def __init__(self, channels=4, classes=3):
        super().__init__()
        self.stem = nn.Conv1d(channels, 8, kernel_size=5, stride=2, padding=2)
        self.dilated = nn.Conv1d(8, 8, 3, padding="same", dilation=2)
        self.grouped = nn.Conv1d(8, 12, 3, padding=1, groups=4, bias=False)
        self.even = nn.Conv1d(12, 12, 4, padding="same")
        self.norm = nn.BatchNorm1d(12)
        self.act = nn.LeakyReLU(0.1)
        self.pool = nn.MaxPool1d(3, stride=2, padding=1)
        self.avg = nn.AvgPool1d(2, ceil_mode=True, count_include_pad=False)
        self.last = nn.AdaptiveMaxPool1d(2)
        self.fc = nn.Linear(24, classes)

    def forward(self, x):
        x = self.act(self.stem(x))
        x = x + self.act(self.dilated(x))
        x = self.pool(self.norm(self.grouped(x)))
        x = self.avg(self.even(x).relu())
        return self.fc(self.last(x).flatten(1))
