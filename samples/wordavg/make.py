"""Trains the sample `wordavg` with PyTorch 2.15 and writes it: `python samples/wordavg/make.py`.

    wordavg.pth      a bare state_dict
    vocabulary.json  {words, unknown, padding, lowercase}: a word's number is its place in the list
    training.json    {texts, labels, held_out}: the corpus, of which the last `held_out` sentences were never trained on
    examples.json    sentences to try: [{label, text, score}], score the probability of `positive` that PyTorch gives
"""

import json
import pathlib
import sys
from collections import Counter

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from corpus import sentences  # noqa: E402
from model import WordAVGModel  # noqa: E402

UNKNOWN, PADDING = 0, 1
SHORTEST = 3

torch.manual_seed(0)
torch.set_num_threads(1)
pairs = sentences()
train, held_out = pairs[:-80], pairs[-80:]
counts = Counter(word for words, _ in train for word in words)
words = ["<unk>", "<pad>"] + sorted(counts, key=lambda w: (-counts[w], w))
number = {word: i for i, word in enumerate(words)}


def numbers(sentence, length):
    known = [number.get(word, UNKNOWN) for word in sentence]
    return known + [PADDING] * (length - len(known))


def batch(pairs):
    length = max(SHORTEST, max(len(s) for s, _ in pairs))
    text = torch.tensor([numbers(s, length) for s, _ in pairs])
    return text, torch.tensor([float(label) for _, label in pairs])


model = WordAVGModel(len(words), 50, 1, PADDING)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
for epoch in range(40):
    order = torch.randperm(len(train)).tolist()
    for start in range(0, len(order), 32):
        text, labels = batch([train[i] for i in order[start : start + 32]])
        # Now and then a word is not known: the vector of <unk> learns to say nothing.
        text[torch.rand(text.shape) < 0.03] = UNKNOWN
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(text).squeeze(1), labels).backward()
        optimizer.step()

model.eval()
with torch.no_grad():
    text, labels = batch(held_out)
    right = ((model(text).squeeze(1) > 0) == (labels > 0.5)).float().mean().item()
print(f"{len(pairs)} sentences, {len(words)} words; right on {right:.1%} of {len(held_out)} held-out sentences")

torch.save(model.state_dict(), HERE / "wordavg.pth")
vocabulary = {"words": words, "unknown": UNKNOWN, "padding": PADDING, "lowercase": True, "shortest": SHORTEST}
(HERE / "vocabulary.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
corpus = {
    "texts": [" ".join(words) for words, _ in pairs],
    "labels": [label for _, label in pairs],
    "held_out": len(held_out),
}
(HERE / "training.json").write_text(json.dumps(corpus, ensure_ascii=False) + "\n")
examples = []
for text in (
    "a charming film with a clever ending",
    "the waiter was rude and the soup was cold",
    "what a delightful little museum",
    "I regret the whole boring trip",
    "the screen is bright and it works",
    "an ugly chair that broke at once",
):
    with torch.no_grad():
        sentence = text.lower().split()
        score = torch.sigmoid(model(torch.tensor([numbers(sentence, max(SHORTEST, len(sentence)))]))).item()
    examples.append({"label": "positive" if score > 0.5 else "negative", "text": text, "score": round(score, 6)})
lines = ",\n".join(json.dumps(e) for e in examples)
(HERE / "examples.json").write_text(f"[\n{lines}\n]\n")
print(lines)
