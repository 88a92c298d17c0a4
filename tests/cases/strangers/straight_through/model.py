import torch
from torch import nn
from torch.autograd import Function


class Sign(Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.sign(x)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        grad = grad.clone()
        grad[x.abs() > 1] = 0
        return grad * ctx.slope, None


class Clip(torch.autograd.Function):
    @staticmethod
    def forward(x, low):
        return x.clamp(min=low)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.low = inputs[1]

    @staticmethod
    def backward(ctx, grad):
        return grad, None


sign = Sign.apply


class BinaryLinear(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(x, sign(self.weight, 1.0), self.bias)


class Binary(nn.Module):
    def __init__(self, d_in, d_hidden, n_classes):
        super().__init__()
        self.body = nn.Sequential(BinaryLinear(d_in, d_hidden), nn.BatchNorm1d(d_hidden), nn.Hardtanh())
        self.head = nn.Linear(d_hidden, n_classes)

    def forward(self, x):
        h = self.body(x)
        return self.head(Clip.apply(h, -0.5)), sign(h, 2.0)
