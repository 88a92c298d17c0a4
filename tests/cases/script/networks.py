"""The networks of the TorchScript cases, as authors write what they then script or trace. Each is made by a function without arguments."""

import enum
import math
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 3))

    def forward(self, x):
        return self.layers(x)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.AdaptiveAvgPool2d((1, 1)),
        )
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.features(x)
        return self.head(x.view(x.size(0), -1))


class Block(nn.Module):
    def __init__(self, inplanes, planes, stride=1, downsample: Optional[nn.Module] = None):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """torchvision's shape, narrow."""

    def __init__(self, widths=(4, 6, 8), blocks=(2, 1, 1)):
        super().__init__()
        self.inplanes = 4
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(widths[0], blocks[0])
        self.layer2 = self._make_layer(widths[1], blocks[1], 2)
        self.layer3 = self._make_layer(widths[2], blocks[2], 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(widths[2], 5)

    def _make_layer(self, planes, blocks, stride=1):
        downsample = None
        if stride != 1 or self.inplanes != planes:
            downsample = nn.Sequential(nn.Conv2d(self.inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))
        layers = [Block(self.inplanes, planes, stride, downsample)]
        self.inplanes = planes
        layers += [Block(planes, planes) for _ in range(1, blocks)]
        return nn.Sequential(*layers)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 5, padding_idx=0)
        self.lstm = nn.LSTM(5, 4, 2, batch_first=True, bidirectional=True, dropout=0.3)
        self.out = nn.Linear(8, 3)

    def forward(self, ids):
        y, (h, c) = self.lstm(self.embedding(ids))
        return self.out(y), h, c


class GruPacked(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 5)
        self.gru = nn.GRU(5, 4, batch_first=True, bidirectional=True)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        y, h = self.gru(packed)
        padded, sizes = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        return padded, sizes, h


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTMCell(4, 3)
        self.gru = nn.GRUCell(3, 3)
        self.rnn = nn.RNN(3, 2, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(1), 3)
        c = torch.zeros_like(h)
        states: List[Tensor] = []
        for t in range(x.size(0)):
            h, c = self.lstm(x[t], (h, c))
            states.append(self.gru(c, h))
        return self.rnn(torch.stack(states))[0]


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 8)
        self.position = nn.Parameter(torch.zeros(1, 6, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, activation="gelu", norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
        self.head = nn.Linear(8, 4)

    def forward(self, ids, mask: Optional[Tensor] = None):
        x = self.embedding(ids) * math.sqrt(8) + self.position[:, : ids.size(1)]
        return self.head(self.encoder(x, src_key_padding_mask=mask))


class Attention(nn.Module):
    """Attention by hand: chunks, a causal mask kept as a buffer, softmax."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(6, 18)
        self.proj = nn.Linear(6, 6)
        self.norm = nn.GroupNorm(2, 6)
        self.register_buffer("mask", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8), persistent=False)
        self.heads = 2

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = self.qkv(x).split(c, dim=2)
        q, k, v = [y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in (q, k, v)]
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, c)
        y = self.norm(self.proj(y).transpose(1, 2))
        return y, torch.einsum("bct,bdt->bcd", y, y)


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2)
        self.norm = nn.InstanceNorm2d(3, affine=True)
        self.out = nn.Conv2d(5 + 4, 1, 1)

    def forward(self, x):
        d = F.elu(self.down(x))
        m = F.silu(self.middle(d))
        u = self.norm(self.up(m))
        diff = x.size(2) - u.size(2)
        u = F.pad(u, [0, 0, diff // 2, diff - diff // 2])
        w = F.interpolate(m, size=[x.size(2), x.size(3)], mode="bilinear", align_corners=False)
        n = F.interpolate(u, scale_factor=2.0, mode="nearest")
        return torch.sigmoid(self.out(torch.cat([x, u, w], 1))), F.avg_pool2d(n, 2), F.max_pool2d(n, 3, 2, 1)


class Mixture(nn.Module):
    """ModuleList and ModuleDict, enumerated; a loop with break and continue; an early return."""

    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Sequential(nn.Linear(4, 2), nn.Softplus())})
        self.rounds = 4

    def forward(self, x: Tensor, limit: float = 0.5) -> Dict[str, Tensor]:
        results: Dict[str, Tensor] = {}
        for i, expert in enumerate(self.experts):
            x = torch.relu(expert(x)) + i
        for name, head in self.heads.items():
            results[name] = head(x)
        total = torch.zeros(x.size(0))
        for k in range(self.rounds):
            if k == 1:
                continue
            if k > 2:
                break
            total = total + x[:, k] * limit
        results["total"] = total
        if x.size(0) > 3:
            return results
        results["few"] = total.clamp(max=limit)
        return results


class Result(NamedTuple):
    logits: Tensor
    probabilities: Tensor
    loss: Optional[Tensor]


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 3)
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)

    def forward(self, x: Tensor, target: Optional[Tensor] = None) -> Result:
        logits = self.fc(x)
        loss: Optional[Tensor] = None
        if target is not None:
            loss = self.loss(logits, target)
        result = Result(logits, torch.softmax(logits, -1), loss)
        return Result(result.logits, result.probabilities / result.probabilities.sum(-1, keepdim=True), result.loss)


class Several(nn.Module):
    """Inputs of several kinds, some left out."""

    def __init__(self):
        super().__init__()
        self.users = nn.Embedding(7, 4)
        self.items = nn.Embedding(9, 4)
        self.bilinear = nn.Bilinear(4, 4, 2)
        self.bag = nn.EmbeddingBag(9, 4, mode="sum")

    def forward(self, users: Tensor, items: Tensor, history: Optional[Tensor] = None, scale: Optional[float] = None,
                flags: Tuple[bool, bool] = (True, False)) -> Tuple[Tensor, Tensor]:
        u, i = self.users(users), self.items(items)
        if history is not None:
            i = i + self.bag(history)
        y = self.bilinear(u, i)
        if scale is not None:
            y = y * scale
        if flags[0] and not flags[1]:
            y = -y
        return y, (u * i).sum(dim=1)


@torch.jit.script
def rounded(x: Tensor, digits: int) -> Tensor:
    factor = 10.0**digits
    return torch.round(x * factor) / factor


def windows(x: Tensor, size: int) -> List[Tensor]:
    return [x[at : at + size] for at in range(0, x.size(0) - size + 1, size)]


class Shapes(nn.Module):
    """Control flow on shapes and plain values: functions, lists, strings, while, assert, slices that are written to."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tuple[Tensor, int, str]:
        assert x.dim() == 2, "two dims"
        n = x.size(0)
        steps = 0
        while n > 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        parts = windows(x, 2)
        sizes = [p.size(0) for p in parts]
        y = torch.cat([self.fc(p) * (i + 1) for i, p in enumerate(parts)])
        y[:, 0] = 1.0
        y[0, 1:3] += 2
        y[-1] = y[-1] ** 2
        text = "{}:{}".format(steps, max(sizes) + sum(sizes))
        if "7" in text or not len(sizes):
            y = y.flip(0)
        z = y.unsqueeze(-1).expand(-1, -1, 2).reshape(y.size(0), -1)[:, ::2]
        return rounded(z, 2), steps, text


class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Constants(nn.Module):
    """Attributes of every kind beside parameters."""

    scale: float
    names: List[str]
    table: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.scale = 0.25
        self.names = ["a", "b"]
        self.table = {"a": 2, "b": 3}
        self.shape = (2, 3)
        self.color = Color.GREEN
        self.empty: Optional[Tensor] = None
        self.offsets = torch.arange(6.0).view(2, 3)
        self.grid = [torch.ones(3), torch.full((3,), 2.0)]
        self.weight = nn.Parameter(torch.zeros(3, 3))
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3]))

    def forward(self, x: Tensor) -> Tensor:
        y = (x - self.mean) @ self.weight + self.offsets[0] * self.scale
        for name in self.names:
            y = y * self.table[name]
        for row in self.grid:
            y = y + row
        if self.color == Color.GREEN and self.empty is None:
            y = y + float(self.shape[1]) + torch.tensor([[1.0, 2.0, 3.0]])
        big = torch.linspace(0, 1, 40).to(y.dtype)
        return y + big.sum() + torch.ones(3, device=y.device, dtype=torch.float64).to(y).mean()


