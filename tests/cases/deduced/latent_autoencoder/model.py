import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, input_size, hidden_size, latent_size):
        super(VAE, self).__init__()
        self.latent_size = latent_size
        self.enc = nn.Linear(input_size, hidden_size)
        # mean and log-variance in one layer
        self.stats = nn.Linear(hidden_size, 2 * latent_size)
        self.dec1 = nn.Linear(latent_size, hidden_size)
        self.dec2 = nn.Linear(hidden_size, input_size)

    def encode(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = torch.split(self.stats(h), self.latent_size, dim=1)
        return mu, logvar

    def reparameterize(self, mu, logvar):
        if not self.training:
            return mu
        return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = self.reparameterize(mu, logvar)
        return torch.sigmoid(self.dec2(F.relu(self.dec1(z)))), mu, logvar
