# Layers: products and convolutions, normalisations, attention, pools, resizing, dropout, embeddings.


def convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    dims = weight.dim() - 2
    if transposed:
        function = (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d)[dims - 1]
        return function(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (torch.conv1d, torch.conv2d, torch.conv3d)[dims - 1](input, weight, bias, stride, padding, dilation, groups)


def _convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups, *settings):
    return convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)


def _convolution_mode(input, weight, bias, stride, padding, dilation, groups):
    # padding is "same" or "valid"
    dims = weight.dim() - 2
    return (torch.conv1d, torch.conv2d, torch.conv3d)[dims - 1](input, weight, bias, stride, padding, dilation, groups)


def embedding_renorm_(self, indices, max_norm, norm_type):
    norms = self.norm(norm_type, dim=1, keepdim=True)
    shorter = torch.where(norms > max_norm, self * (max_norm / (norms + 1e-7)), self)
    used = torch.zeros(self.shape[0]).index_fill(0, indices.flatten(), 1.0).to(torch.bool)
    return self.copy_(torch.where(used.unsqueeze(1), shorter, self))


def col2im(self, output_size, kernel_size, dilation, padding, stride):
    return F.fold(self, output_size, kernel_size, dilation, padding, stride)


def im2col(self, kernel_size, dilation, padding, stride):
    return F.unfold(self, kernel_size, dilation, padding, stride)


def _weight_norm_interface(v, g, dim=0):
    norm = torch.norm(v, 2, [i for i in range(v.dim()) if i != dim % v.dim()], True)
    return v * (g / norm), norm


def _weight_norm(v, g, dim=0):
    return _weight_norm_interface(v, g, dim)[0]


# normalisations, with the statistics that they save for the gradient


def __statistics(input, dims, eps, keepdim=False):
    return input.mean(dims, keepdim), (input.var(dims, correction=0, keepdim=keepdim) + eps).rsqrt()


def native_layer_norm(input, normalized_shape, weight, bias, eps):
    dims = list(range(-len(normalized_shape), 0))
    return (torch.layer_norm(input, normalized_shape, weight, bias, eps), *__statistics(input, dims, eps, True))


def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    groups = input.reshape(N, group, -1)
    return (torch.group_norm(input, group, weight, bias, eps), *__statistics(groups, [2], eps))


def _fused_rms_norm(input, normalized_shape, weight, eps):
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    dims = list(range(-len(normalized_shape), 0))
    rstd = (input.square().mean(dims, True) + eps).rsqrt()
    return input * rstd if weight is None else input * rstd * weight, rstd


def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    y = torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not training:
        return y, input.new_zeros(0), input.new_zeros(0)
    return (y, *__statistics(input, [i for i in range(input.dim()) if i != 1], eps))


_native_batch_norm_legit = native_batch_norm


def _native_batch_norm_legit__no_stats(input, weight, bias, training, momentum, eps):
    return native_batch_norm(input, weight, bias, None, None, training, momentum, eps)


def _native_batch_norm_legit_no_training(input, weight, bias, running_mean, running_var, momentum, eps):
    return native_batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps)


def _native_batch_norm_legit_functional(input, weight, bias, running_mean, running_var, training, momentum, eps):
    mean, var = running_mean.clone(), running_var.clone()
    return (*native_batch_norm(input, weight, bias, mean, var, training, momentum, eps), mean, var)


def _batch_norm_with_update(input, weight, bias, running_mean, running_var, momentum, eps):
    return (*native_batch_norm(input, weight, bias, running_mean, running_var, True, momentum, eps), input.new_zeros(0))


def _batch_norm_with_update_functional(input, weight, bias, running_mean, running_var, momentum, eps):
    mean, var = running_mean.clone(), running_var.clone()
    return (*_batch_norm_with_update(input, weight, bias, mean, var, momentum, eps), mean, var)


def _batch_norm_no_update(input, weight, bias, running_mean, running_var, momentum, eps):
    return (*native_batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps), input.new_zeros(0))


def instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled=True):
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


# activations and dropout


def elu(self, alpha=1, scale=1, input_scale=1):
    if scale == 1 and input_scale == 1:
        return F.elu(self, alpha)
    return scale * torch.where(self > 0, self, alpha * torch.expm1(self.clamp_max(0) * input_scale))


def log_sigmoid(self):
    return F.logsigmoid(self)


def log_sigmoid_forward(self):
    return F.logsigmoid(self), self.new_zeros(0)


def _softmax(self, dim, half_to_float):
    return torch.softmax(self.float() if half_to_float else self, dim)


def _log_softmax(self, dim, half_to_float):
    return torch.log_softmax(self.float() if half_to_float else self, dim)


def _safe_softmax(self, dim, dtype=None):
    x = self if dtype is None else self.to(dtype)
    empty = (x == -torch.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(empty, 0.0), dim).masked_fill(empty, 0.0)


def _prelu_kernel(self, weight):
    return torch.where(self > 0, self, weight * self)


def rrelu(self, lower=0.125, upper=1 / 3, training=False, generator=None):
    return F.rrelu(self, lower, upper, training)


def rrelu_with_noise(self, noise, lower=0.125, upper=1 / 3, training=False, generator=None):
    return F.rrelu(self, lower, upper, training)


def rrelu_with_noise_functional(self, noise, lower=0.125, upper=1 / 3, training=False, generator=None):
    return F.rrelu(self, lower, upper, training), noise


