import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.DataParallel(nn.Linear(4, 3))
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 6], div_value=2.0)

    def forward(self, x, matrix, positive):
        spd = matrix @ matrix.mT + torch.eye(3)
        out = {
            "lgamma": torch.lgamma(positive),
            "digamma": positive.digamma(),
            "logcumsumexp": x.logcumsumexp(1),
            "signbit": torch.signbit(x),
            "copysign": torch.copysign(positive, x),
            "masked_scatter": x.masked_scatter(x > 0, positive),
            "diag": torch.diag(x[0]),
            "as_strided": torch.as_strided(x, (2, 3), (4, 1), 1),
            "histc": torch.histc(x, 5, -2, 2),
            "index_reduce": x.index_reduce(0, torch.tensor([0, 2, 0]), positive, "amax"),
            "det": torch.linalg.det(matrix),
            "inv": torch.inverse(spd),
            "solve": torch.linalg.solve(spd, matrix),
            "cholesky": torch.linalg.cholesky(spd),
            "slogdet": torch.linalg.slogdet(spd).logabsdet,
            "matrix_norm": torch.linalg.matrix_norm(matrix),
            "power": torch.linalg.matrix_power(spd, -1),
            "shapes": list(torch.broadcast_shapes((2, 1), (3,))),
            "log_prob": self.softmax.log_prob(x),
            "score": self.softmax(x, torch.tensor([0, 4, 8])).output,
            "inner": self.inner(x),
        }
        out["scattered"] = torch.diagonal_scatter(x, positive[0, :3], 1)
        x = x.clone()
        out["filled"] = x.fill_diagonal_(2.0)
        return out
