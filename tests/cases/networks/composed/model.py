import torch
import torch.nn as nn
import torch.nn.functional as F


class Composed(nn.Module):
    """Functions that torch composes of others, as people call them: by torch's name and as methods."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 4))
        self.register_buffer("edges", torch.tensor([-1.0, 0.0, 0.5, 2.0]))

    def forward(self, x):
        # x: (3, 4, 3)
        y = x[0] @ x[1].t() + self.weight
        holes = torch.where(x > 1, torch.tensor(float("nan")), x)
        row = y[0]
        low, high = torch.aminmax(x, dim=2)
        every = x.aminmax()
        return (
            torch.trace(y), y.trace(),
            torch.diff(x), x.diff(n=2, dim=1), torch.diff(row, prepend=row[:1], append=row[-1:]), (x > 0).diff(dim=0),
            torch.cross(x, x.flip(2), dim=2), x.cross(x * 2 + 1, dim=0),
            holes.nansum(), torch.nansum(holes, 1), torch.nanmean(holes, dim=(0, 2), keepdim=True),
            torch.atleast_1d(row[0]), torch.atleast_2d(row), torch.atleast_3d(row), *torch.atleast_2d([row[0], row]),
            torch.column_stack((row, y)), *torch.hsplit(x, 2), *x.vsplit([1]),
            torch.hypot(x, x.flip(0)), torch.fmax(holes, x.flip(1)), torch.fmin(holes, x.flip(1)),
            low, high, every.min, every.max,
            torch.rot90(y), x.rot90(-1, (1, 2)), torch.rot90(x, 2, (0, 1)), torch.rot90(x, 4),
            torch.diag_embed(y), y.diag_embed(1), torch.diag_embed(y, -2, 0, 1), torch.diag_embed(y, 1, 2, 0),
            torch.kron(y[:2, :2], x[0, :2]), row.kron(row), torch.addr(y, row, row, beta=0.5, alpha=2.0),
            torch.select_scatter(y, row, 0, 2),
            torch.searchsorted(self.edges, x), torch.bucketize(x, self.edges, right=True),
            torch.isin(torch.tensor([1, 2, 3]), torch.tensor([3, 1])), torch.isin(torch.tensor([1, 2, 3]), 2, invert=True),
            torch.quantile(x, 0.3), x.quantile(torch.tensor([0.0, 0.25, 1.0], dtype=x.dtype), dim=1), torch.quantile(y, 0.6, dim=0, keepdim=True),
            torch.quantile(x, torch.tensor([0.5], dtype=x.dtype), dim=2, interpolation="nearest"),
            torch.trapezoid(y), torch.trapz(y, dx=0.5, dim=0), torch.trapezoid(y, self.edges),
            torch.cov(y), torch.cov(row, correction=0), torch.corrcoef(y),
            torch.heaviside(x, torch.tensor(0.5, dtype=x.dtype)), y.msort(), torch.matrix_power(y, 3), y.matrix_power(0),
            torch.cartesian_prod(row, self.edges), *x.unsafe_chunk(2, 1),
            torch.block_diag(y, row, row[0]), torch.combinations(row, 3), torch.combinations(row, with_replacement=True),
            F.pdist(y), F.pdist(y, p=1.0),
            F.triplet_margin_with_distance_loss(y, y.flip(0), y.flip(1)),
            F.triplet_margin_with_distance_loss(y, y.flip(0), y.flip(1), distance_function=lambda a, b: (a - b).abs().sum(1), margin=0.5, swap=True, reduction="none"),
        )
