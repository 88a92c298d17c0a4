"""Python's `random`: new numbers in each trace of a network. They are not those of CPython's generator, whatever the seed."""

import math

from _host import random


def seed(a=None, version=2):
    pass


def uniform(a, b):
    return a + (b - a) * random()


def randrange(start, stop=None, step=1):
    start, stop = (0, start) if stop is None else (start, stop)
    count = len(range(start, stop, step))
    if count <= 0:
        raise ValueError(f"empty range for randrange() ({start}, {stop}, {stop - start})")
    return start + step * int(random() * count)


def randint(a, b):
    return randrange(a, b + 1)


def choice(seq):
    if not len(seq):
        raise IndexError("Cannot choose from an empty sequence")
    return seq[int(random() * len(seq))]


def choices(population, weights=None, *, cum_weights=None, k=1):
    if weights is None and cum_weights is None:
        return [choice(population) for _ in range(k)]
    if cum_weights is None:
        cum_weights, total = [], 0
        for weight in weights:
            total += weight
            cum_weights.append(total)
    picked = []
    for _ in range(k):
        mark = random() * cum_weights[-1]
        picked.append(population[sum(1 for edge in cum_weights[:-1] if edge <= mark)])
    return picked


def shuffle(x):
    for i in reversed(range(1, len(x))):
        j = int(random() * (i + 1))
        x[i], x[j] = x[j], x[i]


def sample(population, k):
    items = list(population)
    if not 0 <= k <= len(items):
        raise ValueError("Sample larger than population or is negative")
    shuffle(items)
    return items[:k]


def gauss(mu=0.0, sigma=1.0):
    return mu + sigma * math.sqrt(-2.0 * math.log(1.0 - random())) * math.cos(2.0 * math.pi * random())


normalvariate = gauss


def expovariate(lambd=1.0):
    return -math.log(1.0 - random()) / lambd


def betavariate(alpha, beta):
    raise NotImplementedError("random.betavariate")


def getrandbits(k):
    return int(random() * 2**k)


class Random:
    random, seed, uniform, randrange, randint, choice = map(staticmethod, (random, seed, uniform, randrange, randint, choice))
    choices, shuffle, sample, gauss = map(staticmethod, (choices, shuffle, sample, gauss))

    def __init__(self, x=None):
        pass
