import torch.nn as nn
import torch.nn.functional as F


class Tagger(nn.Module):
    def __init__(self, vocab, tags, embedding_dim=8, hidden_dim=10, kind="LSTM", layers=1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.embedding = nn.Embedding(vocab, embedding_dim)
        self.rnn = getattr(nn, kind)(embedding_dim, hidden_dim // 2, num_layers=layers, bidirectional=True, batch_first=True)
        self.hidden2tag = nn.Linear(hidden_dim, tags)

    def init_hidden(self, x):
        return x.new_zeros(2 * self.rnn.num_layers, x.size(0), self.hidden_dim // 2)

    def forward(self, sentence):
        embeds = self.embedding(sentence)
        start = self.init_hidden(embeds)
        if isinstance(self.rnn, nn.LSTM):
            start = (start, start)
        out, _ = self.rnn(embeds, start)
        return F.log_softmax(self.hidden2tag(out), dim=-1)
