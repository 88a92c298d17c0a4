import torch
import torch.nn as nn


class Recurrent(nn.Module):
    """Every kind of recurrent layer on one sequence, with and without first states."""

    def __init__(self, features=5, hidden=6):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2)
        self.projected = nn.LSTM(2 * hidden, 7, proj_size=3, num_layers=2, bidirectional=True)
        self.gru = nn.GRU(features, hidden, 2, dropout=0.1, batch_first=True)
        self.back = nn.GRU(hidden, 4, bias=False, bidirectional=True)
        self.rnn = nn.RNN(features, 4, 1, "relu", batch_first=True)
        self.elman = nn.RNN(input_size=4, hidden_size=3, bidirectional=True, num_layers=2)
        for name, parameter in self.lstm.named_parameters():
            if "weight_hh" in name:
                nn.init.orthogonal_(parameter)

    def forward(self, x):
        self.lstm.flatten_parameters()
        out, (h, c) = self.lstm(x)
        by_time = out.transpose(0, 1)
        projected, (hp, cp) = self.projected(by_time)
        seen, last = self.gru(x, torch.ones(2, x.size(0), 6, dtype=x.dtype) * 0.5)
        both, ends = self.back(seen.permute(1, 0, 2))
        plain, hidden = self.rnn(x)
        alone, state = self.elman(plain[0])  # unbatched
        again, _ = self.lstm(x, (h, c))
        return {
            "lstm": (out, h, c),
            "projected": (projected, hp, cp),
            "gru": (seen, last, both, ends),
            "rnn": (plain, hidden, alone, state),
            "again": again[:, -1],
        }
