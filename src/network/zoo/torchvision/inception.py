"""Inception v3, with torchvision's names (`torchvision.models.inception`).

Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2015).
"""

from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, size, unless

InceptionOutputs = namedtuple("InceptionOutputs", ["logits", "aux_logits"])

# Kernels in two steps: along the rows, along the columns.
WIDE = {"kernel_size": (1, 7), "padding": (0, 3)}
TALL = {"kernel_size": (7, 1), "padding": (3, 0)}
ONE = {"kernel_size": 1}
SAME = {"kernel_size": 3, "padding": 1}
HALF = {"kernel_size": 3, "stride": 2}


class BasicConv2d(nn.Module):
    """Convolution, normalisation, ReLU."""

    def __init__(self, in_channels, out_channels, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


def _mean(x):
    return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(nn.Module):
    """1x1, 5x5 and two 3x3 kernels, and a pool."""

    def __init__(self, in_channels, pool_features, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, **ONE)
        self.branch5x5_1 = conv(in_channels, 48, **ONE)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, **ONE)
        self.branch3x3dbl_2 = conv(64, 96, **SAME)
        self.branch3x3dbl_3 = conv(96, 96, **SAME)
        self.branch_pool = conv(in_channels, pool_features, **ONE)

    def forward(self, x):
        five = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, double, self.branch_pool(_mean(x))], 1)


class InceptionB(nn.Module):
    """Half the size."""

    def __init__(self, in_channels, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, **HALF)
        self.branch3x3dbl_1 = conv(in_channels, 64, **ONE)
        self.branch3x3dbl_2 = conv(64, 96, **SAME)
        self.branch3x3dbl_3 = conv(96, 96, **HALF)

    def forward(self, x):
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, kernel_size=3, stride=2)], 1)


class InceptionC(nn.Module):
    """7x7 kernels in steps, once and twice."""

    def __init__(self, in_channels, channels_7x7, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        c7 = channels_7x7
        self.branch1x1 = conv(in_channels, 192, **ONE)
        self.branch7x7_1 = conv(in_channels, c7, **ONE)
        self.branch7x7_2 = conv(c7, c7, **WIDE)
        self.branch7x7_3 = conv(c7, 192, **TALL)
        self.branch7x7dbl_1 = conv(in_channels, c7, **ONE)
        self.branch7x7dbl_2 = conv(c7, c7, **TALL)
        self.branch7x7dbl_3 = conv(c7, c7, **WIDE)
        self.branch7x7dbl_4 = conv(c7, c7, **TALL)
        self.branch7x7dbl_5 = conv(c7, 192, **WIDE)
        self.branch_pool = conv(in_channels, 192, **ONE)

    def forward(self, x):
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_mean(x))], 1)


class InceptionD(nn.Module):
    """Half the size."""

    def __init__(self, in_channels, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, **ONE)
        self.branch3x3_2 = conv(192, 320, **HALF)
        self.branch7x7x3_1 = conv(in_channels, 192, **ONE)
        self.branch7x7x3_2 = conv(192, 192, **WIDE)
        self.branch7x7x3_3 = conv(192, 192, **TALL)
        self.branch7x7x3_4 = conv(192, 192, **HALF)

    def forward(self, x):
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat([three, self.branch7x7x3_4(seven), F.max_pool2d(x, kernel_size=3, stride=2)], 1)


class InceptionE(nn.Module):
    """3x3 kernels whose two steps stand side by side."""

    def __init__(self, in_channels, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        wide, tall = {"kernel_size": (1, 3), "padding": (0, 1)}, {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = conv(in_channels, 320, **ONE)
        self.branch3x3_1 = conv(in_channels, 384, **ONE)
        self.branch3x3_2a = conv(384, 384, **wide)
        self.branch3x3_2b = conv(384, 384, **tall)
        self.branch3x3dbl_1 = conv(in_channels, 448, **ONE)
        self.branch3x3dbl_2 = conv(448, 384, **SAME)
        self.branch3x3dbl_3a = conv(384, 384, **wide)
        self.branch3x3dbl_3b = conv(384, 384, **tall)
        self.branch_pool = conv(in_channels, 192, **ONE)

    def forward(self, x):
        once = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [self.branch1x1(x), self.branch3x3_2a(once), self.branch3x3_2b(once)]
        parts += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice), self.branch_pool(_mean(x))]
        return torch.cat(parts, 1)


class InceptionAux(nn.Module):
    """A classifier half way, for training."""

    def __init__(self, in_channels, num_classes, conv_block=None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, **ONE)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.fc = nn.Linear(768, num_classes)

    def forward(self, x):
        x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class Inception3(nn.Module):
    """The blocks; 299x299 images are usual."""

    def __init__(self, num_classes=1000, aux_logits=True, transform_input=False, inception_blocks=None, init_weights=None, dropout=0.5):
        super().__init__()
        if inception_blocks is not None:
            raise NotImplementedError("inception_blocks is not in the zoo")
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, **HALF)
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, **SAME)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, **ONE)
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = InceptionA(192, pool_features=32)
        self.Mixed_5c = InceptionA(256, pool_features=64)
        self.Mixed_5d = InceptionA(288, pool_features=64)
        self.Mixed_6a = InceptionB(288)
        self.Mixed_6b = InceptionC(768, channels_7x7=128)
        self.Mixed_6c = InceptionC(768, channels_7x7=160)
        self.Mixed_6d = InceptionC(768, channels_7x7=160)
        self.Mixed_6e = InceptionC(768, channels_7x7=192)
        self.AuxLogits = InceptionAux(768, num_classes) if aux_logits else None
        self.Mixed_7a = InceptionD(768)
        self.Mixed_7b = InceptionE(1280)
        self.Mixed_7c = InceptionE(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)

    def _transform_input(self, x):
        """From ImageNet's means and deviations to 0.5 and 0.5."""
        if not self.transform_input:
            return x
        channels = []
        for at, (mean, deviation) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
            channels.append(torch.unsqueeze(x[:, at], 1) * (deviation / 0.5) + (mean - 0.5) / 0.5)
        return torch.cat(channels, 1)

    def forward(self, x):
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(self._transform_input(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(x))))
        x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        aux = None
        if self.AuxLogits is not None and self.training:
            aux = self.AuxLogits(x)
        x = self.avgpool(self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))))
        x = self.fc(torch.flatten(self.dropout(x), 1))
        if self.training and self.aux_logits:
            return InceptionOutputs(x, aux)
        return x


def inception_v3(weights=None, progress=True, **kwargs):
    return Inception3(**kwargs)


def recognise(shapes, modules=None):
    """Sizes are fixed but for the classes; `transform_input` leaves no trace."""
    if "Mixed_7c.branch3x3dbl_3b.conv.weight" not in shapes:
        return None
    auxiliary = "AuxLogits.conv0.conv.weight" in shapes
    note = "transform_input: False was taken; torchvision's own pretrained weights want inception_v3(..., transform_input=True)"
    construct = call("inception_v3", num_classes=size(shapes, "fc.weight"), aux_logits=unless(auxiliary, True))
    return "inception_v3", construct, [note]
