import torch
import torch.nn as nn
from torch.nn import functional as F


class Picture(nn.Module):
    """Everything that a convolution and a pool can be told."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, (3, 5), stride=(2, 1), padding=(1, 2))
        self.b = nn.Conv2d(8, 8, 3, padding="same", dilation=(1, 2), groups=2)
        self.depthwise = nn.Conv2d(8, 16, 3, padding=1, groups=8, bias=False)
        self.pointwise = nn.Conv2d(16, 12, 1)
        self.c = nn.Conv2d(12, 12, kernel_size=2, stride=2, padding="valid")
        self.norm = nn.BatchNorm2d(12, affine=False)
        self.avg = nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)

    def forward(self, x):
        x = F.silu(self.a(x))
        x = F.gelu(self.b(x)) + x
        x = F.max_pool2d(x, 3, stride=1, padding=1, dilation=1)
        x = F.hardswish(self.pointwise(self.depthwise(x)))
        x = self.norm(self.c(x))
        x = self.avg(x)
        return F.adaptive_avg_pool2d(x, (2, 3))
