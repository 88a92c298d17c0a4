"""Features of inner layers by hooks, one of which changes what its layer gives."""
import torch
import torch.nn as nn


class Backbone(nn.Module):
    def __init__(self, widths=(4, 6)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, 2, 1)
        self.layer1 = nn.Sequential(nn.Conv2d(widths[0], widths[1], 3, 2, 1), nn.BatchNorm2d(widths[1]), nn.ReLU())
        self.fc = nn.Linear(widths[1], 3)

    def forward(self, x):
        return self.fc(self.layer1(torch.relu(self.stem(x))).mean((2, 3)))


class Probe(nn.Module):
    def __init__(self, model, names):
        super().__init__()
        self.model = model
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.seen = {}
        layers = dict(self.model.named_modules())
        self.handles = [layers[name].register_forward_hook(self.keep(name)) for name in names]
        self.model.stem.register_forward_hook(lambda module, args, output: output * self.scale)
        self.model.fc.register_forward_pre_hook(lambda module, args: (torch.tanh(args[0]),))
        self.model.fc.register_forward_hook(lambda module, args, kwargs, output: output + len(kwargs), with_kwargs=True)
        lost = self.model.fc.register_forward_hook(lambda module, args, output: output * 100)
        lost.remove()

    def keep(self, name):
        def hook(module, args, output):
            self.seen[name] = output

        return hook

    def forward(self, x):
        return self.model(x), self.seen


probe = Probe(Backbone(), ["layer1.0", "layer1"])
