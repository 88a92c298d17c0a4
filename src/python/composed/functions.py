"""Functions that torch has, written in terms of its others: what `torch.x` and `tensor.x` mean where no table of `nn/functions` has x.

This file and those beside it are one module, one after the other.
"""

import collections
import math

import torch
import torchtab


def trace(input):
    if input.dim() != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.dim()}")
    return input.diagonal().sum()


def diff(input, n=1, dim=-1, prepend=None, append=None):
    if input.dim() == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    parts = [part for part in (prepend, input, append) if part is not None]
    y = torch.cat(parts, dim) if len(parts) > 1 else input
    for _ in range(n):
        length = y.shape[dim]
        later, earlier = y.narrow(dim, 1, length - 1), y.narrow(dim, 0, length - 1)
        y = torch.logical_xor(later, earlier) if y.dtype == torch.bool else later - earlier
    return y


def cross(input, other, dim=None):
    if dim is None:
        threes = [i for i, size in enumerate(input.shape) if size == 3]
        if not threes:
            raise RuntimeError("no dimension of size 3 in input")
        dim = threes[0]
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and {other.shape[dim]}"
        )
    (a, b, c), (x, y, z) = input.unbind(dim), other.unbind(dim)
    return torch.stack([b * z - c * y, c * x - a * z, a * y - b * x], dim)


def nansum(input, dim=None, keepdim=False, *, dtype=None):
    zeros = torch.zeros_like(input)
    return torch.where(input.isnan(), zeros, input).sum(dim, keepdim, dtype=dtype)


def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    count = input.isnan().logical_not().sum(dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count


def _each(tensors, change):
    if len(tensors) == 1 and not isinstance(tensors[0], torch.Tensor):
        return tuple(change(x) for x in tensors[0])
    return change(tensors[0]) if len(tensors) == 1 else tuple(change(x) for x in tensors)


def atleast_1d(*tensors):
    return _each(tensors, lambda x: x.reshape(1) if x.dim() == 0 else x)


def atleast_2d(*tensors):
    return _each(tensors, lambda x: x.reshape(1, 1) if x.dim() == 0 else x.unsqueeze(0) if x.dim() == 1 else x)


def atleast_3d(*tensors):
    def deep(x):
        if x.dim() < 2:
            return x.reshape(1, -1, 1)
        return x.unsqueeze(-1) if x.dim() == 2 else x

    return _each(tensors, deep)


def column_stack(tensors):
    return torch.cat([x.reshape(-1, 1) if x.dim() < 2 else x for x in tensors], 1)


def hsplit(input, indices_or_sections):
    if input.dim() < 1:
        raise RuntimeError("torch.hsplit requires a tensor with at least 1 dimension, but got a tensor with 0 dimensions!")
    return _split(input, indices_or_sections, 0 if input.dim() == 1 else 1, "hsplit")


def vsplit(input, indices_or_sections):
    if input.dim() < 2:
        raise RuntimeError(f"torch.vsplit requires a tensor with at least 2 dimension, but got a tensor with {input.dim()} dimensions!")
    return _split(input, indices_or_sections, 0, "vsplit")


def _split(input, parts, dim, name):
    if isinstance(parts, int) and (parts < 1 or input.shape[dim] % parts != 0):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {input.shape[dim]} is not divisible by the split_size {parts}!"
        )
    return input.tensor_split(parts, dim)


def hypot(input, other):
    return (input * input + other * other).sqrt()


def fmax(input, other):
    return torch.where(input.isnan(), other, torch.where(other.isnan(), input, torch.maximum(input, other)))


def fmin(input, other):
    return torch.where(input.isnan(), other, torch.where(other.isnan(), input, torch.minimum(input, other)))


_MinMax = collections.namedtuple("aminmax", ["min", "max"])


def aminmax(input, *, dim=None, keepdim=False):
    if dim is None:
        return _MinMax(input.amin(), input.amax())
    return _MinMax(input.amin(dim, keepdim), input.amax(dim, keepdim))


def rot90(input, k=1, dims=(0, 1)):
    first, second = dims
    turns = k % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return input.flip((first, second))
    return input.flip((second,)).transpose(first, second) if turns == 1 else input.transpose(first, second).flip((second,))


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    rank, size = input.dim() + 1, input.shape[-1] + abs(offset)
    first, second = dim1 % rank, dim2 % rank
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if first > second:
        offset, first, second = -offset, second, first
    rows = torch.arange(size).unsqueeze(1)
    places = torch.arange(size).unsqueeze(0) - rows == offset
    before, after = (0, offset) if offset >= 0 else (-offset, 0)
    padded = torch.nn.functional.pad(input, (before, after))
    full = torch.where(places, padded.unsqueeze(-1), torch.zeros((), dtype=input.dtype))
    return full.movedim((-2, -1), (first, second))


