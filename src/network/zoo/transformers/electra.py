"""ELECTRA's discriminator, with transformers' names (`transformers.models.electra.modeling_electra`).

Clark et al., ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators (2020). BERT's layers on embeddings that may be narrower.
"""

import copy

import torch.nn as nn
import torch.nn.functional as F
from zoo.shapes import call, count, heads_note, size, unless, usual_heads
from zoo.transformers.base import PreTrainedModel, returned, wants
from zoo.transformers.bert import BertAttention, BertConfig, BertEmbeddings, BertEncoder, BertIntermediate, BertLayer, BertOutput, BertSelfAttention
from zoo.transformers.bert import BertSelfOutput, _LARGE, _sized
from zoo.transformers.roberta import RobertaClassificationHead


class ElectraConfig(BertConfig):
    """BERT's numbers, and the embeddings' width."""

    model_type = "electra"
    published = {
        "electra-small-discriminator": {},
        "electra-base-discriminator": dict(embedding_size=768, **_sized(768, 12, 12)),
        "electra-large-discriminator": dict(embedding_size=1024, **_LARGE),
    }

    def __init__(self, embedding_size=128, hidden_size=256, num_attention_heads=4, intermediate_size=1024, **kwargs):
        super().__init__(hidden_size=hidden_size, num_attention_heads=num_attention_heads, intermediate_size=intermediate_size, **kwargs)
        self.embedding_size = embedding_size


class ElectraEmbeddings(BertEmbeddings):
    """BERT's, as wide as the configuration says."""

    def __init__(self, config):
        narrow = copy.copy(config)
        narrow.hidden_size = config.embedding_size
        super().__init__(narrow)


class ElectraPreTrainedModel(PreTrainedModel):
    """What ELECTRA's networks have in common."""

    config_class = ElectraConfig
    base_model_prefix = "electra"


class ElectraModel(ElectraPreTrainedModel):
    """The encoder alone."""

    def __init__(self, config):
        super().__init__(config)
        self.embeddings = ElectraEmbeddings(config)
        if config.embedding_size != config.hidden_size:
            self.embeddings_project = nn.Linear(config.embedding_size, config.hidden_size)
        self.encoder = BertEncoder(config)

    def get_input_embeddings(self):
        return self.embeddings.word_embeddings

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.embeddings(input_ids, token_type_ids, position_ids, inputs_embeds)
        if hasattr(self, "embeddings_project"):
            x = self.embeddings_project(x)
        kept = [] if wants(self.config, options, "output_hidden_states") else None
        x = self.encoder(x, attention_mask, kept)
        hidden = None if kept is None else (*kept, x)
        return returned(self.config, options, last_hidden_state=x, hidden_states=hidden)


class ElectraDiscriminatorPredictions(nn.Module):
    """Whether each token was replaced."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dense_prediction = nn.Linear(config.hidden_size, 1)

    def forward(self, x):
        return self.dense_prediction(F.gelu(self.dense(x))).squeeze(-1)


class ElectraClassificationHead(RobertaClassificationHead):
    """RoBERTa's, with another activation."""

    def activate(self, x):
        return F.gelu(x)


class ElectraForPreTraining(ElectraPreTrainedModel):
    """What ELECTRA was trained for."""

    def __init__(self, config):
        super().__init__(config)
        self.electra = ElectraModel(config)
        self.discriminator_predictions = ElectraDiscriminatorPredictions(config)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.electra(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.discriminator_predictions(x))


class ElectraForSequenceClassification(ElectraPreTrainedModel):
    """A class for each text."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.electra = ElectraModel(config)
        self.classifier = ElectraClassificationHead(config)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.electra(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.classifier(x))


class ElectraForTokenClassification(ElectraPreTrainedModel):
    """A class for each token."""

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.electra = ElectraModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, position_ids=None, inputs_embeds=None, **options):
        x = self.electra(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)["last_hidden_state"]
        return returned(self.config, options, logits=self.classifier(self.dropout(x)))


# The parts by the names that whole modules have them.
ElectraSelfAttention = BertSelfAttention
ElectraSelfOutput = BertSelfOutput
ElectraAttention = BertAttention
ElectraIntermediate = BertIntermediate
ElectraOutput = BertOutput
ElectraLayer = BertLayer
ElectraEncoder = BertEncoder

HEADS = {(256, 12): 4, (768, 12): 12, (1024, 24): 16}


def recognise(shapes, modules=None):
    """Sizes from embeddings and layers, the head from its keys."""
    if "electra.embeddings.word_embeddings.weight" not in shapes:
        return None
    layers = count(shapes, "electra.encoder.layer.", ".attention.self.query.weight")
    channels = size(shapes, "electra.encoder.layer.0.attention.self.query.weight")
    labels = None
    if "discriminator_predictions.dense.weight" in shapes:
        model = "ElectraForPreTraining"
    elif "classifier.out_proj.weight" in shapes:
        model, labels = "ElectraForSequenceClassification", size(shapes, "classifier.out_proj.weight")
    elif "classifier.weight" in shapes:
        model, labels = "ElectraForTokenClassification", size(shapes, "classifier.weight")
    else:
        return None
    heads = HEADS.get((channels, layers), usual_heads(channels))
    config = call(
        "ElectraConfig",
        vocab_size=size(shapes, "electra.embeddings.word_embeddings.weight"),
        embedding_size=size(shapes, "electra.embeddings.word_embeddings.weight", 1),
        hidden_size=channels,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=size(shapes, "electra.encoder.layer.0.intermediate.dense.weight"),
        max_position_embeddings=size(shapes, "electra.embeddings.position_embeddings.weight"),
        type_vocab_size=size(shapes, "electra.embeddings.token_type_embeddings.weight"),
        num_labels=unless(labels, 2),
        position_ids_saved=unless("electra.embeddings.position_ids" in shapes, False),
    )
    notes = [heads_note("num_attention_heads", heads, channels), "hidden_act and layer_norm_eps: ELECTRA's own, gelu and 1e-12, were taken"]
    return "electra", f"{model}({config})", notes
