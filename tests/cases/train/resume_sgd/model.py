"""A small image classifier: convolution with batch norm, and a head."""

from torch import nn


class Net(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.head = nn.Linear(4 * 4 * 4, classes)

    def forward(self, x):
        x = self.features(x)
        return self.head(x.flatten(1))
