import torch
import torch.nn as nn


class Bag(nn.Module):
    """Words and how many of them count: the rest of a row is padding."""

    def __init__(self, words, dim, classes):
        super().__init__()
        self.words = nn.Embedding(words, dim, padding_idx=0)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(2 * dim, classes)

    def forward(self, text, lengths):
        vectors = self.drop(self.words(text))
        mask = (torch.arange(text.size(1)).unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2)
        mean = (vectors * mask.float()).sum(dim=1) / lengths.unsqueeze(1).float()
        most = vectors.masked_fill(~mask, -1e9).max(dim=1)[0]
        return torch.softmax(self.out(torch.cat((mean, most), dim=1)), dim=1)
