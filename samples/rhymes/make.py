"""Trains the sample `rhymes` with PyTorch 2.15 and writes it: `python samples/rhymes/make.py`.

    rhymes.pth       a state_dict; the head's weight and the characters' vectors are one tensor
    vocabulary.json  {characters, context}: a character's number is its place in the string
    training.txt     couplets in another manner: fine-tuning in the page teaches it
    examples.json    beginnings to try: [{label, text, next}], next the scores that PyTorch gives the character after the text
"""

import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from corpus import couplets, wishes  # noqa: E402
from model import CharGPT, next_character  # noqa: E402

CONTEXT = 64
STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 12000

torch.manual_seed(0)
torch.set_num_threads(1)
text = "".join(couplets(3000))
characters = "".join(sorted(set(text)))
number = {c: i for i, c in enumerate(characters)}
data = torch.tensor([number[c] for c in text])

model = CharGPT(len(characters), context=CONTEXT, p=0.0)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=STEPS)
for step in range(STEPS):
    starts = torch.randint(len(data) - CONTEXT - 1, (32,))
    batch = torch.stack([data[s : s + CONTEXT + 1] for s in starts.tolist()])
    optimizer.zero_grad()
    loss = next_character(model(batch[:, :-1]), batch[:, 1:])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    if step % 250 == 0 or step == STEPS - 1:
        print(step, round(loss.item(), 4), flush=True)

model.eval()


def scores(text):
    with torch.no_grad():
        return model(torch.tensor([[number[c] for c in text[-CONTEXT:]]]))[0, -1]


torch.manual_seed(1)
written = "\n\n"
for _ in range(400):
    written += characters[torch.multinomial(torch.softmax(scores(written) / 0.7, 0), 1).item()]
print(f"{len(text)} characters of {len(characters)} kinds, {sum(p.numel() for p in model.parameters())} parameters, loss {loss.item():.3f}\n{written}")

torch.save(model.state_dict(), HERE / "rhymes.pth")
(HERE / "vocabulary.json").write_text(json.dumps({"characters": characters, "context": CONTEXT}) + "\n")
(HERE / "training.txt").write_text("".join(wishes(160)))
examples = [
    {"label": label, "text": begin, "next": [round(x, 5) for x in scores(begin).tolist()]}
    for label, begin in [
        ("a cat", "a little old cat,\n"),
        ("the moon", "who painted the moon,\n"),
        ("by the river", "down by the river I saw a "),
        ("there was once", "there was once a "),
    ]
]
lines = ",\n".join(json.dumps(e) for e in examples)
(HERE / "examples.json").write_text(f"[\n{lines}\n]\n")
