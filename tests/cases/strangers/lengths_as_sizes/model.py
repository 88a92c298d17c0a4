"""Tensors of one integer as sizes, as people write them who never call .item(); and torch's keywords of what cuts and turns."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from tqdm import tqdm


def sequence_mask(lengths, max_len=None):
    if max_len is None:
        max_len = lengths.max()
    return torch.arange(max_len, device=lengths.device)[None, :] < lengths[:, None]


class Up(nn.Module):
    """Pads the smaller map to the larger one, with borders that are tensors (the U-Net of many repositories)."""

    def __init__(self, channels):
        super().__init__()
        self.up = nn.ConvTranspose1d(channels, channels, 2, stride=2)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        diff = torch.tensor([x2.size()[2] - x1.size()[2]])
        x1 = F.pad(x1, [diff // 2, diff - diff // 2])
        return torch.cat([x2, x1], dim=1)


class Batcher(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.pool = nn.MaxPool1d(2)
        self.up = Up(channels)
        self.head = nn.Linear(2 * channels, classes)

    def forward(self, x, lengths):
        B = torch.tensor(x.shape[0])
        longest = lengths.max()
        h = self.up(self.pool(x), x)
        left, right = torch.split(tensor=h, split_size_or_sections=[longest, h.size(-1) - longest], dim=-1)
        mask = sequence_mask(lengths)
        logits = self.head(torch.swapaxes(left, axis0=1, axis1=2))
        logits = logits.masked_fill(~mask.unsqueeze(-1), 0.0)
        out = torch.zeros(B, longest + 1, 3)
        out[:, 1:] += logits
        counts = F.one_hot(lengths, num_classes=longest + 1)
        return {
            "logits": out.reshape(B * (longest + 1), -1),
            "rest": right.narrow(2, lengths.min(), 1),
            "counts": counts.view(size=(1, -1)),
            "tiled": torch.tile(mask[:1].repeat(B, 1), dims=(1, 2)),
            "steps": torch.arange(0, lengths.sum(), step=2),
            "wide": F.interpolate(x, size=longest * 2, mode="linear", align_corners=False),
            "reversed": torch.rsub(x, 1, alpha=2),
        }


if __name__ == "__main__":
    for epoch in tqdm(range(3)):
        pass
