"""timm.layers: the pieces that other people's networks import of timm, with its names, defaults and parameter keys."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.init import trunc_normal_

trunc_normal_tf_ = trunc_normal_


def _ntuple(n):
    def parse(x):
        return tuple(x) if isinstance(x, (tuple, list)) else (x,) * n

    return parse


to_1tuple = _ntuple(1)
to_2tuple = _ntuple(2)
to_3tuple = _ntuple(3)
to_4tuple = _ntuple(4)
to_ntuple = _ntuple


def make_divisible(v, divisor=8, min_value=None, round_limit=0.9):
    least = min_value or divisor
    near = max(least, int(v + divisor / 2) // divisor * divisor)
    return near + divisor if near < round_limit * v else near


def lecun_normal_(tensor):
    return trunc_normal_(tensor, std=math.sqrt(1 / tensor[0].numel()) / 0.87962566103423978)


def use_fused_attn(experimental=False):
    return True


def drop_path(x, drop_prob=0.0, training=False, scale_by_keep=True):
    if drop_prob == 0.0 or not training:
        return x
    keep = 1 - drop_prob
    kept = torch.rand((x.shape[0],) + (1,) * (x.ndim - 1)) < keep
    return x * kept / keep if scale_by_keep and keep > 0 else x * kept


class DropPath(nn.Module):
    """Leaves out a branch for whole samples in training."""

    def __init__(self, drop_prob=0.0, scale_by_keep=True):
        super().__init__()
        self.drop_prob = drop_prob
        self.scale_by_keep = scale_by_keep

    def forward(self, x):
        return drop_path(x, self.drop_prob, self.training, self.scale_by_keep)


_ACTIVATIONS = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
}


def get_act_layer(name="relu"):
    return _ACTIVATIONS[name] if isinstance(name, str) else name


def create_act_layer(name, inplace=None, **kwargs):
    layer = get_act_layer(name)
    return None if layer is None else layer(**kwargs)


def get_norm_layer(norm_layer):
    names = {"layernorm": LayerNorm, "layernorm2d": LayerNorm2d, "batchnorm2d": nn.BatchNorm2d, "rmsnorm": RmsNorm}
    return names[norm_layer.replace("_", "").lower()] if isinstance(norm_layer, str) else norm_layer


class Mlp(nn.Module):
    """Two linear layers, or convolutions of one pixel."""

    def __init__(
        self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU, norm_layer=None, bias=True, drop=0.0, use_conv=False
    ):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        first, second = to_2tuple(bias)
        drops = to_2tuple(drop)
        layer = (lambda i, o, bias: nn.Conv2d(i, o, 1, bias=bias)) if use_conv else (lambda i, o, bias: nn.Linear(i, o, bias=bias))
        self.fc1 = layer(in_features, hidden_features, first)
        self.act = act_layer()
        self.drop1 = nn.Dropout(drops[0])
        self.norm = norm_layer(hidden_features) if norm_layer is not None else nn.Identity()
        self.fc2 = layer(hidden_features, out_features, second)
        self.drop2 = nn.Dropout(drops[1])

    def forward(self, x):
        return self.drop2(self.fc2(self.norm(self.drop1(self.act(self.fc1(x))))))


class ConvMlp(nn.Module):
    """The same on images."""

    def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.ReLU, norm_layer=None, bias=True, drop=0.0):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        first, second = to_2tuple(bias)
        self.fc1 = nn.Conv2d(in_features, hidden_features, kernel_size=1, bias=first)
        self.norm = norm_layer(hidden_features) if norm_layer else nn.Identity()
        self.act = act_layer()
        self.drop = nn.Dropout(drop)
        self.fc2 = nn.Conv2d(hidden_features, out_features, kernel_size=1, bias=second)

    def forward(self, x):
        return self.fc2(self.drop(self.act(self.norm(self.fc1(x)))))


class SwiGLU(nn.Module):
    """Two linear layers side by side, one the other's gate, and one behind."""

    def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.SiLU, norm_layer=None, bias=True, drop=0.0):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        first, second = to_2tuple(bias)
        drops = to_2tuple(drop)
        self.fc1_g = nn.Linear(in_features, hidden_features, bias=first)
        self.fc1_x = nn.Linear(in_features, hidden_features, bias=first)
        self.act = act_layer()
        self.drop1 = nn.Dropout(drops[0])
        self.norm = norm_layer(hidden_features) if norm_layer is not None else nn.Identity()
        self.fc2 = nn.Linear(hidden_features, out_features, bias=second)
        self.drop2 = nn.Dropout(drops[1])

    def forward(self, x):
        x = self.act(self.fc1_g(x)) * self.fc1_x(x)
        return self.drop2(self.fc2(self.norm(self.drop1(x))))


