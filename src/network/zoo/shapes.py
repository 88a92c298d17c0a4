"""What state_dicts tell about themselves: small questions that the families' `recognise` functions ask.

`shapes` is an ordered dict from key to a tuple of sizes, as `{key: tuple(tensor.shape)}` gives it.
"""


def count(shapes, prefix, suffix):
    """How many of `prefix0suffix`, `prefix1suffix`, ... there are before the first gap."""
    total = 0
    while f"{prefix}{total}{suffix}" in shapes:
        total += 1
    return total


def size(shapes, key, dim=0):
    """One size of a tensor; 0 where there is none."""
    shape = shapes.get(key, ())
    return shape[dim] if dim < len(shape) else 0


def indexes(shapes, prefix, suffix):
    """The numbers in keys `prefixNsuffix`, ascending."""
    found = []
    for key in shapes:
        if key.startswith(prefix) and key.endswith(suffix):
            middle = key[len(prefix) : len(key) - len(suffix)]
            if middle.isdigit():
                found.append(int(middle))
    return sorted(found)


def call(name, **arguments):
    """The text of a call, `name(key=value, ...)`, without arguments that are None."""
    given = [f"{key}={value!r}" for key, value in arguments.items() if value is not None]
    return f"{name}({', '.join(given)})"


def unless(value, default):
    """The value, or None where it is what the function takes anyway."""
    return None if value == default else value
