import torch
from torch import nn


class Net(nn.Module):
    """Layers that see the size of their input at the first forward."""

    def __init__(self, classes=4):
        super().__init__()
        self.features = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=3, padding=1), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(2),
            nn.LazyConv2d(8, 3, groups=2, bias=False), nn.LazyInstanceNorm2d(affine=True, track_running_stats=True), nn.ReLU(),
            nn.LazyConvTranspose2d(5, 2, stride=2),
        )
        self.sequence = nn.Sequential(nn.LazyConv1d(7, 2), nn.LazyBatchNorm1d())
        self.head = nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))

    def forward(self, x):
        x = self.features(x)
        return self.head(self.sequence(x.flatten(2)))
