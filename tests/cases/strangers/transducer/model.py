import torch
import torch.nn as nn
class Transducer(nn.Module):
    blank = 0
    def __init__(self, feat_dim, enc_hidden, vocab, pred_emb, joint):
        super().__init__()
        self.encoder = nn.LSTM(feat_dim, enc_hidden, num_layers=2, batch_first=True, bidirectional=True)
        self.emb = nn.Embedding(vocab, pred_emb, padding_idx=self.blank)
        self.pred = nn.GRU(pred_emb, pred_emb, batch_first=True)
        self.fc1 = nn.Linear(2 * enc_hidden, joint)
        self.fc2 = nn.Linear(pred_emb, joint)
        self.out = nn.Linear(joint, vocab)
    def joint(self, f, g):
        return self.out(torch.tanh(self.fc1(f) + self.fc2(g)))
    def forward(self, xs, ys):
        f, _ = self.encoder(xs)
        zero = ys.new_zeros((ys.size(0), 1))
        g, _ = self.pred(self.emb(torch.cat([zero, ys], 1)))
        return self.joint(f.unsqueeze(2), g.unsqueeze(1)).log_softmax(-1), self.greedy(f)
    @torch.no_grad()
    def greedy(self, f):
        hyps = []
        for fi in f:
            h, y, toks = None, torch.zeros(1, 1, dtype=torch.long), []
            g, h = self.pred(self.emb(y), h)
            for t in range(fi.size(0)):
                k = self.joint(fi[t], g[0, 0]).argmax()
                if k.item() != self.blank:
                    toks.append(int(k))
                    g, h = self.pred(self.emb(k.view(1, 1)), h)
            hyps.append(toks)
        n = max(len(t) for t in hyps)
        return torch.tensor([t + [0] * (n - len(t)) for t in hyps])
