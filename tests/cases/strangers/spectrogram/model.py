"""Speech enhancement behind a mel front end; the options come from the command line."""
import argparse
import math
import re

import torch
import torch.nn as nn

parser = argparse.ArgumentParser(description="enhance")
parser.add_argument("--n-fft", type=int, default=16)
parser.add_argument("--hop", type=int, default="4")
parser.add_argument("--mels", default=5, type=int, help="bands")
parser.add_argument("--layers", default="gru6-tanh", help="kind, width, activation")
parser.add_argument("--causal", action="store_true")
parser.add_argument("--data", default="clean")
args = parser.parse_args()


def filters(n_freqs, n_mels):
    centers = torch.linspace(0, n_freqs - 1, n_mels + 2)
    freqs = torch.arange(n_freqs).float()
    up = (freqs[None] - centers[:-2, None]) / (centers[1:-1] - centers[:-2])[:, None]
    down = (centers[2:, None] - freqs[None]) / (centers[2:] - centers[1:-1])[:, None]
    return torch.minimum(up, down).clamp(min=0)


class Enhancer(nn.Module):
    def __init__(self, args):
        super().__init__()
        kind, width, act = re.match(r"([a-z]+)(\d+)-(\w+)$", args.layers).groups()
        self.n_fft, self.hop = args.n_fft, args.hop
        self.register_buffer("window", torch.hann_window(args.n_fft))
        self.register_buffer("fbank", filters(args.n_fft // 2 + 1, args.mels), persistent=False)
        self.rnn = getattr(nn, kind.upper())(args.mels, int(width), bidirectional=not args.causal, batch_first=True)
        self.mask = nn.Linear(int(width) * (1 if args.causal else 2), args.n_fft // 2 + 1)
        self.act = getattr(torch, act)

    def forward(self, wav):
        spec = torch.stft(wav, self.n_fft, self.hop, window=self.window, return_complex=True)
        mel = torch.log1p(self.fbank @ spec.abs().pow(2))
        hidden = self.act(self.rnn(mel.transpose(1, 2))[0])
        mask = torch.sigmoid(self.mask(hidden)).transpose(1, 2)
        clean = torch.polar(spec.abs() * mask, spec.angle())
        return torch.istft(clean, self.n_fft, self.hop, window=self.window, length=wav.shape[-1]), mask


model = Enhancer(args)
if __name__ == "__main__":
    print(math.prod(model.mask.weight.shape), args.data)
