import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np
import matplotlib.pyplot as plt
from tqdm import tqdm

class MLP(nn.Module):
    """ mlp with activation name given as string """
    def __init__(self, input_dim, hidden_dims, output_dim, activation='ReLU', dropout=0.1, use_bn=True):
        super(MLP, self).__init__()
        layers = []
        last = input_dim
        for i, h in enumerate(hidden_dims):
            layers.append(nn.Linear(last, h))
            if use_bn:
                layers.append(nn.BatchNorm1d(h))
            layers.append(eval('nn.%s()' % activation))
            layers.append(nn.Dropout(p=dropout))
            last = h
        layers.append(nn.Linear(last, output_dim))
        self.net = nn.Sequential(*layers)
        self.apply(self._weights_init)

    def _weights_init(self, m):
        classname = m.__class__.__name__
        if classname.find('Linear') != -1:
            nn.init.xavier_uniform_(m.weight.data)
            m.bias.data.fill_(0.01)
        elif classname.find('BatchNorm') != -1:
            m.weight.data.normal_(1.0, 0.02)
            m.bias.data.fill_(0)

    def forward(self, x):
        return self.net(x.view(x.size(0), -1))

def train(model, loader, epochs=10):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for ep in tqdm(range(epochs)):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad(); loss.backward(); opt.step()
        plt.plot(ep, loss.item())

if __name__ == '__main__':
    net = MLP(12, [16, 8], 3, activation='ELU')
    train(net, None)
    torch.save(net.state_dict(), 'mlp.pth')
