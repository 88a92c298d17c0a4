import torch
import torch.nn as nn


class Base(nn.Module):
    latent = 4

    @staticmethod
    def width(n):
        return n * 2

    @property
    def size(self):
        return self.side * self.side

    def describe(self):
        return f"{type(self).__name__} of {self.size} pixels"


class AutoEncoder(Base):
    """Inheritance, a property, a static method, keyword arguments."""

    def __init__(self, side=6, **options):
        super().__init__()
        self.side = side
        hidden = self.width(options.get("hidden", 8))
        self.encoder = nn.Sequential(nn.Flatten(start_dim=1), nn.Linear(self.size, hidden), nn.Mish(), nn.Linear(hidden, self.latent))
        self.decoder = nn.Sequential(
            nn.Linear(self.latent, hidden), nn.Softsign(), nn.Linear(hidden, self.size), nn.Unflatten(1, (1, side, side))
        )

    def encode(self, x):
        return self.encoder(x)

    def forward(self, x, return_code=True):
        code = self.encode(x)
        picture = self.decoder(code).sigmoid_()
        if not return_code:
            return picture
        return picture, code
