"""Writes ops.json: numbers that torch 2.15 computes for every operator of the graph.

    python tests/oracle/ops.py

A case is [operator as the graph's JSON, [[shape, dtype, data], ...] operands, [[shape, dtype, data], ...] results]. The operators and
shapes are those of infer.py that torch accepts, filled with numbers, and more where the numbers are the point.
"""

import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

import infer

infer.everything()
torch.manual_seed(0)
CASES = []
F32, F64, F16, BF16, I64, I32, U8, B = "float32 float64 float16 bfloat16 int64 int32 uint8 bool".split()
MOST = 700
RANDOM = {"random", "bernoulli", "dropout"}
NAN, INF = math.nan, math.inf
ODD = [NAN, INF, -INF, 0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e-3, -1e-3, 1.0, -1.0, 3.25, -3.25, 20.5, -30.0, 90.0, -110.0]


def numbers(shape, dtype):
    if dtype == B:
        return torch.rand(shape) < 0.5
    if not getattr(torch, dtype).is_floating_point:
        return torch.randint(1 if dtype == U8 else -4, 7, shape).to(getattr(torch, dtype))
    # Few digits: short text, and the same number in every reader.
    return (torch.randn(shape, dtype=torch.float64) * 1.5).mul(64).round().div(64).to(getattr(torch, dtype))


def positions(shape, size, dtype, lowest=0):
    return torch.randint(lowest, max(size, 1), shape).to(getattr(torch, dtype))


def operands(op, infos):
    name, a = infer.kind(op)
    t = [numbers(*i) for i in infos]
    size = lambda d: infos[0][0][d] if infos[0][0] else 1
    if name in ("index_select", "gather", "scatter"):
        shape, dtype = infos[1]
        t[1] = positions(shape, size(a["dim"]), dtype)
        if name == "scatter" and a["reduce"] == "replace" and shape and shape[a["dim"]] <= size(a["dim"]):
            # The order of writes to one place is nobody's.
            t[1] = torch.rand([*shape[: a["dim"]], size(a["dim"]), *shape[a["dim"] + 1 :]]).argsort(a["dim"]).narrow(a["dim"], 0, shape[a["dim"]])
    if name in ("index", "index_put"):
        first = 1 if name == "index" else 2
        for i, d in enumerate(a["dims"]):
            shape, dtype = infos[first + i]
            t[first + i] = positions(shape, size(d), dtype, -size(d))
    if name == "embedding":
        t[0] = positions(infos[0][0], infos[1][0][0], infos[0][1])
    if name == "batch_norm_eval":
        t[2] = t[2].abs() + 0.25
    if name == "binary" and a in ("floor_divide", "trunc_divide", "remainder", "fmod", "div"):
        t[1] = torch.where(t[1] == 0, torch.ones_like(t[1]), t[1])
    if name == "binary" and a == "pow" and not t[1].is_floating_point():
        t[1] = t[1].abs()
    return t


def flat(x):
    x = x.contiguous().reshape(-1)
    if not x.is_floating_point():
        return [int(v) for v in x]
    digits = 17 if x.dtype == torch.float64 else 9
    text = lambda v: "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf") if math.isinf(v) else float(f"{v:.{digits}g}")
    return [text(v) for v in x.double().tolist()]


def said(x):
    return [list(x.shape), str(x.dtype).removeprefix("torch."), flat(x)]


def real(a):
    """JSON's words for what it has no numbers for, as numbers."""
    if isinstance(a, dict):
        return {k: real(v) for k, v in a.items()}
    if isinstance(a, list):
        return [real(v) for v in a]
    return float(a) if a in ("inf", "-inf", "nan") else a


