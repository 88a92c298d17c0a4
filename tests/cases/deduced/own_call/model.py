import argparse
import torch
import torch.nn as nn
import torch.optim as optim
from torchvision import datasets, transforms


class GatedMixer(nn.Module):
    def __init__(self, dim, heads, negative_slope):
        super().__init__()
        self.heads = heads
        self.slope = negative_slope
        self.query = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q = self.query(x).view(b, n, self.heads, d // self.heads)
        gate = nn.functional.leaky_relu(q, self.slope).mean(dim=-1, keepdim=True).softmax(dim=2)
        v = self.value(x).view(b, n, self.heads, d // self.heads)
        return (gate * v).reshape(b, n, d)


def main():
    parser = argparse.ArgumentParser(description='Mixer')
    parser.add_argument('--lr', type=float, default=0.01)
    parser.add_argument('--num-heads', type=int, default=3, metavar='H')
    args = parser.parse_args()
    dataset = datasets.MNIST('../data', train=True, download=True, transform=transforms.ToTensor())
    width = 4 * 3
    model = GatedMixer(width, args.num_heads, negative_slope=0.05)
    optimizer = optim.SGD(model.parameters(), lr=args.lr)


if __name__ == '__main__':
    main()
