"""Writes gradients.json: the gradients that torch 2.15 computes of every operator of the graph.

    python tests/oracle/gradients.py

The loss is the sum of the operator's results, element i of each as float64 times cos(0.7 i + 0.3). A case is [case of ops.json by its
place, gradients] or [operator, [[shape, dtype, data], ...] operands, gradients]; a gradient is a flat list for each operand, null
where torch has none. Cases of ops.json with numbers that are not finite are left out: those that matter stand here.
"""

import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

import infer
import ops

MOST = 72
FLOATS = {"float32", "float64", "float16"}
CASES = []
F32, F64, I64, B = ops.F32, ops.F64, ops.I64, ops.B
numbers, tensor = ops.numbers, ops.tensor


def results(op, t):
    name, a = infer.kind(ops.real(op))
    if name == "batch_norm_train":
        x, *affine = t
        return [F.batch_norm(x, None, None, *affine, training=True, eps=a["eps"])]
    if name == "interpolate":
        return [ops.interpolate(a, t[0])]
    if name == "top_k":
        v, _ = torch.sort(t[0], dim=a["dim"] if t[0].dim() else -1, descending=a["largest"], stable=True)
        return [v if not t[0].dim() else v.narrow(a["dim"], 0, a["k"])]
    if name == "masked_fill":
        return [t[0].masked_fill(t[1], a["value"])]
    if name == "batch_norm_eval":
        t = [x.detach() if i in (1, 2) else x for i, x in enumerate(t)]
    y = infer.run(ops.real(op), t)
    return y if isinstance(y, list) else [y]


def gradients(op, t):
    t = [x.clone().requires_grad_() if x.is_floating_point() else x for x in t]
    loss = 0.0
    for y in results(op, t):
        if y.requires_grad:
            weights = torch.cos(0.7 * torch.arange(y.numel(), dtype=torch.float64) + 0.3)
            loss = loss + (y.double().reshape(-1) * weights).sum()
    if not isinstance(loss, torch.Tensor):
        return None
    loss.backward()
    return [x.grad if x.is_floating_point() else None for x in t]


def flat(g):
    if g is None:
        return None
    digits = 12 if g.dtype == torch.float64 else 8
    text = lambda v: "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf") if math.isinf(v) else float(f"{v:.{digits}g}")
    return [text(v) for v in g.reshape(-1).double().tolist()]


def case(op, *t):
    try:
        found = gradients(op, t)
    except RuntimeError as refused:
        print(json.dumps(op), str(refused).splitlines()[0])
        return
    assert found is not None, op
    CASES.append([op, [ops.said(x) for x in t], [flat(g) for g in found]])


known = json.loads(pathlib.Path(__file__).with_name("ops.json").read_text())
for place, (op, operands, outputs) in enumerate(known):
    t = [torch.tensor([float(v) if isinstance(v, str) else v for v in data], dtype=getattr(torch, d)).reshape(s) for s, d, data in operands]
    floats = [x for x in t if x.is_floating_point()]
    kinds = {str(x.dtype).removeprefix("torch.") for x in floats}
    if not floats or not kinds <= FLOATS or any(x.numel() > MOST for x in t) or not all(x.isfinite().all() for x in floats) or any(math.prod(s) == 0 for s, *_ in operands + outputs):
        continue
    if infer.kind(op)[0] == "scatter" and op["scatter"]["reduce"] == "replace" and len(t[1].unique()) < t[1].numel() and t[1].dim() == 1:
        continue  # two writes to one place
    try:
        found = gradients(op, t)
    except RuntimeError:
        continue  # forward only: scatter from a larger source
    if found is not None:
        CASES.append([place, [flat(g) for g in found]])

# Where functions bend, at their ends, and where nothing is left of them.
odd = [v for v in ops.ODD if math.isfinite(v)]
unary = "abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sign floor ceil round trunc frac sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid erf erfinv relu silu".split()
for name in unary:
    case({"unary": name}, tensor(odd))
for op in ops.acts:
    case({"activation": op}, tensor(odd + [3.0, -3.0, 6.0]))
case({"activation": {"softplus": {"beta": 1.0, "threshold": 20.0}}}, tensor(odd))
case({"activation": {"hardtanh": {"min": -1.0, "max": 1.0}}}, tensor(odd))
case("prelu", tensor(odd), tensor([0.3])); case("prelu", numbers([2, 3, 4], F32), tensor([0.1, 0.0, -0.5])); case("prelu", tensor([[0.0, 1.0], [-1.0, 0.0]]), tensor([0.25, 0.5]))
grid = tensor([0.0, 1.0, -1.0, 0.125, -0.125, 2.5, -2.5, 7.0])
for op in "add sub mul div remainder fmod floor_divide pow maximum minimum atan2".split():
    case({"binary": op}, grid[:, None].clone(), grid); case({"binary": op}, numbers([2, 1, 3], F32), numbers([4, 1], F32) + 0.03)
    for s, r in ((0.3, False), (-2.0, False), (2.0, True), (3.0, False), (0.5, False), (0.0, False), (0.0, True), (1.0, False), (2.0, False), (1.5, False)):
        if op not in ("maximum", "minimum", "atan2") and not (op == "fmod" and r) and not (s == 0.0 and op in ("remainder", "fmod", "floor_divide", "div")):
            case({"binary_scalar": {"op": op, "scalar": s, "reverse": r}}, grid)
