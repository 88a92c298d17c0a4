# Complex tensors as pairs of real ones, and the transforms of torch.fft as products with the matrix of roots of one.

_MOST_ROOTS = 4096


class ComplexTensor:
    """A complex tensor: what changes only its shape is done to both parts. The network's own inputs, weights and outputs stay real."""

    # a function of torch with such a tensor first is this class's method of the same name
    takes_functions_of_torch = True

    def __init__(self, real, imag):
        self.real = real
        self.imag = imag

    @property
    def shape(self):
        return self.real.shape

    @property
    def ndim(self):
        return self.real.dim()

    @property
    def device(self):
        return self.real.device

    @property
    def dtype(self):
        return torch.complex128 if self.real.dtype == torch.float64 else torch.complex64

    @property
    def T(self):
        return self.t()

    @property
    def mT(self):
        return self.transpose(-2, -1)

    @property
    def H(self):
        return self.conj().transpose(-2, -1)

    mH = H

    def __len__(self):
        return len(self.real)

    def dim(self):
        return self.real.dim()

    def size(self, dim=None):
        return self.real.shape if dim is None else self.real.shape[dim]

    def numel(self):
        return self.real.numel()

    def is_complex(self):
        return True

    def is_floating_point(self):
        return False

    def to(self, *args, **kwargs):
        return self

    def cuda(self, *args, **kwargs):
        return self

    cpu = type_as = to

    def _both(self, name, args, kwargs):
        real, imag = getattr(self.real, name)(*args, **kwargs), getattr(self.imag, name)(*args, **kwargs)
        if isinstance(real, (tuple, list)):
            return tuple(ComplexTensor(x, y) for x, y in zip(real, imag))
        return ComplexTensor(real, imag)

    def __getattr__(self, name):
        if name not in _SHAPED:
            raise NotImplementedError(f"'{name}' of a complex tensor")
        return lambda *args, **kwargs: self._both(name, args, kwargs)

    def __getitem__(self, index):
        return ComplexTensor(self.real[index], self.imag[index])

    def __setitem__(self, index, value):
        real, imag = _parts(value)
        self.real[index] = real
        self.imag[index] = 0 if imag is None else imag

    def conj(self):
        return ComplexTensor(self.real, -self.imag)

    def abs(self):
        return hypot(self.real, self.imag)

    absolute = __abs__ = abs

    def angle(self):
        return torch.atan2(self.imag, self.real)

    def exp(self):
        return polar(self.real.exp(), self.imag)

    def square(self):
        return self * self

    def reciprocal(self):
        whole = self.real * self.real + self.imag * self.imag
        return ComplexTensor(self.real / whole, -self.imag / whole)

    def __neg__(self):
        return ComplexTensor(-self.real, -self.imag)

    neg = __neg__

    def __add__(self, other):
        real, imag = _parts(other)
        return ComplexTensor(self.real + real, self.imag + 0 * real if imag is None else self.imag + imag)

    def __sub__(self, other):
        return self + -1 * other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        real, imag = _parts(other)
        if imag is None:
            return ComplexTensor(self.real * real, self.imag * real)
        return ComplexTensor(self.real * real - self.imag * imag, self.real * imag + self.imag * real)

    def __truediv__(self, other):
        real, imag = _parts(other)
        if imag is None:
            return ComplexTensor(self.real / real, self.imag / real)
        return self * other.reciprocal()

    def __rtruediv__(self, other):
        return self.reciprocal() * other

    def __matmul__(self, other):
        real, imag = _parts(other)
        if imag is None:
            return ComplexTensor(self.real @ real, self.imag @ real)
        return ComplexTensor(self.real @ real - self.imag @ imag, self.real @ imag + self.imag @ real)

    def __rmatmul__(self, other):
        return ComplexTensor(other @ self.real, other @ self.imag)

    def __pow__(self, power):
        if not isinstance(power, int) or power < 1:
            raise NotImplementedError("a power of a complex tensor other than a positive int")
        y = self
        for _ in range(power - 1):
            y = y * self
        return y

    @staticmethod
    def cat(tensors, dim=0):
        return ComplexTensor(*(torch.cat([_filled(x)[i] for x in tensors], dim) for i in range(2)))

    concat = concatenate = cat

    @staticmethod
    def stack(tensors, dim=0):
        return ComplexTensor(*(torch.stack([_filled(x)[i] for x in tensors], dim) for i in range(2)))

    @staticmethod
    def einsum(equation, *operands):
        if len(operands) != 2:
            raise NotImplementedError("torch.einsum of complex tensors other than two")
        (a, b), (c, d) = (_filled(x) for x in operands)
        real = torch.einsum(equation, a, c) - torch.einsum(equation, b, d)
        return ComplexTensor(real, torch.einsum(equation, a, d) + torch.einsum(equation, b, c))

    add = __radd__ = __add__
    mul = multiply = __rmul__ = __mul__
    sub = subtract = __sub__
    div = divide = true_divide = __truediv__
    matmul = mm = bmm = __matmul__
    pow = __pow__


