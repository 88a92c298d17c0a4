import torch
from torch import nn


class Translator(nn.Module):
    """torch's own attention classes with their masks."""

    def __init__(self, width=8, heads=2):
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, dim_feedforward=12, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        first = nn.TransformerDecoderLayer(width, heads, 12, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(first, 1, norm=nn.LayerNorm(width))
        self.attention = nn.MultiheadAttention(width, heads, kdim=4, vdim=6)
        self.whole = nn.Transformer(width, heads, 1, 1, 10, dropout=0.0)

    def forward(self, x):
        steps = x.size(1)
        mask = nn.Transformer.generate_square_subsequent_mask(steps)
        padding = torch.zeros(x.size(0), steps, dtype=torch.bool)
        padding[:, -1] = True
        memory = self.encoder(x, src_key_padding_mask=padding)
        causal = self.encoder(x, mask=mask, is_causal=True)
        decoded = self.decoder(x, memory, tgt_mask=mask, memory_key_padding_mask=padding)
        mixed, weights = self.attention(x.transpose(0, 1), x.transpose(0, 1)[..., :4], x.transpose(0, 1)[..., 2:])
        alone, each = self.attention(x[0], x[0, :, :4], x[0, :, 2:], average_attn_weights=False)
        both = self.whole(x.transpose(0, 1), x.transpose(0, 1), tgt_mask=mask)
        return memory, causal, decoded, mixed, weights, alone, each, both
