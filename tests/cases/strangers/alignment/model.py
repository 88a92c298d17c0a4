"""Rigid alignment of two point clouds by the singular vectors of their covariance, and other small matrices."""
import torch
import torch.nn as nn


class Align(nn.Module):
    def __init__(self, d=5):
        super().__init__()
        self.emb = nn.Sequential(nn.Conv1d(3, d, 1), nn.ReLU(), nn.Conv1d(d, d, 1))
        self.reflect = nn.Parameter(torch.diag(torch.tensor([1.0, 1.0, -1.0])), requires_grad=False)
        self.skew = nn.Parameter(torch.randn(3, 3))

    def forward(self, a, b):
        scores = torch.softmax(self.emb(a).transpose(1, 2) @ self.emb(b) / 2, -1)
        matched = b @ scores.transpose(1, 2)
        cov = (a - a.mean(2, keepdim=True)) @ (matched - matched.mean(2, keepdim=True)).transpose(1, 2)
        turns = []
        for matrix in cov:
            u, s, v = torch.svd(matrix)
            turn = v @ u.t()
            if torch.det(turn) < 0:
                turn = v @ self.reflect @ u.t()
            turns.append(turn)
        q, r = torch.linalg.qr(self.emb[0].weight[:, :, 0])
        rotation = torch.matrix_exp(self.skew.triu(1) - self.skew.triu(1).T)
        gram = a @ a.transpose(1, 2)
        values, vectors = torch.linalg.eigh(gram)
        whitened = vectors @ torch.diag_embed(values.rsqrt()) @ vectors.mT
        fit = torch.linalg.lstsq(a.mT, b.mT).solution
        return torch.stack(turns), q, r, rotation, whitened, torch.linalg.pinv(a), fit, torch.linalg.svdvals(a)
