"""Writes infer.json: what torch 2.15 says of an operator's results for given operands, or its error.

    python tests/oracle/infer.py

A case is [operator as the graph's JSON, [[shape, dtype], ...], {"ok": [[shape, dtype], ...]} or {"error": text}].
"""

import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

CASES = []
L, F32, F64, I64, I32, B, U8, F16 = [], "float32", "float64", "int64", "int32", "bool", "uint8", "float16"


def tensor(info):
    shape, dtype = info
    return torch.zeros(shape, dtype=getattr(torch, dtype))


def kind(op):
    return (op, {}) if isinstance(op, str) else next(iter(op.items()))


def scalar_binary(name):
    return {
        "floor_divide": lambda x, y: torch.div(x, y, rounding_mode="floor"),
        "trunc_divide": lambda x, y: torch.div(x, y, rounding_mode="trunc"),
        "shift_left": torch.bitwise_left_shift,
        "shift_right": torch.bitwise_right_shift,
    }.get(name) or getattr(torch, name)


def reduce(op, dims, keepdim, x):
    name, a = kind(op)
    if name == "prod":
        for d in reversed(dims):
            x = torch.prod(x, d, keepdim=keepdim)
        return x if dims else torch.prod(x)
    if name == "var":
        return torch.var(x, dims, correction=a["correction"], keepdim=keepdim)
    if name == "norm":
        return torch.linalg.vector_norm(x, math.inf if a["p"] == "inf" else a["p"], dims, keepdim=keepdim)
    f = {"log_sum_exp": torch.logsumexp}.get(name) or getattr(torch, name)
    if not dims:
        return f(x) if name in ("sum", "mean", "any", "all") else f(x, ())
    return f(x, dims, keepdim=keepdim)


def activation(op, x):
    name, a = kind(op)
    if name == "elu":
        return torch.ops.aten.elu(x, a["alpha"], a["scale"], a["input_scale"])
    if name == "gelu":
        return F.gelu(x, approximate="tanh" if a["tanh"] else "none")
    if name == "hardtanh":
        return F.hardtanh(x, a["min"], a["max"])
    if name == "threshold":
        return F.threshold(x, a["threshold"], a["value"])
    return getattr(F, name)(x, *a.values())


def conv(a, x, w, b=None):
    n = len(a["stride"])
    if a["transposed"]:
        f = getattr(F, f"conv_transpose{n}d")
        return f(x, w, b, a["stride"], a["padding"], a["output_padding"], a["groups"], a["dilation"])
    return getattr(F, f"conv{n}d")(x, w, b, a["stride"], a["padding"], a["dilation"], a["groups"])


def pool(name, p, x, **more):
    n = len(p["kernel_size"])
    f = getattr(F, f"{name}_pool{n}d")
    if name == "max":
        return f(x, p["kernel_size"], p["stride"], p["padding"], p["dilation"], p["ceil_mode"], more["indices"])
    args = [p["kernel_size"], p["stride"], p["padding"], p["ceil_mode"], more["count_include_pad"]]
    return f(x, *args) if n == 1 else f(x, *args, more["divisor_override"])


def index(dims, indices):
    """One for each dim, as ATen has it: x[i] itself would take a 0-d index for an int."""
    indices = dict(zip(dims, indices))
    return [indices.get(d) for d in range(max(dims, default=-1) + 1)]


def train_norm(x, *affine):
    c = x.shape[1]
    y = F.batch_norm(x, None, None, *affine, training=True)
    return [y, torch.zeros(c, dtype=y.dtype), torch.zeros(c, dtype=y.dtype)]


def interpolate(a, x):
    modes = {"linear": {3: "linear", 4: "bilinear", 5: "trilinear"}.get(x.dim(), "linear"), "nearest_exact": "nearest-exact"}
    mode = modes.get(a["mode"], a["mode"])
    return F.interpolate(x, a["size"], mode=mode, align_corners=True if a["align_corners"] else None)


