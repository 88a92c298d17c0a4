"""BERT and what has its shape (MiniLM, TinyBERT), with transformers' names (`transformers.models.bert.modeling_bert`).

Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding (2018). Encoders only.
"""

import torch
import torch.nn as nn
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.transformers.base import PretrainedConfig, PreTrainedModel, returned, wants
from zoo.transformers.ops import ACTIVATIONS, attend


_LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)


def _sized(hidden, layers, heads, between=None, **others):
    between = 4 * hidden if between is None else between
    return dict(hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=between, **others)


class BertConfig(PretrainedConfig):
    """The numbers that the networks are made from. `position_ids_saved`: before transformers 4.31 the positions were in the state_dict."""

    model_type = "bert"
    published = {
        "bert-base-uncased": {},
        "bert-base-cased": dict(vocab_size=28996),
        "bert-base-multilingual-cased": dict(vocab_size=119547),
        "bert-base-multilingual-uncased": dict(vocab_size=105879),
        "bert-base-chinese": dict(vocab_size=21128),
        "bert-base-german-cased": dict(vocab_size=30000),
        "bert-large-uncased": _LARGE,
        "bert-large-cased": dict(vocab_size=28996, **_LARGE),
        "bert-tiny": _sized(128, 2, 2),
        "bert-mini": _sized(256, 4, 4),
        "bert-small": _sized(512, 4, 8),
        "bert-medium": _sized(512, 8, 8),
        "all-MiniLM-L6-v2": _sized(384, 6, 12),
        "all-MiniLM-L12-v2": _sized(384, 12, 12),
        "paraphrase-MiniLM-L6-v2": _sized(384, 6, 12),
        "MiniLM-L12-H384-uncased": _sized(384, 12, 12),
        "TinyBERT_General_4L_312D": _sized(312, 4, 12, 1200),
        "biobert-v1.1": dict(vocab_size=28996),
        "biobert-base-cased-v1.1": dict(vocab_size=28996),
        "Bio_ClinicalBERT": dict(vocab_size=28996),
        "scibert_scivocab_uncased": dict(vocab_size=31090),
        "legal-bert-base-uncased": {},
        "finbert": {},
    }

    def __init__(
        self,
        vocab_size=30522,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3072,
        hidden_act="gelu",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        max_position_embeddings=512,
        type_vocab_size=2,
        layer_norm_eps=1e-12,
        pad_token_id=0,
        position_ids_saved=False,
        **kwargs,
    ):
        super().__init__(pad_token_id=pad_token_id, **kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.layer_norm_eps = layer_norm_eps
        self.position_ids_saved = position_ids_saved


class BertEmbeddings(nn.Module):
    """Words, positions and segments."""

    def __init__(self, config):
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        positions = torch.arange(config.max_position_embeddings).expand((1, -1))
        self.register_buffer("position_ids", positions, persistent=config.position_ids_saved)

    def forward(self, input_ids=None, token_type_ids=None, position_ids=None, inputs_embeds=None):
        x = self.word_embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        n, length = x.shape[:2]
        if position_ids is None:
            position_ids = torch.arange(length, device=x.device).unsqueeze(0)
        if token_type_ids is None:
            token_type_ids = torch.zeros(n, length, dtype=torch.long, device=x.device)
        x = x + self.token_type_embeddings(token_type_ids) + self.position_embeddings(position_ids)
        return self.dropout(self.LayerNorm(x))


class BertSelfAttention(nn.Module):
    """Query, key and value."""

    def __init__(self, config):
        super().__init__()
        if config.hidden_size % config.num_attention_heads != 0:
            raise ValueError(
                f"The hidden size ({config.hidden_size}) is not a multiple of the number of attention heads ({config.num_attention_heads})"
            )
        self.num_attention_heads = config.num_attention_heads
        self.attention_head_size = config.hidden_size // config.num_attention_heads
        self.all_head_size = config.hidden_size
        self.query = nn.Linear(config.hidden_size, self.all_head_size)
        self.key = nn.Linear(config.hidden_size, self.all_head_size)
        self.value = nn.Linear(config.hidden_size, self.all_head_size)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def forward(self, x, attention_mask=None):
        dropout = self.dropout.p if self.training else 0.0
        return attend(self.query(x), self.key(x), self.value(x), self.num_attention_heads, attention_mask, dropout=dropout)


# One more class in some versions: the same parameters, another kernel.
BertSdpaSelfAttention = BertSelfAttention


class BertSelfOutput(nn.Module):
    """What attention gives, added to its input and normalised."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, before):
        return self.LayerNorm(self.dropout(self.dense(x)) + before)


class BertAttention(nn.Module):
    """Attention with what comes after it."""

    def __init__(self, config):
        super().__init__()
        self.self = BertSelfAttention(config)
        self.output = BertSelfOutput(config)

    def forward(self, x, attention_mask=None):
        return self.output(self.self(x, attention_mask), x)


class BertIntermediate(nn.Module):
    """The wide linear layer."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.intermediate_act_fn = ACTIVATIONS[config.hidden_act]()

    def forward(self, x):
        return self.intermediate_act_fn(self.dense(x))


class BertOutput(nn.Module):
    """The narrow linear layer, added and normalised."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.intermediate_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, before):
        return self.LayerNorm(self.dropout(self.dense(x)) + before)


class BertLayer(nn.Module):
    """Attention, then two linear layers."""

    def __init__(self, config):
        super().__init__()
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = BertOutput(config)

    def forward(self, x, attention_mask=None):
        x = self.attention(x, attention_mask)
        return self.output(self.intermediate(x), x)


class BertEncoder(nn.Module):
    """The layers."""

    def __init__(self, config):
        super().__init__()
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, attention_mask=None, kept=None):
        """`kept` takes what goes into each layer."""
        for layer in self.layer:
            if kept is not None:
                kept.append(x)
            x = layer(x, attention_mask)
        return x


class BertPooler(nn.Module):
    """The first token, once more through a linear layer."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = nn.Tanh()

    def forward(self, x):
        return self.activation(self.dense(x[:, 0]))


class BertPreTrainedModel(PreTrainedModel):
    """What BERT's networks have in common."""

    config_class = BertConfig
    base_model_prefix = "bert"


class BertModel(BertPreTrainedModel):
    """The encoder alone."""

    # relatives of BERT have their own
    embeddings_class = BertEmbeddings

    def __init__(self, config, add_pooling_layer=True):
        super().__init__(config)
        self.embeddings = self.embeddings_class(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else None

    def get_input_embeddings(self):
        return self.embeddings.word_embeddings

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.embeddings(input_ids, token_type_ids, position_ids, inputs_embeds)
        kept = [] if wants(self.config, options, "output_hidden_states") else None
        x = self.encoder(x, attention_mask, kept)
        pooled = None if self.pooler is None else self.pooler(x)
        hidden = None if kept is None else (*kept, x)
        return returned(self.config, options, last_hidden_state=x, pooler_output=pooled, hidden_states=hidden)


class BertPredictionHeadTransform(nn.Module):
    """The layer before the words' scores."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform_act_fn = ACTIVATIONS[config.hidden_act]()
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x):
        return self.LayerNorm(self.transform_act_fn(self.dense(x)))


class BertLMPredictionHead(nn.Module):
    """A score for each word; the weight is the embedding's."""

    def __init__(self, config):
        super().__init__()
        self.transform = BertPredictionHeadTransform(config)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=True)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder.bias = self.bias

    def forward(self, x):
        return self.decoder(self.transform(x))


class BertOnlyMLMHead(nn.Module):
    """The words' scores."""

    def __init__(self, config):
        super().__init__()
        self.predictions = BertLMPredictionHead(config)

    def forward(self, x):
        return self.predictions(x)


class BertPreTrainingHeads(nn.Module):
    """The words' scores, and whether the second sentence follows the first."""

    def __init__(self, config):
        super().__init__()
        self.predictions = BertLMPredictionHead(config)
        self.seq_relationship = nn.Linear(config.hidden_size, 2)

    def forward(self, x, pooled):
        return self.predictions(x), self.seq_relationship(pooled)


class BertForMaskedLM(BertPreTrainedModel):
    """Words for masked places."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.cls = BertOnlyMLMHead(config)
        self.cls.predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.bert(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.cls(x))


class BertForPreTraining(BertPreTrainedModel):
    """What BERT was trained for."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)
        self.cls = BertPreTrainingHeads(config)
        self.cls.predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.bert(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        words, follows = self.cls(x["last_hidden_state"], x["pooler_output"])
        return returned(self.config, options, prediction_logits=words, seq_relationship_logits=follows)


class BertForSequenceClassification(BertPreTrainedModel):
    """A class for each text."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.bert(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["pooler_output"]
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


class BertForTokenClassification(BertPreTrainedModel):
    """A class for each token."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.bert(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


class BertForQuestionAnswering(BertPreTrainedModel):
    """Where the answer starts and ends."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.bert(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        start, end = self.qa_outputs(x).split(1, dim=-1)
        return returned(self.config, options, start_logits=start.squeeze(-1).contiguous(), end_logits=end.squeeze(-1).contiguous())


# (channels, layers, channels between): name, heads
KNOWN = {
    (768, 12, 3072): ("bert-base", 12),
    (1024, 24, 4096): ("bert-large", 16),
    (384, 6, 1536): ("minilm-l6-h384", 12),
    (384, 12, 1536): ("minilm-l12-h384", 12),
    (384, 3, 1536): ("minilm-l3-h384", 12),
    (128, 2, 512): ("bert-tiny", 2),
    (256, 4, 1024): ("bert-mini", 4),
    (512, 4, 2048): ("bert-small", 8),
    (512, 8, 2048): ("bert-medium", 8),
    (312, 4, 1200): ("tinybert", 12),
}
VOCABULARIES = {30522: "-uncased", 28996: "-cased", 119547: "-multilingual-cased", 21128: "-chinese"}


def recognise(shapes, modules=None):
    """Sizes from embeddings and layers, the head from its keys. The number of attention heads is that of published networks of the same sizes."""
    prefix = "bert." if "bert.embeddings.word_embeddings.weight" in shapes else ""
    words = f"{prefix}embeddings.word_embeddings.weight"
    layers = count(shapes, f"{prefix}encoder.layer.", ".attention.self.query.weight")
    channels = size(shapes, words, 1)
    between = size(shapes, f"{prefix}encoder.layer.0.intermediate.dense.weight")
    if layers == 0 or channels == 0 or between == 0 or size(shapes, f"{prefix}embeddings.token_type_embeddings.weight") == 1:
        # RoBERTa's have one segment
        return None
    name, heads = KNOWN.get((channels, layers, between), ("bert", usual_heads(channels)))
    if name in ("bert-base", "bert-large"):
        name += VOCABULARIES.get(size(shapes, words), "")
    labels = None
    pooled = f"{prefix}pooler.dense.weight" in shapes
    if "classifier.weight" in shapes:
        model = "BertForSequenceClassification" if pooled else "BertForTokenClassification"
        labels = size(shapes, "classifier.weight")
    elif "qa_outputs.weight" in shapes:
        model, labels = "BertForQuestionAnswering", size(shapes, "qa_outputs.weight")
    elif "cls.seq_relationship.weight" in shapes:
        model = "BertForPreTraining"
    elif "cls.predictions.bias" in shapes:
        model = "BertForMaskedLM"
    else:
        model = "BertModel"
    config = call(
        "BertConfig",
        vocab_size=size(shapes, words),
        hidden_size=channels,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=between,
        max_position_embeddings=size(shapes, f"{prefix}embeddings.position_embeddings.weight"),
        type_vocab_size=size(shapes, f"{prefix}embeddings.token_type_embeddings.weight"),
        num_labels=unless(labels, 2),
        position_ids_saved=unless(f"{prefix}embeddings.position_ids" in shapes, False),
    )
    options = "" if pooled or model != "BertModel" else ", add_pooling_layer=False"
    notes = [heads_note("num_attention_heads", heads, channels), "hidden_act and layer_norm_eps: BERT's own, gelu and 1e-12, were taken"]
    return name, f"{model}({config}{options})", notes
