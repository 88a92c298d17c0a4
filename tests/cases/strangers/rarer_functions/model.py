"""Functions that few networks call, and numbers that come as tensors."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Rarer(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.vocabulary = nn.LinearCrossEntropyLoss(4, 5, out_features=(2,), bias=True, ignore_index=3, label_smoothing=0.1)
        self.plain = nn.NLLLoss2d()
        self.across = nn.CrossMapLRN2d(3, alpha=0.5)
        self.register_buffer("two", torch.tensor(2))

    def forward(self, x):
        # x: (3, 4)
        x = x * self.scale
        off = torch.tensor([x.size(0) - 1])
        holes = torch.where(x > 0.8, torch.nan, x)
        middle = holes.nanmedian(1)
        drawn = torch.multinomial(x.softmax(-1), 3)
        return (
            F.pad(x, [off // 2, off - off // 2]), torch.zeros((self.two, 2)), torch.linspace(torch.tensor(0.0), torch.tensor(1.0), 5),
            x.repeat(self.two, 1), F.dropout(x, torch.tensor(0.5), training=False), F.interpolate(x[None, None], size=(self.two, self.two * 3)),
            torch.add(x, x, alpha=self.two), x.split([1, torch.tensor(1), 2], dim=1)[2], torch.arange(0, self.two * 3, self.two),
            torch.i0(x * 8 - 4), torch.special.i0(x), torch.kaiser_window(7), torch.kaiser_window(6, False, 5.0), torch.renorm(x, 2, 0, 0.7),
            torch.nanquantile(holes, 0.4), holes.nanquantile(torch.tensor([0.1, 0.9]), dim=1), holes.nanquantile(0.5, dim=0, keepdim=True),
            holes.nanmedian(), middle.values, middle.indices, torch.vander(x[0], 3), torch.chain_matmul(x, x.T, x), *torch.unravel_index(off * 2, (2, 3)),
            torch.linalg.matrix_rank(torch.eye(3)), torch.linalg.cond(x[:, :3] + 2 * torch.eye(3)), torch.cholesky_solve(x, torch.eye(3) * 2),
            torch.cholesky_inverse(torch.eye(3) * 2 + torch.ones(3, 3).tril(-1)), drawn.sort(-1).values.shape, (drawn >= 0).all(),
            torch.multinomial(torch.tensor([0.0, 1.0, 0.0]), 4, replacement=True), x.is_signed(),
            torch.allclose(x, x + 1e-9), torch.equal(x, x + 1), x.round(decimals=1).mode(0), torch.mode(x > 0.2, keepdim=True).values,
            F.gumbel_softmax(torch.tensor([[0.0, 90.0, 0.0], [90.0, 0.0, 0.0]]), tau=0.5, hard=True), torch.polygamma(1, x.abs() + 0.1), torch.polygamma(3, x.abs() + 1),
            nn.utils.parameters_to_vector(self.parameters()), self.across(x.reshape(1, 3, 2, 2)),
            self.vocabulary(x, torch.tensor([[1, 0], [4, 2], [3, 3]])), self.plain(x.log_softmax(-1), torch.tensor([1, 3, 0])),
            torch.conv_tbc(x.reshape(3, 2, 2), torch.ones(2, 2, 3), torch.tensor([0.1, 0.2, 0.3]), 1),
        )