def run(op, t):
    name, a = kind(op)
    x = t[0] if t else None
    match name:
        case "full":
            return torch.full(a["shape"], a["value"], dtype=getattr(torch, a["dtype"]))
        case "eye":
            return torch.eye(a["n"], a["m"], dtype=getattr(torch, a["dtype"]))
        case "linspace":
            return torch.linspace(a["start"], a["end"], a["steps"], dtype=getattr(torch, a["dtype"]))
        case "random":
            d, p = kind(a["distribution"])
            y = torch.empty(a["shape"], dtype=getattr(torch, a["dtype"]))
            return {"uniform": lambda: y.uniform_(p["low"], p["high"]), "normal": lambda: y.normal_(p["mean"], p["std"]),
                    "randint": lambda: torch.randint(p["low"], p["high"], a["shape"], dtype=y.dtype)}[d]()
        case "bernoulli":
            return torch.bernoulli(x)
        case "unary":
            return F.silu(x) if a == "silu" else getattr(torch, a)(x)
        case "activation":
            return activation(a, x)
        case "binary":
            return scalar_binary(a)(*t)
        case "binary_scalar":
            f = scalar_binary(a["op"])
            if a["op"] == "pow":
                return torch.pow(a["scalar"], x) if a["reverse"] else torch.pow(x, a["scalar"])
            if a["op"] == "sub":
                return torch.rsub(x, a["scalar"]) if a["reverse"] else torch.sub(x, a["scalar"])
            return f(a["scalar"], x) if a["reverse"] else f(x, a["scalar"])
        case "compare":
            return getattr(torch, a)(*t)
        case "compare_scalar":
            return getattr(torch, a["op"])(x, a["scalar"])
        case "where":
            return torch.where(*t)
        case "clamp":
            return torch.clamp(x, a["min"], a["max"])
        case "masked_fill":
            return x.masked_fill_(t[1], a["value"])
        case "cast":
            return x.to(getattr(torch, a["dtype"]))
        case "detach":
            return x.detach()
        case "prelu":
            return F.prelu(*t)
        case "dropout":
            f = {"element": torch.dropout, "feature": torch.feature_dropout, "alpha": torch.alpha_dropout,
                 "feature_alpha": torch.feature_alpha_dropout}[a["kind"]]
            return f(x, a["p"], True)
        case "reshape":
            return x.reshape(a["shape"])
        case "permute":
            return x.permute(a["dims"])
        case "expand":
            return x.expand(a["shape"])
        case "slice":
            return torch.ops.aten.slice(x, a["dim"], a["start"], a["end"], a["step"])
        case "slice_scatter":
            return torch.slice_scatter(x, t[1], a["dim"], a["start"], a["end"], a["step"])
        case "cat":
            return torch.cat(t, a["dim"])
        case "flip":
            return torch.flip(x, a["dims"])
        case "repeat":
            return x.repeat(a["repeats"])
        case "index_select":
            return torch.index_select(x, a["dim"], t[1])
        case "gather":
            return torch.gather(x, a["dim"], t[1])
        case "scatter":
            if a["reduce"] == "replace":
                return torch.scatter(x, a["dim"], *t[1:])
            if a["reduce"] == "add":
                return torch.scatter_add(x, a["dim"], *t[1:])
            return torch.scatter_reduce(x, a["dim"], *t[1:], {"multiply": "prod"}.get(a["reduce"], a["reduce"]))
        case "index":
            return torch.ops.aten.index(x, index(a["dims"], t[1:]))
        case "index_put":
            return torch.ops.aten.index_put(x, index(a["dims"], t[2:]), t[1], a["accumulate"])
        case "pad":
            m, v = (a["mode"], None) if isinstance(a["mode"], str) else ("constant", a["mode"]["constant"])
            pads = a["pads"] if m == "constant" else a["pads"][2:]
            return F.pad(x, [n for pair in reversed(pads) for n in pair], m, v)
        case "tril" | "triu":
            return getattr(torch, name)(x, a["diagonal"])
        case "unfold_dim":
            return x.unfold(a["dim"], a["size"], a["step"])
        case "im2col":
            return F.unfold(x, a["kernel_size"], a["dilation"], a["padding"], a["stride"])
        case "col2im":
            return F.fold(x, a["output_size"], a["kernel_size"], a["dilation"], a["padding"], a["stride"])
        case "reduce":
            return reduce(a["op"], a["dims"], a["keepdim"], x)
        case "arg_max":
            return torch.argmax(x, a["dim"], a["keepdim"])
        case "arg_min":
            return torch.argmin(x, a["dim"], a["keepdim"])
        case "cumulate":
            y = getattr(torch, "cum" + a["op"])(x, a["dim"])
            return y if a["op"] in ("sum", "prod") else y[0]
        case "top_k":
            return list(torch.topk(x, a["k"], a["dim"], a["largest"]))
        case "softmax" | "log_softmax":
            return getattr(torch, name)(x, a["dim"])
        case "matmul":
            return torch.matmul(*t)
        case "linear":
            return F.linear(*t)
        case "conv":
            return conv(a, *t)
        case "max_pool":
            y = pool("max", a["pool"], x, indices=a["indices"])
            return list(y) if a["indices"] else y
        case "avg_pool":
            return pool("avg", a["pool"], x, **a)
        case "adaptive_avg_pool":
            return getattr(F, f"adaptive_avg_pool{len(a['output_size'])}d")(x, a["output_size"])
        case "adaptive_max_pool":
            y = getattr(F, f"adaptive_max_pool{len(a['output_size'])}d")(x, a["output_size"], a["indices"])
            return list(y) if a["indices"] else y
        case "batch_norm_eval":
            return F.batch_norm(t[0], t[1], t[2], *t[3:], training=False, eps=a["eps"])
        case "batch_norm_train":
            return train_norm(*t)
        case "layer_norm":
            return F.layer_norm(x, (t[1] if t[1:] else x).shape[-a["dims"]:], *t[1:], eps=a["eps"])
        case "rms_norm":
            return F.rms_norm(x, (t[1] if t[1:] else x).shape[-a["dims"]:], *t[1:], eps=a["eps"])
        case "group_norm":
            return F.group_norm(x, a["groups"], *t[1:], eps=a["eps"])
        case "embedding":
            return F.embedding(*t, padding_idx=a["padding_idx"])
        case "interpolate":
            return interpolate(a, x)
        case "grid_sample":
            modes = ("nearest" if a["nearest"] else "bilinear", a["padding"], a["align_corners"])
            return F.grid_sample(*t, *modes)
    raise KeyError(name)


