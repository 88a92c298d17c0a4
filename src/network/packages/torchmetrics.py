"""torchmetrics: measures that Lightning's networks keep beside their layers. Their states are in no state_dict, and no measure is taken here."""

import torch.nn as nn


class Metric(nn.Module):
    """A measure of any kind."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, *args, **kwargs):
        raise NotImplementedError("torchmetrics: measures are not taken inside a network here; evaluate() takes them")

    def update(self, *args, **kwargs):
        self.forward()

    def compute(self):
        self.forward()

    def reset(self):
        pass

    def clone(self, prefix=None, postfix=None):
        return Metric()


def __getattr__(name):
    if name[0].isupper():
        return Metric
    raise AttributeError(f"module 'torchmetrics' has no attribute '{name}'")
