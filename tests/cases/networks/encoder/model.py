import math

import torch
from torch import nn


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, dropout=0.1, max_len=64):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x):
        return self.dropout(x + self.pe[: x.size(0)])


class Encoder(nn.Module):
    """A language model over time first, a classifier over the batch first, and a layer of each taste."""

    def __init__(self, vocab, d_model=12, nhead=2, layers=2):
        super().__init__()
        self.d_model = d_model
        self.embed = nn.Embedding(vocab, d_model, padding_idx=0)
        self.position = PositionalEncoding(d_model)
        layer = nn.TransformerEncoderLayer(d_model, nhead, 20, 0.2)
        self.language = nn.TransformerEncoder(layer, layers)
        layer = nn.TransformerEncoderLayer(d_model, nhead, dim_feedforward=16, activation="gelu", batch_first=True)
        self.classes = nn.TransformerEncoder(layer, num_layers=layers, norm=nn.LayerNorm(d_model))
        layer = nn.TransformerEncoderLayer(d_model, 3, 16, activation=nn.GELU(), batch_first=True, norm_first=True, bias=False)
        self.pre = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.one = nn.TransformerEncoderLayer(d_model, nhead, 8, activation=torch.tanh, batch_first=True)
        self.out = nn.Linear(d_model, vocab)

    def forward(self, tokens):
        x = self.embed(tokens) * math.sqrt(self.d_model)
        by_time = self.position(x.transpose(0, 1))
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.size(1), dtype=x.dtype)
        words = self.out(self.language(by_time, mask))
        pad = tokens == 0
        pooled = self.classes(x, src_key_padding_mask=pad)
        pre = self.pre(x, mask=mask, is_causal=True)
        one = self.one(x[0])
        return words, pooled, pre, one
