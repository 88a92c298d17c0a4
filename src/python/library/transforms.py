# The rarer distributions of torch.distributions, and distributions of transformed draws.


class Gamma(Distribution):
    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = _broadcast(concentration, rate)
        super().__init__(self.rate.shape)

    mean = property(lambda self: self.concentration / self.rate)
    variance = property(lambda self: self.concentration / self.rate.pow(2))

    def log_prob(self, value):
        a, b = self.concentration, self.rate
        return torch.xlogy(a, b) + torch.xlogy(a - 1, value) - b * value - torch.lgamma(a)


class Beta(Distribution):
    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = _broadcast(concentration1, concentration0)
        super().__init__(self.concentration1.shape)

    mean = property(lambda self: self.concentration1 / (self.concentration1 + self.concentration0))

    @property
    def variance(self):
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def log_prob(self, value):
        a, b = self.concentration1, self.concentration0
        return torch.xlogy(a - 1, value) + torch.xlogy(b - 1, 1 - value) + torch.lgamma(a + b) - torch.lgamma(a) - torch.lgamma(b)


class Dirichlet(Distribution):
    def __init__(self, concentration, validate_args=None):
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:])

    mean = property(lambda self: self.concentration / self.concentration.sum(-1, True))

    def log_prob(self, value):
        a = self.concentration
        return torch.xlogy(a - 1, value).sum(-1) + torch.lgamma(a.sum(-1)) - torch.lgamma(a).sum(-1)


class StudentT(Distribution):
    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self.df, self.loc, self.scale = _broadcast(df, loc, scale)
        super().__init__(self.df.shape)

    mode = property(lambda self: self.loc)

    @property
    def mean(self):
        return torch.where(self.df > 1, self.loc, torch.nan)

    @property
    def variance(self):
        wide = torch.where(self.df > 1, torch.inf, torch.nan)
        return torch.where(self.df > 2, self.scale.pow(2) * self.df / (self.df - 2), wide)

    def log_prob(self, value):
        y = (value - self.loc) / self.scale
        z = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi) + torch.lgamma(0.5 * self.df) - torch.lgamma(0.5 * (self.df + 1))
        return -0.5 * (self.df + 1) * torch.log1p(y**2 / self.df) - z


class Cauchy(Distribution):
    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = _broadcast(loc, scale)
        super().__init__(self.loc.shape)

    mode = property(lambda self: self.loc)

    def log_prob(self, value):
        return -math.log(math.pi) - self.scale.log() - torch.log1p(((value - self.loc) / self.scale) ** 2)


class HalfNormal(Distribution):
    def __init__(self, scale, validate_args=None):
        (self.scale,) = _broadcast(scale)
        super().__init__(self.scale.shape)

    mean = property(lambda self: self.scale * math.sqrt(2 / math.pi))
    variance = property(lambda self: self.scale.pow(2) * (1 - 2 / math.pi))

    def rsample(self, sample_shape=torch.Size([])):
        return (torch.randn(self._shape(sample_shape)) * self.scale).abs()

    def log_prob(self, value):
        inside = Normal(torch.zeros_like(self.scale), self.scale).log_prob(value) + math.log(2)
        return torch.where(value >= 0, inside, -torch.inf)


class Poisson(Distribution):
    def __init__(self, rate, validate_args=None):
        (self.rate,) = _broadcast(rate)
        super().__init__(self.rate.shape)

    mean = variance = property(lambda self: self.rate)

    def log_prob(self, value):
        return value.xlogy(self.rate) - self.rate - torch.lgamma(value + 1)


class NegativeBinomial(Distribution):
    def __init__(self, total_count, probs=None, logits=None, validate_args=None):
        _one_of(probs, logits)
        if probs is not None:
            self.total_count, self.probs = _broadcast(total_count, probs)
            eps = torch.finfo(self.probs.dtype).eps
            clamped = self.probs.clamp(eps, 1 - eps)
            self.logits = torch.log(clamped) - torch.log1p(-clamped)
        else:
            self.total_count, self.logits = _broadcast(total_count, logits)
            self.probs = torch.sigmoid(self.logits)
        self.total_count = self.total_count.type_as(self.logits)
        super().__init__(self.logits.shape)

    mean = property(lambda self: self.total_count * torch.exp(self.logits))
    variance = property(lambda self: self.mean / torch.sigmoid(-self.logits))

    def log_prob(self, value):
        unnormalized = self.total_count * F.logsigmoid(-self.logits) + value * F.logsigmoid(self.logits)
        norm = -torch.lgamma(self.total_count + value) + torch.lgamma(1.0 + value) + torch.lgamma(self.total_count)
        return unnormalized - torch.where(self.total_count + value == 0, 0.0, norm)


