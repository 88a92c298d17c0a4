"""Llama and what has its shape (Mistral, Qwen2, SmolLM, TinyLlama), with transformers' names (`transformers.models.llama.modeling_llama`).

Touvron et al., LLaMA: Open and Efficient Foundation Language Models (2023): root mean square norms, rotated queries and keys, gated linear layers,
groups of heads that share keys and values. Forward computes all places at once, without a cache.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, size, unless
from zoo.transformers.base import PretrainedConfig, PreTrainedModel, returned, wants


class LlamaConfig(PretrainedConfig):
    """The numbers that the networks are made from."""

    model_type = "llama"

    def __init__(
        self,
        vocab_size=32000,
        hidden_size=4096,
        intermediate_size=11008,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=None,
        head_dim=None,
        hidden_act="silu",
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        rope_theta=10000.0,
        attention_bias=False,
        tie_word_embeddings=False,
        **kwargs,
    ):
        super().__init__(tie_word_embeddings=tie_word_embeddings, **kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.num_key_value_heads = num_attention_heads if num_key_value_heads is None else num_key_value_heads
        self.head_dim = hidden_size // num_attention_heads if head_dim is None else head_dim
        self.hidden_act = hidden_act
        self.max_position_embeddings = max_position_embeddings
        self.rms_norm_eps = rms_norm_eps
        self.rope_theta = rope_theta
        self.attention_bias = attention_bias


class LlamaRMSNorm(nn.Module):
    """Divided by the root of the mean of squares."""

    def __init__(self, hidden_size, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.variance_epsilon = eps

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.variance_epsilon)


def rotated(x, angles):
    """Each channel of the first half with its partner of the second, turned by the place's angle."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class LlamaAttention(nn.Module):
    """Each place looks at those before it."""

    def __init__(self, config, layer_idx=None):
        super().__init__()
        self.num_heads = config.num_attention_heads
        self.num_key_value_heads = config.num_key_value_heads
        self.head_dim = config.head_dim
        # Qwen2 has biases for what is asked, and none behind
        bias, out = config.attention_bias is not False, config.attention_bias is True
        self.q_proj = nn.Linear(config.hidden_size, self.num_heads * self.head_dim, bias=bias)
        self.k_proj = nn.Linear(config.hidden_size, self.num_key_value_heads * self.head_dim, bias=bias)
        self.v_proj = nn.Linear(config.hidden_size, self.num_key_value_heads * self.head_dim, bias=bias)
        self.o_proj = nn.Linear(self.num_heads * self.head_dim, config.hidden_size, bias=out)

    def forward(self, x, angles, allowed=None):
        n, length, _ = x.shape
        query = self.q_proj(x).view(n, length, self.num_heads, self.head_dim).transpose(1, 2)
        key = self.k_proj(x).view(n, length, self.num_key_value_heads, self.head_dim).transpose(1, 2)
        value = self.v_proj(x).view(n, length, self.num_key_value_heads, self.head_dim).transpose(1, 2)
        query, key = rotated(query, angles), rotated(key, angles)
        each = self.num_heads // self.num_key_value_heads
        key, value = (part.repeat_interleave(each, dim=1) if each > 1 else part for part in (key, value))
        y = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed, is_causal=allowed is None)
        return self.o_proj(y.transpose(1, 2).reshape(n, length, -1))


class LlamaMLP(nn.Module):
    """Two linear layers side by side, one the other's gate, and one behind."""

    def __init__(self, config):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaDecoderLayer(nn.Module):
    """Attention and gated layers, each normalised before and added after."""

    def __init__(self, config, layer_idx=None):
        super().__init__()
        self.self_attn = LlamaAttention(config, layer_idx)
        self.mlp = LlamaMLP(config)
        self.input_layernorm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(self, x, angles, allowed=None):
        x = x + self.self_attn(self.input_layernorm(x), angles, allowed)
        return x + self.mlp(self.post_attention_layernorm(x))


class LlamaPreTrainedModel(PreTrainedModel):
    """What Llama's networks have in common."""

    config_class = LlamaConfig
    base_model_prefix = "model"


