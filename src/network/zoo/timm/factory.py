"""timm.create_model for the names whose networks are here: Vision Transformers, DeiT and ResNets. The weights are the open checkpoint's."""

import torch.nn as nn
from zoo.shapes import with_input
from zoo.timm.layers import register_model
from zoo.timm.vision_transformer import VisionTransformer
from zoo.torchvision import resnet

_SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16), "huge": (1280, 32, 16)}
_RESNETS = {
    name: name for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "wide_resnet101_2")
}


def _transformer(name, options):
    """`vit_base_patch16_224`: family, size, patch, image."""
    parts = name.split("_")
    if len(parts) != 4 or parts[0] not in ("vit", "deit") or parts[1] not in _SIZES or not parts[2].startswith("patch"):
        return None
    channels, depth, heads = _SIZES[parts[1]]
    sizes = {"img_size": int(parts[3]), "patch_size": int(parts[2][len("patch") :])}
    return VisionTransformer(**{**sizes, "embed_dim": channels, "depth": depth, "num_heads": heads, **options})


__all__ = ["create_model", "register_model"]


def create_model(model_name, pretrained=False, num_classes=1000, in_chans=3, checkpoint_path="", drop_rate=0.0, **options):
    """The network by its name, as timm makes it; `.tag` and `hf_hub:timm/` are passed over."""
    name = model_name.split("/")[-1].split(".")[0]
    options.pop("pretrained_cfg", None)
    network = _transformer(name, {"num_classes": num_classes, "in_chans": in_chans, "drop_rate": drop_rate, **options})
    if network is not None:
        return network
    if name not in _RESNETS or options:
        told = f", {', '.join(options)}" if options else ""
        raise NotImplementedError(f"timm.create_model('{model_name}'{told}): of timm, Vision Transformers, DeiT and ResNets are here")
    network = getattr(resnet, name)(num_classes=num_classes or 1)
    if num_classes == 0:
        network.fc = nn.Identity()
    return network if in_chans == 3 else with_input(network, in_chans)