class Counter(nn.Module):
    """Buffers that forward writes in train mode, in place and anew; weight tying; BatchNorm1d with momentum None."""

    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(5, 5, bias=False)
        self.decode = nn.Linear(5, 5)
        self.decode.weight = self.encode.weight
        self.norm = nn.BatchNorm1d(5, momentum=None)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("average", torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(torch.tanh(self.encode(x)))
        if self.training:
            self.steps += 1
            self.average = 0.9 * self.average + 0.1 * y.detach().mean(0)
        return self.decode(y) + self.average


@torch.jit.script
class Box:
    def __init__(self, low: float, high: float):
        self.low = low
        self.high = high

    def width(self) -> float:
        return self.high - self.low

    def clip(self, x: Tensor) -> Tensor:
        return x.clamp(self.low, self.high) / self.width()


class Boxed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        box = Box(-0.5, 1.0)
        y = box.clip(self.fc(x))
        box.high = 0.25
        order = torch.argsort(y.sum(1), descending=True)
        best, where = y.max(dim=1)
        keep = torch.where(y > 0, y, torch.zeros_like(y))
        return box.clip(y)[order] + keep.std(dim=1, keepdim=True), best + where.to(torch.float32)


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(2, 4, 3, dilation=2, padding="same"))
        nn.utils.parametrize.remove_parametrizations(self.conv, "weight")
        self.prelu = nn.PReLU(4)
        self.gate = nn.Linear(10, 10)

    def forward(self, x):
        y = self.prelu(self.conv(x))
        a, b = y.chunk(2, dim=1)
        z = a * torch.sigmoid(b) + F.glu(y, dim=1)
        z = F.hardtanh(self.gate(F.layer_norm(z, [10])), -0.8, 0.8)
        return F.normalize(z, dim=-1), z.topk(3, dim=-1)[0], torch.cumsum(z, -1), z.permute(2, 0, 1).flatten(1).t()


class Detached(nn.Module):
    """One layer is kept from training by its place in forward."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 6)
        self.mix = nn.Linear(6, 6)
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = torch.relu(self.encoder(x))
        return self.head(torch.relu(self.mix(y)) + y.detach())


class Old(nn.Module):
    """What `OLD` in make.py computes, in the words of torch 1.4."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.fc = nn.Linear(6, 4)
        self.embedding = nn.Embedding(5, 4)

    def forward(self, x: Tensor, ids: Tensor):
        return self.fc(torch.cat([self.norm(self.conv(x)).mean((2, 3))] * 2, 1)), self.embedding(ids)


class Halves(nn.Module):
    """Integer division, which meant another thing before torch 1.6."""

    def forward(self, n: Tensor, x: Tensor) -> Tuple[Tensor, Tensor]:
        return n / 2, x / 2