def case(op, *t):
    if any(x.numel() > MOST for x in t):
        return
    name, a = infer.kind(op)
    if name == "batch_norm_train":
        x, *affine = t
        dims = [d for d in range(x.dim()) if d != 1]
        y = [F.batch_norm(x, None, None, *affine, training=True, eps=a["eps"]), x.mean(dims), x.var(dims)]
    elif name == "interpolate":
        y = interpolate(a, t[0])
    elif name == "arange":
        stop = a["start"] + a["step"] * a["len"]
        y = torch.arange(a["start"], stop, a["step"], dtype=getattr(torch, a["dtype"]))
    elif name == "top_k":
        # Equal elements stay in order, as in torch.sort(stable=True); torch.topk leaves it open.
        v, i = torch.sort(t[0], dim=a["dim"] if t[0].dim() else -1, descending=a["largest"], stable=True)
        y = [v, i] if not t[0].dim() else [v.narrow(a["dim"], 0, a["k"]), i.narrow(a["dim"], 0, a["k"])]
    else:
        y = infer.run(real(op), [x.clone() for x in t])
    y = y if isinstance(y, list) else [y]
    if all(r.numel() <= MOST for r in y):
        CASES.append([op, [said(x) for x in t], [said(r) for r in y]])


def interpolate(a, x):
    n = x.dim() - 2
    mode = {"linear": ["linear", "bilinear", "trilinear"][n - 1] if n else "linear", "nearest_exact": "nearest-exact"}.get(a["mode"], a["mode"])
    corners = a["align_corners"] if "nearest" not in mode else None
    if a["scales"]:
        return F.interpolate(x, scale_factor=a["scales"], mode=mode, align_corners=corners)
    return F.interpolate(x, a["size"], mode=mode, align_corners=corners)


def tensor(data, dtype=F32):
    return torch.tensor(data, dtype=getattr(torch, dtype))


for op, infos, verdict in infer.CASES:
    if "ok" in verdict and infer.kind(op)[0] not in RANDOM and all(math.prod(s) <= MOST for s, _ in infos):
        case(op, *operands(op, infos))

unary = "abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sign floor ceil round trunc frac sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid erf erfinv relu silu logical_not isnan isinf isfinite".split()
for name, d in itertools.product(unary, (F32, F64, F16, BF16)):
    case({"unary": name}, tensor(ODD, d))
    case({"unary": name}, torch.linspace(-0.99, 0.99, 23).to(getattr(torch, d)))
    case({"unary": name}, numbers([2, 3, 2], d).abs() + 0.125)
for name in ("abs", "neg", "sign", "square", "bitwise_not", "relu", "logical_not", "floor"):
    case({"unary": name}, tensor([-128, -3, 0, 5, 127], "int8")); case({"unary": name}, tensor([0, 1, 255, 128], U8)); case({"unary": name}, tensor(-(2**20), I64))
acts = [{"leaky_relu": {"negative_slope": 0.1}}, {"elu": {"alpha": 1.5, "scale": 1.25, "input_scale": 0.75}}, {"celu": {"alpha": 1.5}},
        {"gelu": {"tanh": True}}, {"gelu": {"tanh": False}}, "mish", "hardswish", "hardsigmoid", "softsign", "logsigmoid", "tanhshrink", {"hardtanh": {"min": -1.0, "max": 6.0}},
        {"softplus": {"beta": 2.0, "threshold": 5.0}}, {"hardshrink": {"lambd": 0.5}}, {"softshrink": {"lambd": 0.5}}, {"threshold": {"threshold": 0.5, "value": 7.0}}]
for op, d in itertools.product(acts, (F32, F64, F16, BF16)):
    case({"activation": op}, tensor(ODD, d)); case({"activation": op}, numbers([3, 4], d))
grid = [NAN, INF, -INF, 0.0, 1.0, -1.0, 0.1, -0.1, 2.5, -2.5, 7.0, -7.0]
for op, d in itertools.product("add sub mul div floor_divide trunc_divide remainder fmod pow maximum minimum atan2".split(), (F32, F64)):
    x = tensor(grid, d)
    case({"binary": op}, x[:, None], x)
    for s, r in ((0.3, False), (-2.0, False), (2.0, True), (3.0, False), (0.5, False)):
        if op not in ("maximum", "minimum", "atan2") and not (op == "fmod" and r):
            case({"binary_scalar": {"op": op, "scalar": s, "reverse": r}}, x)
whole = [-7, -3, -1, 1, 2, 5, 9]
for op, d in itertools.product("add sub mul floor_divide trunc_divide remainder fmod maximum minimum bitwise_and bitwise_or bitwise_xor".split(), (I64, I32, "int8", "int16")):
    x = tensor(whole, d)
    case({"binary": op}, x[:, None], x)
    for s in (3, -3):
        case({"binary_scalar": {"op": op, "scalar": s, "reverse": False}}, x) if "imum" not in op else None
