"""A tag for each word: embedding, bidirectional LSTM, log probabilities over dim 1."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, words, dim=4, hidden=3, tags=4):
        super().__init__()
        self.embedding = nn.Embedding(words, dim, padding_idx=1, scale_grad_by_freq=True)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, tags)

    def forward(self, ids):
        out, _ = self.lstm(self.embedding(ids))
        return torch.log_softmax(self.fc(out), dim=-1).permute(0, 2, 1)