def native_dropout(input, p, train):
    kept = torch.dropout(torch.ones_like(input), p, train is not False)
    return input * kept, kept != 0


def feature_alpha_dropout(input, p, train):
    return F.feature_alpha_dropout(input, p, train)


# attention: the others' results beside the output are for the gradient, and nothing reads them


def _scaled_dot_product_attention_math(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, dropout_mask=None, *, scale=None, enable_gqa=False):
    return F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa), None


def _scaled_dot_product_flash_attention_for_cpu(query, key, value, dropout_p=0.0, is_causal=False, *, attn_mask=None, scale=None):
    return F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale), None


def _scaled_dot_product_flash_attention(query, key, value, dropout_p=0.0, is_causal=False, return_debug_mask=False, *, scale=None):
    return (F.scaled_dot_product_attention(query, key, value, None, dropout_p, is_causal, scale), *[None] * 8)


def _scaled_dot_product_efficient_attention(query, key, value, attn_bias, compute_log_sumexp, dropout_p=0.0, is_causal=False, *, scale=None):
    return (F.scaled_dot_product_attention(query, key, value, attn_bias, dropout_p, is_causal, scale), *[None] * 3)


# pools: an empty stride is the kernel's size


def __pool(function, **settings):
    def run(self, kernel_size, stride=None, *rest, **options):
        return function(self, kernel_size, stride or kernel_size, *rest, **options, **settings)

    return run


max_pool1d = __pool(F.max_pool1d)
max_pool2d = __pool(F.max_pool2d)
max_pool3d = __pool(F.max_pool3d)
max_pool1d_with_indices = __pool(F.max_pool1d, return_indices=True)
max_pool2d_with_indices = __pool(F.max_pool2d, return_indices=True)
max_pool3d_with_indices = __pool(F.max_pool3d, return_indices=True)
avg_pool1d = __pool(F.avg_pool1d)
avg_pool2d = __pool(F.avg_pool2d)
avg_pool3d = __pool(F.avg_pool3d)


def _adaptive_avg_pool2d(self, output_size):
    return F.adaptive_avg_pool2d(self, output_size)


def _adaptive_avg_pool3d(self, output_size):
    return F.adaptive_avg_pool3d(self, output_size)


def adaptive_max_pool1d(self, output_size):
    return F.adaptive_max_pool1d(self, output_size, return_indices=True)


def adaptive_max_pool2d(self, output_size):
    return F.adaptive_max_pool2d(self, output_size, return_indices=True)


def adaptive_max_pool3d(self, output_size):
    return F.adaptive_max_pool3d(self, output_size, return_indices=True)


# resizing and sampling: by sizes, by one list of factors (`vec`), or by sizes with the factors that gave them


def __resize(mode, aligned=False, antialias=False):
    def run(input, output_size, *rest, align_corners=None, scale_factors=None, scales=None, scales_d=None, scales_h=None, scales_w=None):
        rest = list(rest)
        if aligned and rest:
            align_corners = rest.pop(0)
        factors = rest or scale_factors or [s for s in (scales, scales_d, scales_h, scales_w) if s is not None]
        if factors and (factors[0] is None or isinstance(factors[0], (list, tuple))):
            factors = factors[0] if len(factors) == 1 or factors[0] is not None else None
        if output_size is not None and factors:
            sizes = [int(size * factor) for size, factor in zip(input.shape[2:], factors)]
            factors = factors if sizes == list(output_size) else None
        by = {"scale_factor": tuple(factors)} if factors else {"size": tuple(output_size)}
        return F.interpolate(input, **by, mode=mode, align_corners=align_corners, antialias=antialias)

    return run


upsample_nearest1d = upsample_nearest2d = upsample_nearest3d = __resize("nearest")
_upsample_nearest_exact1d = _upsample_nearest_exact2d = _upsample_nearest_exact3d = __resize("nearest-exact")
upsample_linear1d = __resize("linear", True)
upsample_bilinear2d = __resize("bilinear", True)
upsample_trilinear3d = __resize("trilinear", True)
upsample_bicubic2d = __resize("bicubic", True)
_upsample_bilinear2d_aa = __resize("bilinear", True, True)
_upsample_bicubic2d_aa = __resize("bicubic", True, True)


def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    mode = ("bilinear", "nearest", "bicubic")[interpolation_mode]
    return F.grid_sample(input, grid, mode, ("zeros", "border", "reflection")[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta, size, align_corners):
    return F.affine_grid(theta, size, align_corners)


# padding


def __pad(mode):
    def run(self, padding):
        return F.pad(self, padding, mode)

    return run


reflection_pad1d = reflection_pad2d = reflection_pad3d = __pad("reflect")
replication_pad1d = replication_pad2d = replication_pad3d = __pad("replicate")
_pad_circular = __pad("circular")


def _pad_enum(self, pad, mode, value=None):
    return F.pad(self, pad, ("constant", "reflect", "replicate", "circular")[mode], value)


# embeddings


def embedding_bag(weight, indices, offsets, scale_grad_by_freq=False, mode=0, sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None):
    padding_idx = None if padding_idx == -1 else padding_idx
    mode = ("sum", "mean", "max")[mode]
    y = F.embedding_bag(indices, weight, offsets, mode=mode, per_sample_weights=per_sample_weights, include_last_offset=include_last_offset, padding_idx=padding_idx)
    return y, None, None, None


_embedding_bag = _embedding_bag_forward_only = embedding_bag
