import torch
from torch import nn

LAYERS = """
# a small backbone
conv filters=4 size=3 act=leaky norm=1
conv filters=6 size=3 stride=2 act=leaky norm=1
conv filters=6 size=1 act=linear

skip from=-2
up scale=2
join with=0
conv filters=5 size=1 act=linear
"""


def parse(text):
    for line in text.split('\n'):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        kind, *options = line.split()
        yield kind, dict(option.split('=') for option in options)


class FromText(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.plan = list(parse(cfg))
        self.parts = nn.ModuleList()
        channels, width = [], 3
        for i, (kind, options) in enumerate(self.plan):
            part = nn.Sequential()
            if kind == 'conv':
                filters, size = int(options['filters']), int(options['size'])
                try:
                    norm = int(options['norm'])
                except KeyError:
                    norm = 0
                part.add_module(f'conv_{i}', nn.Conv2d(width, filters, size, int(options.get('stride', 1)), size // 2, bias=not norm))
                if norm:
                    part.add_module('norm_%d' % i, nn.BatchNorm2d(filters))
                if options['act'] == 'leaky':
                    part.add_module('act_{}'.format(i), nn.LeakyReLU(0.1))
                width = filters
            elif kind == 'up':
                part.add_module(f'up_{i}', nn.Upsample(scale_factor=int(options['scale']), mode='nearest'))
            elif kind == 'join':
                width += channels[int(options['with'])]
            self.parts.append(part)
            channels.append(width)

    def forward(self, x):
        kept = {}
        for i, (kind, options) in enumerate(self.plan):
            if kind == 'skip':
                x = x + kept[i + int(options['from'])]
            elif kind == 'join':
                x = torch.cat([x, kept[int(options['with'])]], 1)
            else:
                x = self.parts[i](x)
            kept[i] = x
        return x
