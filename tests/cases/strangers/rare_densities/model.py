"""Heads of forecasters and of reinforcement learning: densities of many kinds, transformed ones among them."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import AffineTransform, Beta, Gamma, Independent, MixtureSameFamily, NegativeBinomial, Normal, StudentT, TransformedDistribution
from torch.distributions import Categorical, MultivariateNormal
from torch.distributions.kl import kl_divergence
from torch.distributions.transforms import ExpTransform, TanhTransform


class Heads(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.fc = nn.Linear(d, 6)
        self.mix = nn.Linear(d, 9)

    def forward(self, x, y):
        a, b, c, e, f, g = self.fc(x).unbind(-1)
        scale = F.softplus(b) + 0.1
        df = 2 + F.softplus(c)
        plain = Normal(a, scale)
        squashed = TransformedDistribution(plain, [TanhTransform(), AffineTransform(0.0, 2.0)])
        positive = TransformedDistribution(plain, ExpTransform())
        weights, loc, wide = self.mix(x).chunk(3, -1)
        mixture = MixtureSameFamily(Categorical(logits=weights), Normal(loc, wide.exp()))
        near, far = MultivariateNormal(loc, torch.eye(3) * 0.5), MultivariateNormal(torch.zeros_like(loc), torch.eye(3) + 0.2)
        student = TransformedDistribution(StudentT(df, a, scale), [AffineTransform(loc=1.0, scale=3.0)])
        unit = torch.sigmoid(y)
        return {
            "squashed": squashed.log_prob(torch.tanh(y)),
            "positive": positive.log_prob(unit),
            "mixture": mixture.log_prob(y),
            "mean": mixture.mean,
            "student": student.log_prob(y),
            "counts": NegativeBinomial(F.softplus(e) + 1, logits=f).log_prob(torch.tensor(3.0)),
            "gamma": Gamma(df, scale).log_prob(unit),
            "beta": Beta(df, scale).log_prob(unit),
            "kl": kl_divergence(near, far),
            "rows": kl_divergence(Independent(Normal(loc, 1.0), 1), Independent(Normal(0.0 * loc, 2.0), 1)),
        }
