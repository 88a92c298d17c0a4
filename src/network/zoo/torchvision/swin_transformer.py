"""Swin Transformer (version 1), with torchvision's names (`torchvision.models.swin_transformer`).

Liu et al., Swin Transformer: Hierarchical Vision Transformer using Shifted Windows (2021).
"""

import math
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, size
from zoo.torchvision.ops import MLP, Permute, StochasticDepth


class PatchMerging(nn.Module):
    """Four neighbours become one, with twice the channels."""

    def __init__(self, dim, norm_layer=nn.LayerNorm):
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x):
        height, width = x.shape[-3:-1]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        corners = [x[..., row::2, column::2, :] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, -1)))


def _windows(x, rows, columns):
    """(N, H, W, C) to (N * windows, rows * columns, C)."""
    n, height, width, channels = x.shape
    x = x.view(n, height // rows, rows, width // columns, columns, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, rows * columns, channels)


def _image(x, n, height, width, rows, columns):
    """What `_windows` undoes."""
    x = x.view(n, height // rows, width // columns, rows, columns, -1)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, height, width, -1)


class ShiftedWindowAttention(nn.Module):
    """Attention inside windows. In a shifted one, places that were no neighbours in the image do not see each other."""

    def __init__(
        self, dim, window_size, shift_size, num_heads, qkv_bias=True, proj_bias=True, attention_dropout=0.0, dropout=0.0
    ):
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError("window_size and shift_size must be of length 2")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self):
        rows, columns = self.window_size
        table = torch.zeros((2 * rows - 1) * (2 * columns - 1), self.num_heads)
        self.relative_position_bias_table = nn.Parameter(table)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self):
        rows, columns = self.window_size
        row = torch.arange(rows).repeat_interleave(columns)
        column = torch.arange(columns).repeat(rows)
        down = row[:, None] - row[None, :] + rows - 1
        right = column[:, None] - column[None, :] + columns - 1
        index = (down * (2 * columns - 1) + right).flatten()
        self.register_buffer("relative_position_index", index)

    def get_relative_position_bias(self):
        """(1, heads, places, places)"""
        places = self.window_size[0] * self.window_size[1]
        bias = self.relative_position_bias_table[self.relative_position_index]
        return bias.view(places, places, -1).permute(2, 0, 1).contiguous().unsqueeze(0)

    def _regions(self, height, width, shift):
        """Which part of the image each place of the shifted one comes from, by window."""
        rows, columns = self.window_size
        regions = torch.zeros(height, width)
        number = 0
        for below in (slice(0, -rows), slice(-rows, -shift[0]), slice(-shift[0], None)):
            for beside in (slice(0, -columns), slice(-columns, -shift[1]), slice(-shift[1], None)):
                regions[below, beside] = number
                number += 1
        return _windows(regions.view(1, height, width, 1), rows, columns).squeeze(-1)

    def forward(self, x):
        n, height, width, channels = x.shape
        rows, columns = self.window_size
        x = F.pad(x, (0, 0, 0, -width % columns, 0, -height % rows))
        padded_height, padded_width = x.shape[1:3]
        shift = [
            0 if rows >= padded_height else self.shift_size[0],
            0 if columns >= padded_width else self.shift_size[1],
        ]
        shifted = sum(shift) > 0
        if shifted:
            x = torch.roll(x, shifts=(-shift[0], -shift[1]), dims=(1, 2))
        x = _windows(x, rows, columns)
        places = rows * columns
        qkv = self.qkv(x).reshape(-1, places, 3, self.num_heads, channels // self.num_heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        scores = (query * (channels // self.num_heads) ** -0.5).matmul(key.transpose(-2, -1))
        scores = scores + self.get_relative_position_bias()
        if shifted:
            regions = self._regions(padded_height, padded_width, shift)
            apart = regions.unsqueeze(1) != regions.unsqueeze(2)
            mask = torch.zeros(apart.shape, dtype=x.dtype, device=x.device).masked_fill(apart.to(x.device), -100.0)
            scores = scores.view(n, -1, self.num_heads, places, places) + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.num_heads, places, places)
        weights = F.dropout(F.softmax(scores, dim=-1), p=self.attention_dropout, training=self.training)
        x = weights.matmul(value).transpose(1, 2).reshape(-1, places, channels)
        x = F.dropout(self.proj(x), p=self.dropout, training=self.training)
        x = _image(x, n, padded_height, padded_width, rows, columns)
        if shifted:
            x = torch.roll(x, shifts=(shift[0], shift[1]), dims=(1, 2))
        return x[:, :height, :width, :].contiguous()


