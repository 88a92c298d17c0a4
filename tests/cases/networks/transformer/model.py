import torch
from torch import nn


class Seq2Seq(nn.Module):
    def __init__(self, src_vocab, tgt_vocab, dim=8, heads=2):
        super().__init__()
        self.src = nn.Embedding(src_vocab, dim)
        self.tgt = nn.Embedding(tgt_vocab, dim)
        self.transformer = nn.Transformer(dim, heads, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=16)
        self.batch_first = nn.Transformer(
            d_model=dim, nhead=4, num_encoder_layers=2, num_decoder_layers=1, dim_feedforward=10, activation="gelu",
            batch_first=True, norm_first=True,
        )
        layer = nn.TransformerDecoderLayer(d_model=dim, nhead=heads, dim_feedforward=12, batch_first=True)
        self.decoder = nn.TransformerDecoder(layer, num_layers=2)
        self.out = nn.Linear(dim, tgt_vocab)

    def forward(self, src, tgt):
        s, t = self.src(src), self.tgt(tgt)
        pad = src == 0
        mask = self.transformer.generate_square_subsequent_mask(tgt.size(1), dtype=s.dtype)
        y = self.transformer(
            s.transpose(0, 1), t.transpose(0, 1), tgt_mask=mask, src_key_padding_mask=pad, memory_key_padding_mask=pad
        )
        z = self.batch_first(s, t, tgt_mask=mask, tgt_is_causal=True)
        w = self.decoder(t, s, tgt_mask=mask.isinf(), memory_key_padding_mask=pad)
        return self.out(y).transpose(0, 1), z, w
