"""EfficientNet B0 to B7 and V2 S, M, L, with torchvision's names (`torchvision.models.efficientnet`).

Tan and Le, EfficientNet (2019) and EfficientNetV2 (2021).
"""

import copy
import math
from functools import partial

import torch
import torch.nn as nn
from zoo.shapes import call, count, size
from zoo.torchvision.ops import Conv2dNormActivation, SqueezeExcitation, StochasticDepth, _make_divisible


class _MBConvConfig:
    """A stage: blocks of one kind."""

    def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block):
        self.expand_ratio = expand_ratio
        self.kernel = kernel
        self.stride = stride
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers
        self.block = block

    @staticmethod
    def adjust_channels(channels, width_mult, min_value=None):
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of blocks with a depthwise filter, its sizes multiplied."""

    def __init__(
        self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, width_mult=1.0, depth_mult=1.0, block=None
    ):
        inputs, outputs = (self.adjust_channels(c, width_mult) for c in (input_channels, out_channels))
        layers = self.adjust_depth(num_layers, depth_mult)
        super().__init__(expand_ratio, kernel, stride, inputs, outputs, layers, block or MBConv)

    @staticmethod
    def adjust_depth(num_layers, depth_mult):
        return int(math.ceil(num_layers * depth_mult))


class FusedMBConvConfig(_MBConvConfig):
    """A stage of blocks with an ordinary filter."""

    def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block=None):
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class _Block(nn.Module):
    """What both kinds have: a residual connection that training drops now and then."""

    def __init__(self, cnf, steps, stochastic_depth_prob):
        super().__init__()
        if cnf.stride not in (1, 2):
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*steps)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input):
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


class MBConv(_Block):
    """Expansion, depthwise filter, squeeze and excitation, projection."""

    def __init__(self, cnf, stochastic_depth_prob, norm_layer, se_layer=SqueezeExcitation):
        common = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        steps = []
        if width != cnf.input_channels:
            steps.append(Conv2dNormActivation(cnf.input_channels, width, kernel_size=1, **common))
        steps.append(Conv2dNormActivation(width, width, cnf.kernel, cnf.stride, groups=width, **common))
        steps.append(se_layer(width, max(1, cnf.input_channels // 4), activation=partial(nn.SiLU, inplace=True)))
        steps.append(Conv2dNormActivation(width, cnf.out_channels, kernel_size=1, norm_layer=norm_layer, activation_layer=None))
        super().__init__(cnf, steps, stochastic_depth_prob)


class FusedMBConv(_Block):
    """Expansion by an ordinary filter, and projection; without expansion one filter does both."""

    def __init__(self, cnf, stochastic_depth_prob, norm_layer):
        common = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        if width == cnf.input_channels:
            steps = [Conv2dNormActivation(cnf.input_channels, cnf.out_channels, cnf.kernel, cnf.stride, **common)]
        else:
            steps = [
                Conv2dNormActivation(cnf.input_channels, width, cnf.kernel, cnf.stride, **common),
                Conv2dNormActivation(width, cnf.out_channels, kernel_size=1, norm_layer=norm_layer, activation_layer=None),
            ]
        super().__init__(cnf, steps, stochastic_depth_prob)


class EfficientNet(nn.Module):
    """A convolution, stages of blocks, a convolution, a linear layer."""

    def __init__(self, inverted_residual_setting, dropout, stochastic_depth_prob=0.2, num_classes=1000, norm_layer=None, last_channel=None):
        super().__init__()
        if not inverted_residual_setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        norm_layer = norm_layer or nn.BatchNorm2d
        common = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        steps = [Conv2dNormActivation(3, inverted_residual_setting[0].input_channels, kernel_size=3, stride=2, **common)]
        total = sum(cnf.num_layers for cnf in inverted_residual_setting)
        made = 0
        for cnf in inverted_residual_setting:
            stage = []
            for _ in range(cnf.num_layers):
                own = copy.copy(cnf)
                if stage:
                    own.input_channels, own.stride = own.out_channels, 1
                stage.append(own.block(own, stochastic_depth_prob * float(made) / total, norm_layer))
                made += 1
            steps.append(nn.Sequential(*stage))
        width = inverted_residual_setting[-1].out_channels
        last = 4 * width if last_channel is None else last_channel
        steps.append(Conv2dNormActivation(width, last, kernel_size=1, **common))
        self.features = nn.Sequential(*steps)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(last, num_classes))

    def _forward_impl(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    def forward(self, x):
        return self._forward_impl(x)


# expansion, kernel, stride, input, output, layers
B_STAGES = [
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
]
# width and depth multiplied, dropout, eps and momentum of the normalisation where they are not the usual
B_VARIANTS = {
    "efficientnet_b0": (1.0, 1.0, 0.2, {}),
    "efficientnet_b1": (1.0, 1.1, 0.2, {}),
    "efficientnet_b2": (1.1, 1.2, 0.3, {}),
    "efficientnet_b3": (1.2, 1.4, 0.3, {}),
    "efficientnet_b4": (1.4, 1.8, 0.4, {}),
    "efficientnet_b5": (1.6, 2.2, 0.4, {"eps": 0.001, "momentum": 0.01}),
    "efficientnet_b6": (1.8, 2.6, 0.5, {"eps": 0.001, "momentum": 0.01}),
    "efficientnet_b7": (2.0, 3.1, 0.5, {"eps": 0.001, "momentum": 0.01}),
}
# the first stages are fused
V2_STAGES = {
    "efficientnet_v2_s": (
        [(1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)],
        [(4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)],
        0.2,
    ),
    "efficientnet_v2_m": (
        [(1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)],
        [(4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)],
        0.3,
    ),
    "efficientnet_v2_l": (
        [(1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)],
        [(4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)],
        0.4,
    ),
}


def _variant(name, options):
    if name in B_VARIANTS:
        width, depth, dropout, norm = B_VARIANTS[name]
        setting = [MBConvConfig(*stage, width_mult=width, depth_mult=depth) for stage in B_STAGES]
        last_channel = None
    else:
        fused, ordinary, dropout = V2_STAGES[name]
        setting = [FusedMBConvConfig(*stage) for stage in fused] + [MBConvConfig(*stage) for stage in ordinary]
        norm, last_channel = {"eps": 0.001}, 1280
    if norm:
        options = {"norm_layer": partial(nn.BatchNorm2d, **norm), **options}
    options = {"dropout": dropout, "last_channel": last_channel, **options}
    return EfficientNet(setting, **options)


def efficientnet_b0(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b0", kwargs)


def efficientnet_b1(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b1", kwargs)


def efficientnet_b2(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b2", kwargs)


def efficientnet_b3(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b3", kwargs)


def efficientnet_b4(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b4", kwargs)


def efficientnet_b5(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b5", kwargs)


def efficientnet_b6(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b6", kwargs)


def efficientnet_b7(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_b7", kwargs)


def efficientnet_v2_s(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_v2_s", kwargs)


def efficientnet_v2_m(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_v2_m", kwargs)


def efficientnet_v2_l(weights=None, progress=True, **kwargs):
    return _variant("efficientnet_v2_l", kwargs)


def recognise(shapes, modules=None):
    """The channels at both ends and the depth of every stage tell the variants apart; other settings are read off stage by stage."""
    classes = size(shapes, "classifier.1.weight")
    stages = 0
    while f"features.{stages + 1}.0.block.0.0.weight" in shapes:
        stages += 1
    first = size(shapes, "features.0.0.weight")
    if stages == 0 or first == 0 or classes == 0:
        return None
    last = size(shapes, f"features.{stages + 1}.0.weight", 1)
    depths = [count(shapes, f"features.{stage}.", ".block.0.0.weight") for stage in range(1, stages + 1)]
    for name, (width, depth, _, _) in B_VARIANTS.items():
        known = [MBConvConfig.adjust_depth(stage[5], depth) for stage in B_STAGES]
        ends = (MBConvConfig.adjust_channels(32, width), MBConvConfig.adjust_channels(320, width))
        if depths == known and (first, last) == ends:
            return name, call(name, num_classes=classes), []
    for name, (fused, ordinary, _) in V2_STAGES.items():
        if depths == [stage[5] for stage in fused + ordinary] and (first, last) == (fused[0][3], ordinary[-1][4]):
            return name, call(name, num_classes=classes), []
    return _other(shapes, stages, depths, classes)


def _other(shapes, stages, depths, classes):
    """An EfficientNet of a setting that has no name."""
    setting = []
    channels = size(shapes, "features.0.0.weight")
    for stage, layers in zip(range(1, stages + 1), depths):
        prefix = f"features.{stage}.0.block."
        fused = not any(key.startswith(prefix) and ".fc1." in key for key in shapes)
        steps = count(shapes, prefix, ".0.weight")
        if fused:
            kernel = size(shapes, f"{prefix}0.0.weight", 2)
            expansion = 1 if steps == 1 else size(shapes, f"{prefix}0.0.weight") / channels
            outputs = size(shapes, f"{prefix}{steps - 1}.0.weight")
        else:
            # depthwise, squeeze and excitation, projection; before them the expansion, if there is one
            expanded = f"{prefix}3.0.weight" in shapes
            kernel = size(shapes, f"{prefix}{1 if expanded else 0}.0.weight", 2)
            expansion = size(shapes, f"{prefix}0.0.weight") / channels if expanded else 1
            outputs = size(shapes, f"{prefix}{3 if expanded else 2}.0.weight")
        if expansion == int(expansion):
            expansion = int(expansion)
        stride = 1 if outputs == channels or stage == 1 else 2
        kind = "FusedMBConvConfig" if fused else "MBConvConfig"
        setting.append(f"{kind}({expansion}, {kernel}, {stride}, {channels}, {outputs}, {layers})")
        channels = outputs
    last = size(shapes, f"features.{stages + 1}.0.weight")
    construct = f"EfficientNet([{', '.join(setting)}], 0.2, num_classes={classes}, last_channel={last})"
    notes = ["the stages' strides: 2 was taken where the number of channels changes", "eps of the normalisation: 1e-5 was taken"]
    return "efficientnet", construct, notes
