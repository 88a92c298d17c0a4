import torch
import torch.nn as nn


class Aggregator(nn.Module):
    """Mean over neighbours given by an edge list, one linear map each for a node and its neighbours."""

    def __init__(self, args, n_in, n_out):
        super().__init__()
        self.own = nn.Linear(n_in, n_out, bias=args.bias)
        self.nbr = nn.Linear(n_in, n_out, bias=False)

    def forward(self, x, edge_index):
        src, dst = edge_index[0], edge_index[1]
        summed = torch.zeros_like(x).index_add_(0, dst, x[src])
        degree = torch.zeros(x.size(0)).index_add_(0, dst, torch.ones(dst.size(0)))
        return self.own(x) + self.nbr(summed / degree.clamp(min=1).unsqueeze(1))


class GraphNet(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        sizes = [args.num_features] + [args.hidden] * (args.num_layers - 1) + [args.num_classes]
        self.convs = nn.ModuleList([Aggregator(args, a, b) for a, b in zip(sizes[:-1], sizes[1:])])

    def forward(self, x, edge_index):
        for i, conv in enumerate(self.convs):
            x = conv(x, edge_index)
            if i < len(self.convs) - 1:
                x = torch.dropout(x.relu(), self.args.dropout, self.training)
        return x.log_softmax(dim=-1)