def kron(input, other):
    rank = max(input.dim(), other.dim())
    a = input.reshape([1] * (rank - input.dim()) + list(input.shape))
    b = other.reshape([1] * (rank - other.dim()) + list(other.shape))
    woven = a.reshape([n for size in a.shape for n in (size, 1)]) * b.reshape([n for size in b.shape for n in (1, size)])
    return woven.reshape([x * y for x, y in zip(a.shape, b.shape)])


def addr(input, vec1, vec2, *, beta=1, alpha=1):
    return beta * input + alpha * torch.outer(vec1, vec2)


def select_scatter(input, src, dim, index):
    out = input.clone()
    out.select(dim, index).copy_(src)
    return out


def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None):
    values = input if isinstance(input, torch.Tensor) else torch.tensor(input)
    row = sorted_sequence if sorted_sequence.dim() == 1 else sorted_sequence.unsqueeze(-2)
    right = right or side == "right"
    before = row <= values.unsqueeze(-1) if right else row < values.unsqueeze(-1)
    return before.sum(-1, dtype=torch.int32 if out_int32 else torch.int64)


def bucketize(input, boundaries, *, out_int32=False, right=False):
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    one = elements if isinstance(elements, torch.Tensor) else torch.tensor(elements)
    other = test_elements if isinstance(test_elements, torch.Tensor) else torch.tensor(test_elements)
    found = (one.unsqueeze(-1) == other.reshape(-1)).any(-1)
    return found.logical_not() if invert else found


