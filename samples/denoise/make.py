"""Trains the sample `denoise` with PyTorch 2.15 and writes it: `python samples/denoise/make.py`.

    denoise.pt     torch.save(model, _use_new_zipfile_serialization=False): a whole module in the legacy format, which carries the source of
                   its class; it opens and runs by itself
    training.json  noisy pictures and clean ones: {inputs, targets}
    examples.json  noisy digits to try: [{label, tensor, mean}], mean the mean of what PyTorch makes of it

The digits are scikit-learn's, as in `digits`; the noise is uniform.
"""

import importlib.util
import json
import os
import pathlib
import sys
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).parent
# The file keeps the path of the class's source beside the source: a relative one, so that it is the same wherever it is made.
os.chdir(HERE)
spec = importlib.util.spec_from_file_location("model", "model.py")
module = importlib.util.module_from_spec(spec)
sys.modules["model"] = module
exec(compile(pathlib.Path("model.py").read_text(), "model.py", "exec"), module.__dict__)
module.__file__ = "model.py"

torch.manual_seed(0)
torch.set_num_threads(1)
clean = torch.from_numpy(load_digits().images.astype(np.float32) / 16)[:, None]


def noisy(pictures):
    return (pictures + torch.rand_like(pictures) - 0.5).clamp(0, 1)


model = module.Denoiser()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
train, held = clean[:-300], clean[-300:]
for epoch in range(12):
    for batch in torch.randperm(len(train)).split(64):
        optimizer.zero_grad()
        loss = F.mse_loss(model(noisy(train[batch])), train[batch])
        loss.backward()
        optimizer.step()
model.eval()
with torch.no_grad():
    before = noisy(held)
    print(f"mean squared error: {F.mse_loss(before, held):.4f} before, {F.mse_loss(model(before), held):.4f} after")


# torch.nn's classes are known by name; only the source of our own class goes along.
found = torch.serialization.get_source_lines_and_file
torch.serialization.get_source_lines_and_file = lambda of: found(of) if of is module.Denoiser else None
with warnings.catch_warnings(action="ignore"):
    torch.save(model, "denoise.pt", _use_new_zipfile_serialization=False)


def brief(pictures):
    return [[[[round(v, 2) for v in row] for row in picture[0]]] for picture in pictures.tolist()]


some = train[:120]
pairs = {"inputs": brief(noisy(some)), "targets": brief(some)}
pathlib.Path("training.json").write_text(json.dumps(pairs, separators=(",", ":")) + "\n")

labels = torch.from_numpy(load_digits().target[-300:])
examples = []
for digit in range(10):
    picture = ((noisy(held[labels == digit][:1]) * 100).round() / 100).contiguous()
    with torch.no_grad():
        mean = model(picture).mean().item()
    tensor = {"dtype": "float32", "shape": [1, 1, 8, 8], "data": [round(v, 2) for v in picture.flatten().tolist()]}
    examples.append({"label": str(digit), "tensor": tensor, "mean": round(mean, 6)})
lines = ",\n".join(json.dumps(e) for e in examples)
pathlib.Path("examples.json").write_text(f"[\n{lines}\n]\n")
