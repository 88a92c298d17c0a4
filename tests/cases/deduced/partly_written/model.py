import torch
from torch import nn
from torchtext.vocab import build_vocab_from_iterator

EMBED = 12
HEADS = 3


class Reader(nn.Module):
    def __init__(self, vocab_size, embed_dim, heads, n_out):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, embed_dim)
        self.attn = nn.MultiheadAttention(embed_dim, heads, batch_first=True)
        self.out = nn.Linear(embed_dim, n_out)

    def forward(self, tokens):
        x = self.embed(tokens)
        y, _ = self.attn(x, x, x, need_weights=False)
        return self.out((x + y).mean(1))


def run(path):
    vocab = build_vocab_from_iterator(open(path))
    labels = set(line.split()[0] for line in open(path))
    net = Reader(len(vocab), EMBED, HEADS, n_out=len(labels))
    return net
