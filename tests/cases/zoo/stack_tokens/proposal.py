import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    """Proposed from a state_dict's keys and shapes. What says "guess" is told by nothing in the file."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 6)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)  # guess: batch_first
        self.head = nn.Sequential(
            nn.Linear(10, 8),
            nn.ReLU(),  # guess: a module without parameters
            nn.Dropout(),  # guess: a module without parameters
            nn.Linear(8, 4),
            nn.Identity(),  # guess: a module without parameters
        )

    def forward(self, x):
        x = self.embedding(x)
        x, _ = self.lstm(x)
        x = x[:, -1]  # guess: the last step
        x = self.head(x)
        return x  # guess: a softmax or sigmoid may follow
