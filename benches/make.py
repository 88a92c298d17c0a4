"""Writes what the benchmark opens, into `benches/made/`: `python benches/make.py`. Called by `cargo xtask bench` when something is missing.

    big.pth    1 GiB: a state_dict of 200 float32 tensors of 5.12 MiB and a little more
    small.pth  the weights of the convolution
"""

import pathlib

import torch

MADE = pathlib.Path(__file__).parent / "made"
MADE.mkdir(exist_ok=True)
torch.manual_seed(0)
if not (MADE / "big.pth").exists():
    count = 200
    columns = (1 << 30) // 4 // count // 1024 + 1
    block = torch.randn(1024, columns)
    torch.save({f"layers.{i}.weight": block + i for i in range(count)}, MADE / "big.pth")
torch.save({"conv.weight": torch.randn(64, 64, 3, 3) * 0.05, "conv.bias": torch.randn(64) * 0.1}, MADE / "small.pth")