for d in (I64, I32, U8, "int8"):
    x, n = tensor([1, 3, 100, 0], d), tensor([0, 1, 3, 7], d)
    case({"binary": "shift_left"}, x[:, None], n); case({"binary": "shift_right"}, x[:, None], n); case({"binary": "pow"}, x[:, None], n)
case({"binary": "pow"}, tensor([1, -1, 2, -3], I64)[:, None], tensor([-1, -2, 0, 5], I64))
case({"binary": "shift_right"}, tensor([-8, -1], I64)[:, None], tensor([1, 3], I64)); case({"binary": "mul"}, tensor([200, 100], U8), tensor([2, 3], U8)); case({"binary": "add"}, tensor([100, -100], "int8"), tensor([100, -100], "int8"))
for op in "eq ne lt le gt ge".split():
    x = tensor(grid)
    case({"compare": op}, x[:, None], x); case({"compare_scalar": {"op": op, "scalar": 0.1}}, x); case({"compare_scalar": {"op": op, "scalar": 0.5}}, tensor(whole, I64)); case({"compare": op}, tensor([True, False], B)[:, None], tensor([True, False], B))
for lo, hi in ((0.5, 2.0), (None, 1.0), (-1.0, None), (3.0, 1.0)):
    case({"clamp": {"min": lo, "max": hi}}, tensor(ODD))
for a, b in itertools.product((F32, F64, F16, BF16, I64, I32, "int16", "int8", U8, B), repeat=2):
    x = tensor([0.0, 1.0, 1.75, 2.5, 77.0, 1.0009765625, 3.14159274], a) if a in (F32, F64, F16, BF16) else tensor([0, 1, 2, 77, 100], a)
    case({"cast": {"dtype": b}}, x); case({"cast": {"dtype": b}}, -x) if a not in (U8, B) and b != U8 else None
case({"cast": {"dtype": "int8"}}, tensor([300, -300, 128, 255], I64)); case({"cast": {"dtype": F16}}, tensor([65504.0, 65519.0, 65520.0, 1e-7, 6e-8, 2e-5, 5.96e-8, -3e-5, 1e5, -1e9, NAN, INF])); case({"cast": {"dtype": BF16}}, tensor([3.3e38, 1e-38, 1.00390625, 1.01171875, -2.5e38, NAN, -INF]))
case({"masked_fill": {"value": "-inf"}}, numbers([2, 3], F32), tensor([True, False, True], B)); case({"masked_fill": {"value": 3}}, numbers([2, 3], I64), tensor([[True], [False]], B)); case({"masked_fill": {"value": True}}, numbers([2, 3], B), tensor([[True], [False]], B))
case("prelu", tensor(ODD), tensor([0.3]))

case({"arange": {"start": 0, "step": 1, "len": 5, "dtype": I64}}); case({"arange": {"start": 7, "step": -2, "len": 3, "dtype": I64}}); case({"arange": {"start": 0.5, "step": 0.1, "len": 9, "dtype": F32}}); case({"arange": {"start": 1, "step": 2, "len": 4, "dtype": F32}})
for n in (1, 2, 7, 8):
    case({"linspace": {"start": -1.5, "end": 2.0, "steps": n, "dtype": F32}}); case({"linspace": {"start": -1.5, "end": 2.0, "steps": n, "dtype": F64}})
for d, v in ((F32, 1.5), (I64, -3), (B, True), (F16, 0.1), (U8, 200)):
    case({"full": {"shape": [2, 2], "value": v, "dtype": d}}); case({"full": {"shape": [], "value": v, "dtype": d}})

