"""LeNet in the three forms that PyTorch's own tutorials and examples made common: two convolutions and two or three linear layers.

The keys alone tell no activation and no pool, so that these are recognised only where `_metadata` names exactly their modules, and never as certain.
LeCun et al., Gradient-based learning applied to document recognition (1998).
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, size

NOTES = [
    "activations: ReLU was taken, as in PyTorch's tutorials",
    "pools: max pools of 2x2 were taken, as in PyTorch's tutorials",
    "strides and paddings of the convolutions: 1 and 0 were taken",
]


class LeNet(nn.Module):
    """Convolution, ReLU, pool, twice; then three linear layers. `side` is what is left of the image."""

    def __init__(self, in_channels=1, channels=(6, 16), kernel=5, side=5, features=(120, 84), num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels[0], kernel)
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernel)
        self.fc1 = nn.Linear(channels[1] * side * side, features[0])
        self.fc2 = nn.Linear(features[0], features[1])
        self.fc3 = nn.Linear(features[1], num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(F.relu(self.fc2(x)))


class PooledLeNet(nn.Module):
    """The same with a pool of its own, as in the tutorial on CIFAR-10."""

    def __init__(self, in_channels=3, channels=(6, 16), kernel=5, side=5, features=(120, 84), num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels[0], kernel)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernel)
        self.fc1 = nn.Linear(channels[1] * side * side, features[0])
        self.fc2 = nn.Linear(features[0], features[1])
        self.fc3 = nn.Linear(features[1], num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(F.relu(self.fc2(x)))


class MnistNet(nn.Module):
    """Two convolutions, one pool, two dropouts, two linear layers, log-probabilities: PyTorch's MNIST example."""

    def __init__(self, in_channels=1, channels=(32, 64), kernel=3, side=12, features=128, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels[0], kernel, 1)
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernel, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(channels[1] * side * side, features)
        self.fc2 = nn.Linear(features, num_classes)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)
        x = self.fc2(self.dropout2(F.relu(self.fc1(x))))
        return F.log_softmax(x, dim=1)


def recognise(shapes, modules=None):
    """Sizes from the layers; which of the forms, from the modules that the file names."""
    if modules is None or len(shapes) not in (8, 10) or len(shapes.get("conv1.weight", ())) != 4:
        return None
    channels = (size(shapes, "conv1.weight"), size(shapes, "conv2.weight"))
    inputs = size(shapes, "fc1.weight", 1)
    side = math.isqrt(inputs // max(1, channels[1]))
    if side < 1 or side * side * channels[1] != inputs:
        return None
    sizes = {"in_channels": size(shapes, "conv1.weight", 1), "channels": channels, "kernel": size(shapes, "conv1.weight", 2), "side": side}
    if "fc3.weight" in shapes:
        features = (size(shapes, "fc1.weight"), size(shapes, "fc2.weight"))
        classes = size(shapes, "fc3.weight")
        name = "PooledLeNet" if "pool" in modules else "LeNet"
        return "lenet", call(name, **sizes, features=features, num_classes=classes), NOTES
    notes = [*NOTES, "the output: log_softmax was taken, as in PyTorch's MNIST example"]
    construct = call("MnistNet", **sizes, features=size(shapes, "fc1.weight"), num_classes=size(shapes, "fc2.weight"))
    return "mnist_net", construct, notes
