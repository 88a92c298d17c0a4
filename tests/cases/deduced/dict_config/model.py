import torch
import torch.nn as nn


class SensorNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.lstm = nn.LSTM(
            input_size=config['n_sensors'],
            hidden_size=config['hidden_size'],
            num_layers=config['num_layers'],
            batch_first=True,
            dropout=config['dropout'],
        )
        self.attention = nn.Sequential(
            nn.Linear(config['hidden_size'], config['attention_size']), nn.Tanh(), nn.Linear(config['attention_size'], 1)
        )
        self.head = nn.Linear(config['hidden_size'], config.get('n_targets', 1))

    def forward(self, x):
        states, _ = self.lstm(x)
        weights = torch.softmax(self.attention(states), dim=1)
        return self.head((weights * states).sum(dim=1))
