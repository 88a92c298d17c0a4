# Complex tensors as pairs of real ones.

class ComplexTensor:
    """A complex tensor: what changes only its shape is done to both parts. The network's own inputs and outputs stay real.

    `_pairs` is the leaf that it is, where it is a parameter or a buffer. A number of Python's has floats for parts.
    """

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

    @property
    def data(self):
        return self

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
        for dtype in (*args, *kwargs.values()):
            if dtype in _PARTS:
                return ComplexTensor(self.real.to(_PARTS[dtype]), self.imag.to(_PARTS[dtype]))
            if isinstance(dtype, torch.dtype):
                return self.real.to(dtype)
        return self

    def cuda(self, *args, **kwargs):
        return self

    cpu = type_as = requires_grad_ = contiguous = detach_ = cuda
    type = to

    def float(self):
        return self.real.float()

    def cfloat(self):
        return self.to(torch.complex64)

    def cdouble(self):
        return self.to(torch.complex128)

    def is_contiguous(self):
        return True

    def _both(self, name, args, kwargs):
        real, imag = getattr(self.real, name)(*args, **kwargs), getattr(self.imag, name)(*args, **kwargs)
        if isinstance(real, (tuple, list)):
            return tuple(ComplexTensor(x, y) for x, y in zip(real, imag))
        return ComplexTensor(real, imag)

    def __getattr__(self, name):
        if name.endswith("_") and hasattr(torch.nn.init, name):
            # what initialises a parameter: its values are the file's
            return lambda *args, **kwargs: self
        if not hasattr(self.real, name):
            raise AttributeError(f"'Tensor' object has no attribute '{name}'")
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

    def log(self):
        return ComplexTensor(self.abs().log(), self.angle())

    def sqrt(self):
        # the root in the right half of the plane
        size = self.abs()
        real = ((size + self.real) / 2).clamp_min(0).sqrt()
        imag = ((size - self.real) / 2).clamp_min(0).sqrt()
        return ComplexTensor(real, torch.where(self.imag < 0, -imag, imag))

    def cos(self):
        return ComplexTensor(self.real.cos() * self.imag.cosh(), -self.real.sin() * self.imag.sinh())

    def sin(self):
        return ComplexTensor(self.real.sin() * self.imag.cosh(), self.real.cos() * self.imag.sinh())

    def sgn(self):
        size = self.abs()
        return self / torch.where(size == 0, 1.0, size)

    def square(self):
        return self * self

    def prod(self, dim):
        y = None
        for x in self.unbind(dim):
            y = x if y is None else y * x
        return y

    def norm(self, p=2, dim=None, keepdim=False):
        return self.abs().norm(p, dim, keepdim) if dim is not None else self.abs().norm(p)

    def isnan(self):
        return self.real.isnan() | self.imag.isnan()

    def zeros_like(self, **kwargs):
        return ComplexTensor(torch.zeros_like(self.real), torch.zeros_like(self.imag))

    def ones_like(self, **kwargs):
        return ComplexTensor(torch.ones_like(self.real), torch.zeros_like(self.imag))

    def masked_fill(self, mask, value):
        real, imag = _parts(value)
        return ComplexTensor(self.real.masked_fill(mask, real), self.imag.masked_fill(mask, 0.0 if imag is None else imag))

    def item(self):
        return ComplexTensor(self.real.item(), self.imag.item())

    def tolist(self):
        return [x.tolist() for x in self] if self.dim() else self.item()

    def dropout(self, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return self
        return self * torch.nn.functional.dropout(torch.ones_like(self.real), p)

    def linear(self, weight, bias=None):
        y = self @ weight.mT
        return y if bias is None else y + bias

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
        if isinstance(power, int) and 1 <= power <= 16:
            y = self
            for _ in range(power - 1):
                y = y * self
            return y
        return (self.log() * power).exp()

    def __rpow__(self, base):
        if isinstance(base, (int, float)):
            return (self * math.log(base)).exp()
        return (self * base.log()).exp()

    def __iter__(self):
        return iter(self.unbind(0))

    def __eq__(self, other):
        real, imag = _parts(other)
        return (self.real == real) & (self.imag == (0 if imag is None else imag))

    def __ne__(self, other):
        return ~(self == other)

    @staticmethod
    def cat(tensors, dim=0):
        return ComplexTensor(*(torch.cat([_filled(x)[i] for x in tensors], dim) for i in range(2)))

    concat = concatenate = cat

    @staticmethod
    def stack(tensors, dim=0):
        return ComplexTensor(*(torch.stack([_filled(x)[i] for x in tensors], dim) for i in range(2)))

    @staticmethod
    def where(condition, input, other):
        (a, b), (c, d) = (_filled(x) for x in (input, other))
        return ComplexTensor(torch.where(condition, a, c), torch.where(condition, b, d))

    @staticmethod
    def einsum(equation, *operands):
        if len(operands) == 1:
            return ComplexTensor(*(torch.einsum(equation, x) for x in _parts(operands[0])))
        if len(operands) != 2:
            raise NotImplementedError("torch.einsum of more than two tensors, complex ones among them")
        (a, b), (c, d) = (_filled(x) for x in operands)
        real = torch.einsum(equation, a, c) - torch.einsum(equation, b, d)
        return ComplexTensor(real, torch.einsum(equation, a, d) + torch.einsum(equation, b, c))

    add = __radd__ = __add__
    mul = multiply = __rmul__ = __mul__
    sub = subtract = __sub__
    div = divide = true_divide = __truediv__
    matmul = mm = bmm = mv = __matmul__
    conj_physical = conj
    resolve_neg = detach_
    pow = __pow__


# what is done to both parts alike
_SHAPED = frozenset(
    "view reshape flatten unflatten transpose permute unsqueeze squeeze expand expand_as contiguous clone detach roll flip narrow movedim moveaxis "
    "swapaxes swapdims repeat select t unbind chunk split tile sum mean cumsum index_select gather repeat_interleave resolve_conj tril triu "
    "diagonal ravel view_as reshape_as expand_as broadcast_to pad diff unfold new_zeros take_along_dim masked_select".split()
)


# the dtypes of the parts
_PARTS = {torch.complex64: torch.float32, torch.complex128: torch.float64}


def _complex_number(real, imag):
    return ComplexTensor(real, imag)


def _of_parts(real, imag):
    """What a function of torch gives for a complex dtype."""
    if isinstance(real, ComplexTensor):
        return real
    return ComplexTensor(real, imag if isinstance(imag, torch.Tensor) else torch.zeros_like(real))


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


def cfloat(input):
    return input.to(torch.complex64)


def cdouble(input):
    return input.to(torch.complex128)


def conj(input):
    return input.conj() if isinstance(input, ComplexTensor) else input


conj_physical = conj
resolve_conj = conj


def angle(input):
    if isinstance(input, ComplexTensor):
        return input.angle()
    return torch.where(input < 0, torch.pi, torch.where(input.isnan(), input, 0.0))
