import torch
from torch import nn

aten = torch.ops.aten


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(5))

    def forward(self, x, target, ids):
        y, p, logs = {}, aten.sigmoid.default(x), aten.log_softmax.int(x, 1)
        classes, weight = ids % 5, self.weight.abs()
        y["mse"] = aten.mse_loss.default(x, target, 2)
        y["l1"] = aten.l1_loss.default(x, target)
        y["smooth"] = aten.smooth_l1_loss.default(x, target, 1, 0.5)
        y["huber"] = aten.huber_loss.default(x, target, 0, 0.3)
        y["bce"] = aten.binary_cross_entropy.default(p, target.sigmoid(), None, 1)
        y["logits"] = aten.binary_cross_entropy_with_logits.default(x, target.sigmoid(), None, weight, 2)
        y["nll"] = aten.nll_loss_nd.default(logs, classes, weight, 1, 2)
        y["forward"] = aten.nll_loss_forward.default(logs, classes, weight, 1, 2)
        y["cross"] = aten.cross_entropy_loss.default(x, classes, None, 1, -100, 0.1)
        y["kl"] = aten.kl_div.default(logs, target.softmax(1), 2)
        y["poisson"] = aten.poisson_nll_loss.default(x, target.abs(), True, False, 1e-8, 1)
        y["soft"] = aten.soft_margin_loss.default(x, target.sign())
        y["multi"] = aten.multi_margin_loss.default(x, classes)
        y["cosine"] = aten.cosine_embedding_loss.default(x, target, ids.sign() * 2 - 1, 0.1, 0)
        y["hinge"] = aten.hinge_embedding_loss.default(x, target.sign())
        y["ranking"] = aten.margin_ranking_loss.default(x, target, target.sign(), 0.2)
        y["triplet"] = aten.triplet_margin_loss.default(x, target, p)
        return y
