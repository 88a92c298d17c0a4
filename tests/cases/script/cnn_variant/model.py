import torch
from torch import nn


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.AdaptiveAvgPool2d((1, 1)),
        )
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.features(x)
        return self.head(x.view(x.size(0), -1))
