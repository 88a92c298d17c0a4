"""numpy's functions: constructors, joins, shapes, arithmetic, reductions."""


def array(object, dtype=None, copy=True, ndmin=0):
    tensor = _tensor(object, _dtype(dtype, None)).clone()
    while tensor.dim() < ndmin:
        tensor = tensor.unsqueeze(0)
    return _wrap(tensor)


def asarray(a, dtype=None):
    return a if isinstance(a, ndarray) and dtype is None else _wrap(_tensor(a, _dtype(dtype, None)))


asanyarray = ascontiguousarray = asarray


def _shape(shape):
    return (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)


def zeros(shape, dtype=None):
    return _wrap(torch.zeros(_shape(shape), dtype=_dtype(dtype, torch.float64)))


def ones(shape, dtype=None):
    return _wrap(torch.ones(_shape(shape), dtype=_dtype(dtype, torch.float64)))


empty = zeros


def full(shape, fill_value, dtype=None):
    return _wrap(_tensor(fill_value, _dtype(dtype, None)).expand(_shape(shape)).clone())


def zeros_like(a, dtype=None):
    return _wrap(torch.zeros_like(_tensor(a), dtype=_dtype(dtype, None)))


def ones_like(a, dtype=None):
    return _wrap(torch.ones_like(_tensor(a), dtype=_dtype(dtype, None)))


empty_like = zeros_like


def full_like(a, fill_value, dtype=None):
    return _wrap(torch.full_like(_tensor(a), fill_value, dtype=_dtype(dtype, None)))


def eye(N, M=None, k=0, dtype=None):
    M = N if M is None else M
    rows, columns = torch.arange(N)[:, None], torch.arange(M)[None, :]
    return _wrap((columns - rows == k).to(_dtype(dtype, torch.float64)))


def identity(n, dtype=None):
    return eye(n, dtype=dtype)


def arange(start, stop=None, step=1, dtype=None):
    start, stop = (0, start) if stop is None else (start, stop)
    whole = False not in [isinstance(x, int) for x in (start, stop, step)]
    return _wrap(torch.arange(start, stop, step, dtype=_dtype(dtype, torch.int64 if whole else torch.float64)))


def linspace(start, stop, num=50, endpoint=True, dtype=None):
    stop = stop if endpoint else start + (stop - start) * (num - 1) / num
    return _wrap(torch.linspace(float(start), float(stop), int(num), dtype=torch.float64).to(_dtype(dtype, torch.float64)))


def logspace(start, stop, num=50, base=10.0):
    return power(base, linspace(start, stop, num))


def meshgrid(*xi, indexing="xy", sparse=False):
    grids = torch.meshgrid(*[_tensor(x) for x in xi], indexing=indexing)
    if not sparse:
        return [_wrap(grid.clone()) for grid in grids]
    along = [i for i in range(len(xi))]
    if indexing == "xy" and len(xi) > 1:
        along[0], along[1] = 1, 0
    return [_wrap(_tensor(x).reshape([-1 if d == at else 1 for d in range(len(xi))])) for x, at in zip(xi, along)]


def concatenate(arrays, axis=0):
    tensors = _promoted(arrays)
    return _wrap(torch.cat([t.reshape(-1) for t in tensors])) if axis is None else _wrap(torch.cat(tensors, axis))


def stack(arrays, axis=0):
    return _wrap(torch.stack(_promoted(arrays), axis))


def vstack(arrays):
    return _wrap(torch.vstack(_promoted(arrays)))


def hstack(arrays):
    return _wrap(torch.hstack(_promoted(arrays)))


def append(arr, values, axis=None):
    if axis is None:
        arr, values = ravel(arr), ravel(values)
    return concatenate([arr, values], axis or 0)


def ravel(a):
    return _wrap(_tensor(a).reshape(-1))


def reshape(a, shape):
    return asarray(a).reshape(shape)


def transpose(a, axes=None):
    tensor = _tensor(a)
    return _wrap(tensor.permute(tuple(axes or range(tensor.dim())[::-1])))


def swapaxes(a, axis1, axis2):
    return _wrap(_tensor(a).transpose(axis1, axis2))


