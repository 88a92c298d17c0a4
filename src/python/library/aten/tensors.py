"""ATen's operators as `torch.ops.aten` has them, where a name, the order of its arguments or its results are not those of torch's public functions.

What is not here is the public function of that name. `name__overload` is one overload, `name` all others; names with two underscores
before them are this module's own. This file and those beside it are one module, one after the other.
"""

import torch
import torch.nn.functional as F

def __written_back(function):
    def run(self, *args, **kwargs):
        return self.copy_(function(self, *args, **kwargs))

    return run


# arithmetic: the scale of the second operand may come by position


def add(self, other, alpha=1):
    return torch.add(self, other, alpha=alpha) if isinstance(self, torch.Tensor) else self + other * alpha


def sub(self, other, alpha=1):
    return torch.sub(self, other, alpha=alpha) if isinstance(self, torch.Tensor) else self - other * alpha


subtract = sub


def rsub(self, other, alpha=1):
    return other - self * alpha if alpha != 1 else other - self


def norm(self, p=2, dim=None, keepdim=False, dtype=None):
    return torch.norm(self, 2 if p is None else p, dim, keepdim, dtype=dtype)


def frobenius_norm(self, dim, keepdim=False):
    return torch.norm(self, 2, dim, keepdim)


def det(self):
    return torch.det(self)


def slogdet(self):
    return torch.slogdet(self)


def logdet(self):
    return torch.logdet(self)


def inverse(self):
    return torch.inverse(self)


def dot(self, tensor):
    return torch.dot(self, tensor)


def einsum(equation, tensors, *, path=None):
    return torch.einsum(equation, *tensors)


def tensordot(self, other, dims_self, dims_other):
    return torch.tensordot(self, other, (dims_self, dims_other))


def cdist(x1, x2, p=2.0, compute_mode=None):
    return torch.cdist(x1, x2, p)


_cdist_forward = cdist


def _euclidean_dist(x1, x2):
    return torch.cdist(x1, x2)


def _pdist_forward(self, p=2.0):
    return torch.pdist(self, p)


# dtypes, copies and sizes


def to(self, *args, dtype=None, layout=None, device=None, other=None, non_blocking=False, copy=False, memory_format=None, pin_memory=None):
    for given in (*args, other):
        if isinstance(given, torch.Tensor):
            dtype = given.dtype
        elif isinstance(given, torch.dtype):
            dtype = given
    return self if dtype is None else self.to(dtype)


def _to_copy(self, *, dtype=None, layout=None, device=None, pin_memory=None, non_blocking=False, memory_format=None):
    return self.clone() if dtype is None else self.to(dtype, copy=True)


def copy(self, src, non_blocking=False):
    return src.to(self.dtype).expand_as(self).clone()


def copy_(self, src, non_blocking=False):
    return self.copy_(src)


def fill(self, value):
    return self.clone().fill_(value)


def fill_(self, value):
    return self.fill_(value)


def zero_(self):
    return self.zero_()


def zero(self):
    return torch.zeros_like(self)


def alias(self):
    return self.view_as(self)


lift_fresh = lift = _conj = resolve_neg = conj_physical = resolve_conj = alias


def lift_fresh_copy(self):
    return self.clone()


def sym_size(self, dim=None):
    return self.size() if dim is None else self.size(dim)


def sym_numel(self):
    return self.numel()


def sym_stride(self, dim=None):
    return self.stride() if dim is None else self.stride(dim)


def sym_storage_offset(self):
    return 0


def sym_is_contiguous(self, memory_format=None):
    return True


def _local_scalar_dense(self):
    return self.item()


def _assert_scalar(self, assert_msg):
    if not self:
        raise RuntimeError(assert_msg)


def __nothing(*args, **kwargs):
    return None


_assert_async = _functional_assert_async = _assert_tensor_metadata = __nothing
sym_constrain_range = sym_constrain_range_for_size = __nothing


# new tensors


def scalar_tensor(s, *, dtype=None, layout=None, device=None, pin_memory=None):
    return torch.scalar_tensor(s, dtype=dtype)


def empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return torch.empty(size, dtype=dtype)


def empty_permuted(size, physical_layout, *, dtype=None, layout=None, device=None, pin_memory=None):
    return torch.empty(size, dtype=dtype)


def new_empty_strided(self, size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return self.new_empty(size, dtype=dtype)


def uniform_(self, low=0.0, high=1.0, *, generator=None):
    return self.uniform_(low, high)


# shapes


def swapaxes(self, axis0, axis1):
    return self.transpose(axis0, axis1)


def numpy_T(self):
    return self.T


def mT(self):
    return self.mT


def matrix_H(self):
    return self.mT


def tile(self, dims):
    return self.tile(dims)


def _unsafe_view(self, size):
    return self.reshape(size)


def _reshape_alias(self, size, stride):
    return self.reshape(size)


def split_with_sizes(self, split_sizes, dim=0):
    return torch.split(self, split_sizes, dim)


unsafe_split_with_sizes = split_with_sizes


def split(self, split_size, dim=0):
    return torch.split(self, split_size, dim)


def repeat_interleave__Tensor(repeats, *, output_size=None):
    return torch.repeat_interleave(torch.arange(repeats.shape[0]), repeats, output_size=output_size)


# parts, and writes into parts; Python's own slice under another name

__span = slice
__whole = slice(None)


def slice(self, dim=0, start=None, end=None, step=1):
    if self.dim() == 0:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    return self[(*[__whole] * (dim % self.dim()), __span(start, end, step))]


def __places(indices):
    return tuple(__whole if index is None else index for index in indices)


def index(self, indices):
    return self[__places(indices)]


_unsafe_index = index


def _unsafe_masked_index(self, mask, indices, fill):
    """Where the mask says so; elsewhere the index may lead outside."""
    inside = [index if index is None else index.clamp(0, self.shape[dim] - 1) for dim, index in enumerate(indices)]
    return torch.where(mask, self[__places(inside)], fill)


def index_put(self, indices, values, accumulate=False):
    return index_put_(self.clone(), indices, values, accumulate)


def index_put_(self, indices, values, accumulate=False):
    if accumulate:
        if any(index is None for index in indices):
            raise NotImplementedError("torch.ops.aten.index_put that accumulates along whole dims")
        return self.index_put_(tuple(indices), values, True)
    self[__places(indices)] = values
    return self


_unsafe_index_put = _index_put_impl = index_put
_index_put_impl_ = index_put_


def scatter(self, dim, index, src=None, *, value=None, reduce=None):
    src = value if src is None else src
    return torch.scatter(self, dim, index, src) if reduce is None else torch.scatter(self, dim, index, src, reduce=reduce)


def max_unpool2d(self, indices, output_size):
    height, width = output_size
    flat = self.new_zeros((*self.shape[:-2], height * width))
    return flat.scatter(-1, indices.flatten(-2), self.flatten(-2)).unflatten(-1, (height, width))


def _unique2(self, sorted=True, return_inverse=False, return_counts=False):
    return torch.unique(self, True, True, True)


def unique_dim(self, dim, sorted=True, return_inverse=False, return_counts=False):
    return torch.unique(self, True, True, True, dim)


def unique_consecutive(self, return_inverse=False, return_counts=False, dim=None):
    return torch.unique_consecutive(self, True, True, dim)
