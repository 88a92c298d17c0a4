"""DistilBERT, with transformers' names (`transformers.models.distilbert.modeling_distilbert`).

Sanh et al., DistilBERT, a distilled version of BERT (2019).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.transformers.base import PretrainedConfig, PreTrainedModel, returned, wants
from zoo.transformers.ops import ACTIVATIONS, attend


class DistilBertConfig(PretrainedConfig):
    """The numbers that the networks are made from. `position_ids_saved`: before transformers 4.31 the positions were in the state_dict."""

    model_type = "distilbert"
    attribute_map = {"hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers"}
    published = {
        "distilbert-base-uncased": {},
        "distilbert-base-uncased-finetuned-sst-2-english": {},
        "distilbert-base-cased": dict(vocab_size=28996),
        "distilbert-base-german-cased": dict(vocab_size=31102),
        "distilbert-base-multilingual-cased": dict(vocab_size=119547),
    }

    def __init__(
        self,
        vocab_size=30522,
        max_position_embeddings=512,
        n_layers=6,
        n_heads=12,
        dim=768,
        hidden_dim=3072,
        dropout=0.1,
        attention_dropout=0.1,
        activation="gelu",
        qa_dropout=0.1,
        seq_classif_dropout=0.2,
        pad_token_id=0,
        position_ids_saved=False,
        **kwargs,
    ):
        super().__init__(pad_token_id=pad_token_id, **kwargs)
        self.vocab_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.dim = dim
        self.hidden_dim = hidden_dim
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.activation = activation
        self.qa_dropout = qa_dropout
        self.seq_classif_dropout = seq_classif_dropout
        self.position_ids_saved = position_ids_saved


class Embeddings(nn.Module):
    """Words and positions."""

    def __init__(self, config):
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.dim, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.dim)
        self.LayerNorm = nn.LayerNorm(config.dim, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)
        positions = torch.arange(config.max_position_embeddings).expand((1, -1))
        self.register_buffer("position_ids", positions, persistent=config.position_ids_saved)

    def forward(self, input_ids=None, inputs_embeds=None, position_ids=None):
        x = self.word_embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        if position_ids is None:
            position_ids = torch.arange(x.shape[1], device=x.device).unsqueeze(0)
        return self.dropout(self.LayerNorm(x + self.position_embeddings(position_ids)))


class DistilBertSelfAttention(nn.Module):
    """Query, key, value and output."""

    def __init__(self, config):
        super().__init__()
        if config.dim % config.n_heads != 0:
            raise ValueError(f"self.n_heads: {config.n_heads} must divide self.dim: {config.dim} evenly")
        self.n_heads = config.n_heads
        self.dim = config.dim
        self.attention_head_size = config.dim // config.n_heads
        self.q_lin = nn.Linear(config.dim, config.dim)
        self.k_lin = nn.Linear(config.dim, config.dim)
        self.v_lin = nn.Linear(config.dim, config.dim)
        self.out_lin = nn.Linear(config.dim, config.dim)
        self.dropout = nn.Dropout(config.attention_dropout)

    def forward(self, x, attention_mask=None):
        dropout = self.dropout.p if self.training else 0.0
        x = attend(self.q_lin(x), self.k_lin(x), self.v_lin(x), self.n_heads, attention_mask, dropout=dropout)
        return self.out_lin(x)


# Earlier versions' names of the same block.
MultiHeadSelfAttention = DistilBertSelfAttention
DistilBertSdpaAttention = DistilBertSelfAttention


class FFN(nn.Module):
    """Two linear layers."""

    def __init__(self, config):
        super().__init__()
        self.dropout = nn.Dropout(p=config.dropout)
        self.lin1 = nn.Linear(config.dim, config.hidden_dim)
        self.lin2 = nn.Linear(config.hidden_dim, config.dim)
        self.activation = ACTIVATIONS[config.activation]()

    def forward(self, x):
        return self.dropout(self.lin2(self.activation(self.lin1(x))))


class TransformerBlock(nn.Module):
    """Attention and linear layers, each added and normalised after."""

    def __init__(self, config):
        super().__init__()
        self.attention = DistilBertSelfAttention(config)
        self.sa_layer_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.ffn = FFN(config)
        self.output_layer_norm = nn.LayerNorm(config.dim, eps=1e-12)

    def forward(self, x, attention_mask=None):
        x = self.sa_layer_norm(self.attention(x, attention_mask) + x)
        return self.output_layer_norm(self.ffn(x) + x)


class Transformer(nn.Module):
    """The layers."""

    def __init__(self, config):
        super().__init__()
        self.n_layers = config.n_layers
        self.layer = nn.ModuleList([TransformerBlock(config) for _ in range(config.n_layers)])

    def forward(self, x, attention_mask=None, kept=None):
        """`kept` takes what goes into each layer."""
        for layer in self.layer:
            if kept is not None:
                kept.append(x)
            x = layer(x, attention_mask)
        return x


class DistilBertPreTrainedModel(PreTrainedModel):
    """What DistilBERT's networks have in common."""

    config_class = DistilBertConfig
    base_model_prefix = "distilbert"


