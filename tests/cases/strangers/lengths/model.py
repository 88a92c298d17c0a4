import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def mask_of(lengths, longest=None):
    longest = longest or lengths.max().item()
    return torch.arange(longest)[None, :] < lengths[:, None]


class Reader(nn.Module):
    """ reads padded sentences, longest first """

    def __init__(self, n_words, width, hidden, n_classes, cell='GRU'):
        super().__init__()
        self.table = nn.Embedding(n_words, width, padding_idx=0)
        self.rnn = getattr(nn, cell)(width, hidden, batch_first=True, bidirectional=True)
        self.score = nn.Linear(2 * hidden, 1)
        self.head = nn.Linear(2 * hidden, n_classes)

    def forward(self, ids, lengths):
        ordered, order = lengths.sort(descending=True)
        back = order.argsort()
        packed = pack_padded_sequence(self.table(ids)[order], ordered.tolist(), batch_first=True)
        states, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        states = states[back]
        keep = mask_of(lengths)
        weights = self.score(states).squeeze(-1).masked_fill(~keep, -1e9).softmax(1)
        pooled = (weights.unsqueeze(-1) * states).sum(1)
        words = states[keep]
        return self.head(pooled), weights, words.norm(dim=-1)
