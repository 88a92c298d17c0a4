"""MobileNetV2, with torchvision's names (`torchvision.models.mobilenetv2`).

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks (2018).
"""

import torch.nn as nn
from zoo.shapes import call, size, unless
from zoo.torchvision.ops import Conv2dNormActivation, _make_divisible

# What pickles of earlier versions find here.
ConvBNReLU = Conv2dNormActivation
ConvBNActivation = Conv2dNormActivation

# expansion, channels, repeats, first stride
SETTING = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
]


class InvertedResidual(nn.Module):
    """Channels are expanded, filtered one by one, and projected without activation."""

    def __init__(self, inp, oup, stride, expand_ratio, norm_layer=None):
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        norm_layer = norm_layer or nn.BatchNorm2d
        hidden = int(round(inp * expand_ratio))
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        common = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        steps = []
        if expand_ratio != 1:
            steps.append(Conv2dNormActivation(inp, hidden, kernel_size=1, **common))
        steps.append(Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, **common))
        steps += [nn.Conv2d(hidden, oup, 1, 1, 0, bias=False), norm_layer(oup)]
        self.conv = nn.Sequential(*steps)
        self.out_channels = oup
        self._is_cn = stride > 1

    def forward(self, x):
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """A convolution, inverted residuals, a convolution to many channels, a linear layer."""

    def __init__(
        self, num_classes=1000, width_mult=1.0, inverted_residual_setting=None, round_nearest=8, block=None, norm_layer=None, dropout=0.2
    ):
        super().__init__()
        block = block or InvertedResidual
        norm_layer = norm_layer or nn.BatchNorm2d
        setting = SETTING if inverted_residual_setting is None else inverted_residual_setting
        if len(setting) == 0 or len(setting[0]) != 4:
            raise ValueError(f"inverted_residual_setting should be non-empty or a 4-element list, got {setting}")
        channels = _make_divisible(32 * width_mult, round_nearest)
        self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features = [Conv2dNormActivation(3, channels, stride=2, norm_layer=norm_layer, activation_layer=nn.ReLU6)]
        for expansion, width, repeats, first in setting:
            width = _make_divisible(width * width_mult, round_nearest)
            for repeat in range(repeats):
                features.append(block(channels, width, first if repeat == 0 else 1, expand_ratio=expansion, norm_layer=norm_layer))
                channels = width
        features.append(
            Conv2dNormActivation(channels, self.last_channel, kernel_size=1, norm_layer=norm_layer, activation_layer=nn.ReLU6)
        )
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes))

    def _forward_impl(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(x.flatten(1))

    def forward(self, x):
        return self._forward_impl(x)


def mobilenet_v2(weights=None, progress=True, **kwargs):
    return MobileNetV2(**kwargs)


def _blocks(shapes):
    """Expansion and output channels of each block; None where a block is none of these."""
    found = []
    channels = size(shapes, "features.0.0.weight")
    at = 1
    while f"features.{at}.conv.0.0.weight" in shapes:
        prefix = f"features.{at}.conv."
        if f"{prefix}1.0.weight" in shapes:
            hidden, out = size(shapes, f"{prefix}0.0.weight"), size(shapes, f"{prefix}2.weight")
        else:
            hidden, out = channels, size(shapes, f"{prefix}1.weight")
        if out == 0 or channels == 0:
            return None
        found.append((hidden / channels, out))
        channels = out
        at += 1
    return found


def recognise(shapes, modules=None):
    """Widths give the multiplier of the usual setting; another setting is read off block by block, all but its strides."""
    first = size(shapes, "features.0.0.weight")
    blocks = _blocks(shapes)
    if first == 0 or not blocks or "classifier.1.weight" not in shapes:
        return None
    classes = size(shapes, "classifier.1.weight")
    usual = [[t, c] for t, c, n, _ in SETTING for _ in range(n)]
    hundredths = [100, 140, 130, 75, 50, 35, 25, 10] + [w for w in range(5, 301)]
    if len(blocks) == len(usual):
        for nearest in (8, 4, 2, 1, 16):
            for hundredth in hundredths:
                width = hundredth / 100
                if _make_divisible(32 * width, nearest) != first:
                    continue
                if all(_make_divisible(c * width, nearest) == out for (_, c), (_, out) in zip(usual, blocks)):
                    options = {"width_mult": unless(width, 1.0), "round_nearest": unless(nearest, 8)}
                    return "mobilenet_v2", call("mobilenet_v2", num_classes=classes, **options), []
    setting = []
    channels = first
    for expansion, out in blocks:
        expansion = int(expansion) if expansion == int(expansion) else expansion
        setting.append([expansion, out, 1, 1 if out == channels or not setting else 2])
        channels = out
    nearest = 8 if all(out % 8 == 0 for _, out in blocks) else 1
    construct = call("MobileNetV2", num_classes=classes, inverted_residual_setting=setting, round_nearest=unless(nearest, 8))
    note = "the strides of inverted_residual_setting: 2 was taken where the number of channels changes"
    return "mobilenet_v2", construct, [note]
