import torch
from torch import nn


class Encoder(nn.Module):
    """The mean and the logarithm of the variance, and what is between."""

    def __init__(self, inputs=20, hidden=14, latent=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, hidden), nn.Softplus(), nn.Linear(hidden, hidden), nn.SELU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)

    def forward(self, x):
        h = self.body(x)
        return self.mu(h), self.logvar(h).clamp(min=-4.0, max=4.0)


class VAE(nn.Module):
    def __init__(self, inputs=20, latent=3):
        super().__init__()
        self.encoder = Encoder(inputs, latent=latent)
        self.decoder = nn.Sequential(nn.Linear(latent, 14), nn.Tanh(), nn.Linear(14, inputs), nn.Sigmoid())

    def reparameterize(self, mu, logvar):
        if self.training:
            std = torch.exp(0.5 * logvar)
            return mu + std * torch.randn_like(std)
        return mu

    def forward(self, x):
        shape = x.shape
        mu, logvar = self.encoder(x.reshape(shape[0], -1))
        z = self.reparameterize(mu, logvar)
        return self.decoder(z).reshape(shape), (mu, logvar)
