import torch.nn as nn
import torch.nn.functional as F


class Tabular(nn.Module):
    """Columns in, classes out; the number and size of hidden layers is the caller's."""

    def __init__(self, n_features, n_classes, hidden=(24, 16), p=0.4):
        super().__init__()
        self.norm = nn.BatchNorm1d(n_features, affine=False)
        dims = [n_features, *hidden]
        self.linears = nn.ModuleList(nn.Linear(i, o) for i, o in zip(dims, dims[1:]))
        self.norms = nn.ModuleList([nn.BatchNorm1d(h, eps=1e-3, momentum=0.2) for h in hidden])
        self.dropout = nn.Dropout(p)
        self.head = nn.Linear(dims[-1], n_classes)

    def forward(self, x):
        x = self.norm(x)
        for linear, norm in zip(self.linears, self.norms):
            x = self.dropout(F.elu(norm(linear(x)), alpha=0.8))
        return F.log_softmax(self.head(x), dim=-1)
