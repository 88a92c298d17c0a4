"""ResNet for 32x32 images in the form that is common for CIFAR-10: a 3x3 convolution first, `shortcut` and `linear` for names.

He et al., Deep Residual Learning for Image Recognition (2015), section 4.2 widened to four stages.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, size, unless


def _shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return nn.Sequential()
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input passes."""

    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = _shortcut(in_planes, planes, stride)

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + self.shortcut(x))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two of 1x1."""

    expansion = 4

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.shortcut = _shortcut(in_planes, 4 * planes, stride)

    def forward(self, x):
        out = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(out)) + self.shortcut(x))


class ResNet(nn.Module):
    """Four stages; `planes` is the first one's width."""

    def __init__(self, block, num_blocks, num_classes=10, planes=64):
        super().__init__()
        self.in_planes = planes
        self.conv1 = nn.Conv2d(3, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.layer1 = self._make_layer(block, planes, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(block, 2 * planes, num_blocks[1], stride=2)
        self.layer3 = self._make_layer(block, 4 * planes, num_blocks[2], stride=2)
        self.layer4 = self._make_layer(block, 8 * planes, num_blocks[3], stride=2)
        self.linear = nn.Linear(8 * planes * block.expansion, num_classes)

    def _make_layer(self, block, planes, num_blocks, stride):
        blocks = []
        for at in range(num_blocks):
            blocks.append(block(self.in_planes, planes, stride if at == 0 else 1))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = torch.flatten(F.avg_pool2d(x, 4), 1)
        return self.linear(x)


def recognise(shapes, modules=None):
    """The block by its third convolution, the depth of each stage by its numbers."""
    planes = size(shapes, "conv1.weight")
    layers = [count(shapes, f"layer{stage}.", ".conv1.weight") for stage in (1, 2, 3, 4)]
    if planes == 0 or 0 in layers or "linear.weight" not in shapes or size(shapes, "conv1.weight", 2) != 3:
        return None
    block = "Bottleneck" if "layer1.0.conv3.weight" in shapes else "BasicBlock"
    tail = call("", num_classes=size(shapes, "linear.weight"), planes=unless(planes, 64))
    return "resnet_cifar", f"ResNet({block}, {layers}, {tail[1:]}", []
