import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Sequential):
    """Proposed from a state_dict's keys and shapes. What says "guess" is told by nothing in the file."""

    def __init__(self):
        super().__init__(
            nn.Flatten(),  # guess: a module without parameters
            nn.Linear(16, 8),
            nn.ReLU(),  # guess: a module without parameters
            nn.Linear(8, 8),
            nn.ReLU(),  # guess: a module without parameters
            nn.Dropout(),  # guess: a module without parameters
            nn.Linear(8, 2),
        )
