import torch
import torch.nn as nn


class TwoHeads(nn.Module):
    """A picture and some numbers in, a dict out."""

    def __init__(self, classes=4):
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1),
            nn.PReLU(6),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(6 * 16, 10),
        )
        self.numbers = nn.Linear(5, 10)
        self.mix = nn.Bilinear(10, 10, 8)
        self.heads = nn.ModuleDict({"class": nn.Linear(8, classes), "size": nn.Linear(8, 1)})

    def forward(self, image, numbers):
        a = self.image(image)
        b = torch.sigmoid(self.numbers(numbers))
        features = torch.relu(self.mix(a, b))
        logits = self.heads["class"](features)
        return {
            "logits": logits,
            "size": self.heads["size"](features).squeeze(-1),
            "best": logits.argmax(dim=1),
            "parts": [a, b],
        }
