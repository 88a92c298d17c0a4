import torch
from torch import nn


class Multihead(nn.Module):
    """MultiheadAttention with each of its arguments, under each kind of mask."""

    def __init__(self, dim, heads):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, dropout=0.1, batch_first=True)
        self.cross = nn.MultiheadAttention(embed_dim=dim, num_heads=heads, kdim=5, vdim=7, add_bias_kv=True)
        self.zero = nn.MultiheadAttention(dim, heads, bias=False, add_zero_attn=True, add_bias_kv=True, batch_first=True)
        self.plain = nn.MultiheadAttention(dim, 2 * heads)

    def forward(self, x, key, value, pad):
        length = x.size(1)
        causal = torch.triu(torch.ones(length, length), diagonal=1).bool()
        y, weights = self.self_attn(x, x, x, attn_mask=causal)
        hidden, none = self.self_attn(x, x, x, key_padding_mask=pad, need_weights=False)
        crossed, per_head = self.cross(
            x.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1), average_attn_weights=False
        )
        zero, zero_weights = self.zero(x, y, y, key_padding_mask=pad)
        numbers = torch.zeros(length, length, dtype=x.dtype).masked_fill(causal, float("-inf")) + 0.25
        by_time = x.transpose(0, 1)
        plain, _ = self.plain(by_time, by_time, by_time, attn_mask=numbers, is_causal=True, need_weights=False)
        both, _ = self.plain(by_time, by_time, by_time, key_padding_mask=pad, attn_mask=numbers)
        alone, alone_weights = self.plain(x[0], x[1], x[1])
        three = torch.cat([causal[None]] * (x.size(0) * 2 * 2))[: x.size(0) * self.plain.num_heads]
        deep, _ = self.plain(by_time, by_time, hidden.transpose(0, 1), attn_mask=three)
        return y, weights, hidden, none, crossed, per_head, zero, zero_weights, plain, both, alone, alone_weights, deep
