import torch
import torch.nn.functional as F
from torch import nn


class Shapes(nn.Module):
    """Views, permutations, joins, indices."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 6))
        self.register_buffer("where", torch.tensor([2, 0, 1]))

    def forward(self, x):
        b, c, h, w = x.shape
        y = {}
        y["views"] = x.view(b, -1), x.reshape(-1, w), x.flatten(1, 2), x.unflatten(1, (2, -1)), x.squeeze(), x[:1].squeeze(0), x.unsqueeze(-1)
        y["orders"] = x.permute(0, 2, 3, 1), x.transpose(1, 2), x.mT, torch.movedim(x, 1, -1), x[0, 0].t(), x.swapaxes(0, 3)
        y["copies"] = x[:, :1].expand(-1, 3, -1, -1), x.repeat(1, 2, 1, 1), x[0, 0].repeat(2, 1, 1), x.repeat_interleave(2, dim=1), torch.tile(x[0, 0], (2,))
        y["pieces"] = x.chunk(3, dim=1), x.split(2, dim=3), x.split([1, 3], 1), torch.unbind(x[0], 0), x.narrow(2, 1, 2), x.select(1, -1), torch.tensor_split(x, 3, dim=2)
        y["joins"] = torch.cat([x, x * 2], 1), torch.stack((x, -x), dim=-1), torch.hstack([x, x]), torch.vstack([x, x]), torch.cat([x[:, :0], x], dim=1)
        y["moves"] = x.flip(2, 3), x.roll(1, 2), torch.roll(x, (1, -2), (2, 3)), torch.roll(x, 3), x.unfold(3, 2, 2), torch.diagonal(x, 1, 2, 3)
        y["slices"] = x[..., 1:], x[:, None, 0], x[0], x[:, -1], x[..., ::2], x[:, 1:3, :, -2:], x[0, ..., 1], x[:, :, 1, 2], x[...]
        y["indices"] = x[:, self.where], x[:, [0, 2]], x[..., self.where, self.where], x[:, self.where, :, self.where], x[self.where[:1] * 0, 1:]
        y["gathers"] = x.index_select(1, self.where), torch.gather(x, 1, torch.zeros_like(x, dtype=torch.long) + 1), x.take(self.where)
        y["scatters"] = torch.zeros(b, 4).scatter(1, self.where.repeat(b, 1), 1.0), torch.zeros(4, 2).index_add(0, self.where, torch.ones(3, 2))
        y["triangles"] = torch.tril(x[0, 0]), torch.triu(x, 1), torch.eye(3, 4), torch.ones(3, 3).tril(-1).bool()
        y["made"] = torch.arange(2, 8, 2), torch.arange(0.0, 1.0, 0.25), torch.linspace(0, 1, 5), torch.full((2,), 7), x.new_zeros(2), torch.ones_like(x[0]).long()
        y["reduced"] = x.sum((1, 2)), x.mean(-1, keepdim=True), x.var(1), x.std(dim=(2, 3), unbiased=False), x.max(1), x.min(dim=2)[0], x.argmax(), x.argmin(1, keepdim=True)
        y["norms"] = x.norm(), x.norm(dim=1), x.norm(1, 2), torch.logsumexp(x, (1, 2)), x.prod(3), x.cumsum(2), x.amax((0, 1)), torch.std_mean(x, 1), F.normalize(x, dim=1)
        y["any"] = (x > 2).any(), (x > -9).all(1), x.count_nonzero(), x.median(2), x.sort(1, descending=True), x.topk(2), x.argsort(-1), x.kthvalue(2, 1)
        y["products"] = x @ self.w.t(), torch.bmm(x[:, 0], x[:, 1].mT), torch.einsum("bchw,vw->bcvh", x, self.w), torch.einsum("bhij,bhik->bhjk", x, x), torch.einsum("...ij->...ji", x)
        y["dots"] = torch.outer(x[0, 0, 0], self.w[0]), x[0, 0] @ self.w[0], torch.dot(self.w[0], self.w[1]), torch.addmm(x[0, 0, :, :4], x[0, 0], self.w.t(), beta=0.5), torch.einsum("ii->i", self.w[:, :4])
        y["grids"] = torch.meshgrid(self.where, torch.arange(2), indexing="ij"), torch.meshgrid(self.where, torch.arange(2), indexing="xy"), F.one_hot(self.where, 4)
        y["channels"] = F.pixel_shuffle(x, 2), F.pixel_unshuffle(x[..., :2, :4], 2), F.channel_shuffle(x, 2), x.movedim((0, 1), (2, 3)), torch.cdist(x[:, 0], x[:, 1])
        return y
