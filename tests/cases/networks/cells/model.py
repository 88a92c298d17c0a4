import torch
import torch.nn as nn


class Cells(nn.Module):
    """A sampler that feeds its own output back, and cells side by side."""

    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTMCell(features, hidden)
        self.gru = nn.GRUCell(features, hidden, bias=False)
        self.rnn = nn.RNNCell(hidden, hidden, nonlinearity="relu")
        self.tanh = nn.RNNCell(features, hidden)
        self.out = nn.Linear(hidden, features)

    def forward(self, x, steps: int = 3):
        h = torch.zeros(x.size(0), self.lstm.hidden_size, dtype=x.dtype)
        c = h.clone()
        seen = []
        g = None
        for t in range(x.size(1)):
            h, c = self.lstm(x[:, t], (h, c))
            g = self.gru(x[:, t], g)
        step = x[:, -1]
        for _ in range(steps):
            h, c = self.lstm(step, (h, c))
            step = self.out(self.rnn(h, g))
            seen.append(step)
        return torch.stack(seen, dim=1), c, self.tanh(x[0, 0])
