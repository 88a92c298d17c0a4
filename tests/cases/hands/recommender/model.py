import torch
from torch import nn


class NeuMF(torch.nn.Module):
    """Neural matrix factorisation and a factorisation machine over the same fields."""

    def __init__(self, config):
        super(NeuMF, self).__init__()
        self.num_users = config['num_users']
        self.num_items = config['num_items']
        self.latent_dim_mf = config['latent_dim_mf']
        self.latent_dim_mlp = config['latent_dim_mlp']

        self.embedding_user_mlp = torch.nn.Embedding(num_embeddings=self.num_users, embedding_dim=self.latent_dim_mlp)
        self.embedding_item_mlp = torch.nn.Embedding(num_embeddings=self.num_items, embedding_dim=self.latent_dim_mlp)
        self.embedding_user_mf = torch.nn.Embedding(num_embeddings=self.num_users, embedding_dim=self.latent_dim_mf)
        self.embedding_item_mf = torch.nn.Embedding(num_embeddings=self.num_items, embedding_dim=self.latent_dim_mf)

        self.fc_layers = torch.nn.ModuleList()
        for idx, (in_size, out_size) in enumerate(zip(config['layers'][:-1], config['layers'][1:])):
            self.fc_layers.append(torch.nn.Linear(in_size, out_size))

        self.affine_output = torch.nn.Linear(in_features=config['layers'][-1] + config['latent_dim_mf'], out_features=1)
        self.logistic = torch.nn.Sigmoid()
        self.bias_user, self.bias_item = nn.Embedding(self.num_users, 1), nn.Embedding(self.num_items, 1)

    def forward(self, user_indices, item_indices):
        mlp_vector = torch.cat([self.embedding_user_mlp(user_indices), self.embedding_item_mlp(item_indices)], dim=-1)
        mf_vector = torch.mul(self.embedding_user_mf(user_indices), self.embedding_item_mf(item_indices))

        for idx, _ in enumerate(range(len(self.fc_layers))):
            mlp_vector = self.fc_layers[idx](mlp_vector)
            mlp_vector = torch.nn.ReLU()(mlp_vector)

        fields = torch.stack([self.embedding_user_mf(user_indices), self.embedding_item_mf(item_indices)], dim=1)
        square_of_sum = torch.pow(torch.sum(fields, dim=1), 2)
        sum_of_square = torch.sum(fields ** 2, dim=1)
        fm = 0.5 * (square_of_sum - sum_of_square).sum(1, keepdim=True)

        logits = self.affine_output(torch.cat([mlp_vector, mf_vector], dim=-1))
        logits += fm + self.bias_user(user_indices) + self.bias_item(item_indices)
        return self.logistic(logits).squeeze(-1)
