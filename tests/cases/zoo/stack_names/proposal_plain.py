import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    """Proposed from a state_dict's keys and shapes. What says "guess" is told by nothing in the file."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)  # guess: stride and padding
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1, groups=2)  # guess: stride and padding
        self.fc1 = nn.Linear(392, 12, bias=False)
        self.fc2 = nn.Linear(12, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = self.bn1(x)
        x = F.relu(x)  # guess
        x = F.max_pool2d(x, 2)  # guess
        x = self.conv2(x)
        x = F.relu(x)  # guess
        x = F.max_pool2d(x, 2)  # guess
        x = torch.flatten(x, 1)  # guess
        x = self.fc1(x)
        x = F.relu(x)  # guess
        x = self.fc2(x)
        return x  # guess: a softmax or sigmoid may follow