for d in (F32, I64, B):
    x = numbers([2, 3, 4], d)
    case({"permute": {"dims": [2, 0, 1]}}, x); case({"expand": {"shape": [5, 2, 3, 4]}}, x); case({"flip": {"dims": [0, 2]}}, x); case({"repeat": {"repeats": [2, 1, 3, 2]}}, x); case({"slice": {"dim": 2, "start": 1, "end": 4, "step": 2}}, x)
    case({"slice_scatter": {"dim": 2, "start": 0, "end": 4, "step": 2}}, x, numbers([2, 3, 2], d)); case({"cat": {"dim": 1}}, x, numbers([2, 1, 4], d), x); case({"cat": {"dim": 0}}, x, numbers([0], d)); case({"reshape": {"shape": [4, 6]}}, x); case({"tril": {"diagonal": -1}}, x); case({"triu": {"diagonal": 2}}, x); case({"unfold_dim": {"dim": 1, "size": 2, "step": 1}}, x)
    case({"index": {"dims": [0, 2]}}, x, tensor([1, -1, 0], I64), tensor([[3], [-4]], I64)); case({"index": {"dims": [1]}}, x, tensor([[0, -1], [1, 2]], I64)); case({"index": {"dims": [1, 2]}}, x, tensor(1, I64), tensor([0, 3], I64)); case({"index": {"dims": [0, 1, 2]}}, x, tensor(1, I64), tensor(0, I64), tensor(-1, I64))
    for acc in (False, True):
        if d != B:
            case({"index_put": {"dims": [1], "accumulate": acc}}, x, numbers([2, 2, 4], d), tensor([2, 0], I64)); case({"index_put": {"dims": [0, 2], "accumulate": acc}}, x, numbers([2, 3], d), tensor([0, 1], I64), tensor([1, 1], I64)); case({"index_put": {"dims": [0, 1, 2], "accumulate": acc}}, x, numbers([], d), tensor(1, I64), tensor(0, I64), tensor([3, 2], I64))
    case({"gather": {"dim": 1}}, x, torch.randint(0, 3, (2, 5, 3)))
    for r in ("replace", "add", "multiply", "amax", "amin"):
        if d == F32 or (d == I64 and r != "replace"):
            case({"scatter": {"dim": 1, "reduce": r}}, x, torch.rand(2, 3, 4).argsort(1)[:, :2, :3], numbers([2, 2, 4], d))
for m in ("reflect", "replicate", "circular", {"constant": 0.5}):
    case({"pad": {"pads": [[0, 0], [0, 0], [1, 2], [2, 1]], "mode": m}}, numbers([1, 2, 3, 4], F32)); case({"pad": {"pads": [[0, 0], [0, 0], [2, 1]], "mode": m}}, numbers([1, 2, 4], F64))
case({"pad": {"pads": [[1, 0], [0, 2]], "mode": {"constant": True}}}, numbers([2, 2], B)); case({"pad": {"pads": [[1, -1], [-1, 2]], "mode": {"constant": "-inf"}}}, numbers([3, 3], F32))
fold = {"kernel_size": [2, 3], "dilation": [2, 1], "padding": [1, 0], "stride": [1, 2]}
case({"im2col": fold}, numbers([2, 2, 5, 7], F32)); case({"col2im": {"output_size": [5, 7], **fold}}, numbers([2, 12, 15], F32))

odd = tensor([[NAN, 1.0, 2.0], [INF, -INF, 3.0], [-INF, -INF, -INF], [5.0, 5.0, 1.0], [INF, INF, 0.0]])
for op in ("sum", "mean", "prod", "amax", "amin", "any", "all", {"var": {"correction": 0.0}}, {"var": {"correction": 1.0}}, "log_sum_exp", *({"norm": {"p": p}} for p in (2.0, 1.0, 0.0, 3.0, 0.5))):
    for d in (F32, F64):
        case({"reduce": {"op": op, "dims": [1], "keepdim": True}}, odd.to(getattr(torch, d)))
        for dims in ([0], [0, 1, 2], [0, 2], [1, 2]):
            case({"reduce": {"op": op, "dims": dims, "keepdim": False}}, numbers([3, 4, 5], d)) if op != "prod" or len(dims) == 1 else None
case({"reduce": {"op": {"norm": {"p": "inf"}}, "dims": [1], "keepdim": False}}, numbers([3, 4], F32)); case({"reduce": {"op": {"var": {"correction": 1.0}}, "dims": [1], "keepdim": False}}, numbers([3, 1], F32)); case({"reduce": {"op": "sum", "dims": [0], "keepdim": False}}, tensor([200, 100], U8)); case({"reduce": {"op": "sum", "dims": [0], "keepdim": False}}, tensor([True, True, False], B))
for op in ("arg_max", "arg_min"):
    case({op: {"dim": 1, "keepdim": False}}, odd); case({op: {"dim": 0, "keepdim": True}}, tensor([[1, 2], [1, 0], [0, 2]], I64)); case({op: {"dim": 1, "keepdim": False}}, tensor([[2.0, 3.0, 3.0, 2.0]]))
