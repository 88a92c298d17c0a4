import torch, torch.nn as nn

class Captioner(nn.Module):
    """Show and tell; greedy search until <end> or max_len"""
    END = 2
    def __init__(self, feat=6, vocab=9, emb=5, hid=8, max_len=7):
        super().__init__()
        self.init_h = nn.Linear(feat, hid)
        self.init_c = nn.Linear(feat, hid)
        self.embed = nn.Embedding(vocab, emb)
        self.cell = nn.LSTMCell(emb, hid)
        self.out = nn.Linear(hid, vocab)
        self.max_len = max_len
    def forward(self, features):
        h, c = self.init_h(features).tanh(), self.init_c(features)
        word = torch.ones(features.size(0), dtype=torch.long, device=features.device)
        finished = torch.zeros(features.size(0)).bool()
        words, probs = [], []
        while len(words) < self.max_len:
            h, c = self.cell(self.embed(word), (h, c))
            logp = self.out(h).log_softmax(-1)
            p, word = logp.max(dim=-1)
            words.append(word); probs.append(p)
            finished = finished | (word == self.END)
            if finished.all():
                break
        return torch.stack(words, 1), torch.stack(probs, 1)
