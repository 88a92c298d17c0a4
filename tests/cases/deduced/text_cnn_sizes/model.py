import torch
import torch.nn as nn
import torch.nn.functional as F


class TextCNN(nn.Module):
    def __init__(self, n_vocab, embed_dim, n_filters, filter_sizes, num_classes, dropout, pretrained=None, freeze=False):
        super().__init__()
        if pretrained is not None:
            self.embedding = nn.Embedding.from_pretrained(pretrained, freeze=freeze)
        else:
            self.embedding = nn.Embedding(n_vocab, embed_dim, padding_idx=n_vocab - 1)
        self.convs = nn.ModuleList([nn.Conv2d(1, n_filters, (k, embed_dim)) for k in filter_sizes])
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(n_filters * len(filter_sizes), num_classes)

    def conv_and_pool(self, x, conv):
        x = F.relu(conv(x)).squeeze(3)
        return F.max_pool1d(x, x.size(2)).squeeze(2)

    def forward(self, x):
        out = self.embedding(x).unsqueeze(1)
        out = torch.cat([self.conv_and_pool(out, conv) for conv in self.convs], 1)
        return self.fc(self.dropout(out))
