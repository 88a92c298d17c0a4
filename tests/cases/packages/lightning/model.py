import logging

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
import torchmetrics
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import nn
from tqdm import tqdm

logger = logging.getLogger(__name__)


class Base(pl.LightningModule):
    def __init__(self, in_dim: int, dropout: float = 0.1, **kwargs):
        super().__init__()
        self.save_hyperparameters(ignore=["dropout"])
        self.norm = nn.BatchNorm1d(in_dim)


class LitClassifier(Base):
    def __init__(self, in_dim: int = 28, hidden_dim: int = 16, n_classes: int = 10, lr: float = 1e-3):
        super().__init__(in_dim, extra=2)
        self.layers = nn.ModuleList([nn.Linear(self.hparams.in_dim, self.hparams["hidden_dim"])])
        for _ in tqdm(range(2)):
            self.layers.append(nn.Linear(hidden_dim, hidden_dim))
        self.out = nn.Linear(hidden_dim, n_classes)
        self.train_acc = torchmetrics.Accuracy(task="multiclass", num_classes=n_classes)
        self.loss_fn = nn.CrossEntropyLoss()
        logger.info("made %s", self.hparams)

    def forward(self, x):
        x = self.norm(x)
        for layer in self.layers:
            x = F.relu(layer(x))
        self.log("mean", x.mean())
        return {"logits": self.out(x), "hparams": dict(self.hparams), "lr": self.hparams.lr, "epoch": self.current_epoch}

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = self.loss_fn(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


if __name__ == "__main__":
    trainer = pl.Trainer(max_epochs=3, callbacks=[ModelCheckpoint(monitor="val_loss")])
    trainer.fit(LitClassifier(), None)
