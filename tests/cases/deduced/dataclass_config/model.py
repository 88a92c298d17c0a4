from dataclasses import dataclass, field
from typing import List, Optional

import torch
from torch import nn


@dataclass
class ModelConfig:
    in_features: int
    n_classes: int
    widths: List[int] = field(default_factory=lambda: [32, 32])
    activation: str = "relu"
    dropout: float = 0.1
    use_layer_norm: bool = False


class TabularNet(nn.Module):
    def __init__(self, cfg: ModelConfig) -> None:
        super().__init__()
        self.cfg = cfg
        act = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}[cfg.activation]
        blocks = []
        width = cfg.in_features
        for w in cfg.widths:
            blocks.append(nn.Linear(width, w))
            if cfg.use_layer_norm:
                blocks.append(nn.LayerNorm(w))
            blocks += [act(), nn.Dropout(cfg.dropout)]
            width = w
        self.backbone = nn.Sequential(*blocks)
        self.head = nn.Linear(width, cfg.n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x))
