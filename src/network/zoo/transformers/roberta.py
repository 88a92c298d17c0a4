"""RoBERTa, XLM-R and CamemBERT, with transformers' names (`transformers.models.roberta.modeling_roberta` and its relatives).

Liu et al., RoBERTa: A Robustly Optimized BERT Pretraining Approach (2019); Conneau et al., Unsupervised Cross-lingual Representation Learning at
Scale (2019). BERT's layers; places are counted from behind the padding's index, and only where a token is no padding.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.transformers.base import PreTrainedModel, returned
from zoo.transformers.bert import BertAttention, BertConfig, BertEncoder, BertIntermediate, BertLayer, BertModel, BertOutput, BertPooler
from zoo.transformers.bert import BertSelfAttention, BertSelfOutput, _LARGE


# what the published networks have, and a fresh configuration has not
_OWN = dict(max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
_LANGUAGES = dict(vocab_size=250002, **_OWN)
_FRENCH = dict(vocab_size=32005, **_OWN)


class RobertaConfig(BertConfig):
    """BERT's numbers with RoBERTa's words."""

    model_type = "roberta"
    published = {
        "roberta-base": _OWN,
        "roberta-large": {**_OWN, **_LARGE},
        "distilroberta-base": dict(num_hidden_layers=6, **_OWN),
        "all-distilroberta-v1": dict(num_hidden_layers=6, **_OWN),
        "codebert-base": _OWN,
        "twitter-roberta-base-sentiment-latest": _OWN,
        "bertweet-base": {**_OWN, "vocab_size": 64001, "max_position_embeddings": 130},
    }

    def __init__(self, vocab_size=50265, pad_token_id=1, **kwargs):
        super().__init__(vocab_size=vocab_size, pad_token_id=pad_token_id, **kwargs)


class XLMRobertaConfig(RobertaConfig):
    """The same for a hundred languages."""

    model_type = "xlm-roberta"
    published = {
        "xlm-roberta-base": _LANGUAGES,
        "xlm-roberta-large": {**_LANGUAGES, **_LARGE},
        "multilingual-e5-base": _LANGUAGES,
        "multilingual-e5-large": {**_LANGUAGES, **_LARGE},
    }

    def __init__(self, vocab_size=30522, **kwargs):
        super().__init__(vocab_size=vocab_size, **kwargs)


class CamembertConfig(RobertaConfig):
    """The same for French."""

    model_type = "camembert"
    published = {"camembert-base": _FRENCH, "camembert-large": {**_FRENCH, **_LARGE}}

    def __init__(self, vocab_size=30522, **kwargs):
        super().__init__(vocab_size=vocab_size, **kwargs)


class RobertaEmbeddings(nn.Module):
    """Words, positions behind the padding's index, and the one segment."""

    def __init__(self, config):
        super().__init__()
        self.padding_idx = config.pad_token_id
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=self.padding_idx)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        positions = torch.arange(config.max_position_embeddings).expand((1, -1))
        self.register_buffer("position_ids", positions, persistent=config.position_ids_saved)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size, padding_idx=self.padding_idx)

    def forward(self, input_ids=None, token_type_ids=None, position_ids=None, inputs_embeds=None):
        x = self.word_embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        n, length = x.shape[:2]
        if position_ids is None and input_ids is None:
            position_ids = torch.arange(self.padding_idx + 1, length + self.padding_idx + 1, device=x.device).unsqueeze(0)
        elif position_ids is None:
            counted = input_ids.ne(self.padding_idx).long()
            position_ids = counted.cumsum(1) * counted + self.padding_idx
        if token_type_ids is None:
            token_type_ids = torch.zeros(n, length, dtype=torch.long, device=x.device)
        x = x + self.token_type_embeddings(token_type_ids) + self.position_embeddings(position_ids)
        return self.dropout(self.LayerNorm(x))


class RobertaPreTrainedModel(PreTrainedModel):
    """What RoBERTa's networks have in common."""

    config_class = RobertaConfig
    base_model_prefix = "roberta"


class RobertaModel(RobertaPreTrainedModel, BertModel):
    """The encoder alone: BERT's."""

    embeddings_class = RobertaEmbeddings


class RobertaLMHead(nn.Module):
    """The words' scores; their weight is the embedding's."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder.bias = self.bias

    def forward(self, x):
        return self.decoder(self.layer_norm(F.gelu(self.dense(x))))


class RobertaClassificationHead(nn.Module):
    """Two linear layers on the first token."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.out_proj = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, x):
        return self.out_proj(self.dropout(self.activate(self.dense(self.dropout(x[:, 0])))))

    def activate(self, x):
        return torch.tanh(x)


