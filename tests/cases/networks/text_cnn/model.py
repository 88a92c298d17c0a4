import torch
import torch.nn as nn
import torch.nn.functional as F


class TextCNN(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config["vocab"], config["dim"])
        self.convs = nn.ModuleList([nn.Conv2d(1, config["filters"], (k, config["dim"])) for k in config["kernels"]])
        self.fc = nn.Linear(config["filters"] * len(config["kernels"]), config.get("classes", 2))

    def conv_and_pool(self, x, conv):
        x = F.relu(conv(x)).squeeze(3)
        return F.max_pool1d(x, x.size(2)).squeeze(2)

    def forward(self, x):
        out = self.embedding(x).unsqueeze(1)
        out = torch.cat([self.conv_and_pool(out, conv) for conv in self.convs], 1)
        return self.fc(out)
