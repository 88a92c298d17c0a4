"""Blocks that several of torchvision's families share (`torchvision.ops`): names of classes, attributes and children are torchvision's.

Weights come from a checkpoint, so that parameters start as torch.nn's own constructors leave them.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def _make_divisible(value, divisor, min_value=None):
    """The multiple of `divisor` that is nearest to `value`, never under nine tenths of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


class Conv2dNormActivation(nn.Sequential):
    """Convolution, normalisation, activation: children 0, 1, 2, those that are asked for."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size=3,
        stride=1,
        padding=None,
        groups=1,
        norm_layer=nn.BatchNorm2d,
        activation_layer=nn.ReLU,
        dilation=1,
        inplace=True,
        bias=None,
    ):
        if padding is None:
            padding = (kernel_size - 1) // 2 * dilation
        if bias is None:
            bias = norm_layer is None
        steps = [nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation=dilation, groups=groups, bias=bias)]
        if norm_layer is not None:
            steps.append(norm_layer(out_channels))
        if activation_layer is not None:
            steps.append(activation_layer() if inplace is None else activation_layer(inplace=inplace))
        super().__init__(*steps)
        self.out_channels = out_channels


# What the same block was called in earlier versions.
ConvNormActivation = Conv2dNormActivation
ConvBNActivation = Conv2dNormActivation
ConvBNReLU = Conv2dNormActivation


class SqueezeExcitation(nn.Module):
    """Channels weighted by what the whole image says of them."""

    def __init__(self, input_channels, squeeze_channels, activation=nn.ReLU, scale_activation=nn.Sigmoid):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input):
        scale = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(scale)) * input


class MLP(nn.Sequential):
    """Linear layers with an activation and dropout after each but the last, which has dropout alone."""

    def __init__(self, in_channels, hidden_channels, norm_layer=None, activation_layer=nn.ReLU, inplace=None, bias=True, dropout=0.0):
        options = {} if inplace is None else {"inplace": inplace}
        steps = []
        width = in_channels
        for hidden in hidden_channels[:-1]:
            steps.append(nn.Linear(width, hidden, bias=bias))
            if norm_layer is not None:
                steps.append(norm_layer(hidden))
            steps.append(activation_layer(**options))
            steps.append(nn.Dropout(dropout, **options))
            width = hidden
        steps.append(nn.Linear(width, hidden_channels[-1], bias=bias))
        steps.append(nn.Dropout(dropout, **options))
        super().__init__(*steps)


class Permute(nn.Module):
    """`tensor.permute` as a module."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return torch.permute(x, self.dims)


class StochasticDepth(nn.Module):
    """In training, whole samples ("row") or the whole batch ("batch") become zero with probability `p`."""

    def __init__(self, p, mode):
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input):
        if not self.training or self.p == 0.0:
            return input
        sizes = [input.shape[0] if self.mode == "row" else 1] + [1] * (input.ndim - 1)
        kept = torch.empty(sizes, dtype=input.dtype, device=input.device).bernoulli_(1.0 - self.p)
        return input * (kept / (1.0 - self.p) if self.p < 1.0 else kept)


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W)."""

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)
