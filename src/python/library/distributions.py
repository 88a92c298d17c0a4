"""`torch.distributions`, those that networks use: samples, densities, entropies, divergences."""

import math

import torch
from torch.nn import functional as F


def _broadcast(*parameters):
    tensors = [p for p in parameters if isinstance(p, torch.Tensor)]
    like = tensors[0] if tensors else torch.zeros(())
    return torch.broadcast_tensors(*[p if isinstance(p, torch.Tensor) else torch.full_like(like, p) for p in parameters])


class Distribution:
    has_rsample = False

    def __init__(self, batch_shape=torch.Size([]), event_shape=torch.Size([]), validate_args=None):
        self.batch_shape, self.event_shape = torch.Size(batch_shape), torch.Size(event_shape)

    def _shape(self, sample_shape):
        return torch.Size(tuple(sample_shape) + tuple(self.batch_shape) + tuple(self.event_shape))

    def sample(self, sample_shape=torch.Size([])):
        with torch.no_grad():
            return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape=torch.Size([])):
        raise NotImplementedError

    def prob(self, value):
        return self.log_prob(value).exp()

    @property
    def stddev(self):
        return self.variance.sqrt()


class Normal(Distribution):
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = _broadcast(loc, scale)
        super().__init__(self.loc.shape)

    mean = mode = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale**2)

    def rsample(self, sample_shape=torch.Size([])):
        return self.loc + torch.randn(self._shape(sample_shape), dtype=self.loc.dtype) * self.scale

    def log_prob(self, value):
        return -((value - self.loc) ** 2) / (2 * self.variance) - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value):
        return 0.5 * (1 + torch.erf((value - self.loc) / self.scale / math.sqrt(2)))

    def icdf(self, value):
        return self.loc + self.scale * torch.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self):
        return 0.5 + 0.5 * math.log(2 * math.pi) + torch.log(self.scale)


class LogNormal(Normal):
    mean = property(lambda self: (self.loc + self.scale**2 / 2).exp())

    def rsample(self, sample_shape=torch.Size([])):
        return super().rsample(sample_shape).exp()

    def log_prob(self, value):
        return super().log_prob(value.log()) - value.log()


class Laplace(Distribution):
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = _broadcast(loc, scale)
        super().__init__(self.loc.shape)

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: 2 * self.scale**2)

    def rsample(self, sample_shape=torch.Size([])):
        u = torch.rand(self._shape(sample_shape), dtype=self.loc.dtype) - 0.5
        return self.loc - self.scale * u.sign() * torch.log1p(-2 * u.abs())

    def log_prob(self, value):
        return -torch.log(2 * self.scale) - torch.abs(value - self.loc) / self.scale

    def entropy(self):
        return 1 + torch.log(2 * self.scale)