def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    flat = input.reshape(-1) if dim is None else input
    along = 0 if dim is None else dim
    whole = [1] * input.dim()
    wanted = q if isinstance(q, torch.Tensor) else torch.tensor(q, dtype=input.dtype)
    if wanted.dtype != input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    ordered = flat.sort(along).values.movedim(along, 0)
    places = wanted.reshape(-1) * (ordered.shape[0] - 1)
    low, high = places.floor().long(), places.ceil().long()
    below, above = ordered.index_select(0, low), ordered.index_select(0, high)
    weight = (places - places.floor()).reshape([-1] + [1] * (ordered.dim() - 1))
    if interpolation == "linear":
        y = torch.lerp(below, above, weight.expand_as(below))
    elif interpolation == "lower":
        y = below
    elif interpolation == "higher":
        y = above
    elif interpolation == "midpoint":
        y = (below + above) / 2
    elif interpolation == "nearest":
        y = ordered.index_select(0, places.round().long())
    else:
        raise RuntimeError(
            f"quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if keepdim:
        y = y.reshape([-1] + whole) if dim is None else y.unsqueeze(dim if dim < 0 else dim + 1)
    return y if wanted.dim() == 1 else y.squeeze(0)


def _areas(y, x, dx, dim):
    """Twice the areas between neighbours along a dim."""
    length = y.shape[dim]
    sums = y.narrow(dim, 1, length - 1) + y.narrow(dim, 0, length - 1)
    if x is None:
        return sums * dx
    steps = diff(x, dim=-1 if x.dim() == 1 else dim)
    if x.dim() == 1:
        steps = steps.reshape([-1 if i == dim % y.dim() else 1 for i in range(y.dim())])
    return sums * steps


def trapezoid(y, x=None, *, dx=1, dim=-1):
    return _areas(y, x, dx, dim).sum(dim) / 2


trapz = trapezoid


def cov(input, *, correction=1, fweights=None, aweights=None):
    if fweights is not None or aweights is not None:
        raise NotImplementedError("torch.cov with weights")
    x = input.reshape(1, -1) if input.dim() < 2 else input
    x = x - x.mean(1, keepdim=True)
    return (x @ x.t() / max(x.shape[1] - correction, 0)).squeeze()


def corrcoef(input):
    matrix = cov(input)
    if matrix.dim() == 0:
        return matrix / matrix
    scale = matrix.diagonal().sqrt()
    return (matrix / scale.unsqueeze(1) / scale.unsqueeze(0)).clamp(-1, 1)


def heaviside(input, values):
    return torch.where(input == 0, values, (input > 0).to(input.dtype))


def msort(input):
    return input.sort(0).values


def matrix_power(input, n):
    if n < 0:
        return matrix_power(inv(input), -n)
    y = torch.eye(input.shape[-1], dtype=input.dtype).expand_as(input)
    for _ in range(n):
        y = y @ input
    return y


def cartesian_prod(*tensors):
    if len(tensors) == 1:
        return tensors[0]
    return torch.stack([grid.reshape(-1) for grid in torch.meshgrid(*tensors, indexing="ij")], 1)


def unsafe_chunk(input, chunks, dim=0):
    return input.chunk(chunks, dim)


def unsafe_split(input, split_size, dim=0):
    return input.split(split_size, dim)


def vander(x, N=None, increasing=False):
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    powers = torch.arange(x.shape[0] if N is None else N)
    return x.unsqueeze(1) ** (powers if increasing else powers.flip(0))


def chain_matmul(*matrices):
    return torch.linalg.multi_dot(matrices)


def unravel_index(indices, shape):
    found = []
    for size in reversed((shape,) if isinstance(shape, int) else shape):
        found.append(indices % size)
        indices = indices // size
    return tuple(reversed(found))


def block_diag(*tensors):
    blocks = atleast_2d(*tensors) if len(tensors) > 1 else (atleast_2d(*tensors),)
    width, rows, left = sum(block.shape[1] for block in blocks), [], 0
    for block in blocks:
        rows.append(torch.nn.functional.pad(block, (left, width - left - block.shape[1])))
        left += block.shape[1]
    return torch.cat(rows)


def combinations(input, r=2, with_replacement=False):
    chosen = [()]
    for _ in range(r):
        chosen = [
            (*some, i)
            for some in chosen
            for i in range(some[-1] + (0 if with_replacement else 1) if some else 0, input.shape[0])
        ]
    return input[torch.tensor(chosen, dtype=torch.int64).reshape(-1, r)]


def pdist(input, p=2.0):
    pairs = [(i, j) for i in range(input.shape[0]) for j in range(i + 1, input.shape[0])]
    first, second = torch.tensor([i for i, _ in pairs]), torch.tensor([j for _, j in pairs])
    return torch.cdist(input, input, p)[first, second]


def triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
    distance = distance_function or torch.nn.functional.pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = torch.minimum(far, distance(positive, negative))
    loss = (margin + near - far).clamp_min(0)
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def numpy(input, *, force=False):
    import numpy

    return numpy.asarray(input)


def new(input, *args, device=None):
    if len(args) == 1 and isinstance(args[0], (list, tuple, torch.Tensor)) and not isinstance(args[0], torch.Size):
        return torch.tensor(args[0], dtype=input.dtype) if not isinstance(args[0], torch.Tensor) else args[0].to(input.dtype)
    return input.new_empty(*args) if args else input.new_empty(0)


def sparse_coo_tensor(indices, values, size=None, *, dtype=None, device=None, requires_grad=False, is_coalesced=None):
    """The same matrix with its zeros: what is given twice for a place is summed."""
    indices = indices if isinstance(indices, torch.Tensor) else torch.tensor(indices)
    values = values if isinstance(values, torch.Tensor) else torch.tensor(values)
    if size is None:
        size = [int(row.max()) + 1 for row in indices] + list(values.shape[1:])
    full = torch.zeros(size, dtype=dtype or values.dtype)
    return full.index_put(tuple(indices.unbind(0)), values.to(full.dtype), accumulate=True)


def to_dense(input, dtype=None, *, masked_grad=None):
    return input if dtype is None else input.to(dtype)


def coalesce(input):
    return input


def spmm(input, mat2):
    return input @ mat2


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    for function in functions:
        input = function(input)
    return input


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    given = parameter_and_buffer_dicts
    dicts = given if isinstance(given, (list, tuple)) else (given,)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    before = []
    try:
        for tensors in dicts:
            for path, tensor in tensors.items():
                owner, _, name = path.rpartition(".")
                owner = module.get_submodule(owner)
                before.append((owner, name, torchtab.swap(owner, name, tensor)))
        return module(*args, **(kwargs or {}))
    finally:
        for owner, name, tensor in reversed(before):
            torchtab.swap(owner, name, tensor)


def stack_module_state(models):
    def stacked(all):
        return {name: torch.stack([tensors[name] for tensors in all]).detach() for name in all[0]}

    return stacked([dict(m.named_parameters()) for m in models]), stacked([dict(m.named_buffers()) for m in models])


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """One call for each place of the batch dim, and the results side by side."""

    def taken(value, dim, at):
        if dim is None:
            return value
        if isinstance(value, dict):
            return {key: taken(value[key], dim[key] if isinstance(dim, dict) else dim, at) for key in value}
        if isinstance(value, (list, tuple)):
            dims = dim if isinstance(dim, (list, tuple)) else [dim] * len(value)
            return type(value)(taken(x, d, at) for x, d in zip(value, dims))
        return value.select(dim, at) if isinstance(value, torch.Tensor) else value

    def sizes(value, dim):
        if dim is None:
            return []
        if isinstance(value, dict):
            return [n for key in value for n in sizes(value[key], dim[key] if isinstance(dim, dict) else dim)]
        if isinstance(value, (list, tuple)):
            dims = dim if isinstance(dim, (list, tuple)) else [dim] * len(value)
            return [n for x, d in zip(value, dims) for n in sizes(x, d)]
        return [value.shape[dim]] if isinstance(value, torch.Tensor) else []

    def joined(results, dim):
        first = results[0]
        if isinstance(first, dict):
            return {key: joined([r[key] for r in results], dim) for key in first}
        if isinstance(first, (list, tuple)):
            dims = dim if isinstance(dim, (list, tuple)) else [dim] * len(first)
            return tuple(joined([r[i] for r in results], dims[i]) for i in range(len(first)))
        return torch.stack(results, dim)

    def mapped(*args, **kwargs):
        dims = in_dims if isinstance(in_dims, (list, tuple)) else (in_dims,) * len(args)
        found = [n for x, d in zip(args, dims) for n in sizes(x, d)] + sizes(kwargs, 0)
        if not found:
            raise ValueError("vmap: at least one in_dim must not be None")
        if min(found) != max(found):
            raise ValueError(f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {found}")
        results = [
            func(*(taken(x, d, at) for x, d in zip(args, dims)), **{key: taken(x, 0, at) for key, x in kwargs.items()})
            for at in range(found[0])
        ]
        return joined(results, out_dims)

    return mapped


def _embedding_from_pretrained(cls, embeddings, freeze=True, padding_idx=None, **options):
    if embeddings.dim() != 2:
        raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
    embedding = cls(*embeddings.shape, padding_idx=padding_idx, **options)
    embedding.weight = torch.nn.Parameter(embeddings, requires_grad=not freeze)
    return embedding


def equal(input, other):
    return input.shape == other.shape and bool((input == other).all())


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    return bool(torch.isclose(input, other, rtol, atol, equal_nan).all())


def mode(input, dim=-1, keepdim=False):
    # the smallest of the most frequent numbers, at its last place
    x = input.movedim(dim, -1)
    alike = x.unsqueeze(-1) == x.unsqueeze(-2)
    count = alike.sum(-1)
    order = torch.arange(x.shape[-1])
    most = count == count.amax(-1, keepdim=True)
    values = torch.where(most, x, x.amax(-1, keepdim=True)).amin(-1, keepdim=True)
    indices = torch.where(x == values, order, 0).amax(-1, keepdim=True)
    values, indices = values.movedim(-1, dim), indices.movedim(-1, dim)
    return _Mode(*((values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))))


_Mode = collections.namedtuple("mode", ["values", "indices"])


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    # -log of an exponential draw follows Gumbel's distribution
    draws = -torch.rand_like(logits).clamp_min(1e-20).log()
    soft = ((logits - draws.clamp_min(1e-20).log()) / tau).softmax(dim)
    if not hard:
        return soft
    # the choice, with the gradient of the soft one
    chosen = torch.zeros_like(soft).scatter(dim, soft.argmax(dim, keepdim=True), 1.0)
    return chosen - soft.detach() + soft


def parameters_to_vector(parameters):
    return torch.cat([parameter.reshape(-1) for parameter in parameters])


def linear_cross_entropy(
    input, linear_weight, target, *, linear_bias=None, weight=None, reduction="mean", ignore_index=None, label_smoothing=0.0, options=None
):
    # options are about memory: the loss is the same
    classes, *features, width = linear_weight.shape
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = torch.nn.functional.linear(input, linear_weight.reshape(-1, width), bias).reshape(*input.shape[:-1], classes, *features)
    ignored = -100 if ignore_index is None else ignore_index
    return torch.nn.functional.cross_entropy(
        logits, target, weight=weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )


def conv_tbc(input, weight, bias, pad=0):
    # time, batch, channels
    return torch.nn.functional.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)
