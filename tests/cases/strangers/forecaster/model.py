import torch
from torch import nn
class Cell(nn.Module):
    def __init__(self, cin, ch, k=3):
        super().__init__()
        self.ch = ch
        self.conv = nn.Conv2d(cin + ch, 4 * ch, k, padding=k // 2)
        self.Wci = None
    def forward(self, x, state):
        h, c = state
        i, f, o, g = torch.split(self.conv(torch.cat([x, h], dim=1)), self.ch, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
    def init_hidden(self, b, shape):
        h, w = shape
        if self.Wci is None:
            self.Wci = torch.zeros(1, self.ch, h, w)
        else:
            assert shape[0] == self.Wci.size()[2], 'Input Height Mismatched!'
        return (torch.zeros(b, self.ch, h, w, device=self.conv.weight.device), torch.zeros(b, self.ch, h, w))
class Forecaster(nn.Module):
    def __init__(self, cin=1, hidden=[3, 2], future=2):
        super(Forecaster, self).__init__()
        self.cells = []
        for i, ch in enumerate(hidden):
            name = 'cell{}'.format(i)
            cell = Cell(cin if i == 0 else hidden[i - 1], ch)
            setattr(self, name, cell)
            self.cells.append(cell)
        self.head = nn.Conv3d(hidden[-1], 1, (1, 3, 3), padding=(0, 1, 1))
        self.future = future
    def forward(self, x, states=None):
        # x: B,T,C,H,W
        outs, internal = [], []
        for t in range(x.shape[1] + self.future):
            inp = x[:, t] if t < x.shape[1] else torch.zeros_like(x[:, 0])
            for i in range(len(self.cells)):
                if t == 0:
                    internal.append(self.cells[i].init_hidden(x.size(0), tuple(x.shape[-2:])))
                internal[i] = self.cells[i](inp, internal[i])
                inp = internal[i][0]
            if t >= x.size(1):
                outs.append(inp)
        y = torch.stack(outs, 2)
        return self.head(y).sigmoid(), internal[-1]
