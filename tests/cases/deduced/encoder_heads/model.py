import math

import torch
from torch import nn, Tensor


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer('pe', pe)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pe[:, :x.size(1)]
        return self.dropout(x)


class SentenceClassifier(nn.Module):
    """Transformer encoder over tokens, mean-pooled."""

    def __init__(self, ntoken: int, d_model: int, d_hid: int, nlayers: int, num_classes: int,
                 nhead: int = 4, dropout: float = 0.1, max_len: int = 40):
        super().__init__()
        self.embedding = nn.Embedding(ntoken, d_model)
        self.pos_encoder = PositionalEncoding(d_model, dropout, max_len)
        layer = nn.TransformerEncoderLayer(d_model, nhead, d_hid, dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, nlayers)
        self.d_model = d_model
        self.decoder = nn.Linear(d_model, num_classes)

    def forward(self, src: Tensor) -> Tensor:
        x = self.embedding(src) * math.sqrt(self.d_model)
        x = self.encoder(self.pos_encoder(x))
        return self.decoder(x.mean(dim=1))
