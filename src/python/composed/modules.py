# Classes of torch.nn that are written in terms of its others.


class DataParallel(torch.nn.Module):
    """A wrapper that splits batches over devices; there is one here."""

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.dim = dim
        self.module = module

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)


class TripletMarginWithDistanceLoss(torch.nn.Module):
    """Near ones nearer than far ones, by a distance of one's own."""

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__()
        self.distance_function = distance_function
        self.margin = margin
        self.swap = swap
        self.reduction = reduction

    def forward(self, anchor, positive, negative):
        options = dict(distance_function=self.distance_function, margin=self.margin, swap=self.swap, reduction=self.reduction)
        return triplet_margin_with_distance_loss(anchor, positive, negative, **options)


_Scored = collections.namedtuple("ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(torch.nn.Module):
    """A softmax over many classes: the frequent ones in the head, the others in clusters with narrower layers."""

    def __init__(self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if cutoffs != sorted(set(cutoffs)) or min(cutoffs) <= 0 or max(cutoffs) > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = cutoffs + [n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = torch.nn.Linear(in_features, self.head_size, bias=head_bias)
        self.tail = torch.nn.ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(torch.nn.Sequential(torch.nn.Linear(in_features, hidden, bias=False), torch.nn.Linear(hidden, size, bias=False)))

    def log_prob(self, input):
        head = torch.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            parts.append(torch.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return torch.cat(parts, 1)

    def predict(self, input):
        return self.log_prob(input).argmax(dim=1)

    def forward(self, input, target):
        rows = input if target.dim() else input.unsqueeze(0)
        output = self.log_prob(rows).gather(1, target.reshape(-1, 1)).squeeze(1)
        return _Scored(output if target.dim() else output.squeeze(0), -output.mean())


class CrossMapLRN2d(torch.nn.Module):
    """LocalResponseNorm over the channels of images, over a window that is as wide on either side."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        reach = (self.size - 1) // 2
        squares = torch.nn.functional.pad(input.square(), (0, 0, 0, 0, reach, reach))
        sums = sum(squares[:, i : i + input.shape[1]] for i in range(2 * reach + 1))
        # as torch has it, the first channel never leaves the running sum
        late = torch.arange(input.shape[1]).reshape(-1, 1, 1) > reach
        sums = sums + late * input[:, :1].square()
        return input * (self.k + self.alpha / self.size * sums) ** -self.beta


class NLLLoss2d(torch.nn.NLLLoss):
    """NLLLoss under the name that it had for images."""


class LinearCrossEntropyLoss(torch.nn.Module):
    """A linear layer and the cross entropy of what it gives."""

    def __init__(
        self, in_features, num_classes, *, out_features=(), bias=False, device=None, dtype=None,
        reduction="mean", weight=None, ignore_index=None, label_smoothing=0.0, options=None,
    ):
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        self.linear = torch.nn.Linear(in_features, num_classes * math.prod(out_features), bias=bias, dtype=dtype)

    def forward(self, input, target):
        shape = (self.num_classes, *self.out_features)
        return linear_cross_entropy(
            input, self.linear.weight.reshape(*shape, -1), target,
            linear_bias=None if self.linear.bias is None else self.linear.bias.reshape(shape), weight=self.weight,
            reduction=self.reduction, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing,
        )
