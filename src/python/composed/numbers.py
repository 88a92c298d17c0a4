# Special functions, and writes at places that are known while the network is traced.


def lgamma(input):
    # Lanczos' series, and the reflection below one half
    small = input < 0.5
    x = torch.where(small, 1 - input, input) - 1
    series = 0.99999999999980993
    for i, term in enumerate(_LANCZOS):
        series = series + term / (x + i + 1)
    t = x + 7.5
    y = 0.5 * math.log(2 * math.pi) + (x + 0.5) * t.log() - t + series.log()
    mirrored = math.log(math.pi) - (math.pi * input).sin().abs().log() - y
    return torch.where(small, mirrored, y)


gammaln = lgamma

_LANCZOS = (
    676.5203681218851,
    -1259.1392167224028,
    771.32342877765313,
    -176.61502916214059,
    12.507343278686905,
    -0.13857109526572012,
    9.9843695780195716e-6,
    1.5056327351493116e-7,
)


def digamma(input):
    # moved up by six, where the asymptotic series holds; the reflection below zero
    below = input <= 0
    x = torch.where(below, 1 - input, input)
    y = torch.zeros_like(x)
    for _ in range(6):
        y = y - 1 / x
        x = x + 1
    w = 1 / (x * x)
    y = y + x.log() - 0.5 / x - w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w / 132))))
    return torch.where(below, y - math.pi / (math.pi * input).tan(), y)


psi = digamma


def polygamma(n, input):
    # the sum over 1 / (x + k) ** (n + 1): eight terms, then Euler and Maclaurin's of the rest
    if n == 0:
        return digamma(input)
    y, x = torch.zeros_like(input), input
    for _ in range(8):
        y = y + x ** -(n + 1)
        x = x + 1
    rest = x**-n / n + x ** -(n + 1) / 2 + (n + 1) * x ** -(n + 2) / 12
    rest = rest - (n + 1) * (n + 2) * (n + 3) * x ** -(n + 4) / 720
    return (1 if n % 2 else -1) * math.factorial(n) * (y + rest)


def ndtr(input):
    return 0.5 * torch.erfc(-input * math.sqrt(0.5))


def log_ndtr(input):
    return ndtr(input).log()


def entr(input):
    return torch.where(input < 0, -torch.inf, torch.where(input == 0, 0.0, -input * input.clamp_min(1e-45).log()))


def xlog1py(input, other):
    return torch.where(other.isnan(), other, torch.where(input == 0, 0.0, input * torch.log1p(other)))


def logaddexp2(input, other):
    return torch.logaddexp(input * math.log(2), other * math.log(2)) / math.log(2)


def signbit(input):
    if not input.is_floating_point():
        return input < 0
    return (input < 0) | ((input == 0) & (1 / input < 0))


def copysign(input, other):
    sign = signbit(other) if isinstance(other, torch.Tensor) else math.copysign(1.0, other) < 0
    return torch.where(sign, -input.abs(), input.abs()) if isinstance(sign, torch.Tensor) else (-input.abs() if sign else input.abs())


def ldexp(input, other):
    return input * torch.exp2(other.float())


def isneginf(input):
    return input == -torch.inf


def isposinf(input):
    return input == torch.inf


def isreal(input):
    return torch.ones_like(input, dtype=torch.bool)


def is_same_size(input, other):
    return input.shape == other.shape


def is_nonzero(input):
    if input.numel() != 1:
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    return bool(input)


def logcumsumexp(input, dim):
    x = input.movedim(dim, -1)
    order = torch.arange(x.shape[-1])
    before = order.unsqueeze(0) <= order.unsqueeze(1)
    return x.unsqueeze(-2).masked_fill(before.logical_not(), -torch.inf).logsumexp(-1).movedim(-1, dim)


def cumulative_trapezoid(y, x=None, *, dx=1, dim=-1):
    return _areas(y, x, dx, dim).cumsum(dim) / 2


def diag(input, diagonal=0):
    if input.dim() not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.dim()}D")
    return diag_embed(input, diagonal) if input.dim() == 1 else input.diagonal(diagonal)


def diagflat(input, offset=0):
    return diag_embed(input.reshape(-1), offset)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    x = input.movedim((dim1, dim2), (-2, -1))
    rows, columns = torch.arange(x.shape[-2]).unsqueeze(1), torch.arange(x.shape[-1]).unsqueeze(0)
    order = (rows if offset >= 0 else columns).clamp(max=src.shape[-1] - 1)
    return torch.where(columns - rows == offset, src[..., order], x).movedim((-2, -1), (dim1, dim2))


def fill_diagonal_(input, fill_value, wrap=False):
    if input.dim() != 2 or wrap:
        raise NotImplementedError("fill_diagonal_ of what is no matrix, or with wrap")
    places = torch.arange(input.shape[0]).unsqueeze(1) == torch.arange(input.shape[1])
    return input.masked_fill_(places, fill_value)


def dsplit(input, indices_or_sections):
    if input.dim() < 3:
        raise RuntimeError(f"torch.dsplit requires a tensor with at least 3 dimension, but got a tensor with {input.dim()} dimensions!")
    return _split(input, indices_or_sections, 2, "dsplit")


def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    return beta * input + alpha * torch.bmm(batch1, batch2).sum(0)


def masked_scatter(input, mask, source):
    # the n-th True takes the source's n-th element
    mask, input = torch.broadcast_tensors(mask, input)
    order = mask.reshape(-1).long().cumsum(0).sub(1).clamp(0, source.numel() - 1)
    return torch.where(mask, source.reshape(-1)[order].reshape(mask.shape), input)


def masked_scatter_(input, mask, source):
    return input.copy_(masked_scatter(input, mask, source))


