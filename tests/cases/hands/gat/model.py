import torch
import torch.nn as nn
import torch.nn.functional as F


class GATLayer(nn.Module):
    """Graph attention over an edge index of shape (2, E); scores are normalised over the edges into each node."""

    def __init__(self, in_features, out_features, num_heads, concat=True, dropout=0.6, add_skip=True):
        super().__init__()
        self.num_heads, self.out_features, self.concat = num_heads, out_features, concat
        self.linear_proj = nn.Linear(in_features, num_heads * out_features, bias=False)
        self.scoring_source = nn.Parameter(torch.Tensor(1, num_heads, out_features))
        self.scoring_target = nn.Parameter(torch.Tensor(1, num_heads, out_features))
        self.skip_proj = nn.Linear(in_features, num_heads * out_features, bias=False) if add_skip else self.register_parameter('skip_proj', None)
        self.bias = nn.Parameter(torch.Tensor(num_heads * out_features if concat else out_features))
        self.leaky = nn.LeakyReLU(0.2)
        self.dropout = nn.Dropout(p=dropout)
        self.init_params()

    def init_params(self):
        nn.init.xavier_uniform_(self.linear_proj.weight)
        nn.init.xavier_uniform_(self.scoring_source)
        nn.init.xavier_uniform_(self.scoring_target)
        torch.nn.init.zeros_(self.bias)

    def forward(self, data):
        x, edge_index = data
        n = x.shape[0]
        src, trg = edge_index
        proj = self.dropout(self.linear_proj(self.dropout(x)).view(-1, self.num_heads, self.out_features))
        s_src = (proj * self.scoring_source).sum(dim=-1)
        s_trg = (proj * self.scoring_target).sum(dim=-1)
        scores = self.leaky(s_src.index_select(0, src) + s_trg.index_select(0, trg))
        scores = (scores - scores.max()).exp()
        index = trg.unsqueeze(-1).expand_as(scores)
        denom = torch.zeros(n, self.num_heads, dtype=x.dtype, device=x.device).scatter_add_(0, index, scores)
        attention = self.dropout((scores / (denom.index_select(0, trg) + 1e-16)).unsqueeze(-1))
        weighted = proj.index_select(0, src) * attention
        out = torch.zeros((n,) + weighted.shape[1:], dtype=x.dtype)
        out.scatter_add_(0, trg.view(-1, 1, 1).expand_as(weighted), weighted)
        if self.skip_proj is not None:
            out += self.skip_proj(x).view(-1, self.num_heads, self.out_features)
        out = out.view(-1, self.num_heads * self.out_features) if self.concat else out.mean(dim=1)
        out += self.bias
        return (F.elu(out) if self.concat else out, edge_index)


class GAT(nn.Module):
    def __init__(self, num_features_per_layer, num_heads_per_layer):
        super().__init__()
        num_heads = [1] + num_heads_per_layer
        layers = []
        for i in range(len(num_heads_per_layer)):
            layers.append(GATLayer(num_features_per_layer[i] * num_heads[i], num_features_per_layer[i + 1], num_heads[i + 1],
                                   concat=i < len(num_heads_per_layer) - 1))
        self.gat_net = nn.Sequential(*layers)

    def forward(self, x, edge_index):
        return self.gat_net((x, edge_index))[0]
