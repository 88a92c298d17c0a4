"""Writes the examples' model: Fisher's irises, as scikit-learn has them, told apart by a small network. Run with PyTorch 2.15: python make.py

The file is a whole pickled module of torch.nn's own classes, so it runs without source. Its output are logarithms of
probabilities, for NLLLoss.
"""

import shutil
from pathlib import Path

import torch
import torch.nn as nn
from sklearn.datasets import load_iris

HERE = Path(__file__).parent
COPIES = ["plain", "vite/public", "webpack", "esbuild", "react/public", "worker/public", "node", "element"]


def main():
    torch.manual_seed(0)
    iris = load_iris()
    x = torch.tensor(iris.data, dtype=torch.float32)
    y = torch.tensor(iris.target)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), nn.LogSoftmax(dim=1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.05)
    for _ in range(600):
        optimizer.zero_grad()
        nn.functional.nll_loss(model(x), y).backward()
        optimizer.step()
    model.eval()
    print("right:", (model(x).argmax(1) == y).float().mean().item())
    with torch.no_grad():
        for row in ([5.9, 3.0, 4.2, 1.5], [5.0, 3.4, 1.5, 0.2], [6.7, 3.0, 5.6, 2.1]):
            print(row, model(torch.tensor([row])).exp().squeeze().tolist())
    first, *others = [HERE / copy / "model.pth" for copy in COPIES]
    torch.save(model, first)
    for other in others:
        shutil.copyfile(first, other)


main()
