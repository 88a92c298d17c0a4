import torch.nn as nn


def stack(widths, norm=False, channels=3):
    layers = []
    for width in widths:
        if width == 'M':
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers.append(nn.Conv2d(channels, width, 3, padding=1))
        if norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU(inplace=True))
        channels = width
    return nn.Sequential(*layers)


class Net(nn.Module):
    def __init__(self, widths, num_classes, norm=True):
        super().__init__()
        self.features = stack(widths, norm)
        self.head = nn.Linear([w for w in widths if w != 'M'][-1], num_classes)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))
