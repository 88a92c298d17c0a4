"""AlexNet as torchvision has it (`torchvision.models.alexnet`): one tower, an adaptive pool before the linear layers.

Krizhevsky, One weird trick for parallelizing convolutional neural networks (2014).
"""

import torch
import torch.nn as nn
from zoo.shapes import call, size


class AlexNet(nn.Module):
    """Five convolutions, three linear layers."""

    def __init__(self, num_classes=1000, dropout=0.5):
        super().__init__()
        # channels, kernel, stride, padding, whether a pool follows
        plan = [(64, 11, 4, 2, True), (192, 5, 1, 2, True), (384, 3, 1, 1, False), (256, 3, 1, 1, False), (256, 3, 1, 1, True)]
        steps = []
        channels = 3
        for width, kernel, stride, padding, pooled in plan:
            steps += [nn.Conv2d(channels, width, kernel, stride, padding), nn.ReLU(inplace=True)]
            if pooled:
                steps.append(nn.MaxPool2d(kernel_size=3, stride=2))
            channels = width
        self.features = nn.Sequential(*steps)
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


def alexnet(weights=None, progress=True, **kwargs):
    return AlexNet(**kwargs)


def recognise(shapes, modules=None):
    """An 11x11 convolution to 64 channels."""
    first = shapes.get("features.0.weight", ())
    if len(first) != 4 or (first[0], *first[2:]) != (64, 11, 11):
        return None
    return "alexnet", call("alexnet", num_classes=size(shapes, "classifier.6.weight")), []
