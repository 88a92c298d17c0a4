import torch
from torch import nn
from torch.distributions import Normal, kl_divergence, Independent
import torch.nn.functional as F

class GaussianMLP(nn.Module):
    def __init__(self, *sizes, act=nn.Tanh):
        super().__init__()
        mods = []
        for a, b in zip(sizes[:-2], sizes[1:-1]):
            mods += [nn.Linear(a, b), act()]
        self.trunk = nn.Sequential(*mods)
        self.mu, self.rho = nn.Linear(sizes[-2], sizes[-1]), nn.Linear(sizes[-2], sizes[-1])
    def forward(self, x):
        h = self.trunk(x)
        return Normal(self.mu(h), F.softplus(self.rho(h)) + 1e-4)

class VAE(nn.Module):
    def __init__(self, x_dim, h_dim, z_dim):
        super().__init__()
        self.enc = GaussianMLP(x_dim, h_dim, z_dim)
        self.dec = GaussianMLP(z_dim, h_dim, x_dim)
        self.register_buffer('pm', torch.zeros(z_dim))
        self.register_buffer('ps', torch.ones(z_dim))
    def forward(self, x):
        q = self.enc(x)
        z = q.rsample() if self.training else q.mean
        p = self.dec(z)
        kl = kl_divergence(q, Normal(self.pm, self.ps)).sum(-1)
        rec = Independent(p, 1).log_prob(x)
        return {'elbo': rec - kl, 'recon': p.loc, 'ent': q.entropy()}
