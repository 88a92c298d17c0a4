import torch
import torch.nn as nn


class Generator(nn.Module):
    def __init__(self, z_dim, img_dim, hidden=128):
        super().__init__()
        self.gen = nn.Sequential(
            nn.Linear(z_dim, hidden),
            nn.LeakyReLU(0.1),
            nn.Linear(hidden, img_dim),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.gen(x)


class Discriminator(nn.Module):
    def __init__(self, img_dim, hidden=128):
        super().__init__()
        self.disc = nn.Sequential(
            nn.Linear(img_dim, hidden),
            nn.LeakyReLU(0.1),
            nn.Linear(hidden, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.disc(x)


# Hyperparameters
device = "cuda" if torch.cuda.is_available() else "cpu"
lr = 3e-4
z_dim = 64
image_dim = 28 * 28 * 1
batch_size = 32
num_epochs = 50

disc = Discriminator(image_dim).to(device)
gen = Generator(z_dim, image_dim).to(device)
opt_disc = torch.optim.Adam(disc.parameters(), lr=lr)

for epoch in range(num_epochs):
    noise = torch.randn(batch_size, z_dim).to(device)
    fake = gen(noise)
