"""Message passing whose base class reads the signatures of its methods."""
import inspect
from collections import OrderedDict

import torch
from torch import nn


class MessagePassing(nn.Module):
    def __init__(self, aggr="sum"):
        super().__init__()
        self.aggr = aggr
        self.message_args = dict(inspect.signature(self.message).parameters)
        update = OrderedDict(inspect.signature(self.update).parameters)
        update.popitem(last=False)
        self.update_args = update

    def propagate(self, edge_index, **kwargs):
        source, target = edge_index
        given = {}
        for name, parameter in self.message_args.items():
            if name.endswith("_j"):
                given[name] = kwargs[name[:-2]].index_select(0, source)
            elif name.endswith("_i"):
                given[name] = kwargs[name[:-2]].index_select(0, target)
            elif name in kwargs or parameter.default is inspect.Parameter.empty:
                given[name] = kwargs[name]
        messages = self.message(**given)
        nodes = kwargs["x"].size(0)
        index = target.view(-1, 1).expand_as(messages)
        out = messages.new_zeros(nodes, messages.size(1))
        out = out.scatter_reduce(0, index, messages, reduce=self.aggr, include_self=False)
        return self.update(out, **{name: kwargs[name] for name in self.update_args})

    def message(self, x_j):
        return x_j

    def update(self, out):
        return out


class Edge(MessagePassing):
    def __init__(self, i, o, aggr):
        super().__init__(aggr)
        self.mlp = nn.Linear(2 * i, o)

    def forward(self, x, edge_index):
        return self.propagate(edge_index, x=x)

    def message(self, x_i, x_j, scale=0.5):
        return self.mlp(torch.cat([x_i, x_j - x_i], 1)) * scale

    def update(self, out, x):
        return out + x.mean(1, keepdim=True)


class Net(nn.Module):
    def __init__(self, d=3, h=4):
        super().__init__()
        self.convs = nn.ModuleList(Edge(d if i == 0 else h, h, aggr) for i, aggr in enumerate(["amax", "mean", "sum", "amin"]))

    def forward(self, x, edge_index):
        for conv in self.convs:
            x = conv(x, edge_index)
        return x
