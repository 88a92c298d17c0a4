"""DenseNet-BC, with torchvision's names (`torchvision.models.densenet`).

Huang et al., Densely Connected Convolutional Networks (2016).
"""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, size, unless


class _DenseLayer(nn.Module):
    """What `growth_rate` new channels are made of: all the channels before."""

    def __init__(self, num_input_features, growth_rate, bn_size, drop_rate, memory_efficient=False):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def forward(self, input):
        before = [input] if isinstance(input, torch.Tensor) else input
        x = self.conv1(self.relu1(self.norm1(torch.cat(before, 1))))
        x = self.conv2(self.relu2(self.norm2(x)))
        if self.drop_rate > 0:
            x = F.dropout(x, p=self.drop_rate, training=self.training)
        return x


class _DenseBlock(nn.ModuleDict):
    """Layers of which each sees what all before it made."""

    def __init__(self, num_layers, num_input_features, bn_size, growth_rate, drop_rate, memory_efficient=False):
        super().__init__()
        for at in range(num_layers):
            width = num_input_features + at * growth_rate
            self.add_module(f"denselayer{at + 1}", _DenseLayer(width, growth_rate, bn_size, drop_rate, memory_efficient))

    def forward(self, init_features):
        features = [init_features]
        for _, layer in self.items():
            features.append(layer(features))
        return torch.cat(features, 1)


class _Transition(nn.Sequential):
    """Half the channels, half the size."""

    def __init__(self, num_input_features, num_output_features):
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, kernel_size=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """Dense blocks with transitions between them."""

    def __init__(
        self,
        growth_rate=32,
        block_config=(6, 12, 24, 16),
        num_init_features=64,
        bn_size=4,
        drop_rate=0,
        num_classes=1000,
        memory_efficient=False,
    ):
        super().__init__()
        steps = OrderedDict()
        steps["conv0"] = nn.Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False)
        steps["norm0"] = nn.BatchNorm2d(num_init_features)
        steps["relu0"] = nn.ReLU(inplace=True)
        steps["pool0"] = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        width = num_init_features
        for at, layers in enumerate(block_config, start=1):
            steps[f"denseblock{at}"] = _DenseBlock(layers, width, bn_size, growth_rate, drop_rate, memory_efficient)
            width += layers * growth_rate
            if at < len(block_config):
                steps[f"transition{at}"] = _Transition(width, width // 2)
                width //= 2
        steps["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(steps)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x):
        x = F.relu(self.features(x), inplace=True)
        x = torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1)
        return self.classifier(x)


# growth, layers of each block, first channels
VARIANTS = {
    "densenet121": (32, (6, 12, 24, 16), 64),
    "densenet161": (48, (6, 12, 36, 24), 96),
    "densenet169": (32, (6, 12, 32, 32), 64),
    "densenet201": (32, (6, 12, 48, 32), 64),
}


def densenet121(weights=None, progress=True, **kwargs):
    return DenseNet(*VARIANTS["densenet121"], **kwargs)


def densenet161(weights=None, progress=True, **kwargs):
    return DenseNet(*VARIANTS["densenet161"], **kwargs)


def densenet169(weights=None, progress=True, **kwargs):
    return DenseNet(*VARIANTS["densenet169"], **kwargs)


def densenet201(weights=None, progress=True, **kwargs):
    return DenseNet(*VARIANTS["densenet201"], **kwargs)


def recognise(shapes, modules=None):
    """The first dense layer's convolutions give growth and bottleneck; blocks and layers are counted."""
    first = "features.denseblock1.denselayer1."
    growth = size(shapes, f"{first}conv2.weight")
    middle = size(shapes, f"{first}conv1.weight")
    if growth == 0 or middle % growth != 0:
        return None
    blocks = []
    while f"features.denseblock{len(blocks) + 1}.denselayer1.conv1.weight" in shapes:
        prefix = f"features.denseblock{len(blocks) + 1}.denselayer"
        # they are numbered from 1
        layers = 0
        while f"{prefix}{layers + 1}.conv1.weight" in shapes:
            layers += 1
        blocks.append(layers)
    config = (growth, tuple(blocks), size(shapes, "features.conv0.weight"))
    classes = size(shapes, "classifier.weight")
    bottleneck = unless(middle // growth, 4)
    for name, known in VARIANTS.items():
        if known == config:
            return name, call(name, num_classes=classes, bn_size=bottleneck), []
    growth, blocks, features = config
    arguments = {"growth_rate": growth, "block_config": blocks, "num_init_features": features, "bn_size": bottleneck}
    return "densenet", call("DenseNet", num_classes=classes, **arguments), []
