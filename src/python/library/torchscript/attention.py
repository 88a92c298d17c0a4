class _Nested:
    """A batch of sequences without their padding, as torch's encoders make of it in eval mode: here it keeps the padding, and knows it."""

    def __init__(self, padded, kept):
        self.padded, self.kept = padded, kept
        self.dtype, self.device, self.requires_grad = padded.dtype, padded.device, padded.requires_grad

    def dim(self):
        return self.padded.dim()


def _attend(x, heads, qkv_weight, qkv_bias, weight, bias, hidden, average=None):
    """Self-attention in one piece; `hidden` is True where it does not look. `average` asks for the weights too."""
    batch, time, width = x.shape
    q, k, v = F.linear(x, qkv_weight, qkv_bias).view(batch, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
    looks = torch.softmax(scores if hidden is None else scores.masked_fill(hidden, -math.inf), -1)
    y = F.linear((looks @ v).transpose(1, 2).reshape(batch, time, width), weight, bias)
    return y if average is None else (y, looks.mean(1) if average else looks)


def _hidden(mask, mask_type):
    """A mask of (time, time), of (batch, time), or of both, as attention over heads takes it."""
    if mask is None:
        return None
    mask = mask.to(torch.bool)
    return mask[:, None, None, :] if mask_type == 1 else mask


def _encoder_layer(
    src, width, heads, qkv_weight, qkv_bias, out_weight, out_bias, gelu, norm_first, eps,
    weight_1, bias_1, weight_2, bias_2, up_weight, up_bias, down_weight, down_bias, mask=None, mask_type=None
):  # fmt: skip
    nested = isinstance(src, _Nested)
    x = src.padded if nested else src
    hidden = src.kept.logical_not()[:, None, None, :] if nested else _hidden(mask, mask_type)

    def attend(x):
        return _attend(x, heads, qkv_weight, qkv_bias, out_weight, out_bias, hidden)

    def widen(x):
        y = F.linear(x, up_weight, up_bias)
        return F.linear(F.gelu(y) if gelu else F.relu(y), down_weight, down_bias)

    def first(x):
        return F.layer_norm(x, [width], weight_1, bias_1, eps)

    def second(x):
        return F.layer_norm(x, [width], weight_2, bias_2, eps)

    if norm_first:
        x = x + attend(first(x))
        x = x + widen(second(x))
    else:
        x = first(x + attend(x))
        x = second(x + widen(x))
    return _Nested(x, src.kept) if nested else x


def _self_attention(
    query, key, value, width, heads, qkv_weight, qkv_bias, weight, bias, mask=None, need_weights=True,
    average_attn_weights=True, mask_type=None
):  # fmt: skip
    if key is not query or value is not query:
        refuse("aten::_native_multi_head_attention of a query, key and value that differ")
    y, looks = _attend(query, heads, qkv_weight, qkv_bias, weight, bias, _hidden(mask, mask_type), average_attn_weights)
    return y, looks if need_weights else None


aten._transformer_encoder_layer_fwd = _encoder_layer
aten._native_multi_head_attention = _self_attention
# Where a mask hides what is no end of a sequence torch makes none; what it hides means nothing either way.
aten._nested_tensor_from_mask_left_aligned = lambda x, mask: True
aten._nested_tensor_from_mask = lambda x, mask, check=True: _Nested(x, mask)
aten.to_padded_tensor = lambda x, padding, size=None: x.padded.masked_fill(x.kept.logical_not().unsqueeze(-1), padding)
