import torch.nn as nn


class FeedForward(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(approximate="tanh"), nn.Dropout(0.1), nn.Linear(hidden, dim))

    def forward(self, x):
        return self.net(x)


class MixerBlock(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.tokens = FeedForward(tokens, tokens * 2)
        self.norm2 = nn.LayerNorm([tokens, dim], eps=1e-6)
        self.channels = FeedForward(dim, dim * 3)

    def forward(self, x):
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(-1, -2)
        return x + self.channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self, patch=4, image=16, dim=12, depth=2, classes=4):
        super().__init__()
        assert image % patch == 0
        n = (image // patch) ** 2
        self.embed = nn.Conv2d(3, dim, patch, stride=patch)
        self.blocks = nn.Sequential(*[MixerBlock(n, dim) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        x = self.embed(x).flatten(2).permute(0, 2, 1)
        x = self.norm(self.blocks(x))
        return self.head(x.mean(1))