# what is done to both parts alike
_SHAPED = frozenset(
    "view reshape flatten unflatten transpose permute unsqueeze squeeze expand expand_as contiguous clone detach roll flip narrow movedim moveaxis "
    "swapaxes swapdims repeat select t unbind chunk split tile sum mean cumsum index_select gather repeat_interleave resolve_conj tril triu "
    "diagonal".split()
)


def _parts(x):
    if isinstance(x, ComplexTensor):
        return x.real, x.imag
    if isinstance(x, (int, float, torch.Tensor)):
        return x, None
    return x.real, x.imag


def _filled(x):
    real, imag = _parts(x)
    return real, torch.zeros_like(real) if imag is None else imag


def complex(real, imag):
    if real.dtype != imag.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {_scalar(real)} but got scalar type {_scalar(imag)} for second argument"
        )
    return ComplexTensor(real, imag)


def _scalar(x):
    return {torch.float32: "Float", torch.float64: "Double"}.get(x.dtype, str(x.dtype))


def polar(abs, angle):
    return ComplexTensor(abs * angle.cos(), abs * angle.sin())


def view_as_complex(input):
    if input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return ComplexTensor(input[..., 0], input[..., 1])


def view_as_real(input):
    if not isinstance(input, ComplexTensor):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return torch.stack((input.real, input.imag), -1)


def imag(input):
    if not isinstance(input, ComplexTensor):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return input.imag


def conj(input):
    return input.conj() if isinstance(input, ComplexTensor) else input


conj_physical = conj
resolve_conj = conj


def angle(input):
    if isinstance(input, ComplexTensor):
        return input.angle()
    return torch.where(input < 0, torch.pi, torch.where(input.isnan(), input, 0.0))


def _roots(n):
    """cos and sin of the n directions, for each pair of a place and a frequency."""
    if n > _MOST_ROOTS:
        raise NotImplementedError(f"torch.fft over {n} places: more than {_MOST_ROOTS}")
    turns = [2 * math.pi * i / n for i in range(n)]
    places = torch.arange(n)
    index = (places.unsqueeze(1) * places.unsqueeze(0)).remainder(n)
    return torch.tensor([math.cos(turn) for turn in turns])[index], torch.tensor([math.sin(turn) for turn in turns])[index]


