"""Networks for the cases of torch.export, each with its inputs and how it is exported; see make.py."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.export import Dim


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.LayerNorm(8), nn.Dropout(0.3), nn.Linear(8, 3))

    def forward(self, x):
        return F.log_softmax(self.layers(x), dim=-1)


class Convnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2)
        self.bn2 = nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(6, 4)

    def forward(self, image):
        x = self.pool(self.relu(self.bn1(self.conv1(image))))
        x = self.relu(self.bn2(self.conv2(x)))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.fc(self.drop(x))


class Residual(nn.Module):
    class Block(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm = nn.GroupNorm(2, channels)

        def forward(self, x):
            return F.silu(x + self.norm(self.conv(x)))

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 1)
        self.blocks = nn.ModuleList(Residual.Block(4) for _ in range(2))
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.up(x)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 5, padding_idx=0)
        self.lstm = nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True, dropout=0.2)
        self.out = nn.Linear(8, 3)

    def forward(self, tokens):
        y, (h, c) = self.lstm(self.embedding(tokens))
        return {"tags": self.out(y), "state": (h, c)}


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4, bias=False)
        self.rnn = nn.RNN(4, 4, nonlinearity="relu")

    def forward(self, x, hidden):
        y, h = self.gru(x, hidden)
        return self.rnn(y)[0], h


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, activation="gelu", norm_first=True)
        self.position = nn.Parameter(torch.zeros(5, 8))
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x, padding):
        x = self.encoder(x + self.position, src_key_padding_mask=padding)
        y, weights = self.attention(x, x, x, need_weights=True)
        return y, weights


class Causal(nn.Module):
    """Attention over sequences of any length, with tied embeddings."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 8)
        self.qkv = nn.Linear(8, 24)
        self.norm = nn.RMSNorm(8)
        self.head = nn.Linear(8, 13, bias=False)
        self.head.weight = self.embedding.weight
        self.register_buffer("scale", torch.tensor(0.5), persistent=False)

    def forward(self, ids):
        batch, length = ids.shape
        x = self.embedding(ids) * self.scale
        q, k, v = self.qkv(x).view(batch, length, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = self.norm(x + y.transpose(1, 2).reshape(batch, length, 8))
        return self.head(x)[:, -min(length, 100) :]


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(4, 6), nn.Tanh())
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(6)), nn.Parameter(torch.zeros(1))])
        self.limits = [torch.tensor([0.25, 0.5]), 3]

    def forward(self, pair, *, scale=2.0, options=None):
        left, right = (self.branch(x) for x in pair)
        distance = ((left - right).abs() * self.weights[0]).sum(-1) + self.weights[1]
        limits = torch.tensor([1.0, 2.0])
        return [distance * scale, {"near": distance < self.limits[0][1], "sum": (left + right)[:, : self.limits[1]]}, limits]


class Counter(nn.Module):
    """Counts its calls in a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        self.calls.add_(1)
        return self.fc(x) + self.calls


class Branches(nn.Module):
    """Control flow on data, and a part without gradients."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        x = torch.cond(x.sum() > 0, lambda x: self.fc(x), lambda x: x * 2, (x,))
        with torch.no_grad():
            mean = x.mean(0)
        return x - mean


class Pixels(nn.Module):
    """Sizes computed from sizes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x):
        height, width = x.shape[2], x.shape[3]
        y = F.pixel_shuffle(self.conv(x), 2)
        y = F.interpolate(y, size=(height * 2 - 1, width // 2 + 1), mode="nearest")
        return y.reshape(y.shape[0], -1)[:, : height + width]


class Indexed(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(6, 4))

    def forward(self, index, x):
        y = self.table[index]
        y = torch.cat([y, x.to(torch.float32)[:, None].expand(-1, 4) * torch.arange(4)], 1) + torch.arange(8) / 10
        best = y.topk(2, dim=1)
        parts = y.split([1, 3, 4], dim=1)
        return best.values, best.indices, torch.stack([p.amax(1) for p in parts], 1), torch.where(y > 0, y, y * 0.1).masked_fill(y[:, :1] > 0.5, -1.0).std(1)


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


SGD = {"optimizer": "SGD", "hyper": {"lr": 0.1, "momentum": 0.9}, "loss": "MSELoss"}

# name: network, inputs, and the rest: dynamic shapes, how it is exported, other inputs, training
CASES = {
    "mlp": (Mlp, {"x": floats(3, 6)}, {"dynamic": {"x": {0: Dim("batch")}}, "more": [{"x": (0, 0, 2)}], "beside": True}),
    "convnet": (
        Convnet,
        {"image": floats(4, 1, 12, 12)},
        {"dynamic": {"image": {0: Dim("batch", min=1, max=64)}}, "train": {**SGD, "loss": "CrossEntropyLoss"}},
    ),
    "convnet_train": (Convnet, {"image": floats(4, 1, 12, 12)}, {"mode": "train"}),
    "convnet_core": (Convnet, {"image": floats(3, 1, 12, 12)}, {"decomposed": True}),
    "convnet_train_core": (Convnet, {"image": floats(3, 1, 12, 12)}, {"decomposed": True, "mode": "train"}),
    "residual": (Residual, {"x": floats(2, 2, 5, 6)}, {"train": SGD}),
    "residual_core": (Residual, {"x": floats(2, 2, 5, 6)}, {"decomposed": True}),
    "tagger": (
        Tagger,
        {"tokens": ints(11, 3, 6)},
        {"dynamic": {"tokens": {0: Dim.AUTO}}, "more": [{"tokens": (0, 0, 2)}]},
    ),
    "gru": (Gru, {"x": floats(4, 2, 3), "hidden": floats(1, 2, 4)}, {}),
    "encoder": (Encoder, {"x": floats(2, 5, 8), "padding": lambda g: torch.arange(5) >= torch.tensor([[5], [3]])}, {}),
    "layer_core": (lambda: nn.TransformerEncoderLayer(8, 2, 12, batch_first=True), {"src": floats(2, 5, 8)}, {"decomposed": True}),
    "causal": (
        Causal,
        {"ids": ints(13, 2, 6)},
        {"dynamic": {"ids": {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}}, "more": [{"ids": (1, 0, 4)}], "train": {**SGD, "loss": "CrossEntropyLoss", "shape": [-1, 13]}},
    ),
    "siamese": (Siamese, {"left": floats(3, 4), "right": floats(3, 4)}, {"call": [["left", "right"]], "kwargs": {"scale": 3.0, "options": None}}),
    "counter": (Counter, {"x": floats(2, 3)}, {"decomposed": True}),
    "branches": (
        Branches,
        {"x": lambda g: floats(5, 3)(g).abs() * torch.tensor([1, 1, -1, -1, -1])[:, None]},
        {"dynamic": {"x": {0: Dim.DYNAMIC}}, "more": [{"x": (0, 0, 2)}, {"x": (0, 2, 5)}]},
    ),
    "pixels": (
        Pixels,
        {"x": floats(1, 1, 6, 8)},
        {"dynamic": {"x": {2: Dim("h", min=4, max=64), 3: Dim("w", min=4, max=64)}}, "more": [{"x": (2, 0, 5)}]},
    ),
    "indexed": (Indexed, {"index": ints(6, 5), "x": ints(3, 5)}, {}),
}