for op in ("sum", "prod", "max", "min"):
    case({"cumulate": {"op": op, "dim": 1}}, odd); case({"cumulate": {"op": op, "dim": 0}}, numbers([4, 3], I64)); case({"cumulate": {"op": op, "dim": 1}}, numbers([2, 6], F64))
for largest in (True, False):
    case({"top_k": {"dim": 1, "k": 2, "largest": largest}}, odd); case({"top_k": {"dim": 0, "k": 4, "largest": largest}}, tensor([[3, 1], [2, 1], [3, 0], [1, 5]], I64)); case({"top_k": {"dim": 1, "k": 3, "largest": largest}}, numbers([2, 3, 2], F32))
for op in ("softmax", "log_softmax"):
    for d in (F32, F64, F16):
        case({op: {"dim": 1}}, odd.to(getattr(torch, d))); case({op: {"dim": 1}}, numbers([2, 5, 3], d)); case({op: {"dim": 2}}, numbers([2, 3, 5], d) * 30)

for d in (F32, F64, F16, BF16):
    case("matmul", numbers([4, 5], d), numbers([5, 3], d)); case("linear", numbers([2, 3, 8], d), numbers([4, 8], d), numbers([4], d)); case("matmul", numbers([2, 1, 3, 4], d), numbers([3, 4, 2], d))
case("matmul", numbers([4, 5], I64), numbers([5, 3], I64)); case("matmul", numbers([3, 0], F32), numbers([0, 2], F32)); case("linear", numbers([3, 0], F32), numbers([2, 0], F32), numbers([2], F32))
conv = lambda s, p, d, g, t=False, o=None: {"conv": {"stride": s, "padding": p, "dilation": d, "groups": g, "transposed": t, "output_padding": o or [0] * len(s)}}
for d in (F32, F64, F16):
    case(conv([1, 1], [1, 1], [1, 1], 1), numbers([2, 3, 5, 6], d), numbers([4, 3, 3, 3], d), numbers([4], d)); case(conv([2, 1], [1, 2], [1, 2], 2), numbers([1, 4, 6, 7], d), numbers([6, 2, 3, 2], d)); case(conv([1, 1], [0, 0], [1, 1], 1), numbers([2, 5, 3, 4], d), numbers([4, 5, 1, 1], d), numbers([4], d)); case(conv([1, 1], [2, 2], [2, 2], 6), numbers([1, 6, 5, 5], d), numbers([6, 1, 3, 3], d), numbers([6], d))
    case(conv([2], [1], [1], 1), numbers([2, 3, 9], d), numbers([4, 3, 3], d)); case(conv([2, 2], [1, 0], [1, 2], 2, True, [1, 0]), numbers([1, 4, 3, 4], d), numbers([4, 2, 3, 2], d), numbers([4], d)); case(conv([1, 2, 1], [0, 1, 1], [1, 1, 1], 1), numbers([1, 2, 3, 4, 5], d), numbers([3, 2, 2, 3, 2], d)); case(conv([4], [0], [1], 1, True), numbers([1, 2, 3], d), numbers([2, 3, 3], d))
window = lambda k, s, p, ceil=False, d=None: {"kernel_size": k, "stride": s, "padding": p, "dilation": d or [1] * len(k), "ceil_mode": ceil}
for n, size in ((1, 11), (2, 7), (3, 5)):
    for k, s, p, ceil in ((2, 2, 0, False), (3, 2, 1, False), (3, 2, 1, True), (2, 3, 1, True), (3, 1, 1, False), (2, 2, 0, True), (4, 3, 2, True), (3, 4, 0, True)):
        x, w = numbers([1, 2] + [size] * n, F32), window([k] * n, [s] * n, [p] * n, ceil)
        for include, over in ((True, None), (False, None), (True, 3) if n > 1 else (True, None)):
            case({"avg_pool": {"pool": w, "count_include_pad": include, "divisor_override": over}}, x)
        for indices in (False, True):
            case({"max_pool": {"pool": w, "indices": indices}}, x); case({"max_pool": {"pool": w, "indices": indices}}, torch.randn_like(x).sub(9).mul(64).round().div(64))
    for indices, dilated in ((True, 2), (False, 2)):
        case({"max_pool": {"pool": window([2] * n, [1] * n, [1] * n, False, [dilated] * n), "indices": indices}}, numbers([1, 2] + [size] * n, F32))
    for o in (1, 2, 3, size):
        x = torch.randperm(2 * size**n).reshape([1, 2] + [size] * n).float()
        case({"adaptive_avg_pool": {"output_size": [o] * n}}, x); case({"adaptive_max_pool": {"output_size": [o] * n, "indices": False}}, x); case({"adaptive_max_pool": {"output_size": [o] * n, "indices": True}}, x)
