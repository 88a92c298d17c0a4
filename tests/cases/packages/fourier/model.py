import torch
import torch.fft
from torch import nn


class GlobalFilter(nn.Module):
    def __init__(self, dim, h, w):
        super().__init__()
        self.complex_weight = nn.Parameter(torch.randn(h, w, dim, 2) * 0.02)

    def forward(self, x):
        b, c, a, d = x.shape
        x = x.permute(0, 2, 3, 1)
        x = torch.fft.rfft2(x, dim=(1, 2), norm="ortho")
        weight = torch.view_as_complex(self.complex_weight)
        x = x * weight
        x = torch.fft.irfft2(x, s=(a, d), dim=(1, 2), norm="ortho")
        return x.permute(0, 3, 1, 2)


class SpectralConv(nn.Module):
    def __init__(self, dim, modes):
        super().__init__()
        self.modes = modes
        self.real = nn.Parameter(torch.randn(dim, 3, modes) / dim)
        self.imag = nn.Parameter(torch.randn(dim, 3, modes) / dim)

    def forward(self, x):
        spectrum = torch.fft.rfft(x)
        low = torch.einsum("bim,iom->bom", spectrum[..., : self.modes], torch.complex(self.real, self.imag))
        return torch.fft.irfft(low, n=x.size(-1)), torch.abs(spectrum), torch.angle(low)


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.filter = GlobalFilter(dim, 6, 4)
        self.spectral = SpectralConv(dim, 3)
        self.out = nn.Linear(dim, 2)

    def forward(self, x, tokens):
        mixed = torch.fft.fft(torch.fft.fft(tokens, dim=-1), dim=-2).real
        shifted = torch.fft.fftshift(torch.fft.fft2(x)).abs().log1p()
        both = torch.cat([torch.fft.ifft(tokens), torch.fft.fft(tokens)], dim=1)
        seasonal = torch.fft.rfftfreq(tokens.size(1)).sum() + (both * both.conj()).real.sum()
        return self.filter(x), self.spectral(x.flatten(2)), self.out(mixed), shifted, seasonal
