"""numpy as far as networks use it: tables of constants, grids, masks, sizes. This part has dtypes and arrays.

An array is a torch tensor that follows numpy's rules, and goes where torch takes tensors (`torch.from_numpy`, `torch.tensor`). Elements are
Python numbers. The parts in this folder are one module.
"""

import math
import random as _random

import torch

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
Inf, NaN, PINF = inf, nan, inf


class dtype:
    def __init__(self, name, torch_dtype, python):
        self.name, self._torch, self._python = name, torch_dtype, python

    def __call__(self, x=0):
        return x.astype(self) if isinstance(x, ndarray) else self._python(x)

    def __eq__(self, other):
        return _dtype(other, None) == self._torch

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f"dtype('{self.name}')"


float16, float32, float64 = dtype("float16", torch.float16, float), dtype("float32", torch.float32, float), dtype("float64", torch.float64, float)
int8, int16, int32, int64 = (dtype(f"int{bits}", getattr(torch, f"int{bits}"), int) for bits in (8, 16, 32, 64))
uint8, bool_ = dtype("uint8", torch.uint8, int), dtype("bool", torch.bool, bool)
half, single, double, float_, intp, int_, longlong, bool8 = float16, float32, float64, float64, int64, int64, int64, bool_
_DTYPES = {d._torch: d for d in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)}
_NAMES = {d.name: d._torch for d in _DTYPES.values()}
_NAMES.update(float=torch.float64, int=torch.int64, long=torch.int64, single=torch.float32, double=torch.float64, f=torch.float32, d=torch.float64, f4=torch.float32, f8=torch.float64, i8=torch.int64)


class generic:
    pass


class integer(generic):
    pass


class floating(generic):
    pass


number = generic


def _dtype(given, otherwise):
    if given is None:
        return otherwise
    if isinstance(given, dtype):
        return given._torch
    if given in (float, int, bool):
        return {float: torch.float64, int: torch.int64, bool: torch.bool}[given]
    return _NAMES.get(given, given) if isinstance(given, str) else given


def _is_number(x):
    return isinstance(x, (bool, int, float))


def _wrap(tensor):
    array = ndarray.__new__(ndarray)
    array._tensor = tensor
    return array


def _value(tensor):
    """An element is a number, anything larger an array."""
    return tensor.item() if tensor.dim() == 0 else _wrap(tensor)


def _tensor(x, to=None):
    if isinstance(x, ndarray):
        x = x._tensor
    elif not isinstance(x, torch.Tensor):
        x = _nested(x)
    return x if to is None else x.to(to)


def _nested(x):
    if _is_number(x):
        return torch.tensor(x, dtype=torch.bool if isinstance(x, bool) else torch.int64 if isinstance(x, int) else torch.float64)
    items = list(x)
    # numpy's own any() hides Python's here
    if True in [isinstance(item, (ndarray, torch.Tensor)) for item in items]:
        return torch.stack(_promoted(items))
    plain = torch.tensor(items)
    return torch.tensor(items, dtype=torch.float64) if plain.is_floating_point() or not items else plain


def _promoted(items):
    tensors = [_tensor(item) for item in items]
    common = tensors[0].dtype
    for other in tensors[1:]:
        common = torch.promote_types(common, other.dtype)
    return [tensor.to(common) for tensor in tensors]


def _real(x):
    """Integers become float64, as in numpy's divisions and functions of real numbers."""
    x = _tensor(x)
    return x if x.is_floating_point() else x.double()


def _operands(a, b):
    """Both sides of an operator; a number beside an array is weak, but a float makes integers float64."""
    if _is_number(b):
        a = _tensor(a)
        return (a.double() if isinstance(b, float) and not a.is_floating_point() else a), b
    if _is_number(a):
        b, a = _operands(b, a)
        return a, b
    return _tensor(a), _tensor(b)


def _binary(function, a, b):
    a, b = _operands(a, b)
    return _value(function(a, b))


