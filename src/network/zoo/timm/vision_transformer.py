"""Vision Transformer and DeiT, with timm's names (`timm.models.vision_transformer`).

Dosovitskiy et al., An Image is Worth 16x16 Words (2020); Touvron et al., Training data-efficient image transformers (2020).
"""

import torch
import torch.nn as nn
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.timm.layers import Attention, DropPath, LayerNorm, LayerScale, Mlp, PatchEmbed, trunc_normal_


class Block(nn.Module):
    """Attention and linear layers, each normalised before and added after."""

    def __init__(
        self,
        dim,
        num_heads,
        mlp_ratio=4.0,
        qkv_bias=False,
        qk_norm=False,
        proj_bias=True,
        proj_drop=0.0,
        attn_drop=0.0,
        init_values=None,
        drop_path=0.0,
        act_layer=nn.GELU,
        norm_layer=LayerNorm,
        mlp_layer=Mlp,
        drop=0.0,
    ):
        super().__init__()
        drop = proj_drop or drop
        self.norm1 = norm_layer(dim)
        self.attn = Attention(
            dim, num_heads, qkv_bias=qkv_bias, qk_norm=qk_norm, proj_bias=proj_bias, attn_drop=attn_drop, proj_drop=drop, norm_layer=norm_layer
        )
        self.ls1 = LayerScale(dim, init_values=init_values) if init_values else nn.Identity()
        self.drop_path1 = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()
        self.norm2 = norm_layer(dim)
        self.mlp = mlp_layer(in_features=dim, hidden_features=int(dim * mlp_ratio), act_layer=act_layer, bias=proj_bias, drop=drop)
        self.ls2 = LayerScale(dim, init_values=init_values) if init_values else nn.Identity()
        self.drop_path2 = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()

    def forward(self, x):
        x = x + self.drop_path1(self.ls1(self.attn(self.norm1(x))))
        return x + self.drop_path2(self.ls2(self.mlp(self.norm2(x))))


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, blocks, a head."""

    def __init__(
        self,
        img_size=224,
        patch_size=16,
        in_chans=3,
        num_classes=1000,
        global_pool="token",
        embed_dim=768,
        depth=12,
        num_heads=12,
        mlp_ratio=4.0,
        qkv_bias=True,
        qk_norm=False,
        init_values=None,
        class_token=True,
        no_embed_class=False,
        reg_tokens=0,
        pre_norm=False,
        fc_norm=None,
        drop_rate=0.0,
        pos_drop_rate=0.0,
        proj_drop_rate=0.0,
        attn_drop_rate=0.0,
        drop_path_rate=0.0,
        weight_init="",
        embed_layer=PatchEmbed,
        norm_layer=None,
        act_layer=None,
        block_fn=Block,
        mlp_layer=Mlp,
        **kwargs,
    ):
        super().__init__()
        if kwargs:
            raise NotImplementedError(f"VisionTransformer({', '.join(kwargs)})")
        if global_pool not in ("", "avg", "token"):
            raise NotImplementedError(f"VisionTransformer(global_pool='{global_pool}')")
        assert class_token or global_pool != "token"
        after_pool = global_pool == "avg" if fc_norm is None else fc_norm
        norm_layer = norm_layer or LayerNorm
        self.num_classes = num_classes
        self.global_pool = global_pool
        self.num_features = self.head_hidden_size = self.embed_dim = embed_dim
        self.num_prefix_tokens = (1 if class_token else 0) + reg_tokens
        self.no_embed_class = no_embed_class
        self.patch_embed = embed_layer(img_size=img_size, patch_size=patch_size, in_chans=in_chans, embed_dim=embed_dim, bias=not pre_norm)
        patches = self.patch_embed.num_patches
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim)) if class_token else None
        self.reg_token = nn.Parameter(torch.zeros(1, reg_tokens, embed_dim)) if reg_tokens else None
        places = patches if no_embed_class else patches + self.num_prefix_tokens
        self.pos_embed = nn.Parameter(torch.randn(1, places, embed_dim) * 0.02)
        self.pos_drop = nn.Dropout(p=pos_drop_rate)
        self.patch_drop = nn.Identity()
        self.norm_pre = norm_layer(embed_dim) if pre_norm else nn.Identity()
        rates = [drop_path_rate * i / max(depth - 1, 1) for i in range(depth)]
        self.blocks = nn.Sequential(
            *[
                block_fn(
                    dim=embed_dim,
                    num_heads=num_heads,
                    mlp_ratio=mlp_ratio,
                    qkv_bias=qkv_bias,
                    qk_norm=qk_norm,
                    init_values=init_values,
                    proj_drop=proj_drop_rate,
                    attn_drop=attn_drop_rate,
                    drop_path=rates[i],
                    norm_layer=norm_layer,
                    act_layer=act_layer or nn.GELU,
                    mlp_layer=mlp_layer,
                )
                for i in range(depth)
            ]
        )
        self.norm = nn.Identity() if after_pool else norm_layer(embed_dim)
        self.fc_norm = norm_layer(embed_dim) if after_pool else nn.Identity()
        self.head_drop = nn.Dropout(drop_rate)
        self.head = nn.Linear(embed_dim, num_classes) if num_classes > 0 else nn.Identity()

    def no_weight_decay(self):
        return {"pos_embed", "cls_token", "dist_token"}

    def get_classifier(self):
        return self.head

    def reset_classifier(self, num_classes, global_pool=None):
        self.num_classes = num_classes
        if global_pool is not None:
            self.global_pool = global_pool
        self.head = nn.Linear(self.embed_dim, num_classes) if num_classes > 0 else nn.Identity()

    def _pos_embed(self, x):
        prefix = [getattr(self, name, None) for name in ("cls_token", "reg_token")]
        prefix = [token.expand(x.shape[0], -1, -1) for token in prefix if token is not None]
        # modules of earlier versions have one place for each token
        if getattr(self, "no_embed_class", False):
            return self.pos_drop(torch.cat([*prefix, x + self.pos_embed], dim=1))
        return self.pos_drop(torch.cat([*prefix, x], dim=1) + self.pos_embed)

    def forward_features(self, x):
        return self.norm(self.blocks(self.norm_pre(self._pos_embed(self.patch_embed(x)))))

    def pool(self, x):
        if self.global_pool == "avg":
            return x[:, self.num_prefix_tokens :].mean(dim=1)
        return x[:, 0] if self.global_pool == "token" else x

    def forward_head(self, x, pre_logits=False):
        x = self.head_drop(self.fc_norm(self.pool(x)))
        return x if pre_logits else self.head(x)

    def forward(self, x):
        return self.forward_head(self.forward_features(x))


def _cfg(url="", **kwargs):
    return {"url": url, "num_classes": 1000, "input_size": (3, 224, 224), **kwargs}


# (channels, blocks): name, heads
KNOWN = {
    (192, 12): ("vit_tiny", 3),
    (384, 12): ("vit_small", 6),
    (768, 12): ("vit_base", 12),
    (1024, 24): ("vit_large", 16),
    (1280, 32): ("vit_huge", 16),
}


def recognise(shapes, modules=None):
    """Sizes from patches, positions and blocks; heads by the published networks."""
    depth = count(shapes, "blocks.", ".attn.qkv.weight")
    channels, in_chans, patch = (size(shapes, "patch_embed.proj.weight", dim) for dim in (0, 1, 2))
    if depth == 0 or patch == 0 or len(shapes.get("pos_embed", ())) != 3 or "dist_token" in shapes:
        return None
    name, heads = KNOWN.get((channels, depth), ("vit", usual_heads(channels)))
    token, registers = "cls_token" in shapes, size(shapes, "reg_token", 1)
    prefix = (1 if token else 0) + registers
    places = size(shapes, "pos_embed", 1)
    sides = {side * side: side for side in range(1, 200)}
    whole, bare = sides.get(places - prefix), sides.get(places)
    if whole is None and bare is None:
        return None
    apart = whole is None
    after = "fc_norm.weight" in shapes
    hidden = size(shapes, "blocks.0.mlp.fc1.weight")
    model = call(
        "VisionTransformer",
        img_size=(bare if apart else whole) * patch,
        patch_size=patch,
        in_chans=unless(in_chans, 3),
        num_classes=size(shapes, "head.weight"),
        global_pool=None if token and not after else "avg",
        embed_dim=channels,
        depth=depth,
        num_heads=heads,
        mlp_ratio=unless(hidden / channels, 4.0),
        qkv_bias=None if "blocks.0.attn.qkv.bias" in shapes else False,
        qk_norm=True if "blocks.0.attn.q_norm.weight" in shapes else None,
        init_values=1e-5 if "blocks.0.ls1.gamma" in shapes else None,
        class_token=None if token else False,
        no_embed_class=True if apart else None,
        reg_tokens=unless(registers, 0),
        pre_norm=True if "norm_pre.weight" in shapes else None,
        fc_norm=None if after or token else False,
    )
    return f"{name}_patch{patch}", model, [heads_note("num_heads", heads, channels), "norm's eps and act_layer: timm's own, 1e-6 and GELU, were taken"]
