"""ResNet, ResNeXt and wide ResNet, with torchvision's names (`torchvision.models.resnet`).

He et al., Deep Residual Learning for Image Recognition (2015); Xie et al. (2016); Zagoruyko and Komodakis (2016).
"""

import torch
import torch.nn as nn
from zoo.shapes import call, count, size, unless


def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
    """A 3x3 convolution that keeps the size at stride 1."""
    return nn.Conv2d(in_planes, out_planes, 3, stride, padding=dilation, dilation=dilation, groups=groups, bias=False)


def conv1x1(in_planes, out_planes, stride=1):
    """A projection of channels."""
    return nn.Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input passes."""

    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        around = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += around
        return self.relu(out)


class Bottleneck(nn.Module):
    """A 3x3 convolution between two of 1x1; the stride is the middle one's."""

    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        around = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += around
        return self.relu(out)


class ResNet(nn.Module):
    """Four stages of blocks between a 7x7 convolution and a linear layer.

    `planes` and `stem` are not torchvision's: narrower networks, and those for small images, keep its names with other widths of the stages, and
    another kernel, stride and padding of the first convolution.
    """

    def __init__(
        self,
        block,
        layers,
        num_classes=1000,
        zero_init_residual=False,
        groups=1,
        width_per_group=64,
        replace_stride_with_dilation=None,
        norm_layer=None,
        planes=(64, 128, 256, 512),
        stem=(7, 2, 3),
    ):
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = planes[0]
        self.dilation = 1
        dilate = replace_stride_with_dilation or [False, False, False]
        if len(dilate) != 3:
            raise ValueError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {replace_stride_with_dilation}")
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, *stem, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, planes[0], layers[0])
        self.layer2 = self._make_layer(block, planes[1], layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, planes[2], layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, planes[3], layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(planes[3] * block.expansion, num_classes)

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        before = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride),
                self._norm_layer(planes * block.expansion),
            )
        rest = (self.groups, self.base_width)
        stages = [block(self.inplanes, planes, stride, downsample, *rest, before, self._norm_layer)]
        self.inplanes = planes * block.expansion
        for _ in range(1, blocks):
            stages.append(block(self.inplanes, planes, 1, None, *rest, self.dilation, self._norm_layer))
        return nn.Sequential(*stages)

    def _forward_impl(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))

    def forward(self, x):
        return self._forward_impl(x)


# name: block, blocks in each stage, groups, width of a group
VARIANTS = {
    "resnet18": (BasicBlock, [2, 2, 2, 2], 1, 64),
    "resnet34": (BasicBlock, [3, 4, 6, 3], 1, 64),
    "resnet50": (Bottleneck, [3, 4, 6, 3], 1, 64),
    "resnet101": (Bottleneck, [3, 4, 23, 3], 1, 64),
    "resnet152": (Bottleneck, [3, 8, 36, 3], 1, 64),
    "resnext50_32x4d": (Bottleneck, [3, 4, 6, 3], 32, 4),
    "resnext101_32x8d": (Bottleneck, [3, 4, 23, 3], 32, 8),
    "resnext101_64x4d": (Bottleneck, [3, 4, 23, 3], 64, 4),
    "wide_resnet50_2": (Bottleneck, [3, 4, 6, 3], 1, 128),
    "wide_resnet101_2": (Bottleneck, [3, 4, 23, 3], 1, 128),
}


def _variant(name, options):
    block, layers, groups, width = VARIANTS[name]
    if (groups, width) != (1, 64):
        options = {"groups": groups, "width_per_group": width, **options}
    return ResNet(block, layers, **options)


def resnet18(weights=None, progress=True, **kwargs):
    return _variant("resnet18", kwargs)


def resnet34(weights=None, progress=True, **kwargs):
    return _variant("resnet34", kwargs)


def resnet50(weights=None, progress=True, **kwargs):
    return _variant("resnet50", kwargs)


def resnet101(weights=None, progress=True, **kwargs):
    return _variant("resnet101", kwargs)


def resnet152(weights=None, progress=True, **kwargs):
    return _variant("resnet152", kwargs)


def resnext50_32x4d(weights=None, progress=True, **kwargs):
    return _variant("resnext50_32x4d", kwargs)


def resnext101_32x8d(weights=None, progress=True, **kwargs):
    return _variant("resnext101_32x8d", kwargs)


def resnext101_64x4d(weights=None, progress=True, **kwargs):
    return _variant("resnext101_64x4d", kwargs)


def wide_resnet50_2(weights=None, progress=True, **kwargs):
    return _variant("wide_resnet50_2", kwargs)


def wide_resnet101_2(weights=None, progress=True, **kwargs):
    return _variant("wide_resnet101_2", kwargs)


def recognise(shapes, modules=None):
    """The block by its third convolution, the depth of each stage by its numbers, groups and widths by the first blocks' convolutions."""
    first = size(shapes, "conv1.weight")
    if first == 0 or "layer4.0.conv1.weight" not in shapes or "fc.weight" not in shapes:
        return None
    deep = "layer1.0.conv3.weight" in shapes
    stages = [f"layer{stage}." for stage in (1, 2, 3, 4)]
    layers = [count(shapes, stage, ".conv1.weight") for stage in stages]
    ends = [size(shapes, f"{stage}0.conv{3 if deep else 2}.weight") for stage in stages]
    planes = tuple(end // (4 if deep else 1) for end in ends)
    groups, width = 1, 64
    if deep and planes[0] > 0:
        middle = size(shapes, "layer1.0.conv2.weight")
        groups = middle // max(1, size(shapes, "layer1.0.conv2.weight", 1))
        width = 64 * middle // (max(1, groups) * planes[0])
    classes = size(shapes, "fc.weight")
    kernel = size(shapes, "conv1.weight", 2)
    usual = planes == (64, 128, 256, 512)
    if usual and kernel == 7:
        for name, (block, known, known_groups, known_width) in VARIANTS.items():
            if (block is Bottleneck, known, known_groups, known_width) == (deep, layers, groups, width):
                return name, call(name, num_classes=classes), []
    notes = [] if usual else ["strides: torchvision's were taken, though the widths are not torchvision's"]
    options = {"groups": unless(groups, 1), "width_per_group": unless(width, 64), "planes": None if usual else planes}
    if kernel != 7:
        options["stem"] = (kernel, 1, kernel // 2)
        notes.append(f"the first convolution: stride 1 and padding {kernel // 2} were taken, and the pool after it as torchvision has it")
    tail = call("", num_classes=classes, **options)
    return "resnet", f"ResNet({'Bottleneck' if deep else 'BasicBlock'}, {layers}, {tail[1:]}", notes
