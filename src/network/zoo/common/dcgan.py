"""DCGAN as PyTorch's tutorial has it: a generator from noise to 64x64 images, and a discriminator, each one `main`.

Radford et al., Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (2015).
"""

import torch.nn as nn
from zoo.shapes import call, indexes, size


class Generator(nn.Module):
    """Noise (N, nz, 1, 1) to images (N, nc, 64, 64) between -1 and 1."""

    def __init__(self, nz=100, ngf=64, nc=3):
        super().__init__()
        steps = []
        channels = nz
        for at, width in enumerate((ngf * 8, ngf * 4, ngf * 2, ngf)):
            stride, padding = (1, 0) if at == 0 else (2, 1)
            steps += [nn.ConvTranspose2d(channels, width, 4, stride, padding, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
            channels = width
        self.main = nn.Sequential(*steps, nn.ConvTranspose2d(channels, nc, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    """Images (N, nc, 64, 64) to the probability that they are real (N, 1, 1, 1)."""

    def __init__(self, nc=3, ndf=64):
        super().__init__()
        steps = [nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        channels = ndf
        for width in (ndf * 2, ndf * 4, ndf * 8):
            steps += [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2, inplace=True)]
            channels = width
        self.main = nn.Sequential(*steps, nn.Conv2d(channels, 1, 4, 1, 0, bias=False), nn.Sigmoid())

    def forward(self, input):
        return self.main(input)


def recognise(shapes, modules=None):
    """Where the 4x4 kernels stand in `main`."""
    kernels = [at for at in indexes(shapes, "main.", ".weight") if shapes[f"main.{at}.weight"][2:] == (4, 4)]
    if kernels == [0, 3, 6, 9, 12]:
        nz, width, channels = size(shapes, "main.0.weight"), size(shapes, "main.12.weight"), size(shapes, "main.12.weight", 1)
        note = "activations: ReLU and at the end Tanh were taken, and strides and paddings, as in PyTorch's tutorial"
        return "dcgan_generator", call("Generator", nz=nz, ngf=width, nc=channels), [note]
    if kernels == [0, 2, 5, 8, 11]:
        width, channels = size(shapes, "main.0.weight"), size(shapes, "main.0.weight", 1)
        note = "activations: LeakyReLU(0.2) and at the end Sigmoid were taken, and strides and paddings, as in PyTorch's tutorial"
        return "dcgan_discriminator", call("Discriminator", nc=channels, ndf=width), [note]
    return None
