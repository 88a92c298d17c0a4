import torch.nn as nn
import torch.nn.functional as F


class Norms(nn.Module):
    """Batch norm with and without running averages, group and instance norm, normalised rows."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3)
        self.tracked = nn.BatchNorm2d(6, momentum=None)
        self.untracked = nn.BatchNorm2d(6, track_running_stats=False)
        self.group = nn.GroupNorm(3, 6)
        self.instance = nn.InstanceNorm2d(6, affine=True)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = F.relu(self.tracked(self.conv(x)))
        x = F.leaky_relu(self.untracked(x), 0.2)
        x = self.instance(self.group(x))
        x = F.normalize(x.amax(dim=[-2, -1]), p=2, dim=1)
        return F.layer_norm(self.fc(x), (5,))
