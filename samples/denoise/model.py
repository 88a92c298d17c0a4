import torch
import torch.nn as nn


class Denoiser(nn.Module):
    """Takes the noise off pictures of 8x8 pixels, brightness 0 to 1."""

    def __init__(self, channels=16):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.middle = nn.Sequential(nn.Conv2d(2 * channels, 2 * channels, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.last = nn.Conv2d(channels + 1, 1, 3, padding=1)

    def forward(self, picture):
        x = self.up(self.middle(self.down(picture)))
        x = torch.cat([torch.relu(x), picture], dim=1)
        return torch.sigmoid(self.last(x))
