"""Pieces that transformers' networks share, with the library's names (`transformers.pytorch_utils`, `transformers.activations`)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Conv1D(nn.Module):
    """A linear layer whose weight is (inputs, outputs): GPT-2's files have it so."""

    def __init__(self, nf, nx):
        super().__init__()
        self.nf = nf
        self.nx = nx
        self.weight = nn.Parameter(torch.empty(nx, nf))
        self.bias = nn.Parameter(torch.zeros(nf))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x):
        return x @ self.weight + self.bias


class GELUActivation(nn.Module):
    """The exact GELU."""

    def __init__(self, use_gelu_python=False):
        super().__init__()
        self.act = F.gelu

    def forward(self, input):
        return F.gelu(input)


class NewGELUActivation(nn.Module):
    """The GELU by tanh, as GPT-2 has it."""

    def forward(self, input):
        return F.gelu(input, approximate="tanh")


def gelu(x):
    return F.gelu(x)


def gelu_new(x):
    return F.gelu(x, approximate="tanh")


# config.hidden_act and its relatives
ACTIVATIONS = {"gelu": GELUActivation, "gelu_new": NewGELUActivation, "relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh}


def attend(query, key, value, heads, mask=None, causal=False, scale=None, dropout=0.0):
    """Attention of (N, L, C) tensors in heads. `mask` is 1 where a key counts, (N, L)."""
    n, length, channels = query.shape
    query, key, value = (x.view(n, -1, heads, channels // heads).transpose(1, 2) for x in (query, key, value))
    allowed = None
    if mask is not None:
        allowed = mask[:, None, None, :] != 0
        if causal:
            order = torch.arange(length, device=mask.device)
            allowed = allowed & (order[:, None] >= order[None, :])
    plain = causal and allowed is None
    x = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed, dropout_p=dropout, is_causal=plain, scale=scale)
    return x.transpose(1, 2).reshape(n, length, channels)
