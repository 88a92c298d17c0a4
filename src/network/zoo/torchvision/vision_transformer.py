"""The vision transformer, with torchvision's names (`torchvision.models.vision_transformer`).

Dosovitskiy et al., An Image is Worth 16x16 Words (2020).
"""

import math
from collections import OrderedDict
from functools import partial

import torch
import torch.nn as nn
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.torchvision.ops import MLP


class MLPBlock(MLP):
    """Two linear layers around a GELU."""

    _version = 2

    def __init__(self, in_dim, mlp_dim, dropout):
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)


class EncoderBlock(nn.Module):
    """Attention and linear layers, each normalised before and added after."""

    def __init__(self, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input):
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Learned positions and the blocks."""

    def __init__(
        self,
        seq_length,
        num_layers,
        num_heads,
        hidden_dim,
        mlp_dim,
        dropout,
        attention_dropout,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
    ):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        layers = OrderedDict()
        for at in range(num_layers):
            layers[f"encoder_layer_{at}"] = EncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer)
        self.layers = nn.Sequential(layers)
        self.ln = norm_layer(hidden_dim)

    def forward(self, input):
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Patches as tokens, with one more for the class."""

    def __init__(
        self,
        image_size,
        patch_size,
        num_layers,
        num_heads,
        hidden_dim,
        mlp_dim,
        dropout=0.0,
        attention_dropout=0.0,
        num_classes=1000,
        representation_size=None,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        conv_stem_configs=None,
    ):
        super().__init__()
        if image_size % patch_size != 0:
            raise AssertionError("Input shape indivisible by patch size!")
        if conv_stem_configs is not None:
            raise NotImplementedError("conv_stem_configs is not in the zoo")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj = nn.Conv2d(3, hidden_dim, kernel_size=patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer)
        heads = OrderedDict()
        width = hidden_dim
        if representation_size is not None:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
            width = representation_size
        heads["head"] = nn.Linear(width, num_classes)
        self.heads = nn.Sequential(heads)

    def _process_input(self, x):
        """(N, C, H, W) to (N, patches, channels)."""
        n, _, height, width = x.shape
        torch._assert(height == self.image_size, f"Wrong image height! Expected {self.image_size} but got {height}!")
        torch._assert(width == self.image_size, f"Wrong image width! Expected {self.image_size} but got {width}!")
        x = self.conv_proj(x)
        return x.reshape(n, self.hidden_dim, -1).permute(0, 2, 1)

    def forward(self, x):
        x = self._process_input(x)
        token = self.class_token.expand(x.shape[0], -1, -1)
        x = self.encoder(torch.cat([token, x], dim=1))
        return self.heads(x[:, 0])


# patch, layers, heads, channels, channels between the linear layers
VARIANTS = {
    "vit_b_16": (16, 12, 12, 768, 3072),
    "vit_b_32": (32, 12, 12, 768, 3072),
    "vit_l_16": (16, 24, 16, 1024, 4096),
    "vit_l_32": (32, 24, 16, 1024, 4096),
    "vit_h_14": (14, 32, 16, 1280, 5120),
}


def _variant(name, options):
    image_size = options.pop("image_size", 224)
    return VisionTransformer(image_size, *VARIANTS[name], **options)


def vit_b_16(weights=None, progress=True, **kwargs):
    return _variant("vit_b_16", kwargs)


def vit_b_32(weights=None, progress=True, **kwargs):
    return _variant("vit_b_32", kwargs)


def vit_l_16(weights=None, progress=True, **kwargs):
    return _variant("vit_l_16", kwargs)


def vit_l_32(weights=None, progress=True, **kwargs):
    return _variant("vit_l_32", kwargs)


def vit_h_14(weights=None, progress=True, **kwargs):
    return _variant("vit_h_14", kwargs)


def recognise(shapes, modules=None):
    """Everything but the number of heads, which leaves no trace: 64 channels a head are usual."""
    patch, channels = size(shapes, "conv_proj.weight", 2), size(shapes, "conv_proj.weight")
    layers = count(shapes, "encoder.layers.encoder_layer_", ".ln_1.weight")
    inner = size(shapes, "encoder.layers.encoder_layer_0.mlp.0.weight")
    patches = size(shapes, "encoder.pos_embedding", 1) - 1
    if 0 in (patch, channels, layers, inner) or patches < 1:
        return None
    side = math.isqrt(patches)
    if side * side != patches:
        return None
    between = size(shapes, "heads.pre_logits.weight")
    options = {"num_classes": size(shapes, "heads.head.weight"), "representation_size": between or None}
    for name, (known_patch, known_layers, _, known_channels, known_inner) in VARIANTS.items():
        if (patch, layers, channels, inner) == (known_patch, known_layers, known_channels, known_inner):
            return name, call(name, image_size=unless(side * patch, 224), **options), []
    heads = usual_heads(channels)
    sizes = {"num_layers": layers, "num_heads": heads, "hidden_dim": channels, "mlp_dim": inner}
    construct = call("VisionTransformer", image_size=side * patch, patch_size=patch, **sizes, **options)
    return "vit", construct, [heads_note("num_heads", heads, channels)]