class ndarray:
    """`_tensor` holds the elements; torch's functions take an array for it."""

    __torch_tensor__ = True

    shape = property(lambda self: tuple(self._tensor.shape))
    ndim = property(lambda self: self._tensor.dim())
    size = property(lambda self: self._tensor.numel())
    dtype = property(lambda self: _DTYPES[self._tensor.dtype])
    T = property(lambda self: self.transpose())
    flat = property(lambda self: iter(self.ravel()))

    def __len__(self):
        return len(self._tensor)

    def __iter__(self):
        return iter([_value(part) for part in self._tensor.unbind(0)])

    def __getitem__(self, index):
        return _value(self._tensor[_index(index)])

    def __setitem__(self, index, value):
        self._tensor[_index(index)] = value if _is_number(value) else _tensor(value, self._tensor.dtype)

    def __neg__(self):
        return _wrap(-self._tensor)

    def __invert__(self):
        return _wrap(~self._tensor)

    def __abs__(self):
        return _wrap(self._tensor.abs())

    def __bool__(self):
        return bool(self._tensor)

    def __int__(self):
        return int(self._tensor)

    def __float__(self):
        return float(self._tensor)

    def __add__(self, other):
        return _binary(torch.add, self, other)

    def __radd__(self, other):
        return _binary(torch.add, other, self)

    def __sub__(self, other):
        return _binary(torch.sub, self, other)

    def __rsub__(self, other):
        return _binary(lambda a, b: a - b, other, self)

    def __mul__(self, other):
        return _binary(torch.mul, self, other)

    def __rmul__(self, other):
        return _binary(lambda a, b: a * b, other, self)

    def __truediv__(self, other):
        return _binary(lambda a, b: a / b, _real(self), other)

    def __rtruediv__(self, other):
        return _binary(lambda a, b: a / b, other, _real(self))

    def __floordiv__(self, other):
        return _binary(lambda a, b: a // b, self, other)

    def __rfloordiv__(self, other):
        return _binary(lambda a, b: a // b, other, self)

    def __mod__(self, other):
        return _binary(lambda a, b: a % b, self, other)

    def __pow__(self, other):
        return power(self, other)

    def __rpow__(self, other):
        return power(other, self)

    def __matmul__(self, other):
        return matmul(self, other)

    def __and__(self, other):
        return _binary(lambda a, b: a & b, self, other)

    def __or__(self, other):
        return _binary(lambda a, b: a | b, self, other)

    def __eq__(self, other):
        return _binary(lambda a, b: a == b, self, other)

    def __ne__(self, other):
        return _binary(lambda a, b: a != b, self, other)

    def __lt__(self, other):
        return _binary(lambda a, b: a < b, self, other)

    def __le__(self, other):
        return _binary(lambda a, b: a <= b, self, other)

    def __gt__(self, other):
        return _binary(lambda a, b: a > b, self, other)

    def __ge__(self, other):
        return _binary(lambda a, b: a >= b, self, other)

    def astype(self, to, copy=True):
        return _wrap(self._tensor.to(_dtype(to, None)))

    def reshape(self, *shape, order="C"):
        shape = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return _wrap(self._tensor.reshape(tuple(int(size) for size in shape)))

    def ravel(self):
        return _wrap(self._tensor.reshape(-1))

    def flatten(self):
        return self.ravel()

    def transpose(self, *axes):
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return transpose(self, axes or None)

    def copy(self):
        return _wrap(self._tensor.clone())

    def item(self):
        return self._tensor.item()

    def tolist(self):
        return self._tensor.tolist()

    def fill(self, value):
        self._tensor[...] = value

    def squeeze(self, axis=None):
        return squeeze(self, axis)

    def swapaxes(self, a, b):
        return _wrap(self._tensor.transpose(a, b))

    def repeat(self, repeats, axis=None):
        return repeat(self, repeats, axis)

    def dot(self, other):
        return dot(self, other)

    def clip(self, a_min=None, a_max=None):
        return clip(self, a_min, a_max)

    def round(self, decimals=0):
        return around(self, decimals)

    def sum(self, axis=None, keepdims=False):
        return sum(self, axis, keepdims=keepdims)

    def prod(self, axis=None, keepdims=False):
        return prod(self, axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        return mean(self, axis, keepdims=keepdims)

    def std(self, axis=None, ddof=0, keepdims=False):
        return std(self, axis, ddof=ddof, keepdims=keepdims)

    def var(self, axis=None, ddof=0, keepdims=False):
        return var(self, axis, ddof=ddof, keepdims=keepdims)

    def max(self, axis=None, keepdims=False):
        return amax(self, axis, keepdims=keepdims)

    def min(self, axis=None, keepdims=False):
        return amin(self, axis, keepdims=keepdims)

    def argmax(self, axis=None):
        return argmax(self, axis)

    def argmin(self, axis=None):
        return argmin(self, axis)

    def cumsum(self, axis=None):
        return cumsum(self, axis)

    def any(self, axis=None):
        return any_(self, axis)

    def all(self, axis=None):
        return all_(self, axis)

    def nonzero(self):
        return nonzero(self)

    def __repr__(self):
        return f"array({self.tolist()})"


def _index(index):
    if isinstance(index, tuple):
        return tuple(_index(item) for item in index)
    if isinstance(index, list):
        return _tensor(index)
    return index._tensor if isinstance(index, ndarray) else index
