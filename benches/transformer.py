"""A small classifier of sequences on torch's own encoder: 4 layers of width 128. Nothing drops, so that every engine does the same work."""

import torch
import torch.nn as nn


class Transformer(nn.Module):
    def __init__(self, vocabulary=1000, width=128, heads=4, layers=4, length=128, classes=10):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens):
        return self.head(self.encoder(self.words(tokens) + self.positions).mean(1))
