"""MobileNetV3, large and small, with torchvision's names (`torchvision.models.mobilenetv3`).

Howard et al., Searching for MobileNetV3 (2019).
"""

from functools import partial

import torch
import torch.nn as nn
from zoo.shapes import call, size, unless
from zoo.torchvision.ops import Conv2dNormActivation, SqueezeExcitation as SElayer, _make_divisible

# What pickles of earlier versions find here.
SqueezeExcitation = SElayer
ConvBNActivation = Conv2dNormActivation


class InvertedResidualConfig:
    """One block: channels are those of width 1, and are adjusted here."""

    def __init__(self, input_channels, kernel, expanded_channels, out_channels, use_se, activation, stride, dilation, width_mult):
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels, width_mult):
        return _make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """Expansion, depthwise filter, squeeze and excitation, projection."""

    def __init__(self, cnf, norm_layer, se_layer=partial(SElayer, scale_activation=nn.Hardsigmoid)):
        super().__init__()
        if cnf.stride not in (1, 2):
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        common = {"norm_layer": norm_layer, "activation_layer": nn.Hardswish if cnf.use_hs else nn.ReLU}
        width = cnf.expanded_channels
        steps = []
        if width != cnf.input_channels:
            steps.append(Conv2dNormActivation(cnf.input_channels, width, kernel_size=1, **common))
        stride = 1 if cnf.dilation > 1 else cnf.stride
        steps.append(Conv2dNormActivation(width, width, cnf.kernel, stride, dilation=cnf.dilation, groups=width, **common))
        if cnf.use_se:
            steps.append(se_layer(width, _make_divisible(width // 4, 8)))
        steps.append(Conv2dNormActivation(width, cnf.out_channels, kernel_size=1, norm_layer=norm_layer, activation_layer=None))
        self.block = nn.Sequential(*steps)
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1

    def forward(self, input):
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(nn.Module):
    """A convolution, the blocks, a convolution to six times the channels, two linear layers."""

    def __init__(self, inverted_residual_setting, last_channel, num_classes=1000, block=None, norm_layer=None, dropout=0.2, **kwargs):
        super().__init__()
        if not inverted_residual_setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        block = block or InvertedResidual
        norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        common = {"norm_layer": norm_layer, "activation_layer": nn.Hardswish}
        first = inverted_residual_setting[0].input_channels
        last = inverted_residual_setting[-1].out_channels
        steps = [Conv2dNormActivation(3, first, kernel_size=3, stride=2, **common)]
        steps += [block(cnf, norm_layer) for cnf in inverted_residual_setting]
        steps.append(Conv2dNormActivation(last, 6 * last, kernel_size=1, **common))
        self.features = nn.Sequential(*steps)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * last, last_channel), nn.Hardswish(inplace=True), nn.Dropout(p=dropout, inplace=True), nn.Linear(last_channel, num_classes)
        )

    def _forward_impl(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    def forward(self, x):
        return self._forward_impl(x)


# input, kernel, expanded, output, squeeze and excitation, activation, stride. The last three blocks are the tail.
BLOCKS = {
    "mobilenet_v3_large": [
        (16, 3, 16, 16, False, "RE", 1),
        (16, 3, 64, 24, False, "RE", 2),
        (24, 3, 72, 24, False, "RE", 1),
        (24, 5, 72, 40, True, "RE", 2),
        (40, 5, 120, 40, True, "RE", 1),
        (40, 5, 120, 40, True, "RE", 1),
        (40, 3, 240, 80, False, "HS", 2),
        (80, 3, 200, 80, False, "HS", 1),
        (80, 3, 184, 80, False, "HS", 1),
        (80, 3, 184, 80, False, "HS", 1),
        (80, 3, 480, 112, True, "HS", 1),
        (112, 3, 672, 112, True, "HS", 1),
        (112, 5, 672, 160, True, "HS", 2),
        (160, 5, 960, 160, True, "HS", 1),
        (160, 5, 960, 160, True, "HS", 1),
    ],
    "mobilenet_v3_small": [
        (16, 3, 16, 16, True, "RE", 2),
        (16, 3, 72, 24, False, "RE", 2),
        (24, 3, 88, 24, False, "RE", 1),
        (24, 5, 96, 40, True, "HS", 2),
        (40, 5, 240, 40, True, "HS", 1),
        (40, 5, 240, 40, True, "HS", 1),
        (40, 5, 120, 48, True, "HS", 1),
        (48, 5, 144, 48, True, "HS", 1),
        (48, 5, 288, 96, True, "HS", 2),
        (96, 5, 576, 96, True, "HS", 1),
        (96, 5, 576, 96, True, "HS", 1),
    ],
}
LAST = {"mobilenet_v3_large": 1280, "mobilenet_v3_small": 1024}


def _mobilenet_v3_conf(arch, width_mult=1.0, reduced_tail=False, dilated=False, **kwargs):
    """The setting and the last channels of a variant."""
    divider = 2 if reduced_tail else 1
    setting = []
    blocks = BLOCKS[arch]
    for at, (inputs, kernel, expanded, outputs, use_se, activation, stride) in enumerate(blocks):
        tail = at - (len(blocks) - 3)
        if tail >= 0:
            outputs //= divider
        if tail >= 1:
            inputs, expanded = inputs // divider, expanded // divider
        dilation = 2 if dilated and tail >= 0 else 1
        setting.append(InvertedResidualConfig(inputs, kernel, expanded, outputs, use_se, activation, stride, dilation, width_mult))
    return setting, InvertedResidualConfig.adjust_channels(LAST[arch] // divider, width_mult)


def _variant(arch, options):
    conf = {key: options.pop(key) for key in ("width_mult", "reduced_tail", "dilated") if key in options}
    setting, last_channel = _mobilenet_v3_conf(arch, **conf)
    return MobileNetV3(setting, last_channel, **options)


def mobilenet_v3_large(weights=None, progress=True, **kwargs):
    return _variant("mobilenet_v3_large", kwargs)


def mobilenet_v3_small(weights=None, progress=True, **kwargs):
    return _variant("mobilenet_v3_small", kwargs)


def recognise(shapes, modules=None):
    """The widths that the first and last layers have say the multiplier and the tail."""
    last, classes = size(shapes, "classifier.0.weight"), size(shapes, "classifier.3.weight")
    first = size(shapes, "features.0.0.weight")
    for name, blocks in BLOCKS.items():
        if f"features.{len(blocks) + 1}.0.weight" not in shapes or f"features.{len(blocks) + 2}.0.weight" in shapes:
            continue
        tail = size(shapes, f"features.{len(blocks) + 1}.0.weight")
        for reduced in (False, True):
            for hundredth in [100, 75, 50, 35, 25, 10, 125, 150, 200] + list(range(5, 301)):
                setting, channels = _mobilenet_v3_conf(name, hundredth / 100, reduced)
                if (setting[0].input_channels, 6 * setting[-1].out_channels, channels) == (first, tail, last):
                    options = {"width_mult": unless(hundredth / 100, 1.0), "reduced_tail": unless(reduced, False)}
                    return name, call(name, num_classes=classes, **options), []
    return None
