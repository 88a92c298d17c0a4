"""`numpy.random` and `numpy.linalg`."""


class linalg:
    @staticmethod
    def norm(x, ord=None, axis=None, keepdims=False):
        return _value(torch.linalg.norm(_real(x), ord, axis, keepdims))


class random:
    """Draws are new in each trace; `seed` has no effect on what they are."""

    @staticmethod
    def seed(seed=None):
        pass

    @staticmethod
    def _drawn(function, size):
        return function(()).item() if size is None else _wrap(function(_shape(size)))

    @staticmethod
    def random(size=None):
        return _random.random() if size is None else _wrap(torch.rand(_shape(size), dtype=torch.float64))

    random_sample = sample = ranf = random

    @staticmethod
    def rand(*size):
        return random.random(size or None)

    @staticmethod
    def uniform(low=0.0, high=1.0, size=None):
        return low + (high - low) * random.random(size)

    @staticmethod
    def randn(*size):
        return random.normal(size=size or None)

    @staticmethod
    def normal(loc=0.0, scale=1.0, size=None):
        draw = _random.gauss(0.0, 1.0) if size is None else _wrap(torch.randn(_shape(size), dtype=torch.float64))
        return loc + scale * draw

    standard_normal = randn

    @staticmethod
    def randint(low, high=None, size=None, dtype=None):
        low, high = (0, low) if high is None else (low, high)
        return _random.randrange(low, high) if size is None else _wrap(torch.randint(low, high, _shape(size)))

    @staticmethod
    def permutation(x):
        items = list(range(x)) if isinstance(x, int) else list(x)
        _random.shuffle(items)
        return array(items)

    @staticmethod
    def shuffle(x):
        _random.shuffle(x)

    @staticmethod
    def choice(a, size=None, replace=True, p=None):
        if size is None and p is None:
            return _random.choice(list(range(a)) if isinstance(a, int) else list(a))
        raise NotImplementedError("numpy.random.choice with size or p")
