from functools import partial

import torch
import torch.nn as nn
from timm.models.layers import DropPath, Mlp, to_2tuple, trunc_normal_
from timm.models.registry import register_model
from timm.models.vision_transformer import VisionTransformer, _cfg
from timm.layers import LayerNorm2d, SqueezeExcite, PatchEmbed


class Block(nn.Module):
    def __init__(self, dim, mlp_ratio=2.0, drop_path=0.0, layer_scale_init_value=1e-6):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=3, padding=1, groups=dim)
        self.norm = LayerNorm2d(dim)
        self.se = SqueezeExcite(dim, rd_channels=2)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), act_layer=nn.GELU)
        self.gamma = nn.Parameter(layer_scale_init_value * torch.ones(dim))
        self.drop_path = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()

    def forward(self, x):
        y = self.se(self.norm(self.dwconv(x))).permute(0, 2, 3, 1)
        return x + self.drop_path((self.gamma * self.mlp(y)).permute(0, 3, 1, 2))


class DistilledViT(VisionTransformer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.aux = nn.Linear(self.embed_dim, self.num_classes)
        trunc_normal_(self.aux.weight, std=0.02)

    def forward(self, x):
        x = self.forward_features(x)
        return self.forward_head(x), self.aux(x[:, 1])


class TinyNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        size = to_2tuple(8)
        self.stem = PatchEmbed(size, 2, embed_dim=6, flatten=False)
        self.blocks = nn.Sequential(*[Block(6, drop_path=rate) for rate in (0.0, 0.1)])
        self.vit = DistilledViT(
            img_size=8, patch_size=4, embed_dim=12, depth=1, num_heads=2, num_classes=num_classes, norm_layer=partial(nn.LayerNorm, eps=1e-6)
        )
        self.apply(self._init_weights)

    def _init_weights(self, m):
        if isinstance(m, nn.Linear):
            trunc_normal_(m.weight, std=0.02)

    def forward(self, x):
        first, second = self.vit(x)
        return self.blocks(self.stem(x)).mean((2, 3)), first, second


@register_model
def tiny_net(pretrained=False, **kwargs):
    model = TinyNet(**kwargs)
    model.default_cfg = _cfg()
    return model
