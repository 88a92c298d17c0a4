import torch
import torch.nn.functional as F
from torch import nn


class Elementwise(nn.Module):
    """Arithmetic, promotion, comparisons, activations."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.5, -1.5, 2.0]))
        self.register_buffer("steps", torch.arange(3))

    def forward(self, x, n):
        pos = x.abs() + 0.1
        y = {}
        y["arith"] = (x + 1) * self.scale - x / 3 + 2 - x * self.steps
        y["reflected"] = 1 - x, 2 / pos, 2**x, -x, +x, abs(x), x**2, pos**0.5, pos**-1
        y["ints"] = n // 3, n % 3, n / 2, n * 2 + 1, -n // 4, n**2, n & 3, n | 1, n ^ 5, ~n, n << 1, n >> 1, 7 % (n.abs() + 1)
        y["mixed"] = n + x[:, :1, 0].long(), n * 1.5, n + torch.tensor(2.5), torch.true_divide(n, 4), n.float() // 2
        y["bools"] = (x > 0) & (x < 1), ~(x > 0), (n > 1) | (n == 0), (x > 0) ^ (x > 1), (x > 0) + (x > 1), (x > 0) * 2, n.ne(1)
        y["rounds"] = x.floor(), x.ceil(), x.round(), x.trunc(), torch.frac(x), torch.round(x * 3, decimals=1), x.sign()
        y["exps"] = x.exp(), pos.log(), pos.log2(), pos.log10(), torch.log1p(pos), x.expm1(), pos.sqrt(), pos.rsqrt(), x.exp2()
        y["trigs"] = x.sin(), x.cos(), x.tan(), torch.atan(x), x.sinh(), x.cosh(), x.tanh(), torch.asinh(x), torch.erf(x)
        y["clamps"] = x.clamp(-0.5, 0.5), x.clamp(min=0), torch.clamp(x, max=self.scale), x.clip(-1, 1), n.clamp(0, 2)
        y["extremes"] = torch.maximum(x, self.scale), torch.min(x, -x), torch.fmod(x, 0.7), torch.remainder(x, -0.7)
        y["wheres"] = torch.where(x > 0, x, 0.0), torch.where(x > 0, 1, 0), x.masked_fill(x < 0, -9), torch.atan2(x, pos)
        y["fused"] = torch.addcmul(x, x, pos, value=0.5), torch.addcdiv(x, x, pos), torch.lerp(x, pos, 0.3), torch.add(x, pos, alpha=3)
        y["special"] = torch.logit(torch.sigmoid(x)), torch.nan_to_num(x / 0, posinf=1.0, neginf=-1.0), torch.logaddexp(x, pos), torch.xlogy(x, pos), x.sub(1, alpha=2)
        y["relus"] = F.relu(x), F.relu6(x * 5), F.leaky_relu(x, 0.2), F.elu(x, 0.7), F.selu(x), F.celu(x, 1.3), F.gelu(x), F.gelu(x, approximate="tanh")
        y["soft"] = F.silu(x), F.mish(x), F.softplus(x, 2), F.softsign(x), F.logsigmoid(x), F.tanhshrink(x), F.softmin(x, dim=1)
        y["hard"] = F.hardtanh(x, -0.3, 0.4), F.hardswish(x), F.hardsigmoid(x), F.hardshrink(x), F.softshrink(x, 0.3), F.threshold(x, 0.1, 5.0)
        y["gated"] = F.glu(x.repeat(1, 1, 2)), F.prelu(x, self.scale[:1].abs()), F.rrelu(x), F.log_softmax(x, -1), F.softmax(x, 0)
        return y
