"""VGG, with torchvision's names (`torchvision.models.vgg`).

Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014).
"""

import math

import torch
import torch.nn as nn
from zoo.shapes import call, indexes, size, unless

# Channels of each convolution; "M" is a pool that halves the image.
cfgs = {
    "A": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "B": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "D": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    "E": [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512, 512, 512, 512, "M"],
}
NAMES = {"A": "vgg11", "B": "vgg13", "D": "vgg16", "E": "vgg19"}


def make_layers(cfg, batch_norm=False):
    """The convolutions of a configuration."""
    steps = []
    channels = 3
    for item in cfg:
        if item == "M":
            steps.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        steps.append(nn.Conv2d(channels, item, kernel_size=3, padding=1))
        if batch_norm:
            steps.append(nn.BatchNorm2d(item))
        steps.append(nn.ReLU(inplace=True))
        channels = item
    return nn.Sequential(*steps)


class VGG(nn.Module):
    """3x3 convolutions, a pool to 7x7, three linear layers.

    `channels`, `side` and `hidden` are not torchvision's: narrower networks keep its names with other sizes of the linear layers.
    """

    def __init__(self, features, num_classes=1000, init_weights=True, dropout=0.5, channels=512, side=7, hidden=4096):
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((side, side))
        self.classifier = nn.Sequential(
            nn.Linear(channels * side * side, hidden),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(hidden, num_classes),
        )

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


def _vgg(cfg, batch_norm, kwargs):
    return VGG(make_layers(cfgs[cfg], batch_norm=batch_norm), **kwargs)


def vgg11(weights=None, progress=True, **kwargs):
    return _vgg("A", False, kwargs)


def vgg11_bn(weights=None, progress=True, **kwargs):
    return _vgg("A", True, kwargs)


def vgg13(weights=None, progress=True, **kwargs):
    return _vgg("B", False, kwargs)


def vgg13_bn(weights=None, progress=True, **kwargs):
    return _vgg("B", True, kwargs)


def vgg16(weights=None, progress=True, **kwargs):
    return _vgg("D", False, kwargs)


def vgg16_bn(weights=None, progress=True, **kwargs):
    return _vgg("D", True, kwargs)


def vgg19(weights=None, progress=True, **kwargs):
    return _vgg("E", False, kwargs)


def vgg19_bn(weights=None, progress=True, **kwargs):
    return _vgg("E", True, kwargs)


def recognise(shapes, modules=None):
    """Numbers in `features` that no convolution, normalisation or ReLU takes are pools."""
    if "features.0.weight" not in shapes or "classifier.6.weight" not in shapes:
        return None
    convolutions = [at for at in indexes(shapes, "features.", ".weight") if len(shapes[f"features.{at}.weight"]) == 4]
    if not convolutions or any(shapes[f"features.{at}.weight"][2:] != (3, 3) for at in convolutions):
        return None
    batch_norm = "features.1.running_mean" in shapes
    step = 3 if batch_norm else 2
    cfg = []
    for place, at in enumerate(convolutions):
        cfg.append(size(shapes, f"features.{at}.weight"))
        if place + 1 == len(convolutions) or convolutions[place + 1] == at + step + 1:
            cfg.append("M")
        elif convolutions[place + 1] != at + step:
            return None
    classes = size(shapes, "classifier.6.weight")
    channels, hidden = cfg[-2], size(shapes, "classifier.0.weight")
    side = math.isqrt(size(shapes, "classifier.0.weight", 1) // channels)
    usual = (channels, hidden, side) == (512, 4096, 7)
    for letter, known in cfgs.items():
        if known == cfg and usual:
            name = NAMES[letter] + ("_bn" if batch_norm else "")
            return name, call(name, num_classes=classes), []
    note = "whether a pool follows the last convolution: it was taken to"
    sizes = {} if usual else {"channels": unless(channels, 512), "side": unless(side, 7), "hidden": unless(hidden, 4096)}
    tail = call("", num_classes=classes, **sizes)
    return "vgg", f"VGG(make_layers({cfg}, batch_norm={batch_norm}), {tail[1:]}", [note]
