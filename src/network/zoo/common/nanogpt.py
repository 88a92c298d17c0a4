"""A small GPT in the form that nanoGPT made common: GPT-2's names, with ordinary linear layers and no bias where none is wanted.

Forward takes tokens and returns `(logits, loss)`: without targets the logits of the last place only, as the training script wants them.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, heads_note, size, unless, usual_heads


class LayerNorm(nn.Module):
    """Layer normalisation whose bias is optional."""

    def __init__(self, ndim, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(ndim))
        self.bias = nn.Parameter(torch.zeros(ndim)) if bias else None

    def forward(self, input):
        return F.layer_norm(input, self.weight.shape, self.weight, self.bias, 1e-5)


class GPTConfig:
    """Sizes. `mask`: before PyTorch 2.0 each layer kept its causal mask in the state_dict, as `attn.bias`."""

    def __init__(self, block_size=1024, vocab_size=50304, n_layer=12, n_head=12, n_embd=768, dropout=0.0, bias=True, mask=False):
        self.block_size = block_size
        self.vocab_size = vocab_size
        self.n_layer = n_layer
        self.n_head = n_head
        self.n_embd = n_embd
        self.dropout = dropout
        self.bias = bias
        self.mask = mask


class CausalSelfAttention(nn.Module):
    """Each place looks at those before it."""

    def __init__(self, config):
        super().__init__()
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.attn_dropout = nn.Dropout(config.dropout)
        self.resid_dropout = nn.Dropout(config.dropout)
        self.n_head = config.n_head
        self.n_embd = config.n_embd
        self.dropout = config.dropout
        if config.mask:
            order = torch.arange(config.block_size)
            mask = (order[:, None] >= order[None, :]).float()
            self.register_buffer("bias", mask.view(1, 1, config.block_size, config.block_size))

    def forward(self, x):
        n, length, channels = x.size()
        heads = [part.view(n, length, self.n_head, -1).transpose(1, 2) for part in self.c_attn(x).split(self.n_embd, dim=2)]
        dropout = self.dropout if self.training else 0.0
        x = F.scaled_dot_product_attention(*heads, dropout_p=dropout, is_causal=True)
        return self.resid_dropout(self.c_proj(x.transpose(1, 2).reshape(n, length, channels)))


class MLP(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, config):
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x):
        return self.dropout(self.c_proj(self.gelu(self.c_fc(x))))


class Block(nn.Module):
    """Attention and linear layers, each normalised before and added after."""

    def __init__(self, config):
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = MLP(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """Tokens and places, the blocks, and scores by the embedding's weight."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(config.vocab_size, config.n_embd),
                "wpe": nn.Embedding(config.block_size, config.n_embd),
                "drop": nn.Dropout(config.dropout),
                "h": nn.ModuleList([Block(config) for _ in range(config.n_layer)]),
                "ln_f": LayerNorm(config.n_embd, bias=config.bias),
            }
        )
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, idx, targets=None):
        places = torch.arange(idx.size(1), dtype=torch.long, device=idx.device)
        x = self.transformer.drop(self.transformer.wte(idx) + self.transformer.wpe(places))
        for block in self.transformer.h:
            x = block(x)
        x = self.transformer.ln_f(x)
        if targets is None:
            return self.lm_head(x[:, [-1], :]), None
        logits = self.lm_head(x)
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)


def recognise(shapes, modules=None):
    """GPT-2's names with weights the other way round."""
    channels = size(shapes, "transformer.wte.weight", 1)
    layers = count(shapes, "transformer.h.", ".attn.c_attn.weight")
    if layers == 0 or shapes.get("transformer.h.0.attn.c_attn.weight") != (3 * channels, channels):
        return None
    heads = usual_heads(channels)
    config = call(
        "GPTConfig",
        block_size=size(shapes, "transformer.wpe.weight"),
        vocab_size=size(shapes, "transformer.wte.weight"),
        n_layer=layers,
        n_head=heads,
        n_embd=channels,
        bias=unless("transformer.ln_f.bias" in shapes, True),
        mask=unless("transformer.h.0.attn.bias" in shapes, False),
    )
    return "nanogpt", f"GPT({config})", [heads_note("n_head", heads, channels)]