def expand_dims(a, axis):
    return _wrap(_tensor(a).unsqueeze(axis))


def squeeze(a, axis=None):
    return _wrap(_tensor(a).squeeze() if axis is None else _tensor(a).squeeze(axis))


def tile(A, reps):
    return _wrap(torch.tile(_tensor(A), _shape(reps)))


def repeat(a, repeats, axis=None):
    return _wrap(torch.repeat_interleave(_tensor(a), _tensor(repeats) if not isinstance(repeats, int) else repeats, dim=axis))


def flip(m, axis=None):
    tensor = _tensor(m)
    return _wrap(tensor.flip(tuple(range(tensor.dim())) if axis is None else axis))


def roll(a, shift, axis=None):
    return _wrap(torch.roll(_tensor(a), shift, axis))


def broadcast_to(array, shape):
    return _wrap(_tensor(array).expand(shape))


def split(ary, indices_or_sections, axis=0):
    return [_wrap(part) for part in torch.tensor_split(_tensor(ary), indices_or_sections, dim=axis)]


array_split = split


def triu(m, k=0):
    return _wrap(torch.triu(_tensor(m), k))


def tril(m, k=0):
    return _wrap(torch.tril(_tensor(m), k))


def diag(v, k=0):
    return _wrap(torch.diag(_tensor(v), k))


def triu_indices(n, k=0):
    return tuple(_wrap(part) for part in torch.triu_indices(n, n, k).unbind(0))


def tril_indices(n, k=0):
    return tuple(_wrap(part) for part in torch.tril_indices(n, n, k).unbind(0))


def where(condition, x=None, y=None):
    if x is None:
        return nonzero(condition)
    x, y = _operands(x, y)
    return _value(torch.where(_tensor(condition), x, y))


def nonzero(a):
    return tuple(_wrap(part) for part in _tensor(a).nonzero(as_tuple=True))


def matmul(a, b):
    return _value(torch.matmul(*_promoted([a, b])))


def dot(a, b):
    a, b = _promoted([a, b])
    return _value(a * b if a.dim() == 0 or b.dim() == 0 else torch.matmul(a, b))


def outer(a, b):
    return _wrap(torch.outer(*[t.reshape(-1) for t in _promoted([a, b])]))


def einsum(subscripts, *operands):
    return _value(torch.einsum(subscripts, *_promoted(operands)))


def power(x1, x2):
    if _is_number(x1) and _is_number(x2):
        return x1**x2
    return _binary(lambda a, b: a**b, x1, x2)


def _elementwise(function):
    def apply(x):
        return _value(function(_real(x)))

    return apply


exp, log, log2, log10, log1p, expm1, sqrt = map(_elementwise, (torch.exp, torch.log, torch.log2, torch.log10, torch.log1p, torch.expm1, torch.sqrt))
sin, cos, tan, arcsin, arccos, arctan = map(_elementwise, (torch.sin, torch.cos, torch.tan, torch.asin, torch.acos, torch.atan))
sinh, cosh, tanh, floor, ceil, trunc, rint = map(_elementwise, (torch.sinh, torch.cosh, torch.tanh, torch.floor, torch.ceil, torch.trunc, torch.round))
deg2rad, rad2deg, radians, degrees = map(_elementwise, (torch.deg2rad, torch.rad2deg, torch.deg2rad, torch.rad2deg))


def _same(function):
    def apply(x):
        return _value(function(_tensor(x)))

    return apply


abs, absolute, sign, square, isnan, isinf, isfinite, logical_not = map(_same, (torch.abs, torch.abs, torch.sign, torch.square, torch.isnan, torch.isinf, torch.isfinite, torch.logical_not))


def _paired(function):
    def apply(x1, x2):
        return _binary(lambda a, b: function(*[_tensor(x) for x in (a, b)]), x1, x2)

    return apply


maximum, minimum, logical_and, logical_or, arctan2, mod, fmod = map(_paired, (torch.maximum, torch.minimum, torch.logical_and, torch.logical_or, torch.atan2, torch.remainder, torch.fmod))


def add(x1, x2):
    return _binary(lambda a, b: a + b, x1, x2)


