import torch, torch.nn as nn

class SoftTree(nn.Module):
    """soft decision tree, recursive"""
    def __init__(self, depth, in_dim, n_classes):
        super().__init__()
        self.depth = depth
        if depth == 0:
            self.leaf = nn.Parameter(torch.randn(n_classes))
        else:
            self.gate = nn.Linear(in_dim, 1)
            self.left = SoftTree(depth - 1, in_dim, n_classes)
            self.right = SoftTree(depth - 1, in_dim, n_classes)
    def forward(self, x):
        if self.depth == 0:
            return self.leaf.softmax(0).expand(len(x), -1)
        p = torch.sigmoid(self.gate(x))
        return p * self.left(x) + (1 - p) * self.right(x)
    def __len__(self):
        return 1 if self.depth == 0 else len(self.left) + len(self.right)
