"""Pictures, and the tensors that torchvision makes of them: what www/app/image/ is held to.

Writes colour.png, tall.png, grey.png and expected.json beside this file. Needs torch, torchvision and Pillow (made with the versions that
expected.json names): python tests/browser/pictures/make.py. Pillow 13 resizes the columns of some tall pictures before
their rows, which rounds a few values to the next byte; the versions before it, with which networks were trained, begin with the rows.
"""

import base64
import json
from pathlib import Path

import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T
from torchvision.models import get_weight
from torchvision.transforms import InterpolationMode

HERE = Path(__file__).parent
# Of large tensors, every so many values.
EVERY = 997


def pixels(width, height, seed):
    """Waves, an edge, and noise on top: smooth parts, sharp parts and the extremes."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    noise = torch.randint(-40, 41, (height, width, 3), generator=torch.Generator().manual_seed(seed))
    waves = torch.stack([127 + 127 * torch.sin(x / 5 + c + y / (3 + c)) for c in range(3)], -1)
    waves[:, width // 2 : width // 2 + 3] = 255
    waves[height // 3] = 0
    return (waves + noise).clamp(0, 255).to(torch.uint8)


def text(data):
    return base64.b64encode(data).decode()


def picture(name, width, height, seed, mode):
    made = Image.fromarray(pixels(width, height, seed).numpy(), "RGB").convert(mode)
    made.save(HERE / f"{name}.png", optimize=True)
    return made


PICTURES = {
    "colour": picture("colour", 61, 43, 1, "RGB"),
    "tall": picture("tall", 30, 75, 2, "RGB"),
    "grey": picture("grey", 40, 40, 3, "L"),
}
BILINEAR, BICUBIC = InterpolationMode.BILINEAR, InterpolationMode.BICUBIC
HALF = ([0.5] * 3, [0.5] * 3)


def own(resize, crop, mean, std, filter=BILINEAR, grey=False):
    steps = [T.Grayscale()] if grey else []
    steps += [T.Resize(resize, interpolation=filter)] if resize is not None else []
    steps += [T.CenterCrop(crop)] if crop is not None else []
    return T.Compose([*steps, T.ToTensor(), T.Normalize(mean, std)])


# Name of a preset, or the page's own numbers beside the transform that they stand for.
CASES = [
    ("colour", "imagenet", get_weight("ResNet18_Weights.IMAGENET1K_V1").transforms()),
    ("tall", "imagenet_v2", get_weight("ResNet50_Weights.IMAGENET1K_V2").transforms()),
    ("colour", "efficientnet_b0", get_weight("EfficientNet_B0_Weights.IMAGENET1K_V1").transforms()),
    ("tall", "swin_t", get_weight("Swin_T_Weights.IMAGENET1K_V1").transforms()),
    ("grey", "inception_v3", get_weight("Inception_V3_Weights.IMAGENET1K_V1").transforms()),
    ("colour", "cifar10", own(32, 32, [0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616])),
    ("tall", "mnist", own(28, 28, [0.1307], [0.3081], grey=True)),
    ("grey", "mnist", own(28, 28, [0.1307], [0.3081], grey=True)),
    # Shrunk fivefold, an odd margin to cut, other proportions.
    ("colour", {"resize": "short", "side": 9, "height": 6, "width": 10}, own(9, (6, 10), *HALF)),
    ("tall", {"resize": "short", "side": 7, "height": 12, "width": 4, "filter": "bicubic"}, own(7, (12, 4), *HALF, filter=BICUBIC)),
    ("colour", {"resize": "stretch", "height": 20, "width": 13}, own((20, 13), None, *HALF)),
    # Larger than the picture in one direction: black around it.
    ("tall", {"resize": "none", "height": 41, "width": 40}, own(None, (41, 40), *HALF)),
]


def case(name, how, transform):
    source = PICTURES[name]
    if how not in ("mnist",) and source.mode == "L":
        source = source.convert("RGB")
    tensor = transform(source)
    flat = tensor.flatten()
    every = EVERY if flat.numel() > 10_000 else 1
    return {
        "picture": name,
        "how": how if isinstance(how, str) else {"channels": 3, "filter": "bilinear", "side": 1, "mean": HALF[0], "std": HALF[1], **how},
        "shape": [1, *tensor.shape],
        "every": every,
        "values": text(flat[::every].numpy().tobytes()),
    }


def main():
    expected = {
        "made": {"torch": torch.__version__, "torchvision": torchvision.__version__, "Pillow": PIL.__version__},
        "pictures": {
            name: {"width": made.width, "height": made.height, "channels": len(made.getbands()), "data": text(made.tobytes())}
            for name, made in PICTURES.items()
        },
        "cases": [case(*each) for each in CASES],
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
