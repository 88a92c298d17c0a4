"""Writes src/python/torch_names.txt: the public names of torch 2.15, so that a mistyped name is told from one not done here."""

import pathlib
import re

import torch
import torch.nn.functional

PACKAGES = {
    "torch": torch,
    "torch.nn": torch.nn,
    "torch.nn.functional": torch.nn.functional,
    "torch.nn.init": torch.nn.init,
    "torch.nn.utils": torch.nn.utils,
    "torch.Tensor": torch.Tensor,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "torch.special": torch.special,
}

sections = []
for package, where in PACKAGES.items():
    names = [n for n in dir(where) if not n.startswith("_") and callable(getattr(where, n, None))]
    names = [n for n in names if not re.fullmatch(r"[A-Z]\w*(Type|Storage)|\w*_copy|quantize\w*|\w*miopen\w*|\w*cudnn\w*|\w*mkldnn\w*|\w*fbgemm\w*", n)]
    sections.append(package + "\n" + " ".join(sorted(names)))
root = pathlib.Path(__file__).parent.parent.parent
(root / "src/python/torch_names.txt").write_text("\n\n".join(sections) + "\n")
