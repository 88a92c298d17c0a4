import random
import numpy as np
import torch
import torch.nn as nn

random.seed(1234)
np.random.seed(1234)
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')


class Encoder(nn.Module):
    def __init__(self, n_words, width, hidden):
        super().__init__()
        self.table = nn.Embedding(n_words, width)
        self.rnn = nn.GRU(width, hidden)

    def forward(self, src):
        return self.rnn(self.table(src))[1]


class Decoder(nn.Module):
    def __init__(self, n_words, width, hidden):
        super().__init__()
        self.n_words = n_words
        self.table = nn.Embedding(n_words, width)
        self.rnn = nn.GRU(width, hidden)
        self.out = nn.Linear(hidden, n_words)

    def forward(self, word, h):
        y, h = self.rnn(self.table(word).unsqueeze(0), h)
        return self.out(y.squeeze(0)), h


class Translator(nn.Module):
    def __init__(self, encoder, decoder, device):
        super().__init__()
        self.encoder, self.decoder, self.device = encoder, decoder, device

    def forward(self, src, trg, ratio=0.0):
        steps, batch = trg.shape
        said = torch.zeros(steps, batch, self.decoder.n_words).to(self.device)
        h, word = self.encoder(src), trg[0]
        for t in range(1, steps):
            said[t], h = self.decoder(word, h)
            forced = random.random() < ratio
            word = trg[t] if forced else said[t].argmax(1)
        return said


model = Translator(Encoder(12, 5, 7), Decoder(11, 6, 7), device).to(device)


def init(m):
    for name, p in m.named_parameters():
        nn.init.uniform_(p.data, -0.3, 0.3)


model.apply(init)
print(f'{sum(p.numel() for p in model.parameters() if p.requires_grad):,} parameters')
optimizer = torch.optim.Adam(model.parameters())
