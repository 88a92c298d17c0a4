"""ConvNeXt, with torchvision's names (`torchvision.models.convnext`).

Liu et al., A ConvNet for the 2020s (2022).
"""

from functools import partial

import torch
import torch.nn as nn
from zoo.shapes import call, count, size
from zoo.torchvision.ops import Conv2dNormActivation, LayerNorm2d, Permute, StochasticDepth


class CNBlock(nn.Module):
    """A depthwise 7x7 filter, and for each place a linear layer to four times the channels and one back."""

    def __init__(self, dim, layer_scale, stochastic_depth_prob, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm_layer(dim),
            nn.Linear(dim, 4 * dim),
            nn.GELU(),
            nn.Linear(4 * dim, dim),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(torch.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input):
        result = self.stochastic_depth(self.layer_scale * self.block(input))
        result += input
        return result


class CNBlockConfig:
    """A stage."""

    def __init__(self, input_channels, out_channels, num_layers):
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers


class ConvNeXt(nn.Module):
    """Stages of blocks; the size is halved between them."""

    def __init__(
        self, block_setting, stochastic_depth_prob=0.0, layer_scale=1e-6, num_classes=1000, block=None, norm_layer=None, **kwargs
    ):
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        block = block or CNBlock
        norm_layer = norm_layer or partial(LayerNorm2d, eps=1e-6)
        stem = {"kernel_size": 4, "stride": 4, "padding": 0, "norm_layer": norm_layer, "activation_layer": None, "bias": True}
        steps = [Conv2dNormActivation(3, block_setting[0].input_channels, **stem)]
        total = sum(cnf.num_layers for cnf in block_setting)
        made = 0
        for cnf in block_setting:
            stage = []
            for _ in range(cnf.num_layers):
                stage.append(block(cnf.input_channels, layer_scale, stochastic_depth_prob * made / (total - 1.0)))
                made += 1
            steps.append(nn.Sequential(*stage))
            if cnf.out_channels is not None:
                halve = nn.Conv2d(cnf.input_channels, cnf.out_channels, kernel_size=2, stride=2)
                steps.append(nn.Sequential(norm_layer(cnf.input_channels), halve))
        self.features = nn.Sequential(*steps)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = block_setting[-1]
        width = last.input_channels if last.out_channels is None else last.out_channels
        self.classifier = nn.Sequential(norm_layer(width), nn.Flatten(1), nn.Linear(width, num_classes))

    def _forward_impl(self, x):
        return self.classifier(self.avgpool(self.features(x)))

    def forward(self, x):
        return self._forward_impl(x)


# channels and layers of each stage, stochastic depth
VARIANTS = {
    "convnext_tiny": ([96, 192, 384, 768], [3, 3, 9, 3], 0.1),
    "convnext_small": ([96, 192, 384, 768], [3, 3, 27, 3], 0.4),
    "convnext_base": ([128, 256, 512, 1024], [3, 3, 27, 3], 0.5),
    "convnext_large": ([192, 384, 768, 1536], [3, 3, 27, 3], 0.5),
}


def _setting(widths, layers):
    return [CNBlockConfig(*stage) for stage in zip(widths, [*widths[1:], None], layers)]


def _variant(name, options):
    widths, layers, depth = VARIANTS[name]
    return ConvNeXt(_setting(widths, layers), **{"stochastic_depth_prob": depth, **options})


def convnext_tiny(weights=None, progress=True, **kwargs):
    return _variant("convnext_tiny", kwargs)


def convnext_small(weights=None, progress=True, **kwargs):
    return _variant("convnext_small", kwargs)


def convnext_base(weights=None, progress=True, **kwargs):
    return _variant("convnext_base", kwargs)


def convnext_large(weights=None, progress=True, **kwargs):
    return _variant("convnext_large", kwargs)


def recognise(shapes, modules=None):
    """Odd numbers in `features` are stages, even ones halve the size."""
    widths, layers = [], []
    at = 1
    while f"features.{at}.0.layer_scale" in shapes:
        widths.append(size(shapes, f"features.{at}.0.layer_scale"))
        layers.append(count(shapes, f"features.{at}.", ".layer_scale"))
        at += 2
    if not widths:
        return None
    classes = size(shapes, "classifier.2.weight")
    for name, (known_widths, known_layers, _) in VARIANTS.items():
        if (widths, layers) == (known_widths, known_layers):
            return name, call(name, num_classes=classes), []
    stages = ", ".join(f"CNBlockConfig{stage}" for stage in zip(widths, [*widths[1:], None], layers))
    return "convnext", f"ConvNeXt([{stages}], num_classes={classes})", []
