"""einops.layers.torch: rearrange and reduce as layers, and EinMix, the linear layer between named axes."""

import torch
from torch import nn

from einops import _LETTERS, EinopsError, _ELLIPSIS, _product, _Recipe, _Side, rearrange, reduce


def _checked(layer, pattern, operation, axes_lengths):
    try:
        _Recipe(pattern, operation, axes_lengths)
    except EinopsError as error:
        raise EinopsError(f" Error while preparing {layer!r}\n {error}") from None


def _shown(layer, *arguments):
    parts = [repr(argument) for argument in arguments] + [f"{axis}={length}" for axis, length in layer.axes_lengths.items()]
    return f"{layer.__class__.__name__}({', '.join(parts)})"


class Rearrange(nn.Module):
    """`einops.rearrange` as a layer."""

    def __init__(self, pattern, **axes_lengths):
        super().__init__()
        self.pattern = pattern
        self.axes_lengths = axes_lengths
        _checked(self, pattern, "rearrange", axes_lengths)

    def __repr__(self):
        return _shown(self, self.pattern)

    def forward(self, input):
        return rearrange(input, self.pattern, **self.axes_lengths)


class Reduce(nn.Module):
    """`einops.reduce` as a layer."""

    def __init__(self, pattern, reduction, **axes_lengths):
        super().__init__()
        self.pattern = pattern
        self.reduction = reduction
        self.axes_lengths = axes_lengths
        _checked(self, pattern, reduction, axes_lengths)

    def __repr__(self):
        return _shown(self, self.pattern, self.reduction)

    def forward(self, input):
        return reduce(input, self.pattern, self.reduction, **self.axes_lengths)


def _refuse(axes, text):
    if axes:
        raise EinopsError(text.format(axes))


def _flat(groups):
    return [axis for group in groups for axis in group]


def _written(axes):
    return " ".join("..." if axis == _ELLIPSIS else axis for axis in axes)


class EinMix(nn.Module):
    """A product with a weight whose axes are named, and a bias."""

    def __init__(self, pattern, weight_shape, bias_shape=None, **axes_lengths):
        super().__init__()
        self.pattern = pattern
        self.weight_shape = weight_shape
        self.bias_shape = bias_shape
        self.axes_lengths = axes_lengths
        left_pattern, right_pattern = pattern.split("->")
        left, right, weight = _Side(left_pattern), _Side(right_pattern), _Side(weight_shape)
        self._check(left, right, weight)
        self.pre_rearrange = self.post_rearrange = None
        if any(len(group) != 1 for group in left.groups):
            names = _flat(left.groups)
            sizes = {name: length for name, length in axes_lengths.items() if name in names}
            self.pre_rearrange = Rearrange(f"{left_pattern}-> {_written(names)}", **sizes)
        if any(len(group) != 1 for group in right.groups) or right.enclosed:
            self.post_rearrange = Rearrange(f"{_written(_flat(right.groups))} ->{right_pattern}")
        sizes = [axes_lengths[axis] for axis in weight.axes]
        summed = _product(axes_lengths[axis] for axis in weight.axes if axis not in right.axes)
        bound = (3 / summed) ** 0.5
        self.weight = nn.Parameter(torch.zeros(sizes).uniform_(-bound, bound))
        self.bias = None
        if bias_shape is not None:
            bound = (1 / summed) ** 0.5
            self.bias = nn.Parameter(torch.zeros(self._bias_sizes(right)).uniform_(-bound, bound))
        names = sorted({axis for axis in left.axes + right.axes + weight.axes if axis != _ELLIPSIS})
        letters = {name: letter for name, letter in zip(names, _LETTERS)}
        letters[_ELLIPSIS] = "..."
        left, weight, right = ("".join(letters[axis] for axis in _flat(side.groups)) for side in (left, weight, right))
        self.einsum_pattern = f"{left},{weight}->{right}"

    def _check(self, left, right, weight):
        _refuse(right.without(left.axes, weight.axes), "Unrecognized identifiers on the right side of EinMix {}")
        if weight.ellipsis:
            raise EinopsError("Ellipsis is not supported in weight, as its shape should be fully specified")
        if left.ellipsis != right.ellipsis:
            raise EinopsError(f"Ellipsis in EinMix should be on both sides, {self.pattern}")
        if left.ellipsis and left.enclosed:
            raise EinopsError(f"Ellipsis on left side can't be in parenthesis, got {self.pattern}")
        if left.numbered or right.numbered or weight.numbered:
            raise EinopsError("Anonymous axes (numbers) are not allowed in EinMix")
        if "(" in self.weight_shape or ")" in self.weight_shape:
            raise EinopsError(f"Parenthesis is not allowed in weight shape: {self.weight_shape}")
        for axis in weight.axes:
            if axis not in self.axes_lengths:
                raise EinopsError(f"Dimension {axis} of weight should be specified")
        unused = {axis for axis in self.axes_lengths if axis not in left.axes and axis not in weight.axes}
        _refuse(unused, "Axes {} are not used in pattern")
        _refuse(weight.without(left.axes, right.axes), "Weight axes {} are redundant")

    def _bias_sizes(self, right):
        if not isinstance(self.bias_shape, str):
            raise EinopsError("bias shape should be string specifying which axes bias depends on")
        bias = _Side(self.bias_shape)
        _refuse(bias.without(right.axes), "Bias axes {} not present in output")
        _refuse(bias.without(self.axes_lengths), "Sizes not provided for bias axes {}")
        sizes = []
        for axis in _flat(right.groups):
            if axis != _ELLIPSIS:
                sizes.append(self.axes_lengths[axis] if axis in bias.axes else 1)
            elif any(size != 1 for size in sizes):
                raise EinopsError("all bias dimensions should go after ellipsis in the output")
        return sizes

    def __repr__(self):
        shapes = (self.weight_shape,) if self.bias_shape is None else (self.weight_shape, self.bias_shape)
        return _shown(self, self.pattern, *shapes)

    def forward(self, input):
        if self.pre_rearrange is not None:
            input = self.pre_rearrange(input)
        y = torch.einsum(self.einsum_pattern, input, self.weight)
        if self.bias is not None:
            y = y + self.bias
        return y if self.post_rearrange is None else self.post_rearrange(y)