case({"max_pool": {"pool": window([2, 2], [2, 2], [0, 0]), "indices": False}}, tensor([[[[NAN, 1.0], [2.0, 3.0]], [[-INF, -INF], [-INF, -INF]]]])); case({"avg_pool": {"pool": window([2, 3], [1, 2], [1, 0], True), "count_include_pad": False, "divisor_override": None}}, numbers([1, 2, 4, 6], F64)); case({"adaptive_avg_pool": {"output_size": [2, 3]}}, numbers([1, 2, 5, 4], F64))

eps = {"eps": 1e-3}
for d, s in itertools.product((F32, F64), ([4, 3], [2, 3, 5], [2, 3, 3, 2], [2, 3, 2, 2, 2])):
    x, w, b, m, v = numbers(s, d), *(numbers([3], d) for _ in range(3)), numbers([3], d).abs() + 0.5
    case({"batch_norm_eval": eps}, x, m, v, w, b); case({"batch_norm_eval": eps}, x, m, v); case({"batch_norm_train": eps}, x, w, b); case({"batch_norm_train": eps}, x); case({"group_norm": {"groups": 3, **eps}}, x, w, b); case({"group_norm": {"groups": 1, **eps}}, x)
for d in (F32, F64, F16):
    x, w, b = numbers([2, 3, 4], d), numbers([3, 4], d), numbers([3, 4], d)
    for n in ("layer_norm", "rms_norm"):
        case({n: {"dims": 2, **eps}}, x, w); case({n: {"dims": 1, **eps}}, x); case({n: {"dims": 1, **eps}}, x, w[0])
    case({"layer_norm": {"dims": 2, **eps}}, x, w, b); case({"layer_norm": {"dims": 3, **eps}}, x)
case({"embedding": {"padding_idx": 1}}, tensor([[1, 0, 3], [2, 1, 1]], I64), numbers([4, 3], F32)); case({"embedding": {"padding_idx": None}}, tensor(2, I32), numbers([4, 3], F16))
for mode, sizes, corners in itertools.product(("nearest", "nearest_exact", "linear", "bicubic"), (((3,), (7,)), ((8,), (3,)), ((4, 5), (7, 3)), ((3, 3), (6, 6)), ((2, 3, 4), (5, 4, 2))), (False, True)):
    (size, out) = sizes
    if (mode == "bicubic" and len(size) != 2) or ("nearest" in mode and corners):
        continue
    for d in (F32, F64):
        case({"interpolate": {"mode": mode, "size": list(out), "align_corners": corners, "scales": None}}, numbers([1, 2, *size], d))
for mode, scales in itertools.product(("nearest", "nearest_exact", "linear", "bicubic"), ([2.0, 2.0], [1.7, 2.3], [0.6, 0.5])):
    x = numbers([1, 2, 5, 6], F32)
    size = [math.floor(n * s) for n, s in zip(x.shape[2:], scales)]
    case({"interpolate": {"mode": mode, "size": size, "align_corners": False, "scales": scales}}, x)
for nearest, padding, corners in itertools.product((False, True), ("zeros", "border", "reflection"), (False, True)):
    for d in (F32, F64):
        g = (torch.rand(2, 3, 5, 2, dtype=torch.float64) * 3.5 - 1.75).mul(1024).round().div(1024).to(getattr(torch, d))
        case({"grid_sample": {"nearest": nearest, "padding": padding, "align_corners": corners}}, numbers([2, 3, 4, 6], d), g)

if __name__ == "__main__":
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    print(len(CASES), "cases")
