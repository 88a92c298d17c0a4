import torch
import torch.nn as nn
import torch.nn.functional as F


def gated(x):
    a, b = x.chunk(2, -1)
    return a * F.relu(b)


ACTIVATIONS = {'gated': gated, 'relu': F.relu}


class Tabular(nn.Module):
    def __init__(self, *, n_num, cards, width, depth, heads, factor, dropout, activation, pre_norm):
        super().__init__()
        self.register_buffer('offsets', torch.tensor([0] + cards[:-1]).cumsum(0))
        self.cats = nn.Embedding(sum(cards), width)
        self.nums = nn.Parameter(torch.Tensor(n_num + 1, width))
        nn.init.kaiming_uniform_(self.nums, a=5 ** 0.5)
        inner = int(width * factor)
        self.blocks = nn.ModuleList()
        for i in range(depth):
            block = nn.ModuleDict({
                'mix': nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True),
                'in': nn.Linear(width, inner * (2 if activation == 'gated' else 1)),
                'out': nn.Linear(inner, width),
                'norm1': nn.LayerNorm(width),
            })
            if not pre_norm or i:
                block['norm0'] = nn.LayerNorm(width)
            self.blocks.append(block)
        self.act, self.dropout = ACTIVATIONS[activation], dropout
        self.head = nn.Linear(width, 1)

    def forward(self, x, c):
        ones = torch.ones(len(x), 1, device=x.device)
        x = self.nums[None] * torch.cat([ones, x], 1)[..., None]
        x = torch.cat([x, self.cats(c + self.offsets)], 1)
        for block in self.blocks:
            y = block['norm0'](x) if 'norm0' in block else x
            x = x + block['mix'](y, y, y, need_weights=False)[0]
            y = block['out'](F.dropout(self.act(block['in'](block['norm1'](x))), self.dropout, self.training))
            x = x + y
        return self.head(x[:, 0]).squeeze(-1)


config = {
    'data': {'path': 'adult.csv', 'normalize': True},
    'model': {'width': 8, 'depth': 2, 'heads': 2, 'factor': 4 / 3, 'dropout': 0.1, 'activation': 'gated', 'pre_norm': True},
}


def main():
    import pandas as pd
    frame = pd.read_csv(config['data']['path'])
    model = Tabular(n_num=3, cards=[4, 5], **config['model'])
    opt = torch.optim.AdamW(model.parameters(), 1e-4)