class DistilBertModel(DistilBertPreTrainedModel):
    """The encoder alone."""

    def __init__(self, config):
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.transformer = Transformer(config)

    def get_input_embeddings(self):
        return self.embeddings.word_embeddings

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, position_ids=None, **options):
        x = self.embeddings(input_ids, inputs_embeds, position_ids)
        kept = [] if wants(self.config, options, "output_hidden_states") else None
        x = self.transformer(x, attention_mask, kept)
        hidden = None if kept is None else (*kept, x)
        return returned(self.config, options, last_hidden_state=x, hidden_states=hidden)


class DistilBertForMaskedLM(DistilBertPreTrainedModel):
    """Words for masked places; the scores' weight is the embedding's."""

    def __init__(self, config):
        super().__init__(config)
        self.activation = ACTIVATIONS[config.activation]()
        self.distilbert = DistilBertModel(config)
        self.vocab_transform = nn.Linear(config.dim, config.dim)
        self.vocab_layer_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.vocab_projector = nn.Linear(config.dim, config.vocab_size)
        self.vocab_projector.weight = self.distilbert.embeddings.word_embeddings.weight
        self.mlm_loss_fct = nn.CrossEntropyLoss()

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, position_ids=None, **options):
        x = self.distilbert(input_ids, attention_mask, inputs_embeds, position_ids)["last_hidden_state"]
        x = self.vocab_layer_norm(self.activation(self.vocab_transform(x)))
        return returned(self.config, options, logits=self.vocab_projector(x))


class DistilBertForSequenceClassification(DistilBertPreTrainedModel):
    """A class for each text."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.distilbert = DistilBertModel(config)
        self.pre_classifier = nn.Linear(config.dim, config.dim)
        self.classifier = nn.Linear(config.dim, config.num_labels)
        self.dropout = nn.Dropout(config.seq_classif_dropout)

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, position_ids=None, **options):
        x = self.distilbert(input_ids, attention_mask, inputs_embeds, position_ids)["last_hidden_state"][:, 0]
        x = F.relu(self.pre_classifier(x))
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


class DistilBertForTokenClassification(DistilBertPreTrainedModel):
    """A class for each token."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.distilbert = DistilBertModel(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.dim, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, position_ids=None, **options):
        x = self.distilbert(input_ids, attention_mask, inputs_embeds, position_ids)["last_hidden_state"]
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


class DistilBertForQuestionAnswering(DistilBertPreTrainedModel):
    """Where the answer starts and ends."""

    def __init__(self, config):
        super().__init__(config)
        self.distilbert = DistilBertModel(config)
        self.qa_outputs = nn.Linear(config.dim, config.num_labels)
        self.dropout = nn.Dropout(config.qa_dropout)

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, position_ids=None, **options):
        x = self.distilbert(input_ids, attention_mask, inputs_embeds, position_ids)["last_hidden_state"]
        start, end = self.qa_outputs(self.dropout(x)).split(1, dim=-1)
        return returned(self.config, options, start_logits=start.squeeze(-1).contiguous(), end_logits=end.squeeze(-1).contiguous())


def recognise(shapes, modules=None):
    """Sizes from embeddings and layers, the head from its keys."""
    prefix = "distilbert." if "distilbert.embeddings.word_embeddings.weight" in shapes else ""
    words = f"{prefix}embeddings.word_embeddings.weight"
    layers = count(shapes, f"{prefix}transformer.layer.", ".attention.q_lin.weight")
    channels = size(shapes, words, 1)
    between = size(shapes, f"{prefix}transformer.layer.0.ffn.lin1.weight")
    if layers == 0 or channels == 0 or between == 0:
        return None
    heads = usual_heads(channels)
    labels = size(shapes, "classifier.weight") or size(shapes, "qa_outputs.weight") or None
    if "pre_classifier.weight" in shapes:
        model = "DistilBertForSequenceClassification"
    elif "classifier.weight" in shapes:
        model = "DistilBertForTokenClassification"
    elif "qa_outputs.weight" in shapes:
        model = "DistilBertForQuestionAnswering"
    elif "vocab_transform.weight" in shapes:
        model = "DistilBertForMaskedLM"
    else:
        model = "DistilBertModel"
    config = call(
        "DistilBertConfig",
        vocab_size=size(shapes, words),
        max_position_embeddings=size(shapes, f"{prefix}embeddings.position_embeddings.weight"),
        n_layers=layers,
        n_heads=heads,
        dim=channels,
        hidden_dim=between,
        num_labels=unless(labels, 2),
        position_ids_saved=unless(f"{prefix}embeddings.position_ids" in shapes, False),
    )
    name = "distilbert-base" if (channels, layers, between) == (768, 6, 3072) else "distilbert"
    notes = [heads_note("n_heads", heads, channels), "activation: DistilBERT's own, gelu, was taken"]
    return name, f"{model}({config})", notes