class LayerScale(nn.Module):
    """A factor for each channel."""

    def __init__(self, dim, init_values=1e-5, inplace=False):
        super().__init__()
        self.inplace = inplace
        self.gamma = nn.Parameter(init_values * torch.ones(dim))

    def forward(self, x):
        return x * self.gamma


class LayerScale2d(LayerScale):
    """The same on images."""

    def forward(self, x):
        return x * self.gamma.view(1, -1, 1, 1)


class LayerNorm(nn.LayerNorm):
    """torch's with an eps of 1e-6."""

    def __init__(self, num_channels, eps=1e-6, affine=True, **kwargs):
        super().__init__(num_channels, eps=eps, elementwise_affine=affine, **kwargs)


class LayerNorm2d(LayerNorm):
    """The same over the channels of images."""

    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class RmsNorm(nn.Module):
    """Divided by the root of the mean of squares."""

    def __init__(self, channels, eps=1e-6, affine=True):
        super().__init__()
        self.normalized_shape = tuple(channels) if isinstance(channels, (tuple, list)) else (channels,)
        self.eps = eps
        self.elementwise_affine = affine
        self.weight = nn.Parameter(torch.ones(self.normalized_shape)) if affine else None

    def forward(self, x):
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)


class PatchEmbed(nn.Module):
    """Patches of an image as tokens."""

    def __init__(
        self,
        img_size=224,
        patch_size=16,
        in_chans=3,
        embed_dim=768,
        norm_layer=None,
        flatten=True,
        output_fmt=None,
        bias=True,
        strict_img_size=True,
        dynamic_img_pad=False,
    ):
        super().__init__()
        if output_fmt is not None or dynamic_img_pad:
            raise NotImplementedError("PatchEmbed with output_fmt or dynamic_img_pad")
        self.patch_size = to_2tuple(patch_size)
        self.img_size = self.grid_size = self.num_patches = None
        if img_size is not None:
            self.img_size = to_2tuple(img_size)
            self.grid_size = tuple(size // patch for size, patch in zip(self.img_size, self.patch_size))
            self.num_patches = self.grid_size[0] * self.grid_size[1]
        self.flatten = flatten
        self.strict_img_size = strict_img_size
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=patch_size, stride=patch_size, bias=bias)
        self.norm = norm_layer(embed_dim) if norm_layer else nn.Identity()

    def forward(self, x):
        height, width = x.shape[2:]
        if self.img_size is not None and self.strict_img_size:
            assert height == self.img_size[0], f"Input height ({height}) doesn't match model ({self.img_size[0]})."
            assert width == self.img_size[1], f"Input width ({width}) doesn't match model ({self.img_size[1]})."
        x = self.proj(x)
        if self.flatten:
            x = x.flatten(2).transpose(1, 2)
        return self.norm(x)


