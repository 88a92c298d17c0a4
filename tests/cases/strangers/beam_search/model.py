import torch
from torch import nn
import torch.nn.functional as F

class BeamLM(nn.Module):
    def __init__(self, vocab_size, d, beam=3, steps=4, sos=1):
        super().__init__()
        self.emb = nn.Embedding(vocab_size, d)
        self.gru = nn.GRUCell(d, d)
        self.proj = nn.Linear(d, vocab_size)
        self.beam, self.steps, self.sos, self.V = beam, steps, sos, vocab_size
    @torch.no_grad()
    def forward(self, h0):
        # h0: (d,)
        k = self.beam
        h = h0.unsqueeze(0).repeat(k, 1)
        seqs = torch.LongTensor([[self.sos]] * k).to(h0.device)
        scores = torch.full((k,), float('-inf'))
        scores[0] = 0.0
        for step in range(self.steps):
            h = self.gru(self.emb(seqs[:, -1]), h)
            logp = F.log_softmax(self.proj(h), dim=1)
            cand = (scores.unsqueeze(1) + logp).view(-1)
            scores, idx = cand.topk(k)
            beam_idx = idx // self.V
            tok = idx % self.V
            seqs = torch.cat([seqs[beam_idx], tok.unsqueeze(1)], dim=1)
            h = h[beam_idx]
        best = scores.argmax().item()
        return seqs[best], scores
