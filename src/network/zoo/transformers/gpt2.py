"""GPT-2, with transformers' names (`transformers.models.gpt2.modeling_gpt2`).

Radford et al., Language Models are Unsupervised Multitask Learners (2019). Forward computes all places at once, without a cache.
"""

import torch
import torch.nn as nn
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.transformers.base import PretrainedConfig, PreTrainedModel, returned, wants
from zoo.transformers.ops import ACTIVATIONS, Conv1D, attend


class GPT2Config(PretrainedConfig):
    """The numbers that the networks are made from. `saved_masks`: earlier versions kept each layer's causal mask in the state_dict, as
    `attn.bias`, and before that `attn.masked_bias` besides."""

    model_type = "gpt2"
    attribute_map = {
        "hidden_size": "n_embd",
        "max_position_embeddings": "n_positions",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    }
    published = {
        "gpt2": {},
        "distilgpt2": dict(n_layer=6),
        "gpt2-medium": dict(n_embd=1024, n_layer=24, n_head=16),
        "gpt2-large": dict(n_embd=1280, n_layer=36, n_head=20),
        "gpt2-xl": dict(n_embd=1600, n_layer=48, n_head=25),
        "DialoGPT-small": {},
        "DialoGPT-medium": dict(n_embd=1024, n_layer=24, n_head=16),
    }

    def __init__(
        self,
        vocab_size=50257,
        n_positions=1024,
        n_embd=768,
        n_layer=12,
        n_head=12,
        n_inner=None,
        activation_function="gelu_new",
        resid_pdrop=0.1,
        embd_pdrop=0.1,
        attn_pdrop=0.1,
        layer_norm_epsilon=1e-5,
        saved_masks=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.n_positions = n_positions
        self.n_embd = n_embd
        self.n_layer = n_layer
        self.n_head = n_head
        self.n_inner = n_inner
        self.activation_function = activation_function
        self.resid_pdrop = resid_pdrop
        self.embd_pdrop = embd_pdrop
        self.attn_pdrop = attn_pdrop
        self.layer_norm_epsilon = layer_norm_epsilon
        self.saved_masks = saved_masks


class GPT2Attention(nn.Module):
    """Each place looks at those before it."""

    def __init__(self, config):
        super().__init__()
        if config.n_embd % config.n_head != 0:
            raise ValueError(f"`embed_dim` must be divisible by num_heads (got `embed_dim`: {config.n_embd} and `num_heads`: {config.n_head}).")
        if "bias" in config.saved_masks:
            places = config.n_positions
            order = torch.arange(places)
            self.register_buffer("bias", (order[:, None] >= order[None, :]).view(1, 1, places, places))
        if "masked_bias" in config.saved_masks:
            self.register_buffer("masked_bias", torch.tensor(-1e4))
        self.embed_dim = config.n_embd
        self.num_heads = config.n_head
        self.head_dim = config.n_embd // config.n_head
        self.split_size = config.n_embd
        self.scaling = self.head_dim**-0.5
        self.c_attn = Conv1D(3 * config.n_embd, config.n_embd)
        self.c_proj = Conv1D(config.n_embd, config.n_embd)
        self.attn_dropout = nn.Dropout(config.attn_pdrop)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x, attention_mask=None):
        query, key, value = self.c_attn(x).split(self.split_size, dim=2)
        dropout = self.attn_dropout.p if self.training else 0.0
        # pickles of earlier versions have no such attribute
        scale = getattr(self, "scaling", None)
        x = attend(query, key, value, self.num_heads, attention_mask, causal=True, scale=scale, dropout=dropout)
        return self.resid_dropout(self.c_proj(x))


# Some versions' name of the same block.
GPT2SdpaAttention = GPT2Attention


class GPT2MLP(nn.Module):
    """Two linear layers."""

    def __init__(self, intermediate_size, config):
        super().__init__()
        self.c_fc = Conv1D(intermediate_size, config.n_embd)
        self.c_proj = Conv1D(config.n_embd, intermediate_size)
        self.act = ACTIVATIONS[config.activation_function]()
        self.dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x):
        return self.dropout(self.c_proj(self.act(self.c_fc(x))))


class GPT2Block(nn.Module):
    """Attention and linear layers, each normalised before and added after."""

    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = GPT2Attention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = GPT2MLP(config.n_inner or 4 * config.n_embd, config)

    def forward(self, x, attention_mask=None):
        x = x + self.attn(self.ln_1(x), attention_mask)
        return x + self.mlp(self.ln_2(x))


class GPT2PreTrainedModel(PreTrainedModel):
    """What GPT-2's networks have in common."""

    config_class = GPT2Config
    base_model_prefix = "transformer"


class GPT2Model(GPT2PreTrainedModel):
    """The layers without scores for words."""

    def __init__(self, config):
        super().__init__(config)
        self.embed_dim = config.n_embd
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)

    def get_input_embeddings(self):
        return self.wte

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.wte(input_ids) if inputs_embeds is None else inputs_embeds
        if position_ids is None:
            position_ids = torch.arange(x.shape[1], device=x.device).unsqueeze(0)
        x = x + self.wpe(position_ids)
        if token_type_ids is not None:
            x = x + self.wte(token_type_ids)
        x = self.drop(x)
        kept = []
        for block in self.h:
            kept.append(x)
            x = block(x, attention_mask)
        x = self.ln_f(x)
        hidden = (*kept, x) if wants(self.config, options, "output_hidden_states") else None
        return returned(self.config, options, last_hidden_state=x, hidden_states=hidden)


class GPT2LMHeadModel(GPT2PreTrainedModel):
    """A score for each word that may follow; the weight is the embedding's."""

    def __init__(self, config):
        super().__init__(config)
        self.transformer = GPT2Model(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.transformer(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.lm_head(x))


# (channels, layers)
KNOWN = {(768, 12): "gpt2", (768, 6): "distilgpt2", (1024, 24): "gpt2-medium", (1280, 36): "gpt2-large", (1600, 48): "gpt2-xl"}


def recognise(shapes, modules=None):
    """Everything but the number of heads: all published sizes have 64 channels a head."""
    prefix = "transformer." if "transformer.wte.weight" in shapes else ""
    channels = size(shapes, f"{prefix}wte.weight", 1)
    layers = count(shapes, f"{prefix}h.", ".attn.c_attn.weight")
    first = f"{prefix}h.0."
    # nanoGPT's linear layers have their weights the other way round
    if layers == 0 or shapes.get(f"{first}attn.c_attn.weight") != (channels, 3 * channels) or f"{first}attn.c_attn.bias" not in shapes:
        return None
    inner = size(shapes, f"{first}mlp.c_fc.weight", 1)
    heads = usual_heads(channels)
    masks = tuple(mask for mask in ("bias", "masked_bias") if f"{first}attn.{mask}" in shapes)
    config = call(
        "GPT2Config",
        vocab_size=size(shapes, f"{prefix}wte.weight"),
        n_positions=size(shapes, f"{prefix}wpe.weight"),
        n_embd=channels,
        n_layer=layers,
        n_head=heads,
        n_inner=unless(inner, 4 * channels),
        saved_masks=masks or None,
    )
    model = "GPT2LMHeadModel" if prefix else "GPT2Model"
    notes = [heads_note("n_head", heads, channels)]
    if not prefix:
        notes.append("the file has the layers without a head: GPT2Model gives hidden states")
    return KNOWN.get((channels, layers), "gpt2-like"), f"{model}({config})", notes
