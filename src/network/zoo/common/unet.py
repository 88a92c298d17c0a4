"""U-Net in its most common PyTorch form: `inc`, `down1` to `down4`, `up1` to `up4`, `outc`, each with a `double_conv`.

Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation (2015).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, size, unless


class DoubleConv(nn.Module):
    """Convolution, normalisation, ReLU, twice."""

    def __init__(self, in_channels, out_channels, mid_channels=None):
        super().__init__()
        middle = mid_channels or out_channels
        self.double_conv = nn.Sequential(
            nn.Conv2d(in_channels, middle, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    """Half the size."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(in_channels, out_channels))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    """Twice the size, beside what the way down left at that size."""

    def __init__(self, in_channels, out_channels, bilinear=True):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(in_channels, out_channels, in_channels // 2)
        else:
            self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, kernel_size=2, stride=2)
            self.conv = DoubleConv(in_channels, out_channels)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        rows, columns = x2.size(2) - x1.size(2), x2.size(3) - x1.size(3)
        x1 = F.pad(x1, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        return self.conv(torch.cat([x2, x1], dim=1))


class OutConv(nn.Module):
    """A score for each class at each place."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    """Four steps down and up; `width` is the first one's channels."""

    def __init__(self, n_channels, n_classes, bilinear=False, width=64):
        super().__init__()
        self.n_channels = n_channels
        self.n_classes = n_classes
        self.bilinear = bilinear
        factor = 2 if bilinear else 1
        self.inc = DoubleConv(n_channels, width)
        self.down1 = Down(width, width * 2)
        self.down2 = Down(width * 2, width * 4)
        self.down3 = Down(width * 4, width * 8)
        self.down4 = Down(width * 8, width * 16 // factor)
        self.up1 = Up(width * 16, width * 8 // factor, bilinear)
        self.up2 = Up(width * 8, width * 4 // factor, bilinear)
        self.up3 = Up(width * 4, width * 2 // factor, bilinear)
        self.up4 = Up(width * 2, width, bilinear)
        self.outc = OutConv(width, n_classes)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x = self.up1(self.down4(x4), x4)
        x = self.up2(x, x3)
        x = self.up3(x, x2)
        return self.outc(self.up4(x, x1))


def recognise(shapes, modules=None):
    """Channels, classes and width from the ends; transposed convolutions have weights, bilinear resizing has none."""
    if "down4.maxpool_conv.1.double_conv.0.weight" not in shapes or "outc.conv.weight" not in shapes:
        return None
    width, channels = size(shapes, "inc.double_conv.0.weight"), size(shapes, "inc.double_conv.0.weight", 1)
    bilinear = "up1.up.weight" not in shapes
    classes = size(shapes, "outc.conv.weight")
    construct = call("UNet", n_channels=channels, n_classes=classes, bilinear=unless(bilinear, False), width=unless(width, 64))
    notes = ["resizing: bilinear with align_corners=True was taken, as is common in this form"] if bilinear else []
    return "unet", construct, notes
