import argparse

import torch
import torch.nn as nn
import torchvision
import torchvision.transforms as T
from torchvision import datasets, models, transforms
from torchvision.models.densenet import DenseNet
from torchvision.ops import Conv2dNormActivation

train_transform = transforms.Compose([transforms.RandomHorizontalFlip(), T.ToTensor()])


class Classifier(nn.Module):
    """A torchvision network without its head, and a head of our own."""

    def __init__(self, num_classes=3, pretrained=False):
        super().__init__()
        backbone = models.mobilenet_v3_small(weights="DEFAULT" if pretrained else None, width_mult=0.1)
        self.features = nn.Sequential(*list(backbone.features.children())[:6])
        self.extra = Conv2dNormActivation(8, 12, kernel_size=1, activation_layer=nn.SiLU)
        self.dense = DenseNet(growth_rate=2, block_config=(1, 2), num_init_features=4, num_classes=5)
        width = self.dense.classifier.in_features
        self.dense.classifier = nn.Identity()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12 + width, num_classes)

    def forward(self, x):
        y = torch.flatten(self.pool(self.extra(self.features(x))), 1)
        return self.head(torch.cat([y, self.dense(x)], dim=1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    args = parser.parse_args()
    data = datasets.ImageFolder(args.data, train_transform)
    model = Classifier(len(data.classes), pretrained=True)
    print(torchvision.__version__, model)


if __name__ == "__main__":
    main()
