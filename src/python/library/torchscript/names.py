"""TorchScript's dialect: the names that the code of an archive finds without importing them.

In it `torch` means ATen's operators with the arguments of their schemas (`operators.py`), `ops.prim` those of the compiler, a dtype is an int,
and types are written where Python has none: `annotate(List[int], [])`.
"""

import math
from enum import Enum
from typing import Any, Dict, Final, Future, List, NamedTuple, Optional, RRef, Tuple, Union

import torch
import torch.nn.functional as F
from _host import refuse, set_gradient, wants_gradient
from torch.nn import Module

Tensor = torch.Tensor
Device = torch.device
NoneType = type(None)
number = (int, float)
inf, nan = math.inf, math.nan

_DTYPES = {
    0: torch.uint8,
    1: torch.int8,
    2: torch.int16,
    3: torch.int32,
    4: torch.int64,
    5: torch.float16,
    6: torch.float32,
    7: torch.float64,
    9: torch.complex64,
    10: torch.complex128,
    11: torch.bool,
    15: torch.bfloat16,
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


class Interface:
    pass


def _dtype(code):
    if code is None or isinstance(code, torch.dtype):
        return code
    if code not in _DTYPES:
        refuse(f"the ScalarType {code}")
    return _DTYPES[code]


def annotate(type, value):
    """The value; a tensor where a number is wanted is converted."""
    return type(value) if type in (int, float, bool) and isinstance(value, Tensor) else value


def unchecked_cast(type, value):
    return value


def uninitialized(type):
    return None


def fork(function, *args):
    refuse("torch.jit.fork")


def wait(future):
    refuse("torch.jit.wait")


class prim:
    """`ops.prim`: what the compiler asks of values."""

    def NumToTensor(x):
        return torch.tensor(x)

    def RaiseException(message, kind="builtins.RuntimeError"):
        kinds = {
            "AssertionError": AssertionError,
            "IndexError": IndexError,
            "KeyError": KeyError,
            "NotImplementedError": NotImplementedError,
            "TypeError": TypeError,
            "ValueError": ValueError,
        }
        raise kinds.get(str(kind).split(".")[-1], RuntimeError)(message)

    def dtype(x):
        if x.dtype not in _CODES:
            refuse(f"{x.dtype} in TorchScript")
        return _CODES[x.dtype]

    def device(x):
        return x.device

    def type(device):
        return device.type

    def index(device):
        return device.index

    def layout(x):
        return 0

    def is_cuda(x):
        return False

    is_cpu = is_contiguous = lambda x: True
    is_sparse = is_quantized = is_mkldnn = is_mps = is_meta = is_xpu = is_vulkan = is_cuda

    def is_nested(x):
        return isinstance(x, _Nested)

    def requires_grad(x):
        return x.requires_grad

    def grad(x):
        return None

    def data(x):
        return x

    def itemsize(x):
        return x.element_size()

    def name(x):
        return x.name

    def value(x):
        return x.value

    def shape(x):
        return list(x.shape)

    def min(*args):
        return min(*args)

    def max(*args):
        return max(*args)

    def abs(x):
        return abs(x)

    def rangelist(n):
        return list(range(n))

    def tolist(x, *rest):
        return x.tolist()

    def unchecked_unwrap_optional(x):
        if x is None:
            raise RuntimeError("Unwrapping null optional")
        return x

    def Print(*args):
        print(*args)
