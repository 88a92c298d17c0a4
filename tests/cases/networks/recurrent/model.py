import torch
from torch import nn


class Recurrent(nn.Module):
    """Every recurrent class, by itself and in stacks."""

    def __init__(self, width=5, hidden=6):
        super().__init__()
        self.lstm = nn.LSTM(width, hidden, num_layers=2, bidirectional=True, dropout=0.2)
        self.gru = nn.GRU(width, hidden, num_layers=2, batch_first=True)
        self.rnn = nn.RNN(width, hidden, nonlinearity="relu", bias=False)
        self.projected = nn.LSTM(width, hidden, proj_size=3, batch_first=True)
        self.cell = nn.LSTMCell(width, hidden)
        self.gru_cell = nn.GRUCell(width, hidden)
        self.rnn_cell = nn.RNNCell(width, hidden)

    def forward(self, x):
        y, (h, c) = self.lstm(x.transpose(0, 1))
        g, last = self.gru(x)
        r, _ = self.rnn(x[0], x.new_ones(1, 6))
        p, (ph, pc) = self.projected(x)
        state = x.new_zeros(x.size(0), 6), x.new_ones(x.size(0), 6)
        steps = []
        hidden = state[0]
        plain = x.new_zeros(x.size(0), 6)
        for t in range(x.size(1)):
            state = self.cell(x[:, t], state)
            hidden = self.gru_cell(x[:, t], hidden)
            plain = self.rnn_cell(x[:, t], plain)
            steps.append(state[0])
        again, _ = self.gru(x, last)
        return y, h, c, g, last, r, p, ph, pc, torch.stack(steps, 1), hidden, plain, again
