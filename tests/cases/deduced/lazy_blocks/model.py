from torch import nn


def block(layers, channels):
    parts = []
    for _ in range(layers):
        parts.append(nn.LazyConv2d(channels, kernel_size=3, padding=1))
        parts.append(nn.ReLU())
    parts.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*parts)


class VGG(nn.Module):
    def __init__(self, arch, num_classes=10):
        super().__init__()
        blocks = [block(layers, channels) for layers, channels in arch]
        self.net = nn.Sequential(
            *blocks, nn.Flatten(),
            nn.LazyLinear(24), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))

    def forward(self, x):
        return self.net(x)


model = VGG(arch=((1, 4), (2, 6)))