def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    places = index.reshape([-1 if i == dim % input.dim() else 1 for i in range(input.dim())]).expand(source.shape)
    return input.scatter_reduce(dim, places, source, reduce, include_self=include_self)


def index_reduce_(input, dim, index, source, reduce, *, include_self=True):
    return input.copy_(index_reduce(input, dim, index, source, reduce, include_self=include_self))


def as_strided(input, size, stride, storage_offset=None):
    # of a contiguous tensor, whose memory is its elements in order
    index = torch.tensor(storage_offset or 0)
    for length, step in zip(size, stride):
        index = index.unsqueeze(-1) + torch.arange(length) * step
    return input.reshape(-1)[index.reshape(-1)].reshape(size)


def sum_to_size(input, *size):
    size = list(size[0]) if len(size) == 1 and not isinstance(size[0], int) else list(size)
    front = input.dim() - len(size)
    dims = list(range(front)) + [front + i for i, n in enumerate(size) if n == 1 and input.shape[front + i] != 1]
    return (input.sum(dims) if dims else input).reshape(size)


def histc(input, bins=100, min=0, max=0):
    low, high = (input.min(), input.max()) if min == max == 0 else (min, max)
    place = ((input - low) * bins / (high - low)).floor().clamp(max=bins - 1)
    place = torch.where((input >= low) & (input <= high), torch.where(input == high, bins - 1.0, place), -1.0)
    return (place.reshape(-1, 1) == torch.arange(bins)).sum(0).to(input.dtype)


def broadcast_shapes(*shapes):
    shapes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    rank, sizes = max((len(shape) for shape in shapes), default=0), []
    for i in range(-rank, 0):
        found = {shape[i] for shape in shapes if len(shape) >= -i} - {1}
        if len(found) > 1:
            raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape")
        sizes.append(found.pop() if found else 1)
    return torch.Size(sizes)


def i0(input):
    # the modified Bessel function: Abramowitz and Stegun's polynomials 9.8.1 and 9.8.2
    x = input.abs()
    near, far = (x / 3.75).square(), 3.75 / x.clamp_min(3.75)
    small = _polynomial(near, (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813))
    terms = (0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377)
    return torch.where(x < 3.75, small, x.exp() / x.clamp_min(3.75).sqrt() * _polynomial(far, terms))


def _polynomial(x, terms):
    y = torch.zeros_like(x)
    for term in reversed(terms):
        y = y * x + term
    return y


def kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None, layout=None, device=None, requires_grad=False):
    if window_length <= 1:
        return torch.ones(window_length, dtype=dtype)
    last = window_length - (0 if periodic else 1)
    ratio = torch.arange(window_length, dtype=torch.float64) * 2 / last - 1
    window = i0(beta * (1 - ratio.square()).clamp_min(0).sqrt()) / i0(torch.tensor(beta, dtype=torch.float64))
    return window.to(torch.get_default_dtype() if dtype is None else dtype)


def renorm(input, p, dim, maxnorm):
    dims = [d for d in range(input.dim()) if d != dim % input.dim()]
    norms = torch.linalg.vector_norm(input, p, dims, keepdim=True)
    return torch.where(norms > maxnorm, input * (maxnorm / (norms + 1e-7)), input)


def is_signed(input):
    return input.dtype not in (torch.bool, torch.uint8)


def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    # each row among its own numbers: NaNs sort last
    if interpolation != "linear":
        raise NotImplementedError(f"nanquantile() with interpolation={interpolation!r}")
    x = input.reshape(-1) if dim is None else input.movedim(dim, -1)
    wanted = q if isinstance(q, torch.Tensor) else torch.tensor(q, dtype=input.dtype)
    ordered, count = x.sort(-1).values, x.isnan().logical_not().sum(-1, keepdim=True)
    places = wanted.reshape(-1) * (count - 1).clamp_min(0)
    low, high = places.floor(), places.ceil()
    y = torch.lerp(ordered.gather(-1, low.long()), ordered.gather(-1, high.long()), places - low)
    if keepdim:
        y = y.reshape([1] * input.dim() + [-1]) if dim is None else y.unsqueeze(-2).movedim(-2, dim if dim >= 0 else dim - 1)
    y = y.movedim(-1, 0)
    return y.squeeze(0) if wanted.dim() == 0 else y


def nanmedian(input, dim=None, keepdim=False):
    x = input.reshape(-1) if dim is None else input.movedim(dim, -1)
    ordered, places = x.sort(-1)
    at = (x.isnan().logical_not().sum(-1, keepdim=True) - 1).clamp_min(0) // 2
    if dim is None:
        return ordered.gather(-1, at).squeeze(-1)
    values, indices = (y.gather(-1, at).movedim(-1, dim) for y in (ordered, places))
    return _Nanmedian(*((values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))))


_Nanmedian = collections.namedtuple("nanmedian", ["values", "indices"])


def multinomial(input, num_samples, replacement=False, *, generator=None):
    if input.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not replacement and num_samples > input.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    weights = input.float()
    if replacement:
        below = weights.cumsum(-1) / weights.sum(-1, keepdim=True)
        drawn = torch.rand(*input.shape[:-1], num_samples, 1)
        return (drawn > below.unsqueeze(-2)).sum(-1).clamp(max=input.shape[-1] - 1)
    # the largest of weights over exponential draws: each comes first by its share
    return (weights / -torch.rand_like(weights).clamp_min(1e-30).log()).topk(num_samples, -1).indices


def exponential_(input, lambd=1.0, *, generator=None):
    return input.copy_(-torch.rand_like(input).clamp_min(1e-30).log() / lambd)


def log_normal_(input, mean=1.0, std=2.0, *, generator=None):
    return input.copy_((torch.randn_like(input) * std + mean).exp())