class LlamaModel(LlamaPreTrainedModel):
    """The layers without scores for words."""

    def __init__(self, config):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList([LlamaDecoderLayer(config, i) for i in range(config.num_hidden_layers)])
        self.norm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def get_input_embeddings(self):
        return self.embed_tokens

    def forward(self, input_ids=None, attention_mask=None, position_ids=None, inputs_embeds=None, **options):
        x = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        length = x.shape[1]
        order = torch.arange(length, device=x.device)
        places = order.unsqueeze(0) if position_ids is None else position_ids
        width = self.config.head_dim
        speeds = self.config.rope_theta ** (-torch.arange(0, width, 2, device=x.device).float() / width)
        angles = (places.float().unsqueeze(-1) * speeds).unsqueeze(1)
        allowed = None
        if attention_mask is not None:
            allowed = (attention_mask[:, None, None, :] != 0) & (order[:, None] >= order[None, :])
        kept = []
        for layer in self.layers:
            kept.append(x)
            x = layer(x, angles, allowed)
        x = self.norm(x)
        hidden = (*kept, x) if wants(self.config, options, "output_hidden_states") else None
        return returned(self.config, options, last_hidden_state=x, hidden_states=hidden)


class LlamaForCausalLM(LlamaPreTrainedModel):
    """A score for each word that may follow."""

    def __init__(self, config):
        super().__init__(config)
        self.model = LlamaModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, input_ids=None, attention_mask=None, position_ids=None, inputs_embeds=None, **options):
        x = self.model(input_ids, attention_mask, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.lm_head(x))


# (words, channels, layers): name, channels of a head, base of the angles, eps
KNOWN = {
    (32000, 2048, 22): ("tinyllama", 64, 10000.0, 1e-5),
    (32000, 4096, 32): ("llama-7b", 128, 10000.0, 1e-5),
    (128256, 2048, 16): ("llama-3.2-1b", 64, 500000.0, 1e-5),
    (49152, 576, 30): ("smollm-135m", 64, 10000.0, 1e-5),
    (49152, 960, 32): ("smollm-360m", 64, 10000.0, 1e-5),
    (151936, 896, 24): ("qwen2-0.5b", 64, 1000000.0, 1e-6),
}


def recognise(shapes, modules=None):
    """Sizes from the layers. Heads share keys by what the shapes of query and key tell, once the channels of a head are known."""
    prefix = "model." if "model.embed_tokens.weight" in shapes else ""
    words, channels = size(shapes, f"{prefix}embed_tokens.weight"), size(shapes, f"{prefix}embed_tokens.weight", 1)
    layers = count(shapes, f"{prefix}layers.", ".self_attn.q_proj.weight")
    first = f"{prefix}layers.0."
    queries, keys = size(shapes, f"{first}self_attn.q_proj.weight"), size(shapes, f"{first}self_attn.k_proj.weight")
    if layers == 0 or f"{first}mlp.gate_proj.weight" not in shapes or f"{first}self_attn.q_norm.weight" in shapes:
        return None
    usual = 64 if channels < 4096 else 128
    while usual > 2 and (queries % usual or keys % usual or queries // usual < 2):
        usual //= 2
    name, width, theta, eps = KNOWN.get((words, channels, layers), ("llama", usual, 10000.0, 1e-5))
    bias = None
    if f"{first}self_attn.q_proj.bias" in shapes:
        bias = True if f"{first}self_attn.o_proj.bias" in shapes else "qkv"
    tied = "lm_head.weight" not in shapes and prefix == "model."
    config = call(
        "LlamaConfig",
        vocab_size=words,
        hidden_size=channels,
        intermediate_size=size(shapes, f"{first}mlp.gate_proj.weight"),
        num_hidden_layers=layers,
        num_attention_heads=queries // width,
        num_key_value_heads=unless(keys // width, queries // width),
        head_dim=unless(width, channels // (queries // width)),
        rms_norm_eps=eps,
        rope_theta=unless(theta, 10000.0),
        attention_bias=bias,
        tie_word_embeddings=True if tied else None,
    )
    model = "LlamaForCausalLM" if prefix else "LlamaModel"
    told = f"heads of {width} channels, rope_theta={theta} and rms_norm_eps={eps}"
    return name, f"{model}({config})", [f"shapes do not tell these: {told} were taken"]
