# Losses: ATen counts the reductions.

__REDUCTIONS = ("none", "mean", "sum")


def binary_cross_entropy(self, target, weight=None, reduction=1):
    return F.binary_cross_entropy(self, target, weight, reduction=__REDUCTIONS[reduction])


def binary_cross_entropy_with_logits(self, target, weight=None, pos_weight=None, reduction=1):
    return F.binary_cross_entropy_with_logits(self, target, weight, pos_weight=pos_weight, reduction=__REDUCTIONS[reduction])


def cross_entropy_loss(self, target, weight=None, reduction=1, ignore_index=-100, label_smoothing=0.0):
    return F.cross_entropy(self, target, weight, reduction=__REDUCTIONS[reduction], ignore_index=ignore_index, label_smoothing=label_smoothing)


def nll_loss(self, target, weight=None, reduction=1, ignore_index=-100):
    return F.nll_loss(self, target, weight, reduction=__REDUCTIONS[reduction], ignore_index=ignore_index)


nll_loss_nd = nll_loss2d = nll_loss


def nll_loss_forward(self, target, weight, reduction, ignore_index):
    counted = target != ignore_index
    total = counted.sum().to(self.dtype) if weight is None else (weight[target.where(counted, 0)] * counted).sum()
    return nll_loss(self, target, weight, reduction, ignore_index), total


nll_loss2d_forward = nll_loss_forward


def mse_loss(self, target, reduction=1):
    return F.mse_loss(self, target, reduction=__REDUCTIONS[reduction])


def l1_loss(self, target, reduction=1):
    return F.l1_loss(self, target, reduction=__REDUCTIONS[reduction])


def smooth_l1_loss(self, target, reduction=1, beta=1.0):
    return F.smooth_l1_loss(self, target, reduction=__REDUCTIONS[reduction], beta=beta)


def huber_loss(self, target, reduction=1, delta=1.0):
    return F.huber_loss(self, target, __REDUCTIONS[reduction], delta)


def kl_div(self, target, reduction=1, *, log_target=False):
    return F.kl_div(self, target, reduction=__REDUCTIONS[reduction], log_target=log_target)


def poisson_nll_loss(input, target, log_input, full, eps, reduction):
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=__REDUCTIONS[reduction])


def soft_margin_loss(self, target, reduction=1):
    return F.soft_margin_loss(self, target, reduction=__REDUCTIONS[reduction])


def multi_margin_loss(self, target, p=1, margin=1, weight=None, reduction=1):
    return F.multi_margin_loss(self, target, p, margin, weight, reduction=__REDUCTIONS[reduction])


def multilabel_margin_loss(self, target, reduction=1):
    return F.multilabel_margin_loss(self, target, reduction=__REDUCTIONS[reduction])


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=1):
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=__REDUCTIONS[reduction])


def hinge_embedding_loss(self, target, margin=1.0, reduction=1):
    return F.hinge_embedding_loss(self, target, margin, reduction=__REDUCTIONS[reduction])


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction=1):
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=__REDUCTIONS[reduction])


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-06, swap=False, reduction=1):
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=__REDUCTIONS[reduction])
