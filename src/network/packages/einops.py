"""einops: rearrange, reduce, repeat, einsum, pack and unpack by patterns of named axes, with einops' own words for what is wrong with one.

A pattern's side is a list of groups, a group a list of axes. An axis is its name, a `_Number` where the pattern gives a length in its place,
or the ellipsis, which stands for as many axes as the tensor leaves.
"""

import torch

_ELLIPSIS = "…"
_REDUCTIONS = ("min", "max", "sum", "mean", "prod", "any", "all")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class EinopsError(RuntimeError):
    """A pattern that says nothing, or that a tensor does not fit."""


class _Number:
    """An axis without a name: each is one of its own, whatever its length."""

    def __init__(self, value):
        if value < 1:
            raise EinopsError(f"Anonymous axis should have positive length, not {value}")
        self.value = value

    def __repr__(self):
        return f"{self.value}-axis"


def _misnamed(name, underscore=False):
    """What is wrong with an axis's name; None where nothing is."""
    if not name.isidentifier():
        return "not a valid python identifier"
    if (name[0] == "_" or name[-1] == "_") and not (underscore and name == "_"):
        return "axis name should should not start or end with underscore"
    return None


class _Side:
    """One side of a pattern."""

    def __init__(self, text, underscore=False, duplicates=False):
        self.groups = []
        self.axes = []
        self.ellipsis = self.enclosed = self.numbered = False
        if "." in text:
            if "..." not in text:
                raise EinopsError("Expression may contain dots only inside ellipsis (...)")
            if text.count("...") != 1 or text.count(".") != 3:
                raise EinopsError("Expression may contain dots only inside ellipsis (...); only one ellipsis for tensor ")
            text = text.replace("...", _ELLIPSIS)
            self.ellipsis = True
        group, word = None, ""
        for char in text + " ":
            if char.isalnum() or char in ("_", _ELLIPSIS):
                word += char
                continue
            if char not in "() ":
                raise EinopsError(f"Unknown character '{char}'")
            if word:
                self._add(word, group, underscore, duplicates)
                word = ""
            if char == "(":
                if group is not None:
                    raise EinopsError("Axis composition is one-level (brackets inside brackets not allowed)")
                group = []
            elif char == ")":
                if group is None:
                    raise EinopsError("Brackets are not balanced")
                self.groups.append(group)
                group = None
        if group is not None:
            raise EinopsError(f'Imbalanced parentheses in expression: "{text}"')

    def _add(self, word, group, underscore, duplicates):
        if word in self.axes and not duplicates and not (underscore and word == "_"):
            raise EinopsError(f'Indexing expression contains duplicate dimension "{word}"')
        if word == _ELLIPSIS:
            self.enclosed = group is not None
            axis = word
        elif word.isdecimal() and int(word) == 1:
            # an axis of length 1 is a group of none
            if group is None:
                self.groups.append([])
            return
        elif word.isdecimal():
            axis = _Number(int(word))
            self.numbered = True
        else:
            reason = _misnamed(word, underscore)
            if reason:
                raise EinopsError(f"Invalid axis identifier: {word}\n{reason}")
            axis = word
        self.axes.append(axis)
        if group is None:
            self.groups.append([axis])
        else:
            group.append(axis)

    def without(self, *others):
        """Its axes that stand on none of the others."""
        return {axis for axis in self.axes if not any(axis in other for other in others)}

    def spread(self, inner):
        """Its groups, with axes of their own in the ellipsis's place."""
        groups = []
        for group in self.groups:
            if group == [_ELLIPSIS] and not self.enclosed:
                groups.extend([axis] for axis in inner)
            else:
                groups.append([name for axis in group for name in (inner if axis == _ELLIPSIS else [axis])])
        return groups