def _scaled(x, n, norm, inverse):
    if norm not in (None, "backward", "forward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    if norm == "ortho":
        return x * n**-0.5
    return x / n if inverse == (norm != "forward") else x


def _fitted(x, n):
    """The last dim cut or filled with zeros."""
    if x is None or x.shape[-1] == n:
        return x
    return x[..., :n] if x.shape[-1] > n else torch.nn.functional.pad(x, (0, n - x.shape[-1]))


def _ready(input, dim):
    """Both parts as floating point, with the dim last."""
    real, imag = _parts(input)
    real = real if real.is_floating_point() else real.float()
    return real.movedim(dim, -1), None if imag is None else imag.movedim(dim, -1)


def _length(n):
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _fourier(input, n, dim, norm, inverse, half=False):
    real, imag = _ready(input, dim)
    n = _length(real.shape[-1] if n is None else n)
    real, imag = _fitted(real, n), _fitted(imag, n)
    cos, sin = _roots(n)
    if half:
        cos, sin = cos[:, : n // 2 + 1], sin[:, : n // 2 + 1]
    sin = sin if inverse else -sin
    x, y = (real @ cos, real @ sin) if imag is None else (real @ cos - imag @ sin, real @ sin + imag @ cos)
    return ComplexTensor(_scaled(x, n, norm, inverse).movedim(-1, dim), _scaled(y, n, norm, inverse).movedim(-1, dim))


def fft(input, n=None, dim=-1, norm=None):
    return _fourier(input, n, dim, norm, False)


def ifft(input, n=None, dim=-1, norm=None):
    return _fourier(input, n, dim, norm, True)


def rfft(input, n=None, dim=-1, norm=None):
    if isinstance(input, ComplexTensor):
        raise RuntimeError("rfft expects a real input tensor, but got ComplexFloat")
    return _fourier(input, n, dim, norm, False, half=True)


def irfft(input, n=None, dim=-1, norm=None):
    real, imag = _ready(input, dim)
    n = _length(2 * (real.shape[-1] - 1) if n is None else n)
    half = n // 2 + 1
    real, imag = _fitted(real, half), _fitted(imag, half)
    cos, sin = _roots(n)
    # every frequency but the first, and the last of an even number, stands for its mirror too
    twice = torch.tensor([1.0 if k == 0 or 2 * k == n else 2.0 for k in range(half)]).unsqueeze(1)
    y = real @ (twice * cos[:half])
    if imag is not None:
        y = y - imag @ (twice * sin[:half])
    return _scaled(y, n, norm, True).movedim(-1, dim)


def _dims(input, s, dim):
    rank = input.dim()
    if dim is None:
        dim = tuple(range(rank)) if s is None else tuple(range(rank - len(s), rank))
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    sizes = [None] * len(dims) if s is None else [None if size == -1 else size for size in s]
    if len(sizes) != len(dims):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return list(zip(sizes, dims))


def fftn(input, s=None, dim=None, norm=None):
    for n, d in _dims(input, s, dim):
        input = fft(input, n, d, norm)
    return input


def ifftn(input, s=None, dim=None, norm=None):
    for n, d in _dims(input, s, dim):
        input = ifft(input, n, d, norm)
    return input


def rfftn(input, s=None, dim=None, norm=None):
    *others, (n, d) = _dims(input, s, dim)
    y = rfft(input, n, d, norm)
    for n, d in others:
        y = fft(y, n, d, norm)
    return y


def irfftn(input, s=None, dim=None, norm=None):
    *others, (n, d) = _dims(input, s, dim)
    for size, other in others:
        input = ifft(input, size, other, norm)
    return irfft(input, n, d, norm)


def fft2(input, s=None, dim=(-2, -1), norm=None):
    return fftn(input, s, dim, norm)


def ifft2(input, s=None, dim=(-2, -1), norm=None):
    return ifftn(input, s, dim, norm)


def rfft2(input, s=None, dim=(-2, -1), norm=None):
    return rfftn(input, s, dim, norm)


def irfft2(input, s=None, dim=(-2, -1), norm=None):
    return irfftn(input, s, dim, norm)


def _shifted(input, dim, back):
    dims = list(range(input.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    halves = [input.shape[d] // 2 for d in dims]
    return input.roll([-half for half in halves] if back else halves, dims)


def fftshift(input, dim=None):
    return _shifted(input, dim, False)


def ifftshift(input, dim=None):
    return _shifted(input, dim, True)


def fftfreq(n, d=1.0, *, dtype=None, device=None):
    order = [i if i < (n + 1) // 2 else i - n for i in range(n)]
    return torch.tensor([i / (n * d) for i in order], dtype=dtype or torch.float32)


def rfftfreq(n, d=1.0, *, dtype=None, device=None):
    return torch.tensor([i / (n * d) for i in range(n // 2 + 1)], dtype=dtype or torch.float32)