class SwinTransformerBlock(nn.Module):
    """Attention and linear layers, each normalised before and added after."""

    def __init__(
        self,
        dim,
        num_heads,
        window_size,
        shift_size,
        mlp_ratio=4.0,
        dropout=0.0,
        attention_dropout=0.0,
        stochastic_depth_prob=0.0,
        norm_layer=nn.LayerNorm,
        attn_layer=ShiftedWindowAttention,
    ):
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(dim, window_size, shift_size, num_heads, attention_dropout=attention_dropout, dropout=dropout)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)

    def forward(self, x):
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformer(nn.Module):
    """Stages of blocks; every other block's windows are shifted by half."""

    def __init__(
        self,
        patch_size,
        embed_dim,
        depths,
        num_heads,
        window_size,
        mlp_ratio=4.0,
        dropout=0.0,
        attention_dropout=0.0,
        stochastic_depth_prob=0.1,
        num_classes=1000,
        norm_layer=None,
        block=None,
        downsample_layer=PatchMerging,
    ):
        super().__init__()
        self.num_classes = num_classes
        block = block or SwinTransformerBlock
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patches = nn.Conv2d(3, embed_dim, kernel_size=tuple(patch_size), stride=tuple(patch_size))
        steps = [nn.Sequential(patches, Permute([0, 2, 3, 1]), norm_layer(embed_dim))]
        total = sum(depths)
        made = 0
        for at, depth in enumerate(depths):
            dim = embed_dim * 2**at
            stage = []
            for layer in range(depth):
                shift = [0 if layer % 2 == 0 else side // 2 for side in window_size]
                stage.append(
                    block(
                        dim,
                        num_heads[at],
                        window_size=window_size,
                        shift_size=shift,
                        mlp_ratio=mlp_ratio,
                        dropout=dropout,
                        attention_dropout=attention_dropout,
                        stochastic_depth_prob=stochastic_depth_prob * float(made) / max(1, total - 1),
                        norm_layer=norm_layer,
                    )
                )
                made += 1
            steps.append(nn.Sequential(*stage))
            if at + 1 < len(depths):
                steps.append(downsample_layer(dim, norm_layer))
        self.features = nn.Sequential(*steps)
        width = embed_dim * 2 ** (len(depths) - 1)
        self.norm = norm_layer(width)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        x = self.permute(self.norm(self.features(x)))
        return self.head(self.flatten(self.avgpool(x)))


# channels, layers and heads of each stage, stochastic depth
VARIANTS = {
    "swin_t": (96, [2, 2, 6, 2], [3, 6, 12, 24], 0.2),
    "swin_s": (96, [2, 2, 18, 2], [3, 6, 12, 24], 0.3),
    "swin_b": (128, [2, 2, 18, 2], [4, 8, 16, 32], 0.5),
}


def _variant(name, options):
    embed_dim, depths, heads, depth = VARIANTS[name]
    return SwinTransformer([4, 4], embed_dim, depths, heads, [7, 7], **{"stochastic_depth_prob": depth, **options})


def swin_t(weights=None, progress=True, **kwargs):
    return _variant("swin_t", kwargs)


def swin_s(weights=None, progress=True, **kwargs):
    return _variant("swin_s", kwargs)


def swin_b(weights=None, progress=True, **kwargs):
    return _variant("swin_b", kwargs)


def recognise(shapes, modules=None):
    """The bias tables tell heads and windows; odd numbers in `features` are stages."""
    table = "attn.relative_position_bias_table"
    depths, heads = [], []
    at = 1
    while f"features.{at}.0.{table}" in shapes:
        depths.append(count(shapes, f"features.{at}.", f".{table}"))
        heads.append(size(shapes, f"features.{at}.0.{table}", 1))
        at += 2
    # version 2 has a scale for each head
    if not depths or "features.1.0.attn.logit_scale" in shapes:
        return None
    channels = size(shapes, "features.0.0.weight")
    patch = list(shapes.get("features.0.0.weight", ())[2:])
    window = (math.isqrt(size(shapes, f"features.1.0.{table}")) + 1) // 2
    ratio = size(shapes, "features.1.0.mlp.0.weight") / max(1, channels)
    classes = size(shapes, "head.weight")
    for name, (known_channels, known_depths, known_heads, _) in VARIANTS.items():
        if (channels, depths, heads, patch, window, ratio) == (known_channels, known_depths, known_heads, [4, 4], 7, 4.0):
            return name, call(name, num_classes=classes), []
    sizes = f"{patch}, {channels}, {depths}, {heads}, {[window, window]}"
    options = f", mlp_ratio={ratio}" if ratio != 4.0 else ""
    return "swin", f"SwinTransformer({sizes}{options}, num_classes={classes})", []