for lo, hi in ((0.5, 2.5), (None, 1.0), (-1.0, None), (3.0, 1.0), (0.0, 0.0)):
    case({"clamp": {"min": lo, "max": hi}}, tensor(odd))
case("where", tensor([[True], [False]], B), numbers([1, 3], F32), numbers([2, 3], F32)); case({"masked_fill": {"value": "-inf"}}, numbers([2, 3], F32), tensor([True, False, True], B))
for a, b in itertools.product((F32, F64, ops.F16, ops.BF16), repeat=2):
    case({"cast": {"dtype": b}}, tensor([0.0, 1.0, 1.75, -2.5, 77.0, 1.0009765625], a))

# Equal elements.
ties = tensor([[1.0, 2.0, 2.0, 0.0], [3.0, 3.0, 3.0, 3.0], [-1.0, 0.0, -0.0, 0.0]])
for op in ("sum", "mean", "prod", "amax", "amin", {"var": {"correction": 0.0}}, {"var": {"correction": 1.0}}, "log_sum_exp", *({"norm": {"p": p}} for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, "inf", "-inf"))):
    for dims in ([0], [1], [0, 1]):
        if op != "prod" or len(dims) == 1:
            case({"reduce": {"op": op, "dims": dims, "keepdim": False}}, ties)
    case({"reduce": {"op": op, "dims": [1], "keepdim": True}}, torch.zeros(2, 3)); case({"reduce": {"op": op, "dims": [0, 2], "keepdim": True}}, numbers([2, 3, 2], F32)) if op != "prod" else None
    case({"reduce": {"op": op, "dims": [], "keepdim": False}}, tensor(-1.5)) if op not in ({"var": {"correction": 1.0}}, "prod") else None
case({"reduce": {"op": "log_sum_exp", "dims": [1], "keepdim": False}}, tensor([[-math.inf, 1.0], [0.0, 0.0], [88.0, 89.0]]))
for x in (tensor([[2.0, 0.0, 3.0], [0.0, 5.0, 0.0]]), tensor([[2.0, -1.0, 3.0], [0.5, 5.0, 4.0]])):
    case({"reduce": {"op": "prod", "dims": [1], "keepdim": False}}, x)
    for op in ("sum", "prod", "max", "min"):
        case({"cumulate": {"op": op, "dim": 1}}, x); case({"cumulate": {"op": op, "dim": 0}}, x)
for op in ("max", "min"):
    case({"cumulate": {"op": op, "dim": 1}}, ties)
for largest in (True, False):
    case({"top_k": {"dim": 1, "k": 2, "largest": largest}}, ties); case({"top_k": {"dim": 0, "k": 3, "largest": largest}}, numbers([3, 4], F32))
for op in ("softmax", "log_softmax"):
    case({op: {"dim": 1}}, tensor([[0.0, 100.0, -100.0], [1.0, 1.0, 1.0]])); case({op: {"dim": 1}}, tensor([[0.0, -math.inf, 1.0], [1.0, 2.0, -math.inf]])); case({op: {"dim": 0}}, numbers([3, 4], F32))

window = lambda k, s, p, ceil=False, d=None: {"kernel_size": k, "stride": s, "padding": p, "dilation": d or [1] * len(k), "ceil_mode": ceil}
for indices in (False, True):
    flatland = torch.zeros(1, 1, 4, 4); steps = torch.arange(16.0).div(3).floor().reshape(1, 1, 4, 4)
    for x in (flatland, steps):
        case({"max_pool": {"pool": window([2, 2], [2, 2], [0, 0]), "indices": indices}}, x); case({"max_pool": {"pool": window([3, 3], [1, 1], [1, 1]), "indices": indices}}, x); case({"max_pool": {"pool": window([3, 3], [2, 2], [1, 1], True), "indices": indices}}, x); case({"adaptive_max_pool": {"output_size": [3, 2], "indices": indices}}, x)
    case({"max_pool": {"pool": window([3], [2], [1]), "indices": indices}}, tensor([[[1.0, 1.0, 0.0, 2.0, 2.0, 2.0]]])); case({"max_pool": {"pool": window([2, 2, 2], [1, 1, 1], [0, 0, 0]), "indices": indices}}, torch.arange(27.0).mul(7).remainder(5).reshape(1, 1, 3, 3, 3))

