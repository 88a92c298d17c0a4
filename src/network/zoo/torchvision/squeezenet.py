"""SqueezeNet 1.0 and 1.1, with torchvision's names (`torchvision.models.squeezenet`).

Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters (2016).
"""

import torch
import torch.nn as nn
from zoo.shapes import call, size


class Fire(nn.Module):
    """Few channels, and from them many: by 1x1 and by 3x3."""

    def __init__(self, inplanes, squeeze_planes, expand1x1_planes, expand3x3_planes):
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        near = self.expand1x1_activation(self.expand1x1(x))
        wide = self.expand3x3_activation(self.expand3x3(x))
        return torch.cat([near, wide], 1)


# The first convolution's channels and kernel, then each Fire's squeezed and expanded channels; None is a pool.
PLANS = {
    "1_0": (96, 7, [None, (16, 64), (16, 64), (32, 128), None, (32, 128), (48, 192), (48, 192), (64, 256), None, (64, 256)]),
    "1_1": (64, 3, [None, (16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256)]),
}


class SqueezeNet(nn.Module):
    """Fire modules, and a convolution that scores each place for each class."""

    def __init__(self, version="1_0", num_classes=1000, dropout=0.5):
        super().__init__()
        if version not in PLANS:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        self.num_classes = num_classes
        channels, kernel, plan = PLANS[version]
        steps = [nn.Conv2d(3, channels, kernel_size=kernel, stride=2), nn.ReLU(inplace=True)]
        for fire in plan:
            if fire is None:
                steps.append(nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
            else:
                squeezed, expanded = fire
                steps.append(Fire(channels, squeezed, expanded, expanded))
                channels = 2 * expanded
        self.features = nn.Sequential(*steps)
        scores = nn.Conv2d(channels, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout), scores, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


def squeezenet1_0(weights=None, progress=True, **kwargs):
    return SqueezeNet("1_0", **kwargs)


def squeezenet1_1(weights=None, progress=True, **kwargs):
    return SqueezeNet("1_1", **kwargs)


def recognise(shapes, modules=None):
    """The two versions differ in the first convolution and in where pools stand."""
    for version, (channels, kernel, _) in PLANS.items():
        if (size(shapes, "features.0.weight"), size(shapes, "features.0.weight", 2)) == (channels, kernel):
            name = f"squeezenet{version}"
            return name, call(name, num_classes=size(shapes, "classifier.1.weight")), []
    return None
