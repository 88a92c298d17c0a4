"""tqdm: loops without their bars."""


def tqdm(iterable=None, *args, **kwargs):
    return iterable


def trange(*args, **kwargs):
    return range(*(argument for argument in args if isinstance(argument, int)))