def subtract(x1, x2):
    return _binary(lambda a, b: a - b, x1, x2)


def multiply(x1, x2):
    return _binary(lambda a, b: a * b, x1, x2)


def divide(x1, x2):
    return _binary(lambda a, b: a / b, _real(x1), x2)


true_divide = divide


def around(a, decimals=0):
    return _value(torch.round(_real(a), decimals=decimals))


round = round_ = around


def clip(a, a_min=None, a_max=None):
    return _value(torch.clamp(_tensor(a), a_min, a_max))


def _reduced(x, function, axis, keepdims):
    if axis is None and not keepdims:
        return _value(function(x.reshape(-1), 0, False))
    axis = tuple(range(x.dim())) if axis is None else axis
    return _value(function(x, axis, keepdims))


def sum(a, axis=None, dtype=None, keepdims=False):
    return _reduced(_tensor(a, _dtype(dtype, None)), torch.sum, axis, keepdims)


def mean(a, axis=None, dtype=None, keepdims=False):
    return _reduced(_real(a), torch.mean, axis, keepdims)


def var(a, axis=None, ddof=0, keepdims=False):
    return _reduced(_real(a), lambda x, dim, keep: torch.var(x, dim, correction=ddof, keepdim=keep), axis, keepdims)


def std(a, axis=None, ddof=0, keepdims=False):
    return _reduced(_real(a), lambda x, dim, keep: torch.std(x, dim, correction=ddof, keepdim=keep), axis, keepdims)


def amax(a, axis=None, keepdims=False):
    return _reduced(_tensor(a), torch.amax, axis, keepdims)


def amin(a, axis=None, keepdims=False):
    return _reduced(_tensor(a), torch.amin, axis, keepdims)


def prod(a, axis=None, keepdims=False):
    return _reduced(_tensor(a), torch.prod, axis, keepdims)


def any_(a, axis=None):
    return _reduced(_tensor(a), torch.any, axis, False)


def all_(a, axis=None):
    return _reduced(_tensor(a), torch.all, axis, False)


max, min, any, all = amax, amin, any_, all_


def argmax(a, axis=None):
    return _value(torch.argmax(_tensor(a), axis))


def argmin(a, axis=None):
    return _value(torch.argmin(_tensor(a), axis))


def cumsum(a, axis=None):
    return _wrap(_tensor(a).reshape(-1).cumsum(0) if axis is None else _tensor(a).cumsum(axis))


def cumprod(a, axis=None):
    return _wrap(_tensor(a).reshape(-1).cumprod(0) if axis is None else _tensor(a).cumprod(axis))


def sort(a, axis=-1):
    return _wrap(_tensor(a).sort(axis).values)


def argsort(a, axis=-1):
    return _wrap(_tensor(a).argsort(axis, stable=True))


def unique(ar):
    return _wrap(torch.unique(_tensor(ar)))


def diff(a, n=1, axis=-1):
    return _wrap(torch.diff(_tensor(a), n, axis))


def array_equal(a1, a2):
    a, b = _tensor(a1), _tensor(a2)
    return tuple(a.shape) == tuple(b.shape) and (a == b).all().item()


def allclose(a, b, rtol=1e-05, atol=1e-08):
    return torch.allclose(_real(a), _real(b), rtol=rtol, atol=atol)


class _Grid:
    # np.ogrid[:n, :m] and np.mgrid[...]: ranges, or a complex step's number of points with both ends
    def __init__(self, sparse):
        self._sparse = sparse

    def __getitem__(self, key):
        keys = key if isinstance(key, tuple) else (key,)
        axes = [self._axis(one) for one in keys]
        if not isinstance(key, tuple):
            return axes[0]
        grids = meshgrid(*axes, indexing="ij", sparse=self._sparse)
        return list(grids) if self._sparse else stack(grids)

    def _axis(self, key):
        start, step = key.start or 0, 1 if key.step is None else key.step
        if not isinstance(step, (int, float)):
            return linspace(start, key.stop, int(abs(step)))
        return arange(start, key.stop, step)


ogrid, mgrid = _Grid(True), _Grid(False)