class _Recipe:
    """A pattern with its operation, checked as far as a tensor's rank tells, or without one."""

    def __init__(self, pattern, operation, names, rank=None):
        left, right = pattern.split("->")
        self.left, self.right = left, right = _Side(left), _Side(right)
        self.operation = operation
        if right.ellipsis and not left.ellipsis:
            raise EinopsError(f"Ellipsis found in right side, but not left side of a pattern {pattern}")
        if left.ellipsis and left.enclosed:
            raise EinopsError(f"Ellipsis inside parenthesis in the left side is not allowed: {pattern}")
        if operation == "rearrange":
            if left.numbered or right.numbered:
                raise EinopsError("Non-unitary anonymous axes are not supported in rearrange (exception is length 1)")
            lone = left.without(right.axes) | right.without(left.axes)
            if lone:
                raise EinopsError(f"Identifiers only on one side of expression (should be on both): {lone}")
        elif operation == "repeat":
            lone = left.without(right.axes)
            if lone:
                raise EinopsError(f"Unexpected identifiers on the left side of repeat: {lone}")
            unsized = {axis for axis in right.without(left.axes, names) if isinstance(axis, str)}
            if unsized:
                raise EinopsError(f"Specify sizes for new axes in repeat: {unsized}")
        elif callable(operation) or operation in _REDUCTIONS:
            lone = right.without(left.axes)
            if lone:
                raise EinopsError(f"Unexpected identifiers on the right side of reduce {operation}: {lone}")
        else:
            raise EinopsError(f"Unknown reduction {operation}. Expect one of {_REDUCTIONS}.")
        self.inner = [] if rank is None else self._inner(rank)
        for name in names:
            if _misnamed(name):
                raise EinopsError("Invalid name for an axis", name)
            if name not in left.axes and name not in right.axes:
                raise EinopsError(f"Axis {name} is not used in transform")
        for group in left.groups:
            unknown = {axis for axis in group if isinstance(axis, str) and axis != _ELLIPSIS and axis not in names}
            if len(unknown) > 1:
                raise EinopsError(f"Could not infer sizes for {unknown}")

    def apply(self, x, lengths):
        """The tensor that the pattern makes of another: its axes apart, in order, reduced, repeated, and together again."""
        left, right = self.left.spread(self.inner), self.right.spread(self.inner)
        sizes = self._sizes(left, x.shape, lengths)
        given = [axis for group in left for axis in group]
        wanted = [axis for group in right for axis in group]
        kept = [axis for axis in wanted if axis in given]
        gone = [axis for axis in given if axis not in kept]
        x = _reshaped(x, [sizes[axis] for axis in given])
        order = [given.index(axis) for axis in kept + gone]
        if order != list(range(len(order))):
            x = x.permute(order)
        if gone:
            x = self._reduced(x, tuple(range(len(kept), len(order))))
        for axis in wanted:
            if axis not in given:
                sizes[axis] = axis.value if isinstance(axis, _Number) else lengths[axis]
        if len(kept) < len(wanted):
            for place, axis in enumerate(wanted):
                if axis not in given:
                    x = x.unsqueeze(place)
            x = x.expand([sizes[axis] for axis in wanted])
        return _reshaped(x, [_product(sizes[axis] for axis in group) for group in right])

    def _inner(self, rank):
        """Names for the axes that the ellipsis stands for."""
        others = len(self.left.groups)
        if not self.left.ellipsis:
            if rank != others:
                raise EinopsError(f"Wrong shape: expected {others} dims. Received {rank}-dim tensor.")
            return []
        others -= 1
        if rank < others:
            raise EinopsError(f"Wrong shape: expected >={others} dims. Received {rank}-dim tensor.")
        return [f"{_ELLIPSIS}{i}" for i in range(rank - others)]

    def _sizes(self, groups, shape, lengths):
        """The length of every axis of the left side: given, a number, or what the others of its group leave."""
        sizes = {}
        for group, length in zip(groups, shape):
            known = {axis: axis.value if isinstance(axis, _Number) else lengths[axis] for axis in group if isinstance(axis, _Number) or axis in lengths}
            sizes.update(known)
            product = _product(known.values())
            if len(known) == len(group):
                if length != product:
                    raise EinopsError(f"Shape mismatch, {length} != {product}")
                continue
            if length % product != 0:
                raise EinopsError(f"Shape mismatch, can't divide axis of length {length} in chunks of {product}")
            for axis in group:
                sizes.setdefault(axis, length // product)
        return sizes

    def _reduced(self, x, dims):
        operation = self.operation
        if callable(operation):
            return operation(x, dims)
        if operation == "min":
            return x.amin(dim=dims)
        if operation == "max":
            return x.amax(dim=dims)
        if operation == "sum":
            return x.sum(dim=dims)
        if operation == "mean":
            if not x.is_floating_point():
                raise NotImplementedError("reduce_mean is not available for non-floating tensors")
            return x.mean(dim=dims)
        for dim in reversed(dims):
            x = x.prod(dim=dim) if operation == "prod" else x.any(dim=dim) if operation == "any" else x.all(dim=dim)
        return x


def _product(sizes):
    product = 1
    for size in sizes:
        product *= size
    return product


def _reshaped(x, sizes):
    return x if list(x.shape) == sizes else x.reshape(sizes)


def _stacked(tensor):
    if not isinstance(tensor, list):
        return tensor
    if len(tensor) == 0:
        raise TypeError("Rearrange/Reduce/Repeat can't be applied to an empty list")
    return torch.stack(tensor)


def reduce(tensor, pattern, reduction, **axes_lengths):
    x = _stacked(tensor)
    try:
        return _Recipe(pattern, reduction, axes_lengths, x.dim()).apply(x, axes_lengths)
    except EinopsError as error:
        # a list was stacked by now, and einops tells its shape too
        text = f' Error while processing {reduction}-reduction pattern "{pattern}".\n Input tensor shape: {x.shape}. '
        raise EinopsError(f"{text}Additional info: {axes_lengths}.\n {error}") from None


def rearrange(tensor, pattern, **axes_lengths):
    return reduce(tensor, pattern, "rearrange", **axes_lengths)


def repeat(tensor, pattern, **axes_lengths):
    return reduce(tensor, pattern, "repeat", **axes_lengths)


def parse_shape(x, pattern):
    side, shape = _Side(pattern, underscore=True), x.shape
    groups = side.groups
    if any(len(group) > 1 for group in groups):
        raise RuntimeError(f"Can't parse shape with composite axes: {pattern} {shape}")
    if side.ellipsis:
        if len(shape) < len(groups) - 1:
            raise RuntimeError(f"Can't parse shape with this number of dimensions: {pattern} {shape}")
        groups = side.spread(["_"] * (len(shape) - len(groups) + 1))
    elif len(shape) != len(groups):
        raise RuntimeError(f"Can't parse shape with different number of dimensions: {pattern} {shape}")
    found = {}
    for group, length in zip(groups, shape):
        if not group:
            if length != 1:
                raise RuntimeError(f"Length of axis is not 1: {pattern} {shape}")
        elif isinstance(group[0], _Number):
            if group[0].value != length:
                raise RuntimeError(f"Length of anonymous axis does not match: {pattern} {shape}")
        elif group[0] != "_":
            found[group[0]] = length
    return found


def asnumpy(tensor):
    return tensor.numpy()


def einsum(*tensors_and_pattern):
    if len(tensors_and_pattern) <= 1:
        raise ValueError(
            "`einops.einsum` takes at minimum two arguments: the tensors (at least one), followed by the pattern."
        )
    pattern, tensors = tensors_and_pattern[-1], tensors_and_pattern[:-1]
    if not isinstance(pattern, str):
        raise ValueError(
            "The last argument passed to `einops.einsum` must be a string, representing the einsum pattern."
        )
    return torch.einsum(_letters(pattern), *tensors)


def _letters(pattern):
    """einops.einsum's pattern as torch.einsum takes it: a letter for each name."""
    if "->" not in pattern:
        raise ValueError("Einsum pattern must contain '->'.")
    lefts, right = pattern.split("->")
    letters = {}

    def written(side, new):
        text = ""
        for group in side.groups:
            if group == [_ELLIPSIS] and not side.enclosed:
                text += "..."
                continue
            if len(group) == 0:
                raise NotImplementedError("Singleton () axes are not yet supported in einsum.")
            if len(group) > 1:
                raise NotImplementedError("Shape rearrangement is not yet supported in einsum.")
            axis = group[0]
            if isinstance(axis, _Number):
                raise NotImplementedError("Anonymous axes are not yet supported in einsum.")
            if axis not in letters:
                if not new:
                    raise EinopsError(f"Unknown axis {axis} on right side of einsum {pattern}.")
                if len(letters) >= len(_LETTERS):
                    raise RuntimeError("Too many axes in einsum.")
                letters[axis] = _LETTERS[len(letters)]
            text += letters[axis]
        return text

    operands = [written(_Side(left, underscore=True, duplicates=True), True) for left in lefts.split(",")]
    return ",".join(operands) + "->" + written(_Side(right, underscore=True), False)


def _around(pattern, name):
    """How many axes stand before and after the star of pack and unpack."""
    axes = pattern.split()
    if len(axes) != len(set(axes)):
        raise EinopsError(f'Duplicates in axes names in {name}(..., "{pattern}")')
    if "*" not in axes:
        raise EinopsError(f'No *-axis in {name}(..., "{pattern}")')
    for axis in axes:
        if axis != "*" and _misnamed(axis):
            raise EinopsError(f'Invalid axis name {axis} in {name}(..., "{pattern}")')
    before = axes.index("*")
    return before, len(axes) - before - 1


def pack(tensors, pattern):
    before, after = _around(pattern, "pack")
    flat, shapes = [], []
    for i, tensor in enumerate(tensors):
        shape = tensor.shape
        if len(shape) < before + after:
            raise EinopsError(
                f"packed tensor #{i} (enumeration starts with 0) has shape {shape}, "
                f"while pattern {pattern} assumes at least {before + after} axes"
            )
        end = len(shape) - after
        shapes.append(shape[before:end])
        flat.append(tensor.reshape((*shape[:before], -1, *shape[end:])))
    return torch.cat(flat, dim=before), shapes


def unpack(tensor, packed_shapes, pattern):
    before, after = _around(pattern, "unpack")
    shape = tensor.shape
    if len(shape) != before + 1 + after:
        raise EinopsError(f"unpack(..., {pattern}) received input of wrong dim with shape {shape}")
    lengths = [-1 if -1 in packed else _product(packed) for packed in packed_shapes]
    if lengths.count(-1) > 1:
        raise EinopsError(f"unpack(..., {pattern}) received more than one -1 in {packed_shapes} and can't infer dimensions")
    whole = shape[before]
    if -1 in lengths:
        lengths[lengths.index(-1)] = whole - (sum(lengths) + 1)
    parts, start = [], 0
    try:
        for packed, length in zip(packed_shapes, lengths):
            if len(parts) == len(lengths) - 1:
                length = whole - start
            parts.append(tensor.narrow(before, start, length).reshape((*shape[:before], *packed, *shape[before + 1 :])))
            start += length
    except Exception as error:
        raise EinopsError(
            f'Error during unpack(..., "{pattern}"): could not split axis of size {whole} into requested {packed_shapes}'
        ) from error
    return parts
