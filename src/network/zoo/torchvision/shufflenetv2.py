"""ShuffleNetV2, with torchvision's names (`torchvision.models.shufflenetv2`).

Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design (2018).
"""

import torch
import torch.nn as nn
from zoo.shapes import call, count, size


def channel_shuffle(x, groups):
    """Takes the channels of the groups in turn."""
    n, channels, height, width = x.size()
    x = x.view(n, groups, channels // groups, height, width)
    return torch.transpose(x, 1, 2).contiguous().view(n, channels, height, width)


def _depthwise(channels, stride):
    return nn.Conv2d(channels, channels, 3, stride, 1, bias=False, groups=channels)


def _pointwise(inputs, outputs):
    return nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)


class InvertedResidual(nn.Module):
    """Half the channels pass, half are filtered; at stride 2 both halves come from all of them."""

    def __init__(self, inp, oup, stride):
        super().__init__()
        if stride not in (1, 2, 3):
            raise ValueError("illegal stride value")
        half = oup // 2
        if stride == 1 and inp != half * 2:
            raise ValueError(f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values.")
        self.stride = stride
        if stride > 1:
            self.branch1 = nn.Sequential(
                _depthwise(inp, stride), nn.BatchNorm2d(inp), _pointwise(inp, half), nn.BatchNorm2d(half), nn.ReLU(inplace=True)
            )
        else:
            self.branch1 = nn.Sequential()
        self.branch2 = nn.Sequential(
            _pointwise(inp if stride > 1 else half, half),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
            _depthwise(half, stride),
            nn.BatchNorm2d(half),
            _pointwise(half, half),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        if self.stride == 1:
            kept, other = x.chunk(2, dim=1)
            x = torch.cat((kept, self.branch2(other)), dim=1)
        else:
            x = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(x, 2)


def _convolution(inputs, outputs, kernel, stride, padding):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class ShuffleNetV2(nn.Module):
    """Three stages of shuffling blocks."""

    def __init__(self, stages_repeats, stages_out_channels, num_classes=1000, inverted_residual=InvertedResidual):
        super().__init__()
        if len(stages_repeats) != 3:
            raise ValueError("expected stages_repeats as list of 3 positive ints")
        if len(stages_out_channels) != 5:
            raise ValueError("expected stages_out_channels as list of 5 positive ints")
        self._stage_out_channels = stages_out_channels
        first, *middle, last = stages_out_channels
        self.conv1 = _convolution(3, first, 3, 2, 1)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        channels = first
        for stage, repeats, width in zip((2, 3, 4), stages_repeats, middle):
            blocks = [inverted_residual(channels, width, 2)] + [inverted_residual(width, width, 1) for _ in range(repeats - 1)]
            setattr(self, f"stage{stage}", nn.Sequential(*blocks))
            channels = width
        self.conv5 = _convolution(channels, last, 1, 1, 0)
        self.fc = nn.Linear(last, num_classes)

    def _forward_impl(self, x):
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(x.mean([2, 3]))

    def forward(self, x):
        return self._forward_impl(x)


VARIANTS = {
    "shufflenet_v2_x0_5": [24, 48, 96, 192, 1024],
    "shufflenet_v2_x1_0": [24, 116, 232, 464, 1024],
    "shufflenet_v2_x1_5": [24, 176, 352, 704, 1024],
    "shufflenet_v2_x2_0": [24, 244, 488, 976, 2048],
}


def _variant(name, options):
    return ShuffleNetV2([4, 8, 4], VARIANTS[name], **options)


def shufflenet_v2_x0_5(weights=None, progress=True, **kwargs):
    return _variant("shufflenet_v2_x0_5", kwargs)


def shufflenet_v2_x1_0(weights=None, progress=True, **kwargs):
    return _variant("shufflenet_v2_x1_0", kwargs)


def shufflenet_v2_x1_5(weights=None, progress=True, **kwargs):
    return _variant("shufflenet_v2_x1_5", kwargs)


def shufflenet_v2_x2_0(weights=None, progress=True, **kwargs):
    return _variant("shufflenet_v2_x2_0", kwargs)


def recognise(shapes, modules=None):
    """A stage's width is twice its branches'."""
    repeats = [count(shapes, f"stage{stage}.", ".branch2.0.weight") for stage in (2, 3, 4)]
    widths = [size(shapes, "conv1.0.weight")]
    widths += [2 * size(shapes, f"stage{stage}.0.branch2.0.weight") for stage in (2, 3, 4)]
    widths.append(size(shapes, "conv5.0.weight"))
    if 0 in repeats or 0 in widths:
        return None
    classes = size(shapes, "fc.weight")
    for name, known in VARIANTS.items():
        if repeats == [4, 8, 4] and widths == known:
            return name, call(name, num_classes=classes), []
    return "shufflenet_v2", f"ShuffleNetV2({repeats}, {widths}, num_classes={classes})", []