class RelaxedOneHotCategorical(Categorical):
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature = temperature
        super().__init__(probs, logits)

    def rsample(self, sample_shape=torch.Size([])):
        shape = tuple(self._shape(sample_shape)) + (self.logits.shape[-1],)
        noise = -torch.log(-torch.log(torch.rand(shape).clamp(1e-20, 1 - 1e-7)))
        return ((self.logits + noise) / self.temperature).softmax(-1)


class MixtureSameFamily(Distribution):
    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        super().__init__(component_distribution.batch_shape[:-1], component_distribution.event_shape)

    def _weights(self):
        return self.mixture_distribution.probs.reshape(tuple(self.mixture_distribution.probs.shape) + (1,) * len(self.event_shape))

    @property
    def mean(self):
        return (self._weights() * self.component_distribution.mean).sum(-1 - len(self.event_shape))

    def log_prob(self, value):
        value = value.unsqueeze(-1 - len(self.event_shape))
        mixed = torch.log_softmax(self.mixture_distribution.logits, -1)
        return torch.logsumexp(self.component_distribution.log_prob(value) + mixed, -1)


class Transform:
    """y = f(x): its inverse, and the logarithm of its slope."""

    event_dim = 0

    def __init__(self, cache_size=0):
        pass

    @property
    def inv(self):
        return _Inverse(self)

    def __call__(self, x):
        return self._call(x)


class _Inverse(Transform):
    def __init__(self, transform):
        self.transform = transform

    inv = property(lambda self: self.transform)

    def _call(self, y):
        return self.transform._inverse(y)

    def _inverse(self, x):
        return self.transform._call(x)

    def log_abs_det_jacobian(self, x, y):
        return -self.transform.log_abs_det_jacobian(y, x)


class AffineTransform(Transform):
    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        self.loc, self.scale, self.event_dim = loc, scale, event_dim

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        slope = self.scale if isinstance(self.scale, torch.Tensor) else torch.tensor(float(self.scale))
        y = slope.abs().log().expand(torch.broadcast_shapes(x.shape, slope.shape))
        return y.sum(tuple(range(-self.event_dim, 0))) if self.event_dim else y


class ExpTransform(Transform):
    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class SigmoidTransform(Transform):
    def _call(self, x):
        return torch.sigmoid(x)

    def _inverse(self, y):
        return y.log() - torch.log1p(-y)

    def log_abs_det_jacobian(self, x, y):
        return -F.softplus(-x) - F.softplus(x)


class TanhTransform(Transform):
    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return torch.atanh(y)

    def log_abs_det_jacobian(self, x, y):
        return 2.0 * (math.log(2.0) - x - F.softplus(-2.0 * x))


class ComposeTransform(Transform):
    def __init__(self, parts, cache_size=0):
        self.parts = parts

    def _call(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y):
        for part in reversed(self.parts):
            y = part._inverse(y)
        return y

    def log_abs_det_jacobian(self, x, y):
        total = 0.0
        for part in self.parts:
            y = part(x)
            total, x = total + part.log_abs_det_jacobian(x, y), y
        return total


class TransformedDistribution(Distribution):
    def __init__(self, base_distribution, transforms, validate_args=None):
        self.base_dist = base_distribution
        self.transforms = list(transforms) if isinstance(transforms, (list, tuple)) else [transforms]
        super().__init__(base_distribution.batch_shape, base_distribution.event_shape)

    has_rsample = property(lambda self: self.base_dist.has_rsample)

    def _moved(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape=torch.Size([])):
        return self._moved(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape=torch.Size([])):
        return self._moved(self.base_dist.rsample(sample_shape))

    def log_prob(self, value):
        events, lost, y = len(self.event_shape), 0.0, value
        for transform in reversed(self.transforms):
            x = transform._inverse(y)
            slope = transform.log_abs_det_jacobian(x, y)
            spare = events - transform.event_dim
            lost, y = lost - (slope.sum(tuple(range(-spare, 0))) if spare > 0 else slope), x
        return lost + self.base_dist.log_prob(y)


def _kl_of_gaussians(p, q):
    size = p.loc.shape[-1]
    solved = _solve_columns(q.scale_tril, p.scale_tril)
    distance = _solve_lower(q.scale_tril, q.loc - p.loc).pow(2).sum(-1)
    return q._log_det() - p._log_det() + 0.5 * (solved.pow(2).sum((-2, -1)) + distance - size)


def _solve_columns(lower, matrix):
    return torch.stack([_solve_lower(lower, column) for column in matrix.unbind(-1)], -1)
