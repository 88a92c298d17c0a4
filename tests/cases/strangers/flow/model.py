import numpy as np
import torch
from torch import distributions as D, nn

masks = torch.from_numpy(np.array([[0, 1], [1, 0]] * 2).astype(np.float32))


class Coupling(nn.Module):
    def __init__(self, make_scale, make_shift, masks, base):
        super().__init__()
        self.base = base
        self.masks = nn.Parameter(masks, requires_grad=False)
        self.scale = nn.ModuleList([make_scale() for _ in masks])
        self.shift = nn.ModuleList([make_shift() for _ in masks])

    def forward(self, x):
        log_det = x.new_zeros(len(x))
        for k in reversed(range(len(self.masks))):
            free = 1 - self.masks[k]
            seen = x * self.masks[k]
            s, t = self.scale[k](seen) * free, self.shift[k](seen) * free
            x = seen + free * (x - t) * (-s).exp()
            log_det -= s.sum(1)
        return self.base.log_prob(x) + log_det, x


scale_net = lambda: nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(), nn.Linear(6, 2), nn.Tanh())
shift_net = lambda: nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(), nn.Linear(6, 2))
base = D.MultivariateNormal(torch.zeros(2), torch.tensor([[1.0, 0.3], [0.3, 2.0]]))
flow = Coupling(scale_net, shift_net, masks, base)
