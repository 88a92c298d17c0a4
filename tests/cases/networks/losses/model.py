import torch
import torch.nn.functional as F
from torch import nn


class Losses(nn.Module):
    """Losses and distances, as a network may compute its own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.tensor([0.5, 1.0, 2.0, 1.5]))
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.cosine = nn.CosineSimilarity(dim=1)
        self.pairwise = nn.PairwiseDistance(p=2)
        self.bilinear = nn.Bilinear(4, 4, 3)
        self.bag = nn.EmbeddingBag(10, 3, mode="mean")

    def forward(self, x, target):
        other = x.flip(0) * 0.5
        p, q = torch.sigmoid(x), torch.sigmoid(other)
        log = F.log_softmax(x, dim=1)
        y = {}
        y["entropy"] = self.criterion(x, target), F.cross_entropy(x, target, weight=self.weight), F.cross_entropy(x, target, ignore_index=1, reduction="none")
        y["soft"] = F.cross_entropy(x, F.softmax(other, 1)), F.cross_entropy(x, target, weight=self.weight, label_smoothing=0.2, reduction="sum")
        y["nll"] = F.nll_loss(log, target), F.nll_loss(log, target, weight=self.weight, reduction="sum"), F.nll_loss(log, target, ignore_index=2)
        y["binary"] = F.binary_cross_entropy(p, q), F.binary_cross_entropy_with_logits(x, q, pos_weight=self.weight), F.binary_cross_entropy_with_logits(x, q, weight=self.weight, reduction="none")
        y["gaps"] = F.mse_loss(x, other), F.l1_loss(x, other, reduction="sum"), F.smooth_l1_loss(x, other, beta=0.5), F.huber_loss(x, other, delta=0.3)
        y["kl"] = F.kl_div(log, q, reduction="batchmean"), F.kl_div(log, log.flip(0), log_target=True, reduction="sum")
        y["distances"] = self.cosine(x, other), self.pairwise(x, other), F.cosine_similarity(x[:, None], other[None], dim=-1), torch.cdist(x, other, p=1.0)
        y["products"] = self.bilinear(x, other), self.bag(target.view(-1, 1)), self.bag(target, torch.tensor([0, 2]))
        y["attention"] = F.scaled_dot_product_attention(x[None], other[None], x[None]), F.scaled_dot_product_attention(x[None], other[None], x[None], is_causal=True)
        return y
