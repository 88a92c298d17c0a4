import torch
import torch.nn as nn


class BiLSTMTagger(nn.Module):
    def __init__(self, vocab_size, tagset_size, emb_dim, hidden_dim, n_layers, bidirectional, dropout):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.n_layers = n_layers
        self.n_dirs = 2 if bidirectional else 1

        self.emb = nn.Embedding(vocab_size, emb_dim)
        self.rnn = nn.LSTM(emb_dim, hidden_dim // self.n_dirs, num_layers=n_layers,
                           bidirectional=bidirectional, batch_first=True,
                           dropout=dropout if n_layers > 1 else 0)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden_dim, tagset_size)

    def init_hidden(self, batch):
        h = torch.zeros(self.n_layers * self.n_dirs, batch, self.hidden_dim // self.n_dirs)
        return h, torch.zeros_like(h)

    def forward(self, tokens):
        x = self.drop(self.emb(tokens))
        y, _ = self.rnn(x, self.init_hidden(tokens.size(0)))
        return torch.log_softmax(self.out(self.drop(y)), dim=-1)
