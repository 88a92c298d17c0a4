"""Writes losses.json: every loss of torch 2.15 with its arguments, and the gradients of what it is applied to, or torch's error.

    python tests/oracle/losses.py

A case is {name, kwargs, inputs: [[shape, data], ...], targets: [[shape, dtype, data], ...], loss, gradients} or, instead of the last
two, error. Lists in kwargs are tensors.
"""

import json
import math
import pathlib

import torch
from torch import nn

torch.manual_seed(1)
CASES = []


def numbers(*shape):
    return (torch.randn(shape) * 1.5).mul(64).round().div(64)


def shares(*shape):
    return torch.rand(shape).mul(0.8).add(0.1).mul(256).round().div(256)


def flat(x):
    return [float(f"{v:.8g}") for v in x.detach().reshape(-1).double().tolist()] if x.is_floating_point() else x.reshape(-1).tolist()


def case(name, inputs, targets, **kwargs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    tensors = {k: torch.tensor(v) if isinstance(v, list) else v for k, v in kwargs.items()}
    made = {"name": name, "kwargs": kwargs, "inputs": [[list(x.shape), flat(x)] for x in inputs],
            "targets": [[list(t.shape), str(t.dtype).removeprefix("torch."), flat(t)] for t in targets]}
    try:
        loss = getattr(nn, name)(**tensors)(*inputs, *targets)
        loss.backward()
    except (RuntimeError, ValueError) as e:
        CASES.append({**made, "error": str(e).split("\nException raised")[0]})
        return
    assert math.isfinite(loss.item()), made
    CASES.append({**made, "loss": flat(loss)[0], "gradients": [flat(x.grad) for x in inputs]})


REDUCTIONS = ({}, {"reduction": "sum"})
for r in REDUCTIONS:
    classes = torch.tensor([2, 0, 1, 2])
    for kw in ({}, {"weight": [0.5, 2.0, 1.25]}, {"label_smoothing": 0.1}, {"ignore_index": 2}, {"weight": [0.5, 2.0, 1.25], "label_smoothing": 0.2, "ignore_index": 0}):
        case("CrossEntropyLoss", [numbers(4, 3)], [classes], **kw, **r)
        case("CrossEntropyLoss", [numbers(2, 3, 2)], [classes.reshape(2, 2)], **kw, **r)
        if "ignore_index" not in kw:
            case("CrossEntropyLoss", [numbers(4, 3)], [torch.softmax(numbers(4, 3), 1)], **kw, **r)
        if "label_smoothing" not in kw:
            case("NLLLoss", [torch.log_softmax(numbers(4, 3), 1)], [classes], **kw, **r)
            case("NLLLoss", [torch.log_softmax(numbers(2, 3, 1, 2), 1)], [classes.reshape(2, 1, 2)], **kw, **r)
    case("CrossEntropyLoss", [numbers(3)], [torch.tensor(1)], **r)
    case("CrossEntropyLoss", [numbers(2, 3, 2)], [torch.softmax(numbers(2, 3, 2), 1)], weight=[1.0, 0.5, 2.0], **r)
    bits = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    for kw in ({}, {"weight": [0.5, 2.0, 1.0]}):
        case("BCELoss", [shares(2, 3)], [bits], **kw, **r)
        case("BCEWithLogitsLoss", [numbers(2, 3)], [shares(2, 3)], **kw, **r)
        case("MultiLabelSoftMarginLoss", [numbers(2, 3)], [bits], **kw, **r)
    case("BCELoss", [torch.tensor([0.0, 1.0, 0.5])], [torch.tensor([0.0, 1.0, 1.0])], **r)
    case("BCEWithLogitsLoss", [numbers(2, 3) * 30], [bits], pos_weight=[3.0, 1.0, 0.5], **r)
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
        case(name, [numbers(2, 3)], [numbers(2, 3)], **r)
    case("L1Loss", [torch.tensor([1.0, 2.0, 3.0])], [torch.tensor([1.0, 2.5, 3.0])], **r)
    case("SmoothL1Loss", [numbers(7)], [numbers(7)], beta=0.5, **r); case("SmoothL1Loss", [numbers(7)], [numbers(7)], beta=0.0, **r); case("HuberLoss", [numbers(7)], [numbers(7)], delta=0.75, **r)
    case("KLDivLoss", [torch.log_softmax(numbers(3, 4), 1)], [torch.softmax(numbers(3, 4), 1)], **r); case("KLDivLoss", [torch.log_softmax(numbers(3, 4), 1)], [torch.log_softmax(numbers(3, 4), 1)], log_target=True, **r)
    signs = torch.tensor([1, -1, 1, -1])
    for margin in (0.0, 0.4):
        case("CosineEmbeddingLoss", [numbers(4, 3), numbers(4, 3)], [signs], margin=margin, **r); case("MarginRankingLoss", [numbers(4), numbers(4)], [signs.float()], margin=margin, **r)
    case("CosineEmbeddingLoss", [numbers(3), numbers(3)], [torch.tensor(-1)], **r)
    for kw in ({}, {"p": 1.0, "margin": 2.0}, {"swap": True}, {"p": 3.0, "eps": 1e-3}):
        case("TripletMarginLoss", [numbers(4, 3), numbers(4, 3), numbers(4, 3)], [], **kw, **r)
    case("HingeEmbeddingLoss", [numbers(4).abs()], [signs], **r); case("HingeEmbeddingLoss", [numbers(2, 2).abs()], [signs.reshape(2, 2).float()], margin=2.0, **r)
    case("SoftMarginLoss", [numbers(4)], [signs.float()], **r)
    for kw in ({}, {"p": 2}, {"margin": 0.5, "weight": [1.0, 2.0, 0.5]}):
        case("MultiMarginLoss", [numbers(4, 3)], [classes], **kw, **r)
    case("MultiLabelMarginLoss", [numbers(3, 4)], [torch.tensor([[3, 0, -1, 1], [-1, 2, 2, 2], [1, 2, 0, 3]])], **r)
    case("MultiLabelMarginLoss", [numbers(4)], [torch.tensor([1, 2, -1, 0])], **r)
    for kw in ({}, {"blank": 2}, {"zero_infinity": True}):
        scores, lengths = torch.log_softmax(numbers(6, 3, 4), 2), [torch.tensor([6, 5, 4]), torch.tensor([3, 1, 2])]
        case("CTCLoss", [scores], [torch.tensor([[1, 1, 3], [3, 0, 0], [3, 1, 9]]), *lengths], **kw, **r)
        case("CTCLoss", [scores], [torch.tensor([1, 1, 3, 3, 3, 1]), *lengths], **kw, **r)
    case("CTCLoss", [torch.log_softmax(numbers(5, 4), 1)], [torch.tensor([1, 2]), torch.tensor(5), torch.tensor(2)], **r)
    case("CTCLoss", [torch.log_softmax(numbers(3, 2, 4), 2)], [torch.tensor([[1, 1, 1], [1, 2, 3]]), torch.tensor([3, 3]), torch.tensor([3, 0])], zero_infinity=True, **r)
    for kw in ({}, {"log_input": False}, {"full": True}):
        case("PoissonNLLLoss", [shares(5)], [torch.tensor([0.0, 1.0, 3.0, 2.0, 5.0])], **kw, **r)
    for kw in ({}, {"full": True, "eps": 0.25}):
        case("GaussianNLLLoss", [numbers(2, 3)], [numbers(2, 3), shares(2, 3)], **kw, **r)
case("KLDivLoss", [torch.log_softmax(numbers(3, 4), 1)], [torch.softmax(numbers(3, 4), 1)], reduction="batchmean")
# torch's words.
case("CrossEntropyLoss", [numbers(4, 3)], [torch.tensor([0, 1, 2])]); case("CrossEntropyLoss", [numbers(2, 3, 2)], [torch.tensor([[0, 1, 2], [0, 1, 2]])])
case("BCELoss", [shares(2, 1)], [torch.ones(2)]); case("BCEWithLogitsLoss", [numbers(2, 1)], [torch.ones(2)]); case("MSELoss", [numbers(3)], [numbers(2)])
case("CosineEmbeddingLoss", [numbers(3), numbers(3)], [torch.tensor([1, -1, 1])]); case("MarginRankingLoss", [numbers(3), numbers(3)], [torch.ones(3, 1)])
case("MSELoss", [numbers(3)], [numbers(3)], reduction="none"); case("MSELoss", [numbers(3)], [numbers(3)], reduction="average")

lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
print(len(CASES), "cases,", sum("error" in c for c in CASES), "errors")
