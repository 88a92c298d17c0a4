"""Trains the sample `iris` with PyTorch 2.15 and writes it: `python samples/iris/make.py`.

    iris.pth       torch.save(model): a whole nn.Sequential of torch.nn's classes, which needs no source
    training.csv   the flowers, 30 held out: columns, the class, and whether training saw it
    examples.json  flowers to try: [{label, values, scores}], scores as PyTorch gives them

The first layer is a BatchNorm1d without weights whose running statistics are the data's mean and variance: the normalisation is in the file.
Training stops once nine in ten of the held-out flowers are right.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).parent
GOAL = 0.90

torch.manual_seed(0)
torch.set_num_threads(1)
iris = load_iris()
train_x, test_x, train_y, test_y = train_test_split(
    iris.data.astype(np.float32), iris.target, test_size=30, random_state=3, stratify=iris.target
)
train_x, train_y, test_x, test_y = map(torch.from_numpy, (train_x, train_y, test_x, test_y))

normalise = nn.BatchNorm1d(4, affine=False)
normalise.running_mean.copy_(train_x.mean(0))
normalise.running_var.copy_(train_x.var(0))
model = nn.Sequential(normalise, nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def right():
    model.eval()
    with torch.no_grad():
        return (model(test_x).argmax(1) == test_y).float().mean().item()


# Eval mode throughout: the statistics stay the data's.
for step in range(200):
    model.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(train_x), train_y)
    loss.backward()
    optimizer.step()
    if right() >= GOAL:
        break
else:
    raise SystemExit("the goal was not reached")
print(f"step {step}: right on {right():.1%} of the held-out flowers, loss {loss.item():.4f}")
torch.save(model, HERE / "iris.pth")

columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def write(file, x, y):
    rows = [",".join([*(f"{v:g}" for v in flower), iris.target_names[kind]]) for flower, kind in zip(x.tolist(), y.tolist())]
    (HERE / file).write_text("\n".join([",".join([*columns, "species"]), *rows]) + "\n")


write("training.csv", train_x, train_y)
write("held_out.csv", test_x, test_y)

examples = []
for kind, name in enumerate(iris.target_names):
    flower = test_x[test_y == kind][:1]
    with torch.no_grad():
        scores = model(flower)[0].tolist()
    tensor = {"dtype": "float32", "shape": [1, 4], "data": [round(v, 4) for v in flower[0].tolist()]}
    examples.append({"label": str(name), "tensor": tensor, "scores": [round(v, 5) for v in scores]})
lines = ",\n".join(json.dumps(e) for e in examples)
(HERE / "examples.json").write_text(f"[\n{lines}\n]\n")
print(lines)
