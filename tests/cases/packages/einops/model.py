import torch
from torch import nn
import einops
from einops import rearrange, reduce, repeat, pack, unpack, parse_shape, einsum, EinopsError

MOVES = [
    ("b c h w -> b (c h) w", {}),
    ("b c h w -> w h c b", {}),
    ("b ... -> ... b", {}),
    ("b c (h p1) (w p2) -> b (h w) (p1 p2 c)", {"p1": 2, "p2": 4}),
    ("(b n) c h w -> b n c h w", {"n": 1}),
    ("b (c1 c2) h w -> c2 b c1 (h w)", {"c1": 2}),
    ("b c h w -> b 1 (c h w)", {}),
    ("b c h w -> b c () h w", {}),
    ("b c ... -> b (...) c", {}),
    ("... w -> w ...", {}),
]
REDUCTIONS = [
    ("b c h w -> b c", "mean", {}),
    ("b c h w -> b c 1 1", "max", {}),
    ("b c h w -> b c () ()", "min", {}),
    ("b c (h 2) (w 2) -> b h w c", "sum", {}),
    ("b c (h h2) (w w2) -> b c h w", "max", {"h2": 3, "w2": 4}),
    ("b c h w ->", "mean", {}),
    ("b ... w -> w", "prod", {}),
]
REPEATS = [
    ("b c h w -> b c h w r", {"r": 2}),
    ("b c h w -> b c (h 2) (w 2)", {}),
    ("b c h w -> (r b) c h w", {"r": 3}),
    ("b ... -> b ... 2", {}),
]
WRONG = [
    ("b c h w -> b (c h)", {}),
    ("b c h -> b c h", {}),
    ("b (c x) h w -> b c x h w", {"x": 3}),
    ("b c h w -> b c h w", {"q": 3}),
    ("b b h w -> b h w", {}),
    ("b ((c h) w) -> b c h w", {}),
    ("b c h 2 -> b c h", {}),
    ("b_ c h w -> c h w b_", {}),
]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3))

    def forward(self, x, tokens):
        out = {}
        for i, (pattern, axes) in enumerate(MOVES):
            out[f"move {i}"] = rearrange(x, pattern, **axes)
        for i, (pattern, how, axes) in enumerate(REDUCTIONS):
            out[f"reduce {i}"] = reduce(x, pattern, how, **axes)
        for i, (pattern, axes) in enumerate(REPEATS):
            out[f"repeat {i}"] = einops.repeat(x, pattern, **axes)
        for i, (pattern, axes) in enumerate(WRONG):
            try:
                out[f"wrong {i}"] = rearrange(x, pattern, **axes)
            except EinopsError as error:
                out[f"wrong {i}"] = str(error)
        out["any"] = reduce(x > 1, "b c h w -> b c", "any")
        out["callable"] = reduce(x, "b c h w -> b c", torch.logsumexp)
        out["list"] = rearrange([x[0], x[1]], "b c h w -> c (b h) w")
        mixed, shapes = pack([tokens, x[:, 0, 0, :4], x[:, :3]. flatten(3)[..., :4]], "b * c")
        out["packed"] = mixed
        out["unpacked"] = unpack(mixed, shapes, "b * c")
        out["shapes"] = [tuple(s) for s in shapes]
        out["minus"] = unpack(mixed, [(6,), (-1,)], "b * c")
        out["shape"] = parse_shape(x, "b _ h w")
        out["einsum"] = einsum(tokens, self.weight, "batch time in, in out -> batch time out")
        out["ellipsis"] = einops.einsum(x[..., :4], self.weight, "... a, a b -> ... b")
        return out
