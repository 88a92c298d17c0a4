"""What state_dicts tell about themselves: small questions that the families' `recognise` functions ask.

`shapes` is an ordered dict from key to a tuple of sizes, as `{key: tuple(tensor.shape)}` gives it.
"""

import torch.nn as nn


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


def with_input(model, channels):
    """The network with a first convolution for images of so many channels, otherwise as it was."""
    for path, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            sizes = (channels, module.out_channels, module.kernel_size, module.stride, module.padding, module.dilation)
            owner, _, name = path.rpartition(".")
            setattr(model.get_submodule(owner), name, nn.Conv2d(*sizes, bias=module.bias is not None))
            return model
    return model


def with_module(model, path, module):
    """The network with another module at a path."""
    owner, _, name = path.rpartition(".")
    setattr(model.get_submodule(owner), name, module)
    return model


def usual_heads(channels):
    """64 channels a head, or another usual number that divides them."""
    for width in (64, 32, 48, 80, 96, 128, 40, 16, 8):
        if channels % width == 0:
            return channels // width
    return 1


def heads_note(name, heads, channels):
    return f"{name}: shapes do not tell it; {heads} was taken, which is {channels // heads} channels a head"