def case(op, *inputs):
    inputs = [list(i) if isinstance(i, tuple) else [i, F32] for i in inputs]
    try:
        results = run(op, [tensor(i) for i in inputs])
        results = results if isinstance(results, list) else [results]
        said = {"ok": [[list(y.shape), str(y.dtype).removeprefix("torch.")] for y in results]}
    except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError, ZeroDivisionError, AssertionError) as e:
        said = {"error": str(e).split("\nException raised")[0].strip()}
    CASES.append([op, inputs, said])


def everything():
    dtypes = [F32, F64, F16, I64, U8, B]
    unary = ("abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sign floor ceil round trunc frac sin cos tan asin acos "
             "atan sinh cosh tanh asinh acosh atanh sigmoid erf erfinv relu silu logical_not bitwise_not isnan isinf isfinite").split()
    for name, d in itertools.product(unary, dtypes):
        case({"unary": name}, ([2, 3], d))
    acts = [{"leaky_relu": {"negative_slope": 0.1}}, {"elu": {"alpha": 1.0, "scale": 1.0, "input_scale": 1.0}}, {"celu": {"alpha": 1.0}},
            {"gelu": {"tanh": True}}, "mish", "hardswish", "hardsigmoid", "softsign", "logsigmoid", "tanhshrink", {"hardtanh": {"min": 0.0, "max": 6.0}},
            {"softplus": {"beta": 1.0, "threshold": 20.0}}, {"hardshrink": {"lambd": 0.5}}, {"softshrink": {"lambd": 0.5}},
            {"threshold": {"threshold": 0.0, "value": 1.0}}]
    for name, d in itertools.product(acts, [F32, F16, I64, B]):
        case({"activation": name}, ([4], d))
    binary = ("add sub mul div floor_divide trunc_divide remainder fmod pow maximum minimum atan2 logical_and logical_or logical_xor "
              "bitwise_and bitwise_or bitwise_xor shift_left shift_right").split()
    for name, d in itertools.product(binary, [F32, F64, I64, U8, B]):
        if name in ("floor_divide", "trunc_divide", "remainder", "fmod") and d in (I64, U8):
            d_zero = True  # zeros divided by zeros raise; empty tensors do not
        else:
            d_zero = False
        shape = [0, 3] if d_zero else [2, 3]
        case({"binary": name}, (shape, d), ([3], d))
        for s in (2, 0.5):
            if name not in ("maximum", "minimum", "atan2", "logical_and", "logical_or", "logical_xor"):
                case({"binary_scalar": {"op": name, "scalar": s, "reverse": False}}, (shape, d))
    for s in (2, 0.5):
        for d in (F32, I64, B):
            case({"binary_scalar": {"op": "sub", "scalar": s, "reverse": True}}, ([2], d))
            case({"binary_scalar": {"op": "pow", "scalar": s, "reverse": True}}, ([2], d))
    case({"binary_scalar": {"op": "pow", "scalar": -1, "reverse": False}}, ([2], I64))
    for a, b in [([2, 3], [3]), ([2, 1], [1, 3]), ([3], [4]), ([2, 3], [2, 4]), ([], [2]), ([0], [1]), ([5, 2, 3], [4, 2, 1]), ([0], [2]), ([3, 1, 2], [2, 3]), ([1, 2, 3, 4], [9, 9])]:
        case({"binary": "add"}, a, b)
        case({"compare": "lt"}, a, b)
        case("where", (a, B), b, a)
    for name, d in itertools.product("eq ne lt le gt ge".split(), [F32, I64, B]):
        case({"compare": name}, ([2], d), ([2], d))
        case({"compare_scalar": {"op": name, "scalar": 1}}, ([2], d))
    case("where", [2], [2], [2]); case("where", ([2], I64), [2], [2]); case("where", ([2, 1], B), [3], [1])
    for lo, hi, d in itertools.product([None, 0, 0.5], [None, 1, 2.5], [F32, I64, B, U8]):
        case({"clamp": {"min": lo, "max": hi}}, ([3], d))
    for d in dtypes:
        case({"cast": {"dtype": d}}, [2]); case({"cast": {"dtype": F32}}, ([2], d)); case("detach", ([1, 2], d)); case("bernoulli", ([2], d))
    for x, m in [(([2, 3], F32), ([3], B)), (([2, 3], F32), ([2, 1], B)), (([3], F32), ([2, 3], B)), (([2, 3], F32), ([2, 4], B)), (([2], F32), ([2], F32)), (([2], I64), ([2], B)), (([2], F32), ([2], I64)), (([2], F32), ([2], U8)), (([], F32), ([], B))]:
        case({"masked_fill": {"value": 1.0}}, x, m)
    case({"masked_fill": {"value": 0.5}}, ([2], I64), ([2], B));
    for kind_, p, x in [("element", 0.5, ([2, 3], F32)), ("element", 1.5, ([2], F32)), ("element", -0.1, ([2], F32)), ("feature", 0.5, ([2], F32)), ("feature", 0.5, ([2, 3, 4], F32)), ("alpha", 0.5, ([2], F32)), ("feature_alpha", 0.5, ([2], F32)), ("feature_alpha", 0.2, ([2, 3], F32)), ("element", 0.5, ([2], I64))]:
        case({"dropout": {"p": p, "kind": kind_}}, x)
    for x, w in [([2, 3], [1]), ([2, 3], [3]), ([2, 3], [4]), ([3], [3]), ([3], [1]), ([2, 3, 4], [3]), ([], [1]), ([], [2]), ([2, 3], [1, 1]), ([2, 3], [3, 1]), ([2, 3], [])]:
        case("prelu", x, w)
    case("prelu", ([2, 3], F64), [1]); case("prelu", ([2, 3], I64), ([1], I64))

    for d in (F32, I64, B):
        case({"full": {"shape": [2, 0], "value": 1, "dtype": d}}); case({"eye": {"n": 3, "m": 2, "dtype": d}})
        case({"random": {"distribution": {"uniform": {"low": 0.0, "high": 1.0}}, "shape": [2], "dtype": d}})
        case({"random": {"distribution": {"normal": {"mean": 0.0, "std": 1.0}}, "shape": [2], "dtype": d}})
    case({"linspace": {"start": 0.0, "end": 1.0, "steps": 5, "dtype": F32}})
    case({"random": {"distribution": {"uniform": {"low": 2.0, "high": 1.0}}, "shape": [2], "dtype": F32}})
    case({"random": {"distribution": {"normal": {"mean": 0.0, "std": -1.0}}, "shape": [2], "dtype": F32}})
    case({"random": {"distribution": {"randint": {"low": 0, "high": 3}}, "shape": [2], "dtype": I64}})
    case({"random": {"distribution": {"randint": {"low": 5, "high": 3}}, "shape": [2], "dtype": I64}})

    for s, x in [([2, 3], [6]), ([2, 3], [5]), ([], [1]), ([], [2]), ([0, 4], [2, 0]), ([1, 5, 1], [5])]:
        case({"reshape": {"shape": s}}, x)
    for p, x in [([1, 0], [2, 3]), ([0, 1], [2, 3, 4]), ([0, 0], [2, 3]), ([0, 2], [2, 3]), ([], []), ([2, 0, 1], [2, 3, 4])]:
        case({"permute": {"dims": p}}, x)
    for s, x in [([2, 3], [3]), ([2, 3], [2, 1]), ([2, 4], [2, 3]), ([3], [2, 3]), ([2], []), ([0, 3], [1, 3]), ([5, 2, 3], [2, 3]), ([4, 3], [2, 3])]:
        case({"expand": {"shape": s}}, x)
    for d, s, e, st, x in [(0, 0, 2, 1, [3]), (1, 0, 5, 2, [2, 5]), (0, 1, 1, 1, [3]), (0, 0, 3, 0, [3]), (2, 0, 1, 1, [3]), (0, 0, 1, 1, []), (1, 1, 4, 3, [2, 7])]:
        case({"slice": {"dim": d, "start": s, "end": e, "step": st}}, x)
    for x, y in [([4, 2], [2, 2]), ([4, 2], [3, 2]), ([4, 2], [2])]:
        case({"slice_scatter": {"dim": 0, "start": 1, "end": 3, "step": 1}}, x, y)
    for d, xs in [(0, [[2, 3], [4, 3]]), (1, [[2, 3], [2, 1], [2, 0]]), (0, [[2, 3], [2, 4]]), (0, [[2], [2, 3]]), (0, [[0], [2, 3]]), (0, [[2, 3], [0]]), (0, []), (0, [[], [1]]), (2, [[2, 3], [2, 3]]), (0, [[0], [0]]), (1, [[2, 3, 4], [2, 5, 4], [2, 5, 3]])]:
        case({"cat": {"dim": d}}, *xs)
    for d, x in [([0], [2, 3]), ([0, 1], [2, 3]), ([0, 0], [2, 3]), ([2], [2, 3]), ([], [2])]:
        case({"flip": {"dims": d}}, x)
    for r, x in [([2, 3], [4]), ([2], [4, 5]), ([0, 1], [2, 3]), ([2, 1, 3], [2, 2])]:
        case({"repeat": {"repeats": r}}, x)
    for d, x, i in [(0, [3, 4], ([2], I64)), (1, [3, 4], ([0], I64)), (1, [3, 4], ([2, 2], I64)), (0, [3], ([2], F32)), (0, [3], ([2], I32)), (0, [3], ([], I64)), (0, [], ([1], I64)), (0, [], ([2], I64)), (2, [3], ([1], I64)), (0, [3], ([1], B))]:
        case({"index_select": {"dim": d}}, x, i)
    for d, x, i in [(0, [3, 4], ([2, 4], I64)), (1, [3, 4], ([3, 9], I64)), (1, [2, 2], ([3, 2], I64)), (0, [3, 4], ([2], I64)), (0, [3], ([2], F32)), (0, [3], ([2], I32)), (0, [3, 4], ([0], I64)), (0, [], ([], I64)), (2, [3], ([1], I64)), (0, [3, 2], ([0, 5], I64)), (0, [], ([3], I64))]:
        case({"gather": {"dim": d}}, x, i)
    for r in ("replace", "add", "multiply", "amax", "amin"):
        for d, x, i, s in [(0, [3, 4], ([2, 4], I64), [2, 4]), (0, [3, 4], ([9, 4], I64), [9, 4]), (1, [3, 4], ([4, 4], I64), [4, 4]), (0, [3, 4], ([2, 4], I64), [1, 4]), (0, [3], ([2, 2], I64), [2]), (0, [3], ([2], I64), [2, 2]), (0, [3], ([2], F32), [2]), (0, [3], ([2], I64), ([2], F64)), (0, [3], ([0], I64), [7]), (0, [3], ([2], I32), [2])]:
            case({"scatter": {"dim": d, "reduce": r}}, x, i, s)
    i2, i3 = ([2], I64), ([3], I64)
    for d, x, ix in [([0], [4, 5], [i2]), ([1], [4, 5, 6], [([2, 3], I64)]), ([0, 1], [4, 5, 6], [i2, i2]), ([0, 2], [4, 5, 6], [i2, i2]), ([1, 2], [4, 5, 6], [([2, 1], I64), i3]), ([0, 1], [4, 5], [i2, i3]), ([0], [4], [([2], F32)]), ([0], [0, 3], [i2]), ([0], [0, 3], [([0], I64)]), ([0], [4], [([], I64)]), ([1, 3], [2, 3, 4, 5], [([], I64), i2]), ([0], [4], [([2], I32)]), ([0], [3, 0], [i2]), ([2], [4, 5], [i2]), ([0, 1, 2], [4, 5, 6], [i2, ([1], I64), ([3, 2], I64)])]:
        case({"index": {"dims": d}}, x, *ix)
    for d, x, s, ix in [([0], [4, 5], [2, 5], [i2]), ([0], [4, 5], [5], [i2]), ([0], [4, 5], [], [i2]), ([0], [4, 5], [3, 5], [i2]), ([0, 1], [4, 5], [2], [i2, i2]), ([0], [4], ([2], I64), [i2]), ([1], [4, 5], [4, 2], [i2]), ([0], [4, 5], [1, 2, 5], [i2])]:
        for acc in (False, True):
            case({"index_put": {"dims": d, "accumulate": acc}}, x, s, *ix)

    for m in ({"constant": 0.0}, "reflect", "replicate", "circular"):
        for last, x in [((1, 2), [1, 2, 5]), ((3, 3), [1, 1, 3]), ((2, 2), [1, 1, 3]), ((4, 0), [1, 1, 3]), ((-1, -1), [1, 1, 5]), ((-1, 0), [1, 1, 1]), ((-3, -1), [1, 1, 2]), ((-2, 3), [1, 1, 5]), ((1, 1), [1, 1, 0])]:
            case({"pad": {"pads": [[0, 0], [0, 0], list(last)], "mode": m}}, x)
        case({"pad": {"pads": [[0, 0], [0, 0], [1, 2], [3, 0]], "mode": m}}, [1, 2, 5, 6])
        case({"pad": {"pads": [[0, 0], [0, 0], [5, 2], [3, 0]], "mode": m}}, [1, 2, 5, 6])
        case({"pad": {"pads": [[0, 0], [0, 0], [1, 1], [1, 1], [1, 0]], "mode": m}}, [1, 2, 3, 4, 5])
    case({"pad": {"pads": [[1, 1], [-1, 2]], "mode": {"constant": 1}}}, ([2, 3], I64)); case({"pad": {"pads": [[-3, -1]], "mode": {"constant": 1}}}, [2])
    for n in ("tril", "triu"):
        case({n: {"diagonal": 1}}, [3, 4]); case({n: {"diagonal": 0}}, [3]); case({n: {"diagonal": 0}}, [])
    for d, s, st, x in [(0, 2, 1, [5]), (1, 3, 2, [2, 7]), (0, 4, 1, [3]), (0, 1, 0, [3]), (0, 1, 1, []), (0, 0, 1, [3]), (0, 3, 5, [3, 2]), (2, 1, 1, [3]), (0, 2, 1, [])]:
        case({"unfold_dim": {"dim": d, "size": s, "step": st}}, x)
    blocks = lambda k=(2, 2), d=(1, 1), p=(0, 0), s=(1, 1): {"kernel_size": list(k), "dilation": list(d), "padding": list(p), "stride": list(s)}
    for b, x in [(blocks(), [2, 3, 4, 5]), (blocks((3, 2), (2, 1), (1, 0), (2, 3)), [1, 2, 9, 9]), (blocks((5, 5)), [1, 1, 3, 3]), (blocks(), [1, 0, 3, 3]), (blocks(), [0, 2, 3, 3]), (blocks((0, 1)), [1, 1, 3, 3]), (blocks(s=(0, 1)), [1, 1, 3, 3]), (blocks(d=(0, 1)), [1, 1, 3, 3]), (blocks((4, 4), s=(2, 2)), [1, 1, 3, 3])]:
        case({"im2col": b}, x)
    for o, b, x in [((4, 5), blocks(), [1, 8, 12]), ((4, 5), blocks(), [1, 7, 12]), ((4, 5), blocks(), [1, 8, 7]), ((2, 2), blocks((5, 5)), [1, 25, 4]), ((6, 6), blocks((3, 3), s=(3, 3)), [2, 18, 4]), ((4, 4), blocks((2, 2), p=(1, 1), s=(2, 2)), [0, 4, 9]), ((4, 5), blocks((0, 2)), [1, 8, 12])]:
        case({"col2im": {"output_size": list(o), **b}}, x)

    reducers = ["sum", "mean", "prod", "amax", "amin", "any", "all", {"var": {"correction": 1.0}}, "log_sum_exp", {"norm": {"p": 2.0}}, {"norm": {"p": 0.0}}]
    for op, d in itertools.product(reducers, dtypes):
        case({"reduce": {"op": op, "dims": [1], "keepdim": False}}, ([2, 3, 4], d))
        case({"reduce": {"op": op, "dims": [0, 2], "keepdim": True}}, ([2, 3, 4], d))
    for op in reducers:
        case({"reduce": {"op": op, "dims": [0], "keepdim": False}}, [0, 3]); case({"reduce": {"op": op, "dims": [1], "keepdim": False}}, [0, 3])
        case({"reduce": {"op": op, "dims": [2], "keepdim": False}}, [2, 3]); case({"reduce": {"op": op, "dims": [], "keepdim": False}}, [])
        if op != "prod":
            case({"reduce": {"op": op, "dims": [0, 0], "keepdim": False}}, [2, 3])
        case({"reduce": {"op": op, "dims": [0], "keepdim": True}}, [])
    for n, d in itertools.product(("arg_max", "arg_min"), (F32, I64, U8, B)):
        for keep in (False, True):
            case({n: {"dim": 1, "keepdim": keep}}, ([2, 3], d))
    for n in ("arg_max", "arg_min"):
        case({n: {"dim": 1, "keepdim": False}}, [2, 0]); case({n: {"dim": 0, "keepdim": False}}, [0, 2]); case({n: {"dim": 1, "keepdim": False}}, [0, 2]); case({n: {"dim": 0, "keepdim": True}}, []); case({n: {"dim": 2, "keepdim": True}}, [2, 2])
    for n, d in itertools.product(("sum", "prod", "max", "min"), dtypes):
        case({"cumulate": {"op": n, "dim": 0}}, ([2, 3], d))
    case({"cumulate": {"op": "sum", "dim": 2}}, [2, 3]); case({"cumulate": {"op": "sum", "dim": 0}}, [])
    for k, x in [(2, ([2, 5], F32)), (6, ([2, 5], F32)), (0, ([2, 5], F32)), (5, ([2, 5], I64))]:
        case({"top_k": {"dim": 1, "k": k, "largest": True}}, x)
    case({"top_k": {"dim": 0, "k": 1, "largest": True}}, []); case({"top_k": {"dim": 0, "k": 2, "largest": True}}, []); case({"top_k": {"dim": 3, "k": 2, "largest": True}}, [2])
    for n, d in itertools.product(("softmax", "log_softmax"), (F32, F16, I64, B)):
        case({n: {"dim": 1}}, ([2, 3], d)); case({n: {"dim": 0}}, ([2, 3], d))
    case({"softmax": {"dim": 0}}, []); case({"softmax": {"dim": 2}}, [2, 2])

    shapes = [[], [3], [4], [2, 3], [3, 2], [4, 2], [5, 2, 3], [5, 3, 2], [5, 4, 2], [6, 3, 2], [1, 3, 2], [7, 5, 2, 3], [7, 1, 3, 2], [7, 5, 4, 2], [2, 5, 3, 2], [0, 3], [3, 0]]
    for a, b in itertools.product(shapes, shapes):
        case("matmul", a, b)
    for d in (I64, B, F16):
        case("matmul", ([2, 3], d), ([3, 2], d))
    case("matmul", [2, 3], ([3, 2], F64)); case("matmul", [3], ([3], F64))
    for t in [([64, 100], [10, 120]), ([64, 100], [10, 100]), ([64, 100], [10, 100], [10]), ([64, 100], [10, 100], [5]), ([64, 100], [10, 100], [1]), ([64, 100], [10, 100], []), ([3], [2, 3]), ([3], [2, 3], [2]), ([3], [2, 4], [2]), ([3], [2, 4]), ([2, 5, 3], [4, 3], [4]), ([2, 5, 3], [4, 2], [4]), ([2, 5, 3], [4, 2]), ([2, 3], [3]), ([2, 3], [4]), ([3], [3]), ([], [2, 3]), ([2, 3], [2, 2, 3]), ([0, 3], [2, 3], [2]), ([2, 7, 5, 3], [4, 3], [4]), ([1, 1, 28, 28], [10, 784], [10]), ([2, 5, 3], [4, 3], [3])]:
        case("linear", *t)
    case("linear", ([2, 3], F64), [4, 3], [4]); case("linear", ([2, 3], I64), [4, 3]); case("linear", ([2, 3], I64), ([4, 3], I64)); case("linear", ([2, 3], F64), [4, 3])

    def geometry(n, stride=1, padding=0, dilation=1, groups=1, transposed=False, output_padding=0):
        return {"conv": {"stride": [stride] * n, "padding": [padding] * n, "dilation": [dilation] * n, "groups": groups, "transposed": transposed, "output_padding": [output_padding] * n}}

    g = geometry
    for n in (1, 2, 3):
        im = lambda *s: list(s[:2]) + [s[2]] * n
        for op, x, w, *b in [(g(n), im(1, 3, 9), im(6, 3, 3)), (g(n, 2, 1), im(2, 3, 9), im(6, 3, 3), [6]), (g(n, 1, 0, 2), im(2, 3, 9), im(6, 3, 3), [6]), (g(n), im(1, 3, 9), im(6, 1, 5)), (g(n, groups=3), im(1, 3, 9), im(6, 1, 5), [6]), (g(n, groups=2), im(1, 3, 9), im(6, 1, 5)), (g(n, groups=2), im(1, 2, 9), im(1, 1, 5)), (g(n, groups=2), im(1, 2, 9), im(3, 1, 3)), (g(n), im(1, 3, 3), im(6, 3, 5)), (g(n, padding=1), im(1, 3, 3), im(6, 3, 5)), (g(n), im(1, 3, 9), im(6, 3, 3), [5]), (g(n), im(1, 3, 9), im(6, 3, 3), [6, 1]), (g(n, 0), im(1, 3, 9), im(6, 3, 3)), (g(n, dilation=0), im(1, 3, 9), im(6, 3, 3)), (g(n), [3, 9], im(6, 3, 3)) if n != 1 else (g(n), [9], im(6, 3, 3)), (g(n), im(0, 3, 9), im(6, 3, 3)), (g(n), im(1, 3, 9), im(6, 3, 3)[:-1]), (g(n, groups=0), im(1, 3, 9), im(6, 3, 3)),
                             (g(n, 2, transposed=True), im(1, 4, 5), im(4, 2, 3), [2]), (g(n, 2, 1, output_padding=1, transposed=True), im(1, 4, 5), im(4, 2, 3)), (g(n, 2, 1, 2, 2, True, 1), im(1, 4, 5), im(4, 3, 3), [6]), (g(n, transposed=True), im(1, 3, 5), im(4, 2, 3)), (g(n, 1, output_padding=1, transposed=True), im(1, 4, 5), im(4, 2, 3)), (g(n, 2, output_padding=2, transposed=True), im(1, 4, 5), im(4, 2, 3)), (g(n, transposed=True), im(1, 4, 5), im(4, 2, 3), [4]), (g(n, 1, 4, transposed=True), im(1, 4, 2), im(4, 2, 3)), (g(n, groups=3, transposed=True), im(1, 4, 5), im(4, 2, 3))]:
            case(op, x, w, *b)
    case(g(2), [1, 3, 32, 32], [6, 1, 5, 5]); case(g(2), ([1, 3, 9, 9], F64), [6, 3, 3, 3]); case(g(2), ([1, 3, 9, 9], F64), [6, 3, 3, 3], [6]); case(g(2), ([1, 3, 9, 9], I64), [6, 3, 3, 3], [6]); case(g(2), [1, 3, 9, 9], [6, 3, 3, 3], ([6], F64)); case(g(2), [1, 3, 9, 9], ([6, 3, 3, 3], F64), [6])

    def window(n, k, s=None, p=0, d=1, ceil=False):
        return {"kernel_size": [k] * n, "stride": [s or k] * n, "padding": [p] * n, "dilation": [d] * n, "ceil_mode": ceil}

    for n in (1, 2, 3):
        im = lambda *s: list(s[:2]) + [s[2]] * n
        for x, w in [(im(2, 3, 8), window(n, 2)), (im(2, 3, 7), window(n, 2)), (im(2, 3, 7), window(n, 2, ceil=True)), (im(2, 3, 7), window(n, 3, 2, 1)), (im(2, 3, 7), window(n, 3, 2, 1, ceil=True)), (im(1, 1, 4), window(n, 2, 3, 1, ceil=True)), (im(1, 1, 5), window(n, 3, 5, 1, ceil=True)), (im(1, 1, 6), window(n, 1, 5, 0, ceil=True)), (im(1, 16, 1), window(n, 2)), (im(1, 16, 1), window(n, 2, ceil=True)), (im(2, 3, 7), window(n, 2, 1, 2)), (im(2, 0, 7), window(n, 2)), (im(0, 3, 7), window(n, 2)), (im(1, 3, 0), window(n, 2)), ([3] * (n + 3), window(n, 2)), (im(1, 16, 2), window(n, 5, 1, 1))]:
            for ind in (False, True):
                case({"max_pool": {"pool": w, "indices": ind}}, x)
            case({"avg_pool": {"pool": w, "count_include_pad": True, "divisor_override": None}}, x)
        for x, w in [(im(2, 3, 9), window(n, 3, 1, 0, 2)), (im(2, 3, 4), window(n, 3, 1, 0, 2)), (im(2, 3, 9), window(n, 3, 2, 2, 2, True))]:
            case({"max_pool": {"pool": w, "indices": False}}, x)
        for d in (I64, U8, B, F16):
            if n == 2 or d == B:  # elsewhere what torch lacks is a kernel of its CPU
                case({"max_pool": {"pool": window(n, 2), "indices": False}}, (im(1, 2, 4), d)); case({"max_pool": {"pool": window(n, 2), "indices": True}}, (im(1, 2, 4), d))
            if d != F16:
                case({"avg_pool": {"pool": window(n, 2), "count_include_pad": True, "divisor_override": None}}, (im(1, 2, 4), d))
            case({"adaptive_avg_pool": {"output_size": [2] * n}}, (im(1, 2, 4), d)); case({"adaptive_max_pool": {"output_size": [2] * n, "indices": False}}, (im(1, 2, 4), d))
        for o, x in [(3, im(2, 3, 7)), (1, im(2, 3, 7)), (9, im(2, 3, 7)), (2, im(2, 3, 0)), (2, im(0, 3, 4)), (2, im(1, 0, 4)), (0, im(1, 2, 4)), (2, [3] * (n + 3)), (2, [3] * n)]:
            case({"adaptive_avg_pool": {"output_size": [o] * n}}, x)
            for ind in (False, True):
                case({"adaptive_max_pool": {"output_size": [o] * n, "indices": ind}}, x)
    case({"avg_pool": {"pool": window(2, 2), "count_include_pad": True, "divisor_override": 0}}, [1, 1, 4, 4]); case({"avg_pool": {"pool": window(2, 2), "count_include_pad": True, "divisor_override": 3}}, [1, 1, 4, 4])

    e = {"eps": 1e-5}
    for t in [([2, 3], [3], [3]), ([2, 3, 4, 4], [3], [3], [3], [3]), ([2, 4], [3], [3]), ([2, 4], [4], [3]), ([2, 4], [4], [4], [3], [4]), ([2, 4], [4], [4], [4], [3]), ([3], [3], [3]), ([0, 3, 2], [3], [3])]:
        case({"batch_norm_eval": e}, *t)
    case({"batch_norm_eval": e}, ([2, 3], I64), ([3], I64), ([3], I64))
    for t in [([2, 3],), ([2, 3], [3], [3]), ([1, 3],), ([1, 3, 1, 1],), ([1, 3, 2, 1], [3], [3]), ([2, 4], [3], [3]), ([2, 4], [4], [3]), ([2, 4], [4])]:
        case({"batch_norm_train": e}, *t)
    for n in ("layer_norm", "rms_norm"):
        for d, *t in [(1, [2, 4]), (1, [2, 4], [4]), (2, [2, 3, 4], [3, 4]), (1, [2, 4], [5]), (2, [2, 3, 4], [3, 5]), (1, [0, 4], [4]), (1, [2, 4, 6], [3])]:
            case({n: {"dims": d, **e}}, *t)
        case({n: {"dims": 1, **e}}, ([2, 4], I64))
    case({"layer_norm": {"dims": 1, **e}}, [2, 4], [4], [4]); case({"layer_norm": {"dims": 1, **e}}, [2, 4], [4], [3])
    for gr, *t in [(2, [2, 4]), (2, [2, 4, 5], [4], [4]), (2, [2, 3]), (2, [2, 4], [3]), (2, [2, 4], [4], [3]), (1, [4]), (4, [1, 4]), (2, [1, 2, 1, 1]), (0, [2, 4]), (4, [2, 4, 3, 3])]:
        case({"group_norm": {"groups": gr, **e}}, *t)
    case({"group_norm": {"groups": 2, **e}}, ([2, 4], I64))
    for pi, i, w in [(None, ([2, 3], I64), [10, 4]), (0, ([2], I32), [10, 4]), (None, ([2], F32), [10, 4]), (None, ([2], I64), [10]), (None, ([], I64), [10, 4]), (10, ([2], I64), [10, 4]), (None, ([2], B), [10, 4]), (None, ([0], I64), [10, 4]), (None, ([2], I64), [2, 3, 4])]:
        case({"embedding": {"padding_idx": pi}}, i, w)
    for m, n in itertools.product(("nearest", "nearest_exact", "linear", "bicubic"), (1, 2, 3)):
        if m == "bicubic" and n != 2:
            continue
        im = lambda *s: list(s[:2]) + [s[2]] * n
        for s, x in [(4, (im(1, 2, 3), F32)), (0, (im(1, 2, 3), F32)), (4, (im(1, 2, 0), F32)), (4, (im(1, 2, 3), I64)), (4, (im(1, 2, 3), U8)), (4, (im(1, 2, 3), B)), (4, (im(1, 2, 3), F16)), (4, (im(0, 2, 3), F32))]:
            case({"interpolate": {"mode": m, "size": [s] * n, "align_corners": False, "scales": None}}, x)
    for m in ("nearest", "linear", "bicubic"):
        case({"interpolate": {"mode": m, "size": [], "align_corners": False, "scales": None}}, [2, 3]); case({"interpolate": {"mode": m, "size": [4, 4], "align_corners": m != "nearest", "scales": None}}, [1, 2, 3, 3]); case({"interpolate": {"mode": m, "size": [4], "align_corners": False, "scales": None}}, [1, 2, 3, 3])
    case({"interpolate": {"mode": "nearest", "size": [4, 4], "align_corners": True, "scales": None}}, [1, 2, 3, 3])
    for x, y in [([2, 3, 4, 5], [2, 6, 7, 2]), ([2, 3, 4, 5], [1, 6, 7, 2]), ([2, 3, 4, 5], [2, 6, 7, 3]), ([2, 3, 4, 5], [2, 7, 2]), ([2, 3, 4], [2, 7, 1]), ([2, 3, 4, 5, 6], [2, 6, 7, 8, 3]), ([2, 3, 0, 5], [2, 6, 7, 2]), ([2, 3, 4, 5], ([2, 6, 7, 2], F64))]:
        case({"grid_sample": {"nearest": False, "padding": "zeros", "align_corners": False}}, x, y)


if __name__ == "__main__":
    everything()
    lines = ",\n".join(json.dumps(c) for c in CASES)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    print(len(CASES), "cases")