# A tensor that is indexed twice, rows that are not read, rows of padding.
x = numbers([3, 4], F32)
case({"index_select": {"dim": 0}}, x, tensor([2, 0, 2, 2], I64)); case({"gather": {"dim": 1}}, x, tensor([[0, 0, 3], [1, 1, 1]], I64)); case({"index": {"dims": [0, 1]}}, x, tensor([0, 0, -1], I64), tensor([1, 1, 3], I64)); case({"index": {"dims": [1]}}, x, tensor([[0, -1], [-1, -1]], I64))
for accumulate in (False, True):
    case({"index_put": {"dims": [0], "accumulate": accumulate}}, x, numbers([2, 4], F32), tensor([2, 0], I64)); case({"index_put": {"dims": [0], "accumulate": accumulate}}, x, numbers([], F32), tensor([1, 0], I64)); case({"index_put": {"dims": [0, 1], "accumulate": accumulate}}, x, numbers([2], F32), tensor([2, 0], I64), tensor([1, 1], I64))
case({"index_put": {"dims": [0], "accumulate": True}}, x, numbers([3, 4], F32), tensor([1, 1, 0], I64))
case({"scatter": {"dim": 0, "reduce": "add"}}, x, tensor([[0, 0, 0, 1], [0, 2, 0, 1]], I64), numbers([2, 4], F32))
for r in ("replace", "add", "multiply", "amax", "amin"):
    case({"scatter": {"dim": 1, "reduce": r}}, tensor([[1.0, 2.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0]]), tensor([[0, 3, 1], [2, 1, 0]], I64), tensor([[1.0, 2.0, 5.0], [2.0, 1.0, 3.0]]))
for r in ("multiply", "amax", "amin"):
    case({"scatter": {"dim": 1, "reduce": r}}, tensor([[1.0, 2.0, 3.0, 4.0]]), tensor([[0, 0, 1]], I64), tensor([[1.0, 2.0, 5.0]]))
for padding in (None, 1, 0):
    case({"embedding": {"padding_idx": padding}}, tensor([[1, 0, 1], [2, 1, 1]], I64), numbers([4, 3], F32))
case({"slice_scatter": {"dim": 1, "start": 0, "end": 4, "step": 2}}, x, numbers([3, 2], F32)); case({"cat": {"dim": 1}}, x, numbers([3, 1], F32), x)
for n in (1, 2, 3):
    case({"expand": {"shape": [2] * n + [3, 4]}}, x); case({"repeat": {"repeats": [n, 2]}}, x)
case({"unfold_dim": {"dim": 1, "size": 3, "step": 1}}, x); case({"unfold_dim": {"dim": 0, "size": 2, "step": 1}}, x); case({"unfold_dim": {"dim": 1, "size": 2, "step": 3}}, x)

# No spread at all, one element, one group.
flatrow = torch.full((2, 4), 2.0)
for op, *t in (({"layer_norm": {"dims": 1, "eps": 1e-5}}, flatrow, numbers([4], F32), numbers([4], F32)), ({"rms_norm": {"dims": 1, "eps": 1e-5}}, torch.zeros(2, 4), numbers([4], F32)), ({"group_norm": {"groups": 2, "eps": 1e-5}}, flatrow, numbers([4], F32), numbers([4], F32)), ({"batch_norm_train": {"eps": 1e-5}}, flatrow, numbers([4], F32), numbers([4], F32)), ({"batch_norm_train": {"eps": 1e-5}}, numbers([2, 3, 2, 2], F32)), ({"reduce": {"op": {"norm": {"p": 2.0}}, "dims": [1], "keepdim": False}}, torch.zeros(2, 2))):
    case(op, *t)
conv = ops.conv
for op, *shapes in ((conv([2, 1], [1, 2], [1, 2], 2), [1, 4, 4, 5], [2, 2, 3, 2], [2]), (conv([1, 1], [1, 1], [1, 1], 4), [2, 4, 3, 3], [4, 1, 3, 3], [4]), (conv([3], [0], [2], 1), [2, 2, 9], [3, 2, 2], [3]), (conv([2, 2], [1, 0], [1, 2], 2, True, [1, 0]), [1, 4, 3, 3], [4, 1, 3, 2], [2]), (conv([2], [1], [1], 1, True, [1]), [2, 2, 4], [2, 3, 3], [3]), (conv([2, 1, 1], [0, 1, 0], [1, 1, 1], 1), [1, 2, 3, 3, 3], [2, 2, 2, 2, 2], [2]), (conv([1, 2, 1], [1, 0, 0], [1, 1, 1], 1, True), [1, 2, 2, 2, 3], [2, 2, 2, 2, 2], [2]), (conv([2, 2], [0, 0], [1, 1], 1), [1, 1, 4, 4], [2, 1, 1, 1]), (conv([3, 3], [0, 0], [1, 1], 1), [1, 2, 8, 7], [2, 2, 2, 2], [2])):
    case(op, *(numbers(s, F32) for s in shapes))
for nearest, padding, corners in itertools.product((False, True), ("zeros", "border", "reflection"), (False, True)):
    g = (torch.rand(1, 2, 3, 2, dtype=torch.float64) * 3.5 - 1.75).mul(1024).round().div(1024).float()
    case({"grid_sample": {"nearest": nearest, "padding": padding, "align_corners": corners}}, numbers([1, 2, 3, 4], F32), g)

lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
print(len(CASES), "cases")
