import torch
from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, squeeze: int, gate=nn.Hardsigmoid) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)
        self.act = nn.ReLU6()
        self.gate = gate()

    def _scale(self, x: Tensor) -> Tensor:
        return self.gate(self.fc2(self.act(self.fc1(self.avgpool(x)))))

    def forward(self, x: Tensor) -> Tensor:
        return self._scale(x) * x


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = int(round(inputs * expand))
        self.use_res = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden, eps=0.001, momentum=0.01),
            nn.Hardswish(),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden, eps=0.001, momentum=0.01),
            SqueezeExcitation(hidden, max(1, hidden // 4)),
            nn.SiLU(),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs, eps=0.001, momentum=0.01),
        )

    def forward(self, x: Tensor) -> Tensor:
        result = self.conv(x)
        return x + result if self.use_res else result


class Mobile(nn.Module):
    settings = [(1, 6, 1), (2, 8, 2), (3, 8, 1)]

    def __init__(self, num_classes: int = 3) -> None:
        super().__init__()
        width = 6
        features = [nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(inplace=True))]
        for expand, outputs, stride in self.settings:
            features.append(InvertedResidual(width, outputs, stride, expand))
            width = outputs
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=0.2, inplace=True), nn.Linear(width, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, 1).reshape(x.shape[0], -1)
        return self.classifier(x)
