import torch.nn as nn


def conv_bn(cin, cout, k, stride):
    return nn.Sequential(nn.Conv1d(cin, cout, k, stride, padding=k // 2, bias=False), nn.BatchNorm1d(cout), nn.ReLU())


class WaveNetLite(nn.Module):
    def __init__(self, *, in_channels, base_channels, kernel_size, n_stages, n_classes, stride=2):
        super().__init__()
        chans = [base_channels * 2 ** i for i in range(n_stages)]
        self.stem = conv_bn(in_channels, chans[0], kernel_size, 1)
        self.stages = nn.ModuleList(
            conv_bn(a, b, kernel_size, stride) for a, b in zip(chans[:-1], chans[1:])
        )
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.fc = nn.Linear(chans[-1], n_classes)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.fc(self.pool(x).squeeze(-1))