class Uniform(Distribution):
    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = _broadcast(low, high)
        super().__init__(self.low.shape)

    mean = property(lambda self: (self.high + self.low) / 2)
    variance = property(lambda self: (self.high - self.low) ** 2 / 12)

    def rsample(self, sample_shape=torch.Size([])):
        return self.low + torch.rand(self._shape(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value):
        inside = (self.low <= value) & (self.high > value)
        return torch.log(inside.type_as(self.low)) - torch.log(self.high - self.low)

    def entropy(self):
        return torch.log(self.high - self.low)


class Exponential(Distribution):
    has_rsample = True

    def __init__(self, rate, validate_args=None):
        (self.rate,) = _broadcast(rate)
        super().__init__(self.rate.shape)

    mean = property(lambda self: self.rate.reciprocal())
    variance = property(lambda self: self.rate.pow(-2))

    def rsample(self, sample_shape=torch.Size([])):
        return -torch.log1p(-torch.rand(self._shape(sample_shape), dtype=self.rate.dtype)) / self.rate

    def log_prob(self, value):
        return self.rate.log() - self.rate * value

    def entropy(self):
        return 1.0 - torch.log(self.rate)


def _one_of(probs, logits):
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class Bernoulli(Distribution):
    def __init__(self, probs=None, logits=None, validate_args=None):
        _one_of(probs, logits)
        if probs is not None:
            (self.probs,) = _broadcast(probs)
            eps = torch.finfo(self.probs.dtype).eps
            clamped = self.probs.clamp(eps, 1 - eps)
            self.logits = torch.log(clamped) - torch.log1p(-clamped)
        else:
            (self.logits,) = _broadcast(logits)
            self.probs = torch.sigmoid(self.logits)
        super().__init__(self.probs.shape)

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    def rsample(self, sample_shape=torch.Size([])):
        return torch.bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value):
        logits, value = torch.broadcast_tensors(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


class Categorical(Distribution):
    def __init__(self, probs=None, logits=None, validate_args=None):
        _one_of(probs, logits)
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
            eps = torch.finfo(probs.dtype).eps
            self.logits = torch.log(self.probs.clamp(eps, 1 - eps))
        else:
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
            self.probs = F.softmax(self.logits, dim=-1)
        super().__init__(self.logits.shape[:-1])

    mode = property(lambda self: self.probs.argmax(dim=-1))

    def rsample(self, sample_shape=torch.Size([])):
        shape = tuple(self._shape(sample_shape)) + (self.logits.shape[-1],)
        # the largest of logits with Gumbel noise is a draw
        noise = -torch.log(-torch.log(torch.rand(shape).clamp(1e-20, 1 - 1e-7)))
        return (self.logits + noise).argmax(-1)

    def log_prob(self, value):
        value = value.long().unsqueeze(-1)
        value, logits = torch.broadcast_tensors(value, self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        return -(self.logits.clamp(min=torch.finfo(self.logits.dtype).min) * self.probs).sum(-1)


class OneHotCategorical(Categorical):
    mean = property(lambda self: self.probs)

    def rsample(self, sample_shape=torch.Size([])):
        return F.one_hot(super().rsample(sample_shape), self.logits.shape[-1]).to(self.probs.dtype)

    def log_prob(self, value):
        return super().log_prob(value.argmax(-1))


def _cholesky(matrix):
    """The lower triangle L with L @ L.T == matrix, row by row: these matrices are small."""
    size = matrix.shape[-1]
    rows = []
    for i in range(size):
        row = []
        for j in range(i + 1):
            left = sum((row[k] * (row if i == j else rows[j])[k] for k in range(j)), matrix.new_zeros(()))
            rest = matrix[..., i, j] - left
            row.append(rest.sqrt() if i == j else rest / rows[j][j])
        rows.append(row)
    zero = torch.zeros_like(matrix[..., 0, 0])
    return torch.stack([torch.stack(row + [zero] * (size - len(row)), -1) for row in rows], -2)


def _solve_lower(lower, vector):
    """x with lower @ x == vector."""
    solved = []
    for i in range(lower.shape[-1]):
        left = sum((lower[..., i, k] * solved[k] for k in range(i)), lower.new_zeros(()))
        solved.append((vector[..., i] - left) / lower[..., i, i])
    return torch.stack(torch.broadcast_tensors(*solved), -1)


class MultivariateNormal(Distribution):
    has_rsample = True

    def __init__(self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None):
        if precision_matrix is not None:
            raise NotImplementedError("MultivariateNormal with precision_matrix")
        if (covariance_matrix is None) == (scale_tril is None):
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        self.loc = loc
        self.scale_tril = _cholesky(covariance_matrix) if scale_tril is None else scale_tril
        both = torch.broadcast_tensors(self.scale_tril[..., 0], loc)[0]
        super().__init__(both.shape[:-1], loc.shape[-1:])

    mean = mode = property(lambda self: self.loc)
    covariance_matrix = property(lambda self: self.scale_tril @ self.scale_tril.mT)
    variance = property(lambda self: self.scale_tril.pow(2).sum(-1).expand(self.batch_shape + self.event_shape))

    def _log_det(self):
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def rsample(self, sample_shape=torch.Size([])):
        noise = torch.randn(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        distance = _solve_lower(self.scale_tril, value - self.loc).pow(2).sum(-1)
        return -0.5 * (self.loc.shape[-1] * math.log(2 * math.pi) + distance) - self._log_det()

    def entropy(self):
        return 0.5 * self.loc.shape[-1] * (1.0 + math.log(2 * math.pi)) + self._log_det()


class Independent(Distribution):
    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        shape = base_distribution.batch_shape + base_distribution.event_shape
        events = reinterpreted_batch_ndims + len(base_distribution.event_shape)
        super().__init__(shape[: len(shape) - events], shape[len(shape) - events :])

    mean = property(lambda self: self.base_dist.mean)
    variance = property(lambda self: self.base_dist.variance)

    def _summed(self, values):
        dims = tuple(range(-self.reinterpreted_batch_ndims, 0))
        return values.sum(dims) if dims else values

    def rsample(self, sample_shape=torch.Size([])):
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self):
        return self._summed(self.base_dist.entropy())


def kl_divergence(p, q):
    if isinstance(p, Independent) and isinstance(q, Independent):
        return p._summed(kl_divergence(p.base_dist, q.base_dist))
    if type(p) is Normal and type(q) is Normal:
        ratio = (p.scale / q.scale).pow(2)
        return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())
    if type(p) is Bernoulli and type(q) is Bernoulli:
        first = p.probs * (F.softplus(-q.logits) - F.softplus(-p.logits))
        return first + (1 - p.probs) * (F.softplus(q.logits) - F.softplus(p.logits))
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        return (p.probs * (p.logits - q.logits)).sum(-1)
    if type(p) is Laplace and type(q) is Laplace:
        ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
        return -ratio.log() + distance / q.scale + ratio * torch.exp(-distance / p.scale) - 1
    if type(p) is MultivariateNormal and type(q) is MultivariateNormal:
        return _kl_of_gaussians(p, q)
    raise NotImplementedError(f"kl_divergence of {type(p).__name__} and {type(q).__name__}")
