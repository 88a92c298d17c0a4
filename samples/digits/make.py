"""Trains the sample `digits` with PyTorch 2.15 and writes it: `python samples/digits/make.py`.

The data are scikit-learn's digits (1797 pictures of 8x8 pixels, brightness 0 to 16). Training stops as soon as the network is right on
90 of 100 held-out digits, so that fine-tuning in the page has something left to teach.

    digits.pth      {epoch, model_state_dict, optimizer_state_dict (Adam), loss}
    held_out.json   the digits that training never saw: {shape, scale, labels, pixels}, pixels as one string of base-17 letters
    training.json   those that it saw, in the same form: fine-tuning in the page goes on with them
    examples.json   a few inputs to try: [{label, tensor}]
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from model import DigitsNet  # noqa: E402

GOAL = 0.90
LETTERS = "0123456789abcdefg"

torch.manual_seed(2)
torch.set_num_threads(1)
digits = load_digits()
train_x, test_x, train_y, test_y = train_test_split(
    digits.images.astype(np.float32) / 16, digits.target, test_size=400, random_state=1, stratify=digits.target
)
train_x, train_y = torch.from_numpy(train_x)[:, None], torch.from_numpy(train_y)
test_x, test_y = torch.from_numpy(test_x)[:, None], torch.from_numpy(test_y)

model = DigitsNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, betas=(0.9, 0.999), weight_decay=1e-5)


def accuracy():
    model.eval()
    with torch.no_grad():
        right = (model(test_x).argmax(1) == test_y).float().mean().item()
    model.train()
    return right


def train():
    step = 0
    for epoch in range(20):
        for batch in torch.randperm(len(train_x)).split(32):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(train_x[batch]), train_y[batch])
            loss.backward()
            optimizer.step()
            step += 1
            if step % 4 == 0 and (right := accuracy()) >= GOAL:
                print(f"epoch {epoch}, step {step}: right on {right:.1%} of the held-out digits, loss {loss.item():.4f}")
                return epoch, loss.item()
    raise SystemExit("the goal was not reached")


epoch, loss = train()
torch.save(
    {
        "epoch": epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": loss,
    },
    HERE / "digits.pth",
)



def write(file, which, x, y):
    data = {
        "about": f"scikit-learn's digits that training {which}; brightness = the letter's place in `letters`, divided by `scale`",
        "shape": [len(x), 1, 8, 8],
        "letters": LETTERS,
        "scale": 16,
        "labels": y.tolist(),
        "pixels": "".join(LETTERS[p] for p in (x * 16).round().to(torch.int64).flatten().tolist()),
    }
    (HERE / file).write_text(json.dumps(data) + "\n")


write("held_out.json", "never saw", test_x, test_y)
write("training.json", "saw", train_x, train_y)

examples = []
for digit in range(10):
    image = test_x[test_y == digit][0]
    tensor = {"dtype": "float32", "shape": [1, 1, 8, 8], "data": image.flatten().tolist()}
    examples.append({"label": str(digit), "tensor": tensor})
lines = ",\n".join(json.dumps(e) for e in examples)
(HERE / "examples.json").write_text(f"[\n{lines}\n]\n")
