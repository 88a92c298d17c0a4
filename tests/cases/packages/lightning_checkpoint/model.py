import lightning as L
import torch
from torch import nn


class Net(L.LightningModule):
    def __init__(self, channels, kernel, act, lr, n_classes, stride=1):
        super().__init__()
        self.save_hyperparameters()
        acts = {"relu": nn.ReLU, "tanh": nn.Tanh}
        blocks = []
        for i, o in zip(channels[:-1], channels[1:]):
            blocks += [nn.Conv2d(i, o, kernel, stride=stride, padding=kernel // 2), acts[act]()]
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(channels[-1], n_classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3))) * self.hparams.lr


class Data(L.LightningDataModule):
    def train_dataloader(self):
        return None