class Attention(nn.Module):
    """Query, key and value by one linear layer."""

    def __init__(
        self, dim, num_heads=8, qkv_bias=False, qk_norm=False, scale_norm=False, proj_bias=True, attn_drop=0.0, proj_drop=0.0, norm_layer=None
    ):
        super().__init__()
        assert dim % num_heads == 0, "dim should be divisible by num_heads"
        self.num_heads = num_heads
        self.head_dim = dim // num_heads
        self.scale = self.head_dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.q_norm = norm_layer(self.head_dim) if qk_norm else nn.Identity()
        self.k_norm = norm_layer(self.head_dim) if qk_norm else nn.Identity()
        self.attn_drop = nn.Dropout(attn_drop)
        self.norm = norm_layer(dim) if scale_norm else nn.Identity()
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x, attn_mask=None):
        n, length, channels = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, self.num_heads, channels // self.num_heads).permute(2, 0, 3, 1, 4).unbind(0)
        # modules of earlier versions have no norms here
        if hasattr(self, "q_norm"):
            q, k = self.q_norm(q), self.k_norm(k)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask, dropout_p=self.attn_drop.p if self.training else 0.0)
        x = x.transpose(1, 2).reshape(n, length, channels)
        if hasattr(self, "norm"):
            x = self.norm(x)
        return self.proj_drop(self.proj(x))


class SqueezeExcite(nn.Module):
    """Channels weighed by what the whole image shows."""

    def __init__(
        self,
        channels,
        rd_ratio=1.0 / 16,
        rd_channels=None,
        rd_divisor=8,
        add_maxpool=False,
        bias=True,
        act_layer=nn.ReLU,
        norm_layer=None,
        gate_layer="sigmoid",
    ):
        super().__init__()
        self.add_maxpool = add_maxpool
        if not rd_channels:
            rd_channels = make_divisible(channels * rd_ratio, rd_divisor, round_limit=0.0)
        self.fc1 = nn.Conv2d(channels, rd_channels, kernel_size=1, bias=bias)
        self.bn = norm_layer(rd_channels) if norm_layer else nn.Identity()
        self.act = create_act_layer(act_layer, inplace=True)
        self.fc2 = nn.Conv2d(rd_channels, channels, kernel_size=1, bias=bias)
        self.gate = create_act_layer(gate_layer)

    def forward(self, x):
        whole = x.mean((2, 3), keepdim=True)
        if self.add_maxpool:
            whole = 0.5 * whole + 0.5 * x.amax((2, 3), keepdim=True)
        return x * self.gate(self.fc2(self.act(self.bn(self.fc1(whole)))))


SEModule = SqueezeExcite


class SelectAdaptivePool2d(nn.Module):
    """One number for each channel: the mean, the largest, or both."""

    def __init__(self, output_size=1, pool_type="fast", flatten=False, input_fmt="NCHW"):
        super().__init__()
        self.pool_type = pool_type or ""
        self.pool = nn.AdaptiveMaxPool2d(output_size) if pool_type in ("max", "fastmax") else nn.AdaptiveAvgPool2d(output_size)
        if self.pool_type not in ("", "fast", "avg", "max", "fastmax"):
            raise NotImplementedError(f"SelectAdaptivePool2d(pool_type='{pool_type}')")
        self.flatten = nn.Flatten(1) if flatten or self.pool_type.startswith("fast") else nn.Identity()

    def forward(self, x):
        return x if self.pool_type == "" else self.flatten(self.pool(x))


def named_apply(fn, module, name="", depth_first=True, include_root=False):
    for path, part in module.named_modules():
        if path or include_root:
            fn(module=part, name=path)
    return module


def checkpoint_seq(functions, x, every=1, flatten=False, skip_last=False, preserve_rng_state=True):
    for function in functions:
        x = function(x)
    return x


def register_model(fn):
    return fn


IMAGENET_DEFAULT_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEFAULT_STD = (0.229, 0.224, 0.225)
IMAGENET_INCEPTION_MEAN = IMAGENET_INCEPTION_STD = (0.5, 0.5, 0.5)