class _Task(RobertaPreTrainedModel):
    """The encoder without its pooler, and a head."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.roberta = RobertaModel(config, add_pooling_layer=False)

    def encoded(self, *inputs):
        return self.roberta(*inputs)["last_hidden_state"]


class RobertaForMaskedLM(_Task):
    """Words for masked places."""

    def __init__(self, config):
        super().__init__(config)
        self.lm_head = RobertaLMHead(config)
        self.lm_head.decoder.weight = self.roberta.embeddings.word_embeddings.weight

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.encoded(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        return returned(self.config, options, logits=self.lm_head(x))


class RobertaForSequenceClassification(_Task):
    """A class for each text."""

    def __init__(self, config):
        super().__init__(config)
        self.classifier = RobertaClassificationHead(config)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.encoded(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        return returned(self.config, options, logits=self.classifier(x))


class RobertaForTokenClassification(_Task):
    """A class for each token."""

    def __init__(self, config):
        super().__init__(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.encoded(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


class RobertaForQuestionAnswering(_Task):
    """Where the answer starts and ends."""

    def __init__(self, config):
        super().__init__(config)
        self.qa_outputs = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.encoded(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        start, end = self.qa_outputs(x).split(1, dim=-1)
        return returned(self.config, options, start_logits=start.squeeze(-1).contiguous(), end_logits=end.squeeze(-1).contiguous())


# The parts by the names that whole modules have them.
RobertaSelfAttention = RobertaSdpaSelfAttention = BertSelfAttention
RobertaSelfOutput = BertSelfOutput
RobertaAttention = BertAttention
RobertaIntermediate = BertIntermediate
RobertaOutput = BertOutput
RobertaLayer = BertLayer
RobertaEncoder = BertEncoder
RobertaPooler = BertPooler


class XLMRobertaModel(RobertaModel):
    """RoBERTa's encoder with its own configuration."""

    config_class = XLMRobertaConfig


class XLMRobertaForMaskedLM(RobertaForMaskedLM):
    """Words for masked places."""

    config_class = XLMRobertaConfig


class XLMRobertaForSequenceClassification(RobertaForSequenceClassification):
    """A class for each text."""

    config_class = XLMRobertaConfig


class XLMRobertaForTokenClassification(RobertaForTokenClassification):
    """A class for each token."""

    config_class = XLMRobertaConfig


class XLMRobertaForQuestionAnswering(RobertaForQuestionAnswering):
    """Where the answer starts and ends."""

    config_class = XLMRobertaConfig


class CamembertModel(RobertaModel):
    """RoBERTa's encoder with its own configuration."""

    config_class = CamembertConfig


class CamembertForMaskedLM(RobertaForMaskedLM):
    """Words for masked places."""

    config_class = CamembertConfig


class CamembertForSequenceClassification(RobertaForSequenceClassification):
    """A class for each text."""

    config_class = CamembertConfig


class CamembertForTokenClassification(RobertaForTokenClassification):
    """A class for each token."""

    config_class = CamembertConfig


class CamembertForQuestionAnswering(RobertaForQuestionAnswering):
    """Where the answer starts and ends."""

    config_class = CamembertConfig


# (words, channels, layers): name
KNOWN = {
    (50265, 768, 12): "roberta-base",
    (50265, 1024, 24): "roberta-large",
    (50265, 768, 6): "distilroberta-base",
    (250002, 768, 12): "xlm-roberta-base",
    (250002, 1024, 24): "xlm-roberta-large",
    (32005, 768, 12): "camembert-base",
}


def recognise(shapes, modules=None):
    """Sizes from embeddings and layers, the head from its keys. BERT has more segments than one."""
    prefix = "roberta." if "roberta.embeddings.word_embeddings.weight" in shapes else ""
    words = size(shapes, f"{prefix}embeddings.word_embeddings.weight")
    channels = size(shapes, f"{prefix}embeddings.word_embeddings.weight", 1)
    layers = count(shapes, f"{prefix}encoder.layer.", ".attention.self.query.weight")
    segments = size(shapes, f"{prefix}embeddings.token_type_embeddings.weight")
    if layers == 0 or (not prefix and segments != 1):
        return None
    labels, pooled = None, f"{prefix}pooler.dense.weight" in shapes
    if "classifier.out_proj.weight" in shapes:
        model, labels = "RobertaForSequenceClassification", size(shapes, "classifier.out_proj.weight")
    elif "classifier.weight" in shapes:
        model, labels = "RobertaForTokenClassification", size(shapes, "classifier.weight")
    elif "qa_outputs.weight" in shapes:
        model, labels = "RobertaForQuestionAnswering", size(shapes, "qa_outputs.weight")
    elif "lm_head.bias" in shapes:
        model = "RobertaForMaskedLM"
    else:
        model = "RobertaModel"
    heads = usual_heads(channels)
    config = call(
        "RobertaConfig",
        vocab_size=words,
        hidden_size=channels,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=size(shapes, f"{prefix}encoder.layer.0.intermediate.dense.weight"),
        max_position_embeddings=size(shapes, f"{prefix}embeddings.position_embeddings.weight"),
        type_vocab_size=unless(segments, 2),
        layer_norm_eps=1e-5,
        num_labels=unless(labels, 2),
        position_ids_saved=unless(f"{prefix}embeddings.position_ids" in shapes, False),
    )
    options = "" if pooled or model != "RobertaModel" else ", add_pooling_layer=False"
    notes = [heads_note("num_attention_heads", heads, channels), "pad_token_id, hidden_act and layer_norm_eps: the published networks', 1, gelu and 1e-5, were taken"]
    return KNOWN.get((words, channels, layers), "roberta"), f"{model}({config}{options})", notes
