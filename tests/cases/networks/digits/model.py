import torch
import torch.nn as nn
import torch.nn.functional as F


class DigitsNet(nn.Module):
    """Handwritten digits of 8x8 pixels, brightness 0 to 1."""

    def __init__(self, num_classes=10, channels=(16, 32), p=0.25):
        super().__init__()
        first, second = channels
        self.conv1 = nn.Conv2d(1, first, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(second)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(p)
        self.fc1 = nn.Linear(second * 2 * 2, 48)
        self.fc2 = nn.Linear(48, num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = self.pool(F.relu(self.bn2(self.conv2(x))))
        x = torch.flatten(x, 1)
        x = self.dropout(F.relu(self.fc1(x)))
        return self.fc2(x)
