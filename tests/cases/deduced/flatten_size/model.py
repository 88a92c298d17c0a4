import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self, in_channels, image_size, n_filters, num_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, n_filters, 5)
        self.conv2 = nn.Conv2d(n_filters, n_filters * 2, 5)
        side = ((image_size - 4) // 2 - 4) // 2
        self.flat = n_filters * 2 * side * side
        self.fc1 = nn.Linear(self.flat, 32)
        self.fc2 = nn.Linear(32, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.flat)
        return self.fc2(F.relu(self.fc1(x)))
